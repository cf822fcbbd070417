"""
What a login leaves behind, and how it is taken up again: devices, access
tokens, refresh tokens (specification, "Refreshing access tokens", "Soft
logout").
"""

from typing import Any, Dict, List, Optional

import attr
from twisted.internet.defer import Deferred, gatherResults, inlineCallbacks
from twisted.logger import Logger

from synauth.account_state import account_gate
from synauth.auth.tokens import MacaroonTokens
from synauth.awaiting import Steps
from synauth.errors import InvalidTokenError
from synauth.homeserver.application_services import ApplicationService
from synauth.homeserver.devices import new_device_id
from synauth.interfaces import ICallbacks, IClock
from synauth.storage.records import (
    EndedToken,
    NewLogin,
    RefreshToken,
    Rotation,
    TokenInfo,
)
from synauth.storage.text import storable

_log = Logger()


@attr.s(frozen=True, slots=True, auto_attribs=True)
class Requester:
    """
    Who makes a request.

    @ivar access_token_id: the row id of the token.
    @ivar is_admin: whether this is an administrator of the server.
    @ivar suspended: whether the account is: see
        L{synauth.account_state.not_while_suspended}.
    @ivar puppeteer: the administrator who uses the account, where it is not the
        user.
    @ivar service: the application service that does, or C{None}; then there is
        no token of the user's, and C{access_token_id} is 0.
    """

    user_id: str
    access_token_id: int
    device_id: Optional[str]
    is_guest: bool
    is_admin: bool = False
    suspended: bool = False
    puppeteer: Optional[str] = None
    service: Optional[ApplicationService] = None


@attr.s(frozen=True, slots=True, auto_attribs=True)
class LoginDetails:
    """
    What a client says about itself when it logs in.

    @ivar device_id: the device it wants to be, or C{None} for a new one.
    @ivar display_name: a new device's name.
    @ivar refreshable: whether it knows how to refresh tokens.
    @ivar address: where it calls from.
    @ivar user_agent: what it calls itself.
    """

    device_id: Optional[str] = None
    display_name: Optional[str] = None
    refreshable: bool = False
    address: Optional[str] = None
    user_agent: Optional[str] = None


