"""
Tests for L{synauth.web.server} and L{synauth.web.request}: connections, bodies
and what is logged.
"""

import ipaddress
import json
from typing import Any, Dict, List, Union

from twisted.internet.address import UNIXAddress
from twisted.internet.defer import Deferred
from twisted.logger import LogLevel, globalLogPublisher
from twisted.trial.unittest import SynchronousTestCase
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET

import twisted
from synauth.errors import MatrixError
from synauth.web.request import MAX_BODY_BYTES, MAX_DISCARDED_BYTES, SynauthRequest
from synauth.web.response import CORS_HEADERS
from synauth.web.routes import Route
from synauth.web.server import SynauthSite
from tests.web.client import Answer, Connection, ask, site_of

TOO_LARGE = {
    "errcode": "M_TOO_LARGE",
    "error": "The request body is larger than 65536 bytes",
}


TOO_LARGE_JSON = json.dumps(TOO_LARGE, separators=(",", ":"))


class _Echo:
    """
    An endpoint that tells what it was sent.
    """

    def __init__(self) -> None:
        self.requests: List[SynauthRequest] = []

    def post(self, request: SynauthRequest) -> Dict[str, Any]:
        """
        Tell the size of the body.
        """
        self.requests.append(request)
        return {"size": len(request.content.read())}

    def site(self, **options: Any) -> SynauthSite:
        """
        @return: a site with this endpoint at C{/echo}.
        """
        return site_of(
            Route("POST", ("",), "/echo", self.post),
            Route("GET", ("",), "/echo", self.post),
            **options,
        )


