"""
The C{synauth} command line.
"""

import argparse
from typing import Optional, Sequence

from synauth._version import __version__
from synauth.cli import (
    check_config,
    check_modules,
    generate_config,
    hash_password,
    print_proxy,
    register_user,
    registration_token,
)
from synauth.cli.terminal import CommandError, Terminal
from synauth.errors import ConfigError

_COMMANDS = (
    register_user,
    hash_password,
    check_config,
    check_modules,
    generate_config,
    print_proxy,
    registration_token,
)

# As a shell counts a process that SIGINT ended.
_INTERRUPTED = 130


def make_parser() -> argparse.ArgumentParser:
    """
    @return: the parser of the whole command line.
    """
    parser = argparse.ArgumentParser(
        prog="synauth",
        description="Tools for the operator of a synauth server. The server itself"
        " is started with: twistd -n synauth --config homeserver.yaml",
    )
    parser.add_argument(
        "--version", action="version", version="synauth %s" % (__version__,)
    )
    commands = parser.add_subparsers(
        title="commands", metavar="COMMAND", dest="command"
    )
    # A keyword of add_subparsers only since Python 3.7.
    commands.required = True
    for module in _COMMANDS:
        module.add_parser(commands)
    return parser


def main(
    argv: Optional[Sequence[str]] = None, terminal: Optional[Terminal] = None
) -> int:
    """
    Run one command.

    @param argv: the arguments; C{None} for those of the process.
    @param terminal: where to ask and answer; C{None} for that of the process.
    @return: the exit status: 0 if it was done, 1 if not.
    @raise SystemExit: with 2, if the command line is not understood.
    """
    if terminal is None:
        terminal = Terminal()
    args = make_parser().parse_args(argv)
    try:
        return int(args.run(args, terminal))
    except (CommandError, ConfigError) as e:
        terminal.complain(str(e))
        return 1
    except KeyboardInterrupt:
        terminal.complain("")
        return _INTERRUPTED
