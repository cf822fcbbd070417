"""
Sessions of user-interactive authentication in the database.
"""

import os
from typing import Any, List

from twisted.internet.task import Clock as ReactorClock
from twisted.trial.unittest import SynchronousTestCase

from synauth.auth.sealing import Sealer, derive_key
from synauth.auth.sessions import SESSION_EXPIRE_MS
from synauth.auth.settings import RateLimit
from synauth.auth.tokens import MacaroonTokens
from synauth.homeserver.clock import Clock
from synauth.homeserver.login_tokens import LoginTokens
from synauth.homeserver.shared_limits import SharedNonces, SharedRateLimiter
from synauth.homeserver.shared_sessions import CLAIM_MS, DatabaseSessionStore
from synauth.testing.database import InlineDatabase
from synauth.testing.sessions import make_isessionstore_tests
from tests.storage.fixtures import inline_database, postgres_inline_database, rows
from tests.storage.test_queries import SCAN

KEY = derive_key("a secret of the server's", "sessions")

SECRET = "planted-s3cret"


def sqlite_session_store(case: SynchronousTestCase) -> DatabaseSessionStore:
    """
    @return: a store over a database in memory.
    """
    return DatabaseSessionStore(
        inline_database(case), Clock(ReactorClock()), Sealer(KEY)
    )


def postgres_session_store(case: SynchronousTestCase) -> DatabaseSessionStore:
    """
    @return: a store over a database on a server.
    """
    return DatabaseSessionStore(
        postgres_inline_database(case), Clock(ReactorClock()), Sealer(KEY)
    )


class SqliteSessionStoreTests(make_isessionstore_tests(sqlite_session_store)):
    """
    The contract, on SQLite.
    """


class PostgresSessionStoreTests(make_isessionstore_tests(postgres_session_store)):
    """
    The contract, on PostgreSQL.
    """


class TwoProcessesTests(SynchronousTestCase):
    """
    What two processes of one server make of a session.
    """

    def setUp(self) -> None:
        """
        Make a store for each of two processes, over one file.
        """
        self.path = self.mktemp()
        self.reactor = ReactorClock()
        self.reactor.advance(1000000)
        self.one, self.other = [self.store(InlineDatabase(self.path)) for _ in range(2)]

    def store(self, database: InlineDatabase, **more: Any) -> DatabaseSessionStore:
        """
        @return: the store of a process.
        """
        self.addCleanup(database.close)
        return DatabaseSessionStore(database, Clock(self.reactor), Sealer(KEY), **more)

    def do(self, deferred: Any) -> Any:
        """
        Get a result.
        """
        return self.successResultOf(deferred)

    def test_goes_on_elsewhere(self) -> None:
        """
        What one began the other takes up, passwords included, and only one of
        them does the work.
        """
        params = {"username": "alice", "password": SECRET}
        session = self.do(self.one.create(("POST", "/register"), params))
        found = self.do(self.other.get(session.id))
        self.assertEqual(found.clientdict, params)
        self.do(self.other.add_cred(session.id, "m.login.dummy", True))
        self.assertEqual(
            self.do(self.one.get(session.id)).creds, {"m.login.dummy": True}
        )
        claims = [self.do(store.claim(session.id)) for store in (self.one, self.other)]
        self.assertEqual(claims, [True, False])
        self.assertTrue(self.do(self.other.get(session.id)).claimed)
        self.do(self.one.finish(session.id))
        self.assertTrue(self.do(self.other.get(session.id)).finished)

    def test_claim_of_the_dead(self) -> None:
        """
        A session that was claimed by a process that died is free again after a
        while, however often others have asked for it; one that was finished
        never is.
        """
        session = self.do(self.one.create())
        self.assertIs(self.do(self.one.claim(session.id)), True)
        self.reactor.advance(CLAIM_MS / 1000)
        self.do(self.other.set_data(session.id, "a", 1))
        self.assertIs(self.do(self.other.claim(session.id)), False)
        self.assertIs(self.do(self.other.get(session.id)).claimed, True)
        self.reactor.advance(1)
        # Or nobody would come to claim it.
        self.assertIs(self.do(self.other.get(session.id)).claimed, False)
        self.assertIs(self.do(self.other.claim(session.id)), True)
        self.assertIs(self.do(self.one.claim(session.id)), False)
        self.do(self.other.finish(session.id))
        self.reactor.advance(CLAIM_MS / 1000 + 1)
        self.assertIs(self.do(self.one.claim(session.id)), False)

    def test_expiry(self) -> None:
        """
        A session is gone 48 hours after its last use, and its rows after the
        next round.
        """
        old, used = [self.do(self.one.create()).id for _ in range(2)]
        self.reactor.advance(SESSION_EXPIRE_MS / 1000)
        self.do(self.one.add_cred(used, "m.login.password", "@a:b"))
        self.assertIsNotNone(self.do(self.other.get(old)))
        self.assertEqual(self.do(self.one.prune()), 0)
        self.reactor.advance(1)
        self.assertIsNone(self.do(self.other.get(old)))
        self.assertEqual(self.do(self.one.prune()), 1)
        self.assertEqual(self.ids(), [used])
        self.reactor.advance(SESSION_EXPIRE_MS / 1000 + 1)
        self.assertEqual(self.do(self.one.prune()), 1)
        self.assertEqual(self.ids(), [])
        self.assertEqual(self.rows("synauth_session_states"), [])
        self.assertEqual(self.rows("ui_auth_sessions_credentials"), [])

    def test_too_many(self) -> None:
        """
        Beyond the cap the ones that were used longest ago go, however many they
        are, and never those in which somebody has proved something for the sake
        of others.
        """
        store = self.store(InlineDatabase(self.path), max_sessions=3)
        proven = self.do(store.create()).id
        self.do(store.add_cred(proven, "m.login.password", "@a:b"))
        made = []
        for _ in range(250):
            self.reactor.advance(1)
            made.append(self.do(store.create()).id)
        self.assertEqual(self.do(store.prune()), 247)
        self.assertEqual(self.ids(), sorted(made[-3:] + [proven]))

    def test_another_key(self) -> None:
        """
        A session of the time before the server's secret was changed is not
        there any more.
        """
        session = self.do(self.one.create(None, {"password": SECRET}))
        database = InlineDatabase(self.path)
        self.addCleanup(database.close)
        key = derive_key("another secret", "sessions")
        store = DatabaseSessionStore(database, Clock(self.reactor), Sealer(key))
        self.assertIsNone(self.do(store.get(session.id)))

    def test_no_password_in_the_file(self) -> None:
        """
        Whatever becomes of a session, no password ever stands in the database
        or its log in clear, not even base64-coded.
        """
        params = {"password": SECRET, "new_password": SECRET, "username": "alice"}
        session = self.do(self.one.create(("POST", "/register"), params))
        self.assert_unwritten()
        self.do(self.one.set_clientdict(session.id, params))
        self.assert_unwritten()
        self.do(self.one.claim(session.id))
        self.do(self.one.finish(session.id))
        self.assert_unwritten()
        self.do(self.one.remove(session.id))
        self.assert_unwritten()

    def assert_unwritten(self) -> None:
        """
        Look for the secret in all files of the database.
        """
        found = b""
        folder, name = os.path.split(os.path.abspath(self.path))
        for file in os.listdir(folder):
            if file.startswith(name):
                with open(os.path.join(folder, file), "rb") as opened:
                    found += opened.read()
        self.assertGreater(len(found), 1000)
        # The same in base64, at any offset.
        for secret in (b"planted", b"s3cret", b"bGFudGVk", b"YW50ZW", b"cGxhbnRl"):
            self.assertNotIn(secret, found)

    def ids(self) -> List[str]:
        """
        @return: the ids of all sessions that have rows.
        """
        return sorted(row[0] for row in self.rows("ui_auth_sessions"))

    def rows(self, table: str) -> List[Any]:
        """
        @return: all rows of a table.
        """
        database = InlineDatabase(self.path)
        try:
            return database.connection.execute("SELECT * FROM " + table).fetchall()
        finally:
            database.close()


