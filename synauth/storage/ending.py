"""
How tokens end: the parts of transactions that remove them.
"""

from typing import Any, List, Optional, Set, Tuple

from twisted.enterprise.adbapi import Transaction

from synauth.storage.login_tokens import end_login_tokens
from synauth.storage.records import EndedToken

# All refresh tokens that one login has led to and that are still there: at
# most an old one, its successor and a predecessor of a homeserver's making.
_CHAIN = """
    WITH RECURSIVE chain (id, next_token_id) AS (
        SELECT id, next_token_id FROM refresh_tokens WHERE id = ?
        UNION
        SELECT refresh_tokens.id, refresh_tokens.next_token_id
        FROM chain INNER JOIN refresh_tokens
            ON refresh_tokens.id = chain.next_token_id
            OR refresh_tokens.next_token_id = chain.id
    )
    SELECT id FROM chain
"""


def end_tokens(
    txn: Transaction,
    user_id: str,
    device_id: Optional[str] = None,
    except_token_id: Optional[int] = None,
) -> List[EndedToken]:
    """
    End a user's access and refresh tokens.

    @param device_id: only those of this device.
    @param except_token_id: this access token stays, and all tokens of the same
        login with it.
    @return: the access tokens that ended.
    """
    kept = _chain_of_access_token(txn, except_token_id)
    where, args = "user_id = ?", [user_id]
    if device_id is not None:
        where += " AND device_id = ?"
        args.append(device_id)
    txn.execute(
        "SELECT user_id, device_id, id, token, refresh_token_id FROM access_tokens"
        " WHERE " + where,
        args,
    )
    ended = [
        EndedToken(*row[:4])
        for row in txn.fetchall()
        if row[2] != except_token_id and row[4] not in kept
    ]
    _delete_access_tokens(txn, ended)
    txn.execute("SELECT id FROM refresh_tokens WHERE " + where, args)
    _delete_refresh_tokens(txn, {row[0] for row in txn.fetchall()} - kept)
    return ended


def end_session(txn: Transaction, token: str) -> List[EndedToken]:
    """
    End an access token and all tokens of the same login.

    @return: the access tokens that ended, none if there was no such token.
    """
    txn.execute(
        "SELECT user_id, device_id, id, token, refresh_token_id FROM access_tokens"
        " WHERE token = ?",
        (token,),
    )
    row = txn.fetchone()
    if row is None:
        return []
    ended = [EndedToken(*row[:4])]
    chain = _chain(txn, row[4])
    for refresh_token_id in chain:
        txn.execute(
            "SELECT user_id, device_id, id, token FROM access_tokens"
            " WHERE refresh_token_id = ? AND id <> ?",
            (refresh_token_id, row[2]),
        )
        ended.extend(EndedToken(*other) for other in txn.fetchall())
    _delete_access_tokens(txn, ended)
    _delete_refresh_tokens(txn, chain)
    return ended


def end_puppets(txn: Transaction, user_id: str) -> List[EndedToken]:
    """
    End the tokens of an administrator's by which others are acted as.

    @return: the access tokens that ended.
    """
    txn.execute(
        "SELECT user_id, device_id, id, token FROM access_tokens"
        " WHERE user_id = ? AND puppets_user_id IS NOT NULL",
        (user_id,),
    )
    ended = [EndedToken(*row) for row in txn.fetchall()]
    _delete_access_tokens(txn, ended)
    return ended


def _chain_of_access_token(txn: Transaction, token_id: Optional[int]) -> Set[int]:
    if token_id is None:
        return set()
    txn.execute("SELECT refresh_token_id FROM access_tokens WHERE id = ?", (token_id,))
    row: Optional[Tuple[Any]] = txn.fetchone()
    return set() if row is None else _chain(txn, row[0])


def _chain(txn: Transaction, refresh_token_id: Optional[int]) -> Set[int]:
    txn.execute(_CHAIN, (refresh_token_id,))
    return {row[0] for row in txn.fetchall()}


def _delete_access_tokens(txn: Transaction, ended: List[EndedToken]) -> None:
    txn.executemany(
        "DELETE FROM access_tokens WHERE id = ?", [(each.token_id,) for each in ended]
    )
    end_login_tokens(txn, ended)


def _delete_refresh_tokens(txn: Transaction, ids: Set[int]) -> None:
    txn.executemany(
        "DELETE FROM refresh_tokens WHERE id = ?", [(each,) for each in ids]
    )
