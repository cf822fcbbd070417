"""
C{GET} and C{POST /_synapse/admin/v1/register}: accounts for whoever knows the
shared secret.
"""

import hashlib
import hmac
from typing import Any, Dict, List

from twisted.internet.defer import inlineCallbacks

from synauth.auth.policy import check_new_password
from synauth.awaiting import Steps, awaiting
from synauth.constants import Codes
from synauth.errors import MatrixError
from synauth.homeserver.server import HomeServer
from synauth.web.auditing import audit
from synauth.web.json_body import optional, parse_json_object, required
from synauth.web.login_details import login_details
from synauth.web.request import SynauthRequest

JsonDict = Dict[str, Any]

USER_TYPES = ("support", "bot")


class SharedSecretRegistration:
    """
    Registers users for an operator's tools, also where registration is off.

    @param hs: the server.
    """

    def __init__(self, hs: HomeServer) -> None:
        self._hs = hs
        self._nonces = hs.coordination.nonces

    def nonce(self, request: SynauthRequest) -> JsonDict:
        """
        Give out a nonce.
        """
        self._secret()
        return {"nonce": self._nonces.make()}

    @inlineCallbacks
    def register(self, request: SynauthRequest) -> Steps[JsonDict]:
        """
        Make an account for who can prove to know the secret.
        """
        secret = self._secret()
        body = parse_json_object(request)
        try:
            yield self._check_proof(secret, body)
            answer = yield self._make_account(request, body)
        except MatrixError as error:
            audit(self._hs.audit, request, "shared_secret", error)
            raise
        audit(
            self._hs.audit,
            request,
            "shared_secret",
            user_id=answer["user_id"],
            device_id=answer.get("device_id"),
        )
        return answer

    @inlineCallbacks
    def _check_proof(self, secret: str, body: JsonDict) -> Steps[None]:
        nonce = required(body, "nonce", str)
        mac = required(body, "mac", str)
        # It is spent, whatever comes of it.
        good = yield awaiting(self._nonces.spend, nonce)
        if not good:
            raise MatrixError(400, "Unrecognised nonce", Codes.UNKNOWN).because(
                "unknown_nonce"
            )
        said = [nonce]
        for key in ("username", "password"):
            value = required(body, key, str)
            if "\0" in value:
                # It separates what the MAC is of.
                raise MatrixError(
                    400, "Parameter '%s' must not hold a NUL" % key, Codes.INVALID_PARAM
                )
            said.append(value)
        said.append("admin" if optional(body, "admin", bool, False) else "notadmin")
        user_type = optional(body, "user_type", str)
        if user_type is not None:
            if user_type not in USER_TYPES:
                raise MatrixError(400, "Unknown user type", Codes.INVALID_PARAM)
            said.append(user_type)
        if not hmac.compare_digest(_mac(secret, said), mac.encode("utf-8")):
            raise MatrixError(403, "HMAC incorrect", Codes.FORBIDDEN).because(
                "wrong_mac"
            )

    @inlineCallbacks
    def _make_account(self, request: SynauthRequest, body: JsonDict) -> Steps[JsonDict]:
        username, password = body["username"].lower(), body["password"]
        check_new_password(password, None)
        details = login_details(request, body)
        inhibit_login = optional(body, "inhibit_login", bool, False)
        yield self._hs.registration.check_username(username)
        password_hash = yield self._hs.auth_handler.hash(password)
        answer = yield self._hs.registration.register_user(
            localpart=username,
            password_hash=password_hash,
            login=None if inhibit_login else details,
            admin=bool(body.get("admin")),
            user_type=body.get("user_type"),
            approved=True,
            display_name=optional(body, "displayname", str) or username,
        )
        return answer

    def _secret(self) -> str:
        secret = self._hs.config.registration_shared_secret
        if not secret:
            raise MatrixError(
                400, "Shared secret registration is not enabled", Codes.UNKNOWN
            )
        return secret


def _mac(secret: str, said: List[str]) -> bytes:
    message = "\0".join(said).encode("utf-8")
    digest = hmac.new(secret.encode("utf-8"), message, hashlib.sha1).hexdigest()
    return digest.encode("ascii")
