"""
Which request the lines of the log are said to belong to.
"""

import ipaddress
from typing import Any, List, Tuple

from twisted.internet.address import IPv4Address, UNIXAddress
from twisted.internet.defer import Deferred, inlineCallbacks
from twisted.logger import Logger, globalLogPublisher
from twisted.python.versions import Version
from twisted.trial.unittest import SynchronousTestCase

import twisted
from synauth.homeserver.log_lines import with_request
from synauth.request_ids import current
from synauth.web.request import SynauthRequest
from synauth.web.routes import Route
from tests.web.client import Connection, site_of
from tests.web.server import PASSWORD, EndpointTestCase, Server

_log = Logger(namespace="test")

# The first one whose inlineCallbacks keep the context.
KEEPS_CONTEXT = Version("Twisted", 21, 2, 0)


class _Logging:
    """
    Handlers that log before and after they have waited.

    @ivar waiting: what each waits for.
    """

    def __init__(self) -> None:
        self.waiting: List["Deferred[None]"] = []

    def wait(self) -> "Deferred[None]":
        self.waiting.append(Deferred())
        return self.waiting[-1]

    @inlineCallbacks
    def serve(self, request: SynauthRequest) -> Any:
        """
        Say it before and after.
        """
        _log.info("before")
        yield self.wait()
        _log.info("after")
        return {}

    async def serve_async(self, request: SynauthRequest) -> Any:
        """
        The same, as a coroutine.
        """
        _log.info("before")
        await self.wait()
        _log.info("after")
        return {}

    @inlineCallbacks
    def fail(self, request: SynauthRequest) -> Any:
        """
        Fail after waiting.
        """
        yield self.wait()
        raise ZeroDivisionError()


class LinesTests(SynchronousTestCase):
    """
    A site that logs.
    """

    def setUp(self) -> None:
        """
        Listen.
        """
        self.handlers = _Logging()
        self.site = site_of(
            Route("GET", ("",), "/serve", self.handlers.serve),
            Route("GET", ("",), "/async", self.handlers.serve_async),
            Route("GET", ("",), "/fail", self.handlers.fail),
            access_log=True,
        )
        # What a line would say, as it would say it then.
        self.lines: List[Tuple[str, str]] = []
        globalLogPublisher.addObserver(self.note)
        self.addCleanup(globalLogPublisher.removeObserver, self.note)

    def note(self, event: Any) -> None:
        """
        Note an event's words and what stands in its line's brackets.
        """
        self.lines.append((event["log_format"], with_request(event)["log_system"]))

    def requests(self, path: str) -> List[str]:
        """
        Ask twice, on two connections, and let the second be answered first.

        @return: the ids of the two.
        """
        ids = []
        for _ in range(2):
            connection = Connection(self.site)
            connection.request("GET", path)
            ids.append(connection.protocol.requests[-1].request_id)
        self.assertIsNone(current.get())
        for waiting in reversed(self.handlers.waiting):
            waiting.callback(None)
        self.assertIsNone(current.get())
        self.assertNotEqual(*ids)
        return ids

    def said(self, words: str) -> List[str]:
        """
        @return: what stood in brackets before these words.
        """
        return [system for format, system in self.lines if format == words]

    def test_lines(self) -> None:
        """
        A line that is written while a request is served has its id, also when
        the request has waited.
        """
        for path in ("/serve", "/async"):
            del self.lines[:], self.handlers.waiting[:]
            first, second = self.requests(path)
            template = "test#info request=%s"
            self.assertEqual(self.said("before"), [template % first, template % second])
            if twisted.version >= KEEPS_CONTEXT:
                after = [template % second, template % first]
            else:
                # It is not known, and nothing wrong is said.
                after = ["test#info"] * 2
            self.assertEqual(self.said("after"), after)

    def test_access_log(self) -> None:
        """
        With every Twisted the access log has it.
        """
        first, second = self.requests("/serve")
        systems = [system for _, system in self.lines if "access" in system]
        self.assertEqual(
            systems, ["synauth.access#info request=" + id for id in (second, first)]
        )

    def test_failure(self) -> None:
        """
        So has the line of a failure.
        """
        first, second = self.requests("/fail")
        self.assertEqual(
            self.said("{method!r} {path!r} failed"),
            ["synauth.web.request#critical request=" + id for id in (second, first)],
        )
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 2)


class GivenTests(SynchronousTestCase):
    """
    C{X-Request-ID}.
    """

    def request_id(self, peer: Any, *values: str, **options: Any) -> str:
        """
        @return: what a request with these headers is called.
        """
        site = site_of(Route("GET", ("",), "/", lambda request: Deferred()), **options)
        connection = Connection(site, peer)
        headers = tuple(("X-Request-ID", value) for value in values)
        connection.request("GET", "/", None, headers)
        request_id: str = connection.protocol.requests[-1].request_id
        return request_id

    def test_given(self) -> None:
        """
        It is believed of a proxy that is trusted, on a listener that is behind
        proxies; an id of ours stands in the place of any other.
        """
        trusting = {
            "x_forwarded": True,
            "trusted_proxies": [ipaddress.ip_network("127.0.0.0/8")],
        }
        proxy = IPv4Address("TCP", "127.0.0.1", 1)
        stranger = IPv4Address("TCP", "192.0.2.1", 1)
        for peer in (proxy, UNIXAddress("/run/socket")):
            self.assertEqual(self.request_id(peer, "abc", **trusting), "abc")
        ours = r"\A[0-9a-f]{6}-1\Z"
        self.assertRegex(self.request_id(stranger, "abc", **trusting), ours)
        self.assertRegex(self.request_id(proxy, "abc"), ours)
        for values in ((), ("a", "b"), ("a] outcome=",), ("x" * 65,), ("",)):
            self.assertRegex(self.request_id(proxy, *values, **trusting), ours)


class AuditTests(EndpointTestCase):
    """
    The audit log.
    """

    def test_audit(self) -> None:
        """
        Its lines have the id of their request, whatever came of it and however
        long that took.
        """
        systems: List[str] = []

        def note(event: Any) -> None:
            if event["log_namespace"] == "synauth.audit":
                systems.append(with_request(event)["log_system"])

        globalLogPublisher.addObserver(note)
        self.addCleanup(globalLogPublisher.removeObserver, note)
        server = Server()
        server.add_user("alice")
        login = {"type": "m.login.password", "user": "alice", "password": PASSWORD}
        server.post("/v3/login", login)
        server.post("/v3/login", dict(login, password="wrong"))
        (good, bad) = systems
        self.assertRegex(good, r"\Asynauth\.audit#info request=[0-9a-f]{6}-1\Z")
        self.assertRegex(bad, r"\Asynauth\.audit#warn request=[0-9a-f]{6}-2\Z")
