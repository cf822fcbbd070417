"""
Tests for L{synauth.homeserver.registration_stages}.
"""

from typing import Any

from twisted.internet import task
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from synauth.auth.ratelimit import RateLimiter
from synauth.auth.sessions import SESSION_EXPIRE_MS, MemorySessionStore
from synauth.errors import LimitExceededError, LoginError, MatrixError
from synauth.homeserver.clock import Clock
from synauth.homeserver.config.consent import UserConsent
from synauth.homeserver.registration_stages import RegistrationTokenStage, TermsStage
from synauth.interfaces import IStage
from synauth.storage.datastore import DataStore
from tests.storage.fixtures import inline_database


class TermsStageTests(SynchronousTestCase):
    """
    L{TermsStage}.
    """

    def test_stage(self) -> None:
        """
        It shows the rules and where they are, and proves the version.
        """
        consent = UserConsent("/rules", "1.0", True, "Rules of the House")
        stage = TermsStage(consent, "https://example.org/")
        verifyObject(IStage, stage)
        policies: Any = stage.params()["policies"]
        ((_, policy),) = policies.items()
        self.assertEqual(policy["version"], "1.0")
        self.assertEqual(policy["en"]["name"], "Rules of the House")
        self.assertTrue(policy["en"]["url"].startswith("https://example.org/"))
        self.assertEqual(self.successResultOf(stage.check({}, "192.0.2.1")), "1.0")


class RegistrationTokenStageTests(SynchronousTestCase):
    """
    L{RegistrationTokenStage}: a token of two uses.
    """

    def setUp(self) -> None:
        self.time = task.Clock()
        self.time.advance(1500000000)
        self.clock = Clock(self.time)
        self.store = DataStore(inline_database(self), self.clock)
        self.sessions = MemorySessionStore(self.clock)
        self.stage = RegistrationTokenStage(
            self.store, self.sessions, self.clock, RateLimiter(self.clock, 0.1, 5)
        )
        self.successResultOf(self.store.create_registration_token("tok", 2, None))

    def session(self) -> str:
        """
        @return: a new session.
        """
        return self.successResultOf(self.sessions.create()).id

    def check(
        self, session: str, token: Any = "tok", address: str = "192.0.2.1"
    ) -> Any:
        """
        @return: what becomes of it.
        """
        return self.stage.check({"session": session, "token": token}, address)

    def pending(self) -> int:
        """
        @return: how many hold it.
        """
        now = self.clock.time_msec()
        found = self.successResultOf(self.store.get_registration_token("tok", now))
        return found.pending

    def assert_invalid(self, checked: Any) -> None:
        """
        Assert that a token is refused.
        """
        error = self.failureResultOf(checked, LoginError).value
        self.assertEqual((error.code, error.errcode), (401, "M_UNAUTHORIZED"))
        self.assertEqual(error.reason, "wrong_registration_token")

    def test_interface(self) -> None:
        """
        It is a stage without parameters.
        """
        verifyObject(IStage, self.stage)
        self.assertIsNone(self.stage.params())

    def test_held(self) -> None:
        """
        A session holds one use, however often it asks; there are two.
        """
        one, two, three = (self.session() for _ in range(3))
        for session in (one, one, two):
            self.assertEqual(self.successResultOf(self.check(session)), "tok")
        self.assertEqual(self.pending(), 2)
        self.assert_invalid(self.check(three))
        self.successResultOf(self.sessions.remove(two))
        self.assertEqual(self.successResultOf(self.check(three)), "tok")
        self.assertEqual(self.pending(), 2)

    def test_guesses(self) -> None:
        """
        Nobody guesses for long: after some wrong tokens an address has to wait,
        whatever it shows then; what is right does not count.
        """
        session = self.session()
        for _ in range(10):
            self.successResultOf(self.check(session))
        for guess in range(5):
            self.assert_invalid(self.check(session, "tok%d" % guess))
        for token in ("tok5", "tok"):
            self.failureResultOf(self.check(session, token), LimitExceededError)
        self.successResultOf(self.check(session, address="192.0.2.2"))
        self.time.advance(10)
        self.successResultOf(self.check(session))
        self.assert_invalid(self.check(session, "tok6"))
        self.failureResultOf(self.check(session, "tok7"), LimitExceededError)

    def test_sessions_expire(self) -> None:
        """
        What nobody goes on with is free again.
        """
        for session in (self.session(), self.session()):
            self.successResultOf(self.check(session))
        self.time.advance(SESSION_EXPIRE_MS / 1000 + 1)
        self.assertEqual(self.successResultOf(self.check(self.session())), "tok")
        self.assertEqual(self.pending(), 1)

    def test_expired(self) -> None:
        """
        A token that has expired is none, whatever there is left of it.
        """
        expiry = self.clock.time_msec() + 1000
        self.successResultOf(
            self.store.update_registration_token("tok", {"expiry_time": expiry})
        )
        self.successResultOf(self.check(self.session()))
        self.time.advance(1)
        self.assert_invalid(self.check(self.session()))

    def test_wrong(self) -> None:
        """
        What can't be a token, and what is none.
        """
        session = self.session()
        for token in ("", "other", "a b", "t\x00", "x" * 65, "x" * 100000):
            self.assert_invalid(self.check(session, token))
        for token in (None, 5, ["tok"], {"a": 1}):
            error = self.failureResultOf(self.check(session, token), MatrixError).value
            self.assertEqual((error.code, error.errcode), (400, "M_INVALID_PARAM"))
        missing = self.stage.check({"session": session}, "192.0.2.1")
        error = self.failureResultOf(missing, LoginError).value
        self.assertEqual((error.code, error.errcode), (400, "M_MISSING_PARAM"))
        self.assertEqual(self.pending(), 0)
