"""
One and several processes on one PostgreSQL database: what they answer together,
next to what one does.

GET /account/whoami with tokens that each process remembers, the 401 that opens a
registration with sessions in the database, and password logins.  The clients
are spread over the processes as a reverse proxy would spread them.  They share
the cores with the processes and with the database server, so the figures of a
machine with two cores say what does not grow, more than what does.
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
import statistics
import tempfile
from typing import Any, Callable, Dict, List, Optional, Tuple

from benchmarks.bench import check_statuses
from benchmarks.daemon import running_daemon
from benchmarks.hashing import check_many, seconds_per_check
from benchmarks.load import Load, Result
from benchmarks.matrix import Account, Requests, loopback_address, registered
from benchmarks.options import parser_of, run
from benchmarks.postgres import new_database
from benchmarks.report import cores, number

Address = Tuple[str, int]
Source = Callable[[Requests], Callable[[], bytes]]

SETTINGS = {
    "macaroon_secret_key": "for all processes",
    "synauth": {"sessions": "database"},
}


class Processes:
    """
    Daemons on one database.
    """

    def __init__(self, addresses: List[Address], options: argparse.Namespace) -> None:
        self._addresses = addresses
        self._options = options
        requests = Requests(addresses[0])
        self._account: Account = asyncio.run(registered(addresses[0], requests))

    def _together(self, source: Source, wanted: int, **changed: Any) -> List[Result]:
        """
        Load all of them at once, each with its part of the connections.
        """
        share = max(1, self._options.concurrency // len(self._addresses))
        values: Dict[str, Any] = {
            "concurrency": share,
            "seconds": self._options.seconds,
            "count": 10**6,
        }
        values.update(changed)
        loads = [
            Load(address, source(Requests(address)), **values)
            for address in self._addresses
        ]

        async def all_at_once() -> List[Result]:
            return list(await asyncio.gather(*(load.run() for load in loads)))

        results = asyncio.run(all_at_once())
        for result in results:
            check_statuses("a process", result, wanted)
        return results

    def _rate(self, source: Source, wanted: int, **changed: Any) -> float:
        rates = [
            sum(result.rate for result in self._together(source, wanted, **changed))
            for _ in range(self._options.rounds)
        ]
        return statistics.median(rates)

    def figures(self) -> Dict[str, float]:
        """
        @return: answers a second, by what was asked.
        """
        cost = self._options.bcrypt_rounds
        token = self._account.token
        each = seconds_per_check(cost)
        count = cores() * max(2, round(self._options.seconds / each))
        part = max(1, count // len(self._addresses))
        logins = self._rate(
            lambda requests: requests.logins(self._account, cores() + 2),
            200,
            count=part,
            seconds=60.0,
            concurrency=max(1, (cores() + 2) // len(self._addresses)),
        )
        return {
            "whoami": self._rate(
                lambda requests: itertools.repeat(requests.whoami(token)).__next__, 200
            ),
            "challenge": self._rate(
                lambda requests: requests.challenges(None, False), 401
            ),
            "logins": logins,
            "bare_logins": count / check_many(count, cores(), cost),
        }


def measure_size(options: argparse.Namespace, processes: int) -> Dict[str, Any]:
    """
    @return: the figures with so many processes.
    """
    with contextlib.ExitStack() as stack:
        database = stack.enter_context(new_database(options.postgres))
        addresses = []
        for _ in range(processes):
            directory = stack.enter_context(tempfile.TemporaryDirectory())
            daemon = stack.enter_context(
                running_daemon(
                    directory,
                    database=database,
                    bcrypt_rounds=options.bcrypt_rounds,
                    **SETTINGS,
                )
            )
            addresses.append(loopback_address(daemon.base_url))
        figures = Processes(addresses, options).figures()
    return dict(figures, name="%d processes" % (processes,), processes=processes)


HEADS = ["", "whoami /s", "401 /s", "logins /s", "of bare bcrypt"]


def cells(line: Dict[str, Any]) -> List[str]:
    """
    @return: the cells of the table.
    """
    made = [line["name"]]
    made += ["%.1f" % (line[key],) for key in ("whoami", "challenge", "logins")]
    return made + ["%.3f" % (line["logins"] / line["bare_logins"],)]


def main(argv: Optional[List[str]] = None) -> int:
    """
    Measure and print.

    @return: the exit status.
    """
    parser = parser_of(__doc__, "seconds", "rounds", "concurrency", "bcrypt-rounds")
    parser.add_argument(
        "--postgres",
        metavar="DSN",
        default="host=127.0.0.1 user=postgres",
        help="a server where databases may be made (%(default)s)",
    )
    parser.add_argument(
        "--processes",
        type=number(int, 1, 16),
        nargs="+",
        default=[1, 2],
        help="how many (%(default)s)",
    )
    options = parser.parse_args(argv)

    def measure() -> List[Dict[str, Any]]:
        return [measure_size(options, count) for count in options.processes]

    return run("scaling.py", measure, HEADS, cells, options.json)


if __name__ == "__main__":
    sys.exit(main())
