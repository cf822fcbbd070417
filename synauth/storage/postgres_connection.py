"""
psycopg2's connections, to be used like SQLite's.
"""

import os
import socket
import threading
from typing import Any, Iterable, List, Optional, Sequence

from psycopg2 import InternalError
from psycopg2.extensions import TRANSACTION_STATUS_IDLE
from psycopg2.extras import execute_batch

from synauth.storage.placeholders import to_percent


class PostgresCursor:
    """
    A cursor that takes C{?} for parameters, and a C{bool} for any column that
    holds a truth value.

    @param cursor: psycopg2's.
    """

    def __init__(self, cursor: Any) -> None:
        self._cursor = cursor

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cursor, name)

    def __iter__(self) -> Any:
        return iter(self._cursor)

    def execute(self, sql: str, args: Optional[Sequence[Any]] = None) -> None:
        """
        Run a statement.  Without parameters it goes to the server as it is.
        """
        if args:
            self._cursor.execute(to_percent(sql), _converted(args))
        else:
            self._cursor.execute(sql)

    def executemany(self, sql: str, many: Iterable[Sequence[Any]]) -> None:
        """
        Run a statement with each of some parameters.
        """
        execute_batch(self._cursor, to_percent(sql), [_converted(a) for a in many])


def _converted(args: Sequence[Any]) -> List[Any]:
    # '1' is a truth value to a BOOLEAN column, and a number to a SMALLINT one.
    return [("1" if arg else "0") if isinstance(arg, bool) else arg for arg in args]


class PostgresConnection:
    """
    A connection on which nothing is a transaction unless one is begun.

    @param connection: psycopg2's, fresh.
    """

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        connection.autocommit = True
        # Of our own, because another thread may want to cut the connection
        # while libpq closes its descriptor and the system gives it away again.
        self._socket = socket.socket(fileno=os.dup(connection.fileno()))
        self._socket_lock = threading.Lock()

    @property
    def closed(self) -> bool:
        """
        Whether it is of no use any more.
        """
        return bool(self._connection.closed)

    def cursor(self) -> PostgresCursor:
        """
        @return: a new cursor.
        """
        return PostgresCursor(self._connection.cursor())

    def commit(self) -> None:
        """
        Commit the transaction if one was begun.

        @raise psycopg2.Error: if it was not committed, also where a statement
            had failed and nobody had said so.
        """
        if not self._in_transaction():
            return
        cursor = self._connection.cursor()
        cursor.execute("COMMIT")
        if cursor.statusmessage != "COMMIT":
            raise InternalError("the transaction was rolled back: it had failed")

    def rollback(self) -> None:
        """
        Undo what was not committed.  A connection on which that fails is
        closed, with the same result.
        """
        try:
            if self._in_transaction():
                self._connection.cursor().execute("ROLLBACK")
        except Exception:
            self.close()

    def _in_transaction(self) -> bool:
        if self._connection.closed:
            return False
        status = self._connection.get_transaction_status()
        return bool(status != TRANSACTION_STATUS_IDLE)

    def fileno(self) -> int:
        """
        @return: what can be selected for reading.
        """
        descriptor: int = self._connection.fileno()
        return descriptor

    def poll(self) -> None:
        """
        Take in what the server has sent by itself.
        """
        self._connection.poll()

    def has_notifications(self) -> bool:
        """
        Whether L{notifications} would give any.
        """
        return bool(self._connection.notifies)

    def notifications(self) -> List[str]:
        """
        @return: what has been notified since the last time.
        """
        taken = [each.payload for each in self._connection.notifies]
        del self._connection.notifies[: len(taken)]
        return taken

    def close(self) -> None:
        """
        Close it; may be done again.
        """
        self._connection.close()
        with self._socket_lock:
            self._socket.close()

    def cut(self) -> None:
        """
        Have whoever waits for the server on it fail at once.  May be called on
        any thread.
        """
        with self._socket_lock:
            try:
                self._socket.shutdown(socket.SHUT_RDWR)
            except OSError:
                # It is cut already, or closed.
                pass
