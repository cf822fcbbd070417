"""
Tests for L{synauth.homeserver.config.kinds}.
"""

import ipaddress
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from synauth.errors import ConfigError
from synauth.homeserver.config import kinds
from synauth.homeserver.config.table import Kind, Reading
from synauth.homeserver.config.yamlfile import Node, Place

MINUTE = 60 * 1000
DAY = 24 * 60 * MINUTE

GOOD = [
    (kinds.BOOLEAN, True, True),
    (kinds.BOOLEAN, False, False),
    (kinds.TEXT, "x", "x"),
    (kinds.integer(0, 9), 9, 9),
    (kinds.integer(1), 10**30, 10**30),
    (kinds.POSITIVE_NUMBER, 2, 2.0),
    (kinds.POSITIVE_NUMBER, 0.17, 0.17),
    (kinds.DURATION, 1, 1),
    (kinds.DURATION, "250", 250),
    (kinds.DURATION, "30s", 30000),
    (kinds.DURATION, "5m", 5 * MINUTE),
    (kinds.DURATION, "24h", DAY),
    (kinds.DURATION, "7d", 7 * DAY),
    (kinds.DURATION, "1w", 7 * DAY),
    (kinds.DURATION, "1y", 365 * DAY),
    (kinds.SERVER_NAME, "example.com", "example.com"),
    (kinds.SERVER_NAME, "localhost:8448", "localhost:8448"),
    (kinds.SERVER_NAME, "127.0.0.1", "127.0.0.1"),
    (kinds.SERVER_NAME, "[::1]:8448", "[::1]:8448"),
    (kinds.BASE_URL, "https://example.com", "https://example.com/"),
    (kinds.BASE_URL, "http://x:8008/m/", "http://x:8008/m/"),
    (kinds.URL, "https://x/siteverify", "https://x/siteverify"),
    (kinds.NETWORK, "10.0.0.0/8", ipaddress.ip_network("10.0.0.0/8")),
    (kinds.NETWORK, "::1", ipaddress.ip_network("::1/128")),
    (kinds.SECRET, "s3cret", "s3cret"),
    (kinds.PEPPER, "", ""),
    (kinds.ADDRESS, "::1", "::1"),
    (kinds.ADDRESS, "", "0.0.0.0"),
    (kinds.one_of("a", "b"), "b", "b"),
]

ODD = [
    None,
    True,
    0,
    -1,
    1.5,
    float("nan"),
    float("inf"),
    10**400,
    "",
    " ",
    "yes\0",
    "\ud800",
    b"bytes",
    [],
    [1],
    {},
    {"a": 1},
]

BAD = [
    (kinds.BOOLEAN, ["False", "true", 1, 0]),
    (kinds.TEXT, ["", "  ", "a\0b", 1]),
    (kinds.integer(4, 31), [3, 32, "12", 12.0, True]),
    (kinds.POSITIVE_NUMBER, [0, -0.1, "1", True, 10**400]),
    (kinds.DURATION, ["5 m", "m", "-5m", "1.5h", "5M", 0, "0s", "2000y", 1.5]),
    (kinds.DURATION, [10**16, "9" * 400, "\u0665m"]),
    (kinds.SERVER_NAME, ["example.com:", "a:123456", "a b", "\u00e4.de", "[1]", "[::"]),
    (kinds.SERVER_NAME, ["https://example.com", "example.com/", "a" * 231, "@a"]),
    (kinds.BASE_URL, ["example.com", "ftp://x/", "https://", "https://x/?a=b"]),
    (kinds.BASE_URL, ["https://x:port/", "https://x/#a", "http://a b/", "http://[x/"]),
    (kinds.URL, ["x", "mailto:x"]),
    (kinds.NETWORK, ["10.0.0.1/8", "localhost", "1.2.3", 5]),
    (kinds.SECRET, [12345, True]),
    (kinds.PEPPER, [12345]),
    (kinds.one_of("a", "b"), ["c", 1, ["a"]]),
    (kinds.list_of(kinds.TEXT, "a list"), ["x", {"a": 1}, [1], ["x", None]]),
]


def read(kind: Kind, value: Any) -> Any:
    """
    @return: what a kind makes of a value.
    @raise ConfigError: if it complains.
    """
    reading = Reading()
    result = kind.read(Node.of(value, Place("f", 7)), "key", reading)
    reading.finish()
    return result


class KindTests(SynchronousTestCase):
    """
    What each kind takes, and what it does not.
    """

    def test_good(self) -> None:
        """Each kind takes what it says it expects, and converts it."""
        for kind, value, expected in GOOD:
            result = read(kind, value)
            self.assertEqual(result, expected)
            self.assertIs(type(result), type(expected))

    def test_bad(self) -> None:
        """Each kind refuses what it does not expect, with line and key."""
        for kind, values in BAD:
            for value in values:
                error = self.assertRaises(ConfigError, read, kind, value)
                self.assertTrue(str(error).startswith("f:7: key"), error)
                self.assertIn(", expected ", str(error))

    def test_odd(self) -> None:
        """Nothing at all makes a kind fail in another way."""
        for kind, _, _ in GOOD:
            for value in ODD:
                try:
                    read(kind, value)
                except ConfigError as e:
                    str(e).encode("utf-8", "backslashreplace")

    def test_list(self) -> None:
        """Each item of a list is read, and each mistake has its index."""
        kind = kinds.list_of(kinds.integer(1, 5), "a list of numbers")
        self.assertEqual(read(kind, [1, 5]), (1, 5))
        error = self.assertRaises(ConfigError, read, kind, [1, 6, "x"])
        self.assertEqual(
            str(error),
            "f:7: key[1]: found the number 6, expected a whole number from 1 to 5\n"
            "f:7: key[2]: found the text 'x', expected a whole number from 1 to 5",
        )

    def test_unset_secret(self) -> None:
        """What a template writes for nothing is no secret, and is told."""
        for value in ("", "  ", "None", "null", "NONE ", "Null"):
            reading = Reading()
            node = Node(value, Place("f", 7))
            self.assertIsNone(kinds.SECRET.read(node, "key", reading))
            reading.finish()
            self.assertEqual(
                reading.warnings,
                ["f:7: key: empty, 'None' or 'null' is taken as not set"],
            )
