"""
The stages of user-interactive authentication.
"""

from typing import Any, Dict, List
from unittest import TestResult

from treq.testing import StubTreq
from twisted.internet.defer import Deferred, succeed
from twisted.internet.task import Clock as ReactorClock
from twisted.logger import globalLogPublisher
from twisted.trial.unittest import SynchronousTestCase
from twisted.web.client import PartialDownloadError
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET
from zope.interface import implementer
from zope.interface.verify import verifyObject

from synauth.auth.stages import (
    CAPTCHA_TIMEOUT,
    CallableStage,
    Checkers,
    DummyStage,
    EmailIdentityStage,
    PasswordStage,
    RecaptchaStage,
)
from synauth.errors import LoginError, MatrixError
from synauth.homeserver.http_client import SimpleHttpClient
from synauth.interfaces import IPasswordChecker, IStage
from synauth.testing.hosts import STYLES, MemoryHomeServer
from synauth.testing.passwords import ALICE, PASSWORD, make_istage_tests


@implementer(IPasswordChecker)
class OnePassword:
    """
    Knows one account.

    @ivar asked: what it was asked.
    """

    def __init__(self) -> None:
        self.asked: List[Any] = []

    def check_password(self, user_id: str, password: str) -> "Deferred[Any]":
        """
        See L{IPasswordChecker.check_password}.
        """
        self.asked.append((user_id, password))
        right = (user_id.lower(), password) == (ALICE, PASSWORD)
        return succeed(ALICE if right else None)


class PasswordContractTests(
    make_istage_tests(lambda case: PasswordStage("example.org", OnePassword()))
):
    """
    C{m.login.password}.
    """


class RecaptchaContractTests(
    make_istage_tests(lambda case: RecaptchaStage(MemoryHomeServer()))
):
    """
    C{m.login.recaptcha}.
    """


class EmailIdentityContractTests(
    make_istage_tests(lambda case: EmailIdentityStage(MemoryHomeServer()))
):
    """
    C{m.login.email.identity}.
    """


class DummyContractTests(make_istage_tests(lambda case: DummyStage())):
    """
    C{m.login.dummy}.
    """


class CallableContractTests(
    make_istage_tests(lambda case: CallableStage("x", lambda authdict, ip: True))
):
    """
    A function.
    """


class BrokenStageTests(SynchronousTestCase):
    """
    The tests of the contract.
    """

    def test_broken(self) -> None:
        """
        A stage that trusts what a client sends does not pass.
        """

        @implementer(IStage)
        class Trusting(DummyStage):
            type = None  # type: ignore

            def params(self) -> Any:
                return "a word"

            def check(self, authdict: Any, clientip: str) -> Any:
                return authdict["user"].lower()

        tests = make_istage_tests(lambda case: Trusting())
        for name in ("test_type", "test_params", "test_hostile"):
            result = TestResult()
            tests(name).run(result)
            self.assertFalse(result.wasSuccessful(), name)


class StageTestCase(SynchronousTestCase):
    """
    What the tests of all stages need.
    """

    def passes(self, stage: Any, authdict: Dict[str, Any]) -> Any:
        """
        @return: what a stage proves.
        """
        return self.successResultOf(stage.check(authdict, "192.0.2.1"))

    def refused(self, stage: Any, authdict: Dict[str, Any]) -> Any:
        """
        @return: C{(class, status, errcode)} of a stage's refusal.
        """
        error = self.failureResultOf(
            stage.check(authdict, "192.0.2.1"), MatrixError
        ).value
        return type(error), error.code, error.errcode


class DummyStageTests(StageTestCase):
    """
    L{DummyStage}.
    """

    def test_passes(self) -> None:
        """
        It always passes, and tells nothing.
        """
        self.assertIs(self.passes(DummyStage(), {}), True)
        self.assertIsNone(DummyStage().params())
        self.assertEqual(DummyStage.type, "m.login.dummy")


