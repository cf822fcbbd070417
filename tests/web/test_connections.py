"""
Tests for L{synauth.web.connections}, and for what a site does with clients that
are slow or many.
"""

import ipaddress
from typing import Any, Dict, List, Optional

from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from synauth.web.connections import GRACE_S, SAID_EVERY_S, Connections
from synauth.web.request import SynauthRequest
from synauth.web.routes import Route, build_root
from synauth.web.server import REQUEST_TIMEOUT_S, SynauthSite
from tests.web.client import Connection, ask

HERE = ipaddress.ip_network("127.0.0.0/8")


def client(host: str) -> Any:
    """
    @return: where somebody connects from.
    """
    kind = IPv6Address if ":" in host else IPv4Address
    return kind("TCP", host, 4321)


class ConnectionsTestCase(SynchronousTestCase):
    """
    A site that answers C{GET /now} at once, C{GET /later} when told to, and
    C{POST /now} with how much it got.
    """

    def setUp(self) -> None:
        self.clock = Clock()
        self.waiting: List["Deferred[Dict[str, Any]]"] = []
        self.connections = Connections(self.clock)
        self.site = self.make_site()

    def make_site(self, **options: Any) -> SynauthSite:
        """
        @return: such a site, with these limits.
        """
        self.connections = Connections(self.clock, **options)
        routes = [
            Route("GET", ("",), "/now", lambda request: {}),
            Route("POST", ("",), "/now", self.size),
            Route("GET", ("",), "/later", self.later),
        ]
        return SynauthSite(build_root(routes), self.clock, connections=self.connections)

    def size(self, request: SynauthRequest) -> Dict[str, Any]:
        """
        @return: how long the body is.
        """
        return {"size": len(request.content.read())}

    def later(self, request: SynauthRequest) -> "Deferred[Dict[str, Any]]":
        """
        @return: what C{self.waiting} has last.
        """
        self.waiting.append(Deferred())
        return self.waiting[-1]

    def connect(self, peer: Any = None) -> Optional[Connection]:
        """
        @return: a connection, or C{None} if it was refused.
        """
        if self.site.buildProtocol(peer or client("192.0.2.1")) is None:
            return None
        return Connection(self.site, peer)

    def assert_ended(self, connection: Connection) -> None:
        """
        Assert that a connection is being closed, and have it closed.
        """
        self.assertTrue(connection.closed)
        connection.lose()


