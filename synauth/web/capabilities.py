"""
C{GET /capabilities} and C{POST /login/get_token} (specification, "Capabilities
negotiation", "Generating a login token").
"""

from typing import Any, Dict

from twisted.internet.defer import inlineCallbacks

from synauth.auth.settings import RateLimit
from synauth.awaiting import Steps
from synauth.constants import Codes
from synauth.errors import InvalidTokenError, MatrixError
from synauth.homeserver.logins import Requester
from synauth.homeserver.server import HomeServer
from synauth.web.auditing import audit
from synauth.web.json_body import parse_json_object
from synauth.web.request import SynauthRequest
from synauth.web.requester import get_requester
from synauth.web.ui_auth import after_ui_auth

JsonDict = Dict[str, Any]

# As the specification has it: about one a minute.
LOGIN_TOKENS = RateLimit(1 / 60.0, 3)


class CapabilityEndpoints:
    """
    Tells users what they can do, and lets them log other clients in.

    @param hs: the server.
    """

    def __init__(self, hs: HomeServer) -> None:
        self._hs = hs
        self._limit = hs.rate_limiter(LOGIN_TOKENS, "login_tokens")
        self._tokens = hs.coordination.login_tokens

    @inlineCallbacks
    def capabilities(self, request: SynauthRequest) -> Steps[JsonDict]:
        """
        Tell a user.
        """
        requester = yield get_requester(self._hs, request, allow_guest=True)
        config = self._hs.config
        changes_password = yield self._hs.passwords.can_change(requester.user_id)
        logs_in = yield self._can_log_in_others(requester.user_id)
        enabled = {
            "m.change_password": changes_password,
            "m.set_displayname": config.enable_set_displayname,
            "m.3pid_changes": config.enable_3pid_changes,
            "m.get_login_token": logs_in,
        }
        return {
            "capabilities": {
                name: {"enabled": value and not requester.is_guest}
                for name, value in enabled.items()
            }
        }

    @inlineCallbacks
    def _can_log_in_others(self, user_id: str) -> Steps[bool]:
        settings = self._hs.config.login_via_existing_session
        if not (settings.enabled and settings.require_ui_auth):
            return bool(settings.enabled)
        types = yield self._hs.ui_auth.login_types(user_id)
        return bool(types)

    @inlineCallbacks
    def login_token(self, request: SynauthRequest) -> Steps[JsonDict]:
        """
        Make a token with which another client logs in as the user, once.
        """
        settings = self._hs.config.login_via_existing_session
        requester = yield get_requester(self._hs, request)
        body = parse_json_object(request)
        if not settings.enabled:
            raise MatrixError(404, "Unrecognized request", Codes.UNRECOGNIZED)
        if requester.puppeteer is not None:
            # Acting as a user can be for a time; a login of theirs is not.
            raise MatrixError(
                403, "An administrator can't log in as a user", Codes.FORBIDDEN
            )
        if settings.require_ui_auth:
            answer = yield after_ui_auth(
                self._hs,
                request,
                requester,
                body,
                lambda params: self._make(request, requester),
            )
        else:
            answer = yield self._make(request, requester)
        return answer

    @inlineCallbacks
    def _make(self, request: SynauthRequest, requester: Requester) -> Steps[JsonDict]:
        self._limit.hit(requester.user_id)
        lifetime_ms = self._hs.config.login_via_existing_session.token_timeout
        # An application service's own token is no login, and does not end.
        revocable = requester.service is None
        token = self._hs.auth_handler.macaroons.login_token(
            requester.user_id, lifetime_ms, revocable
        )
        if revocable:
            good_until = yield self._tokens.add(token, requester.access_token_id)
            if good_until is None:
                raise InvalidTokenError()
            lifetime_ms = good_until - self._hs.get_clock().time_msec()
        audit(
            self._hs.audit,
            request,
            "get_login_token",
            user_id=requester.user_id,
            device_id=requester.device_id,
        )
        return {"login_token": token, "expires_in_ms": lifetime_ms}
