"""
What L{IAccountChangeStore} means.
"""

from typing import Any

import attr
from twisted.internet.defer import gatherResults, inlineCallbacks

from synauth.interfaces import IAccountChangeStore
from synauth.storage.records import ProvedAddress
from synauth.testing.storecase import (
    ALICE,
    BOB,
    NOW_MS,
    UNSTORABLE,
    Fixture,
    Steps,
    StoreTestCase,
    login_of,
    made,
)
from synauth.threepids import PASSWORD_RESET

NOBODY = "@nobody:example.org"

# An address that an identity server says is proved.
PROVED = ProvedAddress(
    "email", "a@b", 1, "1", "secret", PASSWORD_RESET, "https://id.example.org"
)


def make_iaccountchangestore_tests(fixture: Fixture) -> Any:
    """
    @return: the tests of L{IAccountChangeStore}: a class to inherit from.
    """
    return made(AccountChangeStoreTests, fixture)


class AccountChangeStoreTests(StoreTestCase):
    """
    See L{make_iaccountchangestore_tests}.
    """

    interface = IAccountChangeStore

    @inlineCallbacks
    def add_logins(self) -> Steps:
        """
        Log alice in on two devices, and once without one, and bob in.
        """
        yield self.store.add_login(login_of("one", "r1"))
        yield self.store.add_login(login_of("two", "r2", device_id="SECOND"))
        yield self.store.add_login(login_of("three", "r3", device_id=None))
        yield self.store.add_login(login_of("bob", "rbob", user_id=BOB))

    @inlineCallbacks
    def assert_devices(self, names: str) -> Steps:
        """
        Check which devices alice has.
        """
        devices = yield self.store.get_devices_by_user(ALICE)
        self.assertEqual([each.device_id for each in devices], names.split())

    @inlineCallbacks
    def test_change_password(self) -> Steps:
        """
        With a new password all logins end, and are named.
        """
        yield self.add_logins()
        ended = yield self.store.change_password(ALICE, "new")
        self.assertEqual(sorted(e.token for e in ended), ["one", "three", "two"])
        yield self.assert_tokens("bob", "one two three")
        yield self.assert_refresh_tokens("rbob", "r1 r2 r3")
        yield self.assert_devices("")
        account = yield self.store.get_user(ALICE)
        self.assertEqual(account.password_hash, "new")
        account = yield self.store.get_user(BOB)
        self.assertEqual(account.password_hash, "hash")

    @inlineCallbacks
    def test_change_password_but_one(self) -> Steps:
        """
        The login that asks for it stays whole.
        """
        yield self.add_logins()
        info = yield self.store.get_user_by_access_token("one")
        ended = yield self.store.change_password(
            ALICE, "new", True, info.token_id, "DEVICE"
        )
        self.assertEqual(sorted(e.token for e in ended), ["three", "two"])
        yield self.assert_tokens("one bob", "two three")
        yield self.assert_refresh_tokens("r1 rbob", "r2 r3")
        yield self.assert_devices("DEVICE")

    @inlineCallbacks
    def test_change_password_only(self) -> Steps:
        """
        Logins stay if that is wanted.
        """
        yield self.add_logins()
        ended = yield self.store.change_password(ALICE, "new", False)
        self.assertEqual(ended, [])
        yield self.assert_tokens("one two three bob")
        yield self.assert_refresh_tokens("r1 r2 r3 rbob")
        yield self.assert_devices("DEVICE SECOND")

    @inlineCallbacks
    def test_change_password_of_nobody(self) -> Steps:
        """
        Nobody, and nobody any more, has no password.
        """
        yield self.assert_refused(
            self.store.change_password(NOBODY, "new"), 404, "M_NOT_FOUND"
        )
        yield self.store.deactivate_account(ALICE)
        yield self.assert_refused(
            self.store.change_password(ALICE, "new"), 403, "M_USER_DEACTIVATED"
        )
        account = yield self.store.get_user(ALICE)
        self.assertIsNone(account.password_hash)

    @inlineCallbacks
    def test_change_by_ended_login(self) -> Steps:
        """
        Who was logged out while a request was under way does not win by it.
        """
        yield self.store.add_login(login_of("thief"))
        info = yield self.store.get_user_by_access_token("thief")
        yield self.store.change_password(ALICE, "owner's")
        yield self.store.add_login(login_of("owner"))
        for late in (
            self.store.change_password(ALICE, "thief's", True, info.token_id, "DEVICE"),
            self.store.deactivate_account(ALICE, True, info.token_id),
        ):
            yield self.assert_refused(late, 401, "M_UNKNOWN_TOKEN")
        account = yield self.store.get_user(ALICE)
        self.assertEqual(account.password_hash, "owner's")
        self.assertIs(account.deactivated, False)
        yield self.assert_tokens("owner", "thief")
        info = yield self.store.get_user_by_access_token("owner")
        yield self.store.deactivate_account(ALICE, False, info.token_id)

    @inlineCallbacks
    def test_reset(self) -> Steps:
        """
        The owner of an address gets another password, once, and all logins end or
        none.
        """
        yield self.add_logins()
        yield self.store.user_add_threepid(ALICE, "email", "a@b", 1, 2)
        ended = yield self.store.reset_password(ALICE, "new", False, PROVED, NOW_MS)
        self.assertEqual(ended, [])
        yield self.assert_refused(
            self.store.reset_password(ALICE, "other", True, PROVED, NOW_MS),
            403,
            "M_FORBIDDEN",
        )
        account = yield self.store.get_user(ALICE)
        self.assertEqual(account.password_hash, "new")
        yield self.assert_tokens("one two three bob")
        again = attr.evolve(PROVED, validated_at=2)
        ended = yield self.store.reset_password(ALICE, "newer", True, again, NOW_MS)
        self.assertEqual(len(ended), 3)

    @inlineCallbacks
    def test_reset_of_another(self) -> Steps:
        """
        Nothing happens if the address is not the account's (any more), or the
        account is none: the proof is good still.
        """
        for user_id in (BOB, None):
            if user_id is not None:
                yield self.store.user_add_threepid(user_id, "email", "a@b", 1, 2)
            yield self.assert_refused(
                self.store.reset_password(ALICE, "new", True, PROVED, NOW_MS),
                403,
                "M_FORBIDDEN",
            )
            yield self.store.user_delete_threepid(BOB, "email", "a@b")
        yield self.store.user_add_threepid(ALICE, "email", "a@b", 1, 2)
        yield self.store.change_account(ALICE, {"locked": True})
        yield self.assert_refused(
            self.store.reset_password(ALICE, "new", True, PROVED, NOW_MS),
            401,
            "M_USER_LOCKED",
        )
        account = yield self.store.get_user(ALICE)
        self.assertEqual(account.password_hash, "hash")
        yield self.store.change_account(ALICE, {"locked": False})
        yield self.store.reset_password(ALICE, "new", True, PROVED, NOW_MS)

    @inlineCallbacks
    def test_deactivate(self) -> Steps:
        """
        An account ends with all that led into it; the profile stays, and
        others are left alone.
        """
        yield self.add_logins()
        for medium, address in (("msisdn", "1"), ("email", "a@b")):
            yield self.store.user_add_threepid(ALICE, medium, address, 1, 2)
        yield self.store.user_add_threepid(BOB, "email", "b@b", 1, 2)
        yield self.store.set_profile_displayname("alice", "Alice")
        gone = yield self.store.deactivate_account(ALICE)
        self.assertEqual(sorted(e.token for e in gone.ended), ["one", "three", "two"])
        self.assertEqual(gone.threepids, [("email", "a@b"), ("msisdn", "1")])
        yield self.assert_tokens("bob", "one two three")
        yield self.assert_refresh_tokens("rbob", "r1 r2 r3")
        yield self.assert_devices("")
        account = yield self.store.get_user(ALICE)
        self.assertEqual((account.deactivated, account.password_hash), (True, None))
        account = yield self.store.get_user(BOB)
        self.assertEqual((account.deactivated, account.password_hash), (False, "hash"))
        found = yield self.store.get_user_id_by_threepid("email", "a@b")
        self.assertIsNone(found)
        found = yield self.store.get_user_id_by_threepid("email", "b@b")
        self.assertEqual(found, BOB)
        profile = yield self.store.get_profile("alice")
        self.assertEqual(profile.display_name, "Alice")

    @inlineCallbacks
    def test_erase(self) -> Steps:
        """
        Who is erased has no profile any more; that can be asked for later, and
        twice.
        """
        for localpart in ("alice", "bob"):
            yield self.store.set_profile_displayname(localpart, "x")
        yield self.store.deactivate_account(ALICE)
        for _ in range(2):
            gone = yield self.store.deactivate_account(ALICE, True)
            self.assertEqual((gone.ended, gone.threepids), ([], []))
            profile = yield self.store.get_profile("alice")
            self.assertIsNone(profile)
        profile = yield self.store.get_profile("bob")
        self.assertEqual(profile.display_name, "x")

    @inlineCallbacks
    def test_deactivate_nobody(self) -> Steps:
        """
        Only an account can end.
        """
        for user_id in (NOBODY,) + UNSTORABLE:
            yield self.assert_refused(
                self.store.deactivate_account(user_id), 404, "M_NOT_FOUND"
            )

    @inlineCallbacks
    def test_login_meanwhile(self) -> Steps:
        """
        A login and an end at the same time leave no token.
        """
        login = self.store.add_login(login_of("one"))
        login.addErrback(lambda failure: failure.trap(Exception))
        yield gatherResults([login, self.store.deactivate_account(ALICE)])
        yield self.assert_refused(
            self.store.add_login(login_of("two")), 403, "M_USER_DEACTIVATED"
        )
        yield self.assert_tokens("", "one two")
