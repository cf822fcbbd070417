"""
Outgoing HTTP.
"""

import json
from typing import Any, List

from treq.testing import StubTreq
from twisted.internet import reactor as real_reactor
from twisted.internet.defer import Deferred, TimeoutError, inlineCallbacks
from twisted.internet.error import ConnectionRefusedError
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.task import Clock as ReactorClock
from twisted.trial.unittest import SynchronousTestCase, TestCase
from twisted.web.client import ResponseFailed
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET
from zope.interface.verify import verifyObject

from synauth.homeserver.http_client import (
    MAX_ANSWER_BYTES,
    TIMEOUT,
    AnswerTooLarge,
    SimpleHttpClient,
)
from synauth.interfaces import ISimpleHttpClient

URI = "https://example.org/verify"


class Answering(Resource):
    """
    Answers with C{body}; in two halves if it is told to stop between.
    """

    isLeaf = True
    body: Any = b"{}"
    hanging = False

    def render(self, request: Any) -> Any:
        """
        Answer as told.
        """
        self.request = request
        if self.hanging:
            request.write(self.body)
            return NOT_DONE_YET
        return self.body


class SimpleHttpClientTests(SynchronousTestCase):
    """
    L{SimpleHttpClient}, over HTTP in memory.
    """

    def setUp(self) -> None:
        """
        Make a client, and whom it asks.
        """
        self.resource = Answering()
        self.reactor = ReactorClock()
        self.treq = StubTreq(self.resource)
        self.client = SimpleHttpClient(self.treq, self.reactor)

    def post(self) -> Any:
        """
        Ask.
        """
        return self.client.post_urlencoded_get_json(URI, {"a": "1"})

    def test_interface(self) -> None:
        """
        It provides what it says that it provides.
        """
        verifyObject(ISimpleHttpClient, self.client)

    def test_answer(self) -> None:
        """
        Whatever JSON comes back is the answer.
        """
        for answer in ({"a": ["\u00e4", 1, None]}, [], "x", 5, None, True):
            self.resource.body = json.dumps(answer, ensure_ascii=False).encode()
            self.assertEqual(self.successResultOf(self.post()), answer)
        self.assertEqual(self.resource.request.args, {b"a": [b"1"]})
        self.assertEqual(self.reactor.getDelayedCalls(), [])

    def test_not_json(self) -> None:
        """
        What is no JSON is an error.
        """
        for self.resource.body in (b"", b"<html>", b"\xff", b"{"):
            self.failureResultOf(self.post(), ValueError)

    def test_size(self) -> None:
        """
        An answer may be as large as the limit, and no larger.
        """
        self.resource.body = b'"' + b"x" * (MAX_ANSWER_BYTES - 2) + b'"'
        self.assertEqual(len(self.successResultOf(self.post())), MAX_ANSWER_BYTES - 2)
        self.resource.body += b" "
        self.failureResultOf(self.post(), AnswerTooLarge)

    def test_time_limit(self) -> None:
        """
        Who stops in the middle of an answer is given up on.
        """
        self.resource.hanging = True
        answer = self.post()
        self.treq.flush()
        self.reactor.advance(TIMEOUT - 0.1)
        self.assertNoResult(answer)
        self.reactor.advance(0.1)
        self.failureResultOf(answer, TimeoutError)
        self.assertEqual(self.reactor.getDelayedCalls(), [])


class RawServer(Protocol):
    """
    Sends what it is told to when somebody asks.
    """

    def connectionMade(self) -> None:
        """
        Note it.
        """
        self.factory.connections.append(self)

    def dataReceived(self, data: bytes) -> None:
        """
        Send.
        """
        self.transport.write(self.factory.answer)
        if self.factory.hang_up:
            self.transport.loseConnection()

    def connectionLost(self, reason: Any) -> None:
        """
        Note it.
        """
        self.factory.lost.callback(None)


class RealConnectionTests(TestCase):
    """
    L{SimpleHttpClient}, over real connections.
    """

    def setUp(self) -> None:
        """
        Listen.
        """
        import treq
        from twisted.web.client import HTTPConnectionPool

        self.factory: Any = Factory.forProtocol(RawServer)
        self.factory.connections = []
        self.factory.lost = Deferred()
        self.factory.hang_up = False
        self.port = real_reactor.listenTCP(0, self.factory, interface="127.0.0.1")
        self.addCleanup(self.port.stopListening)
        pool = HTTPConnectionPool(real_reactor, persistent=False)
        self.addCleanup(pool.closeCachedConnections)

        class Pooled:
            @staticmethod
            def post(uri: str, **kw: Any) -> Any:
                return treq.post(uri, pool=pool, **kw)

        self.timer = ReactorClock()
        self.client = SimpleHttpClient(Pooled, self.timer)
        self.uri = "http://127.0.0.1:%d/" % self.port.getHost().port

    def post(self) -> Any:
        """
        Ask.
        """
        return self.client.post_urlencoded_get_json(self.uri, {"a": "1"})

    @inlineCallbacks
    def test_endless(self) -> Any:
        """
        Who sends without an end is hung up on.
        """
        head = b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n"
        self.factory.answer = head + b"x" * (MAX_ANSWER_BYTES + 1)
        yield self.assertFailure(self.post(), AnswerTooLarge)
        yield self.factory.lost

    @inlineCallbacks
    def test_time_limit(self) -> Any:
        """
        So is who stops in the middle.
        """
        self.factory.answer = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"
        answer = self.post()
        arrived: List[Any] = []
        while not arrived:
            yield _turn()
            arrived = self.factory.connections
        for _ in range(20):
            yield _turn()
        self.timer.advance(TIMEOUT)
        yield self.assertFailure(answer, TimeoutError)
        yield self.factory.lost

    @inlineCallbacks
    def test_cut_off(self) -> Any:
        """
        An answer that is cut off is none; one whose end is the end of the
        connection is one.
        """
        self.factory.hang_up = True
        self.factory.answer = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}"
        yield self.assertFailure(self.post(), ResponseFailed)
        self.factory.lost = Deferred()
        self.factory.answer = b"HTTP/1.1 200 OK\r\n\r\n{}"
        answer = yield self.post()
        self.assertEqual(answer, {})

    @inlineCallbacks
    def test_nobody_there(self) -> Any:
        """
        What the connection errs with is what the caller gets.
        """
        yield self.port.stopListening()
        self.factory.lost.callback(None)
        yield self.assertFailure(self.post(), ConnectionRefusedError)


def _turn() -> "Deferred[None]":
    turned: "Deferred[None]" = Deferred()
    real_reactor.callLater(0.005, turned.callback, None)
    return turned
