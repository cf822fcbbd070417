"""
C{POST /register} and C{GET /register/available} (specification, "Account
registration and management").
"""

from typing import Any, Dict, Optional, Tuple

from twisted.internet.defer import Deferred, inlineCallbacks, succeed

from synauth.auth.interactive import session_id_of, stage_of
from synauth.auth.policy import check_new_password
from synauth.auth.ratelimit import address_key
from synauth.auth.sessions import Session
from synauth.awaiting import Steps
from synauth.constants import Codes, LoginType
from synauth.errors import (
    InvalidTokenError,
    LimitExceededError,
    MatrixError,
    NotApprovedError,
)
from synauth.homeserver.logins import LoginDetails
from synauth.homeserver.registration import made_up_name
from synauth.homeserver.registration_flows import registration_flows
from synauth.homeserver.server import HomeServer
from synauth.web.access_token import optional_access_token
from synauth.web.auditing import audit
from synauth.web.json_body import optional, parse_json_object, required
from synauth.web.login_details import login_details
from synauth.web.query import query_arg
from synauth.web.request import SynauthRequest
from synauth.web.service_registration import ServiceRegistration
from synauth.web.ui_auth import audit_refused

JsonDict = Dict[str, Any]

OPERATION = ("POST", "/register")

# What a finished session remembers, so that a client whose answer was lost can
# ask again.
_REGISTERED = "registered"

# Under this key that has the account, where somebody has to approve of it first.
_WAITING = "waiting"


