"""
C{synauth register-user}: make an account by the shared secret.
"""

import argparse
from typing import Any, Optional, Tuple

from synauth.cli.sharedsecret import register
from synauth.cli.terminal import CommandError, Terminal
from synauth.homeserver.config import HomeServerConfig, load_config

_DEFAULT_URL = "http://127.0.0.1:8008"

# An address to listen on, and one at which it is reached from here.
_REACHED_AT = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}


def add_parser(commands: Any) -> None:
    """
    Add the command to a command line.
    """
    parser = commands.add_parser(
        "register-user",
        help="make an account on a running server",
        description="Make an account on a running server by its"
        " registration_shared_secret, which works with registration off too. Asks"
        " for what is not given.",
    )
    parser.add_argument("-u", "--user", help="the name: what stands before the colon")
    parser.add_argument(
        "-p",
        "--password",
        help="the password (other users of this machine can see it here)",
    )
    admin = parser.add_mutually_exclusive_group()
    admin.add_argument(
        "-a",
        "--admin",
        action="store_true",
        default=None,
        help="make an administrator",
    )
    admin.add_argument(
        "--no-admin",
        action="store_false",
        dest="admin",
        help="make an ordinary user, without asking",
    )
    parser.add_argument("-t", "--user_type", help="the account's type, such as bot")
    secret = parser.add_mutually_exclusive_group()
    secret.add_argument(
        "-c",
        "--config",
        action="append",
        metavar="FILE",
        help="take the shared secret, and where the server listens, from this"
        " file; repeatable",
    )
    secret.add_argument(
        "-k",
        "--shared-secret",
        help="the shared secret (other users of this machine can see it here)",
    )
    parser.add_argument(
        "server_url",
        nargs="?",
        metavar="URL",
        help="where the server is (default: as in the configuration, or %s)"
        % (_DEFAULT_URL,),
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace, terminal: Terminal) -> int:
    """
    @return: the exit status.
    @raise CommandError: if the account was not made.
    @raise ConfigError: if the configuration is wrong.
    """
    url, secret = _server(args)
    user = args.user or terminal.ask("User name: ")
    if not user:
        raise CommandError("It can't be empty.")
    password = args.password
    if password is None:
        password = terminal.ask_new_password()
    admin = args.admin
    if admin is None:
        admin = terminal.ask("Make an administrator [no]: ").lower() in ("y", "yes")
    if secret is None:
        secret = terminal.ask_secret("Shared secret: ")
    user_id = register(url, secret, user, password, admin, args.user_type)
    terminal.say("Registered %s" % (user_id,))
    return 0


def _server(args: argparse.Namespace) -> Tuple[str, Optional[str]]:
    """
    @return: where the server is, and its secret as far as it is known.
    """
    if args.config is None:
        return args.server_url or _DEFAULT_URL, args.shared_secret
    config = load_config(args.config, {}, None)
    if config.registration_shared_secret is None:
        raise CommandError(
            "%s: no registration_shared_secret" % (", ".join(args.config),)
        )
    return args.server_url or _url_of(config), config.registration_shared_secret


def _url_of(config: HomeServerConfig) -> str:
    listener = config.listeners[0]
    address = listener.bind_addresses[0]
    host = _REACHED_AT.get(address, address)
    if ":" in host:
        host = "[%s]" % (host,)
    return "http://%s:%d" % (host, listener.port)
