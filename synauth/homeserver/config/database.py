"""
The options about the database.
"""

from typing import Any, Mapping, Optional, Tuple

from synauth.homeserver.config.kinds import BOOLEAN, TEXT, integer, one_of
from synauth.homeserver.config.table import Kind, Option, Reading
from synauth.homeserver.config.yamlfile import Node
from synauth.storage.engines import POSTGRES, SQLITE

_COUNT = integer(1, 1000)


def _read_args(node: Node, key: str, reading: Reading) -> Any:
    if not isinstance(node.value, dict):
        reading.expected(node, key, DATABASE_ARGS.expects, secret=True)
        return None
    path = node.value.get("database")
    if path is not None and path.value is not None:
        TEXT.read(path, key + ".database", reading)
    return node.plain()


DATABASE_ARGS = Kind(
    "a mapping, for sqlite3 with database: the path of a file, for psycopg2 with"
    " what it connects by",
    _read_args,
    secret=True,
)

DATABASE: Tuple[Option, ...] = (
    Option(
        "database.name",
        one_of(SQLITE, POSTGRES),
        SQLITE,
        "The database engine: sqlite3, a file that one process uses, or psycopg2,"
        " PostgreSQL, which many can share; see docs/postgresql.rst.",
    ),
    Option(
        "database.args",
        DATABASE_ARGS,
        None,
        "The engine's arguments.  For sqlite3: database, the path of the file, by"
        " default homeserver.db in the data directory.  For psycopg2: user, password,"
        " database, host, port and whatever else a connection string may have, and"
        " cp_min and cp_max, how many connections there are at least (1) and at most"
        " (10).",
    ),
    Option(
        "database.allow_unsafe_locale",
        BOOLEAN,
        False,
        "Whether a PostgreSQL database may have another locale than C: its indexes"
        " can break when the system's locales are upgraded.",
    ),
    Option(
        "synauth.sessions",
        one_of("memory", "database"),
        "memory",
        "Where user-interactive authentications under way are kept: in the memory of"
        " the process that began them, or in the database, where any process of the"
        " server can go on with them.",
    ),
)


def check_database(values: Mapping[str, Any], root: Node, reading: Reading) -> None:
    """
    Complain about arguments that are not those of the engine.
    """
    if values["database.name"] != POSTGRES or "database.args" in reading.wrong:
        return
    section = root.value["database"]
    args: Optional[Node] = section.value.get("args")
    if args is None or not isinstance(args.value, dict):
        reading.refuse(section.place, "database.args", "missing, expected a mapping")
        return
    for name, node in args.value.items():
        _check_argument(name, node, reading)
    if not {"database", "dbname"} & set(args.value):
        key = "database.args.database"
        reading.refuse(args.place, key, "missing, expected the name of the database")
    if values["macaroon_secret_key"] is None:
        # One that is made up and kept in a directory is another one for the next
        # process.
        reading.refuse(
            section.place,
            "macaroon_secret_key",
            "missing, expected a secret that all processes of the server share,"
            " as the database is psycopg2",
        )


def _check_argument(name: str, node: Node, reading: Reading) -> None:
    key = "database.args.%s" % (name,)
    if name in ("cp_min", "cp_max"):
        _COUNT.read(node, key, reading)
    elif name in _ADBAPI:
        # Names of Twisted's pool that mean nothing here.
        reading.pass_over(node, key, [])
    elif isinstance(node.value, bool) or not isinstance(node.value, (str, int)):
        if node.value is not None:
            reading.expected(node, key, "text or a number", secret=True)
    else:
        problem = _problem_of(name, node.value)
        if problem is not None:
            reading.refuse(node.place, key, problem)


_ADBAPI = ("cp_reconnect", "cp_noisy", "cp_name", "cp_openfun", "cp_reactor")


def _problem_of(name: str, value: Any) -> Optional[str]:
    try:
        from synauth.storage.postgres import check_args
    except ImportError:
        # The start says so.
        return None
    # Its value may be a secret, and is not what can be wrong.
    return check_args({name: "1" if isinstance(value, str) else value})
