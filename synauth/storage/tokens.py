"""
Access and refresh tokens.
"""

from typing import Any, List, Optional

from twisted.enterprise.adbapi import Transaction
from twisted.internet.defer import Deferred
from zope.interface import implementer

from synauth.interfaces import IClock, IEngine, ITokenStore
from synauth.storage.ending import end_session, end_tokens
from synauth.storage.issuing import (
    insert_access_token,
    insert_refresh_token,
    is_approved,
    record_login,
    require_account,
)
from synauth.storage.records import (
    EndedToken,
    NewLogin,
    RefreshToken,
    Rotation,
    TokenInfo,
)
from synauth.storage.revocations import RemembersTokens
from synauth.storage.rotation import get_refresh_token, mark_as_used, rotate
from synauth.storage.text import require_storable, storable


@implementer(ITokenStore)
class TokenStore(RemembersTokens):
    """
    Tokens in a database.  What adds tokens errs with
    L{synauth.errors.StoreError} 404 if there is no such account, and as
    L{account_gate<synauth.account_state.account_gate>} if it may not be used.
    """

    _clock: IClock

    def add_login(self, login: NewLogin) -> "Deferred[List[EndedToken]]":
        """
        See L{ITokenStore.add_login}.
        """
        written: "Deferred[List[EndedToken]]" = self._revocations.write_ending(
            login.user_id, record_login, self._database.engine, login
        )
        return written

    def add_access_token_to_user(
        self,
        user_id: str,
        token: str,
        device_id: Optional[str] = None,
        valid_until_ms: Optional[int] = None,
    ) -> "Deferred[None]":
        """
        See L{ITokenStore.add_access_token_to_user}.
        """
        return self._database.write(
            _add_access_token,
            self._database.engine,
            user_id,
            token,
            device_id,
            valid_until_ms,
            self._clock.time_msec(),
        )

    def add_refresh_token_to_user(
        self, user_id: str, token: str, device_id: Optional[str] = None
    ) -> "Deferred[None]":
        """
        See L{ITokenStore.add_refresh_token_to_user}.
        """
        return self._database.write(
            _add_refresh_token, self._database.engine, user_id, token, device_id
        )

    def get_user_by_access_token(self, token: str) -> "Deferred[Optional[TokenInfo]]":
        """
        See L{ITokenStore.get_user_by_access_token}.
        """
        return self._cache.get(token, self._read_access_token)

    def _read_access_token(self, token: str) -> "Deferred[Optional[TokenInfo]]":
        return self._database.read(_get_user_by_access_token, token)

    def mark_access_token_as_used(
        self, user_id: str, token_id: int
    ) -> "Deferred[None]":
        """
        See L{ITokenStore.mark_access_token_as_used}.
        """
        return self._write_about(user_id, mark_as_used, token_id)

    def get_access_token_last_validated(self, token_id: int) -> "Deferred[Any]":
        """
        See L{ITokenStore.get_access_token_last_validated}.
        """
        return self._database.read(_get_last_validated, token_id)

    def update_access_token_last_validated(
        self, token_id: int, now_ms: int
    ) -> "Deferred[None]":
        """
        See L{ITokenStore.update_access_token_last_validated}.
        """
        return self._database.write(_update_last_validated, token_id, now_ms)

    def get_refresh_token(self, token: str) -> "Deferred[Optional[RefreshToken]]":
        """
        See L{ITokenStore.get_refresh_token}.
        """
        return self._database.read(get_refresh_token, token)

    def rotate_refresh_token(self, rotation: Rotation) -> "Deferred[bool]":
        """
        See L{ITokenStore.rotate_refresh_token}.
        """
        return self._write_about(
            rotation.old.user_id,
            rotate,
            self._database.engine,
            rotation,
        )

    def delete_access_token(self, token: str) -> "Deferred[List[EndedToken]]":
        """
        See L{ITokenStore.delete_access_token}.  The other tokens of the same
        login end with it.
        """
        return self._revocations.write(None, _delete_access_token, token)

    def user_delete_access_tokens(
        self,
        user_id: str,
        except_token_id: Optional[int] = None,
        device_id: Optional[str] = None,
    ) -> "Deferred[List[EndedToken]]":
        """
        See L{ITokenStore.user_delete_access_tokens}.
        """
        return self._write_about(
            user_id, _user_delete_access_tokens, user_id, except_token_id, device_id
        )


# Whose a token is, and as whom its holder acts.
_ACCESS_TOKEN = """
    SELECT access_tokens.id, users.name, owner.name, access_tokens.device_id,
        access_tokens.valid_until_ms, users.approved, owner.approved,
        users.is_guest, users.admin, users.suspended, users.deactivated,
        users.locked, owner.deactivated, owner.locked, access_tokens.used,
        EXISTS (
            SELECT 1 FROM refresh_tokens
            WHERE refresh_tokens.next_token_id = access_tokens.refresh_token_id
        )
    FROM access_tokens
    INNER JOIN users AS owner ON owner.name = access_tokens.user_id
    INNER JOIN users ON users.name
        = COALESCE(access_tokens.puppets_user_id, access_tokens.user_id)
"""


def _add_access_token(
    txn: Transaction,
    engine: IEngine,
    user_id: str,
    token: str,
    device_id: Optional[str],
    valid_until_ms: Optional[int],
    now_ms: int,
) -> None:
    require_storable(token, device_id)
    require_account(txn, user_id)
    insert_access_token(txn, engine, user_id, device_id, token, now_ms, valid_until_ms)


def _add_refresh_token(
    txn: Transaction,
    engine: IEngine,
    user_id: str,
    token: str,
    device_id: Optional[str],
) -> None:
    require_storable(token, device_id)
    require_account(txn, user_id)
    insert_refresh_token(txn, engine, user_id, device_id, token)


def _get_user_by_access_token(txn: Transaction, token: str) -> Optional[TokenInfo]:
    if not storable(token):
        return None
    # The one query that every authenticated request waits for.
    txn.execute(_ACCESS_TOKEN + " WHERE access_tokens.token = ?", (token,))
    row = txn.fetchone()
    if row is None:
        return None
    token_id, user_id, token_owner, device_id, valid_until_ms = row[:5]
    approved, owner_approved = map(is_approved, row[5:7])
    is_guest, is_admin, suspended, deactivated, locked = map(bool, row[7:12])
    owner_deactivated, owner_locked, used, has_predecessor = map(bool, row[12:])
    return TokenInfo(
        token_id,
        user_id,
        device_id,
        valid_until_ms,
        is_guest,
        deactivated or owner_deactivated,
        locked or owner_locked,
        suspended,
        approved and owner_approved,
        is_admin,
        token_owner,
        unused_successor=has_predecessor and not used,
    )


def _get_last_validated(txn: Transaction, token_id: int) -> Optional[int]:
    txn.execute("SELECT last_validated FROM access_tokens WHERE id = ?", (token_id,))
    row = txn.fetchone()
    return None if row is None else row[0]


def _update_last_validated(txn: Transaction, token_id: int, now_ms: int) -> None:
    txn.execute(
        "UPDATE access_tokens SET last_validated = ? WHERE id = ?", (now_ms, token_id)
    )


def _delete_access_token(txn: Transaction, token: str) -> List[EndedToken]:
    return end_session(txn, token) if storable(token) else []


def _user_delete_access_tokens(
    txn: Transaction,
    user_id: str,
    except_token_id: Optional[int],
    device_id: Optional[str],
) -> List[EndedToken]:
    if not (storable(user_id) and (device_id is None or storable(device_id))):
        return []
    return end_tokens(txn, user_id, device_id, except_token_id)
