"""
Transactions on a database server: it can be away, and others write to it too.

What fails because another transaction was in the way is done again.  So is what
fails because the connection broke, unless it may have been committed: then
nobody but the client can know whether it wants it a second time.  All that is
bounded, in number and in time, and ends with a 503.
"""

import secrets
import threading
from typing import Any, Callable, Dict, Optional, Tuple, TypeVar

from twisted.internet.defer import Deferred, fail, inlineCallbacks
from twisted.internet.task import LoopingCall, deferLater
from twisted.internet.threads import deferToThreadPool
from twisted.logger import Logger
from twisted.python.threadpool import ThreadPool
from zope.interface import implementer

from synauth.awaiting import Steps
from synauth.errors import DatabaseUnavailableError
from synauth.interfaces import IDatabase
from synauth.storage.news import News
from synauth.storage.postgres import PostgresEngine
from synauth.storage.postgres_connection import PostgresConnection

T = TypeVar("T")

_log = Logger()

# In seconds: what is waited before each new attempt.
LOST_DELAYS = (0.1, 0.2, 0.4, 0.8, 1.6)
CONFLICT_DELAYS = (0.002, 0.005) + (0.01, 0.02) * 3 + (0.05,) * 8 + (0.2,) * 8
# Two of the same kind at once: the second finds the first one's row.
_UNIQUE_ATTEMPTS = 3

RETRY_AFTER_S = 2


class InDoubt(Exception):
    """
    The connection broke while a transaction was committed.
    """


class TooLate(Exception):
    """
    A job came to its turn when nobody waits for it any more.
    """


