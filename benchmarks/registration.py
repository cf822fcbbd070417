"""
Whole registrations: a name is checked, a password hashed, and an account with
its device and token committed to the disk.

The floor is as many bare bcrypt hashes on all cores; with --bcrypt-rounds 4 a
hash costs next to nothing, and the second floor counts: as many commits of one
row by one writer of a bare SQLite database.
"""

import os
import sys

if not __package__:
    # As a script: not this file's folder, whose http.py would hide Python's.
    sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

import argparse
import asyncio
import itertools
import secrets
import sqlite3
import statistics
import tempfile
import time
from typing import Any, Callable, Dict, List, Optional

from benchmarks.answer import LoadError
from benchmarks.daemon import running_daemon
from benchmarks.hashing import check_many, seconds_per_check
from benchmarks.load import Load, percentile
from benchmarks.matrix import PREFIX, Requests, loopback_address
from benchmarks.options import parser_of, run
from benchmarks.report import cores


def registrations(
    requests: Requests, name: Optional[str] = None
) -> Callable[[], bytes]:
    """
    @param name: what the names begin with.
    @return: gives requests that each make an account of another name.
    """
    name = name or "bench-" + secrets.token_hex(4)
    numbers = itertools.count()
    dummy = {"type": "m.login.dummy"}

    def made() -> bytes:
        body = {"username": "%s-%d" % (name, next(numbers)), "auth": dummy}
        return requests.request(
            "POST", PREFIX + "/register", dict(body, password="wonderland-1")
        )

    return made


def commits_per_second(directory: str, count: int) -> float:
    """
    @return: how many transactions of one row a bare SQLite database takes.
    """
    connection = sqlite3.connect(
        os.path.join(directory, "bare.db"), isolation_level=None
    )
    try:
        connection.execute("PRAGMA journal_mode=WAL").close()
        connection.execute("PRAGMA synchronous=FULL").close()
        connection.execute("CREATE TABLE IF NOT EXISTS bare (a TEXT)")
        started = time.perf_counter()
        for _ in range(count):
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("INSERT INTO bare VALUES (?)", ("x" * 200,))
            connection.execute("COMMIT")
        return count / (time.perf_counter() - started)
    finally:
        connection.close()


def measure(options: argparse.Namespace) -> List[Dict[str, Any]]:
    """
    @return: the figures, a line each.
    """
    cost = options.bcrypt_rounds
    count = max(2, round(options.seconds / seconds_per_check(cost)))
    count = min(count * cores(), 5000)
    rates, of_hashes, of_commits, latencies = [], [], [], []
    with tempfile.TemporaryDirectory() as directory:
        with running_daemon(directory, bcrypt_rounds=cost) as daemon:
            address = loopback_address(daemon.base_url)
            for _ in range(options.rounds):
                source = registrations(Requests(address))
                result = asyncio.run(
                    Load(
                        address, source, cores() + 2, options.seconds * 10, count
                    ).run()
                )
                if set(result.statuses) != {200}:
                    raise LoadError("registrations: %r" % (result.statuses,))
                rates.append(result.rate)
                latencies += result.latencies
                hashes = count / check_many(count, cores(), cost)
                of_hashes.append(result.rate / hashes)
                of_commits.append(result.rate / commits_per_second(directory, count))
    latencies.sort()
    return [
        {
            "name": "registrations, cost %d" % (cost,),
            "per_second": statistics.median(rates),
            "p50_ms": percentile(latencies, 0.5) * 1000,
            "p99_ms": percentile(latencies, 0.99) * 1000,
            "ratio": statistics.median(of_hashes),
            "of_commits": statistics.median(of_commits),
        }
    ]


HEADS = ["", "/s", "p50 ms", "p99 ms", "of bare bcrypt", "of bare commits"]


def cells(line: Dict[str, Any]) -> List[str]:
    """
    @return: the cells of the table.
    """
    keys = ("per_second", "p50_ms", "p99_ms", "ratio", "of_commits")
    return [line["name"]] + ["%.3f" % (line[key],) for key in keys]


def main(argv: Optional[List[str]] = None) -> int:
    """
    Measure and print.

    @return: the exit status.
    """
    parser = parser_of(__doc__, "seconds", "rounds", "bcrypt-rounds")
    options = parser.parse_args(argv)
    return run("registration.py", lambda: measure(options), HEADS, cells, options.json)


if __name__ == "__main__":
    sys.exit(main())
