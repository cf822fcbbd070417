"""
Outgoing HTTP: what is asked is configured, and what comes back is bounded.
"""

import json
from typing import Any, Dict, List

import attr
from twisted.internet.defer import Deferred, inlineCallbacks
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from twisted.web.http import PotentialDataLoss
from zope.interface import implementer

from synauth.awaiting import Steps
from synauth.interfaces import ISimpleHttpClient

# An answer of a captcha provider has a few hundred bytes.
MAX_ANSWER_BYTES = 64 * 1024

# Seconds for the whole exchange, the body included.
TIMEOUT = 10


class AnswerTooLarge(Exception):
    """
    The other side sent more than anybody wants to read.
    """


class _BoundedBody(Protocol):
    """
    Collects a body and hangs up on one that is too large, or that nobody
    waits for any more.

    @ivar collected: fires with the body.
    """

    def __init__(self) -> None:
        self.collected: "Deferred[bytes]" = Deferred(lambda _: self._hang_up())
        self._chunks: List[bytes] = []
        self._size = 0

    def dataReceived(self, data: bytes) -> None:
        self._size += len(data)
        if self._size <= MAX_ANSWER_BYTES:
            self._chunks.append(data)
        elif not self.collected.called:
            self.collected.errback(AnswerTooLarge())
            self._hang_up()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        # Large, and most servers ask nobody anything; treq has imported it.
        from twisted.web.client import ResponseDone

        if self.collected.called:
            return
        if reason.check(ResponseDone, PotentialDataLoss):
            self.collected.callback(b"".join(self._chunks))
        else:
            self.collected.errback(reason)

    def _hang_up(self) -> None:
        transport: Any = self.transport
        if transport is not None:
            transport.stopProducing()


@implementer(ISimpleHttpClient)
@attr.s(auto_attribs=True)
class SimpleHttpClient:
    """
    HTTP through treq.

    @ivar treq: the treq module, or what stands in for it in tests.
    @ivar reactor: keeps the time limit.
    """

    treq: Any
    reactor: Any

    def post_urlencoded_get_json(
        self, uri: str, args: Dict[str, str]
    ) -> "Deferred[Any]":
        """
        See L{ISimpleHttpClient.post_urlencoded_get_json}.  An error status
        whose body is JSON is an answer like any other.  Redirects are not
        followed: what is sent is meant for the address that was configured.

        @return: fires with the parsed body; errs with C{ValueError} if it is
            not JSON, with L{AnswerTooLarge}, with
            C{twisted.internet.defer.TimeoutError}, or with what the connection
            errs with.
        """
        answer = self._post(uri, args)
        answer.addTimeout(TIMEOUT, self.reactor)
        return answer

    @inlineCallbacks
    def _post(self, uri: str, args: Dict[str, str]) -> Steps[Any]:
        response = yield self.treq.post(
            uri, data=args, unbuffered=True, allow_redirects=False
        )
        body = _BoundedBody()
        response.deliverBody(body)
        received = yield body.collected
        return json.loads(received.decode("utf-8"))
