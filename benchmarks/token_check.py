"""
GET /account/whoami with a thousand and with a million access tokens in the
database, each request with another token, so that no cache helps.

Two floors: a bare twisted.web resource, and the same look-ups by one thread in a
bare SQLite connection to a copy of the same database.
"""

import os
import sys

if not __package__:
    # As a script: not this file's folder, whose http.py would hide Python's.
    sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

import argparse
import asyncio
import contextlib
import random
import sqlite3
import statistics
import tempfile
import time
from typing import Any, Callable, Dict, List, Optional, Tuple

from benchmarks.bench import check_statuses
from benchmarks.daemon import running_daemon
from benchmarks.floor import running_floor
from benchmarks.load import Load, percentile
from benchmarks.matrix import Requests, loopback_address
from benchmarks.options import parser_of, run
from benchmarks.report import number

# As long as those that the daemon makes.
TOKEN = "%09d-" + "t" * 250

BATCH = 10000


def fill(path: str, tokens: int) -> None:
    """
    Put tokens into a database that a daemon has made, ten to a user.
    """
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA synchronous=OFF").close()
        for start in range(0, tokens, BATCH):
            numbers = range(start, min(start + BATCH, tokens))
            users = ["@user%d:localhost" % (n // 10,) for n in numbers]
            connection.executemany(
                "INSERT OR IGNORE INTO users (name, creation_ts, approved)"
                " VALUES (?, 0, 1)",
                [(user,) for user in users],
            )
            connection.executemany(
                "INSERT INTO devices (user_id, device_id) VALUES (?, ?)",
                [(user, "D%d" % n) for user, n in zip(users, numbers)],
            )
            connection.executemany(
                "INSERT INTO access_tokens (id, user_id, device_id, token, used)"
                " VALUES (?, ?, ?, ?, '1')",
                [
                    (n + 1, user, "D%d" % n, TOKEN % n)
                    for user, n in zip(users, numbers)
                ],
            )
            connection.commit()


def lookups_per_second(path: str, tokens: int, seconds: float) -> float:
    """
    @return: how many tokens one thread finds, in a bare connection.
    """
    with contextlib.closing(sqlite3.connect(path)) as connection:
        done, started = 0, time.perf_counter()
        while time.perf_counter() < started + seconds:
            connection.execute(
                "SELECT access_tokens.id, users.name FROM access_tokens"
                " INNER JOIN users ON users.name = access_tokens.user_id"
                " WHERE token = ?",
                (TOKEN % random.randrange(tokens),),
            ).fetchone()
            done += 1
        return done / (time.perf_counter() - started)


def requests_for(address: Tuple[str, int], tokens: int) -> Callable[[], bytes]:
    """
    @return: gives a C{whoami} with a token chosen at random.
    """
    template = Requests(address).request(
        "GET", "/_matrix/client/v3/account/whoami", token=TOKEN % 0
    )
    head, tail = template.split(b"%09d" % 0)
    return lambda: head + b"%09d" % random.randrange(tokens) + tail


def measure_size(options: argparse.Namespace, tokens: int) -> Dict[str, Any]:
    """
    @return: the figures with so many tokens.
    """
    rates: List[float] = []
    of_floor, of_sql, latencies = [], [], []
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "data", "homeserver.db")
        with running_daemon(directory):
            pass
        fill(path, tokens)
        with running_daemon(directory) as daemon, running_floor() as floor:
            address = loopback_address(daemon.base_url)
            below = b"GET /100 HTTP/1.1\r\nHost: localhost\r\n\r\n"
            for _ in range(options.rounds):
                limits = (options.concurrency, options.seconds, 10**6)
                source = requests_for(address, tokens)
                result = asyncio.run(Load(address, source, *limits).run())
                check_statuses("whoami", result, 200)
                bare = asyncio.run(Load(floor, lambda: below, *limits).run())
                rates.append(result.rate)
                of_floor.append(result.rate / bare.rate)
                found = lookups_per_second(path, tokens, options.seconds / 4)
                of_sql.append(result.rate / found)
                latencies += result.latencies
    latencies.sort()
    return {
        "name": "whoami, %d tokens" % (tokens,),
        "tokens": tokens,
        "per_second": statistics.median(rates),
        "p50_ms": percentile(latencies, 0.5) * 1000,
        "p99_ms": percentile(latencies, 0.99) * 1000,
        "ratio": statistics.median(of_floor),
        "of_sql": statistics.median(of_sql),
    }


HEADS = ["", "/s", "p50 ms", "p99 ms", "of bare Twisted", "of bare SQL"]


def cells(line: Dict[str, Any]) -> List[str]:
    """
    @return: the cells of the table.
    """
    keys = ("per_second", "p50_ms", "p99_ms", "ratio", "of_sql")
    return [line["name"]] + ["%.3f" % (line[key],) for key in keys]


def main(argv: Optional[List[str]] = None) -> int:
    """
    Measure and print.

    @return: the exit status.
    """
    parser = parser_of(__doc__, "seconds", "rounds", "concurrency")
    parser.add_argument(
        "--sizes",
        type=number(int, 10, 2 * 10**6),
        nargs="+",
        default=[10**3, 10**6],
        help="how many tokens (%(default)s)",
    )
    options = parser.parse_args(argv)

    def measure() -> List[Dict[str, Any]]:
        return [measure_size(options, size) for size in options.sizes]

    return run("token_check.py", measure, HEADS, cells, options.json)


if __name__ == "__main__":
    sys.exit(main())