@implementer(IDatabase)
class ServerDatabase:
    """
    Threads, each with a connection.

    @param reactor: closes the database when it stops.
    @param engine: which database; L{prepare_database
        <synauth.storage.migrations.prepare_database>} has been there.
    @param threads: how many there are at least, and at most.
    @param max_waiting: how many jobs may wait for a thread.
    @param dice: gives a number from 0 to 1; by it those who got into one
        another's way come again at different times.
    @ivar engine: what the SQL may depend on.
    @ivar news: of other processes.
    """

    def __init__(
        self,
        reactor: Any,
        engine: PostgresEngine,
        threads: Tuple[int, int] = (1, 10),
        max_waiting: int = 1000,
        dice: Callable[[], float] = secrets.SystemRandom().random,
    ) -> None:
        self.engine = engine
        self.news = News(reactor, engine)
        self._reactor = reactor
        self._threads = threads
        self._max_jobs = threads[1] + max_waiting
        self._dice = dice
        self._jobs = 0
        self.retries = 0
        self._away = False
        self._pool: Optional[ThreadPool] = None
        self._lock = threading.Lock()
        # By thread: its connection, and until when it may be at what it is at.
        self._connections: Dict[int, Tuple[int, PostgresConnection]] = {}
        self._busy_until: Dict[int, float] = {}
        # Connections of an older generation than the last loss are suspect.
        self._generation = 0

    def start(self) -> None:
        """
        Open the database.  The threads start with the reactor, and end with it.
        """
        self._pool = ThreadPool(*self._threads, name="synauth.database")
        self._starting = self._reactor.callWhenRunning(self._start_threads)
        self._watch = LoopingCall(self._cut_overdue)
        self._watch.clock = self._reactor
        self._watch.start(1, now=False)
        self._shutdown = self._reactor.addSystemEventTrigger(
            "during", "shutdown", self._stop
        )

    def _start_threads(self) -> None:
        if self._pool is not None:
            self._pool.start()
            self.news.start()

    def close(self) -> None:
        """
        Finish what has been asked for and close the database.
        """
        if self._pool is not None:
            self._reactor.removeSystemEventTrigger(self._shutdown)
            self._stop()

    def _stop(self) -> None:
        pool, self._pool = self._pool, None
        if pool is None:
            return
        self._watch.stop()
        self.news.stop()
        if pool.started:
            # The threads are waited for, but not for ever.
            impatience = threading.Timer(self.engine.timeout_s, self._cut_all)
            impatience.daemon = True
            impatience.start()
            pool.stop()
            impatience.cancel()
        else:
            self._reactor.removeSystemEventTrigger(self._starting)
        for _, connection in self._connections.values():
            connection.close()
        self._connections.clear()

    def read(self, function: Callable[..., T], *args: Any) -> "Deferred[T]":
        """
        See L{IDatabase.read}; errs with L{DatabaseUnavailableError} too.
        """
        return self._run(self._read, function, args)

    def write(self, function: Callable[..., T], *args: Any) -> "Deferred[T]":
        """
        See L{IDatabase.write}; errs with L{DatabaseUnavailableError} too.
        """
        return self._run(self._write, function, args)

    def _run(
        self, run: Callable[..., T], function: Callable[..., T], args: Any
    ) -> "Deferred[T]":
        if self._pool is None:
            # The daemon is being stopped.
            return fail(DatabaseUnavailableError(1))
        if self._jobs >= self._max_jobs:
            return fail(DatabaseUnavailableError(RETRY_AFTER_S))
        self._jobs += 1
        result = self._with_retries(self._pool, run, function, args)
        return result.addBoth(self._finished)

    def _finished(self, result: Any) -> Any:
        self._jobs -= 1
        return result

    @inlineCallbacks
    def _with_retries(
        self,
        pool: ThreadPool,
        run: Callable[..., T],
        function: Callable[..., T],
        args: Any,
    ) -> Steps[T]:
        deadline = self._reactor.seconds() + self.engine.timeout_s
        delays = {"lost": iter(LOST_DELAYS), "conflict": iter(CONFLICT_DELAYS)}
        attempts = 0
        while True:
            attempts += 1
            try:
                result = yield deferToThreadPool(
                    self._reactor, pool, run, deadline, function, args
                )
            except (InDoubt, TooLate) as error:
                raise self._unavailable(error)
            except self.engine.Error as error:
                kind = self._kind_of(error, attempts)
                if kind is None:
                    raise
                delay = next(delays[kind], None)
                if delay is None or self._reactor.seconds() + delay > deadline:
                    raise self._unavailable(error)
            else:
                self._noticed(away=False)
                return result
            self.retries += 1
            yield deferLater(self._reactor, delay * (0.5 + self._dice()), lambda: None)
            if self._pool is not pool:
                raise self._unavailable("the database is closed")

    def _kind_of(self, error: Any, attempts: int) -> Optional[str]:
        """
        @return: why another attempt makes sense, or C{None} where it does not.
        """
        if self.engine.is_lost(error):
            return "lost"
        if not self.engine.is_conflict(error):
            if self.engine.is_too_slow(error):
                raise self._unavailable(error)
            return None
        if self.engine.is_duplicate(error) and attempts >= _UNIQUE_ATTEMPTS:
            return None
        return "conflict"

    def _unavailable(self, why: Any) -> DatabaseUnavailableError:
        self._noticed(True, str(why))
        return DatabaseUnavailableError(RETRY_AFTER_S)

    def _noticed(self, away: bool, why: str = "") -> None:
        # A line when it begins and one when it ends, not one for each request.
        if away and not self._away:
            _log.warn(
                "The {database} can't be used, requests are answered with 503: {why}",
                database=self.engine.name,
                why=why.strip(),
            )
        elif self._away and not away:
            _log.info("The {database} can be used again", database=self.engine.name)
        self._away = away

    # --- on the database's threads

    def _read(self, deadline: float, function: Callable[..., T], args: Any) -> T:
        connection = self._begin_job(deadline)
        try:
            return function(connection.cursor(), *args)
        finally:
            self._end_job(connection)

    def _write(self, deadline: float, function: Callable[..., T], args: Any) -> T:
        connection = self._begin_job(deadline)
        committing = False
        try:
            txn = connection.cursor()
            self.engine.begin(txn)
            result = function(txn, *args)
            committing = True
            connection.commit()
            return result
        except self.engine.Error as error:
            if committing and self.engine.is_lost(error):
                raise InDoubt("the connection broke during a commit: %s" % (error,))
            raise
        finally:
            connection.rollback()
            self._end_job(connection)

    def _begin_job(self, deadline: float) -> PostgresConnection:
        if self._reactor.seconds() > deadline:
            raise TooLate("too much is waiting for the database")
        thread = threading.get_ident()
        kept = self._connections.get(thread)
        if kept is not None and kept[0] == self._generation:
            with self._lock:
                self._busy_until[thread] = deadline
            return kept[1]
        if kept is not None:
            kept[1].close()
        generation = self._generation
        connection = self.engine.connect()
        self._connections[thread] = (generation, connection)
        with self._lock:
            self._busy_until[thread] = deadline
        try:
            self.engine.set_up(connection)
        except BaseException:
            # One that is half set up must not be taken for a good one.
            connection.close()
            self._end_job(connection)
            raise
        return connection

    def _end_job(self, connection: PostgresConnection) -> None:
        thread = threading.get_ident()
        with self._lock:
            self._busy_until.pop(thread, None)
        if connection.closed:
            self._generation += 1
            connection.close()
            del self._connections[thread]

    # --- on the reactor's

    def _cut_overdue(self) -> None:
        """
        A server that says nothing at all would keep a thread for ever.
        """
        now = self._reactor.seconds()
        with self._lock:
            for thread, until in self._busy_until.items():
                if until < now:
                    self._connections[thread][1].cut()

    def _cut_all(self) -> None:
        with self._lock:
            for thread in self._busy_until:
                self._connections[thread][1].cut()