class LimitTests(ConnectionsTestCase):
    """
    How many there may be.
    """

    def said(self) -> List[Dict[str, Any]]:
        """
        @return: what was logged of refusals since the last time.
        """
        return [
            event
            for event in self.flushed()
            if "were refused" in event.get("log_format", "")
        ]

    def flushed(self) -> List[Dict[str, Any]]:
        """
        @return: what was logged since the last time.
        """
        events, self.events = self.events, []
        return events

    def setUp(self) -> None:
        super().setUp()
        from twisted.logger import globalLogPublisher

        self.events: List[Dict[str, Any]] = []

        def observe(event: Dict[str, Any]) -> None:
            self.events.append(event)

        globalLogPublisher.addObserver(observe)
        self.addCleanup(globalLogPublisher.removeObserver, observe)

    def test_at_once(self) -> None:
        """
        So many and no more, wherever they are from, until one goes.
        """
        self.site = self.make_site(at_once=3, exempt=[HERE])
        held = [
            self.connect(peer)
            for peer in (client("192.0.2.1"), client("127.0.0.1"), UNIXAddress(b"/x"))
        ]
        self.assertNotIn(None, held)
        self.assertIsNone(self.connect(client("192.0.2.9")))
        self.assertIsNone(self.connect(client("127.0.0.1")))
        held[0].lose()
        self.assertIsNotNone(self.connect(client("192.0.2.9")))

    def test_per_address(self) -> None:
        """
        So many of one address, whatever others have; and nothing is remembered of
        those that are gone.
        """
        self.site = self.make_site(per_address=2)
        held = [self.connect(client("192.0.2.1")) for _ in range(2)]
        self.assertIsNone(self.connect(client("192.0.2.1")))
        # The same machine, as an IPv6 socket tells it.
        self.assertIsNone(self.connect(client("::ffff:192.0.2.1")))
        held.append(self.connect(client("192.0.2.2")))
        held[0].lose()
        held[0] = self.connect(client("192.0.2.1"))
        self.assertIsNone(self.connect(client("192.0.2.1")))
        for connection in held:
            connection.lose()
        self.assertEqual((len(self.connections), self.connections._of_address), (0, {}))

    def test_ipv6(self) -> None:
        """
        Whoever has one address of a /64 has all.
        """
        self.site = self.make_site(per_address=1)
        self.assertIsNotNone(self.connect(client("2001:db8::1")))
        self.assertIsNone(self.connect(client("2001:db8::ffff:1")))
        self.assertIsNotNone(self.connect(client("2001:db8:0:1::1")))

    def test_exempt(self) -> None:
        """
        Of a proxy's address, and on a Unix socket, there are as many as there are.
        """
        self.site = self.make_site(per_address=1, exempt=[HERE])
        here = client("127.0.0.1"), client("::ffff:127.0.0.9"), UNIXAddress(b"/x")
        for peer in here:
            for _ in range(3):
                self.assertIsNotNone(self.connect(peer))

    def test_said_now_and_then(self) -> None:
        """
        A storm of connections makes one line a minute, with their number.
        """
        self.site = self.make_site(per_address=1)
        self.connect()
        for _ in range(5):
            self.connect()
        (event,) = self.said()
        self.assertEqual(
            (event["open"], event["refused"], event["peer"]), (1, 1, "192.0.2.1")
        )
        self.clock.advance(SAID_EVERY_S)
        self.connect()
        (event,) = self.said()
        self.assertEqual(event["refused"], 5)


class SlowTests(ConnectionsTestCase):
    """
    A request has a time to arrive in.
    """

    def drip(self, connection: Connection, data: bytes, every_s: float) -> float:
        """
        Send a byte now and then, until it is all sent or the connection closed.

        @return: how long that took, in seconds.
        """
        begun = self.clock.seconds()
        for byte in data:
            if connection.closed:
                break
            connection.send(bytes([byte]))
            self.clock.advance(every_s)
        return self.clock.seconds() - begun

    def test_slow_headers(self) -> None:
        """
        Each byte in good time does not do.
        """
        connection = Connection(self.site)
        head = b"GET /now HTTP/1.1\r\n" + b"X: y\r\n" * 100
        self.assertEqual(self.drip(connection, head, 5), REQUEST_TIMEOUT_S)
        (answer,) = connection.answers()
        self.assertEqual((answer.code, answer.json["errcode"]), (408, "M_UNKNOWN"))
        self.assertEqual(answer.headers["connection"], "close")
        self.assert_ended(connection)

    def test_slow_body(self) -> None:
        """
        Nor of a body, chunked or not.
        """
        for head in (b"Content-Length: 500", b"Transfer-Encoding: chunked"):
            connection = Connection(self.site)
            connection.send(b"POST /now HTTP/1.1\r\n%b\r\n\r\n" % head)
            body = b"1\r\nx\r\n" * 100
            self.assertLessEqual(self.drip(connection, body, 5), REQUEST_TIMEOUT_S)
            self.assertEqual([answer.code for answer in connection.answers()], [408])
            self.assert_ended(connection)

    def test_in_time(self) -> None:
        """
        Whoever is slow, but not that slow, is answered, again and again.
        """
        connection = Connection(self.site)
        for count in range(1, 4):
            self.clock.advance(REQUEST_TIMEOUT_S - 2)
            self.drip(connection, b"GET /now HTTP/1.1\r\nX: yyyyyyyyy\r\n\r\n", 1)
            codes = [answer.code for answer in connection.answers()]
            self.assertEqual(codes, [200] * count)
        self.assertFalse(connection.closed)

    def test_slow_answer(self) -> None:
        """
        How long we take is not the client's fault, nor is what it sends meanwhile.
        """
        connection = Connection(self.site)
        connection.request("GET", "/later")
        connection.send(b"GET /now HTTP/1.1\r\n")
        self.clock.advance(10 * REQUEST_TIMEOUT_S)
        self.assertFalse(connection.closed)
        self.waiting[0].callback({})
        connection.send(b"\r\n")
        self.assertEqual([answer.code for answer in connection.answers()], [200, 200])
        self.assertFalse(connection.closed)

    def test_own_time(self) -> None:
        """
        The time can be set.
        """
        site = SynauthSite(build_root([]), self.clock, request_timeout_s=3)
        connection = Connection(site)
        connection.send(b"GET")
        self.clock.advance(2)
        connection.send(b" ")
        self.assertFalse(connection.closed)
        self.clock.advance(1)
        self.assertTrue(connection.closed)

    def test_answer_not_taken(self) -> None:
        """
        A client that does not take its last answer is cut off.
        """
        connection = Connection(self.site)
        connection.request("GET", "/now", headers=(("Connection", "close"),))
        self.assertTrue(connection.closed)
        self.assertFalse(connection.transport.disconnected)
        aborted: List[None] = []
        connection.transport.abortConnection = lambda: aborted.append(None)
        self.clock.advance(15)
        self.assertEqual(aborted, [None])

    def test_answer_taken(self) -> None:
        """
        Of one that did nothing is left to do.
        """
        connection = Connection(self.site)
        connection.request("GET", "/now", headers=(("Connection", "close"),))
        connection.lose()
        self.assertEqual(self.clock.getDelayedCalls(), [])


