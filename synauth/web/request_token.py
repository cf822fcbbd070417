"""
The six C{requestToken} endpoints: a client asks for a token to be sent to an
e-mail address or a telephone number; and where one that came by telephone goes.
"""

import hashlib
import hmac
import secrets
from typing import Any, Dict, Optional
from urllib.parse import urlsplit

from twisted.internet.defer import Deferred, inlineCallbacks

from synauth.auth.ratelimit import address_key
from synauth.awaiting import Steps
from synauth.constants import Codes
from synauth.errors import MatrixError
from synauth.homeserver.mails import (
    ADD_THREEPID,
    ALREADY_IN_USE,
    PASSWORD_RESET,
    REGISTRATION,
    Purpose,
)
from synauth.homeserver.server import HomeServer
from synauth.homeserver.validation import opaque
from synauth.threepids import EMAIL, MSISDN, canonical, msisdn
from synauth.web.json_body import optional, parse_json_object, required
from synauth.web.request import SynauthRequest

JsonDict = Dict[str, Any]

# More attempts than that are no person's.
MAX_SEND_ATTEMPT = 2**31 - 1
MAX_NEXT_LINK_LENGTH = 2000


class RequestTokenEndpoints:
    """
    Sends tokens.  With C{request_token_inhibit_3pid_errors} a client can't tell
    from the answer whether an address has an account.

    @param hs: the server.
    """

    def __init__(self, hs: HomeServer) -> None:
        self._hs = hs
        self._threepids = hs.rate_limiter(
            hs.config.rc_3pid_validation, "rc_3pid_validation"
        )
        self._addresses = hs.rate_limiter(
            hs.config.rc_3pid_validation, "rc_3pid_validation"
        )
        self._guesses = hs.rate_limiter(hs.config.rc_registration, "rc_registration")
        # What stands in for a session of the identity server.
        self._key = secrets.token_bytes(32)

    # --- Registration

    def register_email(self, request: SynauthRequest) -> "Deferred[JsonDict]":
        """
        C{POST /register/email/requestToken}.
        """
        return self._unless_in_use(request, EMAIL, REGISTRATION, ALREADY_IN_USE)

    def register_msisdn(self, request: SynauthRequest) -> "Deferred[JsonDict]":
        """
        C{POST /register/msisdn/requestToken}.
        """
        return self._unless_in_use(request, MSISDN, REGISTRATION, None)

    # --- Addresses of an account

    def add_email(self, request: SynauthRequest) -> "Deferred[JsonDict]":
        """
        C{POST /account/3pid/email/requestToken}.
        """
        return self._unless_in_use(request, EMAIL, ADD_THREEPID, None)

    def add_msisdn(self, request: SynauthRequest) -> "Deferred[JsonDict]":
        """
        C{POST /account/3pid/msisdn/requestToken}.
        """
        return self._unless_in_use(request, MSISDN, ADD_THREEPID, None)

    # --- Passwords

    def password_email(self, request: SynauthRequest) -> "Deferred[JsonDict]":
        """
        C{POST /account/password/email/requestToken}.
        """
        return self._if_in_use(request, EMAIL)

    def password_msisdn(self, request: SynauthRequest) -> "Deferred[JsonDict]":
        """
        C{POST /account/password/msisdn/requestToken}.
        """
        return self._if_in_use(request, MSISDN)

    # --- What came by telephone

    @inlineCallbacks
    def submit_msisdn(self, request: SynauthRequest) -> Steps[JsonDict]:
        """
        C{POST /add_threepid/msisdn/submit_token}: for the identity server that
        has sent it.
        """
        body = parse_json_object(request)
        if self._hs.identity_servers.delegate is None:
            raise MatrixError(400, "This server does not validate telephone numbers")
        sid = opaque(body.get("sid"), "sid")
        secret = opaque(body.get("client_secret"), "client_secret")
        token = required(body, "token", str)
        address = address_key(request.client_address())
        self._guesses.hit(address)
        success = yield self._hs.identity_servers.submit_msisdn_token(
            sid, secret, token
        )
        if success:
            self._guesses.refund(address)
        return {"success": success}

    # --- What they have in common

    def _check_enabled(self, purpose: Purpose) -> None:
        config = self._hs.config
        if purpose is REGISTRATION and not config.enable_registration:
            raise MatrixError(403, "Registration is disabled", Codes.FORBIDDEN)
        if purpose is ADD_THREEPID and not config.enable_3pid_changes:
            raise MatrixError(
                400, "Addresses can't be changed on this server", Codes.FORBIDDEN
            )
        passwords = config.password_enabled and config.password_localdb_enabled
        if purpose is PASSWORD_RESET and not passwords:
            raise MatrixError(
                403, "Passwords can't be changed on this server", Codes.FORBIDDEN
            )

    @inlineCallbacks
    def _unless_in_use(
        self,
        request: SynauthRequest,
        medium: str,
        purpose: Purpose,
        otherwise: Optional[Purpose],
    ) -> Steps[JsonDict]:
        """
        @param otherwise: what its owner is sent if the address has an account.
        """
        body, address = self._parse(request, medium, purpose)
        yield self._hs.registration_proofs.check_allowed(
            medium, address, purpose is REGISTRATION
        )
        owner = yield self._hs.get_datastore().get_user_id_by_threepid(medium, address)
        if owner is not None:
            if not self._hs.config.request_token_inhibit_3pid_errors:
                raise MatrixError(
                    400, "The address is in use already", Codes.THREEPID_IN_USE
                )
            answer = yield self._send(medium, address, body, purpose, otherwise)
        else:
            answer = yield self._send(medium, address, body, purpose, purpose)
        return answer

    @inlineCallbacks
    def _if_in_use(self, request: SynauthRequest, medium: str) -> Steps[JsonDict]:
        config = self._hs.config
        body, address = self._parse(request, medium, PASSWORD_RESET)
        owner = yield self._hs.get_datastore().get_user_id_by_threepid(medium, address)
        mail: Optional[Purpose] = PASSWORD_RESET
        if owner is None:
            if not config.request_token_inhibit_3pid_errors:
                raise MatrixError(
                    400, "Nobody has this address here", Codes.THREEPID_NOT_FOUND
                )
            mail = None
        answer = yield self._send(medium, address, body, PASSWORD_RESET, mail)
        return answer

    def _parse(self, request: SynauthRequest, medium: str, purpose: Purpose) -> Any:
        body = parse_json_object(request)
        self._check_enabled(purpose)
        opaque(body.get("client_secret"), "client_secret")
        attempt = required(body, "send_attempt", int)
        if not 0 <= attempt <= MAX_SEND_ATTEMPT:
            raise MatrixError(
                400, "Parameter 'send_attempt' is not valid", Codes.INVALID_PARAM
            )
        self._check_next_link(optional(body, "next_link", str))
        if medium == EMAIL:
            address = canonical(EMAIL, required(body, "email", str))
        else:
            country = required(body, "country", str)
            address = msisdn(country, required(body, "phone_number", str))
        self._check_possible(medium)
        self._addresses.hit(address_key(request.client_address()))
        self._threepids.hit("%s %s" % (medium, address))
        return body, address

    def _check_possible(self, medium: str) -> None:
        if medium == EMAIL and self._hs.mails is None:
            raise MatrixError(400, "This server sends no mail")
        if medium == MSISDN and self._hs.identity_servers.delegate is None:
            raise MatrixError(400, "This server does not validate telephone numbers")

    def _check_next_link(self, next_link: Optional[str]) -> None:
        if next_link is None:
            return
        config = self._hs.config
        allowed = config.next_link_domain_whitelist
        if allowed is None:
            allowed = (urlsplit(config.public_baseurl or "").netloc.lower(),)
        try:
            parts = urlsplit(next_link)
            host = (parts.hostname or "").lower()
            good = parts.scheme in ("http", "https") and not parts.username
            good = good and parts.port != 0 and next_link.isprintable() and host != ""
        except ValueError:
            good, host = False, ""
        # A browser takes a backslash for a slash.
        if not good or "\\" in next_link or " " in next_link:
            raise _bad_next_link()
        if host not in allowed and parts.netloc.lower() not in allowed:
            raise _bad_next_link()
        if len(next_link) > MAX_NEXT_LINK_LENGTH:
            raise _bad_next_link()

    @inlineCallbacks
    def _send(
        self,
        medium: str,
        address: str,
        body: JsonDict,
        purpose: Purpose,
        mail: Optional[Purpose],
    ) -> Steps[JsonDict]:
        """
        @param purpose: what the proof is to be good for.
        @param mail: what is sent, C{None} for nothing.
        """
        if medium == MSISDN:
            answer = yield self._have_sent(address, body, mail)
            return answer
        sid = yield self._hs.validation.request_token(
            medium,
            address,
            body["client_secret"],
            body["send_attempt"],
            purpose.template,
            mail,
            body.get("next_link"),
        )
        return {"sid": sid}

    @inlineCallbacks
    def _have_sent(
        self, address: str, body: JsonDict, purpose: Optional[Purpose]
    ) -> Steps[JsonDict]:
        url = "%s_matrix/client/unstable/add_threepid/msisdn/submit_token"
        answer = {"submit_url": url % (self._hs.config.public_baseurl or "/",)}
        if purpose is None:
            text = "%s %s" % (address, body["client_secret"])
            digest = hmac.new(self._key, text.encode("utf-8"), hashlib.sha256)
            answer["sid"] = digest.hexdigest()[:24]
            return answer
        keys = ("client_secret", "send_attempt", "country", "phone_number", "next_link")
        passed_on = {key: body[key] for key in keys if body.get(key) is not None}
        answer["sid"] = yield self._hs.identity_servers.request_msisdn_token(passed_on)
        return answer


def _bad_next_link() -> MatrixError:
    return MatrixError(
        400, "'next_link' leads where this server sends nobody", Codes.INVALID_PARAM
    )
