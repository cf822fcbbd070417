"""
Macaroons: the tokens that say by themselves whom they are for (source 000,
C{generate_...} and C{validate_...}).

Anybody who holds a macaroon can append to it, and a verifier that only asks
whether each caveat holds can be led to believe the appended one.  So a token of
ours is good only if it has exactly the caveats that we put in, in our order.
"""

import re
import secrets
from typing import Any, Callable, Dict, List, Optional, Set, Tuple, Union

import pymacaroons
from pymacaroons.exceptions import MacaroonException
from zope.interface import implementer

from synauth.constants import Codes
from synauth.errors import AuthError
from synauth.interfaces import IClock, IMacaroonAuth

Key = Union[str, bytes]

_BASE = ("gen", "user_id", "type")

# The caveats of each type of token.  Those that a host adds to an access token
# are for the host to verify.
_SHAPES: Dict[str, Set[Tuple[str, ...]]] = {
    "access": {_BASE + ("nonce",), _BASE + ("time", "nonce")},
    "refresh": {_BASE + ("nonce",), _BASE + ("device_id", "nonce")},
    # Always with a nonce: could one be appended, a used token were another one.
    "login": {_BASE + ("time", "nonce"), _BASE + ("time", "revocable", "nonce")},
    "delete_pusher": {_BASE},
}

_TIME = re.compile(r"[0-9]{1,20}\Z")

# What a template writes when nobody filled it in.  A key that everybody can
# guess is none.
_NO_KEYS = frozenset(["", "None", "null"])


def is_unset(key: Any) -> bool:
    """
    @return: whether a configured secret is in truth no secret at all.
    """
    if isinstance(key, bytes):
        key = key.decode("utf-8", "replace")
    return key is None or str(key).strip() in _NO_KEYS


@implementer(IMacaroonAuth)
class MacaroonTokens:
    """
    Makes and checks macaroons.

    @param get_location: gives the server name.
    @param get_key: gives the key that signs; a key that is unset is an error
        at every use.
    @param clock: an L{IClock}.
    """

    def __init__(
        self,
        get_location: Callable[[], str],
        get_key: Callable[[], Key],
        clock: IClock,
    ) -> None:
        self._get_location = get_location
        self._get_key = get_key
        self._clock = clock

    def access_token(
        self, user_id: str, extra_caveats: List[str], duration_in_ms: Optional[int]
    ) -> str:
        """
        See L{synauth.AuthHandler.generate_access_token}; without a duration
        the token does not expire.
        """
        expiry = [] if duration_in_ms is None else [self._expiry(duration_in_ms)]
        return self._mint(user_id, "access", expiry + [_nonce()] + extra_caveats)

    def refresh_token(self, user_id: str, device_id: Optional[str] = None) -> str:
        """
        See L{synauth.AuthHandler.generate_refresh_token}.

        @param device_id: whose it is, for L{device_of}.
        """
        device = [] if device_id is None else ["device_id = " + device_id]
        return self._mint(user_id, "refresh", device + [_nonce()])

    def device_of(self, token: str) -> Optional[Tuple[str, str]]:
        """
        Whose a refresh token was that is not in any database any more.

        @param token: as a client sent it.
        @return: C{(user id, device id)}, or C{None} if it is not one of ours,
            or has no device.
        """
        try:
            macaroon = deserialize(token)
            user_id = self.get_user_id_from_macaroon(macaroon)
            self.validate_macaroon(macaroon, "refresh", True, user_id)
        except AuthError:
            return None
        device_id = _caveats(macaroon).get("device_id")
        return None if device_id is None else (user_id, device_id)

    def login_token(
        self, user_id: str, duration_in_ms: int, revocable: bool = False
    ) -> str:
        """
        See L{synauth.AuthHandler.generate_short_term_login_token}.

        @param revocable: whether it is good only while a database knows it, for
            L{is_revocable}.
        """
        mark = ["revocable = 1"] if revocable else []
        return self._mint(
            user_id, "login", [self._expiry(duration_in_ms), *mark, _nonce()]
        )

    def delete_pusher_token(self, user_id: str) -> str:
        """
        See L{synauth.AuthHandler.generate_delete_pusher_token}.
        """
        return self._mint(user_id, "delete_pusher", [])

    def user_id_of(self, token: str, type_string: str) -> str:
        """
        Check a token that a client sent.

        @param token: a serialized macaroon, as it came.
        @param type_string: what it has to be for.
        @return: whom it is for.
        @raise AuthError: 403 C{M_FORBIDDEN} if it is not good.
        """
        macaroon = deserialize(token)
        user_id = self.get_user_id_from_macaroon(macaroon)
        self.validate_macaroon(macaroon, type_string, True, user_id)
        return user_id

    def get_user_id_from_macaroon(self, macaroon: Any) -> str:
        """
        See L{IMacaroonAuth.get_user_id_from_macaroon}.
        """
        user_id = _caveats(macaroon).get("user_id")
        if not user_id:
            raise invalid_token()
        return user_id

    def validate_macaroon(
        self, macaroon: Any, type_string: str, verify_expiry: bool, user_id: str
    ) -> None:
        """
        See L{IMacaroonAuth.validate_macaroon}.
        """
        key = self._checked_key()
        caveats = _caveats(macaroon)
        if tuple(caveats) not in _SHAPES.get(type_string, set()):
            raise invalid_token()
        if [caveats[name] for name in _BASE] != ["1", user_id, type_string]:
            raise invalid_token()
        if verify_expiry and "time" in caveats:
            expiry = caveats["time"]
            if not _TIME.match(expiry) or int(expiry) <= self._clock.time_msec():
                raise invalid_token()
        # The caveats are looked at; what is left is the signature.
        verifier = pymacaroons.Verifier()
        verifier.satisfy_general(lambda caveat: True)
        try:
            verifier.verify(macaroon, key)
        except (MacaroonException, ValueError):
            raise invalid_token()

    def base_macaroon(self, user_id: str) -> Any:
        """
        @return: a C{pymacaroons.Macaroon} for a user that is good for nothing
            yet: caveats can be added.
        """
        macaroon = pymacaroons.Macaroon(
            location=self._get_location(), identifier="key", key=self._checked_key()
        )
        macaroon.add_first_party_caveat("gen = 1")
        macaroon.add_first_party_caveat("user_id = %s" % (user_id,))
        return macaroon

    def _mint(self, user_id: str, type_string: str, caveats: List[str]) -> str:
        macaroon = self.base_macaroon(user_id)
        macaroon.add_first_party_caveat("type = %s" % (type_string,))
        for caveat in caveats:
            macaroon.add_first_party_caveat(caveat)
        return macaroon.serialize()

    def _expiry(self, duration_in_ms: int) -> str:
        return "time < %d" % (self._clock.time_msec() + duration_in_ms,)

    def _checked_key(self) -> Key:
        key = self._get_key()
        if is_unset(key):
            raise ValueError("macaroon_secret_key is not set: no token can be made")
        return key


