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
from synauth.threepids import ADD_THREEPID, PASSWORD_RESET, REGISTRATION, Proof

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
    purpose=REGISTRATION,
)
PROVED = ProvedAddress("email", ADDRESS, NOW_MS + 5, "sid", "secret", REGISTRATION)


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
        found = yield self.store.get_validation("sid", "secret", NOW_MS + 5)
        proof = Proof("email", ADDRESS, NOW_MS + 5)
        self.assertEqual(found, proof if given else None)

    @inlineCallbacks
    def assert_spent(self, spent: bool, **changes: Any) -> Steps:
        """
        Use a proof up that differs from C{PROVED}: somebody registers with it.

        @param spent: whether it is there to be used.
        """
        self.accounts = getattr(self, "accounts", 0) + 1
        proved = attr.evolve(PROVED, **changes)
        user_id = "@user%d:example.org" % self.accounts
        account = NewAccount(user_id, None, 1, threepids=(proved,), now_ms=NOW_MS + 9)
        made = self.store.create_user(account)
        if spent:
            yield made
            yield self.store.user_delete_threepid(
                user_id, proved.medium, proved.address
            )
        else:
            yield self.assert_refused(made, 401, "M_UNAUTHORIZED")

    @inlineCallbacks
    def test_attempts(self) -> Steps:
        """
        A higher attempt sends another token for the same session; the same one
        and a lower one send nothing.  Another secret or address is another
        session, and so is another purpose.
        """
        yield self.start("sid", True)
        yield self.start("p", True, session_id="p", token="p", purpose=PASSWORD_RESET)
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
        yield self.assert_spent(False)

    @inlineCallbacks
    def test_confirmed(self) -> Steps:
        """
        The token proves the address, to who knows the secret; the last time
        counts.
        """
        yield self.start("sid", True, next_link="https://example.org/")
        for now_ms in (NOW_MS + 1, NOW_MS + 5):
            next_link = yield self.store.validate("sid", "secret", "token", now_ms)
            self.assertEqual(next_link, "https://example.org/")
        yield self.assert_given(True)
        for sid, secret in (
            ("sid", "other"),
            ("other", "secret"),
            *((each, "secret") for each in UNSTORABLE),
            *(("sid", each) for each in UNSTORABLE),
        ):
            found = yield self.store.get_validation(sid, secret, NOW_MS + 5)
            self.assertIsNone(found)

    @inlineCallbacks
    def test_too_old(self) -> Steps:
        """
        A proof does not keep, whatever else is sent to the address meanwhile.
        """
        yield self.start("sid", True)
        yield self.store.validate("sid", "secret", "token", NOW_MS + 5)
        for days in range(1, 4):
            now_ms = NOW_MS + 5 + days * KEPT_MS
            yield self.start(
                "sid",
                True,
                send_attempt=1 + days,
                token="t%d" % days,
                now_ms=now_ms,
                expires_ms=now_ms + 1000,
            )
            found = yield self.store.get_validation("sid", "secret", now_ms)
            self.assertIsNone(found)
        found = yield self.store.get_validation("sid", "secret", NOW_MS + 4 + KEPT_MS)
        self.assertIsNotNone(found)

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
        A proof is used once, by who knows the secret, and for what it was asked
        for.
        """
        yield self.start("sid", True)
        yield self.store.validate("sid", "secret", "token", NOW_MS + 5)
        for changes in (
            {"client_secret": "other"},
            {"session_id": "other"},
            {"address": "other@example.org"},
            {"medium": "msisdn"},
            {"purpose": PASSWORD_RESET},
            {"purpose": ADD_THREEPID},
            {"purpose": ""},
        ):
            yield self.assert_spent(False, **changes)
        for spent in (True, False):
            yield self.assert_spent(spent)
        yield self.assert_given(False)
        yield self.assert_refused(
            self.store.validate("sid", "secret", "token", NOW_MS), 400, "M_UNKNOWN"
        )

    @inlineCallbacks
    def test_spent_elsewhere(self) -> Steps:
        """
        A proof from an identity server is used once, too, however its session is
        written.
        """
        for server, sid, validated_at, spent in (
            ("https://a", "1", NOW_MS, True),
            ("https://a", "1", NOW_MS, False),
            ("https://a", "01", NOW_MS, False),
            ("https://a", "2", NOW_MS + 1, True),
            ("https://b", "1", NOW_MS, True),
        ):
            yield self.assert_spent(
                spent, server=server, session_id=sid, validated_at=validated_at
            )

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
        account = NewAccount(
            "@alice:example.org", None, 1, threepids=(PROVED,), now_ms=NOW_MS + 9
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
        account = NewAccount("@carol:example.org", None, 1, threepids=(PROVED,))
        yield self.assert_refused(
            self.store.create_user(account), 400, "M_THREEPID_IN_USE"
        )
        yield self.assert_given(True)
