"""
Tests for L{synauth.threepids}.
"""

from typing import Any, Optional

from twisted.trial.unittest import SynchronousTestCase

from synauth.errors import MatrixError
from synauth.threepids import Threepid, canonical, msisdn, threepid_of_login

try:
    from hypothesis import strategies as st

    from tests.properties import given
except ImportError:
    given = None  # type: ignore[assignment]

EMAIL = Threepid("email", "alice@example.com")
PHONE = Threepid("msisdn", "447700900123")


class CanonicalTests(SynchronousTestCase):
    """
    L{canonical} and L{msisdn}.
    """

    def test_email(self) -> None:
        """
        An e-mail address is lower-cased, blanks around it are cut.
        """
        for written, known in (
            ("alice@example.com", "alice@example.com"),
            (" Alice@EXAMPLE.com\t", "alice@example.com"),
            (
                "Alice.O'Hara+a=b@mail.example-1.com",
                "alice.o'hara+a=b@mail.example-1.com",
            ),
            ("a+b@x", "a+b@x"),
        ):
            self.assertEqual(canonical("email", written), known)

    def test_msisdn(self) -> None:
        """
        A telephone number is digits; a plus may stand before them.
        """
        for written in ("447700900123", "+447700900123", " +447700900123 "):
            self.assertEqual(canonical("msisdn", written), "447700900123")

    def test_none(self) -> None:
        """
        What is no address is refused.
        """
        for medium, address in (
            ("email", ""),
            ("email", "alice"),
            ("email", "@example.com"),
            ("email", "alice@"),
            ("email", "a@b@c"),
            ("email", "a b@example.com"),
            ("email", "a@example.com\x00"),
            ("email", "a@x\nb@y"),
            ("email", "a" * 251 + "@b.c"),
            ("email", "stra\u00dfe@example.com"),
            ("email", "a@\u00e4.example.com"),
            # It is ASCII when it is lower-cased.
            ("email", "\u212aelvin@example.com"),
            ("email", "\u2003a@example.com"),
            # What a mail server would take for another mailbox.
            ("email", "b@evil.org,x.matrix.org"),
            ("email", "x<b@evil.org>.matrix.org"),
            ("email", "b@evil.org(1)"),
            ("email", "b@evil.org;x"),
            ("email", '"a b"@example.com'),
            ("email", "a@[127.0.0.1]"),
            ("email", "@relay:a@example.com"),
            ("email", "a%b@evil.org@example.com"),
            ("email", ".a@example.com"),
            ("email", "a..b@example.com"),
            ("email", "a@-b.com"),
            ("email", "a@b-.com"),
            ("email", "a@b..com"),
            ("email", "a\\b@example.com"),
            ("email", "=?utf-8?q?b=40evil.org=2c_x?=@example.com"),
            ("msisdn", ""),
            ("msisdn", "+"),
            ("msisdn", "+44 7700"),
            ("msisdn", "1" * 16),
            ("msisdn", "\u0661\u0662"),
            ("Email", "alice@example.com"),
            ("", ""),
        ):
            with self.assertRaises(MatrixError) as raised:
                canonical(medium, address)
            error = raised.exception
            self.assertEqual((error.code, error.errcode), (400, "M_INVALID_PARAM"))

    def test_country(self) -> None:
        """
        A number that somebody dials becomes the one that the world dials.
        """
        for country, number in (
            ("GB", "07700 900123"),
            ("gb", "(07700) 900-123"),
            ("US", "+44 7700 900123"),
        ):
            self.assertEqual(msisdn(country, number), "447700900123")

    def test_no_number(self) -> None:
        """
        What nobody can dial is refused.
        """
        for country, number in (
            ("GB", ""),
            ("GB", "pizza?"),
            ("XX", "07700 900123"),
            ("", "1"),
        ):
            with self.assertRaises(MatrixError) as raised:
                msisdn(country, number)
            self.assertEqual(raised.exception.errcode, "M_INVALID_PARAM")


