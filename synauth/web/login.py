"""
C{GET} and C{POST /login} (specification, "Login").
"""

from typing import Any, Callable, Dict, Optional

from twisted.internet.defer import Deferred, inlineCallbacks

from synauth.auth.ratelimit import address_key
from synauth.auth.stages import invalid_password
from synauth.awaiting import Steps
from synauth.constants import Codes, LoginType
from synauth.errors import MatrixError
from synauth.homeserver.logins import LoginDetails, account_gate
from synauth.homeserver.server import HomeServer
from synauth.identifiers import local_user_id, qualify, user_of_login
from synauth.web.auditing import audit
from synauth.web.json_body import parse_json_object, required
from synauth.web.login_details import login_details
from synauth.web.request import SynauthRequest

JsonDict = Dict[str, Any]


class LoginEndpoint:
    """
    Logs users in.

    @param hs: the server.
    """

    def __init__(self, hs: HomeServer) -> None:
        self._hs = hs
        self._addresses = hs.rate_limiter(hs.config.rc_login_address)
        self._accounts = hs.rate_limiter(hs.config.rc_login_account)
        # Each gives the user id of whoever it authenticates.
        self._types: Dict[str, Callable[[JsonDict], "Deferred[str]"]] = {}
        if hs.config.password_enabled and (
            hs.config.password_localdb_enabled or hs.config.password_providers
        ):
            self._types[LoginType.PASSWORD] = self._by_password
        self._types[LoginType.TOKEN] = self._by_token

    def flows(self, request: SynauthRequest) -> JsonDict:
        """
        The ways to log in.
        """
        return {"flows": [{"type": type} for type in self._types]}

    @inlineCallbacks
    def log_in(self, request: SynauthRequest) -> Steps[JsonDict]:
        """
        Authenticate a user and give out tokens.
        """
        body = parse_json_object(request)
        type = required(body, "type", str)
        if type not in self._types:
            raise MatrixError(400, "Unknown login type", Codes.UNKNOWN)
        details = login_details(request, body)
        user_id: Optional[str] = None
        try:
            self._addresses.hit(address_key(request.client_address()))
            user_id = yield self._types[type](body)
            answer = yield self._give_tokens(user_id, details)
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
        audit(
            self._hs.audit,
            request,
            type,
            user_id=user_id,
            device_id=answer["device_id"],
        )
        return answer

    @inlineCallbacks
    def _give_tokens(self, user_id: str, details: LoginDetails) -> Steps[JsonDict]:
        self._accounts.hit(user_id.lower())
        account = yield self._hs.get_datastore().get_user(user_id)
        if account is None:
            # It was there a moment ago.
            raise invalid_password()
        account_gate(account)
        answer = yield self._hs.logins.log_in(user_id, details)
        return answer

    @inlineCallbacks
    def _by_password(self, body: JsonDict) -> Steps[str]:
        user = user_of_login(body)
        if user is None:
            if "identifier" in body:
                raise MatrixError(400, "Unknown login identifier", Codes.UNKNOWN)
            raise MatrixError(
                400, "Missing parameter 'identifier'", Codes.MISSING_PARAM
            )
        password = required(body, "password", str)
        user_id = local_user_id(user, self._hs.hostname)
        # Before anything is hashed.
        self._accounts.check(user_id.lower())
        proved = yield self._hs.auth_handler.validate_password_login(user_id, password)
        return proved

    @inlineCallbacks
    def _by_token(self, body: JsonDict) -> Steps[str]:
        token = required(body, "token", str)
        handler = self._hs.auth_handler
        user_id = handler.validate_short_term_login_token_and_get_user_id(token)
        found = yield handler.check_user_exists(user_id)
        if found is None:
            raise MatrixError(403, "Invalid token", Codes.FORBIDDEN).because(
                "unknown_user"
            )
        return found

    def _claimed(self, body: JsonDict) -> Optional[str]:
        """
        Whom a refused login named, for the audit log.
        """
        try:
            user = user_of_login(body)
        except MatrixError:
            return None
        return None if user is None else qualify(user, self._hs.hostname)
