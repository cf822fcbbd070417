"""
A PostgreSQL database that is there for one measurement.
"""

import contextlib
import secrets
from typing import Any, Dict, Iterator


@contextlib.contextmanager
def new_database(dsn: str) -> Iterator[Dict[str, Any]]:
    """
    Make a database, and drop it afterwards.

    @param dsn: libpq's connection string for a server and a user who may make
        databases.
    @return: a context manager that gives C{database} of a homeserver's
        configuration.
    """
    import psycopg2
    from psycopg2.extensions import make_dsn, parse_dsn

    name = "synauth_bench_" + secrets.token_hex(4)
    server = make_dsn(dsn, dbname="postgres")
    _execute(
        psycopg2.connect(server),
        "CREATE DATABASE %s TEMPLATE template0 ENCODING 'UTF8'"
        " LC_COLLATE 'C' LC_CTYPE 'C'" % (name,),
    )
    try:
        arguments = dict(parse_dsn(dsn), dbname=name, cp_min=5, cp_max=10)
        yield {"name": "psycopg2", "args": arguments}
    finally:
        _execute(psycopg2.connect(server), "DROP DATABASE %s WITH (FORCE)" % (name,))


def _execute(connection: Any, statement: str) -> None:
    with contextlib.closing(connection):
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement)
