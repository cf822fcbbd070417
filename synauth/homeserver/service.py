"""
The running daemon: the database, the listeners and what they serve.
"""

import logging
import os
import os.path
from shlex import quote
from typing import Any, Dict, List, Mapping, Optional, Sequence

import attr
from twisted.application.service import IService, Service
from twisted.logger import Logger
from twisted.python.versions import Version
from twisted.web.resource import IResource

import twisted
from synauth.errors import ConfigError
from synauth.homeserver.config.loading import load_config
from synauth.homeserver.config.settings import HomeServerConfig
from synauth.homeserver.daemon_log import DaemonService, make_observer
from synauth.homeserver.data_lock import LOCK_FILE, DataLock
from synauth.homeserver.housekeeping import Housekeeping
from synauth.homeserver.module_host import ModuleHost
from synauth.homeserver.module_logs import hear_modules
from synauth.homeserver.open_files import allow_open_files
from synauth.homeserver.server import HomeServer
from synauth.homeserver.signing_key import load_or_create_signing_key, make_data_dir
from synauth.homeserver.stopping import ListenerService
from synauth.interfaces import IDatabase, IEngine
from synauth.providers.loading import (
    LoadedModule,
    build_modules,
    load_modules,
    module_schemas,
)
from synauth.storage.engines import make_database, make_engine
from synauth.storage.migrations import prepare_database, some_user_id
from synauth.storage.module_schemas import apply_module_schemas
from synauth.storage.sqlite import SqliteEngine
from synauth.web.access_token import access_token
from synauth.web.api import make_root
from synauth.web.connections import Connections
from synauth.web.doors import listen, make_sites

_log = Logger()

# The first one whose pipelined answers can't come in the wrong order
# (CVE-2024-41671): before it, one client could be answered with another's token.
SAFE_TWISTED = Version("Twisted", 24, 7, 0)


class DatabaseService(Service):
    """
    Opens the database.  What is under way when the reactor stops is finished by
    the database itself.

    @param database: not started.
    @param locks: held for as long as this lives.
    """

    def __init__(self, database: IDatabase, locks: Sequence[DataLock]) -> None:
        self._database = database
        self._locks = locks

    def startService(self) -> None:
        """
        Open the database.
        """
        super().startService()
        self._database.start()


class Announcement(Service):
    """
    Tells an operator what to do next.

    @param config: the settings.
    @param paths: the files that they are from.
    """

    def __init__(self, config: HomeServerConfig, paths: Sequence[str]) -> None:
        self._config = config
        self._paths = paths

    def startService(self) -> None:
        """
        Say it.
        """
        super().startService()
        config = self._config
        _log.info(
            "The data of {name} is in {path}",
            name=config.server_name,
            path=os.path.abspath(config.data_dir),
        )
        if config.registration_shared_secret:
            words = ["synauth", "register-user"]
            for path in self._paths:
                words += ["-c", quote(path)]
            _log.info("Make a user with: {command}", command=" ".join(words))
        elif config.enable_registration:
            _log.info("Anybody can register now, with any Matrix client")
        else:
            _log.info(
                "Nobody can register: start with --enable-registration to try it, or"
                " set registration_shared_secret and use: synauth register-user"
            )
        for warning in config.warnings:
            _log.warn("{text}", text=warning)
        if twisted.version < SAFE_TWISTED:
            _log.warn(
                "Twisted {version} can mix up the answers of pipelined requests"
                " (CVE-2024-41671): install 24.7 or newer",
                version=twisted.version.short(),
            )


def make_service(
    paths: List[str],
    overrides: Mapping[str, Any],
    data_dir: Optional[str],
    reactor: Any,
    twistd: Optional[Mapping[str, Any]] = None,
) -> IService:
    """
    Make the daemon.

    @param paths: configuration files.
    @param overrides: what the command line says instead.
    @param data_dir: the data directory, C{None} for what the files say.
    @param reactor: the reactor.
    @param twistd: C{twistd}'s own options, if it is to start the daemon.
    @raise ConfigError: if anything is wrong with what it is told, or with what
        it finds there.
    """
    config = load_config(paths, overrides, data_dir)
    modules = load_modules(config.modules, config.password_providers)
    make_data_dir(config.data_dir)
    chosen = config.database
    engine = make_engine(chosen.name, chosen.args, chosen.allow_unsafe_locale)
    locks = lock_data(config.data_dir, engine)
    prepare_database(engine)
    check_server_name(engine, config.server_name)
    apply_module_schemas(engine, module_schemas(modules))
    database = make_database(reactor, engine, chosen.args)
    hs = HomeServer(complete(config), reactor, database)
    root = make_root(hs, add_modules(hs, modules))
    allow_open_files(config.max_connections)
    connections = Connections(
        reactor,
        config.max_connections,
        config.max_connections_per_address,
        config.trusted_proxies,
    )
    sites = make_sites(config, root, reactor, connections, hs.measures)
    ports = listen(reactor, sites)
    service = DaemonService(
        twistd and make_observer(twistd, config.log_format, reactor)
    )
    # In this order they start, and the doors come before the words.
    DatabaseService(database, locks).setServiceParent(service)
    Housekeeping(reactor, hs.coordination.chores).setServiceParent(service)
    ListenerService(
        reactor,
        ports,
        connections,
        hs.health,
        hs.auth_handler.hash_pool,
        config.stop_timeout / 1000,
        hs.validation.all_sent,
    ).setServiceParent(service)
    Announcement(config, paths).setServiceParent(service)
    return service


def lock_data(data_dir: str, engine: IEngine) -> List[DataLock]:
    """
    Claim the data directory and the database, which can be elsewhere.  A
    database on a server is there for many, and then nothing in the directory is
    for one alone.

    @return: the claims, to be held as long as the daemon lives.
    @raise ConfigError: if another process has one of them.
    """
    if not isinstance(engine, SqliteEngine):
        return []
    database = engine.path
    directory = DataLock(
        os.path.join(data_dir, LOCK_FILE), "the data directory %s" % (data_dir,)
    )
    try:
        return [
            directory,
            # It is one file, by whatever links it is reached.
            DataLock(
                os.path.realpath(database) + ".lock", "the database %s" % (database,)
            ),
        ]
    except ConfigError:
        directory.release()
        raise


def check_server_name(engine: IEngine, server_name: str) -> None:
    """
    A database is one server's: under another name nobody could log in any more.

    @raise ConfigError: if its accounts are another server's.
    """
    user_id = some_user_id(engine)
    if user_id is None:
        return
    domain = user_id.partition(":")[2]
    if domain != server_name:
        raise ConfigError(
            "server_name: found %s, expected %s, whose accounts are in the %s"
            % (server_name, domain, engine.name)
        )


def complete(config: HomeServerConfig) -> HomeServerConfig:
    """
    Add to the settings what does not stand in a file: the signing key.

    @return: settings for L{HomeServer}.  The handler is not to load the
        providers: here they are modules like others.
    @raise ConfigError: if there is no key and none can be made.
    """
    return attr.evolve(
        config,
        macaroon_secret_key=config.macaroon_secret_key
        or load_or_create_signing_key(config.data_dir),
        password_providers=(),
    )


def add_modules(
    hs: HomeServer, modules: Sequence[LoadedModule]
) -> Dict[str, IResource]:
    """
    Put modules to work.

    @return: what they want to have served, by path.
    @raise ConfigError: if one can't be.
    """
    if modules:
        hear_modules(logging.getLogger())
    host = ModuleHost(hs, access_token)
    build_modules(modules, host)
    hs.auth_handler.offer_login_types()
    return host.resources
