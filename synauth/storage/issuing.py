"""
How tokens begin: the parts of transactions that add them.
"""

from typing import Any, List, Optional

from twisted.enterprise.adbapi import Transaction

from synauth.account_state import account_gate
from synauth.constants import Codes
from synauth.errors import InvalidTokenError, PasswordChangedError, StoreError
from synauth.interfaces import IEngine
from synauth.storage.devices import record_device
from synauth.storage.ending import end_tokens
from synauth.storage.records import Account, EndedToken, NewLogin
from synauth.storage.text import require_storable, storable


def record_login(
    txn: Transaction, engine: IEngine, login: NewLogin
) -> List[EndedToken]:
    """
    Remember a login: see L{synauth.interfaces.ITokenStore.add_login}.

    @return: the tokens of the same device that ended.
    @raise synauth.errors.MatrixError: see L{require_account}, and
        L{PasswordChangedError}.
    """
    require_storable(
        login.device_id, login.display_name, login.access_token, login.refresh_token
    )
    account = require_account(txn, login.user_id)
    if login.password_hash not in (None, account.password_hash):
        raise PasswordChangedError()
    ended: List[EndedToken] = []
    if login.device_id is not None:
        record_device(txn, login)
        ended = end_tokens(txn, login.user_id, login.device_id)
    refresh_token_id = None
    if login.refresh_token is not None:
        refresh_token_id = insert_refresh_token(
            txn,
            engine,
            login.user_id,
            login.device_id,
            login.refresh_token,
            login.refresh_expiry_ms,
            login.session_expiry_ms,
        )
    insert_access_token(
        txn,
        engine,
        login.user_id,
        login.device_id,
        login.access_token,
        login.now_ms,
        login.valid_until_ms,
        refresh_token_id,
    )
    return ended


def require_account(
    txn: Transaction, user_id: str, even_locked: bool = False
) -> Account:
    """
    Nobody gets a token who could not use it.  Asked in the transaction that
    adds the token, because a deactivation may have come first.

    @param even_locked: see L{account_gate}.
    @return: the account.
    @raise StoreError: 404 if there is no such account.
    @raise synauth.errors.AuthError: as L{account_gate}.
    """
    account = get_account(txn, user_id)
    if account is None:
        require_storable(user_id)
        raise StoreError(404, "Unknown user", Codes.NOT_FOUND)
    account_gate(account, even_locked)
    return account


def require_login(txn: Transaction, access_token_id: Optional[int]) -> None:
    """
    Nobody does anything by a login that has ended, be it while they did it.

    @param access_token_id: the row of its access token; C{None}, or 0, if it is
        nobody's login.
    @raise InvalidTokenError: if it is not there.
    """
    if not access_token_id:
        return
    txn.execute("SELECT 1 FROM access_tokens WHERE id = ?", (access_token_id,))
    if txn.fetchone() is None:
        raise InvalidTokenError()


def get_account(txn: Transaction, user_id: str) -> Optional[Account]:
    """
    See L{synauth.interfaces.IAccountStore.get_user}.
    """
    if not storable(user_id):
        return None
    txn.execute(
        "SELECT name, password_hash, admin, is_guest, deactivated, locked,"
        " suspended, approved FROM users WHERE name = ?",
        (user_id,),
    )
    row = txn.fetchone()
    if row is None:
        return None
    states = [*row[2:7], is_approved(row[7])]
    return Account(row[0], row[1], *map(bool, states))


def is_approved(value: Any) -> bool:
    """
    @param value: of the column C{approved}.
    @return: whether the account is; one that is older than the column is.
    """
    return value is None or bool(value)


def insert_access_token(
    txn: Transaction,
    engine: IEngine,
    user_id: str,
    device_id: Optional[str],
    token: str,
    validated_ms: Optional[int],
    valid_until_ms: Optional[int] = None,
    refresh_token_id: Optional[int] = None,
    puppets_user_id: Optional[str] = None,
) -> None:
    """
    Add an access token.

    @param user_id: whose it is.
    @param validated_ms: the time of the authentication that it stands for.
    @param refresh_token_id: the row of the refresh token given out with it.
    @param puppets_user_id: as whom its holder acts, where that is somebody
        else.
    """
    txn.execute(
        "INSERT INTO access_tokens (id, user_id, device_id, token, last_validated,"
        " valid_until_ms, refresh_token_id, used, puppets_user_id)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            engine.next_id(txn, "access_tokens"),
            user_id,
            device_id,
            token,
            validated_ms,
            valid_until_ms,
            refresh_token_id,
            False,
            puppets_user_id,
        ),
    )


def insert_refresh_token(
    txn: Transaction,
    engine: IEngine,
    user_id: str,
    device_id: Optional[str],
    token: str,
    expiry_ms: Optional[int] = None,
    session_expiry_ms: Optional[int] = None,
) -> int:
    """
    Add a refresh token.

    @return: its row id.
    """
    token_id = engine.next_id(txn, "refresh_tokens")
    txn.execute(
        "INSERT INTO refresh_tokens (id, user_id, device_id, token, expiry_ts,"
        " ultimate_session_expiry_ts) VALUES (?, ?, ?, ?, ?, ?)",
        (token_id, user_id, device_id, token, expiry_ms, session_expiry_ms),
    )
    return token_id
