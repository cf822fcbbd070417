"""
C{synauth registration-token}: tokens that let people register.

It goes to the database itself, so it does its work whether the daemon runs or
not.
"""

import argparse
import os
from typing import Any, List, Optional, cast

from twisted.internet.defer import Deferred

from synauth.awaiting import fired
from synauth.cli.terminal import CommandError, Terminal
from synauth.homeserver.clock import Clock
from synauth.homeserver.config import load_config
from synauth.homeserver.registration_tokens import (
    MAX_TOKEN_LENGTH,
    MAX_USES,
    is_token,
    made_up_token,
)
from synauth.storage.engines import make_engine
from synauth.storage.inline import InlineDatabase
from synauth.storage.migrations import require_current
from synauth.storage.registration_tokens import (
    RegistrationToken,
    RegistrationTokenStore,
)
from synauth.storage.sqlite import SqliteEngine


class Tokens(RegistrationTokenStore):
    """
    The tokens in a database that is opened for one command.
    """

    def __init__(self, database: InlineDatabase) -> None:
        self._database = database


def add_parser(commands: Any) -> None:
    """
    Add the command to a command line.
    """
    parser = commands.add_parser(
        "registration-token",
        help="make, list and delete registration tokens",
        description="Make, list and delete the tokens that let people register"
        " where registration_requires_token is set. It works on the database, while"
        " the server runs and while it does not.",
    )
    actions = parser.add_subparsers(title="actions", metavar="ACTION", dest="action")
    actions.required = True
    create = actions.add_parser("create", help="make a token, and print it")
    create.add_argument("--token", help="its name (default: one is made up)")
    create.add_argument(
        "--uses-allowed",
        type=int,
        metavar="N",
        help="how many accounts it is good for (default: any number)",
    )
    create.add_argument(
        "--expires-in-days", type=float, metavar="N", help="(default: never)"
    )
    list_ = actions.add_parser("list", help="list the tokens")
    delete = actions.add_parser("delete", help="delete a token")
    delete.add_argument("--token", required=True)
    for action, run in ((create, _create), (list_, _list), (delete, _delete)):
        action.add_argument(
            "-c",
            "--config",
            action="append",
            required=True,
            metavar="FILE",
            help="the server's configuration; repeat it for several files",
        )
        action.set_defaults(run=_running(run))


def _running(action: Any) -> Any:
    def run(args: argparse.Namespace, terminal: Terminal) -> int:
        chosen = load_config(args.config, {}, None).database
        engine = make_engine(chosen.name, chosen.args, chosen.allow_unsafe_locale)
        if isinstance(engine, SqliteEngine) and not os.path.exists(engine.path):
            raise CommandError(
                "%s: there is none yet; start the server once" % (engine.name,)
            )
        require_current(engine)
        database = InlineDatabase(engine=engine)
        try:
            action(Tokens(database), args, terminal)
        finally:
            database.close()
        return 0

    return run


def _now_ms() -> int:
    from twisted.internet import reactor

    return Clock(cast(Any, reactor)).time_msec()


def _create(tokens: Tokens, args: argparse.Namespace, terminal: Terminal) -> None:
    token = made_up_token() if args.token is None else args.token
    if not is_token(token):
        raise CommandError(
            "--token: expected 1 to %d of A-Z a-z 0-9 . _ ~ -" % (MAX_TOKEN_LENGTH,)
        )
    uses: Optional[int] = args.uses_allowed
    if uses is not None and not 0 <= uses <= MAX_USES:
        raise CommandError("--uses-allowed: expected a number from 0 up")
    expiry: Optional[int] = None
    if args.expires_in_days is not None:
        if not 0 < args.expires_in_days < 36500:
            raise CommandError("--expires-in-days: expected a number above 0")
        expiry = _now_ms() + int(args.expires_in_days * 24 * 60 * 60 * 1000)
    if not fired(tokens.create_registration_token(token, uses, expiry)):
        raise CommandError("there is a token %s already" % (token,))
    terminal.say(token)


def _list(tokens: Tokens, args: argparse.Namespace, terminal: Terminal) -> None:
    now = _now_ms()
    found: "Deferred[List[RegistrationToken]]" = tokens.get_registration_tokens(now)
    for each in fired(found):
        allowed = "any number" if each.uses_allowed is None else each.uses_allowed
        terminal.say(
            "%s  %s  allowed: %s  pending: %d  completed: %d"
            % (
                each.token,
                "good" if each.valid(now) else "not good",
                allowed,
                each.pending,
                each.completed,
            )
        )


def _delete(tokens: Tokens, args: argparse.Namespace, terminal: Terminal) -> None:
    if not fired(tokens.delete_registration_token(args.token)):
        raise CommandError("there is no token %s" % (args.token,))
    terminal.say("deleted")
