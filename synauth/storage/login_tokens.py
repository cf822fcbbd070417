"""
Login tokens that end with the login that asked for them: the parts of
transactions that begin and end them.
"""

from typing import Iterable

from twisted.enterprise.adbapi import Transaction

from synauth.storage.records import EndedToken


def add_login_token(
    txn: Transaction, access_token_id: int, token: str, expires: int
) -> bool:
    """
    Remember one.

    @param access_token_id: the row of the access token that asked for it.
    @param token: what names it, of a kind that nobody chose.
    @param expires: when it is not good any more, in ms.
    @return: whether that access token is there; if not, nothing is remembered.
    """
    txn.execute(
        "INSERT INTO synauth_login_tokens (token, user_id, device_id, expires)"
        " SELECT ?, user_id, COALESCE(device_id, ''), ? FROM access_tokens"
        " WHERE id = ?",
        (token, expires, access_token_id),
    )
    return bool(txn.rowcount)


def use_login_token(txn: Transaction, token: str) -> bool:
    """
    @return: whether it was there; it is not any more.
    """
    txn.execute("DELETE FROM synauth_login_tokens WHERE token = ?", (token,))
    return bool(txn.rowcount)


def end_login_tokens(txn: Transaction, ended: Iterable[EndedToken]) -> None:
    """
    End those that logins asked for which have ended.

    @param ended: the access tokens of these logins.  One that gave way to its
        successor is none of them.
    """
    txn.executemany(
        "DELETE FROM synauth_login_tokens WHERE user_id = ? AND device_id = ?",
        sorted({(each.user_id, each.device_id or "") for each in ended}),
    )


def prune_login_tokens(txn: Transaction, now: int, limit: int) -> int:
    """
    Forget what has expired.

    @param limit: how many at most.
    @return: how many there were.
    """
    txn.execute(
        "SELECT token FROM synauth_login_tokens WHERE expires < ?"
        " ORDER BY expires LIMIT ?",
        (now, limit),
    )
    expired = txn.fetchall()
    txn.executemany("DELETE FROM synauth_login_tokens WHERE token = ?", expired)
    return len(expired)
