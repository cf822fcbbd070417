"""
C{POST /register} and C{GET /register/available} (specification, "Account
registration and management").
"""

from typing import Any, Dict, List, Optional, Tuple

from twisted.internet.defer import Deferred, inlineCallbacks

from synauth.auth.interactive import session_id_of
from synauth.auth.policy import check_new_password
from synauth.auth.ratelimit import address_key
from synauth.constants import Codes, LoginType
from synauth.errors import MatrixError
from synauth.homeserver.config.settings import HomeServerConfig
from synauth.homeserver.logins import account_gate
from synauth.homeserver.server import HomeServer
from synauth.web.access_token import optional_access_token
from synauth.web.auditing import audit
from synauth.web.json_body import optional, parse_json_object, required
from synauth.web.login_details import login_details
from synauth.web.query import query_arg
from synauth.web.server import SynauthRequest

JsonDict = Dict[str, Any]

OPERATION = ("POST", "/register")

# What a finished session remembers, so that a client whose answer was lost can
# ask again.
_REGISTERED = "registered"


def registration_flows(config: HomeServerConfig) -> List[List[str]]:
    """
    @return: the ways to register that the configuration asks for.
    """
    flow = [LoginType.RECAPTCHA] if config.enable_registration_captcha else []
    return [flow + [LoginType.DUMMY]]


class RegisterEndpoint:
    """
    Makes accounts for whoever asks.

    @param hs: the server.
    """

    def __init__(self, hs: HomeServer) -> None:
        self._hs = hs
        self._limiter = hs.rate_limiter(hs.config.rc_registration)
        self._flows = registration_flows(hs.config)
        self._sessions = hs.auth_handler.interactive.sessions

    @inlineCallbacks
    def available(self, request: SynauthRequest) -> "Deferred[JsonDict]":
        """
        Whether a name could be registered.
        """
        self._check_enabled()
        username = query_arg(request, "username")
        if username is None:
            raise MatrixError(400, "Missing parameter 'username'", Codes.MISSING_PARAM)
        yield self._hs.registration.check_username(username.lower())
        return {"available": True}

    @inlineCallbacks
    def register(self, request: SynauthRequest) -> "Deferred[Any]":
        """
        Take a step of a registration, the last of which makes the account.
        """
        kind = query_arg(request, "kind") or "user"
        body = parse_json_object(request)
        # The oldest SDK sends the word "None" when it has no token.
        if optional_access_token(request) not in (None, "None"):
            raise MatrixError(400, "Registration takes no access token", Codes.UNKNOWN)
        self._limiter.check(address_key(request.client_address()))
        if kind == "guest":
            answer = yield self._register_guest(request, body)
            return answer
        if kind != "user":
            raise MatrixError(400, "Unknown kind of account", Codes.INVALID_PARAM)
        self._check_enabled()
        registered = yield self._registered_before(body)
        if registered is not None:
            answer = yield self._log_in_again(request, registered)
            return answer
        yield self._check_wishes(body)
        if "password" not in body:
            # Some clients send nothing but this in later steps.
            body.pop("initial_device_display_name", None)
        authed, result, params, session_id = yield self._authenticate(request, body)
        if not authed:
            return 401, result
        try:
            answer = yield self._make_account(request, params, session_id)
        except Exception:
            yield self._sessions.release(session_id)
            raise
        return answer

    def _check_enabled(self) -> None:
        if not self._hs.config.enable_registration:
            raise MatrixError(403, "Registration is disabled", Codes.FORBIDDEN)

    @inlineCallbacks
    def _check_wishes(self, params: JsonDict) -> "Deferred[None]":
        """
        Whether an account could be made as it is wished, before anybody has to
        authenticate for it, and again when they have.
        """
        username = optional(params, "username", str)
        password = optional(params, "password", str)
        optional(params, "inhibit_login", bool)
        if username is not None:
            yield self._hs.registration.check_username(username.lower())
        if password is not None:
            check_new_password(password, self._hs.config.password_policy)

    @inlineCallbacks
    def _authenticate(
        self, request: SynauthRequest, body: JsonDict
    ) -> "Deferred[Tuple[bool, JsonDict, JsonDict, str]]":
        authdict = body.get("auth")
        stage = authdict.get("type") if isinstance(authdict, dict) else None
        try:
            checked = yield self._hs.auth_handler.check_auth(
                self._flows, body, request.client_address(), OPERATION
            )
        except MatrixError as error:
            if isinstance(stage, str):
                audit(self._hs.audit, request, stage, error)
            raise
        if isinstance(stage, str) and "errcode" in checked[1]:
            audit(self._hs.audit, request, stage, reason=checked[1]["errcode"])
        return checked

    @inlineCallbacks
    def _make_account(
        self, request: SynauthRequest, params: JsonDict, session_id: str
    ) -> "Deferred[JsonDict]":
        password = required(params, "password", str)
        yield self._check_wishes(params)
        details = login_details(request, params)
        username = optional(params, "username", str)
        self._limiter.hit(address_key(request.client_address()))
        password_hash = yield self._hs.auth_handler.hash(password)
        answer = yield self._hs.registration.register_user(
            localpart=None if username is None else username.lower(),
            password_hash=password_hash,
            login=None if params.get("inhibit_login") else details,
        )
        yield self._sessions.set_data(
            session_id, _REGISTERED, (answer["user_id"], answer.get("device_id"))
        )
        yield self._sessions.finish(session_id)
        self._audit_registration(request, answer)
        return answer

    @inlineCallbacks
    def _registered_before(self, body: JsonDict) -> "Deferred[Optional[JsonDict]]":
        """
        @return: fires with what a session of this body's has registered and
            with which parameters, or with C{None}.
        """
        session_id = session_id_of(body)
        session = session_id and (yield self._sessions.get(session_id))
        if not session or not session.finished or session.operation != OPERATION:
            return None
        user_id, device_id = session.serverdict[_REGISTERED]
        return dict(session.clientdict, user_id=user_id, device_id=device_id)

    @inlineCallbacks
    def _log_in_again(
        self, request: SynauthRequest, registered: JsonDict
    ) -> "Deferred[JsonDict]":
        """
        Answer a client that did not get the answer to its registration: the
        same user and device.
        """
        user_id = registered["user_id"]
        account = yield self._hs.get_datastore().get_user(user_id)
        account_gate(account)
        if registered.get("inhibit_login"):
            return {"user_id": user_id, "home_server": self._hs.hostname}
        answer = yield self._hs.logins.log_in(
            user_id, login_details(request, registered)
        )
        self._audit_registration(request, answer)
        return answer

    @inlineCallbacks
    def _register_guest(
        self, request: SynauthRequest, body: JsonDict
    ) -> "Deferred[JsonDict]":
        if not self._hs.config.allow_guest_access:
            raise MatrixError(403, "Guest access is disabled", Codes.FORBIDDEN)
        wanted = {
            "initial_device_display_name": body.get("initial_device_display_name")
        }
        details = login_details(request, wanted)
        self._limiter.hit(address_key(request.client_address()))
        answer = yield self._hs.registration.register_user(login=details, is_guest=True)
        self._audit_registration(request, answer)
        return answer

    def _audit_registration(self, request: SynauthRequest, answer: JsonDict) -> None:
        audit(
            self._hs.audit,
            request,
            "register",
            user_id=answer["user_id"],
            device_id=answer.get("device_id"),
        )
