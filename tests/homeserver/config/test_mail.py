"""
Tests for L{synauth.homeserver.config.mail}.
"""

from twisted.trial.unittest import SynchronousTestCase

from synauth.errors import ConfigError
from synauth.homeserver.config.mail import MAILBOX
from tests.homeserver.config.test_kinds import read


class MailboxTests(SynchronousTestCase):
    """
    Whom mails are from.
    """

    def test_good(self) -> None:
        """
        An address, which may have a name in any letters.
        """
        for value in ("us@example.org", "\u00dcs <us@example.org>", "%(app)s <a@b.c>"):
            self.assertEqual(read(MAILBOX, value), value)

    def test_bad(self) -> None:
        """
        An address that no mail could come from is a mistake with its place.
        """
        for value in ("us", "us@", "@x", "us@\u00e4.org", "\u00fcs@x.org", "a@b\nc"):
            error = self.assertRaises(ConfigError, read, MAILBOX, value)
            self.assertTrue(str(error).startswith("f:7: key"), error)
            self.assertIn(", expected an address such as", str(error))
