"""
Tests for L{synauth.homeserver.service}.
"""

import os
import socket
import sqlite3
from typing import Any, Dict, List, Optional

import attr
from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.error import CannotListenError
from twisted.logger import formatEvent, globalLogPublisher
from twisted.python.versions import Version
from twisted.trial.unittest import SynchronousTestCase

from synauth.errors import ConfigError
from synauth.homeserver import service as service_module
from synauth.homeserver.config import HomeServerConfig, load_config
from synauth.homeserver.service import (
    SAFE_TWISTED,
    Announcement,
    check_server_name,
    complete,
    make_service,
)
from synauth.homeserver.stopping import ListenerService, where
from synauth.storage.migrations import VERSION_TABLE, prepare_database
from synauth.storage.sqlite import SqliteEngine

try:
    from twisted.internet.testing import MemoryReactorClock
except ImportError:  # Twisted 19.2
    from twisted.test.proto_helpers import MemoryReactorClock


class NarrowReactor(MemoryReactorClock):
    """
    A reactor on a machine where some addresses can't be listened on.

    @ivar broken: by address, the error.
    """

    def __init__(self) -> None:
        super().__init__()
        self.broken: Dict[str, int] = {}

    def listenTCP(
        self, port: int, factory: Any, backlog: int = 50, interface: str = ""
    ):
        """
        Listen, or not.
        """
        if interface in self.broken:
            number = self.broken[interface]
            error = socket.error(number, os.strerror(number))
            raise CannotListenError(interface, port, error)
        return super().listenTCP(port, factory, backlog, interface)


def sqlite(path: str) -> Dict[str, Any]:
    """
    @return: the settings of a database in a file.
    """
    return {"name": "sqlite3", "args": {"database": path}}


class ServiceTestCase(SynchronousTestCase):
    """
    Watches what is said.
    """

    def setUp(self) -> None:
        """
        Listen to the log.
        """
        self.reactor = NarrowReactor()
        self.data_dir = self.mktemp()
        events: List[Dict[str, Any]] = []
        globalLogPublisher.addObserver(events.append)
        self.addCleanup(globalLogPublisher.removeObserver, events.append)
        self.events = events

    def said(self) -> List[str]:
        """
        @return: the lines of the log that are the service's.
        """
        names = (service_module.__name__, ListenerService.__module__)
        return [formatEvent(e) for e in self.events if e["log_namespace"] in names]

    def config(self, **overrides: Any) -> HomeServerConfig:
        """
        @return: a configuration.
        """
        return load_config([], overrides, self.data_dir)

    def make(self, paths: Optional[List[str]] = None, **overrides: Any) -> Any:
        """
        @return: the service.
        """
        service = make_service(paths or [], overrides, self.data_dir, self.reactor)
        for lock in service.services[0]._locks:
            self.addCleanup(lock.release)
        return service

    def refused(self, **overrides: Any) -> str:
        """
        @return: why there is no service.
        """
        return str(
            self.assertRaises(
                ConfigError,
                make_service,
                [],
                overrides,
                self.data_dir,
                self.reactor,
            )
        )


