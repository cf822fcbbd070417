"""
Logins: lifetimes, refreshing, who holds a token, the end.
"""

from typing import Any, List, Optional

import attr
from twisted.internet.task import Clock as ReactorClock
from twisted.trial.unittest import SynchronousTestCase

from synauth.auth.tokens import MacaroonTokens
from synauth.errors import AuthError, InvalidTokenError, UserLockedError
from synauth.homeserver.clock import Clock
from synauth.homeserver.logins import LoginDetails, Logins, Requester, well_known
from synauth.providers.callbacks import ModuleCallbacks
from synauth.providers.calling import Caller
from synauth.storage.datastore import DataStore
from synauth.storage.records import NewAccount
from tests.storage.fixtures import inline_database

ALICE = "@alice:example.org"
MINUTE, HOUR = 60000, 3600000


@attr.s(auto_attribs=True)
class Config:
    """
    The settings that logins read.
    """

    server_name: str = "example.org"
    public_baseurl: Optional[str] = None
    session_lifetime: Optional[int] = None
    refreshable_access_token_lifetime: Optional[int] = 5 * MINUTE
    refresh_token_lifetime: Optional[int] = None
    max_devices: Optional[int] = None
    nonrefreshable_access_token_lifetime: Optional[int] = None


class LoginsTestCase(SynchronousTestCase):
    """
    Logins over a real store with one account.
    """

    def setUp(self) -> None:
        """
        Make what is under test.
        """
        self.reactor = ReactorClock()
        self.reactor.advance(1500000000)
        clock = Clock(self.reactor)
        self.config = Config()
        self.database = inline_database(self)
        self.store = DataStore(self.database, clock)
        self.macaroons = MacaroonTokens(lambda: "example.org", lambda: "key", clock)
        self.ended: List[Any] = []
        callbacks = ModuleCallbacks(
            "example.org", Caller(lambda: self.reactor), self.store.get_user
        )
        callbacks.register("module", on_logged_out=self.on_logged_out)
        self.logins = Logins(self.store, self.macaroons, clock, self.config, callbacks)
        account = NewAccount(ALICE, "hash", 1500000000)
        self.successResultOf(self.store.create_user(account))

    def on_logged_out(self, *ended: Any) -> None:
        """
        What a module does with C{(user id, device id, access token)}.
        """
        self.ended.append(ended)

    def log_in(self, **details: Any) -> Any:
        """
        @return: the answer to a login.
        """
        return self.successResultOf(self.logins.log_in(ALICE, LoginDetails(**details)))

    def requester(self, token: str, **allowed: bool) -> Requester:
        """
        @return: who holds a token.
        """
        return self.successResultOf(self.logins.requester(token, **allowed))

    def refresh(self, token: str) -> Any:
        """
        @return: the answer to a refresh.
        """
        return self.successResultOf(self.logins.refresh(token))

    def refused(self, deferred: Any, kind: Any = InvalidTokenError) -> Any:
        """
        @return: C{(status, body)} of a refusal.
        """
        error = self.failureResultOf(deferred, kind).value
        return error.code, error.error_dict()

    def mark(self, column: str) -> None:
        """
        Set a flag of the account, as an administrator would.
        """
        statement = "UPDATE users SET %s = '1'" % column
        self.successResultOf(self.database.write(lambda txn: txn.execute(statement)))


