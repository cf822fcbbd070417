"""
User ids and login identifiers.
"""

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from synauth.errors import MatrixError
from synauth.identifiers import (
    UserID,
    check_new_localpart,
    limit_key,
    local_user_id,
    qualify,
    user_of_login,
    utf8,
)


class IdentifierTestCase(SynchronousTestCase):
    """
    What the tests share.
    """

    def refused(self, function: Any, *args: Any) -> Any:
        """
        @return: C{(status, errcode)} of a refusal.
        """
        error = self.assertRaises(MatrixError, function, *args)
        return error.code, error.errcode


BAD_IDS = (
    "",
    "@",
    "alice",
    "@alice",
    "@alice:",
    "@:example.org",
    "@:",
    "alice:example.org",
    "@a\0:example.org",
    "@a\n:example.org",
    "@a\x7f:example.org",
    "@al ice:example.org",
    "@alice :example.org",
    "@alice\u00a0:example.org",
    "@alice\u3000:example.org",
    "@alice\u2028:example.org",
    "@alice: example.org",
    "@\ud800:example.org",
    "@" + "a" * 244 + ":example.org",
    "@" + "\u00e4" * 122 + ":example.org",
)


class UserIDTests(IdentifierTestCase):
    """
    User ids.
    """

    def test_parsed(self) -> None:
        """
        An id comes apart at its first colon, and together again.
        """
        for text, localpart, domain in (
            ("@alice:example.org", "alice", "example.org"),
            ("@alice:example.org:8448", "alice", "example.org:8448"),
            ("@Alice!:[::1]:80", "Alice!", "[::1]:80"),
            ("@\u00e4:b", "\u00e4", "b"),
            ("@" + "a" * 242 + ":example.org", "a" * 242, "example.org"),
        ):
            user_id = UserID.from_string(text)
            self.assertEqual(user_id, UserID(localpart, domain))
            self.assertEqual(user_id.to_string(), text)

    def test_refused(self) -> None:
        """
        What is no id is a client's mistake.
        """
        for text in BAD_IDS:
            self.assertEqual(
                self.refused(UserID.from_string, text), (400, "M_INVALID_PARAM"), text
            )

    def test_utf8(self) -> None:
        """
        A lone surrogate has no UTF-8 form.
        """
        self.assertEqual(utf8("\u20ac"), b"\xe2\x82\xac")
        self.assertEqual(self.refused(utf8, "\udfff"), (400, "M_INVALID_PARAM"))

    def test_qualify(self) -> None:
        """
        A localpart is made a full id, a full id is left alone.
        """
        self.assertEqual(qualify("alice", "b"), "@alice:b")
        self.assertEqual(qualify("@alice:c", "b"), "@alice:c")
        self.assertEqual(qualify("alice:c", "b"), "@alice:c:b")

    def test_limit_key(self) -> None:
        """
        Spellings of one name are one, others are others.
        """
        for spelled in (
            "@Alice:example.org",
            "@ALICE:EXAMPLE.org",
            "@\uff41\uff2c\uff49\uff43\uff45:example.org",
        ):
            self.assertEqual(limit_key(spelled), "@alice:example.org")
        self.assertEqual(limit_key("@Stra\u00dfe:b"), limit_key("@STRASSE:b"))
        self.assertEqual(limit_key("@\u00e4:b"), limit_key("@a\u0308:b"))
        self.assertNotEqual(limit_key("@\u00e4:b"), limit_key("@a:b"))

    def test_local(self) -> None:
        """
        Only users of this server may come in.
        """
        for typed in ("alice", "@alice:example.org"):
            self.assertEqual(local_user_id(typed, "example.org"), "@alice:example.org")
        for foreign in (
            "@alice:other.example",
            "alice:other.example",
            "@a:EXAMPLE.org",
        ):
            self.assertEqual(
                self.refused(local_user_id, foreign, "example.org"),
                (403, "M_FORBIDDEN"),
            )
        for bad in (
            "",
            "@alice",
            "alice ",
            " alice",
            "al\tice",
            "\0",
            "\ud800",
            "a" * 300,
        ):
            self.assertEqual(
                self.refused(local_user_id, bad, "example.org"),
                (400, "M_INVALID_PARAM"),
            )

    def test_new_localpart(self) -> None:
        """
        A new name has the characters that the specification allows.
        """
        for good in ("a", "a1", "1a", "a_b", "a.b-c=d/e+f", "-", "a" * 242):
            self.assertIsNone(check_new_localpart(good, "example.org"))
        for bad in (
            "",
            "A",
            "a b",
            "a:b",
            "@a",
            "\u00e4",
            "a\n",
            "a\0",
            "\ud800",
            "_a",
            "1",
            "0123456789",
            "a" * 243,
        ):
            self.assertEqual(
                self.refused(check_new_localpart, bad, "example.org"),
                (400, "M_INVALID_USERNAME"),
                bad,
            )


class UserOfLoginTests(IdentifierTestCase):
    """
    Whom a login names.
    """

    def test_named(self) -> None:
        """
        The old way wins over the new one.
        """
        identifier = {"type": "m.id.user", "user": "bob"}
        self.assertEqual(user_of_login({"user": "alice"}), "alice")
        self.assertEqual(user_of_login({"identifier": identifier}), "bob")
        both = {"user": "alice", "identifier": identifier}
        self.assertEqual(user_of_login(both), "alice")
        both["user"] = None
        self.assertEqual(user_of_login(both), "bob")

    def test_nobody(self) -> None:
        """
        There are logins that name nobody by a user id.
        """
        for submission in (
            {},
            {"user": None},
            {"identifier": None},
            {"identifier": {"type": "m.id.phone", "user": "alice"}},
            {"identifier": {"type": "", "user": "alice"}},
        ):
            self.assertIsNone(user_of_login(submission))

    def test_wrong(self) -> None:
        """
        What is incomplete or of a wrong type is a client's mistake.
        """
        for value in (5, True, [], {}, 1.5):
            for submission in (
                {"user": value},
                {"identifier": {"type": value}},
                {"identifier": {"type": "m.id.user", "user": value}},
            ):
                self.assertEqual(
                    self.refused(user_of_login, submission), (400, "M_INVALID_PARAM")
                )
        for identifier in (5, True, [], "alice"):
            self.assertEqual(
                self.refused(user_of_login, {"identifier": identifier}),
                (400, "M_INVALID_PARAM"),
            )
        for identifier in ({}, {"user": "alice"}, {"type": "m.id.user"}):
            self.assertEqual(
                self.refused(user_of_login, {"identifier": identifier}),
                (400, "M_MISSING_PARAM"),
            )
