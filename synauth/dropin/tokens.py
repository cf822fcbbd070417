"""
Tokens inside a host: they are the host's macaroons, in the host's database.
"""

import inspect
from typing import Any, Dict, Optional

from twisted.internet.defer import inlineCallbacks
from twisted.logger import Logger

from synauth.auth.tokens import deserialize, invalid_token
from synauth.awaiting import Steps, awaiting
from synauth.dropin.errors import HostErrors
from synauth.dropin.limits import HostLimits
from synauth.dropin.providers import Providers
from synauth.errors import StoreError

_log = Logger()


class HostTokens:
    """
    Makes, checks and ends tokens.

    @param hs: the homeserver; its parts are asked for when they are needed.
    @param errors: the host's exceptions.
    @param providers: who hears of a logout.
    @param limits: counts logins by token.
    """

    def __init__(
        self, hs: Any, errors: HostErrors, providers: Providers, limits: HostLimits
    ) -> None:
        self._hs = hs
        self._errors = errors
        self._providers = providers
        self._limits = limits

    @inlineCallbacks
    def log_in(
        self, user_id: str, device_id: Optional[str], valid_until_ms: Optional[int]
    ) -> Steps[str]:
        """
        See L{synauth.dropin.synapse_1_0.AuthHandler.get_access_token_for_user_id}.
        """
        _log.info(
            "Logging in user {user_id} on device {device_id}",
            user_id=user_id,
            device_id=device_id,
        )
        # Before there is a token: whoever is blocked gets none.
        yield awaiting(self._hs.get_auth().check_auth_blocking, user_id)
        token = yield self.issue(user_id, device_id, valid_until_ms)
        if device_id is None:
            return token
        store = self._hs.get_datastore()
        try:
            yield awaiting(store.get_device, user_id, device_id)
        except self._errors.classes.StoreError:
            yield awaiting(store.delete_access_token, token)
            raise StoreError(400, "Login raced against device deletion")
        return token

    @inlineCallbacks
    def issue(
        self,
        user_id: str,
        device_id: Optional[str] = None,
        valid_until_ms: Optional[int] = None,
    ) -> Steps[str]:
        """
        See L{synauth.dropin.synapse_1_0.AuthHandler.issue_access_token}.
        """
        add = self._hs.get_datastore().add_access_token_to_user
        expiry: Dict[str, Any] = {}
        if _takes(add, "valid_until_ms"):
            expiry["valid_until_ms"] = valid_until_ms
        elif valid_until_ms is not None:
            raise ValueError("the database of this host has no tokens that expire")
        token = self._hs.get_macaroon_generator().generate_access_token(user_id)
        yield awaiting(add, user_id, token, device_id, **expiry)
        return token

    @inlineCallbacks
    def user_of_login_token(self, login_token: str) -> Steps[str]:
        """
        See L{synauth.dropin.synapse_1_0.AuthHandler
        .validate_short_term_login_token_and_get_user_id}.
        """
        auth = self._hs.get_auth()
        try:
            macaroon = deserialize(login_token)
            user_id: str = auth.get_user_id_from_macaroon(macaroon)
            # From 1.3 on a login token always expires.
            verify = (True,) if _takes(auth.validate_macaroon, "verify_expiry") else ()
            auth.validate_macaroon(macaroon, "login", *verify, user_id)
        except Exception:
            raise invalid_token()
        self._limits.count_login(user_id)
        yield awaiting(auth.check_auth_blocking, user_id)
        return user_id

    @inlineCallbacks
    def end(self, access_token: str) -> Steps[None]:
        """
        See L{synauth.dropin.synapse_1_0.AuthHandler.delete_access_token}.
        """
        info = yield awaiting(
            self._hs.get_auth().get_user_by_access_token, access_token
        )
        user_id = info["user"].to_string()
        yield awaiting(self._hs.get_datastore().delete_access_token, access_token)
        yield self._providers.on_logged_out(user_id, info["device_id"], access_token)
        if info["token_id"] is not None:
            yield self._end_pushers(user_id, (info["token_id"],))

    @inlineCallbacks
    def end_all(
        self, user_id: str, except_token_id: Optional[int], device_id: Optional[str]
    ) -> Steps[None]:
        """
        See L{synauth.dropin.synapse_1_0.AuthHandler.delete_access_tokens_for_user}.
        """
        ended = yield awaiting(
            self._hs.get_datastore().user_delete_access_tokens,
            user_id,
            except_token_id=except_token_id,
            device_id=device_id,
        )
        for token, _, device in ended:
            yield self._providers.on_logged_out(user_id, device, token)
        yield self._end_pushers(user_id, tuple(token_id for _, token_id, _ in ended))

    def _end_pushers(self, user_id: str, token_ids: Any) -> Any:
        return awaiting(
            self._hs.get_pusherpool().remove_pushers_by_access_token,
            user_id,
            token_ids,
        )


def _takes(function: Any, parameter: str) -> bool:
    """
    @return: whether a function of the host has a parameter of that name.
    """
    try:
        return parameter in inspect.signature(function).parameters
    except (TypeError, ValueError):
        return False
