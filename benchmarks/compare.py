"""
synauth next to a Synapse, on the same database engine, slice by slice in one run.

--synapse names a virtualenv with a Synapse in it.  With --postgres both get a
database of their own on that server, which is dropped afterwards; otherwise both
use SQLite.  Each server is started with one process, the limits out of the way,
and everything else as shipped.
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
from typing import Any, Callable, Dict, Iterator, List, NamedTuple, Optional, Tuple

from benchmarks.bench import check_statuses
from benchmarks.daemon import running_daemon
from benchmarks.hashing import seconds_per_check
from benchmarks.load import Load, Result, percentile
from benchmarks.matrix import Account, Requests, loopback_address, registered
from benchmarks.options import parser_of, run
from benchmarks.postgres import new_database
from benchmarks.report import cores
from benchmarks.synapse import running_synapse, version_of

Address = Tuple[str, int]
Source = Callable[[], bytes]


class Side(NamedTuple):
    """
    One of the two servers.
    """

    address: Address
    requests: Requests
    account: Account


def side_of(base_url: str) -> Side:
    """
    @return: a server, with an account of ours on it.
    """
    address = loopback_address(base_url)
    requests = Requests(address)
    return Side(address, requests, asyncio.run(registered(address, requests)))


class Comparison:
    """
    The measurements of two servers.
    """

    def __init__(self, sides: List[Side], options: argparse.Namespace) -> None:
        self._sides = sides
        self._options = options

    def _slice(self, side: Side, source: Source, **changed: Any) -> Load:
        values: Dict[str, Any] = {
            "concurrency": self._options.concurrency,
            "seconds": self._options.seconds,
            "count": 10**6,
        }
        values.update(changed)
        return Load(side.address, source, **values)

    def lines(self) -> Iterator[Dict[str, Any]]:
        """
        @return: the figures, a line each.
        """
        yield self._closed("GET /login", lambda s: _always(s.requests.flows()), 200)
        yield self._closed(
            "GET /account/whoami",
            lambda s: _always(s.requests.whoami(s.account.token)),
            200,
        )
        for name, password in (("", True), (", no password", False)):
            yield self._closed(
                "POST /register (401%s)" % (name,),
                lambda s, password=password: s.requests.challenges(None, password),
                401,
            )
        yield self._logins()
        yield self._whoami_during_logins()

    def _closed(
        self, name: str, source: Callable[[Side], Source], wanted: int
    ) -> Dict[str, Any]:
        results: List[List[Result]] = [[], []]
        for _ in range(self._options.rounds):
            for side, kept in zip(self._sides, results):
                result = asyncio.run(self._slice(side, source(side)).run())
                check_statuses(name, result, wanted)
                kept.append(result)
        return _line(name, results)

    def _logins(self) -> Dict[str, Any]:
        each = seconds_per_check(self._options.bcrypt_rounds)
        count = cores() * max(2, round(self._options.seconds / each))
        results: List[List[Result]] = [[], []]
        for _ in range(self._options.rounds):
            for side, kept in zip(self._sides, results):
                result = asyncio.run(self._login_load(side, count, 60).run())
                check_statuses("logins", result, 200)
                kept.append(result)
        return _line("POST /login (password)", results)

    def _login_load(self, side: Side, count: int, seconds: float) -> Load:
        connections = cores() + 2
        source = side.requests.logins(side.account, connections)
        return self._slice(
            side, source, concurrency=connections, count=count, seconds=seconds
        )

    def _whoami_during_logins(self) -> Dict[str, Any]:
        results: List[List[Result]] = [[], []]
        for _ in range(self._options.rounds):
            for side, kept in zip(self._sides, results):
                kept.append(asyncio.run(self._beside_logins(side)))
        line = _line("whoami during logins", results)
        # The pace is given.
        del line["ratio"]
        return line

    async def _beside_logins(self, side: Side) -> Result:
        seconds = self._options.seconds
        logins = self._login_load(side, 10**6, seconds + 1)
        background = asyncio.ensure_future(logins.run())
        # Until the hash pool has all that it can take.
        await asyncio.sleep(0.5)
        source = _always(side.requests.whoami(side.account.token))
        paced = self._slice(side, source, concurrency=8, rate=self._options.pace)
        result = await paced.run()
        await background
        check_statuses("whoami during logins", result, 200)
        return result


def _always(request: bytes) -> Source:
    return itertools.repeat(request).__next__


def _line(name: str, results: List[List[Result]]) -> Dict[str, Any]:
    line: Dict[str, Any] = {"name": name}
    for server, kept in zip(("synauth", "synapse"), results):
        latencies = sorted(itertools.chain(*(r.latencies for r in kept)))
        line[server] = {
            "per_second": statistics.median(r.rate for r in kept),
            "p50_ms": percentile(latencies, 0.5) * 1000,
            "p99_ms": percentile(latencies, 0.99) * 1000,
        }
    ours, theirs = results
    line["ratio"] = statistics.median(a.rate / b.rate for a, b in zip(ours, theirs))
    return line


def measure(options: argparse.Namespace) -> List[Dict[str, Any]]:
    """
    @return: the figures, a line each.
    """
    python = os.path.join(options.synapse, "bin", "python")
    print("Synapse %s" % (version_of(python),))
    with contextlib.ExitStack() as stack:
        folders = [stack.enter_context(tempfile.TemporaryDirectory()) for _ in range(2)]
        databases = [
            {"name": "sqlite3", "args": {"database": os.path.join(folder, "it.db")}}
            for folder in folders
        ]
        if options.postgres:
            databases = [
                stack.enter_context(new_database(options.postgres)) for _ in folders
            ]
        ours = stack.enter_context(
            running_daemon(
                folders[0],
                database=databases[0],
                bcrypt_rounds=options.bcrypt_rounds,
                # On PostgreSQL it has to be there.
                macaroon_secret_key="for a measurement",
            )
        )
        theirs = stack.enter_context(
            running_synapse(python, folders[1], databases[1], options.bcrypt_rounds)
        )
        sides = [side_of(daemon.base_url) for daemon in (ours, theirs)]
        return list(Comparison(sides, options).lines())


HEADS = ["", "synauth /s", "p50 ms", "p99 ms", "Synapse /s", "p50 ms", "p99 ms"]
HEADS += ["ratio"]


def cells(line: Dict[str, Any]) -> List[str]:
    """
    @return: the cells of the table.
    """
    made = [line["name"]]
    for server in ("synauth", "synapse"):
        keys = ("per_second", "p50_ms", "p99_ms")
        made += ["%.2f" % (line[server][key],) for key in keys]
    return made + ["%.2f" % (line["ratio"],) if "ratio" in line else ""]


def main(argv: Optional[List[str]] = None) -> int:
    """
    Measure and print.

    @return: the exit status.
    """
    parser = parser_of(
        __doc__, "seconds", "rounds", "concurrency", "pace", "bcrypt-rounds"
    )
    parser.add_argument("--synapse", metavar="VENV", required=True)
    parser.add_argument(
        "--postgres",
        metavar="DSN",
        help="such as 'host=127.0.0.1 user=postgres'; needs psycopg2 on both sides",
    )
    options = parser.parse_args(argv)
    return run("compare.py", lambda: measure(options), HEADS, cells, options.json)


if __name__ == "__main__":
    sys.exit(main())
