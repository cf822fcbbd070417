"""
The sessions of user-interactive authentication, in the database, so that any
process of the server can take the next request of each.
"""

import base64
import secrets
from typing import Any, Callable, Dict, Optional

from nacl.exceptions import CryptoError
from twisted.internet.defer import Deferred, fail, inlineCallbacks
from zope.interface import implementer

from synauth.auth.sealing import Sealer
from synauth.auth.sessions import (
    MAX_SESSION_BYTES,
    MAX_SESSIONS,
    NO_PROOFS,
    SESSION_EXPIRE_MS,
    Operation,
    Session,
    check_session_size,
    unknown_session,
)
from synauth.awaiting import Steps
from synauth.errors import MatrixError
from synauth.interfaces import IClock, IDatabase, ISessionStore
from synauth.storage.ui_auth_sessions import (
    CLAIMED,
    FINISHED,
    OPEN,
    StoredSession,
    change_session,
    delete_session,
    delete_sessions,
    find_expired,
    get_session,
    insert_session,
    nth_latest_use,
)

# Whoever claimed a session has died if he is not done by then.
CLAIM_MS = 5 * 60 * 1000

# How many sessions are removed in one transaction, and in one call.
_BATCH = 100
_BATCHES = 50


@implementer(ISessionStore)
class DatabaseSessionStore:
    """
    Sessions in tables.

    @param database: an open one.
    @param clock: an L{IClock}.
    @param sealer: seals the passwords; with the same key in all processes.
    @param expire_ms: how long after its last use a session is kept.
    @param max_sessions: how many there may be, about: see L{prune}.
    @param max_session_bytes: how much one may hold.
    """

    def __init__(
        self,
        database: IDatabase,
        clock: IClock,
        sealer: Sealer,
        expire_ms: int = SESSION_EXPIRE_MS,
        max_sessions: int = MAX_SESSIONS,
        max_session_bytes: int = MAX_SESSION_BYTES,
    ) -> None:
        self._database = database
        self._clock = clock
        self._sealer = sealer
        self._expire_ms = expire_ms
        self._max_sessions = max_sessions
        self._max_session_bytes = max_session_bytes

    @inlineCallbacks
    def create(
        self,
        operation: Optional[Operation] = None,
        clientdict: Optional[Dict[str, Any]] = None,
        serverdict: Optional[Dict[str, Any]] = None,
    ) -> Steps[Session]:
        """
        See L{ISessionStore.create}.
        """
        session = StoredSession(
            secrets.token_urlsafe(18), operation, self._clock.time_msec(), {}, None
        )
        session.serverdict = dict(serverdict or {})
        self._filling(clientdict or {})(session)
        yield self._database.write(insert_session, session)
        return Session(
            session.session_id,
            operation,
            dict(clientdict or {}),
            {},
            dict(serverdict or {}),
        )

    @inlineCallbacks
    def get(self, session_id: str) -> Steps[Optional[Session]]:
        """
        See L{ISessionStore.get}.
        """
        found = yield self._database.read(get_session, session_id, self._not_before())
        return None if found is None else self._given_out(found)

    def _given_out(self, stored: StoredSession) -> Optional[Session]:
        sealed = None if stored.sealed is None else base64.b64decode(stored.sealed)
        try:
            clientdict = self._sealer.unseal(stored.clientdict, sealed)
        except CryptoError:
            # Of a time when the server had another key.
            return None
        return Session(
            stored.session_id,
            stored.operation,
            clientdict,
            dict(stored.creds),
            dict(stored.serverdict),
            stored.state == FINISHED,
            stored.state == CLAIMED and not self._is_given_up(stored),
        )

    def _is_given_up(self, claimed: StoredSession) -> bool:
        """
        @return: whether whoever claimed it has neither finished it nor given it
            back for so long that nothing will come of that.
        """
        return (claimed.claimed_at or 0) < self._clock.time_msec() - CLAIM_MS

    def set_clientdict(
        self, session_id: str, clientdict: Dict[str, Any]
    ) -> "Deferred[None]":
        """
        See L{ISessionStore.set_clientdict}.
        """
        try:
            fill = self._filling(clientdict)
        except MatrixError:
            return fail()
        return self._change(session_id, fill)

    def add_cred(
        self, session_id: str, stage_type: str, result: Any
    ) -> "Deferred[None]":
        """
        See L{ISessionStore.add_cred}.
        """

        def add(session: StoredSession) -> None:
            session.creds[stage_type] = result
            session.proven = session.proven or stage_type not in NO_PROOFS
            self._check_size(session)

        return self._change(session_id, add)

    def set_data(self, session_id: str, key: str, value: Any) -> "Deferred[None]":
        """
        See L{ISessionStore.set_data}.
        """

        def put(session: StoredSession) -> None:
            session.serverdict[key] = value
            self._check_size(session)

        return self._change(session_id, put)

    def claim(self, session_id: str) -> "Deferred[bool]":
        """
        See L{ISessionStore.claim}.  A session that somebody claimed L{CLAIM_MS}
        ago and neither finished nor gave back is free again.
        """
        now = self._clock.time_msec()

        def claim(session: StoredSession) -> bool:
            free = session.state == OPEN or (
                session.state == CLAIMED and self._is_given_up(session)
            )
            if free:
                session.state, session.claimed_at = CLAIMED, now
            return free

        return self._change(session_id, claim)

    def release(self, session_id: str) -> "Deferred[None]":
        """
        See L{ISessionStore.release}.
        """

        def release(session: StoredSession) -> None:
            if session.state == CLAIMED:
                session.state = OPEN

        return self._change(session_id, release)

    def finish(self, session_id: str) -> "Deferred[None]":
        """
        See L{ISessionStore.finish}.
        """

        def finish(session: StoredSession) -> None:
            session.state, session.sealed = FINISHED, None

        return self._change(session_id, finish)

    def remove(self, session_id: str) -> "Deferred[None]":
        """
        See L{ISessionStore.remove}.
        """
        return self._database.write(delete_session, session_id)

    @inlineCallbacks
    def prune(self) -> Steps[int]:
        """
        Remove sessions that have expired, and, where there are too many, those
        that were used longest ago; those in which nobody has proved anything go
        first.  To be called now and then, by every process: a call does a
        bounded amount of work.

        @return: fires with how many were removed.
        """
        removed = 0
        for proven in (False, True):
            not_before = self._not_before()
            over = yield self._database.read(nth_latest_use, proven, self._max_sessions)
            if over is not None:
                not_before = max(not_before, over + 1)
            for _ in range(_BATCHES):
                old = yield self._database.read(
                    find_expired, proven, not_before, _BATCH
                )
                if old:
                    yield self._database.write(delete_sessions, old, not_before)
                    removed += len(old)
                if len(old) < _BATCH:
                    break
        return removed

    @inlineCallbacks
    def _change(
        self, session_id: str, change: Callable[[StoredSession], Any]
    ) -> Steps[Any]:
        known, result = yield self._database.write(
            change_session,
            session_id,
            self._not_before(),
            self._clock.time_msec(),
            change,
        )
        if not known:
            raise unknown_session()
        return result

    def _not_before(self) -> int:
        return self._clock.time_msec() - self._expire_ms

    def _filling(self, clientdict: Dict[str, Any]) -> Callable[[StoredSession], None]:
        """
        @raise MatrixError: 413 if they are nested too deep to be kept.
        """
        check_session_size(self._max_session_bytes, clientdict)
        rest, sealed = self._sealer.seal(clientdict)
        text = None if sealed is None else base64.b64encode(sealed).decode("ascii")

        def fill(session: StoredSession) -> None:
            session.clientdict, session.sealed = rest, text
            self._check_size(session)

        return fill

    def _check_size(self, session: StoredSession) -> None:
        check_session_size(
            self._max_session_bytes,
            session.clientdict,
            None if session.sealed is None else session.sealed.encode("ascii"),
            session.creds,
            session.serverdict,
        )
