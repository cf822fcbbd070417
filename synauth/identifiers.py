"""
User ids, localparts and login identifiers: parse, canonicalise, compare
(specification, appendices, "User identifiers").
"""

import re
import unicodedata
from typing import Any, Mapping, Optional

import attr

from synauth.constants import Codes, IdentifierType
from synauth.errors import MatrixError

MAX_USER_ID_BYTES = 255

# What a new localpart may hold; accounts that exist may hold more.
_NEW_LOCALPART = re.compile(r"[a-z0-9._=/+-]+\Z")
# White space, because directories pass over it: "alice " would be another name
# for alice, with limits of its own.
_NOT_IN_IDS = re.compile(r"[\s\x00-\x1f\x7f]")


@attr.s(frozen=True, slots=True, auto_attribs=True)
class UserID:
    """
    A Matrix user id in its two halves.

    @ivar localpart: what stands between the C{@} and the first colon.
    @ivar domain: the server that the account lives on.
    """

    localpart: str
    domain: str

    @classmethod
    def from_string(cls, text: str) -> "UserID":
        """
        @param text: C{@localpart:domain}.
        @raise MatrixError: 400 C{M_INVALID_PARAM} if C{text} is not a user id
            at all.  Ids with a historical localpart are accepted.
        """
        localpart, colon, domain = text[1:].partition(":")
        if not (text.startswith("@") and localpart and colon and domain):
            raise _bad_user_id()
        if _NOT_IN_IDS.search(text) or len(utf8(text)) > MAX_USER_ID_BYTES:
            raise _bad_user_id()
        return cls(localpart, domain)

    @classmethod
    def is_valid(cls, text: str) -> bool:
        """
        @return: whether L{from_string} would take it.
        """
        try:
            cls.from_string(text)
        except MatrixError:
            return False
        return True

    def to_string(self) -> str:
        """
        @return: C{@localpart:domain}.
        """
        return "@%s:%s" % (self.localpart, self.domain)

    __str__ = to_string


def _bad_user_id() -> MatrixError:
    return MatrixError(400, "Not a valid user id", Codes.INVALID_PARAM)


def utf8(text: str) -> bytes:
    """
    Encode text that came out of a client's JSON, where a lone surrogate can
    stand.

    @raise MatrixError: 400 C{M_INVALID_PARAM} if it has no UTF-8 form.
    """
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:
        raise MatrixError(400, "Not valid Unicode text", Codes.INVALID_PARAM)


def qualify(user: str, hostname: str) -> str:
    """
    Make a full user id of what somebody typed, as source 000 does: with an
    C{@} it is taken as it stands, without one it is a localpart.

    @param user: a localpart or a full id.
    @param hostname: this server's name.
    @return: C{@user:hostname}, or C{user} unchanged.
    """
    return user if user.startswith("@") else "@%s:%s" % (user, hostname)


def limit_key(user_id: str) -> str:
    """
    @param user_id: a full user id, as typed.
    @return: what its limits are kept under: the same for all spellings that
        somebody may take for the same name.
    """
    return unicodedata.normalize("NFKC", user_id).casefold()


def local_user_id(user: str, hostname: str) -> str:
    """
    Like L{qualify}, and refuse what can't be an account of this server.

    @param user: a localpart or a full id, as a client sent it.
    @param hostname: this server's name.
    @return: a full user id of this server.
    @raise MatrixError: 400 C{M_INVALID_PARAM} if it is no user id, 403
        C{M_FORBIDDEN} if it is one of another server.
    """
    user_id = UserID.from_string(qualify(user, hostname))
    if user_id.domain != hostname:
        raise MatrixError(
            403, "This user does not belong to this server", Codes.FORBIDDEN
        ).because("foreign_user")
    return user_id.to_string()


def check_new_localpart(
    localpart: str, hostname: str, for_service: bool = False
) -> None:
    """
    Whether an account with this name may be made.

    @param localpart: the name asked for, lower-cased already.
    @param hostname: this server's name: the whole id has a length limit.
    @param for_service: whether an application service asks for it: names that
        people can't have are theirs.
    @raise MatrixError: 400 C{M_INVALID_USERNAME}, with what is wrong.
    """
    if not localpart:
        problem = "User id cannot be empty"
    elif not _NEW_LOCALPART.match(localpart):
        problem = "User id can only contain characters a-z, 0-9, or '_-./=+'"
    elif localpart.startswith("_") and not for_service:
        problem = "User id may not begin with '_'"
    elif localpart.isdigit() and not for_service:
        problem = "Numeric user ids are reserved for guest users"
    elif len("@%s:%s" % (localpart, hostname)) > MAX_USER_ID_BYTES:
        problem = "User id may not be longer than %d characters" % MAX_USER_ID_BYTES
    else:
        return
    raise MatrixError(400, problem, Codes.INVALID_USERNAME)


def user_of_login(submission: Mapping[str, Any]) -> Optional[str]:
    """
    The user that a login or an C{auth} object of type C{m.login.password}
    names.  The old top-level C{user} wins over C{identifier}, as it does at
    existing servers.

    @param submission: what the client sent.
    @return: what it calls itself, neither qualified nor checked; C{None} if it
        names nobody by a user id.
    @raise MatrixError: 400 if what names the user has a wrong type or is
        incomplete.
    """
    if submission.get("user") is not None:
        return _text(submission["user"], "user")
    identifier = submission.get("identifier")
    if identifier is None:
        return None
    if not isinstance(identifier, dict):
        raise MatrixError(400, "'identifier' must be an object", Codes.INVALID_PARAM)
    if "type" not in identifier:
        raise MatrixError(400, "Missing identifier type", Codes.MISSING_PARAM)
    if _text(identifier["type"], "identifier.type") != IdentifierType.USER:
        return None
    if "user" not in identifier:
        raise MatrixError(400, "User identifier is missing 'user'", Codes.MISSING_PARAM)
    return _text(identifier["user"], "identifier.user")


def _text(value: Any, name: str) -> str:
    if not isinstance(value, str):
        raise MatrixError(400, "'%s' must be a string" % name, Codes.INVALID_PARAM)
    return value
