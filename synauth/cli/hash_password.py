"""
C{synauth hash-password}: a password as the database has it.
"""

import argparse
from typing import Any

import bcrypt

from synauth.auth.passwords import prepare
from synauth.cli.terminal import CommandError, Terminal
from synauth.errors import MatrixError
from synauth.homeserver.config import load_config


def add_parser(commands: Any) -> None:
    """
    Add the command to a command line.
    """
    parser = commands.add_parser(
        "hash-password",
        help="print the hash of a password",
        description="Print the bcrypt hash of a password, as it stands in the"
        " database. Asks for the password unless it is given.",
    )
    parser.add_argument(
        "-p",
        "--password",
        help="the password (other users of this machine can see it here)",
    )
    parser.add_argument(
        "-c",
        "--config",
        action="append",
        default=[],
        metavar="FILE",
        help="take bcrypt_rounds and password_config.pepper from this file; repeatable",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace, terminal: Terminal) -> int:
    """
    @return: the exit status.
    @raise CommandError: if there is nothing to hash.
    @raise ConfigError: if the configuration is wrong.
    """
    config = load_config(args.config, {}, None)
    password = args.password
    if password is None:
        password = terminal.ask_new_password()
    if not password:
        raise CommandError("It can't be empty.")
    try:
        prepared = prepare(password, config.password_pepper)
    except (MatrixError, UnicodeEncodeError):
        raise CommandError("The password is not valid Unicode text.")
    hashed = bcrypt.hashpw(prepared, bcrypt.gensalt(config.bcrypt_rounds))
    terminal.say(hashed.decode("ascii"))
    return 0
