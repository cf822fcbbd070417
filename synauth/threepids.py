"""
Third-party ids: e-mail addresses and telephone numbers, each in one canonical
form, which is the only one that anything is stored or looked up by.
"""

import re
from typing import Any, Mapping, Optional

import attr

from synauth.constants import Codes, IdentifierType
from synauth.errors import MatrixError

EMAIL = "email"
MSISDN = "msisdn"

# What somebody proves an address for.
REGISTRATION = "registration"
PASSWORD_RESET = "password_reset"
ADD_THREEPID = "add_threepid"

# Less than RFC 5321 allows, on purpose: no quotes, comments, routes or lists, with
# which a mail would go to another mailbox than the one that is proved; and ASCII
# only, because not every mail server delivers to anything else.
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_EMAIL = re.compile(r"%s(?:\.%s)*@%s(?:\.%s)*\Z" % (_ATOM, _ATOM, _LABEL, _LABEL))
_MSISDN = re.compile(r"[0-9]{1,15}\Z")

# RFC 5321, 4.5.3.1.3, without the angle brackets.
_MAX_EMAIL_LENGTH = 254


@attr.s(frozen=True, slots=True, auto_attribs=True)
class Threepid:
    """
    An address.

    @ivar medium: L{EMAIL} or L{MSISDN}.
    @ivar address: in its canonical form.
    """

    medium: str
    address: str


@attr.s(frozen=True, slots=True, auto_attribs=True)
class Proof:
    """
    Somebody has shown that an address is theirs.

    @ivar medium: L{EMAIL} or L{MSISDN}.
    @ivar address: in its canonical form.
    @ivar validated_at: when, in milliseconds.
    """

    medium: str
    address: str
    validated_at: int


def canonical(medium: str, address: str) -> str:
    """
    @param medium: L{EMAIL} or L{MSISDN}.
    @param address: as somebody wrote it.
    @return: the form that it is known by: an e-mail address is lower-cased, a
        telephone number is digits with the country first.
    @raise MatrixError: 400 C{M_INVALID_PARAM} if it is no address.
    """
    if medium == EMAIL:
        found = address.strip().lower()
        # Before that: the sign for degrees Kelvin becomes a plain k.
        short = address.isascii() and len(found) <= _MAX_EMAIL_LENGTH
        # In a mail's header that is how another text is written (RFC 2047).
        if short and "=?" not in found and _EMAIL.match(found):
            return found
    elif medium == MSISDN:
        found = address.strip().lstrip("+")
        if _MSISDN.match(found):
            return found
    else:
        raise MatrixError(400, "Unknown medium", Codes.INVALID_PARAM)
    raise MatrixError(400, "Not a valid address", Codes.INVALID_PARAM)


def msisdn(country: str, number: str) -> str:
    """
    @param country: two letters (ISO 3166-1).
    @param number: as somebody of that country dials it.
    @return: the number's canonical form.
    @raise MatrixError: 400 C{M_INVALID_PARAM} if there can be no such number.
    """
    # Its tables are large, and hardly anybody logs in by telephone.
    import phonenumbers

    try:
        parsed = phonenumbers.parse(number, country.upper())
    except phonenumbers.NumberParseException:
        raise MatrixError(400, "Not a valid telephone number", Codes.INVALID_PARAM)
    written: str = phonenumbers.format_number(
        parsed, phonenumbers.PhoneNumberFormat.E164
    )
    return written.lstrip("+")


def threepid_of_login(submission: Mapping[str, Any]) -> Optional[Threepid]:
    """
    The address that a login names, in any of the three ways in which clients
    do.

    @param submission: what the client sent.
    @return: C{None} if it names none.
    @raise MatrixError: 400 if it names one in a way that can't be understood.
    """
    identifier = submission.get("identifier")
    if isinstance(identifier, dict):
        if identifier.get("type") == IdentifierType.PHONE:
            country = _text(identifier, "country")
            # An older name of the field.
            key = "phone" if "phone" in identifier else "number"
            return Threepid(MSISDN, msisdn(country, _text(identifier, key)))
        if identifier.get("type") != IdentifierType.THIRDPARTY:
            return None
        submission = identifier
    if submission.get("medium") is None and submission.get("address") is None:
        if isinstance(identifier, dict):
            raise MatrixError(400, "Missing medium and address", Codes.MISSING_PARAM)
        return None
    medium = _text(submission, "medium")
    return Threepid(medium, canonical(medium, _text(submission, "address")))


def _text(submission: Mapping[str, Any], key: str) -> str:
    value = submission.get(key)
    if value is None:
        raise MatrixError(400, "Missing '%s'" % key, Codes.MISSING_PARAM)
    if not isinstance(value, str) or len(value) > _MAX_EMAIL_LENGTH:
        raise MatrixError(400, "'%s' is not valid" % key, Codes.INVALID_PARAM)
    return value
