"""
Modules and providers to be asked who somebody is.
"""

from typing import Any, Callable, List

from twisted.internet.defer import Deferred
from twisted.logger import globalLogPublisher
from twisted.trial.unittest import SynchronousTestCase

from synauth.auth.login import Authenticator
from synauth.auth.passwords import BcryptHasher, LocalPasswords
from synauth.errors import LoginError
from synauth.providers.callbacks import ModuleCallbacks
from synauth.providers.calling import Caller
from synauth.providers.legacy import register_legacy
from synauth.testing.hosts import MemoryAuthStore, MemoryHomeServer, in_style
from synauth.testing.passwords import ALICE, InlineHashPool
from tests.auth.test_passwords import hashed

BOB = "@bob:example.org"
HOST = "example.org"
PASSWORD_TYPE = "m.login.password"


class Provider:
    """
    A legacy provider.

    @ivar answer: called with the user id and the password.
    @ivar asked: what it was asked.
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


def yes(user_id: str, password: str) -> bool:
    """
    Vouch for everybody.
    """
    return True


def no(user_id: str, password: str) -> bool:
    """
    Vouch for nobody.
    """
    return False


def failing(user_id: str, password: str) -> Any:
    """
    A directory server that is down.
    """
    raise RuntimeError("down")


class Modules:
    """
    A homeserver's accounts and its modules.

    @ivar store: the accounts of Alice, who has a password here, and of Bob.
    @ivar pool: where passwords are hashed.
    @ivar callbacks: the modules.
    """

    def __init__(self, *providers: Any, password: str = "local") -> None:
        """
        @param providers: legacy providers.
        @param password: Alice's.
        """
        users = {ALICE: hashed(password), BOB: None}
        self.hs = MemoryHomeServer()
        self.store = MemoryAuthStore(users=users)
        self.pool = InlineHashPool()
        self.local = LocalPasswords(self.store, BcryptHasher(self.pool, 4, lambda: ""))
        self.callbacks = ModuleCallbacks(HOST, Caller(self.hs.get_reactor), self.find)
        for provider in providers:
            register_legacy(self.callbacks, provider, HOST)

    def find(self, user_id: str) -> "Deferred[Any]":
        """
        See L{ModuleCallbacks}.
        """
        return self.local.find(user_id).addCallback(lambda found: found and found[0])

    def authenticator(self, ask_local: bool = True) -> Authenticator:
        """
        @return: what is under test.
        """
        return Authenticator(HOST, self.callbacks, self.local, ask_local)


class AuthenticatorTestCase(SynchronousTestCase):
    """
    What the tests of L{Authenticator} need.
    """

    def setUp(self) -> None:
        """
        Listen to the log.
        """
        self.events: List[Any] = []
        globalLogPublisher.addObserver(self.events.append)
        self.addCleanup(globalLogPublisher.removeObserver, self.events.append)

    def ask(self, user: str, password: str, *providers: Any, **kw: Any) -> Any:
        """
        @return: what asking about a password comes to, by legacy providers and
            the local passwords.
        """
        login_dict = {"password": password}
        authenticator = Modules(*providers).authenticator(**kw)
        return authenticator.authenticate(user, PASSWORD_TYPE, login_dict)

    def check(self, user: str, password: str, *providers: Any, **kw: Any) -> Any:
        """
        @return: whose a password is.
        """
        proved = self.successResultOf(self.ask(user, password, *providers, **kw))
        return proved and proved.user_id

    def unasked(self, asked: Any) -> None:
        """
        Check that nobody is let in because somebody could not be asked, and
        that the client can't see why.
        """
        error = self.failureResultOf(asked, LoginError).value
        refused = (403, "M_FORBIDDEN", "Invalid password")
        self.assertEqual((error.code, error.errcode, error.msg), refused)
        self.assertEqual(error.reason, "could_not_ask")

    def logged(self, level: str) -> List[Any]:
        """
        @return: what the modules made us log at a level.
        """
        return [
            e
            for e in self.events
            if e["log_namespace"].startswith("synauth.providers.")
            and e["log_level"].name == level
        ]