class LoginTests(SynchronousTestCase):
    """
    L{threepid_of_login}.
    """

    def test_every_way(self) -> None:
        """
        A client can name an address in three ways.
        """
        email = {"medium": "email", "address": "Alice@example.com"}
        phone = {"type": "m.id.phone", "country": "GB"}
        for submission, named in (
            (email, EMAIL),
            ({"identifier": dict(email, type="m.id.thirdparty")}, EMAIL),
            ({"identifier": dict(phone, phone="07700900123")}, PHONE),
            ({"identifier": dict(phone, number="07700900123")}, PHONE),
            ({"identifier": dict(phone, phone="07700900123", number="1")}, PHONE),
        ):
            self.assertEqual(threepid_of_login(submission), named)

    def test_no_address(self) -> None:
        """
        A login by another name names no address.
        """
        user = {"type": "m.id.user", "user": "alice"}
        for submission in (
            {},
            {"user": "alice"},
            {"identifier": user},
            {"identifier": user, "medium": "email", "address": "a@b.c"},
            {"identifier": "alice"},
            {"medium": None, "address": None},
        ):
            self.assertIsNone(threepid_of_login(submission))

    def test_mistakes(self) -> None:
        """
        What is missing or of another type is refused.
        """
        phone = {"type": "m.id.phone", "country": "GB", "phone": "07700900123"}
        third = {"type": "m.id.thirdparty", "medium": "email", "address": "a@b.c"}
        for identifier, errcode in (
            ({"type": "m.id.thirdparty"}, "M_MISSING_PARAM"),
            (dict(third, medium=None), "M_MISSING_PARAM"),
            (dict(third, address=None), "M_MISSING_PARAM"),
            (dict(third, medium=["email"]), "M_INVALID_PARAM"),
            (dict(third, address=5), "M_INVALID_PARAM"),
            (dict(third, address="a@" + "b" * 300), "M_INVALID_PARAM"),
            (dict(third, medium="pigeon"), "M_INVALID_PARAM"),
            (dict(phone, country=None), "M_MISSING_PARAM"),
            (dict(phone, country=44), "M_INVALID_PARAM"),
            (dict(phone, phone=None), "M_MISSING_PARAM"),
            (dict(phone, phone=7700900123), "M_INVALID_PARAM"),
            (dict(phone, phone="1" * 300), "M_INVALID_PARAM"),
        ):
            with self.assertRaises(MatrixError) as raised:
                threepid_of_login({"identifier": identifier})
            error = raised.exception
            self.assertEqual((error.code, error.errcode), (400, errcode), identifier)


def found(medium: str, address: str) -> Optional[str]:
    """
    @return: the canonical form, C{None} if there is none.
    """
    try:
        return canonical(medium, address)
    except MatrixError:
        return None


class PropertyTests(SynchronousTestCase):
    """
    What is so of all text.
    """

    if given is None:
        skip = "hypothesis is not installed"
    else:

        @given(st.sampled_from(["email", "msisdn"]), st.text())
        def test_any_text(self, medium: str, text: str) -> None:
            """
            Any text has a canonical form or is refused; such a form is its
            own.
            """
            form = found(medium, text)
            if form is not None:
                self.assertEqual(found(medium, form), form)

        @given(st.text(min_size=1), st.text(min_size=1))
        def test_case(self, name: str, domain: str) -> None:
            """
            An e-mail address in capitals is the same one, if it is one.
            """
            address = "%s@%s" % (name, domain)
            form, capitals = found("email", address), found("email", address.upper())
            if form is not None and capitals is not None:
                self.assertEqual(form, found("email", form))
                if address.isascii() if hasattr(address, "isascii") else False:
                    self.assertEqual(form, capitals)

        @given(
            st.dictionaries(
                st.sampled_from(["type", "medium", "address", "country", "phone"]),
                st.one_of(
                    st.none(),
                    st.integers(),
                    st.text(),
                    st.sampled_from(
                        ["m.id.phone", "m.id.thirdparty", "email", "msisdn", "GB"]
                    ),
                ),
            ),
            st.booleans(),
        )
        def test_any_submission(self, named: Any, in_identifier: bool) -> None:
            """
            Whatever a client sends is an address, none, or its own mistake.
            """
            submission = {"identifier": named} if in_identifier else named
            try:
                threepid = threepid_of_login(submission)
            except MatrixError as error:
                self.assertEqual(error.code, 400)
            else:
                if threepid is not None:
                    form = found(threepid.medium, threepid.address)
                    self.assertEqual(form, threepid.address)