class MakeServiceTests(ServiceTestCase):
    """
    L{make_service}.
    """

    def test_doors(self) -> None:
        """
        The doors are open when the service is made, before it starts.
        """
        self.make()
        ((port, site, _, interface),) = self.reactor.tcpServers
        self.assertEqual((port, interface), (8008, "127.0.0.1"))
        self.assertIn(b"health", site.resource.children)

    def test_disk(self) -> None:
        """
        Key, database and lock are there, for nobody else to see.
        """
        self.make()
        made = set(os.listdir(self.data_dir))
        self.assertTrue(
            {"macaroon_secret_key", "homeserver.db", "synauth.lock"} <= made, made
        )
        self.assertEqual(os.stat(self.data_dir).st_mode & 0o777, 0o700)

    def test_start_and_stop(self) -> None:
        """
        It says where it listens before all else, opens the database, and closes
        its doors when it stops; both ways to run a service start it whole.
        """
        for privileged in (True, False):
            self.reactor = NarrowReactor()
            service = make_service(
                [], {"listen": ["tcp:8101"]}, self.data_dir, self.reactor
            )
            if privileged:
                service.privilegedStartService()
            service.startService()
            self.assertRegex(self.said()[0], r"synauth listens on http://.*:8101")
            self.assertIn(os.path.abspath(self.data_dir), self.said()[1])
            database = service.services[0]._database
            self.assertTrue(database._pools)
            self.successResultOf(service.stopService())
            del self.events[:]
            database._forget()
            for lock in service.services[0]._locks:
                lock.release()

    def test_bad_config(self) -> None:
        """
        A mistake in the configuration is told, with its key.
        """
        self.assertIn("bcrypt_rounds", self.refused(bcrypt_rounds="x"))
        self.assertFalse(os.path.exists(self.data_dir))

    def test_data_dir(self) -> None:
        """
        A data directory that can't be is told.
        """
        with open(self.data_dir, "w"):
            pass
        self.assertIn(self.data_dir, self.refused())

    def test_in_use(self) -> None:
        """
        Two daemons don't share a data directory.
        """
        self.make()
        self.assertIn("is in use by another synauth", self.refused())

    def test_database_in_use(self) -> None:
        """
        Nor do they share a database that is elsewhere, by whatever path; who
        is refused lets go of the data directory.
        """
        elsewhere = os.path.abspath(self.mktemp())
        os.mkdir(elsewhere)
        path = os.path.abspath(os.path.join(elsewhere, "one.db"))
        link = os.path.abspath(self.mktemp())
        os.symlink(elsewhere, link)
        linked = os.path.join(link, "one.db")
        self.make(database=sqlite(path))
        self.data_dir = self.mktemp()
        for name in (path, linked):
            self.assertEqual(
                self.refused(database=sqlite(name)),
                "the database %s is in use by another synauth" % (name,),
            )
        self.assertFalse(os.path.exists(os.path.join(self.data_dir, "homeserver.db")))
        self.make()

    def test_other_server_name(self) -> None:
        """
        A database is one server's: under another name nobody could log in.  One
        without accounts is anybody's.
        """
        os.mkdir(self.data_dir)
        path = os.path.abspath(os.path.join(self.data_dir, "homeserver.db"))
        engine = SqliteEngine(path)
        prepare_database(engine)
        check_server_name(engine, "one.example.org")
        check_server_name(engine, "other.example.org")
        connection = sqlite3.connect(path)
        connection.execute("INSERT INTO users (name) VALUES ('@a:one.example.org')")
        connection.commit()
        connection.close()
        self.assertEqual(
            self.refused(server_name="other.example.org"),
            "server_name: found other.example.org, expected one.example.org, whose"
            " accounts are in the database %s" % (path,),
        )

    def test_newer_schema(self) -> None:
        """
        A database from the future is left alone.
        """
        os.mkdir(self.data_dir)
        path = os.path.join(self.data_dir, "homeserver.db")
        connection = sqlite3.connect(path)
        connection.execute("CREATE TABLE %s (version INTEGER)" % VERSION_TABLE)
        connection.execute("INSERT INTO %s VALUES (999)" % VERSION_TABLE)
        connection.commit()
        connection.close()
        said = self.refused()
        self.assertIn(path, said)
        self.assertIn("999", said)

    def test_provider(self) -> None:
        """
        A provider that does not exist is told.
        """
        providers = [{"module": "nowhere.Provider", "config": {}}]
        self.assertIn("nowhere", self.refused(password_providers=providers))


class CompleteTests(ServiceTestCase):
    """
    L{complete}.
    """

    def test_key(self) -> None:
        """
        A key of one's own is kept; without one, one is made, once.
        """
        config = self.config(macaroon_secret_key="mine mine")
        self.assertEqual(complete(config).macaroon_secret_key, "mine mine")
        os.mkdir(self.data_dir)
        made = {complete(self.config()).macaroon_secret_key for _ in range(2)}
        self.assertEqual(len(made), 1)
        self.assertNotIn(None, made)


class AnnouncementTests(ServiceTestCase):
    """
    L{Announcement} and where the listeners are said to be.
    """

    def announced(self, *paths: str, **overrides: Any) -> List[str]:
        """
        @return: what is said with a configuration.
        """
        Announcement(self.config(**overrides), paths).startService()
        said = self.said()
        del self.events[:]
        return said

    def test_nobody(self) -> None:
        """
        Where nobody can register, it says how that is changed.
        """
        data, todo = self.announced()[:2]
        self.assertEqual(
            data, "The data of localhost is in " + os.path.abspath(self.data_dir)
        )
        self.assertIn("--enable-registration", todo)
        self.assertIn("registration_shared_secret", todo)

    def test_open(self) -> None:
        """
        Where anybody can register, it says so.
        """
        self.assertIn(
            "Anybody can register", self.announced(enable_registration=True)[1]
        )

    def test_shared_secret(self) -> None:
        """
        Where users are made by the shared secret, the command can be copied.
        """
        said = self.announced("a b.yaml", "c", registration_shared_secret="hush hush")
        self.assertEqual(
            said[1], "Make a user with: synauth register-user -c 'a b.yaml' -c c"
        )
        self.assertNotIn("hush", "".join(said))

    def test_warnings(self) -> None:
        """
        What is hardly meant is said.
        """
        config = attr.evolve(self.config(), warnings=("Mind the gap",))
        Announcement(config, ()).startService()
        self.assertIn("Mind the gap", self.said())

    def test_unsafe_twisted(self) -> None:
        """
        A Twisted that mixes up answers is warned of, and no other.
        """
        for version, warned in ((SAFE_TWISTED, False), (OLD_TWISTED, True)):
            self.patch(service_module.twisted, "version", version)
            told = any("CVE-2024-41671" in line for line in self.announced())
            self.assertIs(told, warned)

    def test_where(self) -> None:
        """
        Every kind of address is told so that it can be used.
        """
        addresses = [
            IPv4Address("TCP", "127.0.0.1", 80),
            IPv6Address("TCP", "::1", 81),
            UNIXAddress(b"/run/synauth"),
        ]
        self.assertEqual(
            [where(address) for address in addresses],
            ["http://127.0.0.1:80", "http://[::1]:81", "/run/synauth"],
        )


OLD_TWISTED = Version("Twisted", 24, 6, 9)
