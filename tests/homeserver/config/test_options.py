"""
Tests for L{synauth.homeserver.config.options}, and for what options have to do
with each other.
"""

import os

from synauth.auth.settings import PasswordPolicy
from synauth.homeserver.config import Listener, ProviderEntry, load_config
from tests.homeserver.config.files import ConfigFiles


class ListenerTests(ConfigFiles):
    """
    C{listeners}.
    """

    def test_listeners(self) -> None:
        """Ports, both ways to write addresses, and C{x_forwarded} are read."""
        config = self.load(
            "listeners:\n"
            "  - {port: 8008, tls: false, type: http, x_forwarded: true,\n"
            "     bind_addresses: ['::1', 127.0.0.1],\n"
            "     resources: [{names: [client], compress: false}]}\n"
            "  - {port: 9000, type: manhole, bind_addresses: 5}\n"
            "  - {port: 8009, bind_address: 10.0.0.1}\n"
            "  - {port: 0}\n"
        )
        self.assertEqual(
            config.listeners,
            (
                Listener(8008, ("::1", "127.0.0.1"), True),
                Listener(8009, ("10.0.0.1",), False),
                Listener(0, ("0.0.0.0",), False),
            ),
        )
        self.assertEqual(
            [unused.key for unused in config.unused_keys],
            ["listeners[1]"],
        )

    def test_metrics(self) -> None:
        """Metrics have a listener of their own, or a part of one."""
        config = self.load(
            "enable_metrics: true\n"
            "listeners:\n"
            "  - {port: 1, resources: [{names: [client, metrics]}, {names: health}]}\n"
            "  - {port: 2, resources: [{names: [client, federation]}]}\n"
            "  - {port: 3, resources: [{names: [metrics]}]}\n"
            "  - {port: 4, type: metrics, bind_addresses: ['::1']}\n"
        )
        everywhere = ("0.0.0.0",)
        self.assertEqual(
            config.listeners,
            (Listener(1, everywhere, metrics=True), Listener(2, everywhere)),
        )
        self.assertEqual(
            config.metrics_listeners,
            (
                Listener(3, everywhere, clients=False, metrics=True),
                Listener(4, ("::1",), clients=False, metrics=True),
            ),
        )
        self.assertEqual((config.warnings, config.unused_keys), ((), ()))

    def test_metrics_off(self) -> None:
        """A listener for metrics that are off is remarked on."""
        config = self.load("listeners: [{port: 1}, {port: 2, type: metrics}]\n")
        (warning,) = config.warnings
        self.assertIn("listeners: no metrics there without enable_metrics", warning)

    def test_resources(self) -> None:
        """What can't be resources is refused."""
        for given in ("7", "[client]", "[{compress: true}]", "[{names: [a]}, 5]"):
            (mistake,) = self.mistakes(
                "listeners: [{port: 1, resources: %s}]\n" % given
            )
            self.assertIn("listeners[0].resources: found", mistake)
            self.assertIn("expected a list of mappings with names", mistake)

    def test_mistakes(self) -> None:
        """Each mistake in a listener has its own line and name."""
        self.assertEqual(
            self.mistakes(
                "listeners:\n"
                "  - port: 8008\n"
                "    tls: true\n"
                "  - type: gopher\n"
                "  - 8008\n"
                "  - port: 70000\n"
            ),
            [
                "FILE:3: listeners[0].tls: found true, expected false: synauth speaks"
                " plain HTTP, TLS is the reverse proxy's part",
                "FILE:4: listeners[1].type: found the text 'gopher', expected 'http' or"
                " 'manhole' or 'metrics' or 'replication'",
                "FILE:4: listeners[1].port: missing, expected a TCP port",
                "FILE:5: listeners[2]: found the number 8008, expected a mapping with"
                " port, bind_addresses, type",
                "FILE:6: listeners[3].port: found the number 70000, expected a whole"
                " number from 0 to 65535",
            ],
        )

    def test_none(self) -> None:
        """A server that would listen nowhere does not start."""
        self.assertEqual(
            self.mistakes("listeners: []\n"),
            ["FILE:1: listeners: found an empty list, expected a listener"],
        )
        content = "listeners: [{type: metrics, port: 9000}]\n"
        self.assertEqual(
            self.mistakes(content),
            ["FILE:1: listeners: found none of type http, expected at least one"],
        )
        load_config([self.write(content)], {"listen": ["tcp:0"]}, None)


