"""
What is particular to SQLite.  All else in this package is SQL that PostgreSQL
takes as well.
"""

import os
import re
import sqlite3
from typing import Any, Dict, Iterator, Set
from urllib.parse import quote

from zope.interface import implementer

from synauth.errors import ConfigError
from synauth.interfaces import IEngine

# The path of a database that lives and dies with its one connection.
MEMORY = ":memory:"

_ADVICE = (
    (
        "locked",
        "it is locked by another program; stop that program and start again",
    ),
    (
        "readonly",
        "it cannot be written; give it and its directory to the user that"
        " synauth runs as",
    ),
    (
        "unable to open",
        "it cannot be opened; give it and its directory to the user that"
        " synauth runs as",
    ),
    (
        "not a database",
        "it is not an SQLite database; name another file, or move this one away",
    ),
    ("malformed", "it is damaged; put a backup in its place"),
)


@implementer(IEngine)
class SqliteEngine:
    """
    A database in a file.

    @ivar dbapi_name: the module that L{twisted.enterprise.adbapi} is to use.
    @ivar path: the file, as an absolute path.
    """

    dbapi_name = "sqlite3"
    Error = sqlite3.Error
    # See synauth.homeserver.data_lock.
    shared = False

    def __init__(self, path: str, busy_timeout_ms: int = 5000) -> None:
        """
        @param path: the file, or L{MEMORY}.
        @param busy_timeout_ms: how long to wait for another process's lock.
        """
        if path != MEMORY:
            # A daemon changes its directory between here and the connection;
            # and two slashes at the beginning mean a host in a URI.
            path = "/" + os.path.abspath(path).lstrip("/")
        self.name = "database " + path
        self.path = path
        self._busy_timeout_ms = busy_timeout_ms
        self._last_ids: Dict[str, int] = {}

    def uri(self) -> str:
        """
        @return: the file as SQLite is told of it.  It must be there already:
            one that vanished must not come back empty.
        """
        return "file:%s?mode=rw" % quote(self.path)

    def create(self) -> None:
        """
        Make the file, for its owner only, unless there is one.

        @raise ConfigError: if that can't be done.
        """
        try:
            os.close(os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        except FileExistsError:
            if os.path.isdir(self.path):
                raise ConfigError(
                    "%s: this is a directory; name a file in it" % (self.name,)
                )
        except (OSError, ValueError) as error:
            raise ConfigError(
                "%s: it cannot be made (%s); name a file in a directory that exists"
                " and belongs to the user that synauth runs as"
                % (self.name, getattr(error, "strerror", None) or error)
            )

    def connect_arguments(self) -> Dict[str, Any]:
        """
        @return: the keyword arguments of the module's C{connect}.
        """
        return {
            "database": self.uri(),
            "uri": True,
            "isolation_level": None,
            "check_same_thread": False,
            "timeout": self._busy_timeout_ms / 1000.0,
        }

    def connect(self) -> sqlite3.Connection:
        """
        @return: a connection that is not set up yet: nothing was written.
        """
        return sqlite3.connect(**self.connect_arguments())

    def set_up(self, connection: sqlite3.Connection) -> None:
        """
        Make a connection fit for use: in the write-ahead log readers and the
        writer don't wait for one another, and C{FULL} makes a commit last
        through a power cut.
        """
        connection.execute("PRAGMA journal_mode=WAL").close()
        connection.execute("PRAGMA synchronous=FULL").close()
        connection.execute("PRAGMA foreign_keys=ON").close()

    def set_up_reader(self, connection: sqlite3.Connection) -> None:
        """
        Like L{set_up}, for a connection that is never to write.
        """
        self.set_up(connection)
        connection.execute("PRAGMA query_only=ON").close()

    def check(self, txn: Any) -> None:
        """
        Every file that is a database is fit for us.
        """

    def allow_writing(self, txn: Any, allowed: bool) -> None:
        """
        See L{IEngine.allow_writing}.
        """
        txn.execute("PRAGMA query_only=%d" % (not allowed))

    def begin(self, txn: Any) -> None:
        """
        Begin with the lock taken at once: one that began as a reader could find
        itself too late to write.
        """
        txn.execute("BEGIN IMMEDIATE")

    def begin_alone(self, txn: Any) -> None:
        """
        All transactions that write are alone here.
        """
        self.begin(txn)

    def prepare(self, txn: Any) -> None:
        """
        A file holds nothing but tables.
        """

    def next_id(self, txn: Any, table: str) -> int:
        """
        See L{IEngine.next_id}; never again while this process lives.
        """
        txn.execute("SELECT MAX(id) FROM " + table)
        highest = txn.fetchone()[0] or 0
        fresh: int = max(highest, self._last_ids.get(table, 0)) + 1
        self._last_ids[table] = fresh
        return fresh

    def tables(self, txn: Any) -> Set[str]:
        """
        See L{IEngine.tables}.
        """
        txn.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        return {name for (name,) in txn.fetchall()}

    def statements(self, script: str) -> Iterator[str]:
        """
        Take a script apart: the module's own C{executescript} would not stay
        in one transaction.

        @return: its statements.
        """
        statement = ""
        for part in re.split("(?<=;)", script):
            statement += part
            if sqlite3.complete_statement(statement):
                yield statement
                statement = ""
        if statement.strip():
            yield statement

    def explain(self, error: Exception) -> str:
        """
        @param error: an C{Error} that stopped the start.
        @return: what is wrong and what to do, for the operator.
        """
        found = str(error)
        for word, advice in _ADVICE:
            if word in found:
                return advice
        return found
