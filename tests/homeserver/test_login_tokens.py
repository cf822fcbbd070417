"""
Tests for L{synauth.homeserver.login_tokens}.
"""

from typing import Any, Callable, Optional

from twisted.internet.task import Clock as ReactorClock
from twisted.trial.unittest import SynchronousTestCase

from synauth.auth.tokens import MacaroonTokens
from synauth.homeserver.clock import Clock
from synauth.homeserver.login_tokens import LoginTokens
from synauth.storage.datastore import DataStore
from synauth.storage.records import NewAccount, Rotation
from synauth.testing.database import InlineDatabase
from synauth.testing.storecase import ALICE, BOB, login_of
from tests.storage.fixtures import inline_database, postgres_inline_database


class LoginTokensMixin:
    """
    Two processes on one database.
    """

    make_database: Callable[[Any], InlineDatabase]

    def setUp(self: Any) -> None:
        """
        Make the database, and accounts with a login each.
        """
        self.reactor = ReactorClock()
        self.reactor.advance(1500000000)
        self.clock = Clock(self.reactor)
        self.macaroons = MacaroonTokens(lambda: "b", lambda: "key", self.clock)
        self.database = self.make_database()
        self.store = DataStore(self.database, self.clock)
        self.one, self.other = [
            LoginTokens(self.database, self.clock) for _ in range(2)
        ]
        for user_id in (ALICE, BOB):
            self.do(self.store.create_user(NewAccount(user_id, "hash", 1500000000)))
            login = login_of("of " + user_id, "r " + user_id, user_id=user_id)
            self.do(self.store.add_login(login))

    def do(self: Any, deferred: Any) -> Any:
        """
        Get a result.
        """
        return self.successResultOf(deferred)

    def asked_with(self: Any, access_token: str) -> Optional[str]:
        """
        @return: a revocable token, or C{None} if the access token is gone.
        """
        found = self.do(self.store.get_user_by_access_token(access_token))
        return None if found is None else self.asked_by(found.token_id)

    def asked_by(self: Any, token_id: int) -> Optional[str]:
        """
        The same, by the access token's row.
        """
        token: str = self.macaroons.login_token(ALICE, 120000, revocable=True)
        return token if self.do(self.one.add(token, token_id)) else None

    def assert_good(self: Any, token: str, good: bool) -> None:
        """
        Check whether it is, once.
        """
        self.assertIs(self.do(self.other.spend(token)), good)
        for process in (self.one, self.other):
            self.assertIs(self.do(process.spend(token)), False)

    def count(self: Any, table: str) -> int:
        """
        @return: how many rows there are.
        """
        txn = self.database.connection.cursor()
        txn.execute("SELECT COUNT(*) FROM " + table)
        found: int = txn.fetchone()[0]
        return found

    def test_once(self: Any) -> None:
        """
        A token is good once in all processes together, be it revocable or not;
        and it is no other.
        """
        self.assert_good(self.macaroons.login_token(ALICE, 1000), True)
        self.assert_good(self.macaroons.login_token(ALICE, 1000), True)
        tokens = [self.asked_with("of " + ALICE) for _ in range(2)]
        for token in tokens:
            self.assert_good(token, True)

    def test_unknown(self: Any) -> None:
        """
        A revocable token that nobody added is not good.
        """
        self.assert_good(self.macaroons.login_token(ALICE, 1000, revocable=True), False)

    def test_expired(self: Any) -> None:
        """
        What is not good any more anyway is forgotten, and nothing else.
        """
        self.assert_good(self.macaroons.login_token(ALICE, 120000), True)
        token = self.asked_with("of " + ALICE)
        self.assertIsNotNone(self.asked_with("of " + ALICE))
        self.do(self.one.prune())
        self.assert_good(token, True)
        for table in ("synauth_spent", "synauth_login_tokens"):
            self.assertEqual(self.count(table), 1)
        self.reactor.advance(121)
        self.do(self.one.prune())
        for table in ("synauth_spent", "synauth_login_tokens"):
            self.assertEqual(self.count(table), 0)

    def test_ends(self: Any) -> None:
        """
        However the login ends that asked for it, the token has ended too, and
        stays so when the same device logs in again; others' are good still.
        """
        store = self.store
        for number, end in enumerate(
            (
                lambda: store.delete_access_token("of " + ALICE),
                lambda: store.user_delete_access_tokens(ALICE),
                lambda: store.user_delete_access_tokens(ALICE, None, "DEVICE"),
                lambda: store.delete_devices(ALICE, ["DEVICE"]),
                lambda: store.delete_all_devices(ALICE),
                lambda: store.change_password(ALICE, "hash2"),
                lambda: store.add_login(login_of("again")),
                lambda: store.deactivate_account(ALICE),
            )
        ):
            self.do(store.reactivate_account(ALICE))
            self.do(store.add_login(login_of("of " + ALICE)))
            token = self.asked_with("of " + ALICE)
            others = self.asked_with("of " + BOB)
            self.do(end())
            self.do(store.reactivate_account(ALICE))
            self.do(store.add_login(login_of("back")))
            self.assertIs(self.do(self.other.spend(token)), False, number)
            self.assertIs(self.do(self.other.spend(others)), True, number)

    def test_other_login_ends(self: Any) -> None:
        """
        The end of another login of the user's does not matter.
        """
        store = self.store
        self.do(store.add_login(login_of("laptop", device_id="LAPTOP")))
        token_id = self.do(store.get_user_by_access_token("of " + ALICE)).token_id
        tokens = [self.asked_with("of " + ALICE) for _ in range(2)]
        self.do(store.delete_devices(ALICE, ["LAPTOP"]))
        self.assert_good(tokens[0], True)
        self.do(store.add_login(login_of("laptop", device_id="LAPTOP")))
        self.do(store.change_password(ALICE, "hash2", True, token_id, "DEVICE"))
        self.assert_good(tokens[1], True)

    def test_without_device(self: Any) -> None:
        """
        It is the same for logins that have no device.
        """
        tokens = []
        for access_token in ("one", "two"):
            self.do(self.store.add_access_token_to_user(ALICE, access_token))
            tokens.append(self.asked_with(access_token))
        kept = self.asked_with("of " + ALICE)
        self.do(self.store.delete_access_token("one"))
        self.assert_good(tokens[0], False)
        self.assert_good(kept, True)

    def test_refresh(self: Any) -> None:
        """
        A login goes on when its tokens are refreshed.
        """
        token = self.asked_with("of " + ALICE)
        old = self.do(self.store.get_refresh_token("r " + ALICE))
        rotation = Rotation(old, "next", "r2", None, None)
        self.assertIs(self.do(self.store.rotate_refresh_token(rotation)), True)
        found = self.do(self.store.get_user_by_access_token("next"))
        self.do(self.store.mark_access_token_as_used(ALICE, found.token_id))
        self.assertIsNone(self.asked_with("of " + ALICE))
        self.assert_good(token, True)
        later = self.asked_with("next")
        self.do(self.store.delete_access_token("next"))
        self.assert_good(later, False)

    def test_ended_meanwhile(self: Any) -> None:
        """
        A login that ended while it asked gets none.
        """
        found = self.do(self.store.get_user_by_access_token("of " + ALICE))
        self.do(self.store.delete_access_token("of " + ALICE))
        self.assertIsNone(self.asked_by(found.token_id))
        self.assertEqual(self.count("synauth_login_tokens"), 0)


class SqliteTests(LoginTokensMixin, SynchronousTestCase):
    """
    On SQLite.
    """

    make_database = inline_database


class PostgresTests(LoginTokensMixin, SynchronousTestCase):
    """
    On PostgreSQL.
    """

    make_database = postgres_inline_database