class Logins:
    """
    Makes, finds, renews and ends logins.

    @param store: an L{ITokenStore}, L{IDeviceStore} and L{IAccountStore}.
    @param macaroons: makes the tokens.
    @param clock: an L{IClock}.
    @param config: the server's settings: the lifetimes.
    @param callbacks: are told which tokens have ended.
    """

    def __init__(
        self,
        store: Any,
        macaroons: MacaroonTokens,
        clock: IClock,
        config: Any,
        callbacks: ICallbacks,
    ) -> None:
        self._callbacks = callbacks
        self._store = store
        self._macaroons = macaroons
        self._clock = clock
        self._config = config

    def prepare(
        self, user_id: str, details: LoginDetails, password_hash: Optional[str] = None
    ) -> NewLogin:
        """
        Make up the tokens and the device of a login; nothing is stored.

        @param password_hash: see L{log_in}.
        """
        config = self._config
        now = self._clock.time_msec()
        refreshable_ms = config.refreshable_access_token_lifetime
        session_expiry = _later(now, config.session_lifetime)
        device_id = details.device_id or new_device_id()
        if details.refreshable and refreshable_ms is not None:
            refresh_token = self._refresh_token(user_id, device_id)
            refresh_expiry = _earliest(
                _later(now, config.refresh_token_lifetime), session_expiry
            )
            valid_until = _later(now, refreshable_ms)
        else:
            refresh_token, refresh_expiry = None, None
            valid_until = _later(now, config.nonrefreshable_access_token_lifetime)
        valid_until = _earliest(valid_until, session_expiry)
        return NewLogin(
            user_id=user_id,
            device_id=device_id,
            display_name=details.display_name,
            access_token=self._access_token(user_id, now, valid_until),
            valid_until_ms=valid_until,
            refresh_token=refresh_token,
            refresh_expiry_ms=refresh_expiry,
            session_expiry_ms=session_expiry if refresh_token else None,
            now_ms=now,
            ip=details.address,
            user_agent=details.user_agent,
            max_devices=config.max_devices,
            password_hash=password_hash,
        )

    @inlineCallbacks
    def log_in(
        self, user_id: str, details: LoginDetails, password_hash: Optional[str] = None
    ) -> Steps[Dict[str, Any]]:
        """
        Log in somebody who has been authenticated.

        @param user_id: the account's own user id.
        @param password_hash: that of the local password that was given, if one
            was: it has to be the account's still.
        @return: fires with the answer to the client; errs with
            L{synauth.errors.PasswordChangedError}, and as
            L{synauth.interfaces.ITokenStore.add_login}.
        """
        login = self.prepare(user_id, details, password_hash)
        ended = yield self._store.add_login(login)
        yield self.tell_ended(ended)
        return self.answer(login)

    def answer(self, login: NewLogin) -> Dict[str, Any]:
        """
        @return: what C{POST /login} and C{POST /register} answer.
        """
        body = {
            "user_id": login.user_id,
            "access_token": login.access_token,
            "device_id": login.device_id,
            "home_server": self._config.server_name,
        }
        if login.refresh_token is not None:
            body["refresh_token"] = login.refresh_token
        if login.valid_until_ms is not None:
            body["expires_in_ms"] = login.valid_until_ms - login.now_ms
        if self._config.public_baseurl:
            body["well_known"] = well_known(self._config.public_baseurl)
        return body

    def requester(
        self, token: str, even_expired: bool = False, even_locked: bool = False
    ) -> "Deferred[Requester]":
        """
        Who holds an access token.

        @param token: what the client sent.
        @param even_expired: whether a soft-logged-out client is let in.
        @param even_locked: whether the user of a locked account is.
        @return: fires with a L{Requester}; errs with L{InvalidTokenError}, and
            as L{account_gate<synauth.account_state.account_gate>}.
        """
        # Callbacks and no generator: all but the first of a token's requests are
        # answered without waiting.
        found = self._store.get_user_by_access_token(token)
        found.addCallback(self._holder, even_expired, even_locked)
        return found

    def _holder(
        self, info: Optional[TokenInfo], even_expired: bool, even_locked: bool
    ) -> Any:
        """
        @return: the requester, or a Deferred of it.
        """
        if info is None:
            raise InvalidTokenError()
        account_gate(info, even_locked)
        if info.valid_until_ms is not None and not even_expired:
            if info.valid_until_ms <= self._clock.time_msec():
                return self._refuse_expired(info)
        requester = Requester(
            info.user_id,
            info.token_id,
            info.device_id,
            info.is_guest,
            info.is_admin,
            info.suspended,
            None if info.token_owner == info.user_id else info.token_owner,
        )
        if info.unused_successor:
            used = self._store.mark_access_token_as_used(info.user_id, info.token_id)
            return used.addCallback(lambda _: requester)
        return requester

    @inlineCallbacks
    def _refuse_expired(self, info: TokenInfo) -> Steps[None]:
        there = yield self._is_there(info.user_id, info.device_id)
        raise InvalidTokenError("Access token has expired", soft_logout=there)

    @inlineCallbacks
    def refresh(self, token: str) -> Steps[Dict[str, Any]]:
        """
        Put a new access token and a new refresh token in the place of old
        ones.  The old refresh token stays good until one of the new ones is
        used, so that a client whose answer was lost can ask again.

        @param token: the refresh token.
        @return: fires with the answer to the client; errs with
            L{InvalidTokenError}, and as
            L{account_gate<synauth.account_state.account_gate>}.
        """
        old = yield self._store.get_refresh_token(token)
        if old is None:
            # Or it has had its successor, and the client may have the same
            # device still.
            whose = self._macaroons.device_of(token) or (None, None)
            there = yield self._is_there(*whose)
            raise InvalidTokenError("Unknown refresh token", soft_logout=there)
        account = yield self._store.get_user(old.user_id)
        if account is None:
            raise InvalidTokenError("Unknown refresh token")
        account_gate(account)
        now = self._clock.time_msec()
        expiry = _earliest(old.expiry_ms, old.session_expiry_ms)
        if old.superseded or _past(expiry, now):
            yield self._refuse(old)
        config = self._config
        valid_until = _earliest(
            _later(now, config.refreshable_access_token_lifetime),
            old.session_expiry_ms,
        )
        rotation = Rotation(
            old=old,
            access_token=self._access_token(old.user_id, now, valid_until),
            refresh_token=self._refresh_token(old.user_id, old.device_id),
            valid_until_ms=valid_until,
            refresh_expiry_ms=_earliest(
                _later(now, config.refresh_token_lifetime), old.session_expiry_ms
            ),
        )
        rotated = yield self._store.rotate_refresh_token(rotation)
        if not rotated:
            yield self._refuse(old)
        body = {
            "access_token": rotation.access_token,
            "refresh_token": rotation.refresh_token,
        }
        if valid_until is not None:
            body["expires_in_ms"] = valid_until - now
        return body

    @inlineCallbacks
    def log_out(self, requester: Requester, token: str) -> Steps[None]:
        """
        End one login: its device and all that belongs to it.

        @param token: the access token, for one without a device.
        """
        if requester.device_id is None:
            ended = yield self._store.delete_access_token(token)
        else:
            ended = yield self._store.delete_devices(
                requester.user_id, [requester.device_id]
            )
        yield self.tell_ended(ended)

    @inlineCallbacks
    def end_devices(self, user_id: str, device_ids: List[str]) -> Steps[None]:
        """
        Remove devices, and all that belongs to them.

        @param device_ids: unknown ones are passed over.
        """
        ended = yield self._store.delete_devices(user_id, device_ids)
        yield self.tell_ended(ended)

    @inlineCallbacks
    def log_out_all(self, requester: Requester) -> Steps[None]:
        """
        End all logins of a user.
        """
        ended = yield self._store.delete_all_devices(requester.user_id)
        yield self.tell_ended(ended)

    @inlineCallbacks
    def tell_ended(self, ended: List[EndedToken]) -> Steps[None]:
        """
        Tell the modules that tokens have ended; to be waited for.
        """
        # All at once: a module that hangs holds up a logout once, not once for
        # each token.
        yield gatherResults(
            [
                self._callbacks.on_logged_out(
                    token.user_id, token.device_id, token.token
                )
                for token in ended
            ]
        )

    @inlineCallbacks
    def _refuse(self, old: RefreshToken) -> Steps[None]:
        there = yield self._is_there(old.user_id, old.device_id)
        raise InvalidTokenError(
            "The refresh token is not good any more", soft_logout=there
        )

    @inlineCallbacks
    def _is_there(
        self, user_id: Optional[str], device_id: Optional[str]
    ) -> Steps[bool]:
        """
        @return: fires with whether a client whose token has expired can come
            back as the device that it was: then it is logged out softly.
        """
        if user_id is None or device_id is None:
            return False
        device = yield self._store.get_device(user_id, device_id)
        return device is not None

    def _refresh_token(self, user_id: str, device_id: Optional[str]) -> str:
        # The store refuses what it can't keep, with a better word.
        if device_id is not None and not storable(device_id):
            device_id = None
        return self._macaroons.refresh_token(user_id, device_id)

    def _access_token(self, user_id: str, now: int, valid_until: Optional[int]) -> str:
        duration = None if valid_until is None else valid_until - now
        return self._macaroons.access_token(user_id, [], duration)


def well_known(public_baseurl: str) -> Dict[str, Any]:
    """
    @return: what discovery answers (specification, "Well-known URI").
    """
    return {"m.homeserver": {"base_url": public_baseurl}}


def _later(now: int, lifetime: Optional[int]) -> Optional[int]:
    return None if lifetime is None else now + lifetime


def _earliest(*times: Optional[int]) -> Optional[int]:
    return min((time for time in times if time is not None), default=None)


def _past(time: Optional[int], now: int) -> bool:
    return time is not None and time <= now
