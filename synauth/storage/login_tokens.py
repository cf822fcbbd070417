"""
Login tokens that end with the login that asked for them: the parts of
transactions that begin and end them.
"""

from typing import Iterable, Optional

from twisted.enterprise.adbapi import Transaction

from synauth.storage.records import EndedToken


def add_login_token(
    txn: Transaction, access_token_id: int, token: str, expires: int
) -> Optional[int]:
    """
    Remember one.

    @param access_token_id: the row of the access token that asked for it.
    @param token: what names it, of a kind that nobody chose.
    @param expires: when it is not good any more, in ms, at the latest.
    @return: until when it is good, in ms: not for longer than the login that
        asked for it.  C{None} if that has ended; then nothing is remembered.
    """
    txn.execute(
        "SELECT access_tokens.user_id, access_tokens.device_id, valid_until_ms,"
        " refresh_token_id, ultimate_session_expiry_ts FROM access_tokens"
        " LEFT JOIN refresh_tokens ON refresh_tokens.id = refresh_token_id"
        " WHERE access_tokens.id = ?",
        (access_token_id,),
    )
    row = txn.fetchone()
    if row is None:
        return None
    user_id, device_id, valid_until, refresh_token_id, session_expiry = row
    ends = valid_until if refresh_token_id is None else session_expiry
    if ends is not None:
        expires = min(expires, ends)
    txn.execute(
        "INSERT INTO synauth_login_tokens (token, user_id, device_id, expires)"
        " VALUES (?, ?, ?, ?)",
        (token, user_id, device_id or "", expires),
    )
    return expires


def use_login_token(txn: Transaction, token: str, now: int) -> bool:
    """
    @return: whether it was there, and good; it is neither any more.
    """
    txn.execute(
        "DELETE FROM synauth_login_tokens WHERE token = ? AND expires > ?", (token, now)
    )
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
