"""
The captcha, as a stage of user-interactive authentication.
"""

from typing import Any, List

from treq.testing import StubTreq
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock as ReactorClock
from twisted.logger import globalLogPublisher
from twisted.web.client import PartialDownloadError
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET

from synauth.auth.stages import CAPTCHA_TIMEOUT, RecaptchaStage
from synauth.errors import LoginError, MatrixError
from synauth.homeserver.http_client import SimpleHttpClient
from synauth.testing.hosts import STYLES, MemoryHomeServer
from tests.auth.test_stages import StageTestCase


class RecaptchaStageTests(StageTestCase):
    """
    L{RecaptchaStage}.
    """

    def setUp(self) -> None:
        """
        Make a stage on a host that listens to the log.
        """
        self.hs = MemoryHomeServer()
        self.stage = RecaptchaStage(self.hs)
        self.events: List[Any] = []
        globalLogPublisher.addObserver(self.events.append)
        self.addCleanup(globalLogPublisher.removeObserver, self.events.append)

    REFUSED = (LoginError, 401, "M_UNAUTHORIZED")

    def test_params(self) -> None:
        """
        A client needs the public key.
        """
        self.assertEqual(self.stage.params(), {"public_key": "public"})

    def test_asked(self) -> None:
        """
        The provider is sent the response, the secret and the client's address;
        it may answer in any style.
        """
        for style in STYLES:
            hs = MemoryHomeServer(style)
            stage = RecaptchaStage(hs)
            self.assertIs(self.passes(stage, {"response": "solved"}), True)
            form = {"secret": "private", "response": "solved", "remoteip": "192.0.2.1"}
            self.assertEqual(
                hs.http.posted, [("https://captcha.example/siteverify", form)]
            )

    def test_missing(self) -> None:
        """
        Without a response nobody is asked.
        """
        self.assertEqual(
            self.refused(self.stage, {}), (LoginError, 400, "M_CAPTCHA_NEEDED")
        )
        for response in (None, 5, [], {}):
            self.assertEqual(
                self.refused(self.stage, {"response": response}),
                (MatrixError, 400, "M_INVALID_PARAM"),
            )
        self.assertEqual(self.hs.http.posted, [])

    def test_only_true_is_success(self) -> None:
        """
        Nothing but C{true} is a success.
        """
        for answer in (
            {"success": False},
            {"success": "yes"},
            {"success": "true"},
            {"success": 1},
            {"success": [True]},
            {"success": None},
            {},
            [],
            [["success", True]],
            "success",
            True,
            None,
        ):
            self.hs.http.answer = lambda uri, args: answer  # noqa: B023
            self.assertEqual(
                self.refused(self.stage, {"response": "x"}), self.REFUSED, answer
            )
        self.assertEqual(self.flushLoggedErrors(), [])

    def test_error_status_of_an_old_client(self) -> None:
        """
        An old host's client raises on an error status; its body is the answer.
        """

        def answer(uri: str, args: Any) -> Any:
            raise PartialDownloadError(400, b"Bad Request", body)

        self.hs.http.answer = answer
        body: Any = b'{"success": true}'
        self.assertIs(self.passes(self.stage, {"response": "x"}), True)
        for body in (b'{"success": false}', b"no JSON", b"\xff", b"", None):  # noqa: B007
            self.assertEqual(self.refused(self.stage, {"response": "x"}), self.REFUSED)
        self.assertEqual(len(self.flushLoggedErrors()), 4)

    def test_unreachable(self) -> None:
        """
        Whatever goes wrong with the provider is logged, without what was sent,
        and is no success.
        """

        def answer(uri: str, args: Any) -> Any:
            raise ConnectionRefusedError("nobody there")

        self.hs.http.answer = answer
        self.assertEqual(
            self.refused(self.stage, {"response": "the-response"}), self.REFUSED
        )
        self.assertEqual(len(self.flushLoggedErrors(ConnectionRefusedError)), 1)
        logged = repr(self.events)
        self.assertNotIn("the-response", logged)
        self.assertNotIn("private", logged)

    def test_time_limit(self) -> None:
        """
        A host's client that never answers is given up on.
        """
        never: "Deferred[Any]" = Deferred()
        self.hs.http.answer = lambda uri, args: never
        checked = self.stage.check({"response": "x"}, "192.0.2.1")
        self.hs.reactor.advance(CAPTCHA_TIMEOUT - 0.1)
        self.assertNoResult(checked)
        self.hs.reactor.advance(0.1)
        self.failureResultOf(checked, LoginError)
        self.assertEqual(self.hs.reactor.getDelayedCalls(), [])
        self.assertEqual(len(self.flushLoggedErrors()), 1)


