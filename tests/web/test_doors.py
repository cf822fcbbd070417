"""
Tests for L{synauth.web.doors}.
"""

import errno
import ipaddress
from typing import Any, Dict, List

import attr
from twisted.web.resource import Resource

from synauth.errors import ConfigError
from synauth.homeserver.config.settings import Listener
from synauth.web.connections import Connections
from synauth.web.doors import listen, make_sites
from tests.homeserver.test_service import ServiceTestCase


class SitesTests(ServiceTestCase):
    """
    L{make_sites} and L{listen}.
    """

    def sites(self, *listeners: Listener, **overrides: Any) -> Dict[Any, Any]:
        """
        @return: the sites of a configuration.
        """
        config = self.config(**overrides)
        if listeners:
            config = attr.evolve(config, listeners=listeners)
        return make_sites(config, Resource(), self.reactor, Connections(self.reactor))

    def test_forwarded(self) -> None:
        """
        Only where the listener says so, and from whom the configuration
        trusts, is a forwarded address believed.
        """
        sites = self.sites(
            Listener(1, ("127.0.0.1",), x_forwarded=True),
            Listener(2, ("127.0.0.1",)),
            trusted_proxies=["10.0.0.0/8"],
        )
        behind, bare = sites.values()
        self.assertTrue(behind.addresses._x_forwarded)
        self.assertEqual(
            behind.addresses._trusted, (ipaddress.ip_network("10.0.0.0/8"),)
        )
        self.assertFalse(bare.addresses._x_forwarded)
        (door,) = self.sites(
            listen=["tcp:9"],
            listeners=[{"port": 1, "x_forwarded": True}],
            trusted_proxies=["10.0.0.0/8"],
        ).values()
        self.assertTrue(door.addresses._x_forwarded)
        self.assertEqual(door.addresses._trusted, behind.addresses._trusted)

    def test_access_log(self) -> None:
        """
        Requests are logged where that is wanted.
        """
        for wanted in (True, False):
            settings = {"access_log": wanted, "log_format": "json"}
            for doors in (None, ["tcp:9"]):
                sites = self.sites(synauth=settings, listen=doors)
                (site,) = sites.values()
                self.assertEqual(site._log_requests, wanted)

    def test_endpoints(self) -> None:
        """
        Each address of a listener, and each endpoint string, is a door.
        """
        sites = self.sites(Listener(8, ("127.0.0.1", "::1")))
        self.assertEqual(
            sorted(sites),
            [("127.0.0.1:8", 8, "127.0.0.1"), ("[::1]:8", 8, "::1")],
        )
        # An IPv6 socket can take all of IPv4, but not if that is taken.
        sites = self.sites(Listener(8, ("0.0.0.0", "::")))
        self.assertEqual(list(sites)[0].interface, "::")
        sites = self.sites(listen=["unix:x", "tcp:9"])
        self.assertEqual([door.description for door in sites], ["unix:x", "tcp:9"])

    def test_listen(self) -> None:
        """
        Every door is opened.
        """
        ports = listen(self.reactor, self.sites(Listener(8, ("127.0.0.1", "::1"))))
        self.assertEqual(len(ports), 2)
        self.assertEqual(
            {(s[0], s[3]) for s in self.reactor.tcpServers},
            {(8, "::1"), (8, "127.0.0.1")},
        )

    def test_cannot_listen(self) -> None:
        """
        If one door can't be opened none is, and which and why is told.
        """
        closed = []
        self.reactor.broken["127.0.0.2"] = errno.EADDRINUSE
        sites = self.sites(
            listen=["tcp:8:interface=127.0.0.1", "tcp:8:interface=127.0.0.2"]
        )
        original = self.reactor.listenTCP

        def listenTCP(*args: Any, **kwargs: Any) -> Any:
            port = original(*args, **kwargs)
            port.stopListening = lambda: closed.append(args[0])
            return port

        self.patch(self.reactor, "listenTCP", listenTCP)
        error = self.assertRaises(ConfigError, listen, self.reactor, sites)
        self.assertEqual(
            str(error),
            "can't listen on tcp:8:interface=127.0.0.2: Address already in use",
        )
        self.assertEqual(closed, [8])

    def test_no_endpoint(self) -> None:
        """
        What is no endpoint is told.
        """
        for text in ("looking:glass", "tcp", "tcp:x", "tcp:8:nonsense=1"):
            error = self.assertRaises(
                ConfigError, listen, self.reactor, self.sites(listen=[text])
            )
            self.assertIn(text + ": not a Twisted endpoint", str(error))

    def test_all_addresses(self) -> None:
        """
        Where a socket for all IPv6 addresses has taken the IPv4 ones too, that
        is no reason to refuse; any other error is, and so is another socket.
        """
        both = Listener(8, ("0.0.0.0", "::"))
        self.assertEqual(len(listen(self.reactor, self.sites(both))), 2)
        self.reactor.broken["0.0.0.0"] = errno.EADDRINUSE
        self.assertEqual(len(listen(self.reactor, self.sites(both))), 1)
        alone = self.sites(Listener(8, ("0.0.0.0",)))
        self.assertRaises(ConfigError, listen, self.reactor, alone)
        other = self.sites(Listener(8, ("0.0.0.0",)), Listener(9, ("::",)))
        self.assertRaises(ConfigError, listen, self.reactor, other)
        self.reactor.broken["0.0.0.0"] = errno.EACCES
        self.assertRaises(ConfigError, listen, self.reactor, self.sites(both))


class RealListenTests(ServiceTestCase):
    """
    L{listen}, with what a real reactor makes of doors that can't be opened.
    """

    def test_impossible(self) -> None:
        """
        A port that is none and a socket in no directory are told on one line.
        """
        from twisted.internet import reactor

        for door in ("tcp:99999", "unix:/nonexistent/x.sock"):
            sites = make_sites(
                self.config(listen=[door]), Resource(), reactor, Connections(reactor)
            )
            words = str(self.assertRaises(ConfigError, listen, reactor, sites))
            self.assertTrue(words.startswith("can't listen on %s: " % door), words)
            self.assertNotIn("\n", words)

    def test_none_is_left_open(self) -> None:
        """
        When one door can't be opened those that were open are shut.
        """
        shut: List[int] = []

        class Port:
            def stopListening(self) -> None:
                shut.append(1)

        self.patch(self.reactor, "listenTCP", lambda *args, **kwargs: Port())
        sites = make_sites(
            self.config(listen=["tcp:8101", "tcp:8102", "nonsense:1"]),
            Resource(),
            self.reactor,
            Connections(self.reactor),
        )
        self.assertRaises(ConfigError, listen, self.reactor, sites)
        self.assertEqual(shut, [1, 1])