def _nonce() -> str:
    """
    @return: a caveat that makes a token differ from all others.
    """
    return "nonce = %s" % (secrets.token_urlsafe(16),)


def deserialize(token: str) -> Any:
    """
    @return: the C{pymacaroons.Macaroon}.
    @raise AuthError: 403 if it is none.
    """
    try:
        return pymacaroons.Macaroon.deserialize(token)
    except Exception:
        # What it raises on garbage is whatever its parser trips over.
        raise invalid_token()


def _caveats(macaroon: Any) -> Dict[str, str]:
    """
    @return: the caveats of a macaroon by name, in its order.
    @raise AuthError: if there is one that can't be ours, or one twice.
    """
    found: Dict[str, str] = {}
    for caveat in macaroon.caveats:
        try:
            text = caveat.caveat_id_bytes.decode("utf-8")
        except UnicodeDecodeError:
            raise invalid_token()
        name, separator, value = text.partition(
            " < " if text.startswith("time ") else " = "
        )
        if not separator or not caveat.first_party() or name in found:
            raise invalid_token()
        found[name] = value
    return found


def invalid_token() -> AuthError:
    """
    @return: the one answer to every token that is not good.
    """
    error = AuthError(403, "Invalid token", Codes.FORBIDDEN)
    error.reason = "invalid_token"
    return error


def is_revocable(token: str) -> bool:
    """
    @param token: a login token that is good.
    @return: whether it was made to be good only while a database knows it.
    """
    return "revocable" in _caveats(deserialize(token))


def identity_of(token: str) -> Tuple[bytes, int]:
    """
    @param token: a login token that is good.
    @return: what is the same in whatever way it is written, and when it expires,
        in ms, as far as a database can hold that.
    """
    macaroon = deserialize(token)
    expires = int(_caveats(macaroon)["time"])
    return bytes(macaroon.signature_bytes), min(expires, 2**63 - 1)
