"""
Outgoing HTTP for modules.
"""

import json
from typing import Any

from treq.testing import StubTreq
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase
from twisted.web.client import ResponseFailed
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET
from zope.interface.verify import verifyObject

from synauth.errors import HttpResponseException
from synauth.homeserver.http_client import (
    MAX_MODULE_ANSWER_BYTES,
    TIMEOUT,
    AnswerTooLarge,
    ModuleHttpClient,
)
from synauth.interfaces import IModuleHttpClient

URI = "https://example.org/api"


class Answering(Resource):
    """
    Answers with C{body} and C{code}, and keeps what was asked.
    """

    isLeaf = True
    body = b'{"a": 1}'
    code = 200
    hanging = False

    def render(self, request: Any) -> Any:
        """
        Answer as told.
        """
        self.request = request
        self.sent = request.content.read()
        request.setResponseCode(self.code)
        return NOT_DONE_YET if self.hanging else self.body

    def header(self, name: bytes) -> Any:
        """
        @return: the values of a header of the request.
        """
        return self.request.requestHeaders.getRawHeaders(name)


class ModuleHttpClientTests(SynchronousTestCase):
    """
    L{ModuleHttpClient}, over HTTP in memory.
    """

    def setUp(self) -> None:
        """
        Make a client, and whom it asks.
        """
        self.resource = Answering()
        self.reactor = Clock()
        self.treq = StubTreq(self.resource)
        self.client = ModuleHttpClient(self.treq, self.reactor)

    def asked(self, *expected: Any) -> None:
        """
        Check method, query and body of the last request.
        """
        request = self.resource.request
        path, _, query = request.uri.partition(b"?")
        # How a space is written depends on treq's age.
        query = query.replace(b"%20", b"+")
        self.assertEqual((request.method, query, self.resource.sent), expected)

    def test_interface(self) -> None:
        """
        It provides what it says that it provides.
        """
        verifyObject(IModuleHttpClient, self.client)

    def test_get_json(self) -> None:
        """
        A query of single values and lists is sent, and JSON comes back.
        """
        answer = self.client.get_json(URI, {"q": "\u00e4 b", "r": ["1", "2"]})
        self.assertEqual(self.successResultOf(answer), {"a": 1})
        self.asked(b"GET", b"q=%C3%A4+b&r=1&r=2", b"")
        self.assertEqual(self.resource.header(b"user-agent"), [b"synauth"])
        self.assertEqual(self.reactor.getDelayedCalls(), [])

    def test_get_raw(self) -> None:
        """
        Bytes come back as they are.
        """
        self.resource.body = b"\xff\0"
        self.assertEqual(self.successResultOf(self.client.get_raw(URI)), b"\xff\0")
        self.asked(b"GET", b"", b"")

    def test_post_json(self) -> None:
        """
        JSON is sent as JSON.
        """
        answer = self.client.post_json_get_json(URI, {"k": ["\u00e4"]})
        self.assertEqual(self.successResultOf(answer), {"a": 1})
        self.assertEqual(json.loads(self.resource.sent.decode()), {"k": ["\u00e4"]})
        self.assertEqual(self.resource.header(b"content-type"), [b"application/json"])

    def test_post_urlencoded(self) -> None:
        """
        A form is sent as a form, an empty one too.
        """
        answer = self.client.post_urlencoded_get_json(URI, {"p": "a&b", "q": ["1"]})
        self.assertEqual(self.successResultOf(answer), {"a": 1})
        self.asked(b"POST", b"", b"p=a%26b&q=1")
        self.assertEqual(
            self.resource.header(b"content-type"),
            [b"application/x-www-form-urlencoded"],
        )
        self.successResultOf(self.client.post_urlencoded_get_json(URI))
        self.asked(b"POST", b"", b"")

    def test_put_json(self) -> None:
        """
        JSON is put, with a query if there is one.
        """
        self.successResultOf(self.client.put_json(URI, [1], {"x": "y"}))
        self.asked(b"PUT", b"x=y", b"[1]")

    def test_headers(self) -> None:
        """
        Headers may be text or bytes, single or in lists, and win over ours.
        """
        for headers in (
            {b"X-Key": [b"k"], b"Content-Type": [b"a/b"]},
            {"X-Key": "k", "Content-Type": "a/b"},
            {b"X-Key": b"k", b"Content-Type": (b"a/b",)},
        ):
            self.successResultOf(self.client.post_json_get_json(URI, 1, headers))
            self.assertEqual(self.resource.header(b"x-key"), [b"k"])
            self.assertEqual(self.resource.header(b"content-type"), [b"a/b"])

    def test_error_status(self) -> None:
        """
        Every other status than a success is an error that has the body.
        """
        for self.resource.code in (300, 302, 400, 404, 500):
            failed = self.client.get_json(URI)
            error = self.failureResultOf(failed, HttpResponseException).value
            self.assertEqual(
                (error.code, error.response), (self.resource.code, b'{"a": 1}')
            )
            self.assertTrue(error.msg)

    def test_not_json(self) -> None:
        """
        What is no JSON is an error.
        """
        for self.resource.body in (b"", b"<html>", b"\xff"):
            self.failureResultOf(self.client.get_json(URI), ValueError)

    def test_size(self) -> None:
        """
        An answer may be as large as the limit, and no larger.
        """
        self.resource.body = b"x" * MAX_MODULE_ANSWER_BYTES
        body = self.successResultOf(self.client.get_raw(URI))
        self.assertEqual(len(body), MAX_MODULE_ANSWER_BYTES)
        self.resource.body += b"x"
        self.failureResultOf(self.client.get_raw(URI), AnswerTooLarge)

    def test_time_limit(self) -> None:
        """
        Who does not answer is given up on.
        """
        self.resource.hanging = True
        answer = self.client.get_raw(URI)
        self.assertNoResult(answer)
        self.reactor.advance(TIMEOUT)
        self.failureResultOf(answer, ResponseFailed)
