"""
What L{IAdministrationStore} means.
"""

from typing import Any

from twisted.internet.defer import inlineCallbacks

from synauth.interfaces import IAdministrationStore
from synauth.storage.administration import AccountDetails
from synauth.storage.records import NewAccount
from synauth.storage.user_list import ORDERS, ListedUser, UserQuery
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

CAROL = "@carol:example.org"
NOBODY = "@nobody:example.org"


def make_iadministrationstore_tests(fixture: Fixture) -> Any:
    """
    @return: the tests of L{IAdministrationStore}: a class to inherit from.
    """
    return made(AdministrationStoreTests, fixture)


class AdministrationStoreTests(StoreTestCase):
    """
    See L{make_iadministrationstore_tests}.
    """

    interface = IAdministrationStore

    @inlineCallbacks
    def assert_listed(self, names: str, total: Any = None, **query: Any) -> Steps:
        """
        Check which accounts a query finds, and in which order.

        @param names: their localparts, as words.
        @param total: how many match, if not as many.
        """
        users, found = yield self.store.get_users_paginate(
            UserQuery("example.org", **query)
        )
        localparts = [user.user_id[1:].partition(":")[0] for user in users]
        self.assertEqual(localparts, names.split(), query)
        expected = len(localparts) if total is None else total
        self.assertEqual(found, expected, query)

    @inlineCallbacks
    def test_page(self) -> Steps:
        """
        An account is listed with all that is told of it; pages follow one
        another.
        """
        yield self.store.add_login(login_of("token"))
        yield self.store.set_profile_displayname("alice", "Alice")
        yield self.store.set_profile_avatar_url("alice", "mxc://example.org/a")
        users, total = yield self.store.get_users_paginate(
            UserQuery("example.org", limit=1)
        )
        self.assertEqual(total, 2)
        self.assertEqual(
            users,
            [
                ListedUser(
                    user_id=ALICE,
                    user_type=None,
                    creation_ts=1500000000,
                    display_name="Alice",
                    avatar_url="mxc://example.org/a",
                    last_seen_ts=NOW_MS,
                    is_guest=False,
                    admin=False,
                    deactivated=False,
                    shadow_banned=False,
                    locked=False,
                    approved=True,
                    erased=False,
                )
            ],
        )
        yield self.assert_listed("bob", 2, start=1, limit=1)
        yield self.assert_listed("", 2, start=2)

    @inlineCallbacks
    def test_order(self) -> Steps:
        """
        Every order is one, both ways; what is not known comes last.
        """
        yield self.store.add_login(login_of("token"))
        yield self.store.set_profile_displayname("bob", "Zed")
        for order_by in ORDERS:
            first = "bob alice" if order_by == "displayname" else "alice bob"
            yield self.assert_listed(first, order_by=order_by)
        yield self.assert_listed("bob alice", backwards=True)
        yield self.store.change_account(BOB, {"admin": True})
        yield self.assert_listed("alice bob", order_by="admin")
        yield self.assert_listed("bob alice", order_by="admin", backwards=True)

    @inlineCallbacks
    def test_search(self) -> Steps:
        """
        A part of the name, or of the display name, finds an account, in any
        case; what SQL takes for a pattern is text.
        """
        yield self.store.set_profile_displayname("bob", "B_o%b!")
        for name, found in (
            ("LIC", "alice"),
            ("b", "bob"),
            ("_o%", "bob"),
            ("b!", "bob"),
            ("b%b", ""),
            ("example", ""),
            ("", "alice bob"),
        ):
            yield self.assert_listed(found, name=name)
        for user_id, found in (("@AL", "alice"), (":example", "alice bob"), ("%", "")):
            yield self.assert_listed(found, user_id=user_id)
        for text in UNSTORABLE:
            yield self.assert_listed("", name=text)
            yield self.assert_listed("", user_id=text)

    @inlineCallbacks
    def test_states(self) -> Steps:
        """
        Accounts are chosen by what they are.
        """
        guest = NewAccount(CAROL, None, 1, is_guest=True, user_type="bot")
        yield self.store.create_user(guest)
        yield self.store.change_account(BOB, {"locked": True, "admin": True})
        for states, found in (
            ({"is_guest": True}, "carol"),
            ({"is_guest": False}, "alice bob"),
            ({"locked": True}, "bob"),
            ({"locked": False, "is_guest": False}, "alice"),
            ({"admin": True}, "bob"),
            ({"deactivated": True}, ""),
        ):
            yield self.assert_listed(found, states=states)
        yield self.assert_listed("alice bob", not_user_types=["bot"])
        yield self.assert_listed("carol", not_user_types=["support", ""])

    @inlineCallbacks
    def test_details(self) -> Steps:
        """
        There are details of accounts that there are.
        """
        found = yield self.store.get_account_details(ALICE)
        self.assertEqual(found, AccountDetails(None, None, None, None, False, False))
        yield self.store.add_login(login_of("token"))
        found = yield self.store.get_account_details(ALICE)
        self.assertEqual(found.last_seen_ts, NOW_MS)
        for user_id in (NOBODY, ALICE.upper()) + UNSTORABLE:
            found = yield self.store.get_account_details(user_id)
            self.assertIsNone(found)

    @inlineCallbacks
    def test_change(self) -> Steps:
        """
        What is changed shows at once, in the account and in its tokens, and
        nothing else changes.
        """
        yield self.store.add_login(login_of("token"))
        yield self.store.get_user_by_access_token("token")
        for column, before, after in (
            ("admin", False, True),
            ("locked", False, True),
            ("suspended", False, True),
            ("approved", True, False),
        ):
            for value in (after, before):
                ended = yield self.store.change_account(ALICE, {column: value})
                self.assertEqual(ended, [])
                info = yield self.store.get_user_by_access_token("token")
                in_token = "is_admin" if column == "admin" else column
                self.assertIs(getattr(info, in_token), value)
                account = yield self.store.get_user(ALICE)
                self.assertIs(getattr(account, column), value)
        yield self.store.change_account(ALICE, {})
        yield self.store.change_account(ALICE, {"user_type": "bot", "admin": True})
        found = yield self.store.get_userinfo(ALICE)
        self.assertEqual((found.user_type, found.admin), ("bot", True))
        found = yield self.store.get_userinfo(BOB)
        self.assertEqual((found.user_type, found.admin), (None, False))

    @inlineCallbacks
    def test_change_nothing(self) -> Steps:
        """
        Nobody's account and what is no such column are not changed.
        """
        yield self.assert_refused(
            self.store.change_account(NOBODY, {"admin": True}), 404, "M_NOT_FOUND"
        )
        yield self.assert_refused(
            self.store.reactivate_account(NOBODY), 404, "M_NOT_FOUND"
        )
        yield self.assertFailure(
            self.store.change_account(ALICE, {"password_hash": "x"}), ValueError
        )
        for text in UNSTORABLE:
            yield self.assert_refused(
                self.store.change_account(ALICE, {"user_type": text}),
                400,
                "M_INVALID_PARAM",
            )

    @inlineCallbacks
    def test_reactivate(self) -> Steps:
        """
        An account in use can be activated without harm.
        """
        yield self.store.reactivate_account(ALICE)
        account = yield self.store.get_user(ALICE)
        self.assertEqual((account.deactivated, account.password_hash), (False, "hash"))

    @inlineCallbacks
    def test_external_ids(self) -> Steps:
        """
        External ids are replaced altogether, or not at all.
        """
        for ids in ([("a", "1"), ("b", "2"), ("a", "1")], [("a", "1")], []):
            yield self.store.replace_external_ids(ALICE, ids)
            found = yield self.store.get_external_ids_by_user(ALICE)
            self.assertEqual(found, sorted(set(ids)))
        yield self.store.replace_external_ids(ALICE, [("a", "1")])
        yield self.store.replace_external_ids(BOB, [("a", "2")])
        yield self.assert_refused(
            self.store.replace_external_ids(BOB, [("a", "3"), ("a", "1")]),
            409,
            "M_UNKNOWN",
        )
        found = yield self.store.get_external_ids_by_user(BOB)
        self.assertEqual(found, [("a", "2")])

    @inlineCallbacks
    def test_threepids(self) -> Steps:
        """
        Addresses are replaced altogether, or not at all; who keeps one keeps it
        as it was.
        """
        yield self.store.user_add_threepid(ALICE, "email", "a@b", 1, 2)
        wanted = [("email", "a@b"), ("msisdn", "44")]
        removed = yield self.store.replace_threepids(ALICE, wanted)
        self.assertEqual(removed, [])
        found = yield self.store.user_get_threepids(ALICE)
        self.assertEqual(
            [(each.address, each.validated_at == 1) for each in found],
            [("a@b", True), ("44", False)],
        )
        yield self.assert_refused(
            self.store.replace_threepids(BOB, [("email", "b@b"), ("email", "a@b")]),
            409,
            "M_THREEPID_IN_USE",
        )
        found = yield self.store.user_get_threepids(BOB)
        self.assertEqual(found, [])
        removed = yield self.store.replace_threepids(ALICE, [])
        self.assertEqual(removed, sorted(wanted))

    @inlineCallbacks
    def test_puppet_token(self) -> Steps:
        """
        A token of an administrator's is good for somebody else's account, in
        the state that both are in.
        """
        yield self.store.change_account(ALICE, {"admin": True})
        yield self.store.add_puppet_token(ALICE, BOB, "token", 5)
        info = yield self.store.get_user_by_access_token("token")
        self.assertEqual(
            (info.user_id, info.token_owner, info.valid_until_ms, info.is_admin),
            (BOB, ALICE, 5, False),
        )
        for user_id in (ALICE, BOB):
            for locked in (True, False):
                yield self.store.change_account(user_id, {"locked": locked})
                info = yield self.store.get_user_by_access_token("token")
                self.assertIs(info.locked, locked)

    @inlineCallbacks
    def test_puppet_token_ends(self) -> Steps:
        """
        It ends with the administrator's other tokens, and as soon as that one
        is no administrator any more, whose own tokens stay.
        """
        for end in (
            lambda: self.store.change_account(ALICE, {"admin": False}),
            lambda: self.store.set_server_admin(ALICE, False),
            lambda: self.store.delete_access_token("puppet"),
        ):
            yield self.store.change_account(ALICE, {"admin": True})
            yield self.store.add_login(login_of("own"))
            yield self.store.add_puppet_token(ALICE, BOB, "puppet", None)
            yield self.assert_tokens("own puppet")
            yield end()
            yield self.assert_tokens("own", "puppet")
        yield self.store.add_puppet_token(ALICE, BOB, "puppet", None)
        yield self.store.delete_all_devices(ALICE)
        yield self.assert_tokens("", "own puppet")

    @inlineCallbacks
    def test_puppet_token_refused(self) -> Steps:
        """
        There is none for nobody, nor for an account that may not be used.
        """
        add = self.store.add_puppet_token
        yield self.assert_refused(add(ALICE, NOBODY, "t", None), 404, "M_NOT_FOUND")
        yield self.assert_refused(add(NOBODY, ALICE, "t", None), 404, "M_NOT_FOUND")
        yield self.store.change_account(BOB, {"locked": True})
        yield self.assert_refused(add(ALICE, BOB, "t", None), 401, "M_USER_LOCKED")
        yield self.assert_refused(add(BOB, ALICE, "t", None), 401, "M_USER_LOCKED")
        yield self.assert_tokens("", "t")
