"""
Which users can authenticate how once more, and for how long that counts.
"""

from typing import Any, Dict, List, Optional, Tuple

from twisted.internet.defer import inlineCallbacks

from synauth.auth.handler import AuthHandler
from synauth.auth.reauthentication import Reauthentication
from synauth.auth.sessions import Operation
from synauth.awaiting import Steps
from synauth.constants import LoginType
from synauth.errors import MatrixError
from synauth.homeserver.logins import Requester
from synauth.interfaces import IClock, IRateLimiter

JsonDict = Dict[str, Any]


class UserInteractiveAuth:
    """
    User-interactive authentication of users who have a token.

    @param hostname: the server name.
    @param handler: has the stages, the sessions and the modules.
    @param store: an L{IAccountStore} and L{ITokenStore}.
    @param clock: an L{IClock}.
    @param config: the server's settings.
    @param unanswered: see L{Reauthentication}.
    """

    def __init__(
        self,
        hostname: str,
        handler: AuthHandler,
        store: Any,
        clock: IClock,
        config: Any,
        unanswered: IRateLimiter,
    ) -> None:
        self._handler = handler
        self._store = store
        self._clock = clock
        self._config = config
        self._reauthentication = Reauthentication(
            hostname, handler.interactive, handler.check_user_exists, unanswered
        )

    @inlineCallbacks
    def login_types(self, user_id: str) -> Steps[List[str]]:
        """
        @param user_id: the account's own id.
        @return: fires with the login types with which this user can
            authenticate: those of the modules, and a password if there is one.
        """
        config = self._config
        types = list(self._handler.callbacks.login_types())
        if not config.password_enabled:
            return [each for each in types if each != LoginType.PASSWORD]
        if LoginType.PASSWORD not in types and config.password_localdb_enabled:
            account = yield self._store.get_user(user_id)
            if account is not None and account.password_hash is not None:
                types.insert(0, LoginType.PASSWORD)
        return types

    @inlineCallbacks
    def validate(
        self,
        requester: Requester,
        operation: Operation,
        body: JsonDict,
        address: str,
        may_skip: bool = False,
    ) -> Steps[Tuple[JsonDict, Optional[str]]]:
        """
        Have a user authenticate once more.

        @param requester: who it is, by their token.
        @param operation: C{(method, URI)} of the request.
        @param body: its body.
        @param address: the client's address.
        @param may_skip: whether C{ui_auth.session_timeout} applies.
        @return: fires with the parameters of the request, and with the session,
            which L{finish} or L{release} is called with: C{None} if none was
            needed.  It errs as L{Reauthentication.validate}.
        """
        if may_skip and (yield self._is_recent(requester)):
            return {key: body[key] for key in body if key != "auth"}, None
        types = yield self.login_types(requester.user_id)
        params, session_id = yield self._reauthentication.validate(
            requester.user_id, types, body, address, operation
        )
        try:
            yield self._store.update_access_token_last_validated(
                requester.access_token_id, self._clock.time_msec()
            )
        except Exception:
            yield self.release(session_id)
            raise
        return params, session_id

    @inlineCallbacks
    def finish(self, session_id: Optional[str]) -> Steps[None]:
        """
        What a user authenticated for has been done; it can't be done again.
        """
        if session_id is None:
            return
        sessions = self._handler.interactive.sessions
        try:
            yield sessions.finish(session_id)
        except MatrixError:
            # It has expired meanwhile.
            yield sessions.remove(session_id)

    @inlineCallbacks
    def release(self, session_id: Optional[str]) -> Steps[None]:
        """
        What a user authenticated for did not come about; it may be tried again.
        """
        if session_id is None:
            return
        try:
            yield self._handler.interactive.sessions.release(session_id)
        except MatrixError:
            # It has expired meanwhile: there is nothing to give back.
            return

    @inlineCallbacks
    def _is_recent(self, requester: Requester) -> Steps[bool]:
        timeout = self._config.ui_auth_session_timeout
        if not timeout or requester.puppeteer is not None:
            return False
        validated = yield self._store.get_access_token_last_validated(
            requester.access_token_id
        )
        if validated is None:
            return False
        return bool(0 <= self._clock.time_msec() - validated < timeout)