class BodyLimitTests(SynchronousTestCase):
    """
    Bodies have a limit, and what is over it is not kept.
    """

    def setUp(self) -> None:
        self.echo = _Echo()
        self.connection = Connection(self.echo.site())

    def assertTooLarge(self, answer: Answer) -> None:
        """
        Assert that C{answer} is the whole refusal of a body.
        """
        self.assertEqual(answer.code, 413)
        self.assertEqual(answer.json, TOO_LARGE)
        self.assertEqual(answer.headers["connection"], "close")
        self.assertEqual(answer.headers["access-control-allow-origin"], "*")
        self.assertEqual(self.echo.requests, [])
        self.assertTrue(self.connection.closed)

    def test_at_the_limit(self) -> None:
        """
        A body of exactly the limit is served, and the connection lives on.
        """
        self.connection.request("POST", "/echo", b"x" * MAX_BODY_BYTES)
        (answer,) = self.connection.answers()
        self.assertEqual((answer.code, answer.json), (200, {"size": MAX_BODY_BYTES}))
        self.assertFalse(self.connection.closed)

    def test_over_the_limit(self) -> None:
        """
        A body that is a byte too large is read, dropped and refused.
        """
        self.connection.request("POST", "/echo", b"x" * (MAX_BODY_BYTES + 1))
        (answer,) = self.connection.answers()
        self.assertTooLarge(answer)

    def test_answer_waits_for_the_body(self) -> None:
        """
        The refusal of a declared body comes after its last byte, which is when
        a simple client begins to read; nothing of it is kept until then.
        """
        self.connection.send(
            b"POST /echo HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % MAX_DISCARDED_BYTES
        )
        (request,) = self.connection.protocol.requests
        for _ in range(MAX_DISCARDED_BYTES // 65536 - 1):
            self.connection.send(b"x" * 65536)
        self.assertEqual(request.content.getvalue(), b"")
        self.connection.send(b"x" * 65535)
        self.assertEqual(self.connection.answers(), [])
        self.connection.send(b"x")
        (answer,) = self.connection.answers()
        self.assertTooLarge(answer)

    def test_declared_beyond_reason(self) -> None:
        """
        Who announces more than is worth reading is refused at once, and what
        comes after is not looked at.
        """
        self.connection.send(
            b"POST /echo HTTP/1.1\r\nContent-Length: %d\r\n\r\n"
            % (MAX_DISCARDED_BYTES + 1)
        )
        (answer,) = self.connection.answers()
        self.assertTooLarge(answer)
        for _ in range(MAX_DISCARDED_BYTES // 65536 + 1):
            self.connection.send(b"x" * 65536)
        self.assertEqual(len(self.connection.answers()), 1)
        self.connection.lose()

    def test_chunked_over_the_limit(self) -> None:
        """
        A chunked body is counted as it arrives; what was kept is let go.
        """
        self.connection.send(
            b"POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        self.connection.send(b"10000\r\n" + b"x" * 65536 + b"\r\n")
        (request,) = self.connection.protocol.requests
        self.assertEqual(len(request.content.getvalue()), 65536)
        self.connection.send(b"1\r\nx\r\n")
        self.assertEqual(request.content.getvalue(), b"")
        self.assertEqual(self.connection.answers(), [])
        self.connection.send(b"0\r\n\r\n")
        (answer,) = self.connection.answers()
        self.assertTooLarge(answer)

    def test_chunked_within_the_limit(self) -> None:
        """
        A chunked body is served like any other.
        """
        self.connection.send(
            b"POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
            b"2\r\n{}\r\n0\r\n\r\n"
        )
        (answer,) = self.connection.answers()
        self.assertEqual((answer.code, answer.json), (200, {"size": 2}))

    def test_chunked_without_end(self) -> None:
        """
        A chunked body that goes on and on is cut off, once.
        """
        self.connection.send(
            b"POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        for _ in range(MAX_DISCARDED_BYTES // 65536 + 3):
            self.connection.send(b"10000\r\n" + b"x" * 65536 + b"\r\n")
        (answer,) = self.connection.answers()
        self.assertTooLarge(answer)
        self.connection.send(b"0\r\n\r\n")
        self.assertEqual(len(self.connection.answers()), 1)

    def test_pipelined_behind_a_large_body(self) -> None:
        """
        What follows a body that was refused is not taken for a request.
        """
        body = b"x" * (MAX_BODY_BYTES + 1)
        self.connection.send(
            b"POST /echo HTTP/1.1\r\nContent-Length: %d\r\n\r\n%b"
            b"POST /echo HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}" % (len(body), body)
        )
        (answer,) = self.connection.answers()
        self.assertTooLarge(answer)

    def test_pipelined(self) -> None:
        """
        Two requests in one piece are answered in order, each with its own.
        """
        self.connection.send(
            b"POST /echo HTTP/1.1\r\nContent-Length: 1\r\n\r\nx"
            b"POST /echo HTTP/1.1\r\nContent-Length: 2\r\n\r\nxx"
        )
        self.assertEqual(
            [answer.json for answer in self.connection.answers()],
            [{"size": 1}, {"size": 2}],
        )

    if (twisted.version.major, twisted.version.minor) < (20, 3):
        test_pipelined.skip = "this Twisted forgets what is behind a body"

    def test_continue(self) -> None:
        """
        A client that asks before it sends is told to go on.
        """
        self.connection.send(
            b"POST /echo HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"
        )
        (answer,) = self.connection.answers()
        self.assertEqual(answer.code, 100)
        self.connection.send(b"{}")
        self.assertEqual(self.connection.answers()[1].json, {"size": 2})

    def test_continue_refused(self) -> None:
        """
        A client that asks whether it may send too much is not told to go on.
        """
        self.connection.send(
            b"POST /echo HTTP/1.1\r\nExpect: 100-continue\r\n"
            b"Content-Length: %d\r\n\r\n" % (MAX_BODY_BYTES + 1)
        )
        (answer,) = self.connection.answers()
        self.assertTooLarge(answer)
        self.connection.send(b"x" * (MAX_BODY_BYTES + 1))
        self.assertEqual(len(self.connection.answers()), 1)


class BodyTypeTests(SynchronousTestCase):
    """
    A body is for the endpoint to read, whatever type it says it has.
    """

    def test_form(self) -> None:
        """
        A form's fields are not taken for the query's.
        """
        echo = _Echo()
        answer = ask(
            echo.site(),
            "POST",
            "/echo",
            b"access_token=a",
            (("Content-Type", "application/x-www-form-urlencoded"),),
        )
        self.assertEqual(answer.json, {"size": 14})
        self.assertEqual(echo.requests[0].query, b"")
        self.assertEqual(echo.requests[0].args, {})

    def test_multipart(self) -> None:
        """
        A body that only pretends to be multipart is not looked into.
        """
        for content_type in ("multipart/form-data", "multipart/form-data; boundary=é"):
            answer = ask(
                _Echo().site(),
                "POST",
                "/echo",
                b"{}",
                (("Content-Type", content_type),),
            )
            self.assertEqual((answer.code, answer.json), (200, {"size": 2}))


class BadRequestTests(SynchronousTestCase):
    """
    What is no request is refused in JSON, and the connection ends.
    """

    def assertRefused(self, data: bytes) -> None:
        """
        Assert that C{data} is answered with a 400, and nothing else.
        """
        connection = Connection(_Echo().site())
        connection.send(data)
        (answer,) = connection.answers()
        self.assertEqual(answer.code, 400)
        self.assertEqual(
            answer.json, {"errcode": "M_UNKNOWN", "error": "Not an HTTP request"}
        )
        self.assertEqual(answer.headers["connection"], "close")
        self.assertEqual(answer.headers["access-control-allow-origin"], "*")
        self.assertTrue(connection.closed)
        connection.lose()

    def test_request_line(self) -> None:
        """
        A request line of one word is refused.
        """
        self.assertRefused(b"hello\r\n")

    def test_header(self) -> None:
        """
        A header without a colon is refused.
        """
        self.assertRefused(b"GET /echo HTTP/1.1\r\nhello\r\nx: y\r\n\r\n")

    def test_folded_header(self) -> None:
        """
        A header that goes on in the next line is refused, whatever stands there
        or comes behind it.
        """
        for more in (b" b", b"\tb", b" x: y", b" "):
            self.assertRefused(
                b"GET /echo HTTP/1.1\r\nx: a\r\n" + more + b"\r\nx: y\r\n\r\n"
            )
        self.assertRefused(b" GET /echo HTTP/1.1\r\n\r\n")

    def test_content_length(self) -> None:
        """
        A length that is no number, or one of 5000 digits, is refused.
        """
        line = b"POST /echo HTTP/1.1\r\nContent-Length: %b\r\n"
        self.assertRefused(line % b"two" + b"x: y\r\n\r\n")

    def test_endless_content_length(self) -> None:
        """
        A length of 5000 digits ends the connection without a traceback,
        whether or not Python is willing to make a number of it.
        """
        connection = Connection(_Echo().site())
        connection.send(
            b"POST /echo HTTP/1.1\r\nContent-Length: %b\r\n\r\n" % (b"9" * 5000)
        )
        (answer,) = connection.answers()
        self.assertIn(answer.code, (400, 413))
        self.assertTrue(connection.closed)

    def test_long_line(self) -> None:
        """
        A URI without end is refused.
        """
        self.assertRefused(b"GET /" + b"x" * 20000)

    def test_large_headers(self) -> None:
        """
        Headers without end are refused.
        """
        self.assertRefused(
            b"GET /echo HTTP/1.1\r\n" + b"x-padding: " + b"x" * 10000 + b"\r\n"
            b"x-padding: " + b"x" * 10000 + b"\r\n"
        )


class ResponseTests(SynchronousTestCase):
    """
    What every answer has.
    """

    def test_headers(self) -> None:
        """
        An answer has the CORS headers, is not to be cached, and says nothing
        of what it was made with.
        """
        answer = ask(_Echo().site(), "GET", "/echo")
        expected = {
            name.decode("ascii").lower(): value.decode("ascii")
            for name, value in CORS_HEADERS
        }
        expected.update(
            {
                "server": "synauth",
                "date": "Fri, 14 Jul 2017 02:40:00 GMT",
                "cache-control": "no-store",
                "x-content-type-options": "nosniff",
                "content-type": "application/json",
                "content-length": "10",
            }
        )
        self.assertEqual(answer.headers, expected)
        self.assertEqual(
            answer.headers["access-control-allow-headers"],
            "X-Requested-With, Content-Type, Authorization",
        )
        self.assertEqual(
            answer.headers["access-control-allow-methods"],
            "GET, POST, PUT, DELETE, OPTIONS",
        )

    def test_date(self) -> None:
        """
        The date goes with the time.
        """
        site = _Echo().site()
        ask(site, "GET", "/echo")
        site.clock.advance(1)
        self.assertEqual(
            ask(site, "GET", "/echo").headers["date"], "Fri, 14 Jul 2017 02:40:01 GMT"
        )

    def test_connection_close(self) -> None:
        """
        A client that wants to close is told so once, and the connection is
        closed.
        """
        connection = Connection(_Echo().site())
        connection.request("GET", "/echo", headers=(("Connection", "close"),))
        (answer,) = connection.answers()
        self.assertEqual(answer.headers["connection"], "close")
        self.assertTrue(connection.closed)

    def test_http_1_0(self) -> None:
        """
        A client of HTTP/1.0 gets an answer, and the connection is closed.
        """
        connection = Connection(_Echo().site())
        connection.send(b"GET /echo HTTP/1.0\r\n\r\n")
        (answer,) = connection.answers()
        self.assertEqual(answer.json, {"size": 0})
        self.assertEqual(answer.headers["connection"], "close")
        self.assertTrue(connection.closed)

    def test_idle(self) -> None:
        """
        A connection on which nothing comes for a minute is closed.
        """
        site = _Echo().site()
        connection = Connection(site)
        connection.request("GET", "/echo")
        site.clock.advance(59)
        self.assertFalse(connection.closed)
        site.clock.advance(1)
        self.assertTrue(connection.closed)

    def test_many_pipelined(self) -> None:
        """
        Thousands of requests in one piece don't use up the stack.
        """
        connection = Connection(_Echo().site())
        connection.send(b"GET /echo HTTP/1.1\r\n\r\n" * 2000)
        self.assertEqual(
            [answer.json for answer in connection.answers()], [{"size": 0}] * 2000
        )

    def test_no_http2(self) -> None:
        """
        Over TLS nothing but HTTP/1.1 is agreed on.
        """
        self.assertEqual(_Echo().site().acceptableProtocols(), [b"http/1.1"])

    def test_factory_starts_and_stops(self) -> None:
        """
        A site that starts leaves nothing that wakes up every second.
        """
        site = _Echo().site()
        site.doStart()
        self.assertEqual(site.clock.getDelayedCalls(), [])
        site.doStop()


class _Page(Resource):
    """
    A resource that is not JSON.
    """

    isLeaf = True

    def render_GET(self, request: SynauthRequest) -> Union[bytes, int]:
        """
        A page; or what else the query says.
        """
        if request.query == b"refuse":
            raise MatrixError(403, "No")
        if request.query == b"fail":
            raise RuntimeError("secret")
        if request.query == b"cached":
            request.setHeader(b"Cache-Control", b"public")
        if request.query == b"pieces":
            request.write(b"<p>")
            request.write(b"<p>")
            request.setHeader(b"Too-Late", b"yes")
            request.finish()
            return NOT_DONE_YET
        if request.query == b"half":
            request.write(b"half")
            raise RuntimeError("secret")
        return b"<p>"


class PageTests(SynchronousTestCase):
    """
    Any other resource of Twisted's can stand in the tree.
    """

    def setUp(self) -> None:
        self.site = site_of()
        self.site.resource.putChild(b"page", _Page())

    def test_page(self) -> None:
        """
        A page is served with its own type and the usual headers.
        """
        answer = ask(self.site, "GET", "/page")
        self.assertEqual((answer.code, answer.body), (200, b"<p>"))
        self.assertEqual(answer.headers["server"], "synauth")
        self.assertEqual(answer.headers["content-type"], "text/html")
        self.assertEqual(answer.headers["cache-control"], "no-store")
        self.assertEqual(answer.headers["x-content-type-options"], "nosniff")
        self.assertIn("date", answer.headers)

    def test_pieces(self) -> None:
        """
        A page may come in pieces.
        """
        connection = Connection(self.site)
        connection.request("GET", "/page?pieces")
        head, _, body = connection.transport.value().partition(b"\r\n\r\n")
        self.assertEqual(head.count(b"Server: synauth"), 1)
        self.assertEqual(body, b"3\r\n<p>\r\n" * 2 + b"0\r\n\r\n")

    def test_own_headers(self) -> None:
        """
        A page may say itself how long it keeps.
        """
        answer = ask(self.site, "GET", "/page?cached")
        self.assertEqual(answer.headers["cache-control"], "public")

    def test_close(self) -> None:
        """
        A page closes the connection where the client wants that.
        """
        connection = Connection(self.site)
        connection.send(b"GET /page HTTP/1.0\r\n\r\n")
        self.assertEqual(connection.answers()[0].headers["connection"], "close")
        self.assertTrue(connection.closed)

    def test_refusal(self) -> None:
        """
        A page may refuse like an endpoint.
        """
        answer = ask(self.site, "GET", "/page?refuse")
        self.assertEqual(answer.code, 403)
        self.assertEqual(answer.json, {"errcode": "M_UNKNOWN", "error": "No"})

    def test_failure(self) -> None:
        """
        A page that fails is a 500 that tells nothing.
        """
        answer = ask(self.site, "GET", "/page?fail")
        self.assertEqual(answer.code, 500)
        self.assertEqual(
            answer.json, {"errcode": "M_UNKNOWN", "error": "Internal server error"}
        )
        self.assertEqual(len(self.flushLoggedErrors(RuntimeError)), 1)

    def test_failure_after_the_start(self) -> None:
        """
        A page that fails when half of it is out ends with the connection.
        """
        connection = Connection(self.site)
        connection.request("GET", "/page?half")
        self.assertTrue(connection.closed)
        self.assertNotIn(b"M_UNKNOWN", connection.transport.value())
        self.assertEqual(len(self.flushLoggedErrors(RuntimeError)), 1)


class ClientGoneTests(SynchronousTestCase):
    """
    A client may go away before it is answered.
    """

    def setUp(self) -> None:
        self.waiting: "Deferred[Any]" = Deferred()
        self.connection = Connection(
            site_of(Route("GET", ("",), "/slow", lambda request: self.waiting))
        )
        self.connection.request("GET", "/slow")

    def test_result(self) -> None:
        """
        The answer that nobody waits for is dropped; the work was not
        cancelled.
        """
        self.connection.lose()
        self.assertFalse(self.waiting.called)
        self.waiting.callback({})
        self.assertEqual(self.connection.answers(), [])

    def test_refusal(self) -> None:
        """
        So is a refusal.
        """
        self.connection.lose()
        self.waiting.errback(MatrixError(403, "No"))
        self.assertEqual(self.connection.answers(), [])

    def test_failure(self) -> None:
        """
        A fault of ours is logged even so.
        """
        self.connection.lose()
        self.waiting.errback(RuntimeError("broken"))
        self.assertEqual(self.connection.answers(), [])
        self.assertEqual(len(self.flushLoggedErrors(RuntimeError)), 1)

    def test_address(self) -> None:
        """
        Where the client was is still known, for the audit log.
        """
        (request,) = self.connection.protocol.requests
        self.connection.lose()
        self.assertEqual(request.client_address(), "192.0.2.1")

    def test_pipelined(self) -> None:
        """
        What was sent behind a request that waits is answered after it.
        """
        self.connection.request("OPTIONS", "/slow")
        self.assertEqual(self.connection.answers(), [])
        self.waiting.callback({"first": True})
        first, second = self.connection.answers()
        self.assertEqual(first.json, {"first": True})
        self.assertEqual(second.code, 204)


class LogTests(SynchronousTestCase):
    """
    What a log gets to hold.
    """

    def setUp(self) -> None:
        self.events: List[Dict[str, Any]] = []
        globalLogPublisher.addObserver(self.events.append)
        self.addCleanup(globalLogPublisher.removeObserver, self.events.append)

    def test_silent(self) -> None:
        """
        Nothing is logged of a request unless that is wanted.
        """
        ask(_Echo().site(), "GET", "/echo?access_token=sesame")
        self.assertEqual(self.events, [])

    def test_access_log(self) -> None:
        """
        The access log has a request's path, not its query.
        """
        waiting: "Deferred[Any]" = Deferred()
        site = site_of(
            Route("GET", ("",), "/{any}", lambda request, any: waiting),
            access_log=True,
        )
        connection = Connection(site)
        connection.request("GET", "/ec\\ho?access_token=sesame")
        site.clock.advance(0.25)
        waiting.callback({"size": 0})
        (event,) = self.events
        self.assertEqual(event["log_level"], LogLevel.info)
        self.assertEqual(event["log_namespace"], "synauth.access")
        self.assertEqual(
            event["log_format"].format(**event),
            "192.0.2.1 GET /ec\\\\ho 200 10B 250ms",
        )
        self.assertNotIn("sesame", repr(event))

    def test_refused_body(self) -> None:
        """
        A client that was cut off appears in the access log.
        """
        connection = Connection(_Echo().site(access_log=True))
        connection.send(
            b"POST /echo?access_token=sesame HTTP/1.1\r\n"
            b"Content-Length: %d\r\n\r\n" % (MAX_DISCARDED_BYTES + 1)
        )
        (event,) = self.events
        self.assertEqual(
            event["log_format"].format(**event),
            "192.0.2.1 - - 413 %dB 0ms" % len(TOO_LARGE_JSON),
        )
        self.assertNotIn("sesame", repr(event))

    def test_failure(self) -> None:
        """
        A failure is logged with its method, path and traceback, without the
        query or the body.
        """

        def fail(request: SynauthRequest) -> None:
            request.content.read()
            raise RuntimeError("broken")

        answer = ask(
            site_of(Route("POST", ("",), "/fail", fail)),
            "POST",
            "/fail?access_token=sesame",
            b"open sesame",
        )
        self.assertEqual(answer.code, 500)
        (event,) = [event for event in self.events if "log_failure" in event]
        self.assertEqual((event["method"], event["path"]), (b"POST", b"/fail"))
        self.assertIn("broken", event["log_failure"].getTraceback())
        self.assertNotIn("sesame", repr(event) + event["log_failure"].getTraceback())
        self.assertEqual(len(self.flushLoggedErrors(RuntimeError)), 1)


class ClientAddressTests(SynchronousTestCase):
    """
    A request knows where it comes from.
    """

    def setUp(self) -> None:
        self.addresses: List[str] = []

    def note(self, request: SynauthRequest) -> Dict[str, Any]:
        """
        An endpoint that asks twice.
        """
        self.addresses += [request.client_address(), request.client_address()]
        return {}

    def test_peer(self) -> None:
        """
        It is the peer's, and on a Unix socket there is none.
        """
        site = site_of(Route("GET", ("",), "/", self.note))
        headers = (("X-Forwarded-For", "198.51.100.1"),)
        ask(site, "GET", "/", headers=headers)
        ask(site, "GET", "/", peer=UNIXAddress("/run/synauth.sock"))
        self.assertEqual(self.addresses, ["192.0.2.1", "192.0.2.1", "unix", "unix"])

    def test_forwarded(self) -> None:
        """
        Behind a trusted proxy it is what the proxy says, for each request on a
        connection anew.
        """
        site = site_of(
            Route("GET", ("",), "/", self.note),
            x_forwarded=True,
            trusted_proxies=[ipaddress.ip_network("192.0.2.1")],
        )
        connection = Connection(site)
        for value in ("1.1.1.1, 198.51.100.1", "[2001:db8::1]:80"):
            connection.request("GET", "/", headers=(("X-Forwarded-For", value),))
        self.assertEqual(
            self.addresses,
            ["198.51.100.1", "198.51.100.1", "2001:db8::1", "2001:db8::1"],
        )
