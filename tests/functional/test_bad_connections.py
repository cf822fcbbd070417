"""
A database server that goes away, is slow, or says nothing.
"""

import threading
import time
from typing import Any, Generator, List

from twisted.internet.defer import gatherResults, inlineCallbacks
from twisted.internet.task import deferLater
from twisted.trial.unittest import TestCase

from synauth.errors import DatabaseUnavailableError
from synauth.storage.postgres import PostgresEngine
from synauth.storage.server_database import RETRY_AFTER_S, ServerDatabase
from tests.storage.postgresql import emptied_database, execute
from tests.storage.proxy import Proxy
from tests.storage.test_database import insert, names

Steps = Generator[Any, Any, None]

# For what is waited for and does not come.
SOON_S = 1.5


class BadConnectionTests(TestCase):
    """
    The server can't be reached for a while.
    """

    timeout = 60

    def setUp(self) -> None:
        """
        Open a database through a proxy, with little patience.
        """
        from twisted.internet import reactor

        self.reactor: Any = reactor
        self.args = emptied_database()
        self.proxy = Proxy(self.args)
        self.addCleanup(self.proxy.close)
        self.engine = PostgresEngine(
            dict(self.proxy.args, connect_timeout=2), timeout_s=SOON_S
        )
        self.database = ServerDatabase(
            reactor, self.engine, (1, 2), max_waiting=3, dice=lambda: 0.5
        )
        self.database.start()
        self.addCleanup(self.database.close)

    @inlineCallbacks
    def assert_unavailable(self, deferred: Any) -> Steps:
        """
        Wait for the answer that a client gets, which does not take long.
        """
        begun = time.monotonic()
        error = yield self.assertFailure(deferred, DatabaseUnavailableError)
        self.assertLess(time.monotonic() - begun, 4 * SOON_S)
        self.assertEqual((error.code, error.errcode), (503, "M_UNKNOWN"))
        self.assertEqual(error.headers, {"Retry-After": str(RETRY_AFTER_S)})
        self.assertNotIn("connection", error.msg)

    def there(self) -> List[Any]:
        """
        @return: the accounts that the server really has.
        """
        return execute(self.args, "SELECT name FROM users ORDER BY name")

    @inlineCallbacks
    def test_cut_while_idle(self) -> Steps:
        """
        A server that was restarted while nobody asked is asked again.
        """
        yield gatherResults([self.database.read(names) for _ in range(2)])
        self.proxy.cut()
        found = yield self.database.read(names)
        self.assertEqual(found, [])
        self.proxy.cut()
        yield self.database.write(insert, "@a:x")
        self.assertEqual(self.there(), [("@a:x",)])

    @inlineCallbacks
    def test_cut_in_a_transaction(self) -> Steps:
        """
        A write whose connection breaks before it is committed is done again,
        once.
        """
        calls = []

        def insert_and_cut(txn: Any) -> None:
            calls.append(1)
            insert(txn, "@a:x")
            if len(calls) == 1:
                self.proxy.cut()
            insert(txn, "@b:x")

        yield self.database.write(insert_and_cut)
        self.assertEqual(len(calls), 2)
        self.assertEqual(self.there(), [("@a:x",), ("@b:x",)])

    @inlineCallbacks
    def test_cut_before_commit(self) -> Steps:
        """
        Where nobody can know whether it was committed, it is not done again,
        and the client is told so; here it was not.
        """
        self.proxy.cut_at(before=b"COMMIT")
        yield self.assert_unavailable(self.database.write(insert, "@a:x"))
        self.assertEqual(self.there(), [])
        yield self.database.write(insert, "@a:x")
        self.assertEqual(self.there(), [("@a:x",)])

    @inlineCallbacks
    def test_cut_after_commit(self) -> Steps:
        """
        The same, and here it was: all of it.
        """
        self.proxy.cut_at(after=b"COMMIT")
        yield self.assert_unavailable(self.database.write(insert, "@a:x", "@b:x"))
        yield deferLater(self.reactor, 0.2, lambda: None)
        self.assertEqual(self.there(), [("@a:x",), ("@b:x",)])

    @inlineCallbacks
    def test_server_away(self) -> Steps:
        """
        While nobody listens requests are refused, soon; then all is well.
        """
        self.proxy.refuse()
        yield gatherResults(
            [
                self.assert_unavailable(self.database.read(names)),
                self.assert_unavailable(self.database.write(insert, "@a:x")),
            ]
        )
        self.proxy.listen()
        yield self.database.write(insert, "@a:x")
        found = yield self.database.read(names)
        self.assertEqual(found, ["@a:x"])

    @inlineCallbacks
    def test_server_back_in_time(self) -> Steps:
        """
        A request that comes while the server is restarted waits for it.
        """
        self.proxy.refuse()
        self.reactor.callLater(0.3, self.proxy.listen)
        yield self.database.write(insert, "@a:x")
        self.assertEqual(self.there(), [("@a:x",)])

    @inlineCallbacks
    def test_silence(self) -> Steps:
        """
        A server that takes everything and says nothing holds nobody up for
        longer than the time limit, whether connections are there or not.
        """
        yield self.database.read(names)
        self.proxy.block()
        for _ in range(2):
            yield gatherResults(
                [
                    self.assert_unavailable(self.database.read(names)),
                    self.assert_unavailable(self.database.write(insert, "@a:x")),
                ]
            )
        self.proxy.cut()
        self.proxy.unblock()
        found = yield self.database.read(names)
        self.assertEqual(found, [])

    @inlineCallbacks
    def test_close_in_silence(self) -> Steps:
        """
        Nor does it keep the process from ending.
        """
        yield self.database.read(names)
        self.proxy.block()
        waiting = self.assertFailure(
            self.database.read(names), DatabaseUnavailableError
        )
        begun = time.monotonic()
        self.database.close()
        self.assertLess(time.monotonic() - begun, 4 * SOON_S)
        yield waiting

    @inlineCallbacks
    def test_slow_statement(self) -> Steps:
        """
        The server is told to give up on what takes too long.
        """
        yield self.assert_unavailable(
            self.database.read(lambda txn: txn.execute("SELECT pg_sleep(30)"))
        )
        found = execute(
            self.args,
            "SELECT COUNT(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(30)'"
            " AND state = 'active' AND pid <> pg_backend_pid()",
        )
        self.assertEqual(found, [(0,)])

    @inlineCallbacks
    def test_too_much_waiting(self) -> Steps:
        """
        A line that is too long grows no longer: who comes then is refused at
        once.
        """
        go_on = threading.Event()
        self.addCleanup(go_on.set)
        under_way = [
            self.database.read(lambda txn: go_on.wait(1)) for _ in range(2 + 3)
        ]
        error = self.failureResultOf(
            self.database.read(names), DatabaseUnavailableError
        ).value
        self.assertEqual(error.code, 503)
        go_on.set()
        yield gatherResults(under_way)
        found = yield self.database.read(names)
        self.assertEqual(found, [])

    @inlineCallbacks
    def test_thrown_out(self) -> Steps:
        """
        A session that the server's administrator ends is taken up again.
        """
        calls = []

        def insert_and_end(txn: Any) -> None:
            calls.append(1)
            insert(txn, "@a:x")
            if len(calls) == 1:
                txn.execute("SELECT pg_backend_pid()")
                pid = txn.fetchone()[0]
                execute(self.args, "SELECT pg_terminate_backend(%d)" % pid)
            insert(txn, "@b:x")

        yield self.database.write(insert_and_end)
        self.assertEqual(self.there(), [("@a:x",), ("@b:x",)])

    @inlineCallbacks
    def test_own_mistake(self) -> Steps:
        """
        A mistake of ours is no failure of the server's.
        """
        yield self.assertFailure(
            self.database.read(lambda txn: txn.execute("SELECT nonsense")),
            self.engine.Error,
        )
        yield self.assertFailure(
            self.database.write(insert, "@a:x", "@a:x"), self.engine.Error
        )
