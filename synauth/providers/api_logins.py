"""
What a module can ask and do about logins.
"""

from typing import Any, Optional, Tuple

from twisted.internet.defer import Deferred, inlineCallbacks, succeed
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.web.iweb import IRequest

from synauth.awaiting import Steps
from synauth.constants import Codes
from synauth.errors import AuthError, MatrixError
from synauth.identifiers import UserID
from synauth.interfaces import IModuleHost
from synauth.providers.sso import answer_with_way_back
from synauth.providers.userinfo import Requester, text_of

_log = Logger()

LOGIN_TOKEN_MS = 2 * 60 * 1000


class LoginMembers:
    """
    The members of L{synauth.interfaces.IFullModuleApi} about logins.
    """

    _host: IModuleHost

    @inlineCallbacks
    def register_device(
        self,
        user_id: str,
        device_id: Optional[str] = None,
        initial_display_name: Optional[str] = None,
    ) -> Steps[Tuple[str, str, Optional[int], Optional[str]]]:
        """
        See L{synauth.interfaces.IFullModuleApi.register_device}.
        """
        login = yield self._host.log_in(
            text_of(user_id), device_id, initial_display_name
        )
        lifetime = login.get("expires_in_ms")
        expiry = None if lifetime is None else self._host.clock.time_msec() + lifetime
        return (
            login["device_id"],
            login["access_token"],
            expiry,
            login.get("refresh_token"),
        )

    def invalidate_access_token(self, access_token: str) -> "Deferred[None]":
        """
        See L{synauth.interfaces.IModuleApi.invalidate_access_token}.
        """
        return self._host.end_token(access_token)

    @inlineCallbacks
    def get_user_by_req(
        self, req: IRequest, allow_guest: bool = False, allow_expired: bool = False
    ) -> Steps[Requester]:
        """
        See L{synauth.interfaces.IFullModuleApi.get_user_by_req}.
        """
        found = yield self._host.get_requester(req, allow_guest, allow_expired)
        return Requester(
            UserID.from_string(found.user_id),
            found.access_token_id,
            found.is_guest,
            found.device_id,
            found.user_id,
        )

    def generate_short_term_login_token(
        self,
        user_id: str,
        duration_in_ms: int = LOGIN_TOKEN_MS,
        auth_provider_id: str = "",
        auth_provider_session_id: Optional[str] = None,
    ) -> str:
        """
        See L{synauth.interfaces.IFullModuleApi.generate_short_term_login_token}.
        """
        return self._host.login_token(text_of(user_id), duration_in_ms)

    def create_login_token(
        self,
        user_id: str,
        duration_in_ms: int = LOGIN_TOKEN_MS,
        auth_provider_id: Optional[str] = None,
        auth_provider_session_id: Optional[str] = None,
    ) -> "Deferred[str]":
        """
        See L{synauth.interfaces.IFullModuleApi.create_login_token}.
        """
        return succeed(self._host.login_token(text_of(user_id), duration_in_ms))

    @inlineCallbacks
    def complete_sso_login_async(
        self,
        registered_user_id: str,
        request: Any,
        client_redirect_url: str,
        new_user: bool = False,
        auth_provider_id: str = "<unknown>",
    ) -> Steps[None]:
        """
        See L{synauth.interfaces.IFullModuleApi.complete_sso_login_async}.
        """
        user_id = text_of(registered_user_id)
        account = yield self._host.store.get_userinfo(user_id)
        if account is None:
            raise AuthError(403, "There is no such account")
        if account.deactivated:
            raise AuthError(
                403, "This account has been deactivated", Codes.USER_DEACTIVATED
            )
        answer_with_way_back(
            request,
            client_redirect_url,
            user_id,
            self._host.login_token(user_id, LOGIN_TOKEN_MS),
        )

    def complete_sso_login(
        self, registered_user_id: str, request: Any, client_redirect_url: str
    ) -> None:
        """
        See L{synauth.interfaces.IFullModuleApi.complete_sso_login}.
        """
        done = self.complete_sso_login_async(
            registered_user_id, request, client_redirect_url
        )
        done.addErrback(_answer_failed_sign_on, request)


def _answer_failed_sign_on(failure: Failure, request: Any) -> None:
    """
    A browser waits for an answer, and nobody waits for the Deferred.
    """
    code, text = 500, "The sign-on failed."
    if failure.check(MatrixError):
        error: Any = failure.value
        code, text = error.code, error.msg
    else:
        _log.failure("a sign-on failed", failure=failure)
    body = text.encode("utf-8")
    request.setResponseCode(code)
    request.setHeader(b"Content-Type", b"text/plain; charset=utf-8")
    request.setHeader(b"Content-Length", b"%d" % len(body))
    request.write(body)
    request.finish()
