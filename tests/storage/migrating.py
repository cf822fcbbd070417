"""
A process that prepares a PostgreSQL database, with module tables, and ends.
See L{tests.storage.test_postgres_migrations}.
"""

import json
import sys

from synauth.storage.engines import make_engine
from synauth.storage.migrations import prepare_database
from synauth.storage.module_schemas import apply_module_schemas

MODULE_FILES = [
    ("1.sql", "CREATE TABLE of_module (a TEXT);"),
    ("2.sql", "-- nothing yet\n"),
    ("3.sql", "INSERT INTO of_module VALUES ('50% of ?'); SELECT pg_sleep(0.1);"),
]


def main(args: str, folder: str) -> None:
    """
    @param args: how to connect, as JSON.
    @param folder: where the schema is.
    """
    engine = make_engine("psycopg2", json.loads(args))
    sys.stdin.read(1)
    prepare_database(engine, folder)
    apply_module_schemas(engine, [("a.Module", MODULE_FILES)])


if __name__ == "__main__":
    main(*sys.argv[1:])
