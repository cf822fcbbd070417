"""
How processes on one PostgreSQL database tell each other things: C{LISTEN} and
C{NOTIFY}, on a connection and a thread of their own.
"""

import secrets
import select
import socket
import threading
import time
from typing import TYPE_CHECKING, Any, Callable, Dict, List, Optional

from twisted.enterprise.adbapi import Transaction
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

if TYPE_CHECKING:
    # What stores import has to do without psycopg2.
    from synauth.storage.postgres import PostgresEngine
    from synauth.storage.postgres_connection import PostgresConnection

_log = Logger()

# For how long after the server has answered one may take it that there is no
# news but what was heard; and how often it is asked.
FRESH_S = 2.0
# Who has not answered by then takes nothing for fresh any more.
PATIENCE_S = FRESH_S + 0.5
_INTERVAL_S = 0.5

_RECONNECT_S = 1.0

# In pg_stat_activity this says which connections are of processes that listen.
_PREFIX = "synauth news "


class _Stopped(Exception):
    """
    The process ends.
    """


class News:
    """
    One process's ear, and its voice in answers.

    @param reactor: what is heard is heard on its thread.
    @param engine: which database.
    @param monotonic: a clock that nobody puts back, in seconds.
    @ivar name: what this process is called among all.
    @ivar channel: what to C{NOTIFY}.
    """

    channel = "synauth_news"

    def __init__(
        self,
        reactor: Any,
        engine: "PostgresEngine",
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = secrets.token_hex(8)
        self._reactor = reactor
        self._monotonic = monotonic
        self._engine = engine
        self._hear: Optional[Callable[[str], Optional[str]]] = None
        self._begin: Callable[[], Any] = lambda: None
        self._fresh_until = self._settled_at = 0.0
        self._connection: "Optional[PostgresConnection]" = None
        self._thread: Optional[threading.Thread] = None

    def join(
        self, hear: Callable[[str], Optional[str]], begin: Callable[[], Any]
    ) -> None:
        """
        Say what to do with news, before they are started.

        @param hear: called with each message; gives one to send, or C{None}.
        @param begin: called when messages may have been missed.
        """
        self._hear, self._begin = hear, begin

    def fresh(self) -> bool:
        """
        @return: whether all that was said until L{FRESH_S} seconds ago has been
            heard.
        """
        return bool(self._monotonic() < self._fresh_until)

    def later(self, seconds: float, function: Callable[..., Any], *args: Any) -> Any:
        """
        Call a function then.

        @return: the call, to be cancelled.
        """
        return self._reactor.callLater(seconds, function, *args)

    def live(self, txn: Transaction) -> Dict[str, Optional[int]]:
        """
        @return: the name and the server's process of each process that listens;
            and C{""} where there may be one that the server does not know of:
            shortly after it, or this process's connection to it, broke down
            others may not have noticed yet.
        """
        txn.execute(
            "SELECT application_name, pid FROM pg_stat_activity"
            " WHERE datname = current_database() AND application_name LIKE ?",
            (_PREFIX + "%",),
        )
        found: Dict[str, Optional[int]] = {
            name[len(_PREFIX) :]: pid for name, pid in txn.fetchall()
        }
        txn.execute(
            "SELECT clock_timestamp() - pg_postmaster_start_time()"
            " < ? * interval '1 second'",
            (PATIENCE_S,),
        )
        (just_started,) = txn.fetchone()
        if just_started or not self._settled():
            found[""] = None
        return found

    def _settled(self) -> bool:
        return self.fresh() and self._monotonic() > self._settled_at

    def end(self, txn: Transaction, pids: List[int]) -> None:
        """
        End connections: whoever has one will begin anew, if he is there at all.
        """
        for pid in pids:
            txn.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE pid = ? AND usename = current_user"
                " AND application_name LIKE ?",
                (pid, _PREFIX + "%"),
            )

    def start(self) -> None:
        """
        Listen, unless nobody has joined.
        """
        if self._hear is None:
            return
        self._stopping = threading.Event()
        self._awake, self._wake = socket.socketpair()
        self._watch = LoopingCall(self._cut_if_silent)
        self._watch.clock = self._reactor
        self._watch.start(1, now=False)
        self._thread = threading.Thread(
            target=self._run, name="synauth.news", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """
        Listen no more.
        """
        thread, self._thread = self._thread, None
        if thread is None:
            return
        self._watch.stop()
        self._fresh_until = 0.0
        self._stopping.set()
        self._wake.close()
        thread.join(_RECONNECT_S)
        if thread.is_alive():
            self._cut()
            thread.join()
        self._awake.close()

    def _cut_if_silent(self) -> None:
        if self._monotonic() > self._fresh_until + FRESH_S:
            self._cut()

    def _cut(self) -> None:
        connection = self._connection
        if connection is not None:
            connection.cut()

    # --- on a thread of its own

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._listen()
            except self._engine.Error as error:
                _log.debug("No news: {error}", error=error)
            except _Stopped:
                pass
            except Exception:
                _log.failure("The news broke off")
            finally:
                self._fresh_until = 0.0
                self._settled_at = float("inf")
                connection, self._connection = self._connection, None
                if connection is not None:
                    connection.close()
            self._stopping.wait(_RECONNECT_S)

    def _listen(self) -> None:
        connection = self._connection = self._engine.connect()
        self._engine.set_up(connection)
        txn = connection.cursor()
        txn.execute("LISTEN %s" % self.channel)
        # Not before it listens: who sees the name waits for an answer.
        txn.execute("SET application_name = '%s%s'" % (_PREFIX, self.name))
        self._on_reactor(self._begin)
        if self._settled_at:
            # Not for the first time.
            self._settled_at = self._monotonic() + PATIENCE_S
        while not self._stopping.is_set():
            asked_at = self._monotonic()
            txn.execute("SELECT 1")
            while connection.has_notifications():
                # What came with the answer to one may be said in the next.
                for message in connection.notifications():
                    self._take(txn, message)
            self._fresh_until = asked_at + FRESH_S
            sources: List[Any] = [connection, self._awake]
            readable, _, _ = select.select(sources, [], [], _INTERVAL_S)
            if connection in readable:
                connection.poll()

    def _take(self, txn: Any, message: str) -> None:
        reply = self._on_reactor(self._hear, message)
        if reply is not None:
            txn.execute("SELECT pg_notify(?, ?)", (self.channel, reply))

    def _on_reactor(self, function: Any, *args: Any) -> Any:
        done = threading.Event()
        results: List[Any] = []

        def call() -> None:
            try:
                results.append(function(*args))
            finally:
                done.set()

        self._reactor.callFromThread(call)
        while not done.wait(0.1):
            # The reactor may be waiting for this very thread.
            if self._stopping.is_set():
                raise _Stopped()
        return results[0]