class PasswordStageTests(StageTestCase):
    """
    L{PasswordStage}.
    """

    def setUp(self) -> None:
        """
        Make a stage.
        """
        self.passwords = OnePassword()
        self.stage = PasswordStage("example.org", self.passwords)

    def test_passes(self) -> None:
        """
        A user may be named in each of the ways that there are.
        """
        for named in (
            {"user": "alice"},
            {"user": "ALICE"},
            {"user": ALICE},
            {"identifier": {"type": "m.id.user", "user": "alice"}},
            {"identifier": {"type": "m.id.user", "user": ALICE}},
            {"user": None, "identifier": {"type": "m.id.user", "user": "alice"}},
            {"user": "alice", "identifier": {"type": "m.id.user", "user": "bob"}},
        ):
            authdict = dict(named, password=PASSWORD)
            self.assertEqual(self.passes(self.stage, authdict), ALICE, named)

    def test_wrong(self) -> None:
        """
        A wrong password may be tried again.
        """
        for user in ("alice", "bob", "@alice:other.example"):
            self.assertEqual(
                self.refused(self.stage, {"user": user, "password": "no"}),
                (LoginError, 403, "M_FORBIDDEN"),
            )

    def test_missing(self) -> None:
        """
        Without a user or a password there is nothing to check.
        """
        for authdict in (
            {},
            {"user": "alice"},
            {"password": PASSWORD},
            {"user": None, "password": PASSWORD},
            {"identifier": None, "password": PASSWORD},
            {
                "identifier": {"type": "m.id.thirdparty", "address": "a@b.c"},
                "password": PASSWORD,
            },
        ):
            self.assertEqual(
                self.refused(self.stage, authdict),
                (LoginError, 400, "M_MISSING_PARAM"),
            )
        for identifier in ({}, {"type": "m.id.user"}):
            self.assertEqual(
                self.refused(
                    self.stage, {"identifier": identifier, "password": PASSWORD}
                ),
                (MatrixError, 400, "M_MISSING_PARAM"),
            )
        self.assertEqual(self.passwords.asked, [])

    def test_wrong_types(self) -> None:
        """
        What is not of the right type, or no user id at all, is a mistake and
        reaches nobody.
        """
        for authdict in (
            {"user": 5, "password": PASSWORD},
            {"user": ["alice"], "password": PASSWORD},
            {"user": "alice", "password": 5},
            {"user": "alice", "password": None},
            {"user": "", "password": PASSWORD},
            {"user": "@", "password": PASSWORD},
            {"user": "@alice", "password": PASSWORD},
            {"user": "a\0", "password": PASSWORD},
            {"user": "\ud800", "password": PASSWORD},
            {"user": "a" * 256, "password": PASSWORD},
            {"identifier": "alice", "password": PASSWORD},
            {"identifier": {"type": 5}, "password": PASSWORD},
            {"identifier": {"type": "m.id.user", "user": 5}, "password": PASSWORD},
        ):
            self.assertEqual(
                self.refused(self.stage, authdict),
                (MatrixError, 400, "M_INVALID_PARAM"),
                authdict,
            )
        self.assertEqual(self.passwords.asked, [])


class EmailIdentityStageTests(StageTestCase):
    """
    L{EmailIdentityStage}.
    """

    def test_styles(self) -> None:
        """
        What the identity server vouches for is proved, together with what the
        client sent, in whatever style the host answers.
        """
        address = {"medium": "email", "address": "a@example.org", "validated_at": 5}
        for style in STYLES:
            hs = MemoryHomeServer(style)
            hs.identity.validated["sid"] = dict(address)
            stage = EmailIdentityStage(hs)
            creds = {"sid": "sid", "client_secret": "x"}
            self.assertEqual(
                self.passes(stage, {"threepid_creds": creds}),
                dict(address, threepid_creds=creds),
            )
            self.assertEqual(hs.identity.validated["sid"], address)
            self.assertEqual(
                self.refused(stage, {"threepid_creds": {"sid": "other"}}),
                (LoginError, 401, "M_UNAUTHORIZED"),
            )

    def test_missing(self) -> None:
        """
        Without credentials there is nothing to ask about.
        """
        stage = EmailIdentityStage(MemoryHomeServer())
        self.assertEqual(self.refused(stage, {}), (LoginError, 400, "M_MISSING_PARAM"))

    def test_wrong_types(self) -> None:
        """
        Credentials are an object.
        """
        stage = EmailIdentityStage(MemoryHomeServer())
        for creds in (None, "sid", 5, ["sid"], True):
            self.assertEqual(
                self.refused(stage, {"threepid_creds": creds}),
                (MatrixError, 400, "M_INVALID_PARAM"),
            )


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


class CheckersTests(SynchronousTestCase):
    """
    The stages as C{checkers}.
    """

    def setUp(self) -> None:
        """
        Make a dict of one stage.
        """
        self.stages: Dict[str, Any] = {"m.login.dummy": DummyStage()}
        self.checkers = Checkers(self.stages)

    def test_mapping(self) -> None:
        """
        It is read and written like the dict that it stands for.
        """
        self.assertEqual(list(self.checkers), ["m.login.dummy"])
        self.assertEqual(len(self.checkers), 1)
        self.assertIn("m.login.dummy", self.checkers)
        self.assertNotIn("x", self.checkers)
        self.assertRaises(KeyError, lambda: self.checkers["x"])
        checked = self.checkers["m.login.dummy"]({}, "192.0.2.1")
        self.assertIs(self.successResultOf(checked), True)
        del self.checkers["m.login.dummy"]
        self.assertEqual(self.stages, {})

    def test_added(self) -> None:
        """
        A host's own function becomes a stage, whatever it returns.
        """

        async def coroutine(authdict: Any, clientip: str) -> Any:
            return authdict["x"], clientip

        functions = [
            coroutine,
            lambda authdict, clientip: (authdict["x"], clientip),
            lambda authdict, clientip: succeed((authdict["x"], clientip)),
        ]
        for self.checkers["org.example"] in functions:
            stage = self.stages["org.example"]
            verifyObject(IStage, stage)
            self.assertEqual((stage.type, stage.params()), ("org.example", None))
            for check in (stage.check, self.checkers["org.example"]):
                proved = self.successResultOf(check({"x": 1}, "ip"))
                self.assertEqual(proved, (1, "ip"))
