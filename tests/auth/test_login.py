"""
Whose is a password?
"""

from typing import Any, Callable, List

from twisted.internet.defer import Deferred
from twisted.logger import globalLogPublisher
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer
from zope.interface.verify import verifyObject

from synauth.auth.login import LimitedPasswords, PasswordLogin
from synauth.auth.passwords import LocalPasswords
from synauth.auth.ratelimit import RateLimiter
from synauth.errors import LimitExceededError, LoginError
from synauth.interfaces import IPasswordChecker
from synauth.testing.hosts import STYLES, MemoryAuthStore, MemoryHomeServer, in_style
from synauth.testing.passwords import (
    ALICE,
    PASSWORD,
    InlineHashPool,
    make_ipasswordchecker_tests,
)
from tests.auth.test_passwords import cheap_hasher, hashed, local_passwords

BOB = "@bob:example.org"


class Provider:
    """
    A password provider.

    @ivar answer: called with the user id and the password.
    """

    def __init__(self, answer: Callable[..., Any], style: str = "plain") -> None:
        self.answer = answer
        self.style = style
        self.asked: List[Any] = []

    def check_password(self, user_id: str, password: str) -> Any:
        """
        Answer as told.
        """
        self.asked.append((user_id, password))
        return in_style(self.style, self.answer, user_id, password)


def failing(user_id: str, password: str) -> Any:
    """
    A directory server that is down.
    """
    raise RuntimeError("down")


class ProviderOnlyContractTests(
    make_ipasswordchecker_tests(
        lambda case: PasswordLogin(
            [Provider(lambda u, p: u.lower() == ALICE and p == PASSWORD)],
            LocalPasswords(
                MemoryAuthStore(users={ALICE: None, BOB: None}),
                cheap_hasher(),
            ),
        )
    )
):
    """
    An account without a local password.
    """


class LocalContractTests(
    make_ipasswordchecker_tests(
        lambda case: PasswordLogin(
            [Provider(lambda u, p: False), Provider(lambda u, p: None)],
            local_passwords(case),
        )
    )
):
    """
    An account that no provider knows.
    """


class LimitedContractTests(
    make_ipasswordchecker_tests(
        lambda case: LimitedPasswords(
            local_passwords(case), RateLimiter(MemoryHomeServer().get_clock(), 1, 50)
        )
    )
):
    """
    With a limit that nobody reaches.
    """


class PasswordLoginTests(SynchronousTestCase):
    """
    L{PasswordLogin}.
    """

    def setUp(self) -> None:
        """
        Make two accounts, and listen to the log.
        """
        self.store = MemoryHomeServer().store
        self.store.users.update({ALICE: hashed("local"), BOB: None})
        self.pool = InlineHashPool()
        self.events: List[Any] = []
        globalLogPublisher.addObserver(self.events.append)
        self.addCleanup(globalLogPublisher.removeObserver, self.events.append)

    def check(self, user_id: str, password: str, *providers: Any, **kw: Any) -> Any:
        """
        @return: whose a password is.
        """
        local = LocalPasswords(self.store, cheap_hasher())
        login = PasswordLogin(list(providers), local, **kw)
        verifyObject(IPasswordChecker, login)
        return self.successResultOf(login.check_password(user_id, password))

    def logged(self, level: str) -> List[Any]:
        """
        @return: what was logged at a level.
        """
        return [
            e
            for e in self.events
            if e["log_namespace"] == "synauth.auth.login"
            and e["log_level"].name == level
        ]

    def test_order(self) -> None:
        """
        Each provider is asked in turn until one vouches.
        """
        first = Provider(lambda u, p: False)
        second = Provider(lambda u, p: p == "remote")
        third = Provider(lambda u, p: True)
        self.assertEqual(self.check(ALICE, "remote", first, second, third), ALICE)
        asked = [len(p.asked) for p in (first, second, third)]
        self.assertEqual(asked, [1, 1, 0])
        self.assertEqual(second.asked, [(ALICE, "remote")])

    def test_fall_through(self) -> None:
        """
        When no provider vouches the local password counts.
        """
        no = Provider(lambda u, p: False)
        self.assertEqual(self.check(ALICE, "local", no, no), ALICE)
        self.assertIsNone(self.check(ALICE, "other", no, no))
        self.assertIsNone(self.check(BOB, "other", no))

    def test_styles(self) -> None:
        """
        A provider may answer in any style, with C{True} or with the user id.
        """
        for style in STYLES:
            for yes in (lambda u, p: True, lambda u, p: u):
                self.assertEqual(self.check(BOB, "x", Provider(yes, style)), BOB)
            for no in (False, None, 0, "", ()):
                refusal = Provider(lambda u, p: no, style)  # noqa: B023
                self.assertIsNone(self.check(BOB, "x", refusal))
        self.assertEqual(self.logged("error"), [])

    def test_failing(self) -> None:
        """
        A provider that fails vouches for nobody, the next one is asked, and
        the log says which one it was.
        """
        for style in STYLES:
            bad = Provider(failing, style)
            good = Provider(lambda u, p: True)
            self.assertEqual(self.check(BOB, "x", bad, good), BOB)
            self.assertEqual(self.check(ALICE, "local", bad), ALICE)
            self.assertIsNone(self.check(BOB, "x", bad))
            self.assertEqual(len(self.flushLoggedErrors(RuntimeError)), 3)
        self.assertEqual(
            self.logged("critical")[0]["provider"], "tests.auth.test_login.Provider"
        )

    def test_failing_with_an_error_of_ours(self) -> None:
        """
        An exception of ours that a provider raises ends nothing either.
        """

        def refuse(user_id: str, password: str) -> Any:
            raise LoginError(403, "Invalid password")

        self.assertEqual(self.check(ALICE, "local", Provider(refuse)), ALICE)
        self.flushLoggedErrors(LoginError)

    def test_without_the_method(self) -> None:
        """
        An object that is no provider is passed over.
        """
        self.assertEqual(self.check(ALICE, "local", object()), ALICE)
        self.flushLoggedErrors(AttributeError)

    def test_truthy(self) -> None:
        """
        Anything true but C{True} and the user id itself vouches for nobody.
        """
        for answer in (1, 1.0, "yes", ALICE, [True], {"ok": True}, object(), Deferred):
            del self.events[:]
            odd = Provider(lambda u, p: answer)  # noqa: B023
            self.assertIsNone(self.check(BOB, "x", odd), repr(answer))
            (event,) = self.logged("error")
            self.assertEqual(event["type"], type(answer).__name__)

    def test_unknown_account(self) -> None:
        """
        A provider can't let in whom this server does not know; the log says
        so, without the password.
        """
        yes = Provider(lambda u, p: True)
        self.assertIsNone(self.check("@eve:example.org", "s3cret", yes))
        (event,) = self.logged("error")
        self.assertEqual(event["user_id"], "@eve:example.org")
        self.assertNotIn("s3cret", repr(self.events))

    def test_registers(self) -> None:
        """
        A provider that makes the account on the way lets it in.
        """

        def register(user_id: str, password: str) -> bool:
            self.store.users[user_id] = None
            return True

        user_id = "@eve:example.org"
        self.assertEqual(self.check(user_id, "x", Provider(register)), user_id)

    def test_canonical(self) -> None:
        """
        Whom a provider vouches for in another case is let in as the account's
        own id.
        """
        yes = Provider(lambda u, p: True)
        self.assertEqual(self.check("@BOB:example.org", "x", yes), BOB)
        self.store.users["@Bob:example.org"] = None
        self.assertIsNone(self.check("@BOB:example.org", "x", yes))

    def test_empty_and_over_long(self) -> None:
        """
        An empty or an over-long password is nobody's, and no provider sees it.
        """
        yes = Provider(lambda u, p: True)
        for password in ("", "x" * 513, "x" * 10**6):
            self.assertIsNone(self.check(BOB, password, yes))
        self.assertEqual(yes.asked, [])
        self.assertEqual(self.check(BOB, "x" * 512, yes), BOB)

    def test_without_local_passwords(self) -> None:
        """
        Local passwords can be switched off.
        """
        self.assertIsNone(self.check(ALICE, "local", ask_local=False))
        yes = Provider(lambda u, p: True)
        self.assertEqual(self.check(ALICE, "x", yes, ask_local=False), ALICE)