class RegisterEndpoint:
    """
    Makes accounts for whoever asks.

    @param hs: the server.
    """

    def __init__(self, hs: HomeServer) -> None:
        self._hs = hs
        self._limiter = hs.rate_limiter(hs.config.rc_registration, "rc_registration")
        self._flows = registration_flows(hs.config)
        self._sessions = hs.auth_handler.interactive.sessions
        self._services = ServiceRegistration(hs)

    @inlineCallbacks
    def available(self, request: SynauthRequest) -> Steps[JsonDict]:
        """
        Whether a name could be registered.
        """
        self._check_enabled()
        username = query_arg(request, "username")
        if username is None:
            raise MatrixError(400, "Missing parameter 'username'", Codes.MISSING_PARAM)
        if self._hs.config.inhibit_user_in_use_error:
            # Who registers is told; who only asks learns nothing.
            self._hs.registration.check_form(username.lower())
        else:
            yield self._hs.registration.check_username(username.lower())
        return {"available": True}

    @inlineCallbacks
    def register(self, request: SynauthRequest) -> Steps[Any]:
        """
        Take a step of a registration, the last of which makes the account.
        """
        body = parse_json_object(request)
        # The oldest SDK sends the word "None" when it has no token.
        token = optional_access_token(request)
        of_service = body.get("type") == LoginType.APPLICATION_SERVICE
        if token in (None, "None") and of_service:
            raise MatrixError(401, "Missing access token", Codes.MISSING_TOKEN)
        if token not in (None, "None") and not (
            of_service or self._hs.application_services.by_token(token)
        ):
            raise MatrixError(400, "Registration takes no access token", Codes.UNKNOWN)
        try:
            if token not in (None, "None"):
                answer = yield self._services.register(request, body, token)
            else:
                answer = yield self._take_step(request, body)
        except NotApprovedError as error:
            audit(self._hs.audit, request, "register", error, user_id=error.user_id)
            raise
        except MatrixError as error:
            audit(self._hs.audit, request, "register", error)
            raise
        return answer

    @inlineCallbacks
    def _take_step(self, request: SynauthRequest, body: JsonDict) -> Steps[Any]:
        kind = query_arg(request, "kind") or "user"
        if kind == "guest":
            answer = yield self._register_guest(request, body)
            return answer
        if kind != "user":
            raise MatrixError(400, "Unknown kind of account", Codes.INVALID_PARAM)
        self._check_enabled()
        self._limiter.check(address_key(request.client_address()))
        if session_id_of(body) is not None:
            answer = yield self._answered_before(request, body)
            if answer is not None:
                return answer
        self._check_form(request, body)
        if "username" in body:
            try:
                yield self._check_username(body)
            except MatrixError:
                # Perhaps it was this session that took the name, just now.
                answer = yield self._answered_before(request, body)
                if answer is None:
                    raise
                return answer
        if set(body) <= {"auth", "initial_device_display_name"}:
            # Some clients send nothing but this in later steps.
            body.pop("initial_device_display_name", None)
        yield self._remember_password(body)
        stage = stage_of(body)
        authed, result, params, session_id = yield self._hs.auth_handler.check_auth(
            self._flows, body, request.client_address(), OPERATION
        )
        if not authed:
            audit_refused(self._hs, request, stage, result)
            return 401, result
        try:
            answer = yield self._make_account(request, params, result, session_id)
        except NotApprovedError as error:
            # It is made, and the session may not make another.
            yield self._finish(session_id, {_WAITING: error.user_id})
            raise
        except Exception:
            # If it has expired meanwhile, there is nothing to give back.
            yield self._sessions.release(session_id).addErrback(_passed_over)
            raise
        yield self._finish(session_id, answer)
        self._audit_success(request, answer)
        return answer

    @inlineCallbacks
    def _remember_password(self, body: JsonDict) -> Steps[None]:
        """
        What a later step says counts instead of what an earlier one said; but a
        client that has given a password need not give it once more.
        """
        session_id = session_id_of(body)
        if session_id is None or "password" in body or not set(body) - {"auth"}:
            return
        session = yield self._sessions.get(session_id)
        if session is not None and session.operation == OPERATION:
            if "password" in session.clientdict:
                body["password"] = session.clientdict["password"]

    def _check_enabled(self) -> None:
        if not self._hs.config.enable_registration:
            raise MatrixError(403, "Registration is disabled", Codes.FORBIDDEN)

    def _check_form(self, request: SynauthRequest, params: JsonDict) -> LoginDetails:
        """
        Whether an account could be made as it is wished, as far as that can be
        seen from the wishes; before anybody has to authenticate for it, and
        again when they have.
        """
        optional(params, "inhibit_login", bool)
        if params.get("guest_access_token") is not None:
            raise MatrixError(
                400, "Guests can't be upgraded on this server", Codes.UNKNOWN
            )
        password = optional(params, "password", str)
        if password is not None:
            check_new_password(password, self._hs.config.password_policy)
        return login_details(request, params)

    def _check_username(self, params: JsonDict) -> "Deferred[None]":
        username = optional(params, "username", str)
        if username is None:
            return succeed(None)
        return self._hs.registration.check_username(username.lower())

    @inlineCallbacks
    def _make_account(
        self,
        request: SynauthRequest,
        params: JsonDict,
        creds: JsonDict,
        session_id: str,
    ) -> Steps[JsonDict]:
        password = required(params, "password", str)
        details = self._check_form(request, params)
        yield self._check_username(params)
        proved = yield self._hs.registration_proofs.gather(creds, session_id)
        localpart, display_name = yield self._names(params, creds)
        self._limiter.hit(address_key(request.client_address()))
        password_hash = yield self._hs.auth_handler.hash(password)
        answer = yield self._hs.registration.register_user(
            localpart=localpart,
            password_hash=password_hash,
            login=None if params.get("inhibit_login") else details,
            display_name=display_name,
            proved=proved,
        )
        return answer

    @inlineCallbacks
    def _names(self, params: JsonDict, creds: JsonDict) -> Steps[Tuple[str, str]]:
        """
        @param creds: what each stage proved.
        @return: fires with the localpart that modules or else the user want, or
            a new one; and the display name that modules want, or the same.
        """
        callbacks = self._hs.auth_handler.callbacks
        shown = {key: params[key] for key in params if key != "password"}
        creds = {stage: _shown(stage, result) for stage, result in creds.items()}
        chosen = yield callbacks.get_username_for_registration(creds, shown)
        if chosen is not None:
            yield self._hs.registration.check_username(chosen.lower())
        localpart = chosen or optional(params, "username", str) or made_up_name()
        display_name = yield callbacks.get_displayname_for_registration(creds, shown)
        if display_name is None:
            display_name = localpart.lower()
        return localpart.lower(), display_name

    @inlineCallbacks
    def _finish(self, session_id: str, answer: JsonDict) -> Steps[None]:
        try:
            yield self._sessions.set_data(session_id, _REGISTERED, answer)
            yield self._sessions.finish(session_id)
        except MatrixError:
            # It is too full for that, or gone already.  There is an account
            # now, and the session may not make another.
            yield self._sessions.remove(session_id)

    @inlineCallbacks
    def _answered_before(
        self, request: SynauthRequest, body: JsonDict
    ) -> Steps[Optional[JsonDict]]:
        """
        @return: fires with the answer if a registration came of the session of
            a body, with C{None} if none has yet; errs with
            L{LimitExceededError} while one is being made.
        """
        session = yield self._sessions.get(session_id_of(body) or "")
        if session is None or session.operation != OPERATION:
            return None
        if session.claimed:
            raise LimitExceededError(1000, "This session is being used")
        if not session.finished:
            return None
        answer = yield self._answer_again(request, session)
        return answer

    @inlineCallbacks
    def _answer_again(self, request: SynauthRequest, done: Session) -> Steps[JsonDict]:
        """
        Answer a client that did not get the answer to its registration: the
        same once more, for as long as the token in it is good.  A new token
        would make the session a way to log in without a password.
        """
        answer: JsonDict = done.serverdict[_REGISTERED]
        if _WAITING in answer:
            answer = yield self._answer_waiting(answer[_WAITING])
        if "access_token" in answer:
            try:
                yield self._hs.logins.requester(answer["access_token"])
            except InvalidTokenError:
                raise MatrixError(403, "The session was used already", Codes.UNKNOWN)
        self._audit_success(request, answer)
        return answer

    @inlineCallbacks
    def _answer_waiting(self, user_id: str) -> Steps[JsonDict]:
        """
        Answer a client whose account had to be approved of first: it is, and the
        user can log in, or it is not.
        """
        account = yield self._hs.get_datastore().get_user(user_id)
        if account is None or not account.approved:
            raise NotApprovedError(user_id)
        return {"user_id": user_id, "home_server": self._hs.hostname}

    @inlineCallbacks
    def _register_guest(
        self, request: SynauthRequest, body: JsonDict
    ) -> Steps[JsonDict]:
        if not self._hs.config.allow_guest_access:
            raise MatrixError(403, "Guest access is disabled", Codes.FORBIDDEN)
        key = "initial_device_display_name"
        # The server ignores all else that is said of a guest.
        details = login_details(request, {key: body.get(key)})
        self._limiter.hit(address_key(request.client_address()))
        answer = yield self._hs.registration.register_user(login=details, is_guest=True)
        self._audit_success(request, answer)
        return answer

    def _audit_success(self, request: SynauthRequest, answer: JsonDict) -> None:
        audit(
            self._hs.audit,
            request,
            "register",
            user_id=answer["user_id"],
            device_id=answer.get("device_id"),
        )


def _shown(stage: str, result: Any) -> Any:
    """
    @return: what modules see of what a stage proved (source 001): of an
        address not the client's secret.
    """
    if stage == LoginType.TERMS:
        return True
    if isinstance(result, dict):
        return {key: result[key] for key in result if key != "threepid_creds"}
    return result


def _passed_over(failure: Any) -> None:
    """
    For a failure that changes nothing.
    """
