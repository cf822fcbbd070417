"""
Accounts, where one has to look behind the store.
"""

from typing import Any, List

from twisted.trial.unittest import SynchronousTestCase

from synauth.errors import AuthError
from synauth.storage.datastore import DataStore
from synauth.storage.records import NewAccount, Rotation
from synauth.testing.storecase import ALICE, BOB, login_of
from tests.storage.fixtures import NOW_MS, SteadyClock, inline_store_and_database, rows


class AccountRowTests(SynchronousTestCase):
    """
    What stands in the tables.
    """

    def setUp(self) -> None:
        """
        Make a store with an account.
        """
        self.store, self.database = inline_store_and_database(self)
        self.create(ALICE)

    def create(self, user_id: str, **kw: Any) -> None:
        """
        Make an account.
        """
        self.successResultOf(
            self.store.create_user(NewAccount(user_id, "hash", 1500000000, **kw))
        )

    def execute(self, sql: str) -> None:
        """
        Change something behind the store's back.
        """
        self.database.connection.execute("PRAGMA query_only=OFF")
        self.database.connection.execute(sql)

    def test_users_row(self) -> None:
        """
        A row is as a homeserver would have made it.
        """
        self.create(BOB, admin=True, is_guest=True, user_type="bot")
        found = rows(
            self.database,
            "SELECT name, password_hash, creation_ts, admin, is_guest, user_type,"
            " deactivated, approved, locked, suspended FROM users ORDER BY name",
        )
        self.assertEqual(
            found,
            [
                (ALICE, "hash", 1500000000, 0, 0, None, 0, 1, 0, 0),
                (BOB, "hash", 1500000000, 1, 1, "bot", 0, 1, 0, 0),
            ],
        )

    def test_profile(self) -> None:
        """
        A display name stands in the profile, under the localpart.
        """
        self.create(BOB, display_name="B\u00f6b")
        found = rows(self.database, "SELECT user_id, displayname FROM profiles")
        self.assertEqual(found, [("bob", "B\u00f6b")])

    def test_threepid_is_replaced(self) -> None:
        """
        An address has one binding, the last one.
        """
        for user_id, when in [(ALICE, 1), (BOB, 3)]:
            self.successResultOf(
                self.store.user_add_threepid(user_id, "email", "a@b", when, when + 1)
            )
        self.successResultOf(self.store.user_add_threepid(ALICE, "msisdn", "a@b", 5, 6))
        found = rows(
            self.database,
            "SELECT user_id, medium, address, validated_at, added_at"
            " FROM user_threepids ORDER BY medium",
        )
        self.assertEqual(
            found, [(BOB, "email", "a@b", 3, 4), (ALICE, "msisdn", "a@b", 5, 6)]
        )

    def test_several_in_different_case(self) -> None:
        """
        Ids that differ in case only, from older days, are all found, each with
        its own hash.
        """
        self.execute("INSERT INTO users (name) VALUES ('@Alice:example.org')")
        found = self.successResultOf(
            self.store.get_users_by_id_case_insensitive("@ALICE:example.org")
        )
        self.assertEqual(found, {ALICE: "hash", "@Alice:example.org": None})

    def test_states(self) -> None:
        """
        What an account is shows in the account and in its tokens.
        """
        self.successResultOf(self.store.add_login(login_of("token")))
        self.assertFalse(self.token_info("token").deactivated)
        for name in ("deactivated", "locked", "is_guest", "suspended"):
            self.execute("UPDATE users SET %s = 1" % name)
            account = self.successResultOf(self.store.get_user(ALICE))
            self.assertIs(getattr(account, name), True)
            # Another store: this one remembers what the SQL above changed
            # behind its back.
            store = DataStore(self.database, SteadyClock())
            info = self.successResultOf(store.get_user_by_access_token("token"))
            self.assertIs(getattr(info, name), True)

    def test_no_login_when_deactivated(self) -> None:
        """
        An account that was deactivated, locked or not approved before the login
        came gets no token and keeps no device.
        """
        for change, refusal in (
            ("deactivated = 1", (403, "M_USER_DEACTIVATED")),
            ("deactivated = 0, locked = 1", (401, "M_USER_LOCKED")),
            (
                "locked = 0, approved = 0",
                (403, "ORG.MATRIX.MSC3866_USER_AWAITING_APPROVAL"),
            ),
        ):
            self.execute("UPDATE users SET " + change)
            for attempt in (
                self.store.add_login(login_of("token")),
                self.store.add_access_token_to_user(ALICE, "token"),
                self.store.add_refresh_token_to_user(ALICE, "token"),
            ):
                error = self.failureResultOf(attempt, AuthError).value
                self.assertEqual((error.code, error.errcode), refusal)
        for table in ("access_tokens", "refresh_tokens", "devices"):
            self.assertEqual(rows(self.database, "SELECT * FROM " + table), [])

    def test_token_times(self) -> None:
        """
        A token remembers when it was given out.
        """
        self.successResultOf(self.store.add_login(login_of("one", now_ms=5)))
        self.successResultOf(self.store.add_access_token_to_user(ALICE, "two"))
        found = rows(
            self.database, "SELECT token, last_validated FROM access_tokens ORDER BY id"
        )
        self.assertEqual(found, [("one", 5), ("two", NOW_MS)])

    def test_superseded(self) -> None:
        """
        A refresh token that a homeserver left behind is superseded if the next
        one was rotated, or its access token used; then it is not rotated.
        """
        for token_id, next_token_id in [(3, "NULL"), (2, "3"), (1, "2")]:
            self.execute(
                "INSERT INTO refresh_tokens (id, user_id, token, next_token_id)"
                " VALUES ({0}, '{1}', 'r{0}', {2})".format(
                    token_id, ALICE, next_token_id
                )
            )
        self.execute(
            "INSERT INTO access_tokens (id, user_id, token, refresh_token_id)"
            " VALUES (1, '%s', 't', 3)" % ALICE
        )
        self.assertEqual(self.superseded(), [True, False, False])
        self.assertIs(self.token_info("t").unused_successor, True)
        self.execute("UPDATE access_tokens SET used = 1")
        self.assertIs(self.token_info("t").unused_successor, False)
        self.assertEqual(self.superseded(), [True, True, False])
        for token in ("r1", "r2"):
            old = self.successResultOf(self.store.get_refresh_token(token))
            rotation = Rotation(old, "new", "rnew", None, None)
            done = self.successResultOf(self.store.rotate_refresh_token(rotation))
            self.assertIs(done, False)

    def token_info(self, token: str) -> Any:
        """
        @return: what the store knows of an access token.
        """
        return self.successResultOf(self.store.get_user_by_access_token(token))

    def superseded(self) -> List[bool]:
        """
        @return: which of three refresh tokens are superseded.
        """
        return [
            self.successResultOf(self.store.get_refresh_token(token)).superseded
            for token in ("r1", "r2", "r3")
        ]

    def test_secrets_stay_out_of_sight(self) -> None:
        """
        What is read into a log line by accident shows neither hash nor token.
        """
        for record in (
            NewAccount(ALICE, "hash", 1),
            login_of("hash", "hash"),
            self.successResultOf(self.store.get_user(ALICE)),
        ):
            self.assertNotIn("'hash'", repr(record))
