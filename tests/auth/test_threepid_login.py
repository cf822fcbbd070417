"""
Logins by an address.
"""

from typing import Any, Dict, List, Optional

from twisted.internet.defer import Deferred, succeed
from twisted.trial.unittest import SynchronousTestCase

from synauth.auth.ratelimit import RateLimiter
from synauth.auth.threepid_login import ThreepidLogin
from synauth.errors import LimitExceededError, LoginError, MatrixError
from synauth.providers.calling import ModuleFailure
from synauth.providers.results import Vouched
from synauth.testing.passwords import ALICE
from tests.auth.asking import BOB, Modules, Provider, failing, yes

ADDRESS = "alice@example.com"


class MemoryThreepids:
    """
    Whose the addresses are.

    @ivar owners: user ids by C{(medium, address)}.
    """

    def __init__(self) -> None:
        self.owners: Dict[Any, str] = {("email", ADDRESS): ALICE}

    def get_user_id_by_threepid(self, medium: str, address: str) -> "Deferred[Any]":
        """
        See L{IThreepidStore.get_user_id_by_threepid}.
        """
        return succeed(self.owners.get((medium, address)))


class ThreepidLoginTests(SynchronousTestCase):
    """
    L{ThreepidLogin}.
    """

    def setUp(self) -> None:
        """
        Make modules to be asked.
        """
        self.make()

    def make(self, *providers: Any) -> None:
        """
        Make what is under test, with legacy providers.
        """
        self.asked: List[Any] = []
        self.threepids = MemoryThreepids()
        self.modules = Modules(*providers)
        self.authenticator: Any = self.modules.authenticator()
        self.limiter: Optional[RateLimiter] = None

    def register(self, answer: Any) -> None:
        """
        Add a module that knows addresses.
        """

        def check_3pid_auth(*args: Any) -> Any:
            self.asked.append(args)
            if isinstance(answer, Exception):
                raise answer
            return answer

        self.modules.callbacks.register("module", check_3pid_auth=check_3pid_auth)

    def ask(self, password: Any, address: str = ADDRESS) -> Any:
        """
        @return: what a login by an e-mail address comes to.
        """
        login = ThreepidLogin(
            self.modules.callbacks,
            self.threepids,
            self.authenticator,
            self.limiter,
            self.modules.local,
        )
        return login.authenticate("email", address, password)

    def test_bound(self) -> None:
        """
        Whoever has the address here logs in by their own password.
        """
        self.assertEqual(self.successResultOf(self.ask("local")).user_id, ALICE)
        self.assertIsNone(self.successResultOf(self.ask("wrong")))

    def test_bound_with_a_provider(self) -> None:
        """
        Their password may be one that a provider knows.
        """
        provider = Provider(yes)
        self.make(provider)
        proved = self.successResultOf(self.ask("remote"))
        self.assertEqual(proved.user_id, ALICE)
        self.assertEqual(provider.asked, [(ALICE, "remote")])

    def test_module_first(self) -> None:
        """
        A module's word goes before what is known here.
        """
        self.register(("@BOB:example.org", print))
        proved = self.successResultOf(self.ask("x"))
        self.assertEqual(proved, Vouched(BOB, print, "module"))
        self.assertEqual(self.asked, [("email", ADDRESS, "x")])
        self.assertEqual(self.modules.pool.ran, 0)

    def test_fall_through(self) -> None:
        """
        A module that does not know the address leaves it to others.
        """
        self.register(None)
        self.assertEqual(self.successResultOf(self.ask("local")).user_id, ALICE)
        self.assertEqual(len(self.asked), 1)

    def test_unknown(self) -> None:
        """
        An address of nobody's costs what a wrong password costs.
        """
        for address in (ADDRESS, "nobody@example.com"):
            self.make()
            self.assertIsNone(self.successResultOf(self.ask("wrong", address)))
            self.assertEqual(self.modules.pool.ran, 1)

    def test_could_not_ask(self) -> None:
        """
        A module that fails lets nobody in, and keeps nobody out.
        """
        self.register(RuntimeError("down"))
        self.assertEqual(self.successResultOf(self.ask("local")).user_id, ALICE)
        for address in (ADDRESS, "nobody@example.com"):
            error = self.failureResultOf(self.ask("wrong", address), LoginError).value
            self.assertEqual(
                (error.code, error.error_dict(), error.reason),
                (
                    403,
                    {"errcode": "M_FORBIDDEN", "error": "Invalid password"},
                    "could_not_ask",
                ),
            )
        self.flushLoggedErrors(ModuleFailure)

    def test_provider_could_not_be_asked(self) -> None:
        """
        The same if it is the provider of whoever has the address.
        """
        self.make(Provider(failing))
        error = self.failureResultOf(self.ask("wrong"), LoginError).value
        self.assertEqual(error.reason, "could_not_ask")
        self.flushLoggedErrors(ModuleFailure)

    def test_reaches_nobody(self) -> None:
        """
        An empty or an over-long password is nobody's, what is no text is a
        mistake; no module sees either.
        """
        self.register((BOB, None))
        for password in ("", "x" * 513):
            self.assertIsNone(self.successResultOf(self.ask(password)))
        for no_text in (None, 5, "\ud800"):
            error = self.failureResultOf(self.ask(no_text), MatrixError).value
            self.assertEqual((error.code, error.errcode), (400, "M_INVALID_PARAM"))
        self.assertEqual((self.asked, self.modules.pool.ran), ([], 0))

    def test_limit(self) -> None:
        """
        Mistakes count against the account that has the address.
        """
        limiter = RateLimiter(self.modules.hs.get_clock(), 0.1, 2)
        self.limiter = limiter
        for _ in range(2):
            self.assertIsNone(self.successResultOf(self.ask("wrong")))
        self.failureResultOf(self.ask("local"), LimitExceededError)

    def test_limit_where_nobody_could_say(self) -> None:
        """
        Where a module could not be asked, a mistake is nobody's, and does not
        count.
        """
        self.limiter = RateLimiter(self.modules.hs.get_clock(), 0.1, 1)
        self.register(RuntimeError("down"))
        for _ in range(3):
            error = self.failureResultOf(self.ask("wrong"), LoginError).value
            self.assertEqual((error.code, error.reason), (403, "could_not_ask"))
        self.assertEqual(self.successResultOf(self.ask("local")).user_id, ALICE)
        self.flushLoggedErrors(ModuleFailure)
