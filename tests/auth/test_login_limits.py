"""
How often somebody may be wrong about one account.
"""

from typing import Any, List, Mapping

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer

from synauth.auth.login import LimitedAuthenticator, limited
from synauth.auth.ratelimit import RateLimiter
from synauth.errors import LimitExceededError, LoginError, MatrixError
from synauth.interfaces import IAuthenticator
from synauth.providers.calling import ModuleFailure
from synauth.providers.results import Vouched
from synauth.testing.hosts import MemoryHomeServer
from synauth.testing.passwords import ALICE
from tests.auth.asking import BOB, HOST, PASSWORD_TYPE, Modules, Provider, failing


@implementer(IAuthenticator)
class SlowAuthenticator:
    """
    Answers when it is told to.
    """

    def __init__(self) -> None:
        self.asked: List["Deferred[Any]"] = []

    def authenticate(
        self, user: str, login_type: str, login_dict: Mapping[str, Any]
    ) -> "Deferred[Any]":
        """
        See L{IAuthenticator.authenticate}.
        """
        self.asked.append(Deferred())
        return self.asked[-1]


class LimitedAuthenticatorTests(SynchronousTestCase):
    """
    L{LimitedAuthenticator}.
    """

    def setUp(self) -> None:
        """
        Allow three mistakes, and one more every ten seconds.
        """
        hs = MemoryHomeServer()
        self.reactor = hs.reactor
        self.slow = SlowAuthenticator()
        self.limiter = RateLimiter(hs.get_clock(), 0.1, 3)
        self.limited = LimitedAuthenticator(HOST, self.slow, self.limiter)

    def ask(self, user: str = ALICE) -> Any:
        """
        @return: what an authentication comes to.
        """
        return self.limited.authenticate(user, PASSWORD_TYPE, {"password": "x"})

    def check(self, answer: Any, user: str = ALICE) -> Any:
        """
        @return: what it comes to if the password is this good.
        """
        asked = self.ask(user)
        if not asked.called:
            self.slow.asked.pop().callback(answer)
        return asked

    def test_wrong(self) -> None:
        """
        After three mistakes even the right password is barred, before anybody
        is asked, in whatever way the user is typed; time heals it.
        """
        for user in (ALICE, "@Alice:example.org", "ALICE"):
            self.assertIsNone(self.successResultOf(self.check(None, user)))
        for user in (ALICE, "alice"):
            asked = self.check(Vouched(ALICE), user)
            error = self.failureResultOf(asked, LimitExceededError).value
            self.assertEqual(error.retry_after_ms, 10000)
        self.assertEqual(self.slow.asked, [])
        right = Vouched(BOB)
        self.assertIs(self.successResultOf(self.check(right, BOB)), right)
        self.reactor.advance(10)
        self.assertIs(self.successResultOf(self.check(right)), right)

    def test_spellings(self) -> None:
        """
        However a name is spelled, it has the attempts of one.
        """
        for user in ("Alice", "ALICE", "\uff41\uff4c\uff49\uff43\uff45"):
            self.assertIsNone(self.successResultOf(self.check(None, user)))
        for user in ("alice", "Alice", "\uff21lice"):
            self.failureResultOf(self.ask(user), LimitExceededError)
        self.successResultOf(self.check(None, "malice"))

    def test_right(self) -> None:
        """
        Right passwords are not counted.
        """
        for _ in range(20):
            self.successResultOf(self.check(Vouched(ALICE)))
        for _ in range(3):
            self.assertIsNone(self.successResultOf(self.check(None)))
        self.failureResultOf(self.check(None), LimitExceededError)

    def test_failure(self) -> None:
        """
        Nor is what could not be checked.
        """
        for _ in range(20):
            asked = self.check(Failure(MatrixError(400, "Missing")))
            self.failureResultOf(asked, MatrixError)
        self.successResultOf(self.check(Vouched(ALICE)))

    def test_could_not_ask(self) -> None:
        """
        Nor is it held against a user that a module is down.
        """
        authenticator = Modules(Provider(failing)).authenticator()
        self.limited = LimitedAuthenticator(HOST, authenticator, self.limiter)
        for _ in range(20):
            error = self.failureResultOf(self.ask(), LoginError).value
            self.assertEqual(error.reason, "could_not_ask")
        self.flushLoggedErrors(ModuleFailure)

    def test_at_once(self) -> None:
        """
        Guesses that come at the same time are all counted.
        """
        checks = [self.ask() for _ in range(10)]
        self.assertEqual(len(self.slow.asked), 3)
        for answer in self.slow.asked:
            answer.callback(None)
        results = [self.successResultOf(c) for c in checks[:3]]
        self.assertEqual(results, [None] * 3)
        for checked in checks[3:]:
            self.failureResultOf(checked, LimitExceededError)

    def test_raises(self) -> None:
        """
        What is raised at once is an error like any other, and is not counted.
        """
        for _ in range(20):
            asked = limited(self.limiter, "key", lambda: failing("", ""))
            self.failureResultOf(asked, RuntimeError)
