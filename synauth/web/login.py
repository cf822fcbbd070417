"""
C{GET} and C{POST /login} (specification, "Login").
"""

from typing import Any, Dict, List, Optional

from twisted.internet.defer import inlineCallbacks
from twisted.logger import Logger

from synauth.account_state import account_gate
from synauth.auth.login import invalid_password
from synauth.auth.ratelimit import address_key
from synauth.awaiting import Steps
from synauth.constants import Codes, LoginType
from synauth.errors import MatrixError, PasswordChangedError
from synauth.homeserver.logins import LoginDetails
from synauth.homeserver.server import HomeServer
from synauth.identifiers import limit_key, qualify, user_of_login
from synauth.providers.calling import CouldNotAsk
from synauth.providers.results import LoginCallback, Vouched
from synauth.web.access_token import optional_access_token
from synauth.web.auditing import audit
from synauth.web.json_body import parse_json_object, required
from synauth.web.login_details import login_details
from synauth.web.login_methods import LoginMethods
from synauth.web.request import SynauthRequest
from synauth.web.response import encode_json

JsonDict = Dict[str, Any]

_log = Logger()


class LoginEndpoint:
    """
    Logs users in.

    @param hs: the server, its modules loaded.
    """

    def __init__(self, hs: HomeServer) -> None:
        self._hs = hs
        self._addresses = hs.rate_limiter(
            hs.config.rc_login_address, "rc_login.address"
        )
        self._accounts = hs.rate_limiter(hs.config.rc_login_account, "rc_login.account")
        self._methods = LoginMethods(hs, self._accounts)

    def flows(self, request: SynauthRequest) -> JsonDict:
        """
        The ways to log in.
        """
        flows: List[JsonDict] = [{"type": type} for type in self._methods.types]
        if self._hs.config.login_via_existing_session.enabled:
            for flow in flows:
                if flow["type"] == LoginType.TOKEN:
                    flow["get_login_token"] = True
        return {"flows": flows}

    @inlineCallbacks
    def log_in(self, request: SynauthRequest) -> Steps[JsonDict]:
        """
        Authenticate a user and give out tokens.
        """
        body = parse_json_object(request)
        type = required(body, "type", str)
        if type not in self._methods.types:
            raise MatrixError(400, "Unknown login type", Codes.UNKNOWN)
        details = login_details(request, body)
        user_id: Optional[str] = None
        try:
            if not self._is_unlimited(request, type):
                self._addresses.hit(address_key(request.client_address()))
            vouched = yield self._methods.authenticate(type, body, request)
            user_id = vouched.user_id
            try:
                answer = yield self._give_tokens(request, type, vouched, details)
            except PasswordChangedError:
                # Or its hash was only renewed, which is soon told.
                vouched = yield self._methods.authenticate(type, body, request)
                answer = yield self._give_tokens(request, type, vouched, details)
        except MatrixError as error:
            audit(
                self._hs.audit,
                request,
                type,
                error,
                user_id=user_id or self._claimed(body),
                device_id=details.device_id,
            )
            raise
        return answer

    def _is_unlimited(self, request: SynauthRequest, type: str) -> bool:
        """
        @return: whether an application service asks that need not be limited.
        """
        if type != LoginType.APPLICATION_SERVICE:
            return False
        token = optional_access_token(request)
        service = token and self._hs.application_services.by_token(token)
        return bool(service and not service.rate_limited)

    @inlineCallbacks
    def _give_tokens(
        self,
        request: SynauthRequest,
        type: str,
        vouched: Vouched,
        details: LoginDetails,
    ) -> Steps[JsonDict]:
        user_id = vouched.user_id
        if not self._is_unlimited(request, type):
            self._accounts.hit(limit_key(user_id))
        account = yield self._hs.get_datastore().get_user(user_id)
        if account is None:
            # It was there a moment ago.
            raise invalid_password()
        account_gate(account)
        answer = yield self._hs.logins.log_in(user_id, details, vouched.password_hash)
        # Before a module gets to change the answer.
        audit(
            self._hs.audit,
            request,
            type,
            user_id=user_id,
            device_id=answer["device_id"],
        )
        if vouched.callback is not None:
            yield self._call_back(vouched.module, vouched.callback, answer)
        return answer

    @inlineCallbacks
    def _call_back(
        self, module: str, callback: LoginCallback, answer: JsonDict
    ) -> Steps[None]:
        """
        Show a module the answer, which it may add to.  Whatever becomes of
        that, the user is logged in.
        """
        shown = dict(answer)
        try:
            yield self._hs.auth_handler.caller.call(
                module, _passed_over, callback, shown
            )
            encode_json(shown)
        except CouldNotAsk:
            return
        except (TypeError, ValueError, RecursionError):
            _log.error("{module} adds to a login what is not JSON", module=module)
            return
        answer.update(shown)

    def _claimed(self, body: JsonDict) -> Optional[str]:
        """
        Whom a refused login named, for the audit log.
        """
        try:
            user = user_of_login(body)
        except MatrixError:
            return None
        return None if user is None else qualify(user, self._hs.hostname)


def _passed_over(answer: Any) -> None:
    """
    What a callback comes to is not looked at.
    """
