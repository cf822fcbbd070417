"""
Who is it?  The contract, over each way to know it, and modules that have login
types of their own; see also L{tests.auth.test_login_providers} and
L{tests.auth.test_login_limits}.
"""

from typing import Any, List

from twisted.internet.defer import Deferred, succeed
from twisted.trial.unittest import SynchronousTestCase

from synauth.auth.login import Authenticator, LimitedAuthenticator
from synauth.auth.ratelimit import RateLimiter
from synauth.errors import MatrixError
from synauth.providers.calling import ModuleFailure
from synauth.providers.results import Vouched
from synauth.testing.hosts import MemoryHomeServer
from synauth.testing.passwords import ALICE, PASSWORD, make_iauthenticator_tests
from tests.auth.asking import BOB, HOST, AuthenticatorTestCase, Modules, Provider, no


class ProviderOnlyContractTests(
    make_iauthenticator_tests(
        lambda case: Modules(
            Provider(lambda u, p: u.lower() == ALICE and p == PASSWORD)
        ).authenticator(ask_local=False)
    )
):
    """
    An account that a provider knows.
    """


class LocalContractTests(
    make_iauthenticator_tests(
        lambda case: Modules(
            Provider(no), Provider(lambda u, p: None), password=PASSWORD
        ).authenticator()
    )
):
    """
    An account that no provider knows.
    """


class LimitedContractTests(
    make_iauthenticator_tests(
        lambda case: LimitedAuthenticator(
            HOST,
            Modules(password=PASSWORD).authenticator(),
            RateLimiter(MemoryHomeServer().get_clock(), 1, 50),
        )
    )
):
    """
    With a limit that nobody reaches.
    """


class BrokenAuthenticatorTests(SynchronousTestCase):
    """
    The tests of the contract.
    """

    def test_broken(self) -> None:
        """
        An authenticator that lets everybody in does not pass.
        """

        class Welcome(Authenticator):
            def authenticate(self, user: Any, type: Any, login_dict: Any) -> Any:
                return succeed(user)

        modules = Modules()
        tests = make_iauthenticator_tests(
            lambda case: Welcome(HOST, modules.callbacks, modules.local)
        )
        for name in dir(tests):
            if name.startswith("test_") and name != "test_interface":
                result = tests(name).defaultTestResult()
                tests(name).run(result)
                self.assertFalse(result.wasSuccessful(), name)


class CallbacksTests(AuthenticatorTestCase):
    """
    L{Authenticator} with modules of the other kind.
    """

    TYPE = "org.example.pin"

    def setUp(self) -> None:
        """
        Make a module with a login type.
        """
        super().setUp()
        self.modules = Modules()
        self.asked: List[Any] = []
        self.answer: Any = None
        self.modules.callbacks.register(
            "pin", {(self.TYPE, ("pin", "nonce")): self.check_pin}
        )

    def check_pin(self, *args: Any) -> Any:
        """
        A checker.
        """
        self.asked.append(args)
        return self.answer

    def authenticate(self, user: str, **login_dict: Any) -> Any:
        """
        @return: what an authentication comes to.
        """
        authenticator = self.modules.authenticator()
        return authenticator.authenticate(user, self.TYPE, login_dict)

    def test_vouched(self) -> None:
        """
        A module's word is passed on with its callback and its name; the module
        gets the user as typed and the fields that it declared.
        """
        self.answer = ("@BOB:example.org", print)
        proved = self.authenticate("Bob", pin="1", nonce="2", type="x", password="y")
        self.assertEqual(self.successResultOf(proved), Vouched(BOB, print, "pin"))
        self.assertEqual(self.asked, [("Bob", self.TYPE, {"pin": "1", "nonce": "2"})])

    def test_no(self) -> None:
        """
        A module's no is nobody's yes: local passwords are for C{m.login.password}.
        """
        proved = self.authenticate("alice", pin="1", nonce="2", password="local")
        self.assertIsNone(self.successResultOf(proved))
        self.assertEqual(self.modules.pool.ran, 0)

    def test_missing(self) -> None:
        """
        Fields that are missing are named, and nobody is asked.
        """
        error = self.failureResultOf(self.authenticate("bob"), MatrixError).value
        self.assertEqual((error.code, error.errcode), (400, "M_MISSING_PARAM"))
        self.assertIn("pin, nonce", error.msg)
        self.assertEqual(self.asked, [])

    def test_empty_password(self) -> None:
        """
        An empty password is nobody's here either.
        """
        self.answer = (BOB, None)
        proved = self.authenticate("bob", pin="1", nonce="2", password="")
        self.assertIsNone(self.successResultOf(proved))
        self.assertEqual(self.asked, [])

    def test_no_answer(self) -> None:
        """
        What can't be an answer lets nobody in.
        """
        for self.answer in (True, (True, None), (BOB,), "bob", ("@a:b.c", None)):
            self.unasked(self.authenticate("bob", pin="1", nonce="2"))
        self.flushLoggedErrors(ModuleFailure)

    def test_too_late(self) -> None:
        """
        A module that takes too long could not be asked.
        """
        self.answer = Deferred()
        asked = self.authenticate("bob", pin="1", nonce="2")
        self.modules.hs.reactor.advance(9.9)
        self.assertNoResult(asked)
        self.modules.hs.reactor.advance(0.1)
        self.unasked(asked)
        self.flushLoggedErrors(ModuleFailure)
