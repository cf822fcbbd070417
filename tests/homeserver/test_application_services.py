"""
Tests for L{synauth.homeserver.application_services}.
"""

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from synauth.errors import ConfigError
from synauth.homeserver.application_services import load_application_services

IRC = r"""
id: irc
as_token: as-secret
hs_token: hs-secret
url: null
sender_localpart: irc
rate_limited: false
namespaces:
  users:
    - {regex: "@irc_.*:example\\.org", exclusive: true}
    - {regex: "@shared_.*", exclusive: false}
"""


class LoadingTests(SynchronousTestCase):
    """
    Registrations, from files.
    """

    def write(self, text: str) -> str:
        """
        @return: the path of a file.
        """
        path: str = self.mktemp()
        with open(path, "w") as stream:
            stream.write(text)
        return path

    def load(self, *texts: str) -> Any:
        """
        Load files.
        """
        return load_application_services(
            [self.write(text) for text in texts], "example.org"
        )

    def test_service(self) -> None:
        """
        A service is known by its token, and has its namespaces.
        """
        services = self.load(IRC)
        self.assertTrue(services)
        service = services.by_token("as-secret")
        self.assertEqual(
            (service.id, service.sender, service.rate_limited),
            ("irc", "@irc:example.org", False),
        )
        self.assertNotIn("as-secret", repr(service))
        for token in ("", "hs-secret", "\ud800", "as-secret "):
            self.assertIsNone(services.by_token(token))
        for user_id, interested, owned in (
            ("@irc:example.org", True, True),
            ("@irc_bob:example.org", True, True),
            ("@shared_bob:example.org", True, False),
            ("@bob:example.org", False, False),
            ("@irc_%s:example.org" % ("x" * 300), False, False),
        ):
            self.assertIs(service.is_interested_in(user_id), interested, user_id)
            owner = services.owner_of(user_id)
            self.assertIs(owner, service if owned else None, user_id)

    def test_none(self) -> None:
        """
        Without services there is nothing to find.
        """
        services = self.load()
        self.assertFalse(services)
        self.assertIsNone(services.by_token("x"))
        self.assertIsNone(services.owner_of("@a:example.org"))

    def test_mistakes(self) -> None:
        """
        Each is told with its file and its key, and no secret.
        """
        for old, new, expected in (
            ("id: irc\n", "", ": id: missing, expected text"),
            ("as_token: as-secret\n", "", ": as_token: missing, expected text"),
            ("as_token: as-secret", "as_token: 5", ": as_token: expected text"),
            ("hs_token: hs-secret\n", "", ": hs_token: missing"),
            ("localpart: irc", "localpart: 'a b'", ": sender_localpart: expected"),
            ("url: null", "url: [1]", ": url: expected an address, or null"),
            ("rate_limited: false", "rate_limited: 'no'", ": rate_limited: expected"),
            ("exclusive: true", "exclusive: 1", ": namespaces.users[0]: expected"),
            ("@irc_.*", "@irc_(.*", ": namespaces.users[0].regex: it is none"),
            ("@irc_.*", "@(a+)+", ": namespaces.users[0].regex: expected at most"),
            ("@irc_.*", "@(a*b){2,}", ": namespaces.users[0].regex: expected at mo"),
        ):
            self.assertIn(old, IRC)
            error = self.assertRaises(ConfigError, self.load, IRC.replace(old, new))
            self.assertIn(expected, str(error))
            self.assertNotIn("secret", str(error))

    def test_harmless_patterns(self) -> None:
        """
        Repetitions side by side, and groups that are not repeated, are fine.
        """
        for pattern in ("@irc_.*", "@(a|b)_.+:.*", "@(irc|xmpp)?_.*", "@[a-z]+_[0-9]*"):
            self.load(IRC.replace("@irc_.*", pattern))

    def test_same(self) -> None:
        """
        Two services have names and tokens of their own.
        """
        error = self.assertRaises(ConfigError, self.load, IRC, IRC)
        self.assertIn(": id: the same as in another registration", str(error))
        other = IRC.replace("id: irc", "id: xmpp")
        error = self.assertRaises(ConfigError, self.load, IRC, other)
        self.assertIn(": as_token: the same", str(error))

    def test_no_file(self) -> None:
        """
        A file that is not there is named.
        """
        error = self.assertRaises(
            ConfigError, load_application_services, ["nowhere.yaml"], "example.org"
        )
        self.assertIn("there is no file nowhere.yaml", str(error))
