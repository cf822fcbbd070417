"""
Tests for L{synauth.homeserver.server}.
"""

from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from synauth.auth.settings import RateLimit
from synauth.errors import LimitExceededError
from synauth.homeserver.server import HomeServer
from synauth.interfaces import (
    IAuthStore,
    IClock,
    IDeviceHandler,
    IHandlers,
    IHomeServer,
    IIdentityHandler,
    IMacaroonAuth,
    IPusherPool,
    IRegistrationHandler,
    ISimpleHttpClient,
)
from tests.web.server import Server


class HomeServerTests(SynchronousTestCase):
    """
    L{HomeServer} is a host of the handler.
    """

    def setUp(self) -> None:
        """
        Make one.
        """
        self.server = Server()
        self.hs: HomeServer = self.server.hs

    def test_interfaces(self) -> None:
        """
        It is what the handler asks for, and so is what it gives.
        """
        verifyObject(IHomeServer, self.hs)
        handlers = self.hs.get_handlers()
        for interface, given in (
            (IAuthStore, self.hs.get_datastore()),
            (IClock, self.hs.get_clock()),
            (IDeviceHandler, self.hs.get_device_handler()),
            (IHandlers, handlers),
            (IIdentityHandler, handlers.identity_handler),
            (IRegistrationHandler, handlers.registration_handler),
            (ISimpleHttpClient, self.hs.get_simple_http_client()),
            (IMacaroonAuth, self.hs.get_auth()),
            (IPusherPool, self.hs.get_pusherpool()),
        ):
            verifyObject(interface, given)

    def test_parts(self) -> None:
        """
        It has one of each, on one clock.
        """
        self.assertIs(self.hs.get_reactor(), self.server.reactor)
        self.assertIs(self.hs.get_datastore(), self.hs.get_datastore())
        self.assertIs(self.hs.get_auth(), self.hs.auth_handler.macaroons)
        self.assertIs(self.hs.auth_handler.hash_pool, self.server.pool)
        self.assertEqual(self.hs.hostname, "example.org")
        self.assertEqual(
            self.hs.get_clock().time_msec(), int(self.server.reactor.seconds() * 1000)
        )

    def test_treq(self) -> None:
        """
        Its HTTP client is treq, or what was given in its place.
        """
        import treq

        self.assertIs(self.hs.get_simple_http_client().treq, treq)
        stand_in = object()
        client = Server(treq=stand_in).hs.get_simple_http_client()
        self.assertIs(client.treq, stand_in)

    def test_rate_limiter(self) -> None:
        """
        A limiter follows the server's clock and shares nothing with others.
        """
        limiter = self.hs.rate_limiter(RateLimit(1.0, 1), "x")
        limiter.hit("a")
        self.assertRaises(LimitExceededError, limiter.hit, "a")
        self.hs.rate_limiter(RateLimit(1.0, 1), "x").hit("a")
        self.server.reactor.advance(1)
        limiter.hit("a")

    def test_threads(self) -> None:
        """
        Unless told otherwise it hashes on threads of its own.
        """
        hs = HomeServer(self.hs.config, self.server.reactor, self.server.database)
        self.assertNotEqual(hs.auth_handler.hash_pool, self.server.pool)
