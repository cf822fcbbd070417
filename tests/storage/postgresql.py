"""
Databases on a real PostgreSQL server.

C{SYNAUTH_POSTGRES} says which: a connection string, such as C{host=127.0.0.1
user=postgres}, of a user who may make databases.  Without it the one on this
machine is used if there is one, and else such tests are skipped, or fail where
C{SYNAUTH_SKIP_NOTHING} is set.
"""

import atexit
import os
import secrets
from typing import Any, Dict, List, Optional

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from tests.modules.needs import SKIP_NOTHING

SERVER = "SYNAUTH_POSTGRES"
LOCAL = "host=127.0.0.1 user=postgres"

Args = Dict[str, Any]

# What was asked once: the server's arguments, and the database that tests share.
_server: Optional[Args] = None
_shared: Optional[Args] = None
_shared_tables: List[str] = []


def server() -> Args:
    """
    @return: how to connect to the server; without a database.
    @raise SkipTest: if there is none.
    """
    global _server
    if _server is None:
        _server = _find_server()
    return _server


def _find_server() -> Args:
    named = os.environ.get(SERVER)
    try:
        import psycopg2
        from psycopg2.extensions import parse_dsn

        args: Args = parse_dsn(named or LOCAL)
        psycopg2.connect(connect_timeout=5, dbname="postgres", **args).close()
        return args
    except Exception as error:
        if named is not None or os.environ.get(SKIP_NOTHING):
            raise
        raise SkipTest("there is no PostgreSQL server (%s)" % (error,))


def administer(*statements: str) -> Any:
    """
    Run statements as whoever may make databases.

    @return: what the last one found, if it found anything.
    """
    import psycopg2

    connection = psycopg2.connect(dbname="postgres", **server())
    connection.autocommit = True
    try:
        cursor = connection.cursor()
        for statement in statements:
            cursor.execute(statement)
        return cursor.fetchall() if cursor.description else None
    finally:
        connection.close()


def make_database() -> Args:
    """
    Make an empty database.

    @return: the arguments to reach it by.
    """
    name = "synauth_test_" + secrets.token_hex(8)
    administer(
        "CREATE DATABASE %s ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'"
        " TEMPLATE template0" % name
    )
    return dict(server(), dbname=name)


def drop_database(args: Args) -> None:
    """
    Remove a database, whoever still uses it.
    """
    name = args["dbname"]
    administer(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = '%s'" % name,
        "DROP DATABASE IF EXISTS %s" % name,
    )


def own_database(case: SynchronousTestCase) -> Args:
    """
    @return: the arguments of an empty database that is gone after the test.
    """
    args = make_database()
    case.addCleanup(drop_database, args)
    return args


def emptied_database() -> Args:
    """
    @return: the arguments of a database with today's schema and nothing in it;
        only one test at a time has it.
    """
    global _shared
    if _shared is None:
        from synauth.storage.migrations import VERSION_TABLE, prepare_database
        from synauth.storage.postgres import PostgresEngine

        _shared = make_database()
        atexit.register(drop_database, _shared)
        engine = PostgresEngine(_shared)
        prepare_database(engine)
        connection = engine.connect()
        _shared_tables[:] = engine.tables(connection.cursor()) - {VERSION_TABLE}
        connection.close()
    execute(_shared, "TRUNCATE %s CASCADE" % ", ".join(_shared_tables))
    return _shared


def execute(args: Args, statement: str) -> Any:
    """
    Run a statement in a database, behind everybody's back.

    @return: what it found, if it found anything.
    """
    import psycopg2

    connection = psycopg2.connect(**args)
    connection.autocommit = True
    try:
        cursor = connection.cursor()
        cursor.execute(statement)
        return cursor.fetchall() if cursor.description else None
    finally:
        connection.close()
