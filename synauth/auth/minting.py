"""
Tokens, as L{synauth.AuthHandler} makes them and looks at them (source 000,
C{issue_...}, C{generate_...}, C{validate_short_term_login_token_...}).
"""

from typing import List, Optional, Tuple

from twisted.internet.defer import inlineCallbacks
from twisted.logger import Logger

from synauth.auth.tokens import MacaroonTokens, deserialize, invalid_token
from synauth.awaiting import Steps, awaiting
from synauth.interfaces import IAuthStore, IDeviceHandler, IHomeServer

_log = Logger()

ACCESS_TOKEN_MS = 60 * 60 * 1000
LOGIN_TOKEN_MS = 2 * 60 * 1000


class TokenMinting:
    """
    The half of L{synauth.AuthHandler} that is about tokens.
    """

    hs: IHomeServer
    store: IAuthStore
    device_handler: IDeviceHandler
    macaroons: MacaroonTokens

    @inlineCallbacks
    def get_login_tuple_for_user_id(
        self,
        user_id: str,
        device_id: Optional[str] = None,
        initial_display_name: Optional[str] = None,
    ) -> Steps[Tuple[str, str]]:
        """
        Log in a user who has been authenticated.

        @param user_id: the account's own user id.
        @param device_id: the device, or C{None} for tokens without one.
        @param initial_display_name: the device's name if it has to be made
            again.
        @return: fires with C{(access token, refresh token)}.
        """
        access_token = yield self.issue_access_token(user_id, device_id)
        refresh_token = yield self.issue_refresh_token(user_id, device_id)
        if device_id is not None:
            # A DELETE may have removed the device since it was registered, and
            # there must be no live token without its device.
            yield awaiting(
                self.device_handler.check_device_registered,
                user_id,
                device_id,
                initial_display_name,
            )
        return access_token, refresh_token

    @inlineCallbacks
    def issue_access_token(
        self, user_id: str, device_id: Optional[str] = None
    ) -> Steps[str]:
        """
        Make an access token and remember it.

        @return: fires with the token.
        """
        token = self.generate_access_token(user_id)
        yield awaiting(self.store.add_access_token_to_user, user_id, token, device_id)
        return token

    @inlineCallbacks
    def issue_refresh_token(
        self, user_id: str, device_id: Optional[str] = None
    ) -> Steps[str]:
        """
        Make a refresh token and remember it.

        @return: fires with the token.
        """
        token = self.generate_refresh_token(user_id)
        yield awaiting(self.store.add_refresh_token_to_user, user_id, token, device_id)
        return token

    def generate_access_token(
        self,
        user_id: str,
        extra_caveats: Optional[List[str]] = None,
        duration_in_ms: int = ACCESS_TOKEN_MS,
    ) -> str:
        """
        @param extra_caveats: first-party caveats to add.
        @param duration_in_ms: how long it is good for.
        @return: an access token that nobody knows of yet.
        """
        return self.macaroons.access_token(user_id, extra_caveats or [], duration_in_ms)

    def generate_refresh_token(self, user_id: str) -> str:
        """
        @return: a refresh token that nobody knows of yet.
        """
        return self.macaroons.refresh_token(user_id)

    def generate_short_term_login_token(
        self, user_id: str, duration_in_ms: int = LOGIN_TOKEN_MS
    ) -> str:
        """
        @param duration_in_ms: how long it is good for; two minutes unless told.
        @return: a token for C{m.login.token}.
        """
        return self.macaroons.login_token(user_id, duration_in_ms)

    def generate_delete_pusher_token(self, user_id: str) -> str:
        """
        @return: a token for a link that removes a pusher.
        """
        return self.macaroons.delete_pusher_token(user_id)

    def validate_short_term_login_token_and_get_user_id(self, login_token: str) -> str:
        """
        @param login_token: what a client sent.
        @return: whom it logs in.
        @raise synauth.errors.AuthError: 403 C{M_FORBIDDEN} if it is not good.
        """
        # Ours is the stricter look at the caveats; the host may know more.
        user_id = self.macaroons.user_id_of(login_token, "login")
        auth_api = self.hs.get_auth()
        try:
            macaroon = deserialize(login_token)
            if auth_api.get_user_id_from_macaroon(macaroon) == user_id:
                auth_api.validate_macaroon(macaroon, "login", True, user_id)
                return user_id
        except Exception as error:
            _log.debug("The host refuses a login token: {error}", error=error)
        raise invalid_token()
