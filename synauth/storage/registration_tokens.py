"""
Tokens that let people register.
"""

from typing import Any, Dict, List, Mapping, Optional, Sequence

import attr
from twisted.enterprise.adbapi import Transaction
from twisted.internet.defer import Deferred
from zope.interface import implementer

from synauth.constants import Codes
from synauth.errors import StoreError
from synauth.interfaces import IDatabase, IRegistrationTokenStore
from synauth.storage.text import require_storable, storable

# How many sessions that hold a token are looked at at once.
MAX_HOLDERS = 100


@attr.s(frozen=True, slots=True, auto_attribs=True)
class RegistrationToken:
    """
    A token.

    @ivar uses_allowed: how many accounts it is good for, C{None} for any number.
    @ivar pending: how many sessions hold it.
    @ivar completed: how many accounts were made with it.
    @ivar expiry_time: when it expires, in ms, or C{None}.
    """

    token: str
    uses_allowed: Optional[int]
    pending: int
    completed: int
    expiry_time: Optional[int]

    def valid(self, now_ms: int) -> bool:
        """
        @return: whether somebody else could use it.
        """
        if self.expiry_time is not None and self.expiry_time <= now_ms:
            return False
        used = self.pending + self.completed
        return self.uses_allowed is None or used < self.uses_allowed


@implementer(IRegistrationTokenStore)
class RegistrationTokenStore:
    """
    Tokens in a database.
    """

    _database: IDatabase

    def get_registration_tokens(
        self, now_ms: int, valid: Optional[bool] = None
    ) -> "Deferred[List[RegistrationToken]]":
        """
        See L{IRegistrationTokenStore.get_registration_tokens}.
        """
        return self._database.read(_get_all, now_ms, valid)

    def get_registration_token(
        self, token: str, now_ms: int
    ) -> "Deferred[Optional[RegistrationToken]]":
        """
        See L{IRegistrationTokenStore.get_registration_token}.
        """
        return self._database.read(_get, token, now_ms)

    def create_registration_token(
        self, token: str, uses_allowed: Optional[int], expiry_time: Optional[int]
    ) -> "Deferred[bool]":
        """
        See L{IRegistrationTokenStore.create_registration_token}.
        """
        return self._database.write(_create, token, uses_allowed, expiry_time)

    def update_registration_token(
        self, token: str, changes: Mapping[str, Optional[int]]
    ) -> "Deferred[bool]":
        """
        See L{IRegistrationTokenStore.update_registration_token}.
        """
        return self._database.write(_update, token, changes)

    def delete_registration_token(self, token: str) -> "Deferred[bool]":
        """
        See L{IRegistrationTokenStore.delete_registration_token}.
        """
        return self._database.write(_delete, token)

    def hold_registration_token(
        self, token: str, session_id: str, now_ms: int, expires_ms: int
    ) -> "Deferred[bool]":
        """
        See L{IRegistrationTokenStore.hold_registration_token}.
        """
        return self._database.write(_hold, token, session_id, now_ms, expires_ms)

    def get_registration_holders(
        self, token: str, now_ms: int
    ) -> "Deferred[List[str]]":
        """
        See L{IRegistrationTokenStore.get_registration_holders}.
        """
        return self._database.read(_holders, token, now_ms)

    def release_registration_tokens(
        self, session_ids: Sequence[str]
    ) -> "Deferred[None]":
        """
        See L{IRegistrationTokenStore.release_registration_tokens}.
        """
        return self._database.write(_release, list(session_ids))


# "pending" in the table is for those who read it besides us; what counts are
# the holds, which expire by themselves.
_TOKENS = (
    "SELECT registration_tokens.token, uses_allowed,"
    " (SELECT COUNT(*) FROM synauth_registration_holds"
    "  WHERE synauth_registration_holds.token = registration_tokens.token"
    "  AND synauth_registration_holds.expires > ?),"
    " completed, expiry_time FROM registration_tokens"
)


def _get_all(
    txn: Transaction, now_ms: int, valid: Optional[bool]
) -> List[RegistrationToken]:
    txn.execute(_TOKENS + " ORDER BY registration_tokens.token", (now_ms,))
    tokens = [RegistrationToken(*row) for row in txn.fetchall()]
    return [each for each in tokens if valid is None or each.valid(now_ms) is valid]


def _get(txn: Transaction, token: str, now_ms: int) -> Optional[RegistrationToken]:
    if not storable(token):
        return None
    txn.execute(_TOKENS + " WHERE registration_tokens.token = ?", (now_ms, token))
    row = txn.fetchone()
    return None if row is None else RegistrationToken(*row)


