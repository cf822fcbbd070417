"""
Outgoing HTTP: what is asked is configured, and what comes back is bounded.
"""

import json
from typing import Any, Dict, List, Mapping, Optional
from urllib.parse import urlencode

import attr
from twisted.internet.defer import Deferred, inlineCallbacks
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from twisted.web.http import PotentialDataLoss
from twisted.web.http_headers import Headers
from zope.interface import implementer

from synauth.awaiting import Steps
from synauth.errors import HttpResponseException
from synauth.foreign_json import parse_foreign_json
from synauth.interfaces import IModuleHttpClient, ISimpleHttpClient

# An answer of a captcha provider has a few hundred bytes.
MAX_ANSWER_BYTES = 64 * 1024

# Modules ask directories of people.
MAX_MODULE_ANSWER_BYTES = 4 * 1024 * 1024

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

    @param limit: what is too large, in bytes.
    @ivar collected: fires with the body.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self.collected: "Deferred[bytes]" = Deferred(lambda _: self._hang_up())
        self._chunks: List[bytes] = []
        self._size = 0

    def dataReceived(self, data: bytes) -> None:
        self._size += len(data)
        if self._size <= self._limit:
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
        received = yield _body_of(response, MAX_ANSWER_BYTES)
        return parse_foreign_json(received)


def _body_of(response: Any, limit: int) -> "Deferred[bytes]":
    body = _BoundedBody(limit)
    response.deliverBody(body)
    return body.collected


@implementer(IModuleHttpClient)
@attr.s(auto_attribs=True)
class ModuleHttpClient:
    """
    HTTP for modules, with Synapse's names.

    @ivar treq: the treq module, or what stands in for it in tests.
    @ivar reactor: keeps the time limit.
    @ivar user_agent: what it calls itself.
    """

    treq: Any
    reactor: Any
    user_agent: str = "synauth"

    def get_json(
        self,
        uri: str,
        args: Optional[Mapping[str, Any]] = None,
        headers: Optional[Mapping[Any, Any]] = None,
    ) -> "Deferred[Any]":
        """
        See L{IModuleHttpClient.get_json}.
        """
        return self._ask("GET", uri, headers, params=args).addCallback(
            parse_foreign_json
        )

    def get_raw(
        self,
        uri: str,
        args: Optional[Mapping[str, Any]] = None,
        headers: Optional[Mapping[Any, Any]] = None,
    ) -> "Deferred[bytes]":
        """
        See L{IModuleHttpClient.get_raw}.
        """
        return self._ask("GET", uri, headers, params=args)

    def post_json_get_json(
        self, uri: str, post_json: Any, headers: Optional[Mapping[Any, Any]] = None
    ) -> "Deferred[Any]":
        """
        See L{IModuleHttpClient.post_json_get_json}.
        """
        return self._ask_json("POST", uri, headers, post_json)

    def post_urlencoded_get_json(
        self,
        uri: str,
        args: Optional[Mapping[str, Any]] = None,
        headers: Optional[Mapping[Any, Any]] = None,
    ) -> "Deferred[Any]":
        """
        See L{IModuleHttpClient.post_urlencoded_get_json}.
        """
        body = urlencode(args or {}, doseq=True).encode("ascii")
        asked = self._ask(
            "POST", uri, headers, "application/x-www-form-urlencoded", data=body
        )
        return asked.addCallback(parse_foreign_json)

    def put_json(
        self,
        uri: str,
        json_body: Any,
        args: Optional[Mapping[str, Any]] = None,
        headers: Optional[Mapping[Any, Any]] = None,
    ) -> "Deferred[Any]":
        """
        See L{IModuleHttpClient.put_json}.
        """
        return self._ask_json("PUT", uri, headers, json_body, params=args)

    def _ask_json(
        self, method: str, uri: str, headers: Any, content: Any, **kwargs: Any
    ) -> "Deferred[Any]":
        body = json.dumps(content).encode("utf-8")
        asked = self._ask(method, uri, headers, "application/json", data=body, **kwargs)
        return asked.addCallback(parse_foreign_json)

    def _ask(
        self,
        method: str,
        uri: str,
        headers: Optional[Mapping[Any, Any]],
        content_type: Optional[str] = None,
        **kwargs: Any,
    ) -> "Deferred[bytes]":
        sent = Headers({"User-Agent": [self.user_agent], "Accept": ["*/*"]})
        if content_type is not None:
            sent.setRawHeaders("Content-Type", [content_type])
        for name, values in (headers or {}).items():
            one = isinstance(values, (str, bytes))
            sent.setRawHeaders(name, [values] if one else list(values))
        answer = self._exchange(method, uri, headers=sent, **kwargs)
        answer.addTimeout(TIMEOUT, self.reactor)
        return answer

    @inlineCallbacks
    def _exchange(self, method: str, uri: str, **kwargs: Any) -> Steps[bytes]:
        response = yield self.treq.request(
            method, uri, unbuffered=True, allow_redirects=False, **kwargs
        )
        body = yield _body_of(response, MAX_MODULE_ANSWER_BYTES)
        if not 200 <= response.code < 300:
            phrase = (response.phrase or b"").decode("ascii", "replace")
            raise HttpResponseException(response.code, phrase, body)
        return body
