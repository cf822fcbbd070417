"""
Making accounts.
"""

from typing import Any

from twisted.internet.defer import gatherResults
from zope.interface.verify import verifyObject

from synauth.errors import MatrixError
from synauth.homeserver.application_services import ApplicationServices
from synauth.homeserver.clock import Clock
from synauth.homeserver.logins import LoginDetails
from synauth.homeserver.registration import Registration
from synauth.interfaces import IRegistrationHandler
from tests.homeserver.test_logins import LoginsTestCase


class RegistrationTests(LoginsTestCase):
    """
    L{Registration}, where C{@alice:example.org} is taken.
    """

    def setUp(self) -> None:
        """
        Make what is under test.
        """
        super().setUp()
        self.registration = Registration(
            "example.org",
            self.store,
            self.logins,
            Clock(self.reactor),
            ApplicationServices(),
        )

    def register(self, *args: Any, **kw: Any) -> Any:
        """
        @return: the answer to a registration.
        """
        return self.successResultOf(self.registration.register_user(*args, **kw))

    def errcode(self, deferred: Any) -> Any:
        """
        @return: status and C{errcode} of a refusal.
        """
        error = self.failureResultOf(deferred, MatrixError).value
        return error.code, error.errcode

    def account(self, user_id: str) -> Any:
        """
        @return: an account as it is in the store.
        """
        return self.successResultOf(self.store.get_user(user_id))

    def test_interface(self) -> None:
        """
        It provides what it says that it provides.
        """
        verifyObject(IRegistrationHandler, self.registration)

    def test_check_username(self) -> None:
        """
        A name is free, taken, or none.
        """
        check = self.registration.check_username
        for free in ("bob", "b.o_b-=/+1", "a" * 242):
            self.assertIsNone(self.successResultOf(check(free)))
        self.assertEqual(self.errcode(check("alice")), (400, "M_USER_IN_USE"))
        for bad in ("", "Bob", "_bob", "123", "b\u00f6b", "b b", "b\n", "a" * 243):
            for refused in (check(bad), self.registration.register_user(bad)):
                self.assertEqual(self.errcode(refused), (400, "M_INVALID_USERNAME"))

    def test_account(self) -> None:
        """
        An account is as it was asked for.
        """
        answer = self.register("bob", "the hash", admin=True)
        self.assertEqual(
            answer, {"user_id": "@bob:example.org", "home_server": "example.org"}
        )
        account = self.account("@bob:example.org")
        self.assertEqual(account.password_hash, "the hash")
        self.assertEqual((account.admin, account.is_guest), (True, False))
        (created,) = self.database.connection.execute(
            "SELECT creation_ts FROM users WHERE name = '@bob:example.org'"
        ).fetchone()
        self.assertEqual(created, 1500000000)

    def test_logged_in(self) -> None:
        """
        It can be logged in at once.
        """
        answer = self.register("bob", login=LoginDetails("PHONE", refreshable=True))
        self.assertEqual(
            sorted(answer),
            [
                "access_token",
                "device_id",
                "expires_in_ms",
                "home_server",
                "refresh_token",
                "user_id",
            ],
        )
        requester = self.requester(answer["access_token"])
        self.assertEqual(
            (requester.user_id, requester.device_id), ("@bob:example.org", "PHONE")
        )

    def test_collision(self) -> None:
        """
        A name is taken in every case, also one of two that come at once; what
        was there stays as it was.
        """
        statement = "UPDATE users SET name = '@Alice:example.org'"
        self.successResultOf(self.database.write(lambda txn: txn.execute(statement)))
        login = LoginDetails()
        for refused in (
            self.registration.register_user("alice", login=login),
            self.registration.register("alice"),
            self.registration.check_username("alice"),
        ):
            self.assertEqual(self.errcode(refused), (400, "M_USER_IN_USE"))
        both = [self.registration.register_user("bob", n, login) for n in ("1", "2")]
        self.successResultOf(both[0])
        self.assertEqual(self.errcode(both[1]), (400, "M_USER_IN_USE"))
        self.assertEqual(self.account("@bob:example.org").password_hash, "1")

    def test_made_up_names(self) -> None:
        """
        Who does not say a name gets one of their own, of letters.
        """
        made = self.successResultOf(
            gatherResults([self.registration.register_user() for _ in range(20)])
        )
        self.assertEqual(len({answer["user_id"] for answer in made}), 20)
        for answer in made:
            self.assertRegex(answer["user_id"], r"\A@[a-z]{16}:example\.org\Z")

    def test_guests(self) -> None:
        """
        Guests are numbers, which nobody else can have.
        """
        answer = self.register(is_guest=True, login=LoginDetails())
        self.assertRegex(answer["user_id"], r"\A@[0-9]{16}:example\.org\Z")
        self.assertIs(self.requester(answer["access_token"]).is_guest, True)

    def test_register(self) -> None:
        """
        A password provider gets a user id and an access token, and the account
        has no local password.
        """
        user_id, token = self.successResultOf(self.registration.register("bob"))
        self.assertEqual(user_id, "@bob:example.org")
        self.assertEqual(self.requester(token).user_id, user_id)
        self.assertIsNone(self.account(user_id).password_hash)
        user_id, _ = self.successResultOf(self.registration.register())
        self.assertIsNotNone(self.account(user_id))