class DatabaseTests(ConfigFiles):
    """
    C{database}.
    """

    def test_args(self) -> None:
        """The file, relative to where the server runs, and the rest are kept."""
        config = self.load("database: {name: sqlite3, args: {database: a.db, x: [1]}}")
        self.assertEqual(config.database.args, {"database": "a.db", "x": [1]})

    def test_args_without_file(self) -> None:
        """Arguments without a file have the default one."""
        config = self.load("database: {args: {database: null}}")
        self.assertEqual(
            config.database.args, {"database": "./synauth-data/homeserver.db"}
        )

    def test_postgres(self) -> None:
        """PostgreSQL's arguments are kept, and not shown."""
        config = self.load(
            "macaroon_secret_key: key\n"
            "database:\n"
            "  name: psycopg2\n"
            "  args: {user: u, password: hunter2, dbname: synauth, host: db,"
            " port: 5433, cp_min: 2, cp_max: 5}\n"
        )
        database = config.database
        self.assertEqual(database.name, "psycopg2")
        self.assertEqual(
            database.args,
            {
                "user": "u",
                "password": "hunter2",
                "dbname": "synauth",
                "host": "db",
                "port": 5433,
                "cp_min": 2,
                "cp_max": 5,
            },
        )
        self.assertEqual(database.where, "synauth at db")
        self.assertNotIn("hunter2", repr(config))

    def test_postgres_mistakes(self) -> None:
        """What PostgreSQL does not know is refused, and no secret repeated."""
        self.assertEqual(
            self.mistakes(
                "database:\n"
                "  name: psycopg2\n"
                "  args:\n"
                "    user: u\n"
                "    password: [hunter2]\n"
                "    usr: hunter2\n"
                "    cp_max: 0\n"
            ),
            [
                "FILE:5: database.args.password: found a list, expected text or a"
                " number",
                "FILE:6: database.args.usr: invalid dsn: invalid connection option"
                ' "usr"',
                "FILE:7: database.args.cp_max: found the number 0, expected a whole"
                " number from 1 to 1000",
                "FILE:3: database.args.database: missing, expected the name of the"
                " database",
                "FILE:1: macaroon_secret_key: missing, expected a secret that all"
                " processes of the server share, as the database is psycopg2",
            ],
        )

    def test_postgres_without_args(self) -> None:
        """A server has to be told."""
        self.assertEqual(
            self.mistakes("macaroon_secret_key: k\ndatabase: {name: psycopg2}\n"),
            ["FILE:2: database.args: missing, expected a mapping"],
        )

    def test_unknown_engine(self) -> None:
        """There are two engines."""
        self.assertEqual(
            self.mistakes("database: {name: mysql}\n"),
            [
                "FILE:1: database.name: found the text 'mysql', expected 'sqlite3' or"
                " 'psycopg2'"
            ],
        )


