"""
Macaroons: the tokens that say by themselves whom they are for (source 000,
C{generate_...} and C{validate_...}).

Anybody who holds a macaroon can append to it, and a verifier that only asks
whether each caveat holds can be led to believe the appended one.  So a token of
ours is good only if it has exactly the caveats that we put in, each once.
"""

import secrets
from typing import Any, Callable, Dict, List, Optional, Union

import pymacaroons
from pymacaroons.exceptions import MacaroonException
from zope.interface import implementer

from synauth.constants import Codes
from synauth.errors import AuthError
from synauth.interfaces import IClock, IMacaroonAuth

Key = Union[str, bytes]

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
        return self._mint(user_id, "access", expiry + extra_caveats)

    def refresh_token(self, user_id: str) -> str:
        """
        See L{synauth.AuthHandler.generate_refresh_token}.
        """
        return self._mint(user_id, "refresh", [nonce()])

    def login_token(self, user_id: str, duration_in_ms: int) -> str:
        """
        See L{synauth.AuthHandler.generate_short_term_login_token}.
        """
        return self._mint(user_id, "login", [self._expiry(duration_in_ms)])

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
        return _caveats(macaroon).get("user_id") or _refuse()

    def validate_macaroon(
        self, macaroon: Any, type_string: str, verify_expiry: bool, user_id: str
    ) -> None:
        """
        See L{IMacaroonAuth.validate_macaroon}.
        """
        caveats = _caveats(macaroon)
        expiry = caveats.pop("time", None)
        caveats.pop("nonce", None)
        if caveats != {"gen": "1", "type": type_string, "user_id": user_id}:
            _refuse()
        if type_string == "login" and expiry is None:
            _refuse()
        if verify_expiry and expiry is not None:
            if not expiry.isdigit() or int(expiry) <= self._clock.time_msec():
                _refuse()
        # The caveats are looked at; what is left is the signature.
        verifier = pymacaroons.Verifier()
        verifier.satisfy_general(lambda caveat: True)
        try:
            verifier.verify(macaroon, self._checked_key())
        except (MacaroonException, ValueError):
            _refuse()

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


def nonce() -> str:
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
        return _refuse()


def _caveats(macaroon: Any) -> Dict[str, str]:
    """
    @return: the caveats of a macaroon by name.
    @raise AuthError: if there is one that we don't know, or one twice.
    """
    found: Dict[str, str] = {}
    for caveat in macaroon.caveats:
        text = caveat.caveat_id
        name, separator, value = text.partition(
            " < " if text.startswith("time ") else " = "
        )
        if not separator or caveat.verification_key_id or name in found:
            _refuse()
        if name not in ("gen", "user_id", "type", "time", "nonce"):
            _refuse()
        found[name] = value
    return found


def _refuse() -> Any:
    raise AuthError(403, "Invalid token", Codes.FORBIDDEN).because("invalid_token")
