"""
The running daemon: the database, the listeners and what they serve.
"""

import os.path
import sys
from typing import Any, Dict, List, Mapping, Optional

import attr
from twisted.application.service import IService, MultiService, Service
from twisted.internet.defer import Deferred, gatherResults, maybeDeferred
from twisted.internet.endpoints import quoteStringArgument, serverFromString
from twisted.logger import Logger
from twisted.python.versions import Version
from twisted.web.resource import IResource

import twisted
from synauth.homeserver.config.loading import load_config
from synauth.homeserver.config.settings import HomeServerConfig
from synauth.homeserver.providers import load_password_providers
from synauth.homeserver.server import HomeServer
from synauth.homeserver.signing_key import load_or_create_signing_key, make_data_dir
from synauth.storage.database import Database
from synauth.storage.migrations import prepare_database
from synauth.storage.sqlite import SqliteEngine
from synauth.web.api import make_root
from synauth.web.server import SynauthSite

_log = Logger()

# The first one whose pipelined answers can't come in the wrong order
# (CVE-2024-41671): before it, one client could be answered with another's token.
SAFE_TWISTED = Version("Twisted", 24, 7, 0)


class DatabaseService(Service):
    """
    Opens the database and closes it.

    @param database: not started.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def privilegedStartService(self) -> None:
        """
        Open the database, before anybody can ask.
        """
        self._database.start()


class ListenerService(Service):
    """
    Listens in one or more places, or ends the process.

    @param reactor: makes the endpoints.
    @param sites: what is served, by endpoint description.
    """

    def __init__(self, reactor: Any, sites: Mapping[str, SynauthSite]) -> None:
        self._reactor = reactor
        self._sites = sites
        self._ports: List[Any] = []

    def privilegedStartService(self) -> None:
        """
        Listen.
        """
        for description, site in self._sites.items():
            listening = serverFromString(self._reactor, description).listen(site)
            listening.addCallbacks(
                self._ports.append, self._cannot_listen, errbackArgs=[description]
            )

    def startService(self) -> None:
        """
        Say where.
        """
        super().startService()
        for port in self._ports:
            _log.info("synauth listens on {where}", where=_where(port.getHost()))

    def stopService(self) -> "Deferred[Any]":
        """
        @return: a Deferred that fires when nobody can connect any more.
        """
        super().stopService()
        return gatherResults(
            [maybeDeferred(port.stopListening) for port in self._ports]
        )

    def _cannot_listen(self, failure: Any, description: str) -> None:
        sys.exit(
            "synauth: can't listen on %s: %s"
            % (description, getattr(failure.value, "socketError", failure.value))
        )


class Announcement(Service):
    """
    Tells an operator what to do next.

    @param config: the settings.
    """

    def __init__(self, config: HomeServerConfig) -> None:
        self._config = config

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
        if config.enable_registration:
            _log.info("Anybody can register: use a Matrix client, or see README.rst")
        elif config.registration_shared_secret:
            _log.info("Make a user with: synauth register-user -c YOUR-CONFIG")
        else:
            _log.info(
                "Nobody can register: start with --enable-registration to try it, or"
                " set registration_shared_secret and use: synauth register-user"
            )
        for warning in config.warnings:
            _log.warn("{warning}", warning=warning)
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
) -> IService:
    """
    Make the daemon.

    @param paths: configuration files.
    @param overrides: what the command line says instead.
    @param data_dir: the data directory, C{None} for what the files say.
    @param reactor: the reactor.
    @raise ConfigError: if anything is wrong with what it is told, or with what
        it finds there.
    """
    config = load_config(paths, overrides, data_dir)
    make_data_dir(config.data_dir)
    config = complete(config)
    engine = SqliteEngine(config.database.args["database"])
    prepare_database(engine)
    database = Database(reactor, engine)
    root = make_root(HomeServer(config, reactor, database))
    service = MultiService()
    DatabaseService(database).setServiceParent(service)
    ListenerService(reactor, make_sites(config, root, reactor)).setServiceParent(
        service
    )
    Announcement(config).setServiceParent(service)
    return service


def complete(config: HomeServerConfig) -> HomeServerConfig:
    """
    Add to the settings what does not stand in a file: the signing key and the
    providers' classes.

    @raise ConfigError: if one can't be had.
    """
    return attr.evolve(
        config,
        macaroon_secret_key=config.macaroon_secret_key
        or load_or_create_signing_key(config.data_dir),
        password_providers=load_password_providers(config.password_providers),
    )


def make_sites(
    config: HomeServerConfig, root: IResource, reactor: Any
) -> Dict[str, SynauthSite]:
    """
    @return: what is served, by the description of its endpoint.
    """
    sites = {}
    for description in config.listen:
        sites[description] = SynauthSite(root, reactor)
    for listener in config.listeners:
        for address in listener.bind_addresses:
            sites[_endpoint(listener.port, address)] = SynauthSite(
                root,
                reactor,
                x_forwarded=listener.x_forwarded,
                trusted_proxies=config.trusted_proxies,
            )
    return sites


def _endpoint(port: int, address: str) -> str:
    kind = "tcp6" if ":" in address else "tcp"
    return "%s:%d:interface=%s" % (kind, port, quoteStringArgument(address))


def _where(address: Any) -> str:
    if not hasattr(address, "port"):
        return str(address.name)
    host = "[%s]" % address.host if ":" in address.host else address.host
    return "http://%s:%d" % (host, address.port)