class AnswerTests(LoginsTestCase):
    """
    What a client is answered.
    """

    def test_least(self) -> None:
        """
        A login that asks for nothing gets a token and a device.
        """
        answer = self.log_in()
        self.assertEqual(
            sorted(answer), ["access_token", "device_id", "home_server", "user_id"]
        )
        self.assertEqual(
            (answer["user_id"], answer["home_server"]), (ALICE, "example.org")
        )
        self.assertRegex(answer["device_id"], r"\A[A-Z]{10}\Z")
        self.assertEqual(
            self.macaroons.user_id_of(answer["access_token"], "access"), ALICE
        )

    def test_most(self) -> None:
        """
        One that knows how to refresh gets more, and is told where it is.
        """
        self.config.public_baseurl = "https://matrix.example.org/"
        answer = self.log_in(
            device_id="PHONE", display_name="Phone", refreshable=True, address="::1"
        )
        self.assertEqual(answer["device_id"], "PHONE")
        self.assertEqual(answer["expires_in_ms"], 5 * MINUTE)
        self.assertEqual(
            answer["well_known"],
            {"m.homeserver": {"base_url": "https://matrix.example.org/"}},
        )
        self.assertEqual(
            answer["well_known"], well_known("https://matrix.example.org/")
        )
        self.assertEqual(
            self.macaroons.user_id_of(answer["refresh_token"], "refresh"), ALICE
        )
        device = self.successResultOf(self.store.get_device(ALICE, "PHONE"))
        self.assertEqual((device.display_name, device.ip), ("Phone", "::1"))

    def test_tokens_are_not_shown(self) -> None:
        """
        A login does not show its tokens in a log.
        """
        login = self.logins.prepare(ALICE, LoginDetails(refreshable=True))
        self.assertNotIn(login.access_token, repr(login))
        self.assertNotIn(login.refresh_token, repr(login))

    def test_device_is_kept(self) -> None:
        """
        Logging in to a device again keeps it and ends its older token.
        """
        first = self.log_in(device_id="PHONE", display_name="Phone")
        second = self.log_in(device_id="PHONE", display_name="Other")
        self.refused(self.logins.requester(first["access_token"]))
        self.assertEqual(self.requester(second["access_token"]).device_id, "PHONE")
        device = self.successResultOf(self.store.get_device(ALICE, "PHONE"))
        self.assertEqual(device.display_name, "Phone")


class LifetimeTests(LoginsTestCase):
    """
    How long things last.
    """

    def test_table(self) -> None:
        """
        Each lifetime does what it says, and the session's bounds the others.
        """
        for session, access, refresh, other, refreshable, expected in (
            # Whether the client can refresh; when the access token, the
            # refresh token and the session expire, in minutes from now.
            (None, 5, None, None, False, (None, False, None, None)),
            (None, 5, None, None, True, (5, True, None, None)),
            (None, 5, 60, None, True, (5, True, 60, None)),
            (None, 5, 60, 30, False, (30, False, None, None)),
            (None, 5, 60, 30, True, (5, True, 60, None)),
            (None, None, None, None, True, (None, False, None, None)),
            (None, None, 60, 30, True, (30, False, None, None)),
            (20, 5, 60, 30, True, (5, True, 20, 20)),
            (20, 5, 60, 30, False, (20, False, None, None)),
            (20, 5, None, None, True, (5, True, 20, 20)),
            (20, None, None, None, True, (20, False, None, None)),
            (3, 5, 60, 30, True, (3, True, 3, 3)),
            (120, 5, 60, 30, True, (5, True, 60, 120)),
        ):
            self.config.session_lifetime = session and session * MINUTE
            self.config.refreshable_access_token_lifetime = access and access * MINUTE
            self.config.refresh_token_lifetime = refresh and refresh * MINUTE
            self.config.nonrefreshable_access_token_lifetime = other and other * MINUTE
            login = self.logins.prepare(ALICE, LoginDetails(refreshable=refreshable))
            found = tuple(
                time and (time - login.now_ms) // MINUTE
                for time in (
                    login.valid_until_ms,
                    login.refresh_expiry_ms,
                    login.session_expiry_ms,
                )
            )
            self.assertEqual(
                (found[0], login.refresh_token is not None) + found[1:],
                expected,
                (session, access, refresh, other, refreshable),
            )
            self.assertEqual(
                "expires_in_ms" in self.logins.answer(login), expected[0] is not None
            )

    def test_token_says_so(self) -> None:
        """
        The token itself expires when the store says that it does.
        """
        answer = self.log_in(refreshable=True)
        self.reactor.advance(5 * 60)
        self.assertRaises(
            AuthError, self.macaroons.user_id_of, answer["access_token"], "access"
        )


