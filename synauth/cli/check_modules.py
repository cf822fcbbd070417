"""
C{synauth check-modules}: whether the configured modules are what they should be.
"""

import argparse
from collections import defaultdict
from typing import Any, Callable, DefaultDict, Dict, List

import attr
from twisted.internet.defer import inlineCallbacks
from twisted.logger import globalLogBeginner

from synauth.awaiting import Steps
from synauth.cli.terminal import Terminal
from synauth.homeserver.config import HomeServerConfig, load_config
from synauth.homeserver.module_host import ModuleHost
from synauth.homeserver.server import HomeServer
from synauth.providers.calling import Caller
from synauth.providers.conformance import Conformance
from synauth.providers.loading import (
    BuiltModule,
    build_modules,
    load_modules,
    module_schemas,
)
from synauth.providers.surveying import missing_members
from synauth.storage.module_schemas import apply_to_connection
from synauth.testing.database import InlineDatabase


def add_parser(commands: Any) -> None:
    """
    Add the command to a command line.
    """
    parser = commands.add_parser(
        "check-modules",
        help="load the configured modules and try them",
        description="Load each configured module as the server would, with an empty"
        " database in memory and without listening; say what it is, ask it about"
        " accounts that nobody has, and exit with 1 if there is anything wrong. It"
        " does ask the modules' own backends.",
    )
    parser.add_argument(
        "-c",
        "--config",
        action="append",
        required=True,
        dest="files",
        metavar="FILE",
        help="a homeserver.yaml; may be repeated",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace, terminal: Terminal) -> int:
    """
    @return: the exit status.
    @raise ConfigError: if the configuration is wrong, or a module can't be
        loaded.
    """
    from twisted.internet import reactor

    config = load_config(args.files, {}, None)
    # What goes wrong is in the report.
    globalLogBeginner.beginLoggingTo([], redirectStandardIO=False)
    checking = ModuleCheck(config, reactor)
    status: List[Any] = []

    def start() -> None:
        done = checking.report(terminal.say)
        done.addBoth(status.append)
        done.addBoth(lambda _: reactor.stop())

    reactor.callWhenRunning(start)
    reactor.run()
    (problems,) = status
    if not isinstance(problems, int):
        problems.raiseException()
    return 1 if problems else 0


@attr.s(auto_attribs=True)
class Listening:
    """
    Passes callbacks on, and remembers whose they are.

    @ivar registered: by the modules' names and their kinds.
    """

    callbacks: Any
    registered: DefaultDict[str, DefaultDict[str, List[Any]]] = attr.Factory(
        lambda: defaultdict(lambda: defaultdict(list))
    )

    def register(self, module: str, **callbacks: Any) -> None:
        """
        See L{synauth.interfaces.ICallbacks.register}.
        """
        self.callbacks.register(module, **callbacks)
        for kind, callback in callbacks.items():
            if callback is not None:
                self.registered[module][kind].append(callback)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.callbacks, name)


class ModuleCheck:
    """
    The configured modules, loaded into a homeserver in memory.

    @param config: the settings.
    @param reactor: time and threads.
    @raise ConfigError: if a module can't be loaded.
    """

    def __init__(self, config: HomeServerConfig, reactor: Any) -> None:
        loaded = load_modules(config.modules, config.password_providers)
        database = InlineDatabase()
        settings = attr.evolve(
            config, macaroon_secret_key="check-modules", password_providers=()
        )
        # Nobody makes a request here, so nobody brings an access token.
        host: Any = ModuleHost(HomeServer(settings, reactor, database), str)
        host.callbacks = self._callbacks = Listening(host.callbacks)
        apply_to_connection(
            database.engine, database.connection, module_schemas(loaded)
        )
        self._built = build_modules(loaded, host)
        self._hostname = config.server_name
        self._caller = Caller(
            lambda: reactor,
            config.module_timeout / 1000.0,
            {name: ms / 1000.0 for name, ms in config.module_timeouts.items()},
        )

    @inlineCallbacks
    def report(self, say: Callable[[str], None]) -> Steps[int]:
        """
        Try them all.

        @param say: prints a line.
        @return: fires with the number of problems.
        """
        count = 0
        for built in self._built:
            name = built.loaded.name
            registered = self._callbacks.registered[name]
            say("%s (%s)" % (name, built.loaded.where))
            say("  generation:  %s" % _generation(built))
            say("  callbacks:   %s" % (", ".join(registered) or "none"))
            say("  login types: %s" % _login_types(registered))
            problems = _missing(built)
            if not registered:
                problems.append("it registers nothing that synauth would ask it")
            conformance = Conformance(name, registered, self._hostname, self._caller)
            yield conformance.run()
            problems += conformance.problems
            say("  asked:       %d questions" % conformance.asked)
            for problem in problems:
                say("  problem:     %s" % problem)
            count += len(problems)
        say("%d modules, %d problems" % (len(self._built), count))
        return count


def _generation(built: BuiltModule) -> str:
    is_legacy = built.loaded.is_legacy
    other = any(
        hasattr(built.instance, name)
        for name in ("check_password", "get_supported_login_types", "check_3pid_auth")
    )
    if is_legacy:
        return "legacy (password_providers)"
    if other:
        return "new (modules); it has the methods of a legacy provider, too"
    return "new (modules)"


def _login_types(registered: Dict[str, List[Any]]) -> str:
    return (
        ", ".join(
            "%s (%s)" % (login_type, ", ".join(fields))
            for checkers in registered.get("auth_checkers", [])
            for login_type, fields in checkers
        )
        or "none"
    )


def _missing(built: BuiltModule) -> List[str]:
    return [
        "line %d asks for %s, which synauth lacks" % (line, what)
        for line, what in missing_members(built.loaded.factory, built.api)
    ]
