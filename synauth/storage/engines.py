"""
Which database it is.
"""

from typing import Any, Mapping

from synauth.errors import ConfigError
from synauth.interfaces import IDatabase, IEngine
from synauth.storage.database import Database
from synauth.storage.sqlite import SqliteEngine

SQLITE = "sqlite3"
POSTGRES = "psycopg2"

# Of PostgreSQL: how many connections there are at least and at most.
CP_MIN = 1
CP_MAX = 10


def make_engine(
    name: str, args: Mapping[str, Any], allow_unsafe_locale: bool = False
) -> IEngine:
    """
    @param name: L{SQLITE} or L{POSTGRES}.
    @param args: its arguments, as in a homeserver's configuration.
    @param allow_unsafe_locale: see L{synauth.storage.postgres}.
    @raise ConfigError: if a module that it needs is not there.
    """
    if name == SQLITE:
        return SqliteEngine(args["database"])
    try:
        from synauth.storage.postgres import PostgresEngine
    except ImportError as error:
        raise ConfigError(
            "database.name: psycopg2 can't be imported (%s); install synauth[postgres]"
            % (error,)
        )
    return PostgresEngine(args, allow_unsafe_locale=allow_unsafe_locale)


def make_database(reactor: Any, engine: Any, args: Mapping[str, Any]) -> IDatabase:
    """
    @param engine: from L{make_engine}.
    @param args: the same arguments.
    @return: a database that has not been started.
    """
    if isinstance(engine, SqliteEngine):
        return Database(reactor, engine)
    from synauth.storage.server_database import ServerDatabase

    most = args.get("cp_max", CP_MAX)
    least = min(args.get("cp_min", CP_MIN), most)
    return ServerDatabase(reactor, engine, (least, most))
