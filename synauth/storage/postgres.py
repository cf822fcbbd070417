"""
What is particular to PostgreSQL.  It needs psycopg2: the extra C{postgres}.
"""

from typing import Any, Dict, Iterator, Mapping, Optional, Set

import psycopg2
from psycopg2.extensions import make_dsn
from zope.interface import implementer

from synauth.errors import ConfigError
from synauth.interfaces import IEngine
from synauth.storage.postgres_connection import PostgresConnection

# Any number will do as long as nobody else in the database locks it.
_SCHEMA_LOCK = 0x73796E61757468

# Row ids of all tables; a number that was given out never comes again, not even
# when the transaction it was for came to nothing.
_SEQUENCE = "synauth_row_id"

# Synapse's rule, and for its reason: an index over text in a locale's order is
# broken when the locale's definition changes.
_SAFE_LOCALES = ("C", "POSIX", "C.UTF-8", "C.UTF8")

_CONNECT_TIMEOUT_S = 5
_MIGRATION_PATIENCE = "10min"

_SERIALIZATION_FAILURE = "40001"
_DEADLOCK = "40P01"
_UNIQUE_VIOLATION = "23505"
_STATEMENT_TIMEOUT = "57014"
# The server shuts down, has crashed or has not started yet, or it has no room.
_NOT_NOW = ("57P01", "57P02", "57P03", "53300", "53400")

_ADVICE = (
    (
        "password authentication failed",
        "it refuses the user or the password; see database.args",
    ),
    ("no password supplied", "it wants a password; see database.args"),
    (
        "does not exist",
        "there is no such database or user; make it, see docs/postgresql.rst",
    ),
    (
        "permission denied",
        "the user may not make tables there; make it the database's owner",
    ),
    ("too many", "it has no connection left for us; raise its max_connections"),
    (
        "timeout expired",
        "it does not answer; see that it runs and that no firewall is between",
    ),
    ("refused", "nobody listens there; start PostgreSQL, or correct database.args"),
    ("No such file", "nobody listens there; start PostgreSQL, or name its host"),
)


