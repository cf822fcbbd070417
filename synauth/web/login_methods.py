"""
The login types: from what a client sent to who it is.
"""

from typing import Any, Callable, Dict, List

from twisted.internet.defer import Deferred, inlineCallbacks

from synauth.auth.login import invalid_password, limited
from synauth.auth.threepid_login import ThreepidLogin
from synauth.auth.tokens import invalid_token
from synauth.awaiting import Steps
from synauth.constants import Codes, LoginType
from synauth.errors import InvalidTokenError, MatrixError
from synauth.homeserver.server import HomeServer
from synauth.identifiers import limit_key, local_user_id, user_of_login
from synauth.interfaces import IRateLimiter
from synauth.providers.results import Vouched
from synauth.threepids import Threepid, threepid_of_login
from synauth.web.access_token import access_token
from synauth.web.json_body import required
from synauth.web.request import SynauthRequest

JsonDict = Dict[str, Any]


def takes_passwords(hs: HomeServer) -> bool:
    """
    @param hs: the server, its modules loaded.
    @return: whether somebody can log in with a password.
    """
    if hs.config.password_only_for_reauth:
        return False
    return hs.config.password_enabled and (
        hs.config.password_localdb_enabled
        or LoginType.PASSWORD in hs.auth_handler.callbacks.login_types()
    )


class LoginMethods:
    """
    All ways to log in: C{m.login.password}, those of the modules, and
    C{m.login.token}.

    @param hs: the server.
    @param accounts: the logins of each account; a login that is over it is
        refused before any work is done.
    @ivar types: the login types, in the order in which clients see them.
    """

    def __init__(self, hs: HomeServer, accounts: IRateLimiter) -> None:
        self._hs = hs
        self._accounts = accounts
        handler = hs.auth_handler
        self._authenticator = handler.authenticator
        self._threepids = ThreepidLogin(
            handler.callbacks,
            hs.get_datastore(),
            handler.unlimited,
            handler.failed_attempts,
            handler.local_passwords if hs.config.password_localdb_enabled else None,
        )
        self._threepid_attempts = hs.coordination.failed_threepid_attempts
        self._tokens = hs.coordination.login_tokens
        self._methods: Dict[str, Callable[[str, JsonDict], "Deferred[Vouched]"]] = {}
        of_modules = handler.callbacks.login_types()
        if takes_passwords(hs):
            self._methods[LoginType.PASSWORD] = self._by_password
        for type in of_modules:
            if type != LoginType.PASSWORD:
                self._methods[type] = self._by_user
        self._methods.setdefault(LoginType.TOKEN, self._by_token)
        if hs.application_services:
            self._methods[LoginType.APPLICATION_SERVICE] = self._by_service
        self.types: List[str] = list(self._methods)

    def authenticate(
        self, type: str, body: JsonDict, request: SynauthRequest
    ) -> "Deferred[Vouched]":
        """
        @param type: one of C{types}.
        @param body: what the client sent.
        @param request: the request, whose access token counts for application
            services alone.
        @return: fires with who it is; errs with L{MatrixError}.
        """
        if type == LoginType.APPLICATION_SERVICE:
            return self._by_service(access_token(request), body)
        return self._methods[type](type, body)

    @inlineCallbacks
    def _by_service(self, as_token: str, body: JsonDict) -> Steps[Vouched]:
        service = self._hs.application_services.by_token(as_token)
        if service is None:
            raise InvalidTokenError()
        user = user_of_login(body)
        if user is None:
            raise MatrixError(
                400, "Missing parameter 'identifier'", Codes.MISSING_PARAM
            )
        user_id = local_user_id(user, self._hs.hostname)
        if not service.is_interested_in(user_id):
            raise MatrixError(
                403, "The user is not the application service's", Codes.EXCLUSIVE
            )
        account = yield self._hs.get_datastore().get_user(user_id)
        if account is None:
            raise MatrixError(
                403, "The application service has no such user", Codes.FORBIDDEN
            ).because("unknown_user")
        return Vouched(user_id)

    @inlineCallbacks
    def _by_password(self, type: str, body: JsonDict) -> Steps[Vouched]:
        required(body, "password", str)
        # A user id goes before an address, where a client sends both.
        threepid = None if user_of_login(body) else threepid_of_login(body)
        if threepid is None:
            answer = yield self._by_user(type, body)
        else:
            answer = yield self._by_threepid(threepid, body["password"])
        return answer

    @inlineCallbacks
    def _by_user(self, type: str, body: JsonDict) -> Steps[Vouched]:
        user = user_of_login(body)
        if user is None:
            if "identifier" in body:
                raise MatrixError(400, "Unknown login identifier", Codes.UNKNOWN)
            raise MatrixError(
                400, "Missing parameter 'identifier'", Codes.MISSING_PARAM
            )
        user_id = local_user_id(user, self._hs.hostname)
        self._accounts.check(limit_key(user_id))
        answer = yield self._authenticator.authenticate(user, type, body)
        if answer is None:
            raise invalid_password()
        return answer

    @inlineCallbacks
    def _by_threepid(self, threepid: Threepid, password: str) -> Steps[Vouched]:
        answer = yield limited(
            self._threepid_attempts,
            "%s %s" % (threepid.medium, threepid.address),
            lambda: self._threepids.authenticate(
                threepid.medium, threepid.address, password
            ),
        )
        if answer is None:
            raise invalid_password()
        return answer

    @inlineCallbacks
    def _by_token(self, type: str, body: JsonDict) -> Steps[Vouched]:
        token = required(body, "token", str)
        handler = self._hs.auth_handler
        user_id = handler.validate_short_term_login_token_and_get_user_id(token)
        # Before it is used up: who is to come back later comes with the same.
        self._accounts.check(limit_key(user_id))
        good = yield self._tokens.spend(token)
        if not good:
            raise invalid_token()
        found = yield handler.check_user_exists(user_id)
        if found is None:
            raise MatrixError(403, "Invalid token", Codes.FORBIDDEN).because(
                "unknown_user"
            )
        return Vouched(found)
