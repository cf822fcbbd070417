"""
Tests of L{synauth.auth.reauthentication}.
"""

from typing import Any, Dict, List

from twisted.internet.defer import succeed
from twisted.internet.task import Clock as ReactorClock
from twisted.trial.unittest import SynchronousTestCase

from synauth.auth.interactive import InteractiveAuth
from synauth.auth.login import COULD_NOT_ASK, invalid_password
from synauth.auth.ratelimit import RateLimiter
from synauth.auth.reauthentication import Reauthentication
from synauth.auth.sessions import MemorySessionStore
from synauth.auth.stages import CallableStage
from synauth.errors import (
    AuthError,
    InteractiveAuthIncompleteError,
    LimitExceededError,
)
from synauth.homeserver.clock import Clock
from synauth.identifiers import qualify

HOSTNAME = "example.org"
SMALL, CAPITAL = "@alice:example.org", "@Alice:example.org"
PASSWORD_TYPE = "m.login.password"


class ReauthenticationTestCase(SynchronousTestCase):
    """
    Two accounts whose ids differ in case only.

    @ivar tried: whose password was looked at.
    @ivar reason: why a wrong password is refused.
    """

    def setUp(self) -> None:
        """
        Make what is under test.
        """
        self.reactor = ReactorClock()
        self.reactor.advance(1500000000)
        self.clock = Clock(self.reactor)
        self.tried: List[str] = []
        self.reason = COULD_NOT_ASK
        sessions = MemorySessionStore(self.clock)
        stage: Any = CallableStage(PASSWORD_TYPE, self.check)
        interactive = InteractiveAuth({stage.type: stage}, sessions)
        self.limiter = RateLimiter(self.clock, 0.001, 2)
        self.asked = Reauthentication(
            HOSTNAME, interactive, self.find_user, self.limiter
        )

    def find_user(self, user_id: str) -> Any:
        """
        An exact id is found; what could be both is neither.
        """
        return succeed(user_id if user_id in (SMALL, CAPITAL) else None)

    def check(self, authdict: Dict[str, Any], clientip: str) -> Any:
        """
        Everybody's password is C{"right"}.
        """
        self.tried.append(authdict["user"])
        if authdict["password"] != "right":
            raise invalid_password(self.reason)
        return qualify(authdict["user"], HOSTNAME)

    def attempt(self, user_id: str, claimed: str, password: str = "right") -> Any:
        """
        @return: a Deferred of a user's authenticating by a name and a password.
        """
        auth = {"type": PASSWORD_TYPE, "user": claimed, "password": password}
        return self.asked.validate(
            user_id, [PASSWORD_TYPE], {"auth": auth}, "192.0.2.1", None
        )


class ClaimTests(ReauthenticationTestCase):
    """
    Who somebody says they are.
    """

    def test_namesakes(self) -> None:
        """
        Each of two who differ in case only is let in by their own id.
        """
        for user_id in (SMALL, CAPITAL):
            self.successResultOf(self.attempt(user_id, user_id))

    def test_the_other(self) -> None:
        """
        Neither is asked for the password of the other.
        """
        others = ((SMALL, CAPITAL), (CAPITAL, SMALL), (CAPITAL, "ALICE"))
        for user_id, claimed in others:
            self.failureResultOf(self.attempt(user_id, claimed), AuthError)
        self.assertEqual([], self.tried)


class UnansweredTests(ReauthenticationTestCase):
    """
    Attempts of which nobody could say whether they were right.
    """

    def test_limited(self) -> None:
        """
        They have a limit, which is each user's own; the right password is then
        not looked at either.
        """
        for _ in range(2):
            refused = self.attempt(SMALL, SMALL, "wrong")
            self.failureResultOf(refused, InteractiveAuthIncompleteError)
        for password in ("wrong", "right"):
            refused = self.attempt(SMALL, SMALL, password)
            self.failureResultOf(refused, LimitExceededError)
        self.assertEqual([SMALL, SMALL], self.tried)
        self.successResultOf(self.attempt(CAPITAL, CAPITAL))

    def test_answered(self) -> None:
        """
        Who is right, is refused by somebody who knows, makes a mistake, or only
        asks what there is to do, uses up nothing.
        """
        self.reason = "wrong_password"
        for _ in range(3):
            self.successResultOf(self.attempt(SMALL, SMALL))
            refused = self.attempt(SMALL, SMALL, "wrong")
            self.failureResultOf(refused, InteractiveAuthIncompleteError)
            self.failureResultOf(self.attempt(SMALL, CAPITAL), AuthError)
            asked = self.asked.validate(SMALL, [PASSWORD_TYPE], {}, "192.0.2.1", None)
            self.failureResultOf(asked, InteractiveAuthIncompleteError)
        self.assertEqual(0, len(self.limiter))