class SecretTests(ConfigFiles):
    """
    Secrets, and their files.
    """

    def test_unset(self) -> None:
        """C{None} in words is no secret, and is warned of."""
        for word in ("''", "'None'", "'null'", "None"):
            path = self.write(
                "macaroon_secret_key: %s\nregistration_shared_secret: %s\n"
                % (word, word)
            )
            config = load_config([path], {}, None)
            self.assertIsNone(config.macaroon_secret_key)
            self.assertIsNone(config.registration_shared_secret)
            self.assertEqual(len(config.warnings), 2)
            self.assertTrue(config.warnings[0].startswith(path + ":1: macaroon"))

    def test_file(self) -> None:
        """A secret can be in a file of its own."""
        config = self.load(
            "registration_shared_secret_path: %s\n" % (self.write("s3cret\n"),)
        )
        self.assertEqual(config.registration_shared_secret, "s3cret")

    def test_bad_files(self) -> None:
        """A file without a secret, and one that can't be read, are mistakes."""
        for path, problem in (
            (self.write("None\n"), "found no secret in the file PATH, expected one"),
            (self.write(b"\xff"), "the file PATH cannot be read: not UTF-8 text"),
            ("gone", "the file PATH cannot be read: No such file or directory"),
        ):
            self.assertEqual(
                self.mistakes("macaroon_secret_key_path: %s\n" % (path,)),
                ["FILE:1: macaroon_secret_key_path: " + problem.replace("PATH", path)],
            )

    def test_both(self) -> None:
        """Of a secret and its file, only one can be right."""
        self.assertEqual(
            self.mistakes("recaptcha_private_key: a\nrecaptcha_private_key_path: b\n"),
            [
                "FILE:2: recaptcha_private_key_path: given besides"
                " recaptcha_private_key, expected one"
            ],
        )


class CrossCheckTests(ConfigFiles):
    """
    What options have to do with each other.
    """

    def test_open_registration(self) -> None:
        """Registration without any check has to be asked for in full."""
        mistakes = self.mistakes("server_name: x\nenable_registration: true\n")
        self.assertEqual(len(mistakes), 1)
        self.assertIn("FILE:2: enable_registration: found true without", mistakes[0])
        self.assertIn("enable_registration_without_verification: true", mistakes[0])
        config = self.load(
            "enable_registration: true\n"
            "enable_registration_without_verification: true\n"
        )
        self.assertTrue(config.enable_registration)

    def test_captcha(self) -> None:
        """A captcha is check enough, and needs both keys."""
        captcha = "enable_registration: true\nenable_registration_captcha: true\n"
        self.assertEqual(
            self.mistakes(captcha + "recaptcha_public_key: a\n"),
            [
                "FILE:2: enable_registration_captcha: found true without"
                " recaptcha_private_key, expected both"
            ],
        )
        config = self.load(
            captcha + "recaptcha_public_key: a\nrecaptcha_private_key: b\n"
        )
        self.assertTrue(config.enable_registration_captcha)

    def test_no_second_complaint(self) -> None:
        """A wrong key is told once, and not again as a missing one."""
        self.assertEqual(
            len(
                self.mistakes(
                    "enable_registration: true\nenable_registration_captcha: 'yes'\n"
                )
            ),
            1,
        )
        self.assertEqual(
            len(
                self.mistakes(
                    "enable_registration_captcha: true\n"
                    "recaptcha_public_key: 5\n"
                    "recaptcha_private_key: b\n"
                )
            ),
            1,
        )

    def test_lifetimes(self) -> None:
        """A lifetime can't be longer than what it is a part of."""
        self.assertEqual(
            self.mistakes(
                "session_lifetime: 1h\n"
                "refreshable_access_token_lifetime: 2h\n"
                "refresh_token_lifetime: 3h\n"
                "nonrefreshable_access_token_lifetime: 4h\n"
            ),
            [
                "FILE:%d: %s: found %d ms, expected at most the 3600000 ms of"
                " session_lifetime" % (line, key, line * 3600000)
                for line, key in (
                    (2, "refreshable_access_token_lifetime"),
                    (3, "refresh_token_lifetime"),
                    (4, "nonrefreshable_access_token_lifetime"),
                )
            ],
        )
        self.assertEqual(
            len(
                self.mistakes(
                    "refreshable_access_token_lifetime: 2h\n"
                    "refresh_token_lifetime: 1h\n"
                )
            ),
            1,
        )

    def test_default_lifetimes(self) -> None:
        """A default that does not fit gives way."""
        config = self.load("session_lifetime: 1m\nexpire_access_token: true\n")
        self.assertEqual(config.refreshable_access_token_lifetime, 60000)
        self.assertEqual(config.nonrefreshable_access_token_lifetime, 60000)

    def test_no_refresh_tokens(self) -> None:
        """C{null} is for no refresh tokens."""
        config = self.load("refreshable_access_token_lifetime: null\n")
        self.assertIsNone(config.refreshable_access_token_lifetime)

    def test_expire_access_token(self) -> None:
        """The key of 2016 means an hour, unless something else is written."""
        name = "nonrefreshable_access_token_lifetime"
        for more, expected in (("", 3600000), (name + ": 1d", 86400000)):
            config = self.load("expire_access_token: true\n" + more)
            self.assertEqual(config.nonrefreshable_access_token_lifetime, expected)
        config = self.load("expire_access_token: true\n%s: null\n" % (name,))
        self.assertIsNone(config.nonrefreshable_access_token_lifetime)


