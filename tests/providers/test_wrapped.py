"""
Tests of L{synauth.providers.wrapped}.
"""

import sys
from typing import Any, List

from twisted.trial.unittest import SynchronousTestCase

from synauth.errors import ConfigError
from synauth.providers.wrapped import Wrapped, wrapped


class Picky:
    """
    A module that looks at its settings.
    """

    def __init__(self, *args: Any) -> None:
        if args == ("bad",):
            raise KeyError("uri")
        self.args = args

    @classmethod
    def parse_config(cls, config: Any) -> Any:
        """
        Wants a C{uri}.
        """
        return config["uri"]


class Plain:
    """
    A module that takes its settings as they come.
    """


NAME = __name__ + ".Picky"


class WrappedTests(SynchronousTestCase):
    """
    L{wrapped} finds a class and its settings, or says what is wrong.
    """

    def assert_refused(self, config: Any, *words: str) -> None:
        """
        The settings are refused, in these words.
        """
        message = str(self.assertRaises(ConfigError, wrapped, "Adapter", config))
        for word in ("Adapter: config", *words):
            self.assertIn(word, message)
        self.assertNotIn("\n", message)

    def test_parsed(self) -> None:
        """
        A class that reads its settings gets what it made of them.
        """
        found = wrapped("Adapter", {"module": NAME, "config": {"uri": "u"}})
        self.assertEqual((found.name, found.factory), (NAME, Picky))
        self.assertEqual(found.make(found.config).args, ("u",))
        self.assertNotIn("'u'", repr(found))

    def test_plain(self) -> None:
        """
        Another gets them as they stand, and an empty dict for none.
        """
        for config, expected in (({"a": 1}, {"a": 1}), (None, {})):
            given = {"module": __name__ + ".Plain", "config": config}
            self.assertEqual(wrapped("Adapter", given).config, expected)
        self.assertEqual(wrapped("Adapter", {"module": __name__ + ".Plain"}).config, {})

    def test_options(self) -> None:
        """
        An adapter has settings of its own.
        """
        given = {"module": __name__ + ".Plain", "timeout": 3}
        self.assertEqual(
            wrapped("Adapter", given, "timeout", "x").options,
            {"timeout": 3, "x": None},
        )

    def test_refused(self) -> None:
        """
        What is wrong is said with the key, the module and the reason.
        """
        sys.modules["synauth_tests_missing"] = None  # type: ignore[assignment]
        self.addCleanup(sys.modules.pop, "synauth_tests_missing")
        cases: List[Any] = [
            (None, "found nothing"),
            ([], "found list"),
            ({"module": NAME, "configuration": {}}, "unknown: configuration"),
            ({}, "config.module", "package.module.Class"),
            ({"module": 3}, "config.module", "package.module.Class"),
            ({"module": "Picky"}, "config.module", "package.module.Class"),
            ({"module": ".x.Picky"}, "config.module", "package.module.Class"),
            ({"module": "x."}, "config.module", "package.module.Class"),
            (
                {"module": "synauth_tests_missing.X"},
                "config.module: synauth_tests_missing.X: cannot be imported",
            ),
            ({"module": __name__ + ".Nothing"}, "has no Nothing"),
            ({"module": __name__ + ".NAME"}, "not a class"),
            (
                {"module": NAME, "config": {}},
                "config.config: refused by the parse_config of",
                NAME,
                "KeyError: 'uri'",
            ),
        ]
        for config, *words in cases:
            self.assert_refused(config, *words)

    def test_not_made(self) -> None:
        """
        A class that can't be called is named, with the reason.
        """
        error = self.assertRaises(ConfigError, Wrapped(NAME, Picky, {}).make, "bad")
        self.assertEqual(str(error), NAME + ": cannot be made: KeyError: 'uri'")
        error = self.assertRaises(
            ConfigError, Wrapped(NAME, _silent, {}).make, config=1
        )
        self.assertEqual(str(error), NAME + ": cannot be made: OSError")


def _silent(**kwargs: Any) -> None:
    raise OSError()
