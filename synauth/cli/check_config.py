"""
C{synauth check-config}: whether a configuration is one.
"""

import argparse
from typing import Any, List

from synauth.cli.terminal import Terminal
from synauth.constants import LoginType
from synauth.errors import ConfigError
from synauth.homeserver.application_services import load_application_services
from synauth.homeserver.config import HomeServerConfig, load_config
from synauth.homeserver.policies import Policies
from synauth.homeserver.registration_flows import registration_flows
from synauth.homeserver.templates import Templates

# What every way to register may ask for.
_ASKED = (
    (LoginType.REGISTRATION_TOKEN, "a token"),
    (LoginType.RECAPTCHA, "a captcha"),
    (LoginType.TERMS, "agreement to the rules"),
    (LoginType.EMAIL_IDENTITY, "an e-mail address"),
    (LoginType.MSISDN, "a telephone number"),
)


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
    _check_other_files(config)
    terminal.say("ok")
    for line in _summary(config) + _remarks(config):
        terminal.say(line)
    return 0


def _check_other_files(config: HomeServerConfig) -> None:
    """
    Read what the server reads besides: registrations, templates, rules.

    @raise ConfigError: with every mistake.
    """
    name = config.server_name
    mistakes = []
    for read, args in (
        (load_application_services, (config.app_service_config_files, name)),
        (Templates, (config.custom_template_directory,)),
        (Policies, (config.user_consent,)),
    ):
        try:
            read(*args)
        except ConfigError as error:
            mistakes.append(str(error))
    if mistakes:
        raise ConfigError("\n".join(mistakes))


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
    flows = registration_flows(config)
    asked = [
        words for stage, words in _ASKED if all(stage in stages for stages in flows)
    ]
    if not asked and [LoginType.DUMMY] not in flows:
        asked = ["an address"]
    return "with " + " and ".join(asked) if asked else "open to anybody"


def _remarks(config: HomeServerConfig) -> List[str]:
    lines = ["warning: %s" % (warning,) for warning in config.warnings]
    for unused in config.unused_keys:
        line = "passed over: %s: %s" % (unused.place, unused.key)
        if unused.suggestion is not None:
            line += " (did you mean %s?)" % (unused.suggestion,)
        lines.append(line)
    return lines
