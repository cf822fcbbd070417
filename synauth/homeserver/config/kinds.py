"""
The kinds of values that options have.
"""

import ipaddress
import math
import re
from typing import Any, Callable, Optional, Union
from urllib.parse import urlsplit

from synauth.homeserver.config.table import Kind, Reading
from synauth.homeserver.config.yamlfile import Node

Network = Union[ipaddress.IPv4Network, ipaddress.IPv6Network]

_DURATION = re.compile(r"([0-9]{1,15})([smhdwy]?)\Z")
_UNIT_MS = {
    "": 1,
    "s": 1000,
    "m": 60 * 1000,
    "h": 60 * 60 * 1000,
    "d": 24 * 60 * 60 * 1000,
    "w": 7 * 24 * 60 * 60 * 1000,
    "y": 365 * 24 * 60 * 60 * 1000,
}

# Larger does not fit the database's 64 bits once it is added to a date.
_MAX_DURATION_MS = 1000 * _UNIT_MS["y"]

# Appendices of the specification, "Server name"; a user id of 255 bytes has to
# have room for more than it.
_HOST_AND_PORT = re.compile(r"(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9.-]+)(?::[0-9]{1,5})?")
_MAX_SERVER_NAME = 230

# What a template writes for nothing; taken at its word it is a key that
# everybody knows.
_UNSET_WORDS = ("", "none", "null")


def is_unset(secret: str) -> bool:
    """
    @param secret: what stands where a secret should.
    @return: whether it is only a way of writing that there is none.
    """
    return secret.strip().lower() in _UNSET_WORDS


def scalar(expects: str, convert: Callable[[Any], Any], secret: bool = False) -> Kind:
    """
    Make a kind of simple values.

    @param expects: what it may be, in words.
    @param convert: called with the plain value; gives ours, or raises
        C{ValueError}.
    @param secret: whether the value must never be shown.
    """

    def read(node: Node, key: str, reading: Reading) -> Any:
        try:
            return convert(node.value)
        except ValueError:
            reading.expected(node, key, expects, secret)
            return None

    return Kind(expects, read, secret)


def list_of(kind: Kind, expects: str) -> Kind:
    """
    Make a kind of lists.

    @param kind: what each item may be.
    @param expects: the whole, in words.
    """

    def read(node: Node, key: str, reading: Reading) -> Any:
        if not isinstance(node.value, list):
            reading.expected(node, key, expects, kind.secret)
            return None
        return tuple(
            kind.read(item, "%s[%d]" % (key, i), reading)
            for i, item in enumerate(node.value)
        )

    return Kind(expects, read, kind.secret)


def integer(least: int, most: Optional[int] = None) -> Kind:
    """
    Make a kind of whole numbers.

    @param most: C{None} for no limit.
    """
    expects = "a whole number from %d" % (least,)
    expects += " up" if most is None else " to %d" % (most,)

    def convert(value: Any) -> int:
        _require(type(value) is int)
        _require(value >= least and (most is None or value <= most))
        return int(value)

    return scalar(expects, convert)


def one_of(*words: str) -> Kind:
    """
    Make a kind of a few words.
    """

    def convert(value: Any) -> Any:
        _require(isinstance(value, str) and value in words)
        return value

    return scalar(" or ".join("'%s'" % word for word in words), convert)


def _address(value: Any) -> str:
    # The empty text is an older way to say "all of them".
    return "0.0.0.0" if isinstance(value, str) and not value else _text(value)


def _require(holds: bool) -> None:
    if not holds:
        raise ValueError()


def _boolean(value: Any) -> bool:
    _require(isinstance(value, bool))
    return bool(value)


def _text(value: Any) -> str:
    _require(isinstance(value, str) and value.strip() != "" and "\0" not in value)
    return str(value)


def _any_text(value: Any) -> str:
    _require(isinstance(value, str))
    return str(value)


def _positive_number(value: Any) -> float:
    _require(type(value) in (int, float))
    try:
        number = float(value)
    except OverflowError:
        raise ValueError()
    _require(math.isfinite(number) and number > 0)
    return number


def _duration(value: Any) -> int:
    """
    @return: milliseconds.
    """
    if type(value) is int:
        milliseconds = int(value)
    else:
        match = _DURATION.match(_text(value))
        if match is None:
            raise ValueError()
        milliseconds = int(match.group(1)) * _UNIT_MS[match.group(2)]
    _require(0 < milliseconds <= _MAX_DURATION_MS)
    return milliseconds


def _duration_or_zero(value: Any) -> int:
    return 0 if type(value) in (int, str) and value in (0, "0") else _duration(value)


def _server_name(value: Any) -> str:
    name = _text(value)
    match = _HOST_AND_PORT.fullmatch(name)
    if match is None or len(name) > _MAX_SERVER_NAME:
        raise ValueError()
    host = match.group(1)
    if host.startswith("["):
        ipaddress.IPv6Address(host[1:-1])
    return name


def _base_url(value: Any) -> str:
    url = _text(value)
    parts = urlsplit(url)
    _require(parts.scheme in ("http", "https") and bool(parts.hostname))
    _require(not parts.query and not parts.fragment and " " not in url)
    # To ask for a port that is none raises ValueError.
    _require(parts.port is None or parts.port > 0)
    return url if url.endswith("/") else url + "/"


def _url(value: Any) -> str:
    url = _text(value)
    _base_url(url)
    return url


def _network(value: Any) -> Network:
    # ip_network would take a number for an address, too.
    return ipaddress.ip_network(_text(value))


def _read_secret(node: Node, key: str, reading: Reading) -> Optional[str]:
    value = node.value
    if not isinstance(value, str):
        reading.expected(node, key, SECRET.expects, secret=True)
        return None
    if is_unset(value):
        reading.warn(node.place, key, "empty, 'None' or 'null' is taken as not set")
        return None
    return value


def _passwords(value: Any) -> Any:
    named = isinstance(value, str) and value == ONLY_FOR_REAUTH
    _require(named or isinstance(value, bool))
    return value


ONLY_FOR_REAUTH = "only_for_reauth"

BOOLEAN = scalar("true or false, without quotes", _boolean)
PASSWORDS = scalar("true or false, without quotes, or only_for_reauth", _passwords)
TEXT = scalar("text", _text)
ADDRESS = scalar("an IP address", _address)
SECRET = Kind("text, in quotes", _read_secret, secret=True)
PEPPER = scalar("text, in quotes", _any_text, secret=True)
POSITIVE_NUMBER = scalar("a number above 0", _positive_number)
DURATION = scalar(
    "a time such as 30s, 5m, 24h, 7d, 1w or 1y, or a whole number of milliseconds",
    _duration,
)
DURATION_OR_ZERO = scalar(
    "a time such as 30s, 5m or 1h, a whole number of milliseconds, or 0",
    _duration_or_zero,
)
SERVER_NAME = scalar(
    "a server name such as example.com or example.com:8448", _server_name
)
BASE_URL = scalar(
    "an http:// or https:// address, such as https://example.com/", _base_url
)
URL = scalar("an http:// or https:// address", _url)
NETWORK = scalar("an IP address or a network such as 10.0.0.0/8", _network)
