"""
Transactions, on threads of the database's own.
"""

from typing import Any, Callable, Tuple, TypeVar

from twisted.enterprise.adbapi import ConnectionPool, Transaction
from twisted.internet.defer import Deferred, fail
from zope.interface import implementer

from synauth.errors import DatabaseUnavailableError
from synauth.interfaces import IDatabase
from synauth.storage.reading import Readers
from synauth.storage.sqlite import SqliteEngine

T = TypeVar("T")


@implementer(IDatabase)
class Database:
    """
    Several readers and one writer, each connection on its own thread.  The one
    writer makes writes wait in a queue and not for a lock.

    @ivar engine: what the SQL may depend on.
    @cvar news: nobody else is told of anything.
    """

    news = None

    def __init__(self, reactor: Any, engine: SqliteEngine, readers: int = 2) -> None:
        """
        @param reactor: closes the database when it stops.
        @param engine: which database; L{prepare_database
            <synauth.storage.migrations.prepare_database>} has been there.
        @param readers: how many threads read.
        """
        self.engine = engine
        self._reactor = reactor
        self._reader_count = readers
        # The readers' and the writer's, or none.
        self._pools: Tuple[ConnectionPool, ...] = ()
        self._shutdown: Any = None

    def start(self) -> None:
        """
        Open the database.  The threads start with the reactor, and adbapi ends
        them with it.
        """
        self._pools = (
            self._pool(self._reader_count, self.engine.set_up_reader),
            self._pool(1, self.engine.set_up),
        )
        self._readers = Readers(self._reactor, self._pools[0], self._reader_count)
        self._shutdown = self._reactor.addSystemEventTrigger(
            "during", "shutdown", self._forget
        )

    def _pool(self, size: int, set_up: Callable[[Any], None]) -> ConnectionPool:
        return ConnectionPool(
            self.engine.dbapi_name,
            cp_reactor=self._reactor,
            cp_min=size,
            cp_max=size,
            cp_openfun=set_up,
            **self.engine.connect_arguments(),
        )

    def close(self) -> None:
        """
        Finish what has been asked for and close the database.
        """
        if self._pools:
            self._reactor.removeSystemEventTrigger(self._shutdown)
            for pool in self._forget():
                pool.close()

    def _forget(self) -> Tuple[ConnectionPool, ...]:
        pools, self._pools = self._pools, ()
        if pools:
            self._readers.finish()
        return pools

    def read(self, function: Callable[..., T], *args: Any) -> "Deferred[T]":
        """
        See L{IDatabase.read}.
        """
        if not self._pools:
            return fail(_closed())
        # Not adbapi's transactions: without a BEGIN there is nothing to commit, and
        # every statement of theirs costs a turn of the interpreter's lock.
        return self._readers.read(function, *args)

    def write(self, function: Callable[..., T], *args: Any) -> "Deferred[T]":
        """
        See L{IDatabase.write}.
        """
        if not self._pools:
            return fail(_closed())
        return self._pools[1].runInteraction(self._write, function, *args)

    def _write(self, txn: Transaction, function: Callable[..., T], *args: Any) -> T:
        self.engine.begin(txn)
        return function(txn, *args)


def _closed() -> Exception:
    # The daemon is being stopped; the one that takes its place knows more.
    return DatabaseUnavailableError(1)
