"""
Tests for L{synauth.homeserver.config.table}.
"""

import datetime

from twisted.trial.unittest import SynchronousTestCase

from synauth.errors import ConfigError
from synauth.homeserver.config.kinds import TEXT, integer
from synauth.homeserver.config.table import Option, Reading, describe, suggestion
from synauth.homeserver.config.yamlfile import Node, Place

TABLE = (
    Option("name", TEXT, None, "A name."),
    Option("size", integer(1), 5, "A size."),
    Option("inner.size", integer(1), 5, "Another size."),
    Option("inner.more.size", integer(1), 5, "A third.", nullable=True),
)


def node(value: object) -> Node:
    """
    @return: a node at line 3 of C{f}.
    """
    return Node.of(value, Place("f", 3))


class DescribeTests(SynchronousTestCase):
    """
    What is said about something that was found.
    """

    def test_values(self) -> None:
        """Type and value are told, a long value in part."""
        for value, expected in (
            ({}, "a mapping"),
            ([], "a list"),
            (None, "nothing"),
            (True, "true"),
            ("False", "the text 'False'"),
            (1.5, "the number 1.5"),
            ("x" * 100, "the text '" + "x" * 59 + "..."),
            (datetime.date(2024, 1, 2), "a date"),
            (b"x", "a bytes"),
        ):
            self.assertEqual(describe(value, False), expected)

    def test_huge_number(self) -> None:
        """A number that Python does not write out is told anyhow."""
        self.assertTrue(describe(10**5000, False).startswith("the number "))

    def test_secrets(self) -> None:
        """Of a secret, only the type is told."""
        for value, expected in (
            ("hunter2", "text"),
            (12345, "a number"),
            (True, "true or false"),
        ):
            self.assertEqual(describe(value, True), expected)


class MappingTests(SynchronousTestCase):
    """
    L{Reading.mapping}.
    """

    def test_given(self) -> None:
        """Only what is given is there, under its key in the table."""
        reading = Reading()
        given = reading.mapping(
            node({"size": 7, "inner": {"size": 8, "more": {"size": None}}}), TABLE
        )
        reading.finish()
        self.assertEqual(given, {"size": 7, "inner.size": 8, "inner.more.size": None})

    def test_null(self) -> None:
        """A section may be empty; an option only where nothing is its default."""
        reading = Reading()
        self.assertEqual(
            reading.mapping(node({"inner": None, "name": None}), TABLE), {"name": None}
        )
        reading.mapping(node({"size": None}), TABLE)
        error = self.assertRaises(ConfigError, reading.finish)
        self.assertEqual(
            str(error), "f:3: size: found nothing, expected a whole number from 1 up"
        )

    def test_not_a_section(self) -> None:
        """A section that is something else is a mistake, whose value is not told."""
        for value, found in (("x", "text"), ([{"size": 1}], "a list"), (1, "a number")):
            reading = Reading()
            reading.mapping(node({"inner": value}), TABLE, "outer.")
            error = self.assertRaises(ConfigError, reading.finish)
            self.assertEqual(
                str(error),
                "f:3: outer.inner: found %s, expected keys and values, indented,"
                " without a dash before them" % (found,),
            )

    def test_unused(self) -> None:
        """Keys that nobody knows are remembered, with what was meant."""
        reading = Reading()
        reading.mapping(
            node({"sise": 1, "other": 1, 8: 1, "inner": {"siez": 1, "zzz": 1}}), TABLE
        )
        reading.finish()
        self.assertEqual(
            [(each.key, each.suggestion) for each in reading.unused],
            [
                ("sise", None),
                ("other", None),
                ("8", None),
                ("inner.siez", "inner.size"),
                ("inner.zzz", None),
            ],
        )
        self.assertEqual(str(reading.unused[0].place), "f:3")

    def test_suggestion(self) -> None:
        """A near miss, and a key that lacks its section, are recognised."""
        known = ["enable_registration", "password_config.pepper"]
        self.assertEqual(suggestion("enable_registraton", known), known[0])
        self.assertEqual(suggestion("pepper", known), known[1])
        self.assertIsNone(suggestion("form_secret", known))
