"""
Where a request really comes from, behind reverse proxies.
"""

import ipaddress
from typing import Any, Optional, Sequence, Tuple, Union

from twisted.web.http_headers import Headers

Address = Union[ipaddress.IPv4Address, ipaddress.IPv6Address]
Network = Union[ipaddress.IPv4Network, ipaddress.IPv6Network]

# What is told of a client on a Unix socket, which has no address.
UNIX_CLIENT = "unix"


def parse_address(text: str) -> Optional[Address]:
    """
    @param text: an address as proxies write it: with or without a port,
        brackets, a zone; IPv4 within IPv6 too.
    @return: the bare address, or C{None} if it is none.
    """
    text = text.strip()
    if text.startswith("["):
        text, bracket, port = text[1:].partition("]")
        if not bracket or (port and not (port[0] == ":" and port[1:].isdigit())):
            return None
    elif text.count(":") == 1:
        text, _, port = text.partition(":")
        if not port.isdigit():
            return None
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        return address.ipv4_mapped
    return address


class ClientAddresses:
    """
    Tells the address of a request's client.

    Each proxy appends whom it was spoken to by.  So the header is read from
    its right, as long as the one who wrote an entry is trusted: what stands
    further left is what anybody likes to say.
    """

    def __init__(self, x_forwarded: bool, trusted_proxies: Sequence[Network]) -> None:
        """
        @param x_forwarded: whether C{X-Forwarded-For} is looked at.
        @param trusted_proxies: whose entries are believed.
        """
        self._x_forwarded = x_forwarded
        self._trusted: Tuple[Network, ...] = tuple(trusted_proxies)

    def address_of(self, peer: Any, headers: Headers) -> str:
        """
        @param peer: who is connected, an C{IAddress}.
        @param headers: the request's.
        @return: the client's IP address, without port, brackets or zone; or
            L{UNIX_CLIENT}.
        """
        host: str = getattr(peer, "host", "")
        values = (
            headers.getRawHeaders(b"X-Forwarded-For") if self._x_forwarded else None
        )
        if values:
            forwarded = b",".join(values).decode("latin-1").split(",")
            return self._walk(host, forwarded)
        if ":" in host:
            return str(parse_address(host))
        return host or UNIX_CLIENT

    def said_by_proxy(
        self, name: bytes, peer: Any, headers: Headers
    ) -> Optional[bytes]:
        """
        @param name: of a header that a reverse proxy sets.
        @return: its value, if there is one and the peer is trusted.
        """
        if not self._x_forwarded:
            return None
        values = headers.getRawHeaders(name)
        if values is None or len(values) != 1:
            return None
        address = parse_address(getattr(peer, "host", ""))
        if address is not None and not self._is_trusted(address):
            return None
        return values[0]

    def _walk(self, host: str, forwarded: Sequence[str]) -> str:
        """
        @param host: the peer's address, empty for one on a Unix socket: only
            who may on this machine gets at that.
        @param forwarded: the entries of the header.
        """
        client = parse_address(host)
        for entry in reversed(forwarded):
            if not entry.strip():
                continue
            if client is not None and not self._is_trusted(client):
                break
            said = parse_address(entry)
            if said is None:
                break
            client = said
        return UNIX_CLIENT if client is None else str(client)

    def _is_trusted(self, address: Address) -> bool:
        return any(address in network for network in self._trusted)
