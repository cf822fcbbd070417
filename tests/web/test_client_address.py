"""
Tests for L{synauth.web.client_address}.
"""

import ipaddress
from typing import Optional

from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.trial.unittest import SynchronousTestCase
from twisted.web.http_headers import Headers

from synauth.web.client_address import ClientAddresses, parse_address

PROXIES = [
    ipaddress.ip_network("127.0.0.0/8"),
    ipaddress.ip_network("10.0.0.0/8"),
    ipaddress.ip_network("2001:db8::/32"),
]
LOOPBACK = IPv4Address("TCP", "127.0.0.1", 1)


def forwarded(*values: bytes) -> Headers:
    """
    @return: headers with these C{X-Forwarded-For}.
    """
    return Headers({b"X-Forwarded-For": list(values)} if values else {})


class ParseAddressTests(SynchronousTestCase):
    """
    L{parse_address} reads what proxies write.
    """

    def assertParsed(self, text: str, expected: Optional[str]) -> None:
        """
        Assert that C{text} is this address, or none.
        """
        parsed = parse_address(text)
        self.assertEqual(None if parsed is None else str(parsed), expected)

    def test_addresses(self) -> None:
        """
        Ports, brackets, zones and spaces are taken off.
        """
        for text, expected in [
            ("192.0.2.1", "192.0.2.1"),
            (" 192.0.2.1\t", "192.0.2.1"),
            ("192.0.2.1:80", "192.0.2.1"),
            ("2001:DB8::0:1", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("[2001:db8::1]:80", "2001:db8::1"),
            ("fe80::1%eth0", "fe80::1"),
            ("[fe80::1%25eth0]:80", "fe80::1"),
            ("::ffff:192.0.2.1", "192.0.2.1"),
            ("[::ffff:c000:201]:80", "192.0.2.1"),
        ]:
            self.assertParsed(text, expected)

    def test_garbage(self) -> None:
        """
        What is no address is none.
        """
        for text in [
            "",
            "unknown",
            "_hidden",
            "192.0.2",
            "192.0.2.256",
            "192.0.2.1:",
            "192.0.2.1:http",
            "[2001:db8::1",
            "[2001:db8::1]80",
            "[2001:db8::1]:",
            "2001:db8::1]",
            "%eth0",
            "\x00",
            "1" * 10000,
        ]:
            self.assertParsed(text, None)


class ClientAddressesTests(SynchronousTestCase):
    """
    L{ClientAddresses} believes whom it is told to.
    """

    behind = ClientAddresses(True, PROXIES)

    def test_not_forwarded(self) -> None:
        """
        Without C{x_forwarded} anybody's header is ignored.
        """
        addresses = ClientAddresses(False, PROXIES)
        self.assertEqual(
            addresses.address_of(LOOPBACK, forwarded(b"192.0.2.9")), "127.0.0.1"
        )

    def test_untrusted_peer(self) -> None:
        """
        A client that comes directly can't say that it is somebody else.
        """
        peer = IPv4Address("TCP", "192.0.2.1", 1)
        self.assertEqual(
            self.behind.address_of(peer, forwarded(b"192.0.2.9")), "192.0.2.1"
        )

    def test_no_header(self) -> None:
        """
        A proxy that speaks for itself is the client.
        """
        self.assertEqual(self.behind.address_of(LOOPBACK, forwarded()), "127.0.0.1")

    def test_one_proxy(self) -> None:
        """
        Only what the proxy itself wrote counts, not what it was sent.
        """
        self.assertEqual(
            self.behind.address_of(LOOPBACK, forwarded(b"1.1.1.1, 192.0.2.9")),
            "192.0.2.9",
        )

    def test_several_proxies(self) -> None:
        """
        Trusted proxies are passed over, from the right.
        """
        headers = forwarded(b"1.1.1.1, 192.0.2.9:4321, [2001:db8::5]:80, 10.1.2.3")
        self.assertEqual(self.behind.address_of(LOOPBACK, headers), "192.0.2.9")

    def test_several_headers(self) -> None:
        """
        Several headers count as one, in their order.
        """
        headers = forwarded(b"1.1.1.1, 192.0.2.9", b"10.1.2.3")
        self.assertEqual(self.behind.address_of(LOOPBACK, headers), "192.0.2.9")

    def test_all_trusted(self) -> None:
        """
        If everybody is a proxy, the first one is the client.
        """
        headers = forwarded(b"10.0.0.1, 10.0.0.2")
        self.assertEqual(self.behind.address_of(LOOPBACK, headers), "10.0.0.1")

    def test_garbage(self) -> None:
        """
        What can't be read ends the way: the last address known is taken.
        """
        for value, expected in [
            (b"192.0.2.9, unknown, 10.0.0.1", "10.0.0.1"),
            (b"192.0.2.9, \xff\x00", "127.0.0.1"),
            (b"", "127.0.0.1"),
            (b" , ,", "127.0.0.1"),
            (b"192.0.2.9, ,", "192.0.2.9"),
        ]:
            self.assertEqual(
                self.behind.address_of(LOOPBACK, forwarded(value)), expected
            )

    def test_ipv6_peer(self) -> None:
        """
        A peer on a socket of both families has its plain IPv4 address, one on
        a link no zone.
        """
        addresses = ClientAddresses(False, ())
        for host, expected in [
            ("::ffff:192.0.2.1", "192.0.2.1"),
            ("fe80::1%eth0", "fe80::1"),
            ("2001:db8::1", "2001:db8::1"),
        ]:
            peer = IPv6Address("TCP", host, 1)
            self.assertEqual(addresses.address_of(peer, forwarded()), expected)

    def test_mapped_proxy(self) -> None:
        """
        An IPv4 proxy is known on a socket of both families, too.
        """
        peer = IPv6Address("TCP", "::ffff:127.0.0.1", 1)
        self.assertEqual(
            self.behind.address_of(peer, forwarded(b"192.0.2.9")), "192.0.2.9"
        )

    def test_unix_socket(self) -> None:
        """
        A proxy on a Unix socket is trusted; without its word there is no
        address.
        """
        peer = UNIXAddress("/run/synauth.sock")
        self.assertEqual(
            self.behind.address_of(peer, forwarded(b"1.1.1.1, 192.0.2.9, 10.0.0.1")),
            "192.0.2.9",
        )
        self.assertEqual(self.behind.address_of(peer, forwarded()), "unix")
        self.assertEqual(self.behind.address_of(peer, forwarded(b"?")), "unix")
        self.assertEqual(
            ClientAddresses(False, PROXIES).address_of(peer, forwarded(b"192.0.2.9")),
            "unix",
        )
