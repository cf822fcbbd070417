"""
The C{listeners} of a configuration.
"""

from typing import Any, Optional

from synauth.homeserver.config.kinds import ADDRESS, BOOLEAN, integer, list_of, one_of
from synauth.homeserver.config.settings import Listener
from synauth.homeserver.config.table import Kind, Option, Reading
from synauth.homeserver.config.yamlfile import Node

# What a homeserver may listen for besides, and synauth does not.
OTHER_LISTENERS = ("manhole", "metrics", "replication")

# What a homeserver does when a listener names no address, as far as it works
# on every machine: one without IPv6 refuses "::".
_ALL_ADDRESSES = ("0.0.0.0",)


def _false_only(node: Node, key: str, reading: Reading) -> bool:
    if node.value is not False:
        reading.expected(node, key, NO_TLS.expects)
    return False


NO_TLS = Kind(
    "false: synauth speaks plain HTTP, TLS is the reverse proxy's part", _false_only
)

LISTENER = (
    Option(
        "port",
        integer(0, 65535),
        None,
        "The TCP port; 0 for one that is free.  It has to be given.",
    ),
    Option(
        "bind_addresses",
        list_of(ADDRESS, "a list of IP addresses"),
        list(_ALL_ADDRESSES),
        "The addresses to listen on.",
    ),
    Option(
        "bind_address",
        ADDRESS,
        None,
        "One more address to listen on, the older way to write it.",
    ),
    Option(
        "type",
        one_of("http", *OTHER_LISTENERS),
        "http",
        "What is served there; all but http is passed over.",
    ),
    Option("tls", NO_TLS, False, "Whether it is HTTPS, which has to be false."),
    Option(
        "x_forwarded",
        BOOLEAN,
        False,
        "Whether X-Forwarded-For tells the client's address, as far as it was"
        " written by one of the trusted_proxies.",
    ),
)


def _read_listeners(node: Node, key: str, reading: Reading) -> Any:
    if not isinstance(node.value, list):
        reading.expected(node, key, LISTENERS.expects)
        return None
    if not node.value:
        reading.refuse(node.place, key, "found an empty list, expected a listener")
        return None
    listeners = [
        _read_listener(item, "%s[%d]" % (key, i), reading)
        for i, item in enumerate(node.value)
    ]
    return tuple(listener for listener in listeners if listener is not None)


def _read_listener(node: Node, name: str, reading: Reading) -> Optional[Listener]:
    if not isinstance(node.value, dict):
        reading.expected(node, name, "a mapping with port, bind_addresses, type")
        return None
    kind = node.value.get("type")
    if kind is not None and kind.value in OTHER_LISTENERS:
        reading.pass_over(node, name)
        return None
    given = reading.mapping(node, LISTENER, name + ".")
    if "port" not in given:
        reading.refuse(node.place, name + ".port", "missing, expected a TCP port")
    addresses = given.get("bind_addresses") or ()
    if given.get("bind_address"):
        addresses += (given["bind_address"],)
    return Listener(
        port=given.get("port") or 0,
        bind_addresses=addresses or _ALL_ADDRESSES,
        x_forwarded=bool(given.get("x_forwarded")),
    )


LISTENERS = Kind("a list of listeners", _read_listeners)
