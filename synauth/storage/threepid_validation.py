"""
Proofs that somebody has an address, under way and given.
"""

import hmac
from typing import Optional, Tuple

import attr
from twisted.enterprise.adbapi import Transaction
from twisted.internet.defer import Deferred
from zope.interface import implementer

from synauth.errors import StoreError
from synauth.interfaces import IDatabase, IThreepidValidationStore
from synauth.storage.records import ProvedAddress
from synauth.storage.text import require_storable, storable
from synauth.threepids import Proof

# How long after a token has expired what came of it is kept, in ms.
KEPT_MS = 24 * 60 * 60 * 1000

# How many that have expired are forgotten with each that begins.
_FORGOTTEN_AT_ONCE = 10


@attr.s(frozen=True, slots=True, auto_attribs=True)
class Attempt:
    """
    A client wants a token sent to an address.

    @ivar session_id: what to call the session if it is new.
    @ivar expires_ms: when the token does.
    @ivar purpose: what the proof will be good for, one of L{synauth.threepids}.
    """

    medium: str
    address: str
    client_secret: str = attr.ib(repr=False)
    send_attempt: int
    session_id: str
    token: str = attr.ib(repr=False)
    next_link: Optional[str]
    now_ms: int
    expires_ms: int
    purpose: str


@implementer(IThreepidValidationStore)
class ThreepidValidationStore:
    """
    Proofs in a database.
    """

    _database: IDatabase

    def start_validation(self, attempt: Attempt) -> "Deferred[Tuple[str, bool]]":
        """
        See L{IThreepidValidationStore.start_validation}.
        """
        return self._database.write(_start, attempt)

    def forget_attempt(self, session_id: str, send_attempt: int) -> "Deferred[None]":
        """
        See L{IThreepidValidationStore.forget_attempt}.  Its token stays, so
        that the session is forgotten in time; nobody has it.
        """
        return self._database.write(_forget_attempt, session_id, send_attempt)

    def validate(
        self, session_id: str, client_secret: str, token: str, now_ms: int
    ) -> "Deferred[Optional[str]]":
        """
        See L{IThreepidValidationStore.validate}.
        """
        return self._database.write(_validate, session_id, client_secret, token, now_ms)

    def get_validation(
        self, session_id: str, client_secret: str, now_ms: int
    ) -> "Deferred[Optional[Proof]]":
        """
        See L{IThreepidValidationStore.get_validation}.
        """
        return self._database.read(_get_validation, session_id, client_secret, now_ms)


def _start(txn: Transaction, attempt: Attempt) -> Tuple[str, bool]:
    require_storable(attempt.address, attempt.client_secret, attempt.next_link)
    _forget_some(txn, attempt.now_ms - KEPT_MS)
    txn.execute(
        "SELECT session_id, last_send_attempt FROM threepid_validation_session"
        " WHERE medium = ? AND address = ? AND client_secret = ?"
        " AND synauth_purpose = ?",
        (attempt.medium, attempt.address, attempt.client_secret, attempt.purpose),
    )
    row = txn.fetchone()
    if row is not None and row[1] >= attempt.send_attempt:
        return row[0], False
    if row is not None:
        session_id = row[0]
        txn.execute(
            "UPDATE threepid_validation_session SET last_send_attempt = ?"
            " WHERE session_id = ?",
            (attempt.send_attempt, session_id),
        )
    else:
        session_id = attempt.session_id
        txn.execute(
            "INSERT INTO threepid_validation_session"
            " (session_id, medium, address, client_secret, last_send_attempt,"
            " synauth_purpose) VALUES (?, ?, ?, ?, ?, ?)",
            (
                session_id,
                attempt.medium,
                attempt.address,
                attempt.client_secret,
                attempt.send_attempt,
                attempt.purpose,
            ),
        )
    _insert_token(txn, attempt.token, session_id, attempt.next_link, attempt.expires_ms)
    return session_id, True


def _insert_token(
    txn: Transaction,
    token: str,
    session_id: str,
    next_link: Optional[str],
    expires_ms: int,
) -> None:
    txn.execute(
        "INSERT INTO threepid_validation_token (token, session_id, next_link, expires)"
        " VALUES (?, ?, ?, ?)",
        (token, session_id, next_link, expires_ms),
    )