class RequesterTests(LoginsTestCase):
    """
    Who holds a token.
    """

    def test_known(self) -> None:
        """
        The holder of a token is known by it.
        """
        answer = self.log_in(device_id="PHONE")
        requester = self.requester(answer["access_token"])
        self.assertEqual(
            (requester.user_id, requester.device_id, requester.is_guest),
            (ALICE, "PHONE", False),
        )
        self.assertIsInstance(requester.access_token_id, int)

    def test_unknown(self) -> None:
        """
        Anything else is unknown: a token of ours that is not in the store, a
        refresh token, garbage.
        """
        minted = self.macaroons.access_token(ALICE, [], None)
        refresh_token = self.log_in(refreshable=True)["refresh_token"]
        for token in (
            minted,
            refresh_token,
            "",
            "garbage",
            "\ud800",
            "\0",
            "x" * 10**5,
        ):
            self.assertEqual(
                self.refused(self.logins.requester(token)),
                (
                    401,
                    {
                        "errcode": "M_UNKNOWN_TOKEN",
                        "error": "Unrecognised access token",
                        "soft_logout": False,
                    },
                ),
            )

    def test_expired(self) -> None:
        """
        Whose token has expired may come back as the same device.
        """
        token = self.log_in(refreshable=True)["access_token"]
        self.reactor.advance(5 * 60 - 0.001)
        self.requester(token)
        self.reactor.advance(0.001)
        status, body = self.refused(self.logins.requester(token))
        self.assertEqual(
            (status, body["errcode"], body["soft_logout"]),
            (401, "M_UNKNOWN_TOKEN", True),
        )
        self.assertEqual(self.requester(token, even_expired=True).user_id, ALICE)

    def test_deactivated(self) -> None:
        """
        Nobody comes in to a deactivated account, whatever else is allowed.
        """
        token = self.log_in()["access_token"]
        self.mark("deactivated")
        for allowed in ({}, {"even_expired": True, "even_locked": True}):
            status, body = self.refused(
                self.logins.requester(token, **allowed), AuthError
            )
            self.assertEqual((status, body["errcode"]), (403, "M_USER_DEACTIVATED"))
        self.mark("locked")
        status, _ = self.refused(
            self.logins.requester(token, even_locked=True), AuthError
        )
        self.assertEqual(status, 403)

    def test_locked(self) -> None:
        """
        The user of a locked account is told so, and may still log out.
        """
        token = self.log_in()["access_token"]
        self.mark("locked")
        status, body = self.refused(self.logins.requester(token), UserLockedError)
        self.assertEqual(
            (status, body["errcode"], body["soft_logout"]), (401, "M_USER_LOCKED", True)
        )
        self.assertEqual(self.requester(token, even_locked=True).user_id, ALICE)