def _create(
    txn: Transaction,
    token: str,
    uses_allowed: Optional[int],
    expiry_time: Optional[int],
) -> bool:
    require_storable(token)
    if _get(txn, token, 0) is not None:
        return False
    txn.execute(
        "INSERT INTO registration_tokens"
        " (token, uses_allowed, pending, completed, expiry_time)"
        " VALUES (?, ?, 0, 0, ?)",
        (token, uses_allowed, expiry_time),
    )
    return True


def _update(txn: Transaction, token: str, changes: Mapping[str, Optional[int]]) -> bool:
    found = _get(txn, token, 0)
    if found is None:
        return False
    values: Dict[str, Any] = {
        "uses_allowed": found.uses_allowed,
        "expiry_time": found.expiry_time,
    }
    values.update(changes)
    txn.execute(
        "UPDATE registration_tokens SET uses_allowed = ?, expiry_time = ?"
        " WHERE token = ?",
        (values["uses_allowed"], values["expiry_time"], token),
    )
    return True


def _delete(txn: Transaction, token: str) -> bool:
    if not storable(token):
        return False
    txn.execute("DELETE FROM synauth_registration_holds WHERE token = ?", (token,))
    txn.execute("DELETE FROM registration_tokens WHERE token = ?", (token,))
    deleted: int = txn.rowcount
    return deleted > 0


def _lock(txn: Transaction, token: str) -> bool:
    """
    Nobody else counts the uses of a token until this transaction has ended.

    @return: whether there is such a token.
    """
    txn.execute(
        "UPDATE registration_tokens SET completed = completed WHERE token = ?",
        (token,),
    )
    found: int = txn.rowcount
    return found > 0


def _hold(
    txn: Transaction, token: str, session_id: str, now_ms: int, expires_ms: int
) -> bool:
    if not storable(token) or not _lock(txn, token):
        return False
    txn.execute(
        "SELECT 1 FROM synauth_registration_holds WHERE session_id = ? AND token = ?",
        (session_id, token),
    )
    if txn.fetchone() is not None:
        # It is not to be in its own way.
        _end_hold(txn, session_id)
    txn.execute(
        "DELETE FROM synauth_registration_holds WHERE token = ? AND expires <= ?",
        (token, now_ms),
    )
    found = _get(txn, token, now_ms)
    held = found is not None and found.valid(now_ms)
    if held:
        # Of another token, if the session shows a second one.
        _end_hold(txn, session_id)
        txn.execute(
            "INSERT INTO synauth_registration_holds (session_id, token, expires)"
            " VALUES (?, ?, ?)",
            (session_id, token, expires_ms),
        )
    _note_pending(txn, token)
    return held


def _note_pending(txn: Transaction, token: str) -> None:
    txn.execute(
        "UPDATE registration_tokens SET pending ="
        " (SELECT COUNT(*) FROM synauth_registration_holds"
        "  WHERE synauth_registration_holds.token = registration_tokens.token)"
        " WHERE token = ?",
        (token,),
    )


def _holders(txn: Transaction, token: str, now_ms: int) -> List[str]:
    txn.execute(
        "SELECT session_id FROM synauth_registration_holds"
        " WHERE token = ? AND expires > ? ORDER BY expires LIMIT ?",
        (token, now_ms, MAX_HOLDERS),
    )
    return [row[0] for row in txn.fetchall()]


def _release(txn: Transaction, session_ids: List[str]) -> None:
    for session_id in session_ids:
        _end_hold(txn, session_id)


def _end_hold(txn: Transaction, session_id: str) -> Optional[str]:
    txn.execute(
        "SELECT token FROM synauth_registration_holds WHERE session_id = ?",
        (session_id,),
    )
    row = txn.fetchone()
    if row is None:
        return None
    token: str = row[0]
    txn.execute(
        "DELETE FROM synauth_registration_holds WHERE session_id = ?", (session_id,)
    )
    _note_pending(txn, token)
    return token


def use_registration_token(
    txn: Transaction, token: str, session_id: str, now_ms: int
) -> None:
    """
    Count an account that is made in this transaction.

    @param session_id: which holds the token.
    @raise StoreError: 401 C{M_UNAUTHORIZED} if it can't be used (any more).
    """
    found = None
    if _lock(txn, token):
        _end_hold(txn, session_id)
        found = _get(txn, token, now_ms)
    if found is None or not found.valid(now_ms):
        raise StoreError(
            401, "The registration token is not good any more", Codes.UNAUTHORIZED
        )
    txn.execute(
        "UPDATE registration_tokens SET completed = completed + 1 WHERE token = ?",
        (token,),
    )
