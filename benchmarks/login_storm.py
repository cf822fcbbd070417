"""
Password logins of three kinds mixed: the right password, a wrong one, and users
who do not exist.

All three cost one bcrypt check, so the floor is that many bare checks on all
cores. Also shows how long each kind takes when it comes alone, which is what
somebody who guesses names would look at.
"""

import os
import sys

if not __package__:
    # As a script: not this file's folder, whose http.py would hide Python's.
    sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

import argparse
import asyncio
import itertools
import statistics
import tempfile
from typing import Any, Callable, Dict, List, Optional

from benchmarks.answer import LoadError
from benchmarks.daemon import running_daemon
from benchmarks.hashing import check_many, seconds_per_check
from benchmarks.load import Load, percentile
from benchmarks.matrix import Account, Requests, loopback_address, registered
from benchmarks.options import parser_of, run
from benchmarks.report import cores

KINDS = ("correct", "wrong", "unknown")


def bodies(requests: Requests, accounts: List[Account]) -> Dict[str, List[bytes]]:
    """
    @return: the requests of each kind.
    """
    made: Dict[str, List[bytes]] = {kind: [] for kind in KINDS}
    for account in accounts:
        wrong = account._replace(password="not the password")
        nobody = wrong._replace(user="nobody-" + account.user)
        for kind, who in zip(KINDS, (account, wrong, nobody)):
            made[kind].append(requests.login(who, "STORM"))
    return made


class Storm:
    """
    The measurement of one server.

    @param options: the command line's.
    """

    def __init__(self, base_url: str, options: argparse.Namespace) -> None:
        self._options = options
        self._address = loopback_address(base_url)
        requests = Requests(self._address)
        accounts = [
            asyncio.run(registered(self._address, requests))
            for _ in range(options.accounts)
        ]
        self._bodies = bodies(requests, accounts)
        each = seconds_per_check(options.bcrypt_rounds)
        wanted = round(options.seconds / each) * cores()
        self._count = len(KINDS) * max(1, wanted // len(KINDS))

    def _run(self, source: Callable[[], bytes], wanted: Dict[int, int]) -> Any:
        count = sum(wanted.values())
        load = Load(
            self._address, source, cores() + 2, self._options.seconds * 10, count
        )
        result = asyncio.run(load.run())
        if result.statuses != wanted:
            raise LoadError(
                "logins: answers by status: %r, wanted %r" % (result.statuses, wanted)
            )
        return result

    def mixed(self) -> Dict[str, Any]:
        """
        @return: the figures of all kinds together, next to bare checks.
        """
        options, count = self._options, self._count
        wanted = {200: count // 3, 403: count - count // 3}
        rates, ratios, latencies = [], [], []
        for _ in range(options.rounds):
            turns = itertools.cycle(
                itertools.chain(*zip(*(self._bodies[kind] for kind in KINDS)))
            )
            result = self._run(turns.__next__, wanted)
            took = check_many(count, cores(), options.bcrypt_rounds)
            rates.append(result.rate)
            ratios.append(result.rate / (count / took))
            latencies += result.latencies
        return _line("mixed", rates, latencies, ratios)

    def alone(self, kind: str) -> Dict[str, Any]:
        """
        @return: the figures of one kind.
        """
        count = max(1, self._count // 3)
        wanted = {200 if kind == "correct" else 403: count}
        result = self._run(itertools.cycle(self._bodies[kind]).__next__, wanted)
        return _line(kind, [result.rate], result.latencies, [])


def _line(
    name: str, rates: List[float], latencies: List[float], ratios: List[float]
) -> Dict[str, Any]:
    line = {
        "name": name,
        "per_second": statistics.median(rates),
        "p50_ms": percentile(sorted(latencies), 0.5) * 1000,
        "p99_ms": percentile(sorted(latencies), 0.99) * 1000,
    }
    if ratios:
        line["ratio"] = statistics.median(ratios)
    return line


def measure(options: argparse.Namespace) -> List[Dict[str, Any]]:
    """
    @return: the figures, a line each.
    """
    with tempfile.TemporaryDirectory() as directory:
        with running_daemon(directory, bcrypt_rounds=options.bcrypt_rounds) as daemon:
            storm = Storm(daemon.base_url, options)
            return [storm.mixed()] + [storm.alone(kind) for kind in KINDS]


HEADS = ["logins", "/s", "p50 ms", "p99 ms", "of bare bcrypt"]


def cells(line: Dict[str, Any]) -> List[str]:
    """
    @return: the cells of the table.
    """
    ratio = "%.3f" % (line["ratio"],) if "ratio" in line else ""
    figures = ["%.1f" % (line[key],) for key in ("per_second", "p50_ms", "p99_ms")]
    return [line["name"], *figures, ratio]


def main(argv: Optional[List[str]] = None) -> int:
    """
    Measure and print.

    @return: the exit status.
    """
    parser = parser_of(__doc__, "seconds", "rounds", "bcrypt-rounds")
    parser.add_argument(
        "--accounts", type=int, default=4, choices=range(1, 51), metavar="N"
    )
    options = parser.parse_args(argv)
    return run("login_storm.py", lambda: measure(options), HEADS, cells, options.json)


if __name__ == "__main__":
    sys.exit(main())