class DrainTests(ConnectionsTestCase):
    """
    The end of all connections.
    """

    def test_none(self) -> None:
        """
        Where there is none it is over at once.
        """
        self.assertIsNone(self.successResultOf(self.connections.drain()))

    def test_idle(self) -> None:
        """
        One without a request is closed, after a moment.
        """
        connection = Connection(self.site)
        drained = self.connections.drain()
        self.assertFalse(connection.closed)
        self.clock.advance(GRACE_S)
        self.assertNoResult(drained)
        self.assert_ended(connection)
        self.assertIsNone(self.successResultOf(drained))

    def test_on_its_way(self) -> None:
        """
        A request that comes in that moment is answered, and is the last.
        """
        connection = Connection(self.site)
        drained = self.connections.drain()
        connection.request("GET", "/now")
        (answer,) = connection.answers()
        self.assertEqual((answer.code, answer.headers["connection"]), (200, "close"))
        self.assert_ended(connection)
        self.successResultOf(drained)

    def test_arriving(self) -> None:
        """
        One that has begun to come is waited for.
        """
        connection = Connection(self.site)
        connection.send(b"POST /now HTTP/1.1\r\nContent-Length: 2\r\n\r\n{")
        drained = self.connections.drain()
        self.clock.advance(2 * GRACE_S)
        self.assertFalse(connection.closed)
        connection.send(b"}")
        (answer,) = connection.answers()
        self.assertEqual(answer.json, {"size": 2})
        self.assertEqual(answer.headers["connection"], "close")
        self.assert_ended(connection)
        self.successResultOf(drained)

    def test_being_served(self) -> None:
        """
        One that is being worked on is answered.
        """
        connection = Connection(self.site)
        connection.request("GET", "/later")
        drained = self.connections.drain()
        self.clock.advance(2 * GRACE_S)
        self.assertFalse(connection.closed)
        self.waiting[0].callback({"done": True})
        (answer,) = connection.answers()
        self.assertEqual(answer.json, {"done": True})
        self.assertEqual(answer.headers["connection"], "close")
        self.assert_ended(connection)
        self.successResultOf(drained)

    def test_abort(self) -> None:
        """
        Or all are cut.
        """
        connection = Connection(self.site)
        connection.request("GET", "/later")
        drained = self.connections.drain()
        connection.transport.abortConnection = connection.lose
        self.connections.abort()
        self.successResultOf(drained)
        # It goes on, and its result is nobody's.
        self.waiting[0].callback({})

    def test_before(self) -> None:
        """
        Until then connections go on.
        """
        answer = ask(self.site, "GET", "/now")
        self.assertNotIn("connection", answer.headers)
