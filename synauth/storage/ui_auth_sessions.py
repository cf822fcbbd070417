"""
The sessions of user-interactive authentication, as rows.

The tables C{ui_auth_sessions} and C{ui_auth_sessions_credentials} are as a
homeserver has them.  What these have no column for stands beside them: when a
session was last used, whether it is claimed or finished, and its passwords,
sealed.
"""

import json
from typing import Any, Callable, Dict, List, Optional, Tuple

import attr
from twisted.enterprise.adbapi import Transaction

from synauth.storage.text import storable

JsonDict = Dict[str, Any]

OPEN, CLAIMED, FINISHED = range(3)


@attr.s(slots=True, auto_attribs=True)
class StoredSession:
    """
    A session as it stands in the tables.

    @ivar operation: C{(method, path)}, or C{None}.
    @ivar last_used: when, in ms.
    @ivar clientdict: the remembered parameters, without passwords.
    @ivar sealed: the passwords, or C{None}.
    @ivar creds: what each completed stage proved.
    @ivar serverdict: what the server keeps with it.
    @ivar state: L{OPEN}, L{CLAIMED} or L{FINISHED}.
    @ivar claimed_at: when it was claimed last, in ms, or C{None}.
    @ivar proven: whether anybody has proved anything in it.
    """

    session_id: str
    operation: Optional[Tuple[str, str]]
    last_used: int
    clientdict: JsonDict
    sealed: Optional[str] = attr.ib(repr=False)
    creds: JsonDict = attr.Factory(dict)
    serverdict: JsonDict = attr.Factory(dict)
    state: int = OPEN
    claimed_at: Optional[int] = None
    proven: bool = False


def insert_session(txn: Transaction, session: StoredSession) -> None:
    """
    Add a session in which nothing has been proved.
    """
    method, path = session.operation or ("", "")
    txn.execute(
        "INSERT INTO ui_auth_sessions (session_id, creation_time, serverdict,"
        " clientdict, uri, method, description) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            session.session_id,
            session.last_used,
            _written(session.serverdict),
            _written(session.clientdict),
            path,
            method,
            "",
        ),
    )
    txn.execute(
        "INSERT INTO synauth_session_states (session_id, last_used, sealed)"
        " VALUES (?, ?, ?)",
        (session.session_id, session.last_used, session.sealed),
    )


def get_session(
    txn: Transaction, session_id: str, not_before: int
) -> Optional[StoredSession]:
    """
    @param not_before: one that was last used earlier has expired.
    @return: the session, or C{None}.
    """
    if not storable(session_id):
        return None
    # In one statement: a reader is in no transaction.
    txn.execute(
        "SELECT ui_auth_sessions.method, ui_auth_sessions.uri,"
        " synauth_session_states.last_used, ui_auth_sessions.clientdict,"
        " synauth_session_states.sealed, ui_auth_sessions.serverdict,"
        " synauth_session_states.state, synauth_session_states.claimed_at,"
        " synauth_session_states.proven, ui_auth_sessions_credentials.stage_type,"
        " ui_auth_sessions_credentials.result"
        " FROM ui_auth_sessions INNER JOIN synauth_session_states"
        " ON synauth_session_states.session_id = ui_auth_sessions.session_id"
        " LEFT JOIN ui_auth_sessions_credentials"
        " ON ui_auth_sessions_credentials.session_id = ui_auth_sessions.session_id"
        " WHERE ui_auth_sessions.session_id = ?",
        (session_id,),
    )
    rows = txn.fetchall()
    if not rows or rows[0][2] < not_before:
        return None
    method, path, last_used, clientdict, sealed, serverdict = rows[0][:6]
    state, claimed_at, proven = rows[0][6:9]
    return StoredSession(
        session_id,
        (method, path) if method else None,
        last_used,
        json.loads(clientdict),
        sealed,
        {row[9]: json.loads(row[10]) for row in rows if row[9] is not None},
        json.loads(serverdict),
        state,
        claimed_at,
        bool(proven),
    )


def change_session(
    txn: Transaction,
    session_id: str,
    not_before: int,
    now: int,
    change: Callable[[StoredSession], Any],
) -> Tuple[bool, Any]:
    """
    Change a session and mark it as used.

    @param change: changes what it is given; of the credentials it may only add
        or replace some.
    @return: whether there is such a session, and what C{change} gave.
    """
    session = get_session(txn, session_id, not_before)
    if session is None:
        return False, None
    before = dict(session.creds)
    result = change(session)
    txn.execute(
        "UPDATE ui_auth_sessions SET serverdict = ?, clientdict = ?"
        " WHERE session_id = ?",
        (_written(session.serverdict), _written(session.clientdict), session_id),
    )
    txn.execute(
        "UPDATE synauth_session_states SET last_used = ?, proven = ?, state = ?,"
        " claimed_at = ?, sealed = ? WHERE session_id = ?",
        (
            now,
            session.proven,
            session.state,
            session.claimed_at,
            session.sealed,
            session_id,
        ),
    )
    for stage_type, proved in session.creds.items():
        if stage_type not in before:
            txn.execute(
                "INSERT INTO ui_auth_sessions_credentials"
                " (session_id, stage_type, result) VALUES (?, ?, ?)",
                (session_id, stage_type, _written(proved)),
            )
        elif proved != before[stage_type]:
            txn.execute(
                "UPDATE ui_auth_sessions_credentials SET result = ?"
                " WHERE session_id = ? AND stage_type = ?",
                (_written(proved), session_id, stage_type),
            )
    return True, result


def delete_session(txn: Transaction, session_id: str) -> None:
    """
    Remove a session and all that belongs to it.
    """
    if storable(session_id):
        txn.execute("DELETE FROM ui_auth_sessions WHERE session_id = ?", (session_id,))


def find_expired(
    txn: Transaction, proven: bool, not_before: int, limit: int
) -> List[str]:
    """
    @param proven: whether something has been proved in them.
    @return: at most so many ids of sessions that were last used earlier.
    """
    txn.execute(
        "SELECT session_id FROM synauth_session_states"
        " WHERE proven = ? AND last_used < ? ORDER BY last_used LIMIT ?",
        (proven, not_before, limit),
    )
    return [session_id for (session_id,) in txn.fetchall()]


def nth_latest_use(txn: Transaction, proven: bool, number: int) -> Optional[int]:
    """
    @return: when the session after the C{number} last used ones was used, or
        C{None} if there are no more than so many.
    """
    txn.execute(
        "SELECT last_used FROM synauth_session_states WHERE proven = ?"
        " ORDER BY last_used DESC LIMIT 1 OFFSET ?",
        (proven, number),
    )
    row = txn.fetchone()
    return None if row is None else row[0]


def delete_sessions(txn: Transaction, session_ids: List[str], not_before: int) -> None:
    """
    Remove sessions, unless they have been used meanwhile.
    """
    for session_id in session_ids:
        txn.execute(
            "DELETE FROM ui_auth_sessions WHERE session_id = ? AND EXISTS ("
            " SELECT 1 FROM synauth_session_states"
            " WHERE synauth_session_states.session_id = ui_auth_sessions.session_id"
            " AND synauth_session_states.last_used < ?)",
            (session_id, not_before),
        )


def _written(value: Any) -> str:
    # ASCII: text that no database could hold otherwise has its escapes.
    return json.dumps(value, separators=(",", ":"))
