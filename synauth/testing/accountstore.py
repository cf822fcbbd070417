"""
What L{IAccountStore} means.
"""

from typing import Any

from twisted.internet.defer import DeferredList, inlineCallbacks

from synauth.errors import StoreError
from synauth.interfaces import IAccountStore
from synauth.storage.records import Account, NewAccount
from synauth.testing.storecase import (
    ALICE,
    BOB,
    UNSTORABLE,
    Fixture,
    Steps,
    StoreTestCase,
    login_of,
    made,
)

CAROL = "@carol:example.org"


def make_iaccountstore_tests(fixture: Fixture) -> Any:
    """
    @return: the tests of L{IAccountStore}: a class to inherit from.
    """
    return made(AccountStoreTests, fixture)


class AccountStoreTests(StoreTestCase):
    """
    See L{make_iaccountstore_tests}.
    """

    interface = IAccountStore

    @inlineCallbacks
    def test_created_user_is_found(self) -> Steps:
        """
        An account is found as it was made.
        """
        yield self.store.create_user(
            NewAccount(CAROL, None, 1500000000, admin=True, is_guest=True)
        )
        found = yield self.store.get_user(CAROL)
        self.assertEqual(
            found, Account(CAROL, None, True, True, False, False, False, True)
        )
        found = yield self.store.get_user(ALICE)
        self.assertEqual(
            found, Account(ALICE, "hash", False, False, False, False, False, True)
        )

    @inlineCallbacks
    def test_types(self) -> Steps:
        """
        What is either true or false is a C{bool}, not a number.
        """
        found = yield self.store.get_user(ALICE)
        for name in ("admin", "is_guest", "deactivated", "locked"):
            self.assertIs(getattr(found, name), False)

    @inlineCallbacks
    def test_unknown_user(self) -> Steps:
        """
        Nothing is found for an id that no account has, nor for one in another
        case, nor for one that could not be kept.
        """
        for user_id in (CAROL, "", ALICE.upper(), "x" * 100000) + UNSTORABLE:
            found = yield self.store.get_user(user_id)
            self.assertIsNone(found)

    @inlineCallbacks
    def test_create_user_twice(self) -> Steps:
        """
        An id is refused if an account has it, in whatever case, and that
        account is left alone.
        """
        for user_id in (ALICE, "@ALICE:example.org", "@alice:EXAMPLE.org"):
            yield self.assert_refused(
                self.store.create_user(NewAccount(user_id, "other", 1)),
                400,
                "M_USER_IN_USE",
            )
        found = yield self.store.get_users_by_id_case_insensitive(ALICE)
        self.assertEqual(found, {ALICE: "hash"})

    @inlineCallbacks
    def test_create_user_twice_at_once(self) -> Steps:
        """
        Of several that ask for one id at the same time one gets it.
        """
        results = yield DeferredList(
            [
                self.store.create_user(NewAccount(user_id, None, 1))
                for user_id in (CAROL, CAROL.upper(), CAROL, CAROL.title())
            ],
            consumeErrors=True,
        )
        self.assertEqual(sorted(done for done, _ in results), [False] * 3 + [True])
        for done, failure in results:
            if not done:
                self.assertEqual(failure.trap(StoreError), StoreError)

    @inlineCallbacks
    def test_create_user_with_login(self) -> Steps:
        """
        An account and its first login are made together.
        """
        yield self.store.create_user(
            NewAccount(CAROL, "hash", 1), login_of("token", "refresh", user_id=CAROL)
        )
        info = yield self.store.get_user_by_access_token("token")
        self.assertEqual((info.user_id, info.device_id), (CAROL, "DEVICE"))
        yield self.assert_refresh_tokens("refresh")
        device = yield self.store.get_device(CAROL, "DEVICE")
        self.assertIsNotNone(device)

    @inlineCallbacks
    def test_create_user_with_impossible_login(self) -> Steps:
        """
        Where the login can't be made, there is no account either.
        """
        for text in UNSTORABLE:
            yield self.assert_refused(
                self.store.create_user(
                    NewAccount(CAROL, "hash", 1),
                    login_of("token", user_id=CAROL, device_id=text),
                ),
                400,
                "M_INVALID_PARAM",
            )
        found = yield self.store.get_user(CAROL)
        self.assertIsNone(found)

    @inlineCallbacks
    def test_create_user_unstorable(self) -> Steps:
        """
        Text that can't be kept is the client's mistake.
        """
        for text in UNSTORABLE:
            for account in (
                NewAccount("@%s:example.org" % text, None, 1),
                NewAccount(CAROL, None, 1, display_name=text),
                NewAccount(CAROL, None, 1, user_type=text),
            ):
                yield self.assert_refused(
                    self.store.create_user(account), 400, "M_INVALID_PARAM"
                )

    @inlineCallbacks
    def test_case_insensitive(self) -> Steps:
        """
        An account is found by its id in any case, with its hash, and no other
        is.
        """
        for user_id in (ALICE, ALICE.upper(), "@aLiCe:example.org"):
            found = yield self.store.get_users_by_id_case_insensitive(user_id)
            self.assertEqual(found, {ALICE: "hash"})

    @inlineCallbacks
    def test_case_insensitive_nobody(self) -> Steps:
        """
        Nothing is found for an id that no account has; C{%} and C{_} are
        letters like others.
        """
        for user_id in (CAROL, "", "%", "@alic_:example.org") + UNSTORABLE:
            found = yield self.store.get_users_by_id_case_insensitive(user_id)
            self.assertEqual(found, {})

    @inlineCallbacks
    def test_set_password_hash(self) -> Steps:
        """
        A hash is changed for one account, and C{None} takes it away.
        """
        for password_hash in ("new", None):
            yield self.store.user_set_password_hash(ALICE, password_hash)
            found = yield self.store.get_user(ALICE)
            self.assertEqual(found.password_hash, password_hash)
        found = yield self.store.get_user(BOB)
        self.assertEqual(found.password_hash, "hash")

    @inlineCallbacks
    def test_set_password_hash_of_nobody(self) -> Steps:
        """
        The hash of an account that does not exist can't be set.
        """
        for user_id in (CAROL, ALICE.upper()):
            yield self.assert_refused(
                self.store.user_set_password_hash(user_id, "new"), 404, "M_NOT_FOUND"
            )
        for text in UNSTORABLE:
            yield self.assert_refused(
                self.store.user_set_password_hash(text, "new"), 400, "M_INVALID_PARAM"
            )

    @inlineCallbacks
    def test_replace_password_hash(self) -> Steps:
        """
        A hash is replaced if it is still the one that it was.
        """
        done = yield self.store.replace_password_hash(ALICE, "hash", "stronger")
        self.assertIs(done, True)
        for user_id, old_hash in ((ALICE, "hash"), (CAROL, "hash")):
            done = yield self.store.replace_password_hash(user_id, old_hash, "late")
            self.assertIs(done, False)
        found = yield self.store.get_user(ALICE)
        self.assertEqual(found.password_hash, "stronger")

    @inlineCallbacks
    def test_add_threepid(self) -> Steps:
        """
        An address can be bound, bound again and bound to another account.
        """
        for user_id in (ALICE, ALICE, BOB):
            done = yield self.store.user_add_threepid(
                user_id, "email", "alice@example.org", 1, 2
            )
            self.assertIsNone(done)

    @inlineCallbacks
    def test_add_threepid_unstorable(self) -> Steps:
        """
        An address that can't be kept is the client's mistake.
        """
        for text in UNSTORABLE:
            yield self.assert_refused(
                self.store.user_add_threepid(ALICE, "email", text, 1, 2),
                400,
                "M_INVALID_PARAM",
            )
