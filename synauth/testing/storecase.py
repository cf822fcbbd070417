"""
What the tests of all stores start from.
"""

from typing import Any, Callable, Dict, Generator, Optional, Type

from twisted.internet.defer import inlineCallbacks, maybeDeferred
from twisted.trial.unittest import TestCase
from zope.interface.verify import verifyObject

from synauth.errors import MatrixError
from synauth.storage.records import NewAccount, NewLogin, RefreshToken, Rotation

# Given the test case, it makes the store.
Fixture = Callable[[TestCase], Any]

# What a function of inlineCallbacks comes to.
Steps = Generator[Any, Any, None]

ALICE = "@alice:example.org"
BOB = "@bob:example.org"
NOW_MS = 1500000000000

# A lone surrogate, and a NUL: no database need be able to keep them.
UNSTORABLE = ("\ud800", "a\0b")


def login_of(
    access_token: str, refresh_token: Optional[str] = None, **fields: Any
) -> NewLogin:
    """
    @param fields: what differs from a login of C{ALICE} on C{DEVICE}.
    @return: a login with these tokens.
    """
    values: Dict[str, Any] = {
        "user_id": ALICE,
        "device_id": "DEVICE",
        "now_ms": NOW_MS,
        "access_token": access_token,
        "refresh_token": refresh_token,
    }
    values.update(fields)
    return NewLogin(**values)


class StoreTestCase(TestCase):
    """
    A store that holds two accounts.

    @cvar fixture: makes the store.
    @cvar interface: the contract that is looked at.
    """

    fixture: Fixture
    interface: Any

    @inlineCallbacks
    def setUp(self) -> Steps:  # type: ignore[override]
        """
        Make the store and the accounts.
        """
        self.store = yield maybeDeferred(self.fixture, self)
        for user_id in (ALICE, BOB):
            yield self.store.create_user(NewAccount(user_id, "hash", 1500000000))

    def test_interface(self) -> None:
        """
        The store provides what it says that it provides.
        """
        verifyObject(self.interface, self.store)

    @inlineCallbacks
    def assert_refused(self, deferred: Any, code: int, errcode: str) -> Steps:
        """
        Wait for a L{MatrixError} with this status and C{errcode}.
        """
        error = yield self.assertFailure(deferred, MatrixError)
        self.assertEqual((error.code, error.errcode), (code, errcode))

    @inlineCallbacks
    def assert_tokens(self, alive: str, ended: str = "") -> Steps:
        """
        Check which access tokens there are; both are lists of words.
        """
        for token in (alive + " " + ended).split():
            info = yield self.store.get_user_by_access_token(token)
            self.assertEqual(info is not None, token in alive.split(), token)

    @inlineCallbacks
    def assert_refresh_tokens(self, alive: str, ended: str = "") -> Steps:
        """
        Check which refresh tokens there are; both are lists of words.
        """
        for token in (alive + " " + ended).split():
            found = yield self.store.get_refresh_token(token)
            self.assertEqual(found is not None, token in alive.split(), token)

    @inlineCallbacks
    def rotate(
        self, old: str, access_token: str, refresh_token: str
    ) -> Generator[Any, Any, RefreshToken]:
        """
        Refresh as a client would.

        @return: fires with the old refresh token as it was found.
        """
        found = yield self.store.get_refresh_token(old)
        done = yield self.store.rotate_refresh_token(
            Rotation(found, access_token, refresh_token, None, None)
        )
        self.assertIs(done, True)
        return found

    @inlineCallbacks
    def use(self, access_token: str) -> Steps:
        """
        Use an access token as a client would.
        """
        info = yield self.store.get_user_by_access_token(access_token)
        yield self.store.mark_access_token_as_used(info.user_id, info.token_id)


def made(tests: Type[StoreTestCase], fixture: Fixture) -> Any:
    """
    @return: the tests, over what the fixture makes.
    """
    return type(tests.__name__, (tests,), {"fixture": staticmethod(fixture)})
