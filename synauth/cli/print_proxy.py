"""
C{synauth print-proxy}: the rules of a reverse proxy that sends to the daemon
what it serves, and all else to a homeserver.
"""

import argparse
import re
from typing import Any

from synauth.cli.terminal import CommandError, Terminal
from synauth.web.endpoints import ROUTES
from synauth.web.proxies import PROXIES, patterns

# A name or an address of either kind, and a port.
_UPSTREAM = re.compile(r"([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]):[0-9]{1,5}\Z")


def add_parser(commands: Any) -> None:
    """
    Add the command to a command line.
    """
    parser = commands.add_parser(
        "print-proxy",
        help="print the rules of a reverse proxy",
        description="Print the rules by which a reverse proxy, in front of a"
        " homeserver, sends exactly those paths to synauth that it serves. What"
        " modules serve besides is not among them.",
    )
    parser.add_argument("proxy", choices=sorted(PROXIES), help="whose rules")
    parser.add_argument(
        "--upstream",
        default="127.0.0.1:8008",
        metavar="HOST:PORT",
        help="where the daemon listens (default: %(default)s)",
    )
    parser.add_argument(
        "--alone",
        action="store_true",
        help="there is no homeserver: send discovery and /health here as well",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace, terminal: Terminal) -> int:
    """
    @return: the exit status.
    @raise CommandError: if the daemon can't listen there.
    """
    if not _UPSTREAM.match(args.upstream):
        raise CommandError(
            "--upstream: expected HOST:PORT, found %r" % (args.upstream,)
        )
    terminal.stdout.write(
        PROXIES[args.proxy](patterns(ROUTES, args.alone), args.upstream)
    )
    return 0
