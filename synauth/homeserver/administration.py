"""
What administrators do with accounts.
"""

from typing import Any, List, Mapping, Optional, Tuple

import attr
from twisted.internet.defer import inlineCallbacks

from synauth.account_state import account_gate
from synauth.auth.policy import check_new_password
from synauth.awaiting import Steps
from synauth.constants import Codes
from synauth.errors import AuthError, MatrixError, StoreError, UserLockedError
from synauth.homeserver.logins import Requester
from synauth.identifiers import UserID

Pairs = List[Tuple[str, str]]


@attr.s(frozen=True, slots=True, auto_attribs=True)
class AccountForm:
    """
    How an account is to be.  What is C{None} is left as it is.

    @ivar password: a new one.
    @ivar logout_devices: whether a new password ends all logins.
    @ivar profile: C{displayname} and C{avatar_url}, either C{None} for none.
    @ivar threepids: all that it is to have: pairs of medium and address.
    @ivar external_ids: the same, pairs of provider and id.
    @ivar deactivated: whether it is to end, or to begin again.
    @ivar changes: see L{synauth.interfaces.IAdministrationStore.change_account}.
    """

    password: Optional[str] = attr.ib(default=None, repr=False)
    logout_devices: bool = True
    profile: Mapping[str, Optional[str]] = attr.Factory(dict)
    threepids: Optional[Pairs] = None
    external_ids: Optional[Pairs] = None
    deactivated: Optional[bool] = None
    changes: Mapping[str, Any] = attr.Factory(dict)


