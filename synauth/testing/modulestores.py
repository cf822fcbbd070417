"""
What L{IProfileStore}, L{IThreepidStore}, L{IExternalIdStore} and
L{IUserInfoStore} mean.
"""

from typing import Any

from twisted.internet.defer import gatherResults, inlineCallbacks

from synauth.interfaces import (
    IExternalIdStore,
    IProfileStore,
    IThreepidStore,
    IUserInfoStore,
)
from synauth.storage.profiles import Profile
from synauth.storage.records import ProvedAddress
from synauth.storage.threepids import Threepid
from synauth.storage.userinfo import StoredUserInfo
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
from synauth.threepids import ADD_THREEPID


def proved(address: str, validated_at: int = 1) -> ProvedAddress:
    """
    @return: an e-mail address that an identity server says is proved.
    """
    return ProvedAddress(
        "email", address, validated_at, "1", "secret", ADD_THREEPID, "https://id"
    )


def make_iprofilestore_tests(fixture: Fixture) -> Any:
    """
    @return: the tests of L{IProfileStore}: a class to inherit from.
    """
    return made(ProfileStoreTests, fixture)


def make_ithreepidstore_tests(fixture: Fixture) -> Any:
    """
    @return: the tests of L{IThreepidStore}: a class to inherit from.
    """
    return made(ThreepidStoreTests, fixture)


def make_iexternalidstore_tests(fixture: Fixture) -> Any:
    """
    @return: the tests of L{IExternalIdStore}: a class to inherit from.
    """
    return made(ExternalIdStoreTests, fixture)


def make_iuserinfostore_tests(fixture: Fixture) -> Any:
    """
    @return: the tests of L{IUserInfoStore}: a class to inherit from.
    """
    return made(UserInfoStoreTests, fixture)


class ProfileStoreTests(StoreTestCase):
    """
    See L{make_iprofilestore_tests}.
    """

    interface = IProfileStore

    @inlineCallbacks
    def test_displayname(self) -> Steps:
        """
        A name is set, changed and taken away; others keep theirs.
        """
        for name in ("\u00c4lice", "Al", None):
            yield self.store.set_profile_displayname("alice", name)
            found = yield self.store.get_profile("alice")
            self.assertEqual(found, Profile(name, None))
        found = yield self.store.get_profile("bob")
        self.assertIsNone(found)

    @inlineCallbacks
    def test_unstorable(self) -> Steps:
        """
        What no database can hold is refused, and nobody is called so.
        """
        for text in UNSTORABLE:
            for args in ((text, "x"), ("alice", text)):
                yield self.assert_refused(
                    self.store.set_profile_displayname(*args), 400, "M_INVALID_PARAM"
                )
            found = yield self.store.get_profile(text)
            self.assertIsNone(found)


class ThreepidStoreTests(StoreTestCase):
    """
    See L{make_ithreepidstore_tests}.
    """

    interface = IThreepidStore

    @inlineCallbacks
    def test_threepids(self) -> Steps:
        """
        Addresses are found by their users, and users by their addresses.
        """
        yield self.store.user_add_threepid(ALICE, "msisdn", "44", 3, 4)
        yield self.store.user_add_threepid(ALICE, "email", "a@b", 1, 2)
        yield self.store.user_add_threepid(BOB, "email", "b@b", 5, 6)
        found = yield self.store.user_get_threepids(ALICE)
        expected = [Threepid("email", "a@b", 1, 2), Threepid("msisdn", "44", 3, 4)]
        self.assertEqual(found, expected)
        for medium, address, owner in (
            ("email", "a@b", ALICE),
            ("email", "b@b", BOB),
            ("msisdn", "a@b", None),
            ("email", "A@b", None),
        ):
            found = yield self.store.get_user_id_by_threepid(medium, address)
            self.assertEqual(found, owner)

    @inlineCallbacks
    def test_add_unless_taken(self) -> Steps:
        """
        An address becomes that of the first account that adds it; the same one
        may prove it again.
        """
        for user_id, validated_at, added in (
            (ALICE, 1, True),
            (BOB, 2, False),
            (ALICE, 3, True),
        ):
            done = yield self.store.add_threepid_unless_taken(
                user_id, proved("a@b", validated_at), validated_at
            )
            self.assertIs(done, added)
        found = yield self.store.user_get_threepids(ALICE)
        self.assertEqual(found, [Threepid("email", "a@b", 3, 1)])
        found = yield self.store.user_get_threepids(BOB)
        self.assertEqual(found, [])
        yield self.assert_refused(
            self.store.add_threepid_unless_taken("@x:y", proved("c@b"), 1),
            404,
            "M_NOT_FOUND",
        )
        yield self.store.deactivate_account(BOB)
        yield self.assert_refused(
            self.store.add_threepid_unless_taken(BOB, proved("c@b"), 1),
            403,
            "M_USER_DEACTIVATED",
        )

    @inlineCallbacks
    def test_add_uses_proof_up(self) -> Steps:
        """
        A proof adds an address once, and not if it can't be added.
        """
        yield self.store.user_add_threepid(BOB, "email", "a@b", 1, 2)
        done = yield self.store.add_threepid_unless_taken(ALICE, proved("a@b"), 5)
        self.assertIs(done, False)
        yield self.store.user_delete_threepid(BOB, "email", "a@b")
        done = yield self.store.add_threepid_unless_taken(ALICE, proved("a@b"), 5)
        self.assertIs(done, True)
        yield self.store.user_delete_threepid(ALICE, "email", "a@b")
        yield self.assert_refused(
            self.store.add_threepid_unless_taken(ALICE, proved("a@b"), 5),
            400,
            "M_THREEPID_AUTH_FAILED",
        )
        found = yield self.store.user_get_threepids(ALICE)
        self.assertEqual(found, [])

    @inlineCallbacks
    def test_add_by_ended_login(self) -> Steps:
        """
        A login that has ended while it asked adds nothing.
        """
        yield self.store.add_login(login_of("token"))
        info = yield self.store.get_user_by_access_token("token")
        yield self.store.delete_access_token("token")
        add = self.store.add_threepid_unless_taken
        yield self.assert_refused(
            add(ALICE, proved("a@b"), 5, info.token_id), 401, "M_UNKNOWN_TOKEN"
        )
        yield self.store.add_login(login_of("other"))
        info = yield self.store.get_user_by_access_token("other")
        done = yield add(ALICE, proved("a@b"), 5, info.token_id)
        self.assertIs(done, True)

    @inlineCallbacks
    def test_add_unless_taken_at_once(self) -> Steps:
        """
        Of two accounts that add one address at the same time one gets it.
        """
        done = yield gatherResults(
            [
                self.store.add_threepid_unless_taken(
                    user_id, proved("a@b", validated_at), 1
                )
                for validated_at, user_id in enumerate((ALICE, BOB))
            ]
        )
        self.assertEqual(sorted(done), [False, True])

    @inlineCallbacks
    def test_delete(self) -> Steps:
        """
        A binding goes away once, and only its owner's.
        """
        yield self.store.user_add_threepid(ALICE, "email", "a@b", 1, 2)
        for user_id, gone in ((BOB, False), (ALICE, True), (ALICE, False)):
            deleted = yield self.store.user_delete_threepid(user_id, "email", "a@b")
            self.assertIs(deleted, gone)
        found = yield self.store.user_get_threepids(ALICE)
        self.assertEqual(found, [])

    @inlineCallbacks
    def test_unstorable(self) -> Steps:
        """
        What no database can hold is nobody's.
        """
        for text in UNSTORABLE:
            found = yield self.store.user_get_threepids(text)
            self.assertEqual(found, [])
            found = yield self.store.get_user_id_by_threepid("email", text)
            self.assertIsNone(found)
            deleted = yield self.store.user_delete_threepid(ALICE, "email", text)
            self.assertIs(deleted, False)


