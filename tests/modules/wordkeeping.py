"""
What holds for a wordkeeper in any homeserver that has let it in.
"""

import os
from typing import Type

from tests.functional.client import Client
from tests.functional.daemon import DaemonTestCase
from tests.modules.hosts import Config, Host, Place, make_account
from tests.modules.logins import (
    LoginAssertions,
    log_in,
    login_types,
    password_login,
    typed_login,
)
from tests.modules.wordkeeper import LOGIN_TYPE

BOB = "@bob:matrix.org"
SCOOP = "@scoop:matrix.org"

# As in the documentation's example, which can stand in for ours.
CONFIG = {"server_name": "matrix.org"}
WORDS = {"bob": "building", SCOOP: "digging"}
MODULE = (
    "tests.modules.printed.MyAuthProvider"
    if os.environ.get("SYNAUTH_SOURCES")
    else "tests.modules.wordkeeper.Wordkeeper"
)


class Wordkeeping:
    """
    A module that answers with bare ids.
    """

    def setUp(self) -> None:
        """
        Start a homeserver with a wordkeeper, and with accounts that have
        other passwords.
        """
        self.client = self.start_host({"module": MODULE, "config": WORDS})
        for name in ("bob", "scoop"):
            make_account(self.client, name, "wonderland-1")

    def test_login_types(self) -> None:
        """
        Clients are told of both.
        """
        offered = login_types(self.client)
        self.assertIn("m.login.password", offered)
        self.assertIn(LOGIN_TYPE, offered)

    def test_login_type_of_its_own(self) -> None:
        """
        The word is asked for in a field of the module's own.
        """
        login = typed_login(LOGIN_TYPE, "bob", my_field="building")
        self.assert_in(self.client, login, BOB)
        login = typed_login(LOGIN_TYPE, SCOOP, my_field="digging")
        self.assert_in(self.client, login, SCOOP)

    def test_password(self) -> None:
        """
        The word does for a password, and so does the account's own.
        """
        for password in ("building", "wonderland-1"):
            login = password_login("bob", password)
            self.assert_in(self.client, login, BOB)

    def test_wrong_word(self) -> None:
        """
        Another user's word, one that is nobody's, a password where the
        word should be: all are refused.
        """
        for word in ("digging", "Building", "wonderland-1"):
            login = typed_login(LOGIN_TYPE, "bob", my_field=word)
            self.assert_refused(self.client, login)
        self.assert_refused(self.client, password_login("bob", "digging"))

    def test_user_of_another_spelling(self) -> None:
        """
        The module sees the name as typed, and only knows its own spelling.
        """
        for user in (BOB, "scoop", "nobody"):
            login = typed_login(LOGIN_TYPE, user, my_field="building")
            self.assert_refused(self.client, login)

    def test_missing_field(self) -> None:
        """
        The field has to be there.
        """
        answer = log_in(self.client, typed_login(LOGIN_TYPE, "bob"))
        self.assertEqual(answer.status, 400)
        self.assertIn("my_field", answer.body["error"])

    def test_null_for_a_field(self) -> None:
        """
        What is null is not there: it is not the word of users who have none.
        """
        make_account(self.client, "dinah", "mouse-1234")
        login = dict(typed_login(LOGIN_TYPE, "dinah"), my_field=None)
        answer = log_in(self.client, login)
        self.assertIn(answer.status, (400, 403), answer.body)

    def test_logout(self) -> None:
        """
        A token that a module has vouched for ends as any does.
        """
        login = typed_login(LOGIN_TYPE, "bob", my_field="building")
        token = self.assert_in(self.client, login, BOB)
        self.log_out(self.client, token)


def make_wordkeeper_tests(host: Host, place: Place) -> Type[DaemonTestCase]:
    """
    @return: a test case.
    """

    class Tests(Wordkeeping, LoginAssertions, DaemonTestCase):
        """
        In one homeserver.
        """

        def start_host(self, entry: Config) -> Client:
            """
            Start it.
            """
            return host(self, dict(CONFIG, **place(entry)))

    return Tests
