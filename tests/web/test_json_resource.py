"""
Tests for L{synauth.web.json_resource}: how a handler's answer becomes a
response.
"""

from typing import Any, Dict, List

from twisted.internet.defer import CancelledError, Deferred, fail, succeed
from twisted.trial.unittest import SynchronousTestCase
from twisted.web.resource import IResource
from zope.interface.verify import verifyObject

from synauth.constants import Codes
from synauth.errors import InvalidTokenError, LimitExceededError, MatrixError
from synauth.web.json_resource import JsonResource
from synauth.web.request import SynauthRequest
from synauth.web.routes import Route
from tests.web.client import Answer, Connection, ask, site_of

INTERNAL = {"errcode": "M_UNKNOWN", "error": "Internal server error"}


def answer_of(handler: Any, method: str = "GET") -> Answer:
    """
    @return: the answer of a site that has this handler for C{GET}.
    """
    return ask(site_of(Route("GET", ("",), "/x", handler)), method, "/x")


class HandlerResultTests(SynchronousTestCase):
    """
    A handler may answer in several ways.
    """

    def test_interface(self) -> None:
        """
        It is a resource.
        """
        verifyObject(IResource, JsonResource())

    def test_body(self) -> None:
        """
        A body alone is a 200; text is escaped to ASCII.
        """
        answer = answer_of(lambda request: {"a": "\u00e9\ud800", "b": [1, None]})
        self.assertEqual(answer.code, 200)
        self.assertEqual(answer.body, b'{"a":"\\u00e9\\ud800","b":[1,null]}')

    def test_status(self) -> None:
        """
        A status can be given with the body, even one that has no name.
        """
        answer = answer_of(lambda request: (401, {"flows": []}))
        self.assertEqual((answer.code, answer.json), (401, {"flows": []}))
        self.assertEqual(answer_of(lambda request: (299, {})).code, 299)

    def test_fired(self) -> None:
        """
        A Deferred that has fired is answered at once.
        """
        answer = answer_of(lambda request: succeed((201, {"a": 1})))
        self.assertEqual((answer.code, answer.json), (201, {"a": 1}))

    def test_coroutine(self) -> None:
        """
        A coroutine is awaited.
        """

        async def handler(request: SynauthRequest) -> Dict[str, Any]:
            return {"a": await succeed(1)}

        self.assertEqual(answer_of(handler).json, {"a": 1})

    def test_later(self) -> None:
        """
        A Deferred is answered when it fires.
        """
        waiting: "Deferred[Any]" = Deferred()
        site = site_of(Route("GET", ("",), "/x", lambda request: waiting))
        connection = Connection(site)
        connection.request("GET", "/x")
        self.assertEqual(connection.answers(), [])
        waiting.callback({"a": 1})
        (answer,) = connection.answers()
        self.assertEqual((answer.code, answer.json), (200, {"a": 1}))

    def test_head(self) -> None:
        """
        HEAD is GET without its body.
        """
        answer = answer_of(lambda request: {"a": 1}, "HEAD")
        self.assertEqual((answer.code, answer.body), (200, b""))
        self.assertEqual(answer.headers["content-length"], "7")

    def test_own_header(self) -> None:
        """
        A handler may set a header.
        """

        def handler(request: SynauthRequest) -> Dict[str, Any]:
            request.setHeader(b"X-Own", b"yes")
            return {}

        self.assertEqual(answer_of(handler).headers["x-own"], "yes")


class HandlerErrorTests(SynchronousTestCase):
    """
    A handler may refuse, or break.
    """

    def assertAnswered(self, error: Exception, code: int, body: Any) -> Answer:
        """
        Assert that C{error} is answered like this, raised or through a
        Deferred.

        @return: the answer.
        """

        def raiser(request: SynauthRequest) -> None:
            raise error

        for handler in (raiser, lambda request: fail(error)):
            answer = answer_of(handler)
            self.assertEqual((answer.code, answer.json), (code, body))
            self.assertEqual(answer.headers["access-control-allow-origin"], "*")
        return answer

    def test_refusal(self) -> None:
        """
        A L{MatrixError} is what it says.
        """
        self.assertAnswered(
            MatrixError(403, "No", Codes.FORBIDDEN),
            403,
            {"errcode": "M_FORBIDDEN", "error": "No"},
        )

    def test_more_than_standard(self) -> None:
        """
        So is one that says more.
        """
        self.assertAnswered(
            InvalidTokenError("Expired", soft_logout=True),
            401,
            {"errcode": "M_UNKNOWN_TOKEN", "error": "Expired", "soft_logout": True},
        )

    def test_headers(self) -> None:
        """
        Its headers are sent.
        """
        answer = self.assertAnswered(
            LimitExceededError(1500),
            429,
            {
                "errcode": "M_LIMIT_EXCEEDED",
                "error": "Too many requests, please try again later",
                "retry_after_ms": 1500,
            },
        )
        self.assertEqual(answer.headers["retry-after"], "2")

    def test_header_injection(self) -> None:
        """
        A line break in a header's value adds no header.
        """
        error = MatrixError(400, "x")
        error.headers["X-Value"] = "a\r\nX-Forged: b"
        answer = self.assertAnswered(error, 400, error.error_dict())
        self.assertNotIn("x-forged", answer.headers)

    def test_failure(self) -> None:
        """
        Anything else is a 500 that tells nothing, logged once.
        """
        self.assertAnswered(RuntimeError("secret"), 500, INTERNAL)
        self.assertEqual(len(self.flushLoggedErrors(RuntimeError)), 2)

    def test_cancelled(self) -> None:
        """
        Work that was cancelled is a failure like another.
        """
        self.assertAnswered(CancelledError(), 500, INTERNAL)
        self.assertEqual(len(self.flushLoggedErrors(CancelledError)), 2)

    def test_not_an_answer(self) -> None:
        """
        A handler that gives something else than it should is broken, and so is
        one whose body is no JSON.
        """
        for result in (
            None,
            "text",
            [],
            (200, []),
            (200, None),
            (200,),
            {"a": object()},
            {"a": float("nan")},
        ):
            for handler in (
                lambda request, result=result: result,
                lambda request, result=result: succeed(result),
            ):
                answer = answer_of(handler)
                self.assertEqual((answer.code, answer.json), (500, INTERNAL))
        self.assertEqual(len(self.flushLoggedErrors(TypeError, ValueError)), 16)