class ExternalIdStoreTests(StoreTestCase):
    """
    See L{make_iexternalidstore_tests}.
    """

    interface = IExternalIdStore

    @inlineCallbacks
    def test_external_ids(self) -> Steps:
        """
        Ids are found by their users and the other way round; to record one
        twice changes nothing.
        """
        for provider, external in (("saml", "x"), ("oidc", "1"), ("oidc", "1")):
            yield self.store.record_user_external_id(provider, external, ALICE)
        found = yield self.store.get_external_ids_by_user(ALICE)
        self.assertEqual(found, [("oidc", "1"), ("saml", "x")])
        for provider, external, owner in (
            ("oidc", "1", ALICE),
            ("saml", "1", None),
            ("oidc", "x", None),
        ):
            found = yield self.store.get_user_by_external_id(provider, external)
            self.assertEqual(found, owner)

    @inlineCallbacks
    def test_somebody_elses(self) -> Steps:
        """
        An id stays whose it is.
        """
        yield self.store.record_user_external_id("oidc", "1", ALICE)
        yield self.assert_refused(
            self.store.record_user_external_id("oidc", "1", BOB), 400, "M_UNKNOWN"
        )
        found = yield self.store.get_external_ids_by_user(BOB)
        self.assertEqual(found, [])

    @inlineCallbacks
    def test_unstorable(self) -> Steps:
        """
        What no database can hold is refused, and nobody's.
        """
        for text in UNSTORABLE:
            for args in (
                (text, "1", ALICE),
                ("oidc", text, ALICE),
                ("oidc", "1", text),
            ):
                yield self.assert_refused(
                    self.store.record_user_external_id(*args), 400, "M_INVALID_PARAM"
                )
            found = yield self.store.get_external_ids_by_user(text)
            self.assertEqual(found, [])
            found = yield self.store.get_user_by_external_id("oidc", text)
            self.assertIsNone(found)


class UserInfoStoreTests(StoreTestCase):
    """
    See L{make_iuserinfostore_tests}.
    """

    interface = IUserInfoStore

    @inlineCallbacks
    def test_userinfo(self) -> Steps:
        """
        An account is known by its exact id, without its hash.
        """
        found = yield self.store.get_userinfo(ALICE)
        expected = StoredUserInfo(
            ALICE, 1500000000, None, False, False, False, True, False, False
        )
        self.assertEqual(found, expected)
        for user_id in (ALICE.upper(), "@nobody:example.org") + UNSTORABLE:
            found = yield self.store.get_userinfo(user_id)
            self.assertIsNone(found)

    @inlineCallbacks
    def test_server_admin(self) -> Steps:
        """
        One account is made an administrator, and is none again.
        """
        for admin in (True, False):
            yield self.store.set_server_admin(ALICE, admin)
            found = yield self.store.get_userinfo(ALICE)
            self.assertIs(found.admin, admin)
            found = yield self.store.get_userinfo(BOB)
            self.assertIs(found.admin, False)

    @inlineCallbacks
    def test_nobody(self) -> Steps:
        """
        Who is not there can't be an administrator.
        """
        yield self.assert_refused(
            self.store.set_server_admin("@nobody:example.org", True),
            404,
            "M_NOT_FOUND",
        )