def _forget_some(txn: Transaction, before_ms: int) -> None:
    txn.execute(
        "SELECT token, session_id FROM threepid_validation_token"
        " WHERE expires < ? ORDER BY expires LIMIT ?",
        (before_ms, _FORGOTTEN_AT_ONCE),
    )
    for token, session_id in txn.fetchall():
        txn.execute("DELETE FROM threepid_validation_token WHERE token = ?", (token,))
        txn.execute(
            "SELECT 1 FROM threepid_validation_token WHERE session_id = ?",
            (session_id,),
        )
        if txn.fetchone() is None:
            _delete_session(txn, session_id)


def _delete_session(txn: Transaction, session_id: str) -> bool:
    txn.execute(
        "DELETE FROM threepid_validation_session WHERE session_id = ?", (session_id,)
    )
    deleted: int = txn.rowcount
    return deleted > 0


def _forget_attempt(txn: Transaction, session_id: str, send_attempt: int) -> None:
    txn.execute(
        "UPDATE threepid_validation_session SET last_send_attempt = ?"
        " WHERE session_id = ? AND last_send_attempt = ?",
        (send_attempt - 1, session_id, send_attempt),
    )


def _validate(
    txn: Transaction, session_id: str, client_secret: str, token: str, now_ms: int
) -> Optional[str]:
    if not all(map(storable, (session_id, client_secret, token))):
        raise _wrong()
    txn.execute(
        "SELECT threepid_validation_session.client_secret, expires, next_link,"
        " threepid_validation_session.session_id"
        " FROM threepid_validation_token INNER JOIN threepid_validation_session"
        " ON threepid_validation_session.session_id ="
        " threepid_validation_token.session_id WHERE token = ?",
        (token,),
    )
    row = txn.fetchone()
    if row is None:
        raise _wrong()
    known_secret, expires_ms, next_link, known_id = row
    same = _same(known_secret, client_secret) and _same(known_id, session_id)
    if not same or expires_ms <= now_ms:
        raise _wrong()
    txn.execute(
        "UPDATE threepid_validation_session SET validated_at = ? WHERE session_id = ?",
        (now_ms, session_id),
    )
    found: Optional[str] = next_link
    return found


def _get_validation(
    txn: Transaction, session_id: str, client_secret: str, now_ms: int
) -> Optional[Proof]:
    if not (storable(session_id) and storable(client_secret)):
        return None
    txn.execute(
        "SELECT client_secret, medium, address, validated_at"
        " FROM threepid_validation_session"
        " WHERE session_id = ? AND validated_at > ?",
        (session_id, now_ms - KEPT_MS),
    )
    row = txn.fetchone()
    if row is None or not _same(row[0], client_secret):
        return None
    return Proof(*row[1:])


def spend(txn: Transaction, proved: ProvedAddress, now_ms: int) -> bool:
    """
    Use a proof up, in whatever transaction makes something of it.

    @return: whether it was there to be used, for this.
    """
    if proved.server is None:
        return _spend(txn, proved)
    return _spend_foreign(txn, proved, now_ms)


def _spend(txn: Transaction, proved: ProvedAddress) -> bool:
    txn.execute(
        "SELECT client_secret, synauth_purpose, medium, address, validated_at"
        " FROM threepid_validation_session WHERE session_id = ?",
        (proved.session_id,),
    )
    row = txn.fetchone()
    if row is None or not _same(row[0], proved.client_secret):
        return False
    if row[1:4] != (proved.purpose, proved.medium, proved.address) or row[4] is None:
        return False
    txn.execute(
        "DELETE FROM threepid_validation_token WHERE session_id = ?",
        (proved.session_id,),
    )
    return _delete_session(txn, proved.session_id)


def _spend_foreign(txn: Transaction, proved: ProvedAddress, now_ms: int) -> bool:
    # By what the server says: a session's id can be written in several ways.  No
    # token of ours has a slash in it.
    name = "%s/%s/%s/%d" % (
        proved.server,
        proved.medium,
        proved.address,
        proved.validated_at,
    )
    require_storable(name)
    txn.execute("SELECT 1 FROM threepid_validation_token WHERE token = ?", (name,))
    if txn.fetchone() is not None:
        return False
    # For as long as a session may remember what was proved, and one that is older
    # could not have been.
    _insert_token(txn, name, name, None, now_ms + 2 * KEPT_MS)
    return True


def _same(some: str, other: str) -> bool:
    return hmac.compare_digest(some.encode("utf-8"), other.encode("utf-8"))


def _wrong() -> StoreError:
    return StoreError(400, "This link is not valid, or not any more")
