"""
Whether the time that a refused login takes tells anything about the account:
one that exists with a wrong password, none at all, a deactivated one, and one
without a local password.

The four kinds take turns on one connection.  Printed are the medians, each one's
ratio to that of the wrong password, and within which bounds 95 % of such ratios
lie when the same logins are drawn again at random (bootstrap).  Ends with status
1 if a median is further from that of the wrong password than --tolerance.
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
import random
import sqlite3
import statistics
import tempfile
from typing import Any, Dict, List, Optional

from benchmarks.bench import check_statuses
from benchmarks.daemon import running_daemon
from benchmarks.load import Load
from benchmarks.matrix import Account, Requests, loopback_address, registered
from benchmarks.options import parser_of, run
from benchmarks.report import number

KINDS = ("wrong password", "unknown", "deactivated", "no password")

DRAWS = 1000


def prepare(path: str, accounts: Dict[str, Account]) -> None:
    """
    Make the accounts what they are to be, behind the stopped daemon's back.

    @param path: the database.
    """
    with contextlib.closing(sqlite3.connect(path)) as connection:
        for kind, change in (
            ("deactivated", "deactivated = 1"),
            ("no password", "password_hash = NULL"),
        ):
            connection.execute(
                "UPDATE users SET %s WHERE name = ?" % (change,),
                ("@%s:localhost" % (accounts[kind].user,),),
            )
        connection.commit()


def latencies(options: argparse.Namespace) -> Dict[str, List[float]]:
    """
    @return: how long the logins of each kind took, in seconds.
    """
    with tempfile.TemporaryDirectory() as directory:
        settings = {"bcrypt_rounds": options.bcrypt_rounds}
        with running_daemon(directory, **settings) as daemon:
            address = loopback_address(daemon.base_url)
            requests = Requests(address)
            accounts = {
                kind: asyncio.run(registered(address, requests)) for kind in KINDS
            }
        accounts["unknown"] = accounts["unknown"]._replace(user="nobody")
        prepare(os.path.join(directory, "data", "homeserver.db"), accounts)
        with running_daemon(directory, **settings) as daemon:
            address = loopback_address(daemon.base_url)
            requests = Requests(address)
            bodies = [
                requests.login(account._replace(password="a wrong one"), "TIMING")
                for account in accounts.values()
            ]
            count = len(KINDS) * (options.logins + 1)
            source = itertools.cycle(bodies).__next__
            result = asyncio.run(Load(address, source, 1, 3600, count).run())
    check_statuses("refused logins", result, 403)
    # The first round finds everything cold.
    warm = result.latencies[len(KINDS) :]
    return {kind: warm[place :: len(KINDS)] for place, kind in enumerate(KINDS)}


def interval(some: List[float], others: List[float]) -> List[float]:
    """
    @return: the bounds of 95 % of the ratios of medians.
    """
    ratios = sorted(
        statistics.median(random.choices(some, k=len(some)))
        / statistics.median(random.choices(others, k=len(others)))
        for _ in range(DRAWS)
    )
    return [ratios[DRAWS // 40], ratios[-DRAWS // 40]]


def figures(taken: Dict[str, List[float]]) -> List[Dict[str, Any]]:
    """
    @return: the figures, a line each.
    """
    base = taken[KINDS[0]]
    lines = []
    for kind in KINDS:
        lowest, highest = interval(taken[kind], base)
        median = statistics.median(taken[kind])
        lines.append(
            {
                "name": kind,
                "logins": len(taken[kind]),
                "median_ms": median * 1000,
                "ratio": median / statistics.median(base),
                "lowest": lowest,
                "highest": highest,
            }
        )
    return lines


HEADS = ["", "logins", "median ms", "ratio", "95 % from", "to"]


def cells(line: Dict[str, Any]) -> List[str]:
    """
    @return: the cells of the table.
    """
    made = [line["name"], "%d" % (line["logins"],), "%.2f" % (line["median_ms"],)]
    return made + ["%.4f" % (line[key],) for key in ("ratio", "lowest", "highest")]


def main(argv: Optional[List[str]] = None) -> int:
    """
    Measure and print.

    @return: the exit status.
    """
    parser = parser_of(__doc__, "bcrypt-rounds")
    parser.add_argument(
        "--logins",
        type=number(int, 3, 10000),
        default=200,
        help="of each kind (%(default)s)",
    )
    parser.add_argument(
        "--tolerance",
        type=number(float, 0, 1),
        default=0.05,
        help="how far a median may be off (%(default)s)",
    )
    options = parser.parse_args(argv)
    lines: List[Dict[str, Any]] = []

    def measure() -> List[Dict[str, Any]]:
        lines.extend(figures(latencies(options)))
        return lines

    status = run("timing.py", measure, HEADS, cells, options.json)
    for line in lines:
        if abs(line["ratio"] - 1) > options.tolerance:
            print("%s takes another time than a wrong password" % (line["name"],))
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main())
