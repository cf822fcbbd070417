"""
What a server answers per second, and how soon, next to what this machine could
do at best.

Measures GET /login, GET /account/whoami, the 401 that opens user-interactive
registration, password logins, and whoami while logins keep all cores hashing.
Every measurement of the server takes turns with one of its floor: a bare
twisted.web resource with answers of the same size, or bcrypt.checkpw alone.
"""

import os
import sys

if not __package__:
    # As a script: not this file's folder, where "http" would be this file.
    sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

import argparse
import asyncio
import contextlib
import tempfile
from typing import List, Optional

from benchmarks.answer import LoadError
from benchmarks.bench import Address, Bench, Settings
from benchmarks.daemon import running_daemon
from benchmarks.figures import HEADS, cells, figures
from benchmarks.floor import running_floor
from benchmarks.matrix import Account, Requests, logged_in, loopback_address, registered
from benchmarks.report import machine, number, table, write_json


def arguments(argv: Optional[List[str]]) -> argparse.Namespace:
    """
    @return: the command line, parsed.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument(
        "--base-url", help="a running server, such as http://127.0.0.1:8008"
    )
    where.add_argument(
        "--start", action="store_true", help="run twistd -n synauth for the measurement"
    )
    parser.add_argument("--user", help="an account to log in with (default: a new one)")
    parser.add_argument("--password", help="its password")
    parser.add_argument("--token", help="an access token instead: no logins then")
    parser.add_argument(
        "--seconds",
        type=number(float, 0.05, 60),
        default=3.0,
        help="of a slice (%(default)s)",
    )
    parser.add_argument(
        "--rounds", type=number(int, 1, 20), default=5, help="of slices (%(default)s)"
    )
    parser.add_argument(
        "--concurrency",
        type=number(int, 1, 256),
        default=16,
        help="connections (%(default)s)",
    )
    parser.add_argument(
        "--count",
        type=number(int, 1, 10**6),
        default=200000,
        help="requests in a slice at most (%(default)s)",
    )
    parser.add_argument(
        "--pace",
        type=number(float, 1, 10**4),
        default=100.0,
        help="whoami requests a second during logins (%(default)s)",
    )
    parser.add_argument(
        "--bcrypt-rounds",
        type=number(int, 4, 16),
        default=12,
        help="the cost of the server's hashes, for the floor (%(default)s)",
    )
    parser.add_argument("--json", metavar="FILE", help="write the figures there too")
    options = parser.parse_args(argv)
    if options.token is None and (options.user is None) != (options.password is None):
        parser.error("--user and --password go together")
    return options


def find_account(options: argparse.Namespace, address: Address) -> Account:
    """
    @return: the account that was named, or a new one.
    """
    requests = Requests(address)
    if options.token is not None:
        return Account(options.user or "", options.password, options.token)
    if options.user is not None:
        return asyncio.run(logged_in(address, requests, options.user, options.password))
    return asyncio.run(registered(address, requests))


def main(argv: Optional[List[str]] = None) -> int:
    """
    Measure and print.

    @return: the exit status.
    """
    options = arguments(argv)
    settings = Settings(
        options.seconds,
        options.rounds,
        options.concurrency,
        options.count,
        options.pace,
        options.bcrypt_rounds,
    )
    try:
        with contextlib.ExitStack() as stack:
            base_url = options.base_url
            if options.start:
                directory = stack.enter_context(tempfile.TemporaryDirectory())
                base_url = stack.enter_context(running_daemon(directory)).base_url
            address = loopback_address(base_url)
            floor = stack.enter_context(running_floor())
            bench = Bench(address, find_account(options, address), settings)
            lines = [figures(row) for row in bench.rows(floor)]
    except LoadError as error:
        sys.stderr.write("http.py: %s\n" % (error,))
        return 1
    print(table(HEADS, [cells(line) for line in lines]))
    for line in lines:
        if "logins" in line:
            print("%s: %.2f logins/s" % (line["name"], line["logins"]["per_second"]))
        if line["server"]["generator_cpu"] > 0.9:
            print("%s: the generator is the limit, not the server" % (line["name"],))
    write_json(
        options.json,
        {"machine": machine(), "settings": settings._asdict(), "rows": lines},
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
