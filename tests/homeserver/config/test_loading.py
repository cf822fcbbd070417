"""
Tests for L{synauth.homeserver.config.loading}.
"""

import ipaddress
from typing import Any, Dict

import attr
import yaml
from zope.interface import implementer
from zope.interface.verify import verifyObject

from synauth.auth.settings import HandlerOptions, RateLimit
from synauth.errors import ConfigError
from synauth.homeserver.config import (
    HomeServerConfig,
    Listener,
    load_config,
)
from synauth.homeserver.config.options import OPTIONS
from synauth.interfaces import IHandlerConfig
from tests.homeserver.config.files import ConfigFiles

# No option takes all of them, and each takes at most a few.
WRONG = [
    "hunter2",
    "False",
    -1,
    10**9,
    1.5,
    True,
    ["hunter2"],
    [{"hunter2": "hunter2"}],
    {"hunter2": "hunter2"},
    b"hunter2",
]

# What may hold a secret, and is never repeated.
SECRET_KEYS = {
    "database.args",
    "ldap_config",
    "macaroon_secret_key",
    "modules",
    "password_config.pepper",
    "password_providers",
    "recaptcha_private_key",
    "email.smtp_pass",
    "registration_shared_secret",
}


def written(key: str, value: Any) -> str:
    """
    @return: YAML in which a dotted key has a value: each section on a line, and
        the value on the last one.
    """
    *sections, last = key.split(".")
    flow = yaml.safe_dump([value], default_flow_style=True, width=1000).strip()
    lines = ["  " * i + name + ":" for i, name in enumerate(sections)]
    lines.append("%s%s: %s" % ("  " * len(sections), last, flow[1:-1]))
    return "\n".join(lines) + "\n"


