"""
The schema, and its way from any older version to today's.

The scripts in C{schema/} are numbered from 1 without a gap; the database
remembers the number of the last that was applied.
"""

import os
import re
from typing import Any, List, Optional

from synauth.errors import ConfigError
from synauth.interfaces import IEngine

SCHEMA = os.path.join(os.path.dirname(__file__), "schema")
VERSION_TABLE = "synauth_schema_version"

# The table by which a homeserver's own database is known.
_HOMESERVER_TABLE = "schema_version"
_SCRIPT_NAME = re.compile(r"(\d+)_\w+\.sql\Z")


def prepare_database(engine: IEngine, folder: str = SCHEMA) -> None:
    """
    Make the database if there is none and bring it to today's schema.  Blocks:
    for use before the reactor runs.

    @param folder: where the scripts are.
    @raise ConfigError: if it can't be used; it is then as it was, or at the
        last version to which a script could bring it.
    """
    engine.create()
    try:
        connection = engine.connect()
        try:
            migrate(engine, connection, folder)
        finally:
            connection.close()
    except engine.Error as error:
        raise ConfigError("%s: %s" % (engine.name, engine.explain(error)))


def some_user_id(engine: IEngine) -> Optional[str]:
    """
    @param engine: of a database that is prepared.  Blocks: for use before the
        reactor runs.
    @return: the id of one of its accounts, C{None} if it has none.
    """
    connection = engine.connect()
    try:
        cursor = connection.cursor()
        cursor.execute("SELECT name FROM users LIMIT 1")
        row = cursor.fetchone()
        return None if row is None else row[0]
    finally:
        connection.close()


def migrate(engine: IEngine, connection: Any, folder: str = SCHEMA) -> None:
    """
    Apply the scripts that a database has not seen yet, each in a transaction
    of its own, and set the connection up.

    @param connection: one of C{engine}'s, not set up yet.
    @raise ConfigError: if the database is not ours or newer than we are, or if
        a script fails.
    """
    scripts = _scripts(folder)
    # Looked at before anything is set: a homeserver's database stays untouched.
    engine.check(connection.cursor())
    _version(engine, connection.cursor(), len(scripts))
    engine.set_up(connection)
    while _apply_next(engine, connection, scripts):
        pass


def require_current(engine: IEngine, folder: str = SCHEMA) -> None:
    """
    For whoever works on a database beside the server: it is not theirs to
    upgrade.

    @raise ConfigError: unless the database has today's schema.
    """
    newest = len(_scripts(folder))
    try:
        connection = engine.connect()
        try:
            version = _version(engine, connection.cursor(), newest)
        finally:
            connection.close()
    except engine.Error as error:
        raise ConfigError("%s: %s" % (engine.name, engine.explain(error)))
    if version != newest:
        raise ConfigError(
            "%s: its schema is version %d and this synauth works with version %d;"
            " start the server of this release first" % (engine.name, version, newest)
        )


def _scripts(folder: str) -> List[str]:
    names = sorted(name for name in os.listdir(folder) if name.endswith(".sql"))
    for position, name in enumerate(names, 1):
        match = _SCRIPT_NAME.match(name)
        if match is None or int(match.group(1)) != position:
            raise ValueError("schema script %s is not number %d" % (name, position))
    return [os.path.join(folder, name) for name in names]


def _version(engine: IEngine, txn: Any, newest: int) -> int:
    tables = engine.tables(txn)
    problem: Optional[str] = None
    version = 0
    if _HOMESERVER_TABLE in tables:
        problem = (
            "it is a homeserver's own database, which synauth does not alter;"
            " name another one"
        )
    elif VERSION_TABLE in tables:
        txn.execute("SELECT MAX(version) FROM " + VERSION_TABLE)
        version = txn.fetchone()[0] or 0
        if version > newest:
            problem = (
                "its schema is version %d and this synauth knows versions up to %d;"
                " use a newer synauth, or a backup from before the upgrade"
                % (version, newest)
            )
    elif tables:
        problem = (
            "it holds tables of another program (%s); name another one"
            % ", ".join(sorted(tables)[:3])
        )
    if problem is not None:
        raise ConfigError("%s: %s" % (engine.name, problem))
    return version


def _apply_next(engine: IEngine, connection: Any, scripts: List[str]) -> bool:
    txn = connection.cursor()
    # The lock comes before the look: another process may be doing the same.
    engine.begin_alone(txn)
    try:
        version = _version(engine, txn, len(scripts))
        if version == len(scripts):
            # Better now than at the first login, if it can't be written.
            txn.execute("UPDATE %s SET version = version" % VERSION_TABLE)
            return False
        engine.prepare(txn)
        _apply(engine, txn, scripts[version], version)
        connection.commit()
        return True
    finally:
        connection.rollback()


def _apply(engine: IEngine, txn: Any, path: str, version: int) -> None:
    with open(path, encoding="utf-8") as script:
        text = script.read()
    try:
        if version == 0:
            txn.execute("CREATE TABLE %s (version INTEGER NOT NULL)" % VERSION_TABLE)
        for statement in engine.statements(text):
            txn.execute(statement)
        txn.execute("DELETE FROM " + VERSION_TABLE)
        txn.execute("INSERT INTO %s VALUES (?)" % VERSION_TABLE, (version + 1,))
    except engine.Error as error:
        raise ConfigError(
            "%s: the upgrade %s failed (%s); the database is still at version %d"
            % (engine.name, os.path.basename(path), error, version)
        )
