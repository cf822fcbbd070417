"""
What L{ITokenStore} means for refresh tokens.
"""

from twisted.internet.defer import gatherResults, inlineCallbacks

from synauth.storage.records import Rotation
from synauth.testing.storecase import ALICE, Steps, StoreTestCase, login_of


class RefreshTests(StoreTestCase):
    """
    A part of L{TokenStoreTests
    <synauth.testing.tokenstore.TokenStoreTests>}.
    """

    @inlineCallbacks
    def test_refresh_token_is_found(self) -> Steps:
        """
        A refresh token says whose it is and until when.
        """
        yield self.store.add_login(
            login_of("one", "r1", refresh_expiry_ms=5, session_expiry_ms=6)
        )
        found = yield self.store.get_refresh_token("r1")
        self.assertEqual(
            (found.user_id, found.device_id, found.expiry_ms, found.session_expiry_ms),
            (ALICE, "DEVICE", 5, 6),
        )
        self.assertIs(found.superseded, False)

    @inlineCallbacks
    def test_rotate(self) -> Steps:
        """
        The successors carry the old token's user, device and end of session;
        the old tokens are good until a successor is used.
        """
        yield self.store.add_login(login_of("one", "r1", session_expiry_ms=6))
        old = yield self.store.get_refresh_token("r1")
        done = yield self.store.rotate_refresh_token(Rotation(old, "two", "r2", 7, 8))
        self.assertIs(done, True)
        info = yield self.store.get_user_by_access_token("two")
        self.assertEqual(
            (info.user_id, info.device_id, info.valid_until_ms),
            (ALICE, "DEVICE", 7),
        )
        self.assertIs(info.unused_successor, True)
        new = yield self.store.get_refresh_token("r2")
        self.assertEqual(
            (new.user_id, new.device_id, new.expiry_ms, new.session_expiry_ms),
            (ALICE, "DEVICE", 8, 6),
        )
        yield self.assert_tokens("one two")
        yield self.assert_refresh_tokens("r1 r2")

    @inlineCallbacks
    def test_successors_access_token_is_used(self) -> Steps:
        """
        Once the new access token is used, the old tokens are gone, and it is
        like any other token.
        """
        yield self.store.add_login(login_of("one", "r1"))
        old = yield self.rotate("r1", "two", "r2")
        yield self.use("two")
        yield self.assert_tokens("two", "one")
        yield self.assert_refresh_tokens("r2", "r1")
        info = yield self.store.get_user_by_access_token("two")
        self.assertIs(info.unused_successor, False)
        done = yield self.store.rotate_refresh_token(
            Rotation(old, "three", "r3", None, None)
        )
        self.assertIs(done, False)
        yield self.assert_tokens("two", "three")
        yield self.assert_refresh_tokens("r2", "r3")

    @inlineCallbacks
    def test_successor_is_used(self) -> Steps:
        """
        Once the new refresh token is used, the old tokens are gone, and the
        new ones are what the old ones were.
        """
        yield self.store.add_login(login_of("one", "r1"))
        old = yield self.rotate("r1", "two", "r2")
        yield self.rotate("r2", "three", "r3")
        yield self.assert_tokens("two three", "one")
        yield self.assert_refresh_tokens("r2 r3", "r1")
        done = yield self.store.rotate_refresh_token(
            Rotation(old, "four", "r4", None, None)
        )
        self.assertIs(done, False)

    @inlineCallbacks
    def test_rotate_again(self) -> Steps:
        """
        A client whose answer was lost refreshes again: the successors that it
        never saw end.
        """
        yield self.store.add_login(login_of("one", "r1"))
        yield self.rotate("r1", "lost", "rlost")
        yield self.rotate("r1", "two", "r2")
        yield self.assert_tokens("one two", "lost")
        yield self.assert_refresh_tokens("r1 r2", "rlost")

    @inlineCallbacks
    def test_rotate_twice_at_once(self) -> Steps:
        """
        Of two refreshes at the same time both are answered, and the successors
        of whichever was later live on.
        """
        yield self.store.add_login(login_of("one", "r1"))
        old = yield self.store.get_refresh_token("r1")
        done = yield gatherResults(
            [
                self.store.rotate_refresh_token(
                    Rotation(old, token, "r" + token, None, None)
                )
                for token in ("two", "three")
            ]
        )
        self.assertEqual(done, [True, True])
        later, earlier = "three", "two"
        if (yield self.store.get_refresh_token("rtwo")) is not None:
            later, earlier = earlier, later
        yield self.assert_tokens("one " + later, earlier)
        yield self.assert_refresh_tokens("r1 r" + later, "r" + earlier)

    @inlineCallbacks
    def test_rotate_what_ended(self) -> Steps:
        """
        A refresh token that ended meanwhile is not rotated.
        """
        yield self.store.add_login(login_of("one", "r1"))
        old = yield self.store.get_refresh_token("r1")
        yield self.store.delete_devices(ALICE, ["DEVICE"])
        done = yield self.store.rotate_refresh_token(
            Rotation(old, "two", "r2", None, None)
        )
        self.assertIs(done, False)
        yield self.assert_tokens("", "two")

    @inlineCallbacks
    def test_first_access_token_is_used(self) -> Steps:
        """
        The use of a token that supersedes none ends none, nor does that of one
        that is no more.
        """
        yield self.store.add_login(login_of("one", "r1"))
        yield self.store.add_login(login_of("two", device_id=None))
        yield self.use("one")
        yield self.use("two")
        yield self.store.mark_access_token_as_used(ALICE, 987654321)
        yield self.assert_tokens("one two")
        yield self.assert_refresh_tokens("r1")
        yield self.rotate("r1", "three", "r3")
        yield self.use("one")
        yield self.assert_tokens("one three")
        yield self.assert_refresh_tokens("r1 r3")