@implementer(IPasswordChecker)
class SlowPasswords:
    """
    Answers when it is told to.
    """

    def __init__(self) -> None:
        self.asked: List["Deferred[Any]"] = []

    def check_password(self, user_id: str, password: str) -> "Deferred[Any]":
        """
        See L{IPasswordChecker.check_password}.
        """
        self.asked.append(Deferred())
        return self.asked[-1]


class LimitedPasswordsTests(SynchronousTestCase):
    """
    L{LimitedPasswords}.
    """

    def setUp(self) -> None:
        """
        Allow three mistakes, and one more every ten seconds.
        """
        hs = MemoryHomeServer()
        self.reactor = hs.reactor
        self.slow = SlowPasswords()
        limiter = RateLimiter(hs.get_clock(), 0.1, 3)
        self.limited = LimitedPasswords(self.slow, limiter)

    def check(self, answer: Any, user_id: str = ALICE) -> Any:
        """
        @return: what a check comes to if the password is this good.
        """
        checked = self.limited.check_password(user_id, "x")
        if not checked.called:
            self.slow.asked.pop().callback(answer)
        return checked

    def test_wrong(self) -> None:
        """
        After three mistakes even the right password is barred, before anybody
        is asked, in whatever case the user is typed; time heals it.
        """
        for user_id in (ALICE, "@Alice:example.org", "@ALICE:example.org"):
            self.assertIsNone(self.successResultOf(self.check(None, user_id)))
        error = self.failureResultOf(self.check(ALICE), LimitExceededError).value
        self.assertEqual(error.retry_after_ms, 10000)
        self.assertEqual(self.slow.asked, [])
        self.assertEqual(self.successResultOf(self.check(BOB, BOB)), BOB)
        self.reactor.advance(10)
        self.assertEqual(self.successResultOf(self.check(ALICE)), ALICE)

    def test_right(self) -> None:
        """
        Right passwords are not counted.
        """
        for _ in range(20):
            self.assertEqual(self.successResultOf(self.check(ALICE)), ALICE)
        for _ in range(3):
            self.assertIsNone(self.successResultOf(self.check(None)))
        self.failureResultOf(self.check(None), LimitExceededError)

    def test_failure(self) -> None:
        """
        Nor is what could not be checked.
        """
        for _ in range(20):
            checked = self.check(Failure(LimitExceededError(1000)))
            self.failureResultOf(checked, LimitExceededError)
        self.assertEqual(self.successResultOf(self.check(ALICE)), ALICE)

    def test_at_once(self) -> None:
        """
        Guesses that come at the same time are all counted.
        """
        checks = [self.limited.check_password(ALICE, "x") for _ in range(10)]
        self.assertEqual(len(self.slow.asked), 3)
        for answer in self.slow.asked:
            answer.callback(None)
        results = [self.successResultOf(c) for c in checks[:3]]
        self.assertEqual(results, [None] * 3)
        for checked in checks[3:]:
            self.failureResultOf(checked, LimitExceededError)
