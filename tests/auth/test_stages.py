"""
The stages of user-interactive authentication.
"""

from typing import Any, Dict
from unittest import TestResult

from twisted.internet.defer import succeed
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer
from zope.interface.verify import verifyObject

from synauth.auth.stages import (
    CallableStage,
    Checkers,
    DummyStage,
    LoginStage,
    RecaptchaStage,
    ThreepidStage,
)
from synauth.errors import LoginError, MatrixError
from synauth.interfaces import IStage
from synauth.providers.calling import ModuleFailure
from synauth.testing.hosts import STYLES, MemoryHomeServer
from synauth.testing.passwords import ALICE, PASSWORD, make_istage_tests
from tests.auth.asking import HOST, Modules, Provider, failing, no

PIN = "org.example.pin"


def login_stage(type: str, *providers: Any) -> LoginStage:
    """
    @return: a stage that knows one account, by its password and by its PIN.
    """
    modules = Modules(*providers, password=PASSWORD)
    modules.callbacks.register("pins", {(PIN, ("pin", "nonce")): check_pin})
    return LoginStage(type, HOST, modules.authenticator())


def check_pin(user: str, login_type: str, fields: Dict[str, Any]) -> Any:
    """
    A checker of a module.
    """
    return ("@ALICE:example.org", print) if fields["pin"] == "1234" else None


class PasswordContractTests(
    make_istage_tests(lambda case: login_stage("m.login.password"))
):
    """
    C{m.login.password}.
    """


def email_stage(hs: MemoryHomeServer) -> ThreepidStage:
    """
    @return: the stage for e-mail addresses.
    """
    return ThreepidStage("m.login.email.identity", "email", hs)


class LoginTypeContractTests(make_istage_tests(lambda case: login_stage(PIN))):
    """
    A login type of a module.
    """


class RecaptchaContractTests(
    make_istage_tests(lambda case: RecaptchaStage(MemoryHomeServer()))
):
    """
    C{m.login.recaptcha}.
    """


class EmailIdentityContractTests(
    make_istage_tests(lambda case: email_stage(MemoryHomeServer()))
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


class LoginStageTests(StageTestCase):
    """
    L{LoginStage}.
    """

    def setUp(self) -> None:
        """
        Make a stage.
        """
        self.provider = Provider(no)
        self.stage = login_stage("m.login.password", self.provider)

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
        self.assertEqual(self.provider.asked, [])

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
        self.assertEqual(self.provider.asked, [])

    def test_could_not_ask(self) -> None:
        """
        A client can't tell a module that failed from a wrong password.
        """
        authdict = {"user": "alice", "password": "no"}
        for provider in (failing, no):
            stage = login_stage("m.login.password", Provider(provider))
            checked = stage.check(authdict, "192.0.2.1")
            error = self.failureResultOf(checked, LoginError).value
            self.assertEqual(
                (error.code, error.error_dict()),
                (403, {"errcode": "M_FORBIDDEN", "error": "Invalid password"}),
            )
            self.assertEqual(
                error.reason,
                "could_not_ask" if provider is failing else "wrong_password",
            )
        self.flushLoggedErrors(ModuleFailure)

    def test_login_type(self) -> None:
        """
        A module's own login type proves the account's id, and needs the
        module's own fields, not a password.
        """
        stage = login_stage(PIN, self.provider)
        self.assertEqual((stage.type, stage.params()), (PIN, None))
        for user in ("alice", ALICE):
            authdict = {"user": user, "pin": "1234", "nonce": "x"}
            self.assertEqual(self.passes(stage, authdict), ALICE)
        self.assertEqual(
            self.refused(stage, {"user": "alice", "pin": "1", "nonce": "x"}),
            (LoginError, 403, "M_FORBIDDEN"),
        )
        self.assertEqual(
            self.refused(stage, {"pin": "1234", "nonce": "x"}),
            (LoginError, 400, "M_MISSING_PARAM"),
        )
        checked = stage.check({"user": "alice", "nonce": "x"}, "192.0.2.1")
        error = self.failureResultOf(checked, MatrixError).value
        self.assertEqual((error.code, error.errcode), (400, "M_MISSING_PARAM"))
        self.assertTrue(error.msg.endswith(": pin"), error.msg)
        self.assertEqual(self.provider.asked, [])


class EmailIdentityStageTests(StageTestCase):
    """
    L{ThreepidStage}.
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
            stage = email_stage(hs)
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
        stage = email_stage(MemoryHomeServer())
        self.assertEqual(self.refused(stage, {}), (LoginError, 400, "M_MISSING_PARAM"))

    def test_other_medium(self) -> None:
        """
        A telephone is no e-mail address, and the other way round.
        """
        for stage_type, medium, other in (
            ("m.login.email.identity", "email", "msisdn"),
            ("m.login.msisdn", "msisdn", "email"),
        ):
            hs = MemoryHomeServer()
            address = {"medium": other, "address": "1", "validated_at": 5}
            hs.identity.validated["sid"] = address
            stage = ThreepidStage(stage_type, medium, hs)
            creds = {"threepid_creds": {"sid": "sid", "client_secret": "x"}}
            self.assertEqual(
                self.refused(stage, creds), (LoginError, 401, "M_UNAUTHORIZED")
            )
            address["medium"] = medium
            self.assertEqual(self.passes(stage, creds)["medium"], medium)

    def test_old_name(self) -> None:
        """
        C{threepidCreds} is what older clients write.
        """
        hs = MemoryHomeServer()
        address = {"medium": "email", "address": "a@example.org", "validated_at": 5}
        hs.identity.validated["sid"] = address
        proved = self.passes(email_stage(hs), {"threepidCreds": {"sid": "sid"}})
        self.assertEqual(proved["address"], "a@example.org")

    def test_wrong_types(self) -> None:
        """
        Credentials are an object.
        """
        stage = email_stage(MemoryHomeServer())
        for creds in (None, "sid", 5, ["sid"], True):
            self.assertEqual(
                self.refused(stage, {"threepid_creds": creds}),
                (MatrixError, 400, "M_INVALID_PARAM"),
            )


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
