"""
Outgoing HTTP: what is asked is configured, and what comes back is bounded.
"""

import json
from typing import Any, Dict

import attr
from twisted.internet.defer import Deferred, inlineCallbacks
from zope.interface import implementer

from synauth.interfaces import ISimpleHttpClient

# An answer of a captcha provider has a few hundred bytes.
MAX_ANSWER_BYTES = 64 * 1024

# Seconds for the whole exchange, the body included.
TIMEOUT = 10


class AnswerTooLarge(Exception):
    """
    The other side sent more than anybody wants to read.
    """


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
        whose body is JSON is an answer like any other.

        @return: fires with the parsed body; errs with C{ValueError} if it is
            not JSON, with L{AnswerTooLarge}, with
            C{twisted.internet.defer.TimeoutError}, or with what the connection
            errs with.
        """
        answer = self._post(uri, args)
        answer.addTimeout(TIMEOUT, self.reactor)
        return answer

    @inlineCallbacks
    def _post(self, uri: str, args: Dict[str, str]) -> "Deferred[Any]":
        response = yield self.treq.post(uri, data=args, unbuffered=True)
        received = []
        size = 0

        def collect(data: bytes) -> None:
            nonlocal size
            size += len(data)
            if size > MAX_ANSWER_BYTES:
                raise AnswerTooLarge(uri)
            received.append(data)

        yield self.treq.collect(response, collect)
        return json.loads(b"".join(received).decode("utf-8"))