class RestTests(ConfigFiles):
    """
    What else a configuration holds.
    """

    def test_policy(self) -> None:
        """Rules for passwords count only where they are enabled."""
        policy = "{enabled: %s, minimum_length: 9, require_digit: true}"
        content = "password_config: {policy: " + policy + "}\n"
        self.assertIsNone(self.load(content % ("false",)).password_policy)
        self.assertEqual(
            self.load(content % ("true",)).password_policy,
            PasswordPolicy(minimum_length=9, require_digit=True),
        )

    def test_providers(self) -> None:
        """Providers are read but not imported, and know their lines."""
        path = self.write(
            "password_providers:\n"
            "  - module: no.such.Provider\n"
            "    config: {a: [1], 2: b}\n"
            "  - module: other.Provider\n"
        )
        self.assertEqual(
            load_config([path], {}, None).password_providers,
            (
                ProviderEntry(
                    "no.such.Provider",
                    {"a": [1], 2: "b"},
                    path + ":2: password_providers[0]",
                ),
                ProviderEntry("other.Provider", {}, path + ":4: password_providers[1]"),
            ),
        )

    def test_bad_providers(self) -> None:
        """What is not a module and its config is a mistake without its value."""
        self.assertEqual(
            self.mistakes(
                "password_providers:\n  - hunter2\n  - config: {}\n  - module: 5\n"
            ),
            [
                "FILE:2: password_providers[0]: found text, expected a mapping with"
                " module and config",
                "FILE:3: password_providers[1].module: missing, expected a class",
                "FILE:4: password_providers[2].module: found the number 5, expected"
                " text",
            ],
        )

    def test_provider_typo(self) -> None:
        """A misspelt key of a provider is named."""
        config = self.load("password_providers: [{module: a.B, confg: {}}]\n")
        (unused,) = config.unused_keys
        self.assertEqual(unused.suggestion, "password_providers[0].config")

    def test_unused_keys(self) -> None:
        """A homeserver's other keys are no mistake; near misses are named."""
        config = self.load(
            "report_stats: false\nenable_registraton: true\npepper: x\n"
            "rc_message: {per_second: 1}\n"
        )
        self.assertEqual(
            [(unused.key, unused.suggestion) for unused in config.unused_keys],
            [
                ("report_stats", None),
                ("enable_registraton", "enable_registration"),
                ("pepper", "password_config.pepper"),
                ("rc_message", None),
            ],
        )

    def test_own_section(self) -> None:
        """An unknown key in our own section is a mistake."""
        self.assertEqual(
            self.mistakes("synauth:\n  hash_thread: 2\n  zzz: 1\n"),
            [
                "FILE:2: synauth.hash_thread: no such option; did you mean"
                " synauth.hash_threads?",
                "FILE:3: synauth.zzz: no such option",
            ],
        )

    def test_nothing_is_made(self) -> None:
        """Loading a configuration makes no directory and no file."""
        data_dir = self.mktemp()
        load_config([], {}, data_dir)
        self.assertFalse(os.path.exists(data_dir))