@implementer(IEngine)
class PostgresEngine:
    """
    A database on a PostgreSQL server.

    @param args: what C{psycopg2.connect} takes; what starts with C{cp_} is not
        for it.
    @param timeout_s: how long a statement may take.
    @param allow_unsafe_locale: whether text may be ordered by a locale.
    """

    Error = psycopg2.Error
    shared = True

    def __init__(
        self,
        args: Mapping[str, Any],
        timeout_s: float = 10,
        allow_unsafe_locale: bool = False,
    ) -> None:
        self._args: Dict[str, Any] = {"connect_timeout": _CONNECT_TIMEOUT_S}
        self._args.update(
            (key, value)
            for key, value in args.items()
            if value is not None and not key.startswith("cp_")
        )
        self.timeout_s = timeout_s
        self._allow_unsafe_locale = allow_unsafe_locale
        self.name = "database %s" % (_database_name(self._args),)

    def create(self) -> None:
        """
        That is for whoever administers the server.
        """

    def connect(self) -> PostgresConnection:
        """
        See L{IEngine.connect}.
        """
        return PostgresConnection(psycopg2.connect(**self._args))

    def check(self, txn: Any) -> None:
        """
        See L{IEngine.check}: text has to be kept and compared as it is.
        """
        txn.execute(
            "SELECT pg_encoding_to_char(encoding), datcollate, datctype"
            " FROM pg_database WHERE datname = current_database()"
        )
        encoding, collate, ctype = txn.fetchone()
        if encoding != "UTF8":
            raise ConfigError(
                "%s: its encoding is %s, expected UTF8; see docs/postgresql.rst"
                % (self.name, encoding)
            )
        if not (self._allow_unsafe_locale or {collate, ctype} <= set(_SAFE_LOCALES)):
            raise ConfigError(
                "%s: its locale is %s, expected C; make it anew, see"
                " docs/postgresql.rst, or set database.allow_unsafe_locale: true"
                % (self.name, collate if collate not in _SAFE_LOCALES else ctype)
            )

    def set_up(self, connection: Any) -> None:
        """
        Where no transaction was begun nothing is written.  A process that stops
        in a transaction loses it, before those who wait for its locks lose
        patience.  Small
        tables are searched by their indexes, too: a transaction that has looked
        at a whole table collides with all others.
        """
        milliseconds = int(self.timeout_s * 1000)
        connection.cursor().execute(
            "SET default_transaction_read_only = on;"
            "SET statement_timeout = %d;"
            "SET idle_in_transaction_session_timeout = %d;"
            "SET enable_seqscan = off" % (milliseconds, milliseconds // 2)
        )

    def allow_writing(self, txn: Any, allowed: bool) -> None:
        """
        L{begin} says it.
        """

    def begin(self, txn: Any) -> None:
        """
        See L{IEngine.begin}.  PostgreSQL notices when what a transaction has
        read is changed by another one, and lets only one of the two succeed.
        """
        txn.execute("BEGIN ISOLATION LEVEL SERIALIZABLE READ WRITE")

    def begin_alone(self, txn: Any) -> None:
        """
        See L{IEngine.begin_alone}.
        """
        # Each statement has to see what was done while this waited for the lock.
        txn.execute(
            "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;"
            "SET LOCAL statement_timeout = 0;"
            "SET LOCAL enable_seqscan = on;"
            "SET LOCAL lock_timeout = '%s'" % _MIGRATION_PATIENCE
        )
        txn.execute("SELECT pg_advisory_xact_lock(%d)" % _SCHEMA_LOCK)

    def next_id(self, txn: Any, table: str) -> int:
        """
        See L{IEngine.next_id}; never again, in no process.
        """
        txn.execute("SELECT nextval('%s')" % _SEQUENCE)
        fresh: int = txn.fetchone()[0]
        return fresh

    def tables(self, txn: Any) -> Set[str]:
        """
        See L{IEngine.tables}.
        """
        txn.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"
        )
        return {name for (name,) in txn.fetchall()}

    def prepare(self, txn: Any) -> None:
        """
        Make the sequence of row ids.
        """
        txn.execute("CREATE SEQUENCE IF NOT EXISTS " + _SEQUENCE)

    def statements(self, script: str) -> Iterator[str]:
        """
        The whole: the server takes it apart.  Comments alone are nothing.
        """
        lines = (line.strip() for line in script.splitlines())
        if any(line and not line.startswith("--") for line in lines):
            yield script

    def explain(self, error: Exception) -> str:
        """
        See L{IEngine.explain}.
        """
        found = str(error).strip()
        for word, advice in _ADVICE:
            if word in found:
                return "%s (%s)" % (advice, found.splitlines()[0])
        return found or type(error).__name__

    def is_conflict(self, error: BaseException) -> bool:
        """
        @return: whether a transaction failed for another one's sake, so that it
            may succeed when it is done again.
        """
        code = getattr(error, "pgcode", None)
        return code in (_SERIALIZATION_FAILURE, _DEADLOCK, _UNIQUE_VIOLATION)

    def is_duplicate(self, error: BaseException) -> bool:
        """
        @return: whether there is such a row already; a conflict if that one came
            at the same time.
        """
        return getattr(error, "pgcode", None) == _UNIQUE_VIOLATION

    def is_lost(self, error: BaseException) -> bool:
        """
        @return: whether the server can't be asked at the moment.
        """
        if not isinstance(error, self.Error):
            return False
        code = error.pgcode
        if code is None:
            return isinstance(
                error, (psycopg2.OperationalError, psycopg2.InterfaceError)
            )
        return code in _NOT_NOW or code.startswith("08")

    def is_too_slow(self, error: BaseException) -> bool:
        """
        @return: whether the server gave up.
        """
        return getattr(error, "pgcode", None) == _STATEMENT_TIMEOUT


def check_args(args: Mapping[str, Any]) -> Optional[str]:
    """
    @param args: what L{PostgresEngine} is to be given.
    @return: what is wrong with them, or C{None}.
    """
    try:
        make_dsn(**{k: v for k, v in args.items() if not k.startswith("cp_")})
    except psycopg2.ProgrammingError as error:
        return str(error).strip().splitlines()[0]
    return None


def _database_name(args: Mapping[str, Any]) -> str:
    name = args.get("database") or args.get("dbname") or args.get("user") or "?"
    host = args.get("host")
    return "%s at %s" % (name, host) if host else str(name)