class Administration:
    """
    Makes and changes accounts for administrators.

    @param hs: the L{synauth.homeserver.server.HomeServer}, all other parts of
        which are there.
    """

    def __init__(self, hs: Any) -> None:
        self._hs = hs
        self._store = hs.get_datastore()

    @inlineCallbacks
    def create(self, user_id: str, form: AccountForm) -> Steps[None]:
        """
        Make an account.

        @param user_id: one of this server's.
        @return: fires with C{None}; errs with L{MatrixError}.
        """
        localpart = UserID.from_string(user_id).localpart
        password_hash = yield self._hash(form.password)
        yield self._hs.registration.check_username(localpart)
        yield self._require_free(user_id, form)
        yield self._hs.registration.register_user(
            localpart=localpart,
            password_hash=password_hash,
            admin=form.changes.get("admin", False),
            user_type=form.changes.get("user_type"),
            display_name=form.profile.get("displayname") or localpart,
            approved=True,
        )
        yield self._apply(user_id, attr.evolve(form, password=None))

    @inlineCallbacks
    def modify(
        self, account: Any, form: AccountForm, requester: Requester
    ) -> Steps[None]:
        """
        Change an account, part by part, each in one transaction.

        @param account: as it stands.
        @param requester: the administrator.
        @return: fires with C{None}; errs with L{MatrixError}.
        """
        user_id = account.user_id
        if user_id == requester.user_id and form.changes.get("admin") is False:
            raise MatrixError(400, "You may not demote yourself.", Codes.UNKNOWN)
        if account.deactivated and form.deactivated is not False and form.password:
            # It would be good for nothing, and lie in wait.
            raise AuthError(
                403, "This account has been deactivated", Codes.USER_DEACTIVATED
            )
        password_hash = yield self._hash(form.password)
        yield self._require_free(user_id, form)
        if account.deactivated and form.deactivated is False:
            yield self._store.reactivate_account(user_id)
        if password_hash is not None:
            yield self._hs.passwords.change(
                user_id,
                password_hash,
                form.logout_devices,
                requester if user_id == requester.user_id else None,
                even_locked=True,
            )
        yield self._apply(user_id, form)

    @inlineCallbacks
    def reset_password(
        self,
        user_id: str,
        password: str,
        logout_devices: bool,
        requester: Requester,
    ) -> Steps[None]:
        """
        Give an account another password.

        @param requester: the administrator, whose own login stays.
        @return: fires with C{None}; errs with L{MatrixError}.
        """
        password_hash = yield self._hash(password)
        yield self._hs.passwords.change(
            user_id,
            password_hash,
            logout_devices,
            requester if user_id == requester.user_id else None,
            even_locked=True,
        )

    @inlineCallbacks
    def log_in_as(
        self, requester: Requester, user_id: str, valid_until_ms: Optional[int]
    ) -> Steps[str]:
        """
        Let an administrator act as a user.

        @param valid_until_ms: when that ends, or C{None}.
        @return: fires with an access token, which belongs to no device; errs
            with L{MatrixError} 404, and as L{account_gate}.
        """
        account = yield self.require(user_id)
        try:
            account_gate(account)
        except UserLockedError as error:
            # A client takes a 401 for a word on its own token.
            raise MatrixError(403, error.msg, error.errcode)
        now = self._hs.get_clock().time_msec()
        if valid_until_ms is not None and valid_until_ms <= now:
            raise MatrixError(
                400, "'valid_until_ms' is in the past", Codes.INVALID_PARAM
            )
        token = self._hs.auth_handler.macaroons.access_token(
            user_id, [], None if valid_until_ms is None else valid_until_ms - now
        )
        yield self._store.add_puppet_token(
            requester.user_id, user_id, token, valid_until_ms
        )
        return token

    @inlineCallbacks
    def change_state(self, user_id: str, column: str, value: bool) -> Steps[None]:
        """
        Lock or suspend an account, or the opposite.

        @param column: C{"locked"} or C{"suspended"}.
        @return: fires with C{None}; errs with L{StoreError} 404.
        """
        ended = yield self._store.change_account(user_id, {column: value})
        yield self._hs.logins.tell_ended(ended)

    @inlineCallbacks
    def require(self, user_id: str) -> Steps[Any]:
        """
        @return: fires with the account; errs with L{StoreError} 404.
        """
        account = yield self._store.get_user(user_id)
        if account is None:
            raise StoreError(404, "User not found", Codes.NOT_FOUND)
        return account

    @inlineCallbacks
    def _apply(self, user_id: str, form: AccountForm) -> Steps[None]:
        if form.threepids is not None:
            yield self._store.replace_threepids(user_id, form.threepids)
        if form.external_ids is not None:
            yield self._store.replace_external_ids(user_id, form.external_ids)
        if form.changes:
            ended = yield self._store.change_account(user_id, form.changes)
            yield self._hs.logins.tell_ended(ended)
        localpart = UserID.from_string(user_id).localpart
        if "displayname" in form.profile:
            yield self._store.set_profile_displayname(
                localpart, form.profile["displayname"] or None
            )
        if "avatar_url" in form.profile:
            yield self._store.set_profile_avatar_url(
                localpart, form.profile["avatar_url"] or None
            )
        if form.deactivated:
            yield self._hs.deactivation.deactivate(user_id)

    @inlineCallbacks
    def _require_free(self, user_id: str, form: AccountForm) -> Steps[None]:
        """
        Nothing is changed if something is somebody else's.
        """
        for pair in form.threepids or ():
            owner = yield self._store.get_user_id_by_threepid(*pair)
            if owner not in (None, user_id):
                raise MatrixError(
                    409, "Third-party id is already in use.", Codes.THREEPID_IN_USE
                )
        for pair in form.external_ids or ():
            owner = yield self._store.get_user_by_external_id(*pair)
            if owner not in (None, user_id):
                raise MatrixError(409, "External id is already in use.", Codes.UNKNOWN)

    @inlineCallbacks
    def _hash(self, password: Optional[str]) -> Steps[Optional[str]]:
        """
        Rules for passwords are for users: an administrator's word is enough.
        """
        if password is None:
            return None
        if not self._hs.config.password_localdb_enabled:
            raise AuthError(403, "Password change disabled")
        check_new_password(password, None)
        password_hash = yield self._hs.auth_handler.hash(password)
        return password_hash
