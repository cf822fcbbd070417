"""
What can be chosen of L{AuthHandler}.
"""

from typing import Any

import bcrypt
from twisted.internet import reactor
from twisted.trial.unittest import TestCase

import synauth
from synauth.auth.handler import AuthHandler
from synauth.auth.hashpool import HashPool
from synauth.auth.login import LimitedAuthenticator
from synauth.auth.settings import HandlerOptions, RateLimit
from synauth.errors import LimitExceededError, LoginError, MatrixError
from synauth.testing.hosts import MemoryHomeServer
from synauth.testing.passwords import ALICE, PASSWORD
from tests.auth.test_handler import DUMMY, HandlerTestCase


class OptionsTests(HandlerTestCase):
    """
    What can be chosen.
    """

    def test_public_name(self) -> None:
        """
        The handler is what the package gives away.
        """
        self.assertIs(synauth.AuthHandler, AuthHandler)

    def test_constants(self) -> None:
        """
        What hosts read of it.
        """
        self.assertEqual(AuthHandler.SESSION_EXPIRE_MS, 48 * 60 * 60 * 1000)
        self.assertEqual(self.handler.bcrypt_rounds, 4)
        self.assertIs(self.handler.hs, self.hs)
        self.assertIs(self.handler.store, self.hs.store)
        self.assertIs(self.handler.device_handler, self.hs.devices)

    def test_checkers(self) -> None:
        """
        A host can add its own stage, and take one away.
        """
        self.assertEqual(
            sorted(self.handler.checkers),
            [
                "m.login.dummy",
                "m.login.email.identity",
                "m.login.password",
                "m.login.recaptcha",
            ],
        )
        self.handler.checkers["org.example"] = lambda authdict, ip: ip
        del self.handler.checkers[DUMMY]
        authed, creds, _, _ = self.successResultOf(
            self.handler.check_auth(
                [["org.example"]], {"auth": {"type": "org.example"}}, "192.0.2.1"
            )
        )
        self.assertEqual((authed, creds), (True, {"org.example": "192.0.2.1"}))
        refused = self.handler.check_auth([[DUMMY]], {"auth": {"type": DUMMY}}, "ip")
        self.assertEqual(self.refused(refused)[:2], (400, "M_UNRECOGNIZED"))

    def test_caps(self) -> None:
        """
        The caps on sessions can be set.
        """
        self.make(handler_options=HandlerOptions(max_sessions=1, max_session_bytes=300))
        first, second = [
            self.successResultOf(self.handler.check_auth([[DUMMY]], {}, "ip"))[3]
            for _ in range(2)
        ]
        self.assertRaises(MatrixError, self.handler.set_session_data, first, "a", "b")
        self.handler.set_session_data(second, "a", "b")
        self.assertRaises(
            MatrixError, self.handler.set_session_data, second, "a", "b" * 300
        )

    def test_expiry(self) -> None:
        """
        Sessions go 48 hours after their last use.
        """
        check = self.handler.check_auth([[DUMMY]], {}, "ip")
        session_id = self.successResultOf(check)[3]
        self.handler.set_session_data(session_id, "a", "b")
        self.hs.reactor.advance(48 * 3600 + 1)
        self.assertIsNone(self.handler.get_session_data(session_id, "a"))

    def test_failed_attempts(self) -> None:
        """
        Mistakes about one account's password can be limited, at all doors.
        """
        self.assertNotIsInstance(self.handler.authenticator, LimitedAuthenticator)
        self.make(handler_options=HandlerOptions(failed_attempts=RateLimit(0.1, 2)))
        self.refused(self.handler.validate_password_login(ALICE, "x"), LoginError)
        auth = {"type": "m.login.password", "user": "alice", "password": "x"}
        flows = [["m.login.password"]]
        self.successResultOf(self.handler.check_auth(flows, {"auth": auth}, "ip"))
        for refused in (
            self.handler.validate_password_login(ALICE, PASSWORD),
            self.handler.check_auth(
                flows, {"auth": dict(auth, password=PASSWORD)}, "ip"
            ),
        ):
            self.refused(refused, LimitExceededError)

    def test_without_local_passwords(self) -> None:
        """
        Local passwords can be switched off.
        """
        self.make(handler_options=HandlerOptions(local_passwords=False))
        self.refused(self.handler.validate_password_login(ALICE, PASSWORD), LoginError)

    def test_a_2016_configuration(self) -> None:
        """
        A host that knows nothing of our options gets the defaults.
        """
        del self.hs.config.handler_options
        handler = AuthHandler(self.hs)
        self.assertIsInstance(handler.hash_pool, HashPool)
        self.hs.config.handler_options = {"max_sessions": 1}  # type: ignore
        AuthHandler(self.hs)


class ThreadsTests(TestCase):
    """
    The handler on threads of its own.
    """

    def test_hash(self) -> Any:
        """
        Unless it is given another, the handler hashes on its own pool.
        """
        hs = MemoryHomeServer()
        hs.get_reactor = lambda: reactor  # type: ignore
        handler = AuthHandler(hs)
        self.addCleanup(handler.hash_pool.stop)
        hashed = handler.hash("secret")
        self.assertFalse(hashed.called)
        return hashed.addCallback(
            lambda stored: self.assertTrue(bcrypt.checkpw(b"secret", stored.encode()))
        )