class QueryPlanTests(SynchronousTestCase):
    """
    No request, and no chore, waits for a walk through a whole table.
    """

    def test_no_scans(self) -> None:
        """
        Every statement about sessions, limits and what is spent finds its rows
        by an index.
        """
        database = inline_database(self)
        statements: List[str] = []
        # Python 3.7 puts the callback into a set.
        database.connection.set_trace_callback(lambda said: statements.append(said))
        clock = Clock(ReactorClock())
        store = DatabaseSessionStore(database, clock, Sealer(KEY), max_sessions=1)
        for _ in range(3):
            session_id = self.successResultOf(store.create(("POST", "/x"), {"a": 1})).id
            for proved in (1, 2):
                self.successResultOf(store.add_cred(session_id, "one", proved))
            self.successResultOf(store.claim(session_id))
        self.successResultOf(store.prune())
        self.successResultOf(store.remove(session_id))
        limiter = SharedRateLimiter(database, clock, "x", RateLimit(1.0, 2))
        for _ in range(2):
            self.successResultOf(limiter.hit("a"))
        self.successResultOf(limiter.refund("a"))
        self.successResultOf(limiter.prune())
        nonces = SharedNonces(database, clock, KEY)
        self.successResultOf(nonces.spend(nonces.make()))
        macaroons = MacaroonTokens(lambda: "b", lambda: "key", clock)
        tokens = LoginTokens(database, clock)
        for revocable in (False, True):
            token = macaroons.login_token("@a:b", 1000, revocable)
            self.successResultOf(tokens.add(token, 1))
            self.successResultOf(tokens.spend(token))
        self.successResultOf(tokens.prune())
        database.connection.set_trace_callback(None)
        looked_at = 0
        for statement in set(statements):
            if statement.split()[0] in ("SELECT", "UPDATE", "DELETE"):
                looked_at += 1
                plan = rows(database, "EXPLAIN QUERY PLAN " + statement)
                scanned = SCAN.findall("\n".join(step[3] for step in plan))
                self.assertEqual(scanned, [], statement)
        self.assertGreater(looked_at, 10)


class KeyTests(SynchronousTestCase):
    """
    Keys that are derived from one secret.
    """

    def test_derived(self) -> None:
        """
        They have 32 bytes, and differ by secret and by purpose.
        """
        keys = {
            derive_key(secret, purpose)
            for secret in ("a", "b", b"\xff")
            for purpose in ("x", "y")
        }
        self.assertEqual((len(keys), {len(key) for key in keys}), (6, {32}))
        self.assertEqual(derive_key("a", "x"), derive_key(b"a", "x"))
