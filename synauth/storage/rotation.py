"""
Refresh tokens take one another's place (specification, "Refreshing access
tokens").

A client whose answer was lost comes again with the old refresh token, so that
one stays good until there is proof that its successor has arrived: somebody
used the successor, or the access token that was given out with it.  From then
on the old one, and its access token, are no more.
"""

from typing import Any, Optional

from twisted.enterprise.adbapi import Transaction

from synauth.interfaces import IEngine
from synauth.storage.issuing import (
    insert_access_token,
    insert_refresh_token,
    require_account,
)
from synauth.storage.records import RefreshToken, Rotation
from synauth.storage.text import require_storable, storable

# A row that was superseded goes when it is; a homeserver may have left some.
_REFRESH_TOKEN = """
    SELECT id, user_id, device_id, expiry_ts, ultimate_session_expiry_ts,
        EXISTS (
            SELECT 1 FROM refresh_tokens AS successor
            WHERE successor.id = refresh_tokens.next_token_id
                AND successor.next_token_id IS NOT NULL
        ) OR EXISTS (
            SELECT 1 FROM access_tokens
            WHERE access_tokens.refresh_token_id = refresh_tokens.next_token_id
                AND access_tokens.used
        ),
        next_token_id
    FROM refresh_tokens
    WHERE """


def get_refresh_token(txn: Transaction, token: str) -> Optional[RefreshToken]:
    """
    See L{synauth.interfaces.ITokenStore.get_refresh_token}.
    """
    if not storable(token):
        return None
    txn.execute(_REFRESH_TOKEN + "token = ?", (token,))
    row = txn.fetchone()
    return None if row is None else _refresh_token(row)


def _refresh_token(row: Any) -> RefreshToken:
    token_id, user_id, device_id, expiry_ms, session_expiry_ms, superseded = row[:6]
    return RefreshToken(
        token_id, user_id, device_id, expiry_ms, session_expiry_ms, bool(superseded)
    )


def rotate(txn: Transaction, engine: IEngine, rotation: Rotation) -> bool:
    """
    See L{synauth.interfaces.ITokenStore.rotate_refresh_token}.
    """
    require_storable(rotation.access_token, rotation.refresh_token)
    txn.execute(_REFRESH_TOKEN + "id = ?", (rotation.old.token_id,))
    row = txn.fetchone()
    if row is None or _refresh_token(row).superseded:
        return False
    old, unused_successor_id = _refresh_token(row), row[6]
    require_account(txn, old.user_id)
    new_id = insert_refresh_token(
        txn,
        engine,
        old.user_id,
        old.device_id,
        rotation.refresh_token,
        rotation.refresh_expiry_ms,
        old.session_expiry_ms,
    )
    insert_access_token(
        txn,
        engine,
        old.user_id,
        old.device_id,
        rotation.access_token,
        _last_validated(txn, old.token_id),
        rotation.valid_until_ms,
        new_id,
    )
    txn.execute(
        "UPDATE refresh_tokens SET next_token_id = ? WHERE id = ?",
        (new_id, old.token_id),
    )
    if unused_successor_id is not None:
        # Not before the update: what points to a row goes with it.
        txn.execute("DELETE FROM refresh_tokens WHERE id = ?", (unused_successor_id,))
    _end_predecessor(txn, old.token_id)
    return True


def _last_validated(txn: Transaction, refresh_token_id: int) -> Optional[int]:
    """
    @return: when the user of a login last authenticated, which a refresh is
        not; C{None} if nobody knows any more.
    """
    txn.execute(
        "SELECT last_validated FROM access_tokens WHERE refresh_token_id = ?",
        (refresh_token_id,),
    )
    row = txn.fetchone()
    return None if row is None else row[0]


def mark_as_used(txn: Transaction, token_id: int) -> None:
    """
    See L{synauth.interfaces.ITokenStore.mark_access_token_as_used}.
    """
    txn.execute("UPDATE access_tokens SET used = ? WHERE id = ?", (True, token_id))
    txn.execute("SELECT refresh_token_id FROM access_tokens WHERE id = ?", (token_id,))
    row = txn.fetchone()
    if row is not None and row[0] is not None:
        _end_predecessor(txn, row[0])


def _end_predecessor(txn: Transaction, refresh_token_id: int) -> None:
    txn.execute(
        "DELETE FROM refresh_tokens WHERE next_token_id = ?", (refresh_token_id,)
    )
