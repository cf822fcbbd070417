"""
The tables that legacy modules keep (source 002, C{get_db_schema_files}).
"""

from typing import Any, Sequence, Tuple

from synauth.errors import ConfigError
from synauth.interfaces import IEngine

# Each file's name and text.
SchemaFiles = Sequence[Tuple[str, str]]


def apply_module_schemas(
    engine: IEngine, modules: Sequence[Tuple[str, SchemaFiles]]
) -> None:
    """
    Apply the files that the database has not seen yet, in order, each in a
    transaction of its own.  Blocks: for use before the reactor runs, in a
    database that L{synauth.storage.migrations.prepare_database} has prepared.

    @param modules: each class by its full name, with its files.
    @raise ConfigError: if a file is no SQL script or fails; nothing of it is
        left then.
    """
    try:
        connection = engine.connect()
        try:
            engine.set_up(connection)
            apply_to_connection(engine, connection, modules)
        finally:
            connection.close()
    except engine.Error as error:
        raise ConfigError("%s: %s" % (engine.name, engine.explain(error)))


def apply_to_connection(
    engine: IEngine, connection: Any, modules: Sequence[Tuple[str, SchemaFiles]]
) -> None:
    """
    See L{apply_module_schemas}.

    @param connection: one of C{engine}'s, set up.
    """
    for module, files in modules:
        for name, text in files:
            if not name.endswith(".sql"):
                raise ConfigError(
                    "%s: its schema file %r does not end in .sql" % (module, name)
                )
            try:
                _apply(engine, connection, module, name, text)
            except engine.Error as error:
                raise ConfigError(
                    "%s: its schema file %s fails: %s" % (module, name, error)
                )


def _apply(engine: IEngine, connection: Any, module: str, name: str, text: str) -> None:
    txn = connection.cursor()
    # The lock comes before the look: another process may be doing the same.
    engine.begin_alone(txn)
    try:
        txn.execute(
            "SELECT 1 FROM applied_module_schemas WHERE module_name = ? AND file = ?",
            (module, name),
        )
        if txn.fetchone() is None:
            for statement in engine.statements(text):
                txn.execute(statement)
            txn.execute(
                "INSERT INTO applied_module_schemas (module_name, file) VALUES (?, ?)",
                (module, name),
            )
            connection.commit()
    finally:
        connection.rollback()
