"""
C{synauth check-config}: whether a configuration is one.
"""

import argparse
from typing import Any, List

from synauth.cli.terminal import Terminal
from synauth.homeserver.config import HomeServerConfig, load_config


def add_parser(commands: Any) -> None:
    """
    Add the command to a command line.
    """
    parser = commands.add_parser(
        "check-config",
        help="check configuration files",
        description="Check configuration files together, as the server would take"
        " them: of a key in several, the last one counts. Prints every mistake with"
        " its file, line and key, and exits with 1 if there is any.",
    )
    parser.add_argument("files", nargs="+", metavar="FILE", help="a homeserver.yaml")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace, terminal: Terminal) -> int:
    """
    @return: the exit status.
    @raise ConfigError: with every mistake.
    """
    config = load_config(args.files, {}, None)
    terminal.say("ok")
    for line in _summary(config) + _remarks(config):
        terminal.say(line)
    return 0


def _summary(config: HomeServerConfig) -> List[str]:
    listeners = ", ".join(
        "%s port %d" % (address, listener.port)
        for listener in config.listeners
        for address in listener.bind_addresses
    )
    return [
        "server name:  %s" % (config.server_name,),
        "listens at:   %s" % (listeners,),
        "data:         %s" % (config.data_dir,),
        "database:     %s %s" % (config.database.name, config.database.where),
        "registration: %s" % (_registration(config),),
        "modules:      %s" % (_modules(config),),
    ]


def _modules(config: HomeServerConfig) -> str:
    entries = [*config.modules, *config.password_providers]
    return ", ".join(entry.module for entry in entries) or "none"


def _registration(config: HomeServerConfig) -> str:
    if not config.enable_registration:
        return "off"
    return "with a captcha" if config.enable_registration_captcha else "open to anybody"


def _remarks(config: HomeServerConfig) -> List[str]:
    lines = ["warning: %s" % (warning,) for warning in config.warnings]
    for unused in config.unused_keys:
        line = "passed over: %s: %s" % (unused.place, unused.key)
        if unused.suggestion is not None:
            line += " (did you mean %s?)" % (unused.suggestion,)
        lines.append(line)
    return lines
