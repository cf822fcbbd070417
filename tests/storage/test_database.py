"""
Transactions, on threads and without.
"""

import os
import threading
from typing import Any, Generator, List

from twisted.internet.defer import gatherResults, inlineCallbacks
from twisted.python.threadpool import ThreadPool
from twisted.trial.unittest import SynchronousTestCase, TestCase
from zope.interface.verify import verifyObject

from synauth.errors import DatabaseUnavailableError
from synauth.interfaces import IDatabase
from synauth.storage.database import Database
from synauth.storage.migrations import prepare_database
from synauth.storage.sqlite import SqliteEngine
from synauth.testing.database import InlineDatabase
from tests.storage.fixtures import inline_database, threaded_database

Steps = Generator[Any, Any, None]


def insert(txn: Any, *names: str) -> int:
    """
    Add accounts.

    @return: how many.
    """
    for name in names:
        txn.execute("INSERT INTO users (name) VALUES (?)", (name,))
    return len(names)


def insert_and_fail(txn: Any, name: str) -> None:
    """
    Add an account and think better of it.
    """
    insert(txn, name)
    raise ZeroDivisionError()


def names(txn: Any) -> List[str]:
    """
    @return: the accounts that there are.
    """
    txn.execute("SELECT name FROM users ORDER BY name")
    return [name for (name,) in txn.fetchall()]


def pragma(txn: Any, name: str) -> Any:
    """
    @return: a setting of the connection.
    """
    txn.execute("PRAGMA " + name)
    return txn.fetchone()[0]


