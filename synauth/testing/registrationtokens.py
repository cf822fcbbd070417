"""
What L{IRegistrationTokenStore} means.
"""

from typing import Any

from twisted.internet.defer import gatherResults, inlineCallbacks

from synauth.interfaces import IRegistrationTokenStore
from synauth.storage.records import NewAccount
from synauth.testing.storecase import (
    NOW_MS,
    UNSTORABLE,
    Fixture,
    Steps,
    StoreTestCase,
    made,
)

LATER_MS = NOW_MS + 1000


def make_iregistrationtokenstore_tests(fixture: Fixture) -> Any:
    """
    @return: the tests of L{IRegistrationTokenStore}: a class to inherit from.
    """
    return made(RegistrationTokenStoreTests, fixture)


class RegistrationTokenStoreTests(StoreTestCase):
    """
    See L{make_iregistrationtokenstore_tests}.
    """

    interface = IRegistrationTokenStore

    @inlineCallbacks
    def assert_token(self, token: str, *numbers: Any) -> Steps:
        """
        Check uses_allowed, pending, completed and expiry_time of a token.
        """
        found = yield self.store.get_registration_token(token, NOW_MS)
        self.assertEqual(found.token, token)
        self.assertEqual(
            (found.uses_allowed, found.pending, found.completed, found.expiry_time),
            numbers,
        )

    @inlineCallbacks
    def assert_held(self, held: bool, token: str, session: str) -> Steps:
        """
        Try to hold a token.
        """
        found = yield self.store.hold_registration_token(
            token, session, NOW_MS, LATER_MS
        )
        self.assertIs(found, held, session)

    @inlineCallbacks
    def register(self, name: str, token: str, session: str) -> Steps:
        """
        Make an account with a token.
        """
        yield self.store.create_user(
            NewAccount(
                "@%s:example.org" % name,
                None,
                1,
                registration_token=token,
                session_id=session,
                now_ms=NOW_MS,
            )
        )

    @inlineCallbacks
    def test_life(self) -> Steps:
        """
        A token is made once, changed, listed and deleted.
        """
        create = self.store.create_registration_token
        for made_now, uses in ((True, 2), (False, 5)):
            answer = yield create("token", uses, None)
            self.assertIs(answer, made_now)
        yield self.assert_token("token", 2, 0, 0, None)
        yield create("old", None, NOW_MS)
        for valid, names in ((None, ["old", "token"]), (True, ["token"])):
            tokens = yield self.store.get_registration_tokens(NOW_MS, valid)
            self.assertEqual([each.token for each in tokens], names)
        tokens = yield self.store.get_registration_tokens(NOW_MS, False)
        self.assertEqual([each.token for each in tokens], ["old"])
        update = self.store.update_registration_token
        yield update("token", {"expiry_time": 5})
        yield self.assert_token("token", 2, 0, 0, 5)
        yield update("token", {"uses_allowed": None, "expiry_time": None})
        yield self.assert_token("token", None, 0, 0, None)
        for there in (True, False):
            for method, more in (
                (update, ({},)),
                (self.store.delete_registration_token, ()),
            ):
                answer = yield method("token", *more)
                self.assertIs(answer, there)
        found = yield self.store.get_registration_token("token", NOW_MS)
        self.assertIsNone(found)

    @inlineCallbacks
    def test_held(self) -> Steps:
        """
        Sessions hold as many uses as there are; one session holds one, however
        often it asks, and what is given back is there for the next.
        """
        yield self.store.create_registration_token("token", 2, None)
        for held, session in (
            (True, "one"),
            (True, "one"),
            (True, "two"),
            (False, "three"),
            (True, "two"),
        ):
            yield self.assert_held(held, "token", session)
        yield self.assert_token("token", 2, 2, 0, None)
        holders = yield self.store.get_registration_holders("token", NOW_MS)
        self.assertEqual(sorted(holders), ["one", "two"])
        yield self.store.release_registration_tokens(["one", "unknown"])
        yield self.assert_token("token", 2, 1, 0, None)
        yield self.assert_held(True, "token", "three")

    @inlineCallbacks
    def test_held_at_once(self) -> Steps:
        """
        Of sessions that reach for the last use at once one gets it.
        """
        yield self.store.create_registration_token("token", 1, None)
        held = yield gatherResults(
            [
                self.store.hold_registration_token(
                    "token", "session %d" % number, NOW_MS, LATER_MS
                )
                for number in range(8)
            ]
        )
        self.assertEqual(sorted(held), [False] * 7 + [True])
        yield self.assert_token("token", 1, 1, 0, None)

    @inlineCallbacks
    def test_hold_expires(self) -> Steps:
        """
        What a session holds it does not hold for ever.
        """
        yield self.store.create_registration_token("token", 1, None)
        yield self.store.hold_registration_token("token", "one", NOW_MS, NOW_MS + 1)
        held = yield self.store.hold_registration_token(
            "token", "two", NOW_MS + 1, LATER_MS
        )
        self.assertIs(held, True)

    @inlineCallbacks
    def test_nothing_to_hold(self) -> Steps:
        """
        An unknown token, one that has expired and one that was used up can't be
        held; the session keeps what it holds, until it shows another good one.
        """
        yield self.store.create_registration_token("old", None, NOW_MS)
        yield self.store.create_registration_token("none", 0, None)
        yield self.store.create_registration_token("token", 1, None)
        yield self.assert_held(True, "token", "one")
        for token in ("old", "none", "unknown", *UNSTORABLE):
            yield self.assert_held(False, token, "two")
        yield self.assert_held(False, "old", "one")
        yield self.assert_held(False, "token", "two")
        yield self.assert_token("token", 1, 1, 0, None)
        yield self.store.create_registration_token("other", 1, None)
        yield self.assert_held(True, "other", "one")
        yield self.assert_token("token", 1, 0, 0, None)
        yield self.assert_held(True, "token", "two")

    @inlineCallbacks
    def test_used(self) -> Steps:
        """
        An account uses what its session holds; without that, only what nobody
        holds.
        """
        yield self.store.create_registration_token("token", 2, None)
        yield self.assert_held(True, "token", "one")
        yield self.register("carol", "token", "one")
        yield self.assert_token("token", 2, 0, 1, None)
        yield self.assert_held(True, "token", "two")
        yield self.assert_refused(
            self.register("dave", "token", "three"), 401, "M_UNAUTHORIZED"
        )
        found = yield self.store.get_user("@dave:example.org")
        self.assertIsNone(found)
        yield self.register("erin", "token", "two")
        yield self.assert_token("token", 2, 0, 2, None)

    @inlineCallbacks
    def test_not_used(self) -> Steps:
        """
        A registration that fails uses nothing up.
        """
        yield self.store.create_registration_token("token", 1, None)
        yield self.assert_held(True, "token", "one")
        yield self.assert_refused(
            self.register("alice", "token", "one"), 400, "M_USER_IN_USE"
        )
        yield self.assert_token("token", 1, 1, 0, None)

    @inlineCallbacks
    def test_deleted_while_held(self) -> Steps:
        """
        With a token that was deleted nobody registers.
        """
        yield self.store.create_registration_token("token", 1, None)
        yield self.assert_held(True, "token", "one")
        yield self.store.delete_registration_token("token")
        yield self.assert_refused(
            self.register("carol", "token", "one"), 401, "M_UNAUTHORIZED"
        )
