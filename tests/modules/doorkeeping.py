"""
What holds for a doorkeeper in any homeserver that has let it in.
"""

import os
from typing import Type

from tests.functional.client import Client
from tests.functional.daemon import DaemonTestCase
from tests.modules.doorkeeper import RIDDLE, read_journal
from tests.modules.hosts import Config, Host, Place, make_account
from tests.modules.logins import (
    LoginAssertions,
    email_login,
    log_in,
    login_types,
    password_login,
    typed_login,
)

CAROL = "@carol:example.org"
PASSWORD = "cabbages and kings"
EMAIL = "carol@example.com"


class Doorkeeping:
    """
    A legacy provider with everything.
    """

    def setUp(self) -> None:
        """
        Start a homeserver with a doorkeeper.
        """
        self.journal = os.path.join(self.make_directory(), "journal")
        config = {
            "localpart": "carol",
            "password": PASSWORD,
            "email": EMAIL,
            "answer": "a raven",
            "journal": self.journal,
        }
        module = "tests.modules.doorkeeper.Doorkeeper"
        self.client = self.start_host({"module": module, "config": config})

    def test_login_types(self) -> None:
        """
        Clients are told of passwords and of the riddle.
        """
        offered = login_types(self.client)
        self.assertIn("m.login.password", offered)
        self.assertIn(RIDDLE, offered)

    def test_password(self) -> None:
        """
        The first login makes the account, the next one finds it.
        """
        for user in ("carol", CAROL):
            self.assert_in(self.client, password_login(user, PASSWORD), CAROL)

    def test_wrong_password(self) -> None:
        """
        Neither another password nor another user gets in, with an account
        or without one.
        """
        make_account(self.client, "dinah", "mouse-1234")
        for user in ("carol", "dinah", "nobody"):
            self.assert_refused(self.client, password_login(user, "walrus"))
        for user in ("dinah", "nobody"):
            self.assert_refused(self.client, password_login(user, PASSWORD))

    def test_local_password(self) -> None:
        """
        Where the doorkeeper says no, the account's own password counts.
        """
        make_account(self.client, "dinah", "mouse-1234")
        login = password_login("dinah", "mouse-1234")
        self.assert_in(self.client, login, "@dinah:example.org")

    def test_login_type_of_its_own(self) -> None:
        """
        The riddle's answer lets carol in; the doorkeeper was handed the
        name as typed and its own field alone, and has heard of the login.
        """
        login = typed_login(RIDDLE, "carol", answer="a raven", hint="a desk")
        token = self.assert_in(self.client, login, CAROL)
        asked, came = read_journal(self.journal)
        self.assertEqual(asked, ["asked", "carol", RIDDLE, ["answer"]])
        self.assertEqual((came[:2], came[3]), (["in", CAROL], token))
        self.assertTrue(came[2])

    def test_wrong_answer(self) -> None:
        """
        A wrong answer is as bad as a wrong password, and nobody is told of
        a login.
        """
        login = typed_login(RIDDLE, "carol", answer="a crow")
        self.assert_refused(self.client, login)
        self.assertEqual(len(read_journal(self.journal)), 1)

    def test_missing_field(self) -> None:
        """
        Without an answer the doorkeeper isn't asked.
        """
        answer = log_in(self.client, typed_login(RIDDLE, "carol"))
        self.assertEqual(answer.status, 400)
        self.assertIn("answer", answer.body["error"])
        self.assertFalse(os.path.exists(self.journal))

    def test_email(self) -> None:
        """
        An address that only the doorkeeper knows will do for a name.
        """
        self.assert_in(self.client, email_login(EMAIL, PASSWORD), CAROL)
        self.assert_refused(self.client, email_login(EMAIL, "walrus"))

    def test_logout(self) -> None:
        """
        The doorkeeper hears whose token has ended, and of which device.
        """
        login = dict(password_login("carol", PASSWORD), device_id="LOOKING")
        token = self.assert_in(self.client, login, CAROL)
        self.log_out(self.client, token)
        self.assertEqual(read_journal(self.journal), [["out", CAROL, "LOOKING", token]])


def make_doorkeeper_tests(host: Host, place: Place) -> Type[DaemonTestCase]:
    """
    @return: a test case.
    """

    class Tests(Doorkeeping, LoginAssertions, DaemonTestCase):
        """
        In one homeserver.
        """

        def start_host(self, entry: Config) -> Client:
            """
            Start it.
            """
            return host(self, place(entry))

    return Tests
