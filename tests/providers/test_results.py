"""
Tests of L{synauth.providers.results}.
"""

from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from synauth.providers.results import BadAnswer, Vouched, vouched, vouched_password
from tests.providers.asking import ALICE, HOSTNAME


def callback(response: Any) -> None:
    """
    Called with the answer to a login.
    """


NO_IDS = (
    "",
    "alice",
    "@alice",
    "@:example.org",
    "@alice:",
    "alice:example.org",
    "@alice:example.org\0",
    "@\ud800:example.org",
    "@%s:example.org" % ("a" * 255),
    "@alice:other.org",
    "@alice:example.org:8448",
    True,
    1,
    b"@alice:example.org",
    [ALICE],
    {"user_id": ALICE},
    object(),
)


class Text(str):
    """
    Text that lies about itself.
    """

    def __eq__(self, other: Any) -> bool:
        return True

    __hash__ = str.__hash__


class VouchedTests(SynchronousTestCase):
    """
    L{vouched} takes an answer at its word where it is one.
    """

    def test_no(self) -> None:
        """
        C{None}, and the C{False} of old providers, is a no, and so is a pair of
        nothing, with which Synapse says no to an address.
        """
        self.assertIsNone(vouched((None, None), HOSTNAME))
        self.assertIsNone(vouched(None, HOSTNAME))
        self.assertIsNone(vouched(False, HOSTNAME))

    def test_yes(self) -> None:
        """
        An id is a yes, alone and in a pair, which may be a list.
        """
        self.assertEqual(vouched([ALICE, None], HOSTNAME), Vouched(ALICE))
        self.assertEqual(vouched(ALICE, HOSTNAME), Vouched(ALICE))
        self.assertEqual(vouched((ALICE, None), HOSTNAME), Vouched(ALICE))
        self.assertEqual(vouched((ALICE, callback), HOSTNAME), Vouched(ALICE, callback))

    def test_plain_text(self) -> None:
        """
        What is handed on is plain text, whatever came.
        """
        answer = vouched(Text(ALICE), HOSTNAME)
        assert answer is not None
        self.assertIs(type(answer.user_id), str)

    def test_bad_ids(self) -> None:
        """
        What is no id of this server is refused, alone and in a pair.
        """
        for user_id in NO_IDS:
            self.assertRaises(BadAnswer, vouched, user_id, HOSTNAME)
            self.assertRaises(BadAnswer, vouched, (user_id, None), HOSTNAME)

    def test_bad_forms(self) -> None:
        """
        What is no pair is refused, and so is a callback that is none.
        """

        async def coroutine() -> None:
            """
            Nobody awaits this.
            """

        unawaited = coroutine()
        for answer in (
            (),
            (ALICE,),
            (ALICE, None, None),
            (None, callback),
            (ALICE, "callback"),
            (ALICE, True),
            [],
            [ALICE, None, None],
            unawaited,
            Deferred(),
        ):
            self.assertRaises(BadAnswer, vouched, answer, HOSTNAME)
        unawaited.close()


class VouchedPasswordTests(SynchronousTestCase):
    """
    L{vouched_password} wants a yes or a no.
    """

    def test_no(self) -> None:
        """
        Whatever is not true is a no.
        """
        for answer in (None, False, "", 0, ()):
            self.assertIsNone(vouched_password(answer, ALICE, HOSTNAME))

    def test_yes(self) -> None:
        """
        A yes is about the user that was asked about, as typed; some providers
        say it with text.
        """
        for answer in (True, "@alice:example.org", "@ALICE:example.org", "alice"):
            for user_id in (ALICE, "@Alice:example.org"):
                self.assertEqual(
                    vouched_password(answer, user_id, HOSTNAME), Vouched(user_id)
                )

    def test_somebody_else(self) -> None:
        """
        It is never about somebody else, nor about a user of another server.
        """
        for answer, user_id in (
            ("@bob:example.org", ALICE),
            (True, "@alice:other.org"),
            ("@alice:other.org", "@alice:other.org"),
            (True, "@alice"),
        ):
            self.assertRaises(BadAnswer, vouched_password, answer, user_id, HOSTNAME)

    def test_neither(self) -> None:
        """
        What is true, but neither C{True} nor text, is refused.
        """
        for answer in (1, (ALICE, None), [True], {"success": False}, Deferred()):
            self.assertRaises(BadAnswer, vouched_password, answer, ALICE, HOSTNAME)
