"""
A database without threads.
"""

from typing import Any, Callable, Optional, TypeVar

from twisted.internet.defer import Deferred, execute
from zope.interface import implementer

from synauth.errors import DatabaseUnavailableError
from synauth.interfaces import IDatabase, IEngine
from synauth.storage.migrations import migrate
from synauth.storage.sqlite import MEMORY, SqliteEngine

T = TypeVar("T")


@implementer(IDatabase)
class InlineDatabase:
    """
    The real SQL on the caller's thread: every Deferred has fired already.  For
    tests, and for commands that have nothing else to do.

    @ivar engine: what the SQL may depend on.
    @cvar news: nobody else is told of anything.
    @ivar connection: the one connection, for a test to look behind the stores.
    """

    news = None

    def __init__(self, path: str = MEMORY, engine: Optional[IEngine] = None) -> None:
        """
        @param path: the file; by default it lives and dies with this object.
        @param engine: another kind of database, in the place of a file.
        """
        self.engine: IEngine = SqliteEngine(path) if engine is None else engine
        if path != MEMORY:
            self.engine.create()
        self.connection = self.engine.connect()
        migrate(self.engine, self.connection)
        self._open = True

    def start(self) -> None:
        """
        Nothing is left to do.
        """

    def close(self) -> None:
        """
        Close the database; nothing works any more.
        """
        self._open = False
        self.connection.close()

    def read(self, function: Callable[..., T], *args: Any) -> "Deferred[T]":
        """
        See L{IDatabase.read}.
        """
        return execute(self._run, False, function, args)

    def write(self, function: Callable[..., T], *args: Any) -> "Deferred[T]":
        """
        See L{IDatabase.write}.
        """
        return execute(self._run, True, function, args)

    def _run(self, writes: bool, function: Callable[..., T], args: Any) -> T:
        if not self._open:
            raise DatabaseUnavailableError(1)
        txn = self.connection.cursor()
        self.engine.allow_writing(txn, writes)
        try:
            if writes:
                self.engine.begin(txn)
            result = function(txn, *args)
            self.connection.commit()
            return result
        finally:
            self.connection.rollback()
