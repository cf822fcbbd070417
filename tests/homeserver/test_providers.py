"""
Tests for L{synauth.homeserver.providers}.
"""

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from synauth.errors import ConfigError
from synauth.homeserver.config import ProviderEntry
from synauth.homeserver.providers import load_password_providers


class Provider:
    """
    A provider that reads its configuration.
    """

    @staticmethod
    def parse_config(config: Any) -> Any:
        """
        @return: what the constructor is given.
        """
        return ("parsed", config["uri"])


class Plain:
    """
    A provider that does not.
    """


class Silent:
    """
    A provider whose error says nothing.
    """

    @classmethod
    def parse_config(cls, config: Any) -> Any:
        """
        @raise ValueError: always.
        """
        raise ValueError()


NOT_A_CLASS = "something else"


def entry(name: str, config: Any = None) -> ProviderEntry:
    """
    @return: an entry at line 4 of C{f}.
    """
    return ProviderEntry(name, config, "f:4: password_providers[0]")


class LoadTests(SynchronousTestCase):
    """
    L{load_password_providers}.
    """

    def test_loaded(self) -> None:
        """Each class comes with what it made of its configuration."""
        self.assertEqual(
            load_password_providers(
                [
                    entry(__name__ + ".Provider", {"uri": "x"}),
                    entry(__name__ + ".Plain", {"a": 1}),
                ]
            ),
            [(Provider, ("parsed", "x")), (Plain, {"a": 1})],
        )

    def test_mistakes(self) -> None:
        """Every module that fails is named with line, key and reason."""
        module = "f:4: password_providers[0].module: "
        config = "f:4: password_providers[0].config: "
        for name, message in (
            ("word", module + "word: expected package.module.Class"),
            (".word", module + ".word: expected package.module.Class"),
            ("no.", module + "no.: expected package.module.Class"),
            (
                "no_such.Thing",
                module + "no_such.Thing: cannot be imported: ModuleNotFoundError:"
                " No module named 'no_such'",
            ),
            (
                __name__ + ".Missing",
                "%s%s.Missing: %s has no Missing" % (module, __name__, __name__),
            ),
            (
                __name__ + ".NOT_A_CLASS",
                "%s%s.NOT_A_CLASS: not a class" % (module, __name__),
            ),
            (
                __name__ + ".Provider",
                "%s%s.Provider: refused by its parse_config: KeyError: 'uri'"
                % (config, __name__),
            ),
            (
                __name__ + ".Silent",
                "%s%s.Silent: refused by its parse_config: ValueError"
                % (config, __name__),
            ),
        ):
            error = self.assertRaises(
                ConfigError, load_password_providers, [entry(name, {})]
            )
            self.assertEqual(str(error), message)

    def test_all_at_once(self) -> None:
        """All mistakes are told, one a line."""
        error = self.assertRaises(
            ConfigError, load_password_providers, [entry("a"), entry("b")]
        )
        self.assertEqual(len(str(error).splitlines()), 2)