class RefreshTests(LoginsTestCase):
    """
    Refreshing.
    """

    def setUp(self) -> None:
        """
        Log in.
        """
        super().setUp()
        self.config.refresh_token_lifetime = HOUR
        self.first = self.log_in(device_id="PHONE", refreshable=True)

    def assert_gone(self, token: str, soft_logout: bool = True) -> None:
        """
        Check that a refresh token is good for nothing.
        """
        status, body = self.refused(self.logins.refresh(token))
        self.assertEqual(
            (status, body["errcode"], body["soft_logout"]),
            (401, "M_UNKNOWN_TOKEN", soft_logout),
        )

    def test_answer(self) -> None:
        """
        New tokens come for old ones, on the same device.
        """
        self.reactor.advance(5 * 60)
        second = self.refresh(self.first["refresh_token"])
        self.assertEqual(
            sorted(second), ["access_token", "expires_in_ms", "refresh_token"]
        )
        self.assertEqual(second["expires_in_ms"], 5 * MINUTE)
        for key in ("access_token", "refresh_token"):
            self.assertNotEqual(second[key], self.first[key])
        self.assertEqual(self.requester(second["access_token"]).device_id, "PHONE")

    def test_unknown(self) -> None:
        """
        Anything but a refresh token is unknown.
        """
        for token in (self.first["access_token"], "", "garbage", "\ud800", "\0"):
            self.assert_gone(token, soft_logout=False)

    def test_lost_answer(self) -> None:
        """
        A client that did not get the answer asks again, until it uses the new
        tokens.
        """
        lost = self.refresh(self.first["refresh_token"])
        again = self.refresh(self.first["refresh_token"])
        self.refused(self.logins.requester(lost["access_token"]))
        self.requester(again["access_token"])
        self.assert_gone(self.first["refresh_token"])
        self.refresh(again["refresh_token"])

    def test_soft_logout(self) -> None:
        """
        A client is logged out softly as long as it can come back as the same
        device, and not a moment longer, whatever has become of its tokens.
        """
        self.config.nonrefreshable_access_token_lifetime = MINUTE
        second = self.refresh(self.first["refresh_token"])
        self.requester(second["access_token"])
        other = self.log_in(device_id="OTHER")["access_token"]
        self.successResultOf(
            self.store.add_access_token_to_user(ALICE, "bare", valid_until_ms=1)
        )
        self.reactor.advance(3600)

        def soft(deferred: Any) -> bool:
            found: bool = self.refused(deferred)[1]["soft_logout"]
            return found

        def states() -> List[bool]:
            return [
                soft(self.logins.requester(second["access_token"])),
                soft(self.logins.refresh(second["refresh_token"])),
                soft(self.logins.refresh(self.first["refresh_token"])),
                soft(self.logins.requester(other)),
                soft(self.logins.requester("bare")),
            ]

        self.assertEqual(states(), [True, True, True, True, False])
        self.successResultOf(self.store.delete_devices(ALICE, ["PHONE"]))
        self.assertEqual(states(), [False, False, False, True, False])

    def test_device_without_tokens_end(self) -> None:
        """
        Where a device went and its tokens stayed, as a homeserver may have left
        it, nobody is told to come back as that.
        """
        self.reactor.advance(3600)
        cursor = self.database.connection.cursor()
        cursor.execute("PRAGMA query_only=0")
        cursor.execute("DELETE FROM devices")
        self.database.connection.commit()
        self.assert_gone(self.first["refresh_token"], soft_logout=False)
        status, body = self.refused(self.logins.requester(self.first["access_token"]))
        self.assertEqual((status, body["soft_logout"]), (401, False))

    def test_unstorable_device(self) -> None:
        """
        A device that can't be kept is refused as without refresh tokens.
        """
        for device_id in ("\ud800", "a\0b"):
            details = LoginDetails(device_id=device_id, refreshable=True)
            error = self.failureResultOf(self.logins.log_in(ALICE, details)).value
            self.assertEqual((error.code, error.errcode), (400, "M_INVALID_PARAM"))

    def test_successor_used(self) -> None:
        """
        The next refresh ends the token before the last as well.
        """
        second = self.refresh(self.first["refresh_token"])
        self.refresh(second["refresh_token"])
        status, _ = self.refused(self.logins.refresh(self.first["refresh_token"]))
        self.assertEqual(status, 401)

    def test_refresh_token_expires(self) -> None:
        """
        A refresh token that was not used for its lifetime has expired; each
        new one begins anew.
        """
        self.reactor.advance(3599)
        second = self.refresh(self.first["refresh_token"])
        self.reactor.advance(3599)
        third = self.refresh(second["refresh_token"])
        self.reactor.advance(3600)
        self.assert_gone(third["refresh_token"])

    def test_session_expires(self) -> None:
        """
        No refresh helps beyond the lifetime of the session; the last token is
        as short as what is left of it.
        """
        self.config.session_lifetime = 2 * HOUR
        token = self.log_in(refreshable=True)["refresh_token"]
        for _ in range(2):
            self.reactor.advance(3540)
            answer = self.refresh(token)
            token = answer["refresh_token"]
        self.assertEqual(answer["expires_in_ms"], 2 * MINUTE)
        self.reactor.advance(120)
        self.assert_gone(token)
        status, body = self.refused(self.logins.requester(answer["access_token"]))
        self.assertEqual((status, body["soft_logout"]), (401, True))

    def test_without_a_lifetime(self) -> None:
        """
        When refreshing was switched off meanwhile, the last refresh gives a
        token that does not expire.
        """
        self.config.refreshable_access_token_lifetime = None
        self.assertNotIn("expires_in_ms", self.refresh(self.first["refresh_token"]))

    def test_gates(self) -> None:
        """
        An account that may not be used is not refreshed.
        """
        for column, kind, expected in (
            ("locked", UserLockedError, (401, "M_USER_LOCKED")),
            ("deactivated", AuthError, (403, "M_USER_DEACTIVATED")),
        ):
            self.mark(column)
            status, body = self.refused(
                self.logins.refresh(self.first["refresh_token"]), kind
            )
            self.assertEqual((status, body["errcode"]), expected)

    def test_a_race(self) -> None:
        """
        A token that is superseded between being found and being rotated is
        refused.
        """

        class Racing(DataStore):
            def rotate_refresh_token(self, rotation: Any) -> Any:
                return (
                    super()
                    .rotate_refresh_token(rotation)
                    .addCallback(lambda done: False)
                )

        self.logins._store = Racing(self.database, Clock(self.reactor))
        self.assert_gone(self.first["refresh_token"])

    def test_account_is_gone(self) -> None:
        """
        The token of an account that is no more is unknown.
        """

        class Gone(DataStore):
            def get_user(self, user_id: str) -> Any:
                return super().get_user("@bob:example.org")

        self.logins._store = Gone(self.database, Clock(self.reactor))
        self.assert_gone(self.first["refresh_token"], soft_logout=False)