class DefaultTests(ConfigFiles):
    """
    The configuration that nobody wrote.
    """

    def test_defaults(self) -> None:
        """Without any file, the server is a closed one on the loopback."""
        config = load_config([], {}, None)
        self.assertEqual(config.server_name, "localhost")
        self.assertEqual(config.listeners, (Listener(8008, ("127.0.0.1",), False),))
        self.assertEqual(config.listen, ())
        self.assertEqual(config.data_dir, "./synauth-data")
        self.assertEqual(config.database.name, "sqlite3")
        self.assertEqual(
            config.database.args, {"database": "./synauth-data/homeserver.db"}
        )
        self.assertFalse(config.enable_registration)
        self.assertIsNone(config.public_baseurl)
        self.assertEqual(config.bcrypt_rounds, 12)
        self.assertEqual(config.password_pepper, "")
        self.assertIsNone(config.password_policy)
        self.assertEqual(config.password_providers, ())
        self.assertIsNone(config.macaroon_secret_key)
        self.assertEqual(config.refreshable_access_token_lifetime, 5 * 60 * 1000)
        self.assertIsNone(config.nonrefreshable_access_token_lifetime)
        self.assertEqual(config.rc_login_address, RateLimit(0.003, 5))
        self.assertEqual(config.rc_login_account, RateLimit(0.003, 5))
        self.assertEqual(config.rc_login_failed_attempts, RateLimit(0.17, 3))
        self.assertEqual(config.rc_registration, RateLimit(0.17, 3))
        self.assertEqual(
            config.trusted_proxies,
            (ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1")),
        )
        self.assertEqual((config.unused_keys, config.warnings), ((), ()))

    def test_handler_config(self) -> None:
        """The configuration is what an AuthHandler reads."""

        @implementer(IHandlerConfig)
        class Declared(HomeServerConfig):
            """A configuration that says so."""

        config = load_config([], {}, None)
        fields = attr.asdict(config, recurse=False)
        verifyObject(IHandlerConfig, Declared(**fields))
        self.assertEqual(
            config.handler_options,
            HandlerOptions(failed_attempts=RateLimit(0.17, 3)),
        )

    def test_written_defaults(self) -> None:
        """A file in which every default is written makes no difference."""
        whole: Dict[str, Any] = {}
        for option in OPTIONS:
            section = whole
            *sections, last = option.key.split(".")
            for name in sections:
                section = section.setdefault(name, {})
            section[last] = option.default
        self.assertEqual(self.load(yaml.safe_dump(whole)), load_config([], {}, None))


class TypeTests(ConfigFiles):
    """
    Every option with every wrong type.
    """

    def test_wrong_types(self) -> None:
        """Each is a mistake with file, line and key, and no secret in it."""
        for option in OPTIONS:
            refused = 0
            for value in WRONG:
                content = "# First line.\n" + written(option.key, value)
                try:
                    self.load(content)
                except ConfigError as e:
                    refused += 1
                    message = str(e)
                    line = 2 + option.key.count(".")
                    self.assertIn(":%d: %s" % (line, option.key), message)
                    if option.key in SECRET_KEYS:
                        self.assertNotIn("hunter2", message)
            self.assertGreaterEqual(refused, 4, option.key)

    def test_secret_keys(self) -> None:
        """Exactly the options that may hold a secret are secret."""
        secret = {option.key for option in OPTIONS if option.kind.secret}
        self.assertEqual(secret, SECRET_KEYS)

    def test_null(self) -> None:
        """Nothing is a mistake except where it means something."""
        for option in OPTIONS:
            content = written(option.key, None)
            if option.accepts_null():
                self.load(content)
            else:
                mistakes = self.mistakes(content)
                self.assertEqual(len(mistakes), 1)
                self.assertIn(": %s: found nothing" % (option.key,), mistakes[0])

    def test_all_at_once(self) -> None:
        """One start tells all mistakes, one a line."""
        self.assertEqual(
            self.mistakes(
                "server_name: 5\n"
                "password_config:\n"
                "  enabled: 'False'\n"
                "rc_login:\n"
                "  - address: {}\n"
                "listeners:\n"
                "  port: 8008\n"
            ),
            [
                "FILE:1: server_name: found the number 5, expected a server name such"
                " as example.com or example.com:8448",
                "FILE:3: password_config.enabled: found the text 'False', expected"
                " true or false, without quotes, or only_for_reauth",
                "FILE:4: rc_login: found a list, expected keys and values, indented,"
                " without a dash before them",
                "FILE:6: listeners: found a mapping, expected a list of listeners",
            ],
        )

    def test_several_broken_files(self) -> None:
        """The mistakes of all files are told together."""
        paths = [self.write("a: ]"), self.write("- b"), self.write("bcrypt_rounds: 1")]
        error = self.assertRaises(ConfigError, load_config, paths, {}, None)
        for path, line in zip(paths, str(error).splitlines()):
            self.assertTrue(line.startswith(path + ":1: "), line)

    def test_repr(self) -> None:
        """No secret is in the configuration's repr."""
        config = self.load(
            "macaroon_secret_key: hunter2-a\n"
            "registration_shared_secret: hunter2-b\n"
            "recaptcha_private_key: hunter2-c\n"
            "password_config: {pepper: hunter2-d}\n"
            "database: {args: {password: hunter2-e}}\n"
            "password_providers: [{module: a.B, config: {password: hunter2-f}}]\n"
        )
        self.assertEqual(config.password_pepper, "hunter2-d")
        self.assertNotIn("hunter2", repr(config))


class MergeTests(ConfigFiles):
    """
    Several files, and the command line.
    """

    def test_later_wins(self) -> None:
        """A key at top level of a later file replaces the earlier one whole."""
        config = self.load(
            "server_name: a\nbcrypt_rounds: 5\nrc_login: {account: {burst_count: 9}}\n",
            "server_name: b\nrc_login: {address: {burst_count: 7}}\n",
        )
        self.assertEqual((config.server_name, config.bcrypt_rounds), ("b", 5))
        self.assertEqual(config.rc_login_address, RateLimit(0.003, 7))
        self.assertEqual(config.rc_login_account, RateLimit(0.003, 5))

    def test_command_line(self) -> None:
        """The command line wins over files; C{None} on it is nothing."""
        path = self.write("server_name: a\nsynauth: {data_dir: x}\n")
        config = load_config([path], {"server_name": "b"}, "y")
        self.assertEqual((config.server_name, config.data_dir), ("b", "y"))
        self.assertEqual(config.database.args["database"], "y/homeserver.db")
        config = load_config([path], {"server_name": None, "listen": None}, None)
        self.assertEqual((config.server_name, config.data_dir), ("a", "x"))

    def test_command_line_mistake(self) -> None:
        """A mistake on the command line is said to be there."""
        error = self.assertRaises(
            ConfigError,
            load_config,
            [],
            {"server_name": "a b", "listen": ["tcp:1", ""]},
            None,
        )
        self.assertEqual(
            str(error),
            "the command line: listen[1]: found the text '', expected text\n"
            "the command line: server_name: found the text 'a b', expected a server"
            " name such as example.com or example.com:8448",
        )

    def test_listen(self) -> None:
        """Endpoints on the command line take the place of all listeners."""
        path = self.write("listeners: [{port: 1}]\n")
        config = load_config([path], {"listen": ["tcp:8009"]}, None)
        self.assertEqual((config.listeners, config.listen), ((), ("tcp:8009",)))

    def test_listen_behind_a_proxy(self) -> None:
        """Endpoints believe a proxy if all listeners that they replace do."""
        behind, bare = "{port: 1, x_forwarded: true}", "{port: 2}"
        for listeners, believed in (
            ([behind], True),
            ([behind, behind], True),
            ([behind, bare], False),
            ([bare], False),
            # Of one that is for metrics alone nothing follows for clients.
            (["{port: 3, type: metrics, x_forwarded: true}"], False),
        ):
            path = self.write("listeners: [%s]\n" % ", ".join(listeners))
            config = load_config([path], {"listen": ["tcp:8009"]}, None)
            self.assertIs(config.listen_x_forwarded, believed, listeners)
        config = load_config([], {"listen": ["tcp:8009"]}, None)
        self.assertIs(config.listen_x_forwarded, False)

    def test_listen_behind_a_proxy_with_metrics(self) -> None:
        """
        What a later file says of listeners for metrics alone is no word on the
        proxy: the last that spoke of clients counts.
        """
        metrics = self.write("listeners: [{port: 3, type: metrics}]\n")
        for first, believed in (
            ("listeners: [{port: 1, x_forwarded: true}]\n", True),
            ("listeners: [{port: 1}]\n", False),
            ("bcrypt_rounds: 12\n", False),
        ):
            paths = [self.write(first), metrics, metrics]
            config = load_config(paths, {"listen": ["tcp:8009"]}, None)
            self.assertIs(config.listen_x_forwarded, believed, first)
            self.assertEqual(len(config.metrics_listeners), 1)
        paths.append(self.write("listeners: [{port: 4, x_forwarded: true}]\n"))
        config = load_config(paths, {"listen": ["tcp:8009"]}, None)
        self.assertIs(config.listen_x_forwarded, True)

    def test_no_section(self) -> None:
        """What is to be a section and is none is told, and nothing is tripped over."""
        for section in ("email", "user_consent", "password_config", "synauth"):
            for value in ("true", "5", "1.5", "2026-01-31", "[a]", "text"):
                path = self.write("%s: %s\n" % (section, value))
                error = self.assertRaises(ConfigError, load_config, [path], {}, None)
                self.assertIn("%s:1: %s: " % (path, section), str(error))

    def test_enable_registration(self) -> None:
        """On the command line it is enough; in a file it is not."""
        config = load_config([], {"enable_registration": True}, None)
        self.assertTrue(config.enable_registration)
        self.assertTrue(config.enable_registration_without_verification)
        config = load_config([], {"enable_registration": False}, None)
        self.assertFalse(config.enable_registration_without_verification)
