"""
What L{IThreepidValidationStore} means.
"""

from typing import Any

import attr
from twisted.internet.defer import inlineCallbacks

from synauth.interfaces import IThreepidValidationStore
from synauth.storage.records import NewAccount, ProvedAddress
from synauth.storage.threepid_validation import KEPT_MS, Attempt
from synauth.testing.storecase import (
    NOW_MS,
    UNSTORABLE,
    Fixture,
    Steps,
    StoreTestCase,
    made,
)
from synauth.threepids import Proof

ADDRESS = "alice@example.org"
ATTEMPT = Attempt(
    medium="email",
    address=ADDRESS,
    client_secret="secret",
    send_attempt=1,
    session_id="sid",
    token="token",
    next_link=None,
    now_ms=NOW_MS,
    expires_ms=NOW_MS + 1000,
)


def make_ithreepidvalidationstore_tests(fixture: Fixture) -> Any:
    """
    @return: the tests of L{IThreepidValidationStore}: a class to inherit from.
    """
    return made(ThreepidValidationStoreTests, fixture)


class ThreepidValidationStoreTests(StoreTestCase):
    """
    See L{make_ithreepidvalidationstore_tests}.
    """

    interface = IThreepidValidationStore

    @inlineCallbacks
    def start(self, *expected: Any, **changes: Any) -> Steps:
        """
        Begin a validation that differs from C{ATTEMPT}.
        """
        started = yield self.store.start_validation(attr.evolve(ATTEMPT, **changes))
        self.assertEqual(tuple(started), expected)

    @inlineCallbacks
    def assert_given(self, given: bool) -> Steps:
        """
        Check whether the proof was given.
        """
        found = yield self.store.get_validation("sid", "secret")
        proof = Proof("email", ADDRESS, NOW_MS + 5)
        self.assertEqual(found, proof if given else None)

    @inlineCallbacks
    def test_attempts(self) -> Steps:
        """
        A higher attempt sends another token for the same session; the same one
        and a lower one send nothing.  Another secret or address is another
        session.
        """
        yield self.start("sid", True)
        for attempt, new in ((1, False), (3, True), (3, False), (2, False)):
            yield self.start(
                "sid", new, send_attempt=attempt, session_id="x", token="t%d" % attempt
            )
        yield self.start("b", True, session_id="b", token="b", client_secret="other")
        yield self.start("c", True, session_id="c", token="c", address="b@c")
        yield self.store.validate("sid", "secret", "token", NOW_MS + 5)
        yield self.assert_given(True)

    @inlineCallbacks
    def test_forgotten_attempt(self) -> Steps:
        """
        What could not be sent may be sent again.
        """
        yield self.start("sid", True)
        yield self.store.forget_attempt("sid", 1)
        yield self.start("sid", True, token="again")
        yield self.store.forget_attempt("sid", 7)
        yield self.start("sid", False, token="third")

    @inlineCallbacks
    def test_unconfirmed(self) -> Steps:
        """
        A validation under way proves nothing.
        """
        yield self.start("sid", True)
        yield self.assert_given(False)
        spent = yield self.store.spend_validation("sid", "secret")
        self.assertIs(spent, False)

    @inlineCallbacks
    def test_confirmed(self) -> Steps:
        """
        The token proves the address, to who knows the secret; twice is as good
        as once.
        """
        yield self.start("sid", True, next_link="https://example.org/")
        for now_ms in (NOW_MS + 5, NOW_MS + 9):
            next_link = yield self.store.validate("sid", "secret", "token", now_ms)
            self.assertEqual(next_link, "https://example.org/")
        yield self.assert_given(True)
        for sid, secret in (
            ("sid", "other"),
            ("other", "secret"),
            *((each, "secret") for each in UNSTORABLE),
            *(("sid", each) for each in UNSTORABLE),
        ):
            found = yield self.store.get_validation(sid, secret)
            self.assertIsNone(found)

    @inlineCallbacks
    def test_wrong(self) -> Steps:
        """
        Sid, secret and token belong together, and the token expires.
        """
        yield self.start("sid", True)
        yield self.start("b", True, session_id="b", token="b", client_secret="other")
        for wrong in (
            ("sid", "secret", "b", NOW_MS),
            ("b", "secret", "token", NOW_MS),
            ("sid", "other", "token", NOW_MS),
            ("sid", "secret", "token", NOW_MS + 1000),
            ("sid", "secret", "", NOW_MS),
            *(("sid", "secret", each, NOW_MS) for each in UNSTORABLE),
        ):
            yield self.assert_refused(self.store.validate(*wrong), 400, "M_UNKNOWN")
        yield self.assert_given(False)

    @inlineCallbacks
    def test_spent(self) -> Steps:
        """
        A proof is used once.
        """
        yield self.start("sid", True)
        yield self.store.validate("sid", "secret", "token", NOW_MS + 5)
        for secret, spent in (("other", False), ("secret", True), ("secret", False)):
            found = yield self.store.spend_validation("sid", secret)
            self.assertIs(found, spent)
        yield self.assert_given(False)
        yield self.assert_refused(
            self.store.validate("sid", "secret", "token", NOW_MS), 400, "M_UNKNOWN"
        )

    @inlineCallbacks
    def test_spent_elsewhere(self) -> Steps:
        """
        A proof from an identity server is used once, too.
        """
        for server, sid, spent in (
            ("https://a", "1", True),
            ("https://a", "1", False),
            ("https://a", "2", True),
            ("https://b", "1", True),
        ):
            found = yield self.store.spend_foreign_validation(server, sid, NOW_MS)
            self.assertIs(found, spent)

    @inlineCallbacks
    def test_expired_are_forgotten(self) -> Steps:
        """
        A day after its last token has expired, a session is no more.
        """
        yield self.start("sid", True)
        yield self.store.validate("sid", "secret", "token", NOW_MS + 5)
        late = NOW_MS + 1000 + KEPT_MS
        yield self.start("b", True, session_id="b", token="b", address="b", now_ms=late)
        yield self.assert_given(True)
        yield self.start(
            "c", True, session_id="c", token="c", address="c", now_ms=late + 1
        )
        yield self.assert_given(False)

    @inlineCallbacks
    def test_new_account(self) -> Steps:
        """
        An account is made with an address and uses its proof up, or is not made
        and leaves it.
        """
        yield self.start("sid", True)
        yield self.store.validate("sid", "secret", "token", NOW_MS + 5)
        address = ProvedAddress("email", ADDRESS, NOW_MS + 5, "sid", "secret")
        account = NewAccount(
            "@alice:example.org", None, 1, threepids=(address,), now_ms=NOW_MS + 9
        )
        yield self.assert_refused(self.store.create_user(account), 400, "M_USER_IN_USE")
        yield self.assert_given(True)
        account = attr.evolve(account, user_id="@carol:example.org")
        yield self.store.create_user(account)
        yield self.assert_given(False)
        (bound,) = yield self.store.user_get_threepids("@carol:example.org")
        self.assertEqual(
            (bound.medium, bound.address, bound.validated_at, bound.added_at),
            ("email", ADDRESS, NOW_MS + 5, NOW_MS + 9),
        )
        account = attr.evolve(account, user_id="@dave:example.org")
        yield self.assert_refused(
            self.store.create_user(account), 401, "M_UNAUTHORIZED"
        )

    @inlineCallbacks
    def test_address_in_use(self) -> Steps:
        """
        An address is one account's.
        """
        yield self.store.user_add_threepid("@bob:example.org", "email", ADDRESS, 1, 2)
        yield self.start("sid", True)
        yield self.store.validate("sid", "secret", "token", NOW_MS + 5)
        address = ProvedAddress("email", ADDRESS, NOW_MS + 5, "sid", "secret")
        account = NewAccount("@carol:example.org", None, 1, threepids=(address,))
        yield self.assert_refused(
            self.store.create_user(account), 400, "M_THREEPID_IN_USE"
        )
        yield self.assert_given(True)
