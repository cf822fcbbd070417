"""
C{synauth generate-config}: a C{homeserver.yaml} to begin with.
"""

import argparse
from typing import Any

from synauth.cli.terminal import Terminal
from synauth.homeserver.config import load_config
from synauth.homeserver.config.reference import sample_config


def add_parser(commands: Any) -> None:
    """
    Add the command to a command line.
    """
    parser = commands.add_parser(
        "generate-config",
        help="print a commented homeserver.yaml",
        description="Print a commented homeserver.yaml with fresh secrets. Keep it"
        " from other users: (umask 077; synauth generate-config --server-name"
        " example.com > homeserver.yaml)",
    )
    parser.add_argument(
        "--server-name",
        required=True,
        metavar="NAME",
        help="what stands after the colon in user ids",
    )
    parser.add_argument(
        "--data-dir",
        default="./synauth-data",
        metavar="DIR",
        help="where the server keeps its data (default: %(default)s)",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace, terminal: Terminal) -> int:
    """
    @return: the exit status.
    @raise ConfigError: if there can't be a server of that name.
    """
    overrides = {
        "server_name": args.server_name,
        "synauth": {"data_dir": args.data_dir},
    }
    load_config([], overrides, None)
    terminal.stdout.write(sample_config(args.server_name, args.data_dir))
    return 0
