"""
New passwords for accounts that exist.
"""

from typing import Any, List, Optional

from twisted.internet.defer import inlineCallbacks

from synauth.auth.handler import AuthHandler
from synauth.auth.policy import check_new_password
from synauth.awaiting import Steps, awaiting
from synauth.constants import LoginType
from synauth.homeserver.logins import Logins, Requester
from synauth.interfaces import IClock, IPusherPool
from synauth.storage.records import EndedToken, ProvedAddress


class Passwords:
    """
    Changes passwords.

    @param store: an L{IAccountStore} and L{IAccountChangeStore}.
    @param handler: hashes them.
    @param logins: tells the modules which tokens have ended.
    @param pushers: an L{IPusherPool}.
    @param config: the server's settings: the policy.
    @param clock: an L{IClock}.
    """

    def __init__(
        self,
        store: Any,
        handler: AuthHandler,
        logins: Logins,
        pushers: IPusherPool,
        config: Any,
        clock: IClock,
    ) -> None:
        self._store = store
        self._handler = handler
        self._logins = logins
        self._pushers = pushers
        self._config = config
        self._clock = clock

    @inlineCallbacks
    def can_change(self, user_id: str) -> Steps[bool]:
        """
        @param user_id: the account's own id.
        @return: fires with whether the account may have another password here.
            Where a module answers for passwords, an account without one here
            has its password there: with one here it would have two.
        """
        config = self._config
        if not (config.password_enabled and config.password_localdb_enabled):
            return False
        account = yield self._store.get_user(user_id)
        if account is None or account.deactivated:
            return False
        return (
            account.password_hash is not None
            or LoginType.PASSWORD not in self._handler.callbacks.login_types()
        )

    def check(self, password: str) -> None:
        """
        @raise synauth.errors.MatrixError: 400 if it may not be anybody's.
        """
        check_new_password(password, self._config.password_policy)

    @inlineCallbacks
    def hash(self, password: str) -> Steps[str]:
        """
        @param password: a new one.
        @return: fires with its hash; errs as L{check}.
        """
        self.check(password)
        password_hash = yield self._handler.hash(password)
        return password_hash

    @inlineCallbacks
    def change(
        self,
        user_id: str,
        password_hash: str,
        logout_devices: bool = True,
        requester: Optional[Requester] = None,
        even_locked: bool = False,
    ) -> Steps[List[EndedToken]]:
        """
        Give an account another password.

        @param user_id: the account's own id.
        @param password_hash: from L{hash}.
        @param logout_devices: whether all devices go, with their access and
            refresh tokens, in the same transaction.
        @param requester: who asks: this login, and its device, stay.  If it has
            ended, nothing happens.
        @param even_locked: whether the account may be one that is locked or
            waits to be approved, because an administrator asks.
        @return: fires with the access tokens that ended; errs with
            L{synauth.errors.StoreError} 404 if there is no such account, and
            403 if it is deactivated, and with
            L{synauth.errors.InvalidTokenError}.
        """
        kept_token = None if requester is None else requester.access_token_id or None
        ended = yield self._store.change_password(
            user_id,
            password_hash,
            logout_devices,
            kept_token,
            None if requester is None else requester.device_id,
            even_locked,
        )
        yield self._tell(user_id, logout_devices, kept_token, ended)
        return ended

    @inlineCallbacks
    def reset(
        self,
        user_id: str,
        password_hash: str,
        logout_devices: bool,
        proved: ProvedAddress,
    ) -> Steps[List[EndedToken]]:
        """
        The same for somebody who has proved to have an address of the account.

        @param proved: the proof, which is used up.
        @return: as L{change}; errs with L{synauth.errors.StoreError} 403 too, if it
            was used already or the address is not the account's.
        """
        ended = yield self._store.reset_password(
            user_id, password_hash, logout_devices, proved, self._clock.time_msec()
        )
        yield self._tell(user_id, logout_devices, None, ended)
        return ended

    @inlineCallbacks
    def _tell(
        self,
        user_id: str,
        logout_devices: bool,
        kept_token: Optional[int],
        ended: List[EndedToken],
    ) -> Steps[None]:
        if logout_devices:
            yield awaiting(self._pushers.remove_pushers_by_user, user_id, kept_token)
        yield self._logins.tell_ended(ended)
