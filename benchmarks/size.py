"""
What accounts and logins cost a PostgreSQL database: bytes on disk for an account
with one login, for one more login, and for a user-interactive session; and how
much each writes to the write-ahead log, which is what a disk and a replica have
to keep up with.

Nothing here is a matter of time, so the cost of a hash is the lowest.
"""

import os
import sys

if not __package__:
    # As a script: not this file's folder, whose http.py would hide Python's.
    sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

import argparse
import asyncio
import contextlib
import itertools
import secrets
import tempfile
from typing import Any, Callable, Dict, List, Optional, Tuple

from benchmarks.bench import check_statuses
from benchmarks.daemon import running_daemon
from benchmarks.load import Load
from benchmarks.matrix import PREFIX, Requests, loopback_address
from benchmarks.options import parser_of, run
from benchmarks.postgres import new_database
from benchmarks.registration import registrations
from benchmarks.report import number
from benchmarks.scaling import SETTINGS

Source = Callable[[Requests], Callable[[], bytes]]

CONNECTIONS = 8

# A moment that is far away.
LONG_S = 600


class Database:
    """
    A look at what is on the disk.

    @param args: psycopg2's arguments.
    """

    def __init__(self, args: Dict[str, Any]) -> None:
        self._args = {
            key: value for key, value in args.items() if not key.startswith("cp_")
        }

    def measure(self) -> Tuple[int, int]:
        """
        @return: the bytes of all tables and indexes, without what was deleted, and
            the bytes that were ever written ahead.
        """
        import psycopg2

        with contextlib.closing(psycopg2.connect(**self._args)) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute("VACUUM FULL")
                cursor.execute(
                    "SELECT sum(pg_total_relation_size(oid)) FROM pg_class"
                    " WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
                )
                (size,) = cursor.fetchone()
                cursor.execute("CHECKPOINT")
                cursor.execute(
                    "SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint"
                )
                (written,) = cursor.fetchone()
        return int(size), int(written)

    def written(self) -> int:
        """
        @return: the bytes that were ever written ahead.
        """
        import psycopg2

        with contextlib.closing(psycopg2.connect(**self._args)) as connection:
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint"
                )
                (written,) = cursor.fetchone()
        return int(written)


def logins(name: str, count: int) -> Source:
    """
    @return: gives logins of a new device each, of accounts in turn.
    """

    def source(requests: Requests) -> Callable[[], bytes]:
        numbers = itertools.cycle(range(count))

        def made() -> bytes:
            user = "%s-%d" % (name, next(numbers))
            body: Dict[str, Any] = {
                "type": "m.login.password",
                "identifier": {"type": "m.id.user", "user": user},
                "password": "wonderland-1",
                "initial_device_display_name": "Element Web on Linux",
                "refresh_token": True,
            }
            return requests.request("POST", PREFIX + "/login", body)

        return made

    return source


def sessions(requests: Requests) -> Callable[[], bytes]:
    """
    @return: gives requests that each begin a registration.
    """
    name = secrets.token_hex(4)
    numbers = itertools.count()

    def made() -> bytes:
        body = {"username": "%s-%d" % (name, next(numbers)), "password": "wonderland-1"}
        return requests.request("POST", PREFIX + "/register", body)

    return made


def measure(options: argparse.Namespace) -> List[Dict[str, Any]]:
    """
    @return: the figures, a line each.
    """
    count = options.accounts
    with new_database(options.postgres) as database:
        with tempfile.TemporaryDirectory() as directory:
            settings = dict(SETTINGS, database=database, bcrypt_rounds=4)
            with running_daemon(directory, **settings) as daemon:
                address = loopback_address(daemon.base_url)
                disk = Database(database["args"])
                name = "size-" + secrets.token_hex(4)
                lines = []
                for label, source, wanted in (
                    (
                        "an account and its login",
                        lambda requests: registrations(requests, name),
                        200,
                    ),
                    ("one more login, refreshable", logins(name, count), 200),
                    ("a session (401)", sessions, 401),
                ):
                    size, written = disk.measure()
                    load = Load(
                        address, source(Requests(address)), CONNECTIONS, LONG_S, count
                    )
                    check_statuses(label, asyncio.run(load.run()), wanted)
                    wal = disk.written() - written
                    grown = disk.measure()[0] - size
                    lines.append(
                        {
                            "name": label,
                            "count": count,
                            "bytes": grown / count,
                            "wal_bytes": wal / count,
                        }
                    )
    return lines


HEADS = ["", "count", "bytes each", "WAL bytes each"]


def cells(line: Dict[str, Any]) -> List[str]:
    """
    @return: the cells of the table.
    """
    return [
        line["name"],
        "%d" % line["count"],
        "%.0f" % line["bytes"],
        "%.0f" % line["wal_bytes"],
    ]


def main(argv: Optional[List[str]] = None) -> int:
    """
    Measure and print.

    @return: the exit status.
    """
    parser = parser_of(__doc__)
    parser.add_argument(
        "--accounts",
        type=number(int, 10, 10**6),
        default=20000,
        help="how many of each (%(default)s)",
    )
    parser.add_argument(
        "--postgres",
        metavar="DSN",
        default="host=127.0.0.1 user=postgres",
        help="a server, and a user who may make databases (%(default)s)",
    )
    options = parser.parse_args(argv)
    return run("size.py", lambda: measure(options), HEADS, cells, options.json)


if __name__ == "__main__":
    sys.exit(main())