class UnhandledTests(SynchronousTestCase):
    """
    What no handler is there for.
    """

    site = site_of(
        Route("GET", ("",), "/x/y", lambda request: {}),
        Route("PUT", ("",), "/x/y", lambda request: {}),
        Route("GET", ("",), "/d/{device_id}", lambda request, **params: params),
        Route("GET", ("",), "/d/{device_id}/{part}", lambda request, **params: params),
        Route("GET", ("",), "/d/all", lambda request: {"all": True}),
    )
    unrecognized = {"errcode": "M_UNRECOGNIZED", "error": "Unrecognized request"}

    def test_unknown_path(self) -> None:
        """
        Any other path is a 404, above, below and beside those that there are.
        """
        for path in [
            "/",
            "//",
            "/x",
            "/x/",
            "/x/y/",
            "/x/y/z",
            "/X/y",
            "/%00",
            "/d",
            "/d/",
            "/d//part",
            "*",
            "http://localhost/x/y",
        ]:
            for method in ("GET", "POST", "FROB"):
                answer = ask(self.site, method, path)
                self.assertEqual((answer.code, answer.json), (404, self.unrecognized))
                self.assertEqual(answer.headers["access-control-allow-origin"], "*")

    def test_wrong_method(self) -> None:
        """
        A method that a path does not have is a 405 that names those it has.
        """
        for method in ("POST", "DELETE", "get", "FROB"):
            answer = ask(self.site, method, "/x/y", b"")
            self.assertEqual((answer.code, answer.json), (405, self.unrecognized))
            self.assertEqual(answer.headers["allow"], "GET, HEAD, OPTIONS, PUT")
            self.assertEqual(answer.headers["access-control-allow-origin"], "*")

    def test_options(self) -> None:
        """
        OPTIONS is answered everywhere, without looking at a token.
        """
        for path in ("/x/y", "/nowhere", "/d/%FF?access_token=%FF"):
            answer = ask(self.site, "OPTIONS", path)
            self.assertEqual((answer.code, answer.body), (204, b""))
            self.assertEqual(answer.headers["access-control-allow-origin"], "*")
            self.assertIn(
                "Authorization", answer.headers["access-control-allow-headers"]
            )
            self.assertIn("DELETE", answer.headers["access-control-allow-methods"])
            self.assertNotIn("content-length", answer.headers)

    def test_options_close(self) -> None:
        """
        OPTIONS closes the connection where the client wants that.
        """
        connection = Connection(self.site)
        connection.request("OPTIONS", "/x/y", headers=(("Connection", "close"),))
        self.assertEqual(connection.answers()[0].headers["connection"], "close")
        self.assertTrue(connection.closed)

    def test_parameters(self) -> None:
        """
        A parameter is a segment, decoded; a slash may stand in it.
        """
        for path, expected in [
            ("/d/ABC", {"device_id": "ABC"}),
            ("/d/%61%2F%C3%A9", {"device_id": "a/\u00e9"}),
            ("/d/a+b", {"device_id": "a+b"}),
            ("/d/one/two", {"device_id": "one", "part": "two"}),
            ("/d/all", {"all": True}),
            ("/%64/all?x=y", {"all": True}),
        ]:
            answer = ask(self.site, "GET", path)
            self.assertEqual((answer.code, answer.json), (200, expected))

    def test_parameter_not_utf8(self) -> None:
        """
        A parameter that is not UTF-8 is refused.
        """
        answer = ask(self.site, "GET", "/d/%FF")
        self.assertEqual(answer.code, 400)
        self.assertEqual(
            answer.json,
            {"errcode": "M_INVALID_PARAM", "error": "The path is not valid UTF-8"},
        )

    def test_parameters_are_the_requests_own(self) -> None:
        """
        Two requests on one connection don't share what they found.
        """
        connection = Connection(self.site)
        connection.request("GET", "/d/one")
        connection.request("GET", "/d/two")
        found: List[Any] = [answer.json for answer in connection.answers()]
        self.assertEqual(found, [{"device_id": "one"}, {"device_id": "two"}])
