"""
The C{listeners} of a configuration.
"""

from typing import Any, Optional

from synauth.homeserver.config.kinds import ADDRESS, BOOLEAN, integer, list_of, one_of
from synauth.homeserver.config.settings import Listener
from synauth.homeserver.config.table import Kind, Option, Reading
from synauth.homeserver.config.yamlfile import Node

# What a homeserver may listen for besides, and synauth does not.
OTHER_LISTENERS = ("manhole", "replication")

METRICS = "metrics"

# What a homeserver does when a listener names no address, as far as it works
# on every machine: one without IPv6 refuses "::".
_ALL_ADDRESSES = ("0.0.0.0",)


def _false_only(node: Node, key: str, reading: Reading) -> bool:
    if node.value is not False:
        reading.expected(node, key, NO_TLS.expects)
    return False


def _read_resources(node: Node, key: str, reading: Reading) -> Any:
    """
    @return: all names.
    """
    names = []
    for group in node.value if isinstance(node.value, list) else [node]:
        given = group.value.get("names") if isinstance(group.value, dict) else None
        if given is None:
            reading.expected(node, key, RESOURCES.expects)
            return None
        # Synapse takes one name alone as well.
        several = given.value if isinstance(given.value, list) else [given]
        names += [name.value for name in several]
    return tuple(names)


RESOURCES = Kind("a list of mappings with names", _read_resources)

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
        one_of("http", "manhole", METRICS, "replication"),
        "http",
        "What is served there: clients, or metrics alone; others are passed over.",
    ),
    Option(
        "resources",
        RESOURCES,
        None,
        "What is served there, by Synapse's names, of which only metrics means"
        " something: with it there are metrics besides (or nothing else, if it is the"
        " only one), if enable_metrics is set.",
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
    names = set(given.get("resources") or ())
    if given.get("type") == METRICS:
        names = {METRICS}
    addresses = given.get("bind_addresses") or ()
    if given.get("bind_address"):
        addresses += (given["bind_address"],)
    return Listener(
        port=given.get("port") or 0,
        bind_addresses=addresses or _ALL_ADDRESSES,
        x_forwarded=bool(given.get("x_forwarded")),
        clients=names != {METRICS},
        metrics=METRICS in names,
    )


LISTENERS = Kind("a list of listeners", _read_listeners)
