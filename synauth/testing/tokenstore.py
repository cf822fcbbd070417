"""
What L{ITokenStore} means.
"""

from typing import Any

from twisted.internet.defer import inlineCallbacks

from synauth.interfaces import ITokenStore
from synauth.testing.refreshing import RefreshTests
from synauth.testing.storecase import (
    ALICE,
    BOB,
    NOW_MS,
    UNSTORABLE,
    Fixture,
    Steps,
    login_of,
    made,
)


def make_itokenstore_tests(fixture: Fixture) -> Any:
    """
    @return: the tests of L{ITokenStore}: a class to inherit from.
    """
    return made(TokenStoreTests, fixture)


class TokenStoreTests(RefreshTests):
    """
    See L{make_itokenstore_tests}.
    """

    interface = ITokenStore

    @inlineCallbacks
    def test_login_is_found(self) -> Steps:
        """
        An access token says whose it is, until when, and that nobody has to
        wait for its first use.
        """
        yield self.store.add_login(login_of("token", valid_until_ms=77))
        info = yield self.store.get_user_by_access_token("token")
        self.assertEqual(
            (info.user_id, info.device_id, info.valid_until_ms),
            (ALICE, "DEVICE", 77),
        )
        for name in ("is_guest", "deactivated", "locked", "unused_successor"):
            self.assertIs(getattr(info, name), False)

    @inlineCallbacks
    def test_unknown_token(self) -> Steps:
        """
        Nothing is found for a token that was never given out, whatever it is.
        """
        yield self.store.add_login(login_of("token", "refresh"))
        for token in ("", "TOKEN", "token ", "refresh", "t" * 1000000) + UNSTORABLE:
            info = yield self.store.get_user_by_access_token(token)
            self.assertIsNone(info)
            ended = yield self.store.delete_access_token(token)
            self.assertEqual(ended, [])
        for token in ("", "token", "REFRESH") + UNSTORABLE:
            found = yield self.store.get_refresh_token(token)
            self.assertIsNone(found)

    @inlineCallbacks
    def test_login_ends_older_tokens_of_device(self) -> Steps:
        """
        A second login on a device ends what the first one got, and names it;
        other devices and other users are not touched.
        """
        yield self.store.add_login(login_of("bob", "rbob", user_id=BOB))
        yield self.store.add_login(login_of("other", "rother", device_id="OTHER"))
        ended = yield self.store.add_login(login_of("one", "r1"))
        self.assertEqual(ended, [])
        first = yield self.store.get_user_by_access_token("one")
        ended = yield self.store.add_login(login_of("two", "r2"))
        self.assertEqual(
            [(e.user_id, e.device_id, e.token_id, e.token) for e in ended],
            [(ALICE, "DEVICE", first.token_id, "one")],
        )
        yield self.assert_tokens("two other bob", "one")
        yield self.assert_refresh_tokens("r2 rother rbob", "r1")

    @inlineCallbacks
    def test_login_without_device(self) -> Steps:
        """
        Tokens without a device stand side by side.
        """
        for token in ("one", "two"):
            ended = yield self.store.add_login(login_of(token, device_id=None))
            self.assertEqual(ended, [])
        yield self.assert_tokens("one two")

    @inlineCallbacks
    def test_nobody_gets_no_token(self) -> Steps:
        """
        There is no login for an account that does not exist, and no device is
        left of the attempt.
        """
        nobody = "@nobody:example.org"
        for attempt in (
            self.store.add_login(login_of("token", user_id=nobody)),
            self.store.add_login(login_of("token", user_id=ALICE.upper())),
            self.store.add_access_token_to_user(nobody, "token"),
            self.store.add_refresh_token_to_user(nobody, "token"),
        ):
            yield self.assert_refused(attempt, 404, "M_NOT_FOUND")
        yield self.assert_tokens("", "token")
        yield self.assert_refresh_tokens("", "token")
        device = yield self.store.get_device(nobody, "DEVICE")
        self.assertIsNone(device)

    @inlineCallbacks
    def test_login_unstorable(self) -> Steps:
        """
        Text that can't be kept is the client's mistake.
        """
        for text in UNSTORABLE:
            for attempt in (
                self.store.add_login(login_of("token", user_id=text)),
                self.store.add_login(login_of("token", device_id=text)),
                self.store.add_login(login_of("token", display_name=text)),
                self.store.add_access_token_to_user(ALICE, "token", text),
                self.store.add_refresh_token_to_user(ALICE, "token", text),
            ):
                yield self.assert_refused(attempt, 400, "M_INVALID_PARAM")
        yield self.assert_tokens("", "token")

    @inlineCallbacks
    def test_login_with_odd_user_agent(self) -> Steps:
        """
        What a client calls itself does not stop a login.
        """
        yield self.store.add_login(login_of("token", user_agent="nio\ud800/\0 1"))
        device = yield self.store.get_device(ALICE, "DEVICE")
        self.assertEqual(device.user_agent, "nio?/? 1")

    @inlineCallbacks
    def test_add_tokens(self) -> Steps:
        """
        A token can be added by itself, and leaves those of its device alone.
        """
        yield self.store.add_login(login_of("one", "r1"))
        yield self.store.add_access_token_to_user(ALICE, "two", "DEVICE", 88)
        yield self.store.add_access_token_to_user(ALICE, "three")
        yield self.store.add_refresh_token_to_user(ALICE, "r2", "DEVICE")
        yield self.assert_tokens("one two three")
        yield self.assert_refresh_tokens("r1 r2")
        info = yield self.store.get_user_by_access_token("two")
        self.assertEqual((info.device_id, info.valid_until_ms), ("DEVICE", 88))
        info = yield self.store.get_user_by_access_token("three")
        self.assertEqual((info.device_id, info.valid_until_ms), (None, None))

    @inlineCallbacks
    def test_delete_access_token(self) -> Steps:
        """
        A token ends with its refresh token, and once.
        """
        yield self.store.add_login(login_of("one", "r1"))
        yield self.store.add_login(login_of("two", "r2", device_id="OTHER"))
        ended = yield self.store.delete_access_token("one")
        self.assertEqual([each.token for each in ended], ["one"])
        ended = yield self.store.delete_access_token("one")
        self.assertEqual(ended, [])
        yield self.assert_tokens("two", "one")
        yield self.assert_refresh_tokens("r2", "r1")

    @inlineCallbacks
    def test_delete_access_token_midway_through_refresh(self) -> Steps:
        """
        Whichever of two generations a client logs out with, both end.
        """
        for name, last in (("a", "a0"), ("b", "b1")):
            device_id = name.upper()
            yield self.store.add_login(
                login_of(name + "0", name + "r0", device_id=device_id)
            )
            yield self.rotate(name + "r0", name + "1", name + "r1")
            ended = yield self.store.delete_access_token(last)
            self.assertEqual(
                sorted(each.token for each in ended), [name + "0", name + "1"]
            )
            yield self.assert_tokens("", "%s0 %s1" % (name, name))
            yield self.assert_refresh_tokens("", "%sr0 %sr1" % (name, name))

    @inlineCallbacks
    def test_delete_all_tokens(self) -> Steps:
        """
        A user's tokens end all together; the devices stay, and so do other
        users' tokens.
        """
        yield self.store.add_login(login_of("one", "r1"))
        yield self.store.add_login(login_of("two", "r2", device_id=None))
        yield self.store.add_login(login_of("bob", "rbob", user_id=BOB))
        ended = yield self.store.user_delete_access_tokens(ALICE)
        self.assertEqual(sorted(each.token for each in ended), ["one", "two"])
        yield self.assert_tokens("bob", "one two")
        yield self.assert_refresh_tokens("rbob", "r1 r2")
        device = yield self.store.get_device(ALICE, "DEVICE")
        self.assertIsNotNone(device)

    @inlineCallbacks
    def test_delete_all_tokens_but_one(self) -> Steps:
        """
        One token can stay, given by position as old callers do, and its login
        can still be refreshed.
        """
        yield self.store.add_login(login_of("one", "r1"))
        yield self.store.add_login(login_of("two", "r2", device_id="OTHER"))
        yield self.rotate("r2", "three", "r3")
        info = yield self.store.get_user_by_access_token("two")
        ended = yield self.store.user_delete_access_tokens(ALICE, info.token_id)
        self.assertEqual([each.token for each in ended], ["one"])
        yield self.assert_tokens("two three", "one")
        yield self.assert_refresh_tokens("r2 r3", "r1")

    @inlineCallbacks
    def test_delete_all_tokens_but_one_without_refresh(self) -> Steps:
        """
        The one that stays may be one that can't be refreshed.
        """
        yield self.store.add_login(login_of("one", "r1"))
        yield self.store.add_login(login_of("two", device_id="OTHER"))
        info = yield self.store.get_user_by_access_token("two")
        ended = yield self.store.user_delete_access_tokens(ALICE, info.token_id)
        self.assertEqual([each.token for each in ended], ["one"])
        yield self.assert_tokens("two", "one")
        yield self.assert_refresh_tokens("", "r1")

    @inlineCallbacks
    def test_delete_all_tokens_but_none(self) -> Steps:
        """
        Another user's token, or one that is no more, keeps nothing.
        """
        yield self.store.add_login(login_of("bob", "rbob", user_id=BOB))
        info = yield self.store.get_user_by_access_token("bob")
        for except_token_id in (info.token_id, 987654321):
            yield self.store.add_login(login_of("one", "r1"))
            ended = yield self.store.user_delete_access_tokens(
                ALICE, except_token_id=except_token_id
            )
            self.assertEqual([each.token for each in ended], ["one"])
            yield self.assert_refresh_tokens("rbob", "r1")

    @inlineCallbacks
    def test_delete_tokens_of_device(self) -> Steps:
        """
        The tokens of one device can end alone; of one that does not exist,
        none end.
        """
        yield self.store.add_login(login_of("one", "r1"))
        yield self.store.add_login(login_of("two", "r2", device_id="OTHER"))
        yield self.store.add_login(login_of("three", "r3", device_id=None))
        for device_id in ("NONE",) + UNSTORABLE:
            ended = yield self.store.user_delete_access_tokens(
                ALICE, device_id=device_id
            )
            self.assertEqual(ended, [])
        ended = yield self.store.user_delete_access_tokens(ALICE, None, "OTHER")
        self.assertEqual([each.token for each in ended], ["two"])
        yield self.assert_tokens("one three", "two")
        yield self.assert_refresh_tokens("r1 r3", "r2")

    @inlineCallbacks
    def test_last_validated(self) -> Steps:
        """
        A login counts as an authentication, and so does what is noted later.
        """
        yield self.store.add_login(login_of("one"))
        info = yield self.store.get_user_by_access_token("one")
        found = yield self.store.get_access_token_last_validated(info.token_id)
        self.assertEqual(found, NOW_MS)
        yield self.store.update_access_token_last_validated(info.token_id, NOW_MS + 5)
        found = yield self.store.get_access_token_last_validated(info.token_id)
        self.assertEqual(found, NOW_MS + 5)
        yield self.store.delete_access_token("one")
        yield self.store.update_access_token_last_validated(info.token_id, NOW_MS)
        found = yield self.store.get_access_token_last_validated(info.token_id)
        self.assertIsNone(found)

    @inlineCallbacks
    def test_delete_tokens_of_nobody(self) -> Steps:
        """
        A user who can't exist has no tokens.
        """
        for user_id in UNSTORABLE:
            ended = yield self.store.user_delete_access_tokens(user_id)
            self.assertEqual(ended, [])

    @inlineCallbacks
    def test_ids_are_not_used_again(self) -> Steps:
        """
        The id of a token that ended is not given to the next one: a request
        may still hold it.
        """
        yield self.store.add_login(login_of("one"))
        ended = yield self.store.delete_access_token("one")
        yield self.store.add_login(login_of("two"))
        info = yield self.store.get_user_by_access_token("two")
        self.assertNotEqual(info.token_id, ended[0].token_id)