class Provider(Resource):
    """
    A captcha provider.
    """

    isLeaf = True
    status = 200
    body = b'{"success": true}'
    silent = False
    location = None

    def __init__(self) -> None:
        super().__init__()
        self.forms: List[Any] = []

    def render(self, request: Any) -> Any:
        """
        Answer as told.
        """
        self.forms.append((request.method, request.uri, request.args))
        if self.silent:
            return NOT_DONE_YET
        request.setResponseCode(self.status)
        if self.location:
            request.setHeader(b"location", self.location)
        return self.body


class RecaptchaOverHttpTests(StageTestCase):
    """
    L{RecaptchaStage} through L{SimpleHttpClient}.
    """

    REFUSED = (LoginError, 401, "M_UNAUTHORIZED")

    def setUp(self) -> None:
        """
        Make a provider, and a stage that asks it.
        """
        self.provider = Provider()
        treq = StubTreq(self.provider)
        hs = MemoryHomeServer()
        hs.http = SimpleHttpClient(treq, hs.reactor)  # type: ignore
        self.reactor: ReactorClock = hs.reactor
        self.stage = RecaptchaStage(hs)

    def test_success(self) -> None:
        """
        The form arrives as the provider expects it.
        """
        self.assertIs(self.passes(self.stage, {"response": "\u00e4&="}), True)
        self.assertEqual(
            self.provider.forms,
            [
                (
                    b"POST",
                    b"/siteverify",
                    {
                        b"secret": [b"private"],
                        b"response": ["\u00e4&=".encode()],
                        b"remoteip": [b"192.0.2.1"],
                    },
                )
            ],
        )
        self.assertEqual(self.reactor.getDelayedCalls(), [])

    def test_error_status(self) -> None:
        """
        An error status whose body is JSON is an answer.
        """
        for self.provider.status in (400, 404, 500, 503):
            self.provider.body = b'{"success": true}'
            self.assertIs(self.passes(self.stage, {"response": "x"}), True)
            self.provider.body = b'{"success": false}'
            self.assertEqual(self.refused(self.stage, {"response": "x"}), self.REFUSED)

    def test_not_json(self) -> None:
        """
        Anything else is none.
        """
        for body in (b"", b"<html>", b"\xff\xfe", b'{"success": true', b"x" * 65537):
            self.provider.body = body
            self.assertEqual(self.refused(self.stage, {"response": "x"}), self.REFUSED)
        self.assertEqual(len(self.flushLoggedErrors()), 5)

    def test_redirect(self) -> None:
        """
        The secret goes where it was configured to go, and nowhere else.
        """
        self.provider.location = b"https://elsewhere.example/"
        self.provider.body = b"moved"
        for self.provider.status in (301, 302, 303, 307, 308):
            del self.provider.forms[:]
            self.assertEqual(self.refused(self.stage, {"response": "x"}), self.REFUSED)
            self.assertEqual(len(self.provider.forms), 1)
        self.flushLoggedErrors()

    def test_silent(self) -> None:
        """
        A provider that says nothing is given up on.
        """
        self.provider.silent = True
        checked = self.stage.check({"response": "x"}, "192.0.2.1")
        self.assertNoResult(checked)
        self.reactor.advance(CAPTCHA_TIMEOUT)
        self.failureResultOf(checked, LoginError)
        self.assertEqual(self.reactor.getDelayedCalls(), [])
        self.flushLoggedErrors()
