"""
Tests for the options about modules.
"""

from synauth.homeserver.config import ProviderEntry, load_config
from tests.homeserver.config.files import ConfigFiles


class ModuleOptionsTests(ConfigFiles):
    """
    C{modules}, C{password_providers}, C{ldap_config} and the time limits.
    """

    def test_nothing(self) -> None:
        """Nobody is asked by default, and whoever is has ten seconds."""
        for content in ("", "modules: null\npassword_providers:\nldap_config:\n"):
            config = self.load(content)
            self.assertEqual((config.modules, config.password_providers), ((), ()))
            self.assertEqual(config.module_timeout, 10000)
            self.assertEqual(config.module_timeouts, {})

    def test_modules(self) -> None:
        """Modules are read as providers are, with their lines."""
        path = self.write(
            "password_providers: [{module: a.Old}]\n"
            "modules:\n  - module: b.New\n    config: {x: 1}\n  - {module: c.New}\n"
        )
        config = load_config([path], {}, None)
        self.assertEqual(
            config.modules,
            (
                ProviderEntry("b.New", {"x": 1}, path + ":3: modules[0]"),
                ProviderEntry("c.New", {}, path + ":5: modules[1]"),
            ),
        )
        self.assertEqual([p.module for p in config.password_providers], ["a.Old"])

    def test_ldap_config(self) -> None:
        """An enabled ldap_config is the first of the providers."""
        path = self.write(
            "password_providers: [{module: a.Old}]\n"
            "ldap_config:\n  enabled: true\n  uri: ldap://x\n"
        )
        self.assertEqual(
            load_config([path], {}, None).password_providers[0],
            ProviderEntry(
                "ldap_auth_provider.LdapAuthProvider",
                {"enabled": True, "uri": "ldap://x"},
                path + ":2: ldap_config",
            ),
        )

    def test_disabled_ldap_config(self) -> None:
        """One that is not enabled is none."""
        for value in ("{enabled: false, uri: x}", "{uri: x}", "{}"):
            config = self.load("ldap_config: %s\n" % value)
            self.assertEqual(config.password_providers, ())

    def test_renamed(self) -> None:
        """The provider's former name within a homeserver is still good."""
        config = self.load(
            "password_providers:\n"
            "  - module: synapse.util.ldap_auth_provider.LdapAuthProvider\n"
        )
        self.assertEqual(
            config.password_providers[0].module, "ldap_auth_provider.LdapAuthProvider"
        )

    def test_timeouts(self) -> None:
        """Time limits are times, for all modules and for single ones."""
        config = self.load(
            "synauth:\n  module_timeout: 3s\n  module_timeouts: {a.B: 1m, c.D: 500}\n"
        )
        self.assertEqual(config.module_timeout, 3000)
        self.assertEqual(config.module_timeouts, {"a.B": 60000, "c.D": 500})
        self.assertEqual(
            self.load("synauth: {module_timeouts: null}").module_timeouts, {}
        )

    def test_mistakes(self) -> None:
        """What is of another type is a mistake, and its value is not shown."""
        mapping = (
            "found %s, expected a mapping with enabled: true or false, and the"
            " settings of the provider"
        )
        time = (
            "found the text 'soon', expected a time such as 30s, 5m, 24h, 7d, 1w or"
            " 1y, or a whole number of milliseconds"
        )
        for content, problem in (
            ("modules: hunter2", "modules: found text, expected a list of mappings"),
            ("modules: [hunter2]", "modules[0]: found text, expected a mapping with"),
            ("modules: [{module: 5}]", "modules[0].module: found the number 5"),
            ("ldap_config: hunter2", "ldap_config: " + mapping % "text"),
            (
                "ldap_config: {enabled: hunter2}",
                "ldap_config: " + mapping % "a mapping",
            ),
            ("synauth: {module_timeout: soon}", "synauth.module_timeout: " + time),
            (
                "synauth: {module_timeouts: {a.B: soon}}",
                "synauth.module_timeouts.a.B: " + time,
            ),
            (
                "synauth: {module_timeouts: [1]}",
                "synauth.module_timeouts: found a list, expected a mapping",
            ),
        ):
            (found,) = self.mistakes(content)
            self.assertTrue(found.startswith("FILE:1: " + problem), found)