class DatabaseTestsMixin:
    """
    What L{IDatabase} means.
    """

    def make(self) -> Any:
        """
        @return: an open database.
        """
        raise NotImplementedError()

    def setUp(self) -> None:
        """
        Open the database.
        """
        self.database = self.make()

    def test_interface(self) -> None:
        """
        The database provides what it says.
        """
        verifyObject(IDatabase, self.database)

    @inlineCallbacks
    def test_write_and_read(self) -> Steps:
        """
        What was written can be read once the write is done.
        """
        count = yield self.database.write(insert, "@a:x", "@b:x")
        self.assertEqual(count, 2)
        found = yield self.database.read(names)
        self.assertEqual(found, ["@a:x", "@b:x"])

    @inlineCallbacks
    def test_failing_write(self) -> Steps:
        """
        Nothing is left of a write that fails, and the next one works.
        """
        yield self.assertFailure(
            self.database.write(insert_and_fail, "@a:x"), ZeroDivisionError
        )
        yield self.assertFailure(
            self.database.write(insert, "@a:x", "@a:x"), self.database.engine.Error
        )
        yield self.database.write(insert, "@b:x")
        found = yield self.database.read(names)
        self.assertEqual(found, ["@b:x"])

    @inlineCallbacks
    def test_failing_read(self) -> Steps:
        """
        A read that fails says why, and the next one works.
        """
        yield self.assertFailure(
            self.database.read(lambda txn: 1 // 0), ZeroDivisionError
        )
        found = yield self.database.read(names)
        self.assertEqual(found, [])

    @inlineCallbacks
    def test_read_does_not_write(self) -> Steps:
        """
        A change where only reading was announced is refused.
        """
        yield self.assertFailure(
            self.database.read(insert, "@a:x"), self.database.engine.Error
        )
        found = yield self.database.read(names)
        self.assertEqual(found, [])

    @inlineCallbacks
    def test_writes_at_once(self) -> Steps:
        """
        Many writes at the same time are done one after the other, in the order
        in which they came, and none fails for another's sake.
        """

        def count_and_insert(txn: Any, number: int) -> int:
            before = len(names(txn))
            insert(txn, "@%d:x" % number)
            return before

        counts = yield gatherResults(
            [self.database.write(count_and_insert, number) for number in range(50)]
        )
        self.assertEqual(counts, list(range(50)))

    @inlineCallbacks
    def test_foreign_keys(self) -> Steps:
        """
        What refers to a row can't outlive it.
        """
        yield self.assertFailure(
            self.database.write(
                lambda txn: txn.execute(
                    "INSERT INTO access_tokens (id, user_id, token, refresh_token_id)"
                    " VALUES (1, 'a', 't', 99)"
                )
            ),
            self.database.engine.Error,
        )

    @inlineCallbacks
    def test_closed(self) -> Steps:
        """
        A closed database says so, and can be closed again.
        """
        self.database.close()
        self.database.close()
        yield self.assertFailure(self.database.read(names), DatabaseUnavailableError)
        yield self.assertFailure(self.database.write(names), DatabaseUnavailableError)


class InlineDatabaseTests(DatabaseTestsMixin, TestCase):
    """
    The database that tests use.
    """

    def make(self) -> InlineDatabase:
        """
        In memory.
        """
        return inline_database(self)

    def test_at_once(self) -> None:
        """
        There is nothing to wait for.
        """
        self.database.start()
        self.assertEqual(self.successResultOf(self.database.write(insert, "@a:x")), 1)

    def test_file(self) -> None:
        """
        It can be in a file, and then it lasts.
        """
        path = self.mktemp()
        first = InlineDatabase(path)
        self.successResultOf(first.write(insert, "@a:x"))
        first.close()
        second = InlineDatabase(path)
        self.addCleanup(second.close)
        self.assertEqual(self.successResultOf(second.read(names)), ["@a:x"])


class ThreadedDatabaseTests(DatabaseTestsMixin, TestCase):
    """
    The database of the daemon.
    """

    def make(self) -> Database:
        """
        In a file.
        """
        return threaded_database(self)

    @inlineCallbacks
    def test_durable(self) -> Steps:
        """
        Both kinds of connections use the write-ahead log, and a commit is not
        done before it is on the disk.
        """
        for run in (self.database.read, self.database.write):
            for name, expected in [
                ("journal_mode", "wal"),
                ("synchronous", 2),
                ("foreign_keys", 1),
            ]:
                found = yield run(pragma, name)
                self.assertEqual(found, expected, name)

    @inlineCallbacks
    def test_readers_do_not_wait_for_the_writer(self) -> Steps:
        """
        While a write is under way, a read is answered with what was there
        before.
        """
        go_on = threading.Event()
        self.addCleanup(go_on.set)

        def insert_and_wait(txn: Any) -> None:
            insert(txn, "@a:x")
            go_on.wait(60)

        writing = self.database.write(insert_and_wait)
        found = yield self.database.read(names)
        self.assertEqual(found, [])
        go_on.set()
        yield writing
        found = yield self.database.read(names)
        self.assertEqual(found, ["@a:x"])

    @inlineCallbacks
    def test_writers_elsewhere_wait(self) -> Steps:
        """
        A write holds the lock from its beginning, so that another process
        can't change what it has read.
        """
        path = self.database.engine.path
        engine = SqliteEngine(path, busy_timeout_ms=1)

        def write_elsewhere(txn: Any) -> None:
            names(txn)
            other = engine.connect()
            try:
                insert(other, "@a:x")
            finally:
                other.close()

        yield self.assertFailure(self.database.write(write_elsewhere), engine.Error)

    @inlineCallbacks
    def test_own_threads(self) -> Steps:
        """
        Nothing runs on the reactor's thread or on its pool, and all writes run
        on the same thread.
        """
        from twisted.internet import reactor

        shared: ThreadPool = reactor.getThreadPool()  # type: ignore[attr-defined]
        writers = yield gatherResults(
            [
                self.database.write(lambda txn: threading.current_thread())
                for _ in range(5)
            ]
        )
        self.assertEqual(len(set(writers)), 1)
        reader = yield self.database.read(lambda txn: threading.current_thread())
        for thread in (reader, writers[0]):
            self.assertIsNot(thread, threading.current_thread())
            self.assertNotIn(thread, shared.threads)
        self.assertIsNot(reader, writers[0])

    @inlineCallbacks
    def test_close_finishes(self) -> Steps:
        """
        What was asked for before the close is done, and the threads are gone.
        """
        yield self.database.read(names)
        before = threading.active_count()
        writing = gatherResults(
            [self.database.write(insert, "@%d:x" % number) for number in range(20)]
        )
        self.database.close()
        self.assertLess(threading.active_count(), before)
        counts = yield writing
        self.assertEqual(counts, [1] * 20)
        self.database.start()
        found = yield self.database.read(names)
        self.assertEqual(len(found), 20)

    @inlineCallbacks
    def test_file_is_not_made_again(self) -> Steps:
        """
        A database file that vanished is an error, not an empty database.
        """
        path = self.mktemp()
        engine = SqliteEngine(path)
        prepare_database(engine)
        os.remove(path)
        from twisted.internet import reactor

        database = Database(reactor, engine)
        database.start()
        self.addCleanup(database.close)
        yield self.assertFailure(database.write(insert, "@a:x"), engine.Error)
        self.assertFalse(os.path.exists(path))
        self.flushLoggedErrors()


class ReactorStub:
    """
    A reactor that has not started, as far as a database looks at it.
    """

    def __init__(self) -> None:
        self.started: List[Any] = []
        self.triggers: List[Any] = []

    def callWhenRunning(self, function: Any) -> Any:
        """
        Remember what is to run at the start.
        """
        self.started.append(function)
        return function

    def addSystemEventTrigger(self, phase: str, event: str, function: Any) -> Any:
        """
        Remember what is to run at the end.
        """
        trigger = (phase, event, function)
        self.triggers.append(trigger)
        return trigger

    def removeSystemEventTrigger(self, trigger: Any) -> None:
        """
        Forget it.
        """
        if trigger in self.triggers:
            self.triggers.remove(trigger)
        else:
            self.started.remove(trigger)


class ReactorTests(SynchronousTestCase):
    """
    The database begins and ends with the reactor.
    """

    def setUp(self) -> None:
        """
        Make a database over a reactor that does not run.
        """
        engine = SqliteEngine(self.mktemp())
        prepare_database(engine)
        self.reactor = ReactorStub()
        self.before = threading.active_count()
        self.database = Database(self.reactor, engine)
        self.assertEqual(self.reactor.started, [])
        self.database.start()

    def test_threads_start_with_the_reactor(self) -> None:
        """
        There are no threads before the reactor runs: a start that fails later
        on could not end the process.
        """
        self.assertEqual(threading.active_count(), self.before)
        for function in self.reactor.started:
            function()
        self.assertGreater(threading.active_count(), self.before)
        self.database.close()

    def test_shutdown(self) -> None:
        """
        When the reactor stops, the threads end, and what comes later is
        refused and does not wait for ever.
        """
        for function in self.reactor.started:
            function()
        for phase, event, function in self.reactor.triggers:
            self.assertEqual((phase, event), ("during", "shutdown"))
            function()
        self.assertEqual(threading.active_count(), self.before)
        self.failureResultOf(self.database.read(names), DatabaseUnavailableError)
        self.database.close()

    def test_close(self) -> None:
        """
        A database that was closed leaves nothing with the reactor.
        """
        for function in list(self.reactor.started):
            function()
        self.database.close()
        self.assertEqual(self.reactor.triggers, [])
        self.assertEqual(threading.active_count(), self.before)