class LogoutTests(LoginsTestCase):
    """
    The end.
    """

    def test_log_out(self) -> None:
        """
        Logging out ends the device with all of its tokens, and no other.
        """
        phone = self.log_in(device_id="PHONE", refreshable=True)
        laptop = self.log_in(device_id="LAPTOP")
        requester = self.requester(phone["access_token"])
        done = self.logins.log_out(requester, phone["access_token"])
        self.assertIsNone(self.successResultOf(done))
        self.refused(self.logins.requester(phone["access_token"]))
        self.refused(self.logins.refresh(phone["refresh_token"]))
        self.assertIsNone(self.successResultOf(self.store.get_device(ALICE, "PHONE")))
        self.requester(laptop["access_token"])
        self.assertEqual(self.ended, [(ALICE, "PHONE", phone["access_token"])])

    def test_same_device(self) -> None:
        """
        A login on a device ends the one that was there, and modules hear of it.
        """
        first, second = [
            self.log_in(device_id="PHONE")["access_token"] for _ in range(2)
        ]
        self.assertEqual(self.ended, [(ALICE, "PHONE", first)])
        self.refused(self.logins.requester(first))
        self.requester(second)

    def test_without_a_device(self) -> None:
        """
        A token without a device ends alone.
        """
        for token in ("one", "two"):
            self.successResultOf(self.store.add_access_token_to_user(ALICE, token))
        requester = self.requester("one")
        self.assertIsNone(requester.device_id)
        self.successResultOf(self.logins.log_out(requester, "one"))
        self.refused(self.logins.requester("one"))
        self.requester("two")
        self.assertEqual(self.ended, [(ALICE, None, "one")])

    def test_log_out_all(self) -> None:
        """
        Logging out everywhere leaves nothing.
        """
        tokens = [self.log_in()["access_token"] for _ in range(3)]
        self.successResultOf(self.store.add_access_token_to_user(ALICE, "bare"))
        done = self.logins.log_out_all(self.requester(tokens[0]))
        self.assertIsNone(self.successResultOf(done))
        for token in tokens + ["bare"]:
            self.refused(self.logins.requester(token))
        self.assertEqual(
            sorted(row[2] for row in self.ended), sorted([*tokens, "bare"])
        )
