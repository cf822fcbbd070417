"""
The sessions of user-interactive authentication, in memory (source 000,
C{_get_session_info}, C{_save_session}, C{_prune_sessions}).
"""

import json
import secrets
from collections import OrderedDict
from typing import Any, Callable, Dict, Optional, Tuple

from twisted.internet.defer import Deferred, fail, succeed
from zope.interface import implementer

from synauth.auth.sealing import Sealer
from synauth.constants import Codes, LoginType
from synauth.errors import MatrixError
from synauth.interfaces import IClock, ISessionStore

Operation = Tuple[str, str]

# 48 hours after its last use a session is gone (source 000).
SESSION_EXPIRE_MS = 48 * 60 * 60 * 1000
MAX_SESSIONS = 100000
MAX_SESSION_BYTES = 16384

# The stages that anybody passes: a session that has no others is as easily had as
# an empty one, and goes as early when there are too many.
NO_PROOFS = (LoginType.DUMMY, LoginType.TERMS)

OPEN, CLAIMED, FINISHED = range(3)


class Session:
    """
    A session as it was when it was asked for.

    @ivar id: 24 characters that nobody can guess.
    @ivar operation: C{(method, path)} that it is for, or C{None}.
    @ivar clientdict: the remembered parameters of the request.
    @ivar creds: what each completed stage proved, by its type.
    @ivar serverdict: what the server keeps with it.
    @ivar finished: whether it has done its work.
    @ivar claimed: whether somebody is at it, see L{ISessionStore.claim}.
    """

    __slots__ = (
        "id",
        "operation",
        "clientdict",
        "creds",
        "serverdict",
        "finished",
        "claimed",
    )

    def __init__(
        self,
        id: str,
        operation: Optional[Operation],
        clientdict: Dict[str, Any],
        creds: Dict[str, Any],
        serverdict: Dict[str, Any],
        finished: bool = False,
        claimed: bool = False,
    ) -> None:
        self.id = id
        self.operation = operation
        self.clientdict = clientdict
        self.creds = creds
        self.serverdict = serverdict
        self.finished = finished
        self.claimed = claimed


class _Kept:
    """
    What the store holds of a session.  A deployment can have a million, so
    what is empty is C{None}.
    """

    __slots__ = (
        "operation",
        "last_used",
        "clientdict",
        "sealed",
        "creds",
        "serverdict",
        "state",
    )

    def __init__(self, operation: Optional[Operation]) -> None:
        self.operation = operation
        self.last_used = 0
        self.clientdict: Optional[Dict[str, Any]] = None
        self.sealed: Optional[bytes] = None
        self.creds: Optional[Dict[str, Any]] = None
        self.serverdict: Optional[Dict[str, Any]] = None
        self.state = OPEN


def _size(*parts: Any) -> int:
    """
    How much memory the parts of a session take, near enough for a limit.

    @raise RecursionError: if they are nested too deep to tell.
    """
    size = 0
    for part in parts:
        if isinstance(part, bytes):
            size += len(part)
        elif part is not None:
            text = json.dumps(part, default=repr, skipkeys=True, check_circular=False)
            # An empty object is two bytes of JSON, and 64 to 232 of memory.
            size += len(text) + 200 * text.count("{")
            size += 60 * (text.count("[") + text.count(","))
    return size


def check_session_size(limit: int, *parts: Any) -> None:
    """
    @param parts: all that a session would hold.
    @raise MatrixError: 413 C{M_TOO_LARGE} if that is more than the limit.
    """
    try:
        fits = _size(*parts) <= limit
    except RecursionError:
        fits = False
    if not fits:
        raise MatrixError(413, "The session would hold too much", Codes.TOO_LARGE)


def unknown_session() -> MatrixError:
    """
    @return: the answer to a change of a session that is not there (any more).
    """
    return MatrixError(400, "Unknown session", Codes.UNKNOWN)


@implementer(ISessionStore)
class MemorySessionStore:
    """
    A dict of sessions with pruning.

    Sessions lie in the order of their last use, so that what has expired is
    always at the front and neither saving nor pruning looks at the rest.  Those
    in which nobody has proved anything yet lie apart: at the cap they go first.

    @param clock: an L{IClock}.
    @param expire_ms: how long after its last use a session is kept.
    @param max_sessions: how many there may be.
    @param max_session_bytes: how much memory one may take, about.
    @param sealer: seals the passwords in them.
    @param reading_is_use: whether a session that is only looked at has been used.
    """

    def __init__(
        self,
        clock: IClock,
        expire_ms: int = SESSION_EXPIRE_MS,
        max_sessions: int = MAX_SESSIONS,
        max_session_bytes: int = MAX_SESSION_BYTES,
        sealer: Optional[Sealer] = None,
        reading_is_use: bool = False,
    ) -> None:
        self._clock = clock
        self._expire_ms = expire_ms
        self._max_sessions = max_sessions
        self._max_session_bytes = max_session_bytes
        self._sealer = Sealer() if sealer is None else sealer
        self._reading_is_use = reading_is_use
        self._unproven: "OrderedDict[str, _Kept]" = OrderedDict()
        self._proven: "OrderedDict[str, _Kept]" = OrderedDict()

    def __len__(self) -> int:
        return len(self._unproven) + len(self._proven)

    def create(
        self,
        operation: Optional[Operation] = None,
        clientdict: Optional[Dict[str, Any]] = None,
        serverdict: Optional[Dict[str, Any]] = None,
    ) -> "Deferred[Session]":
        """
        See L{ISessionStore.create}.
        """
        kept = _Kept(operation)
        # Not copied: whoever makes many alike gives the same one each time.
        kept.serverdict = serverdict
        if clientdict:
            try:
                self._fill(kept, clientdict)
            except MatrixError:
                return fail()
        session_id = secrets.token_urlsafe(18)
        self._unproven[session_id] = kept
        self._touch(self._unproven, session_id, kept)
        return succeed(
            Session(
                session_id,
                operation,
                dict(clientdict or {}),
                {},
                dict(serverdict or {}),
            )
        )

    def get(self, session_id: str) -> "Deferred[Optional[Session]]":
        """
        See L{ISessionStore.get}.
        """
        kept = self._proven.get(session_id) or self._unproven.get(session_id)
        if kept is None or self._expired(kept, self._clock.time_msec()):
            return succeed(None)
        if self._reading_is_use:
            self._touch(self._place_of(session_id), session_id, kept)
        return succeed(
            Session(
                session_id,
                kept.operation,
                self._sealer.unseal(kept.clientdict or {}, kept.sealed),
                dict(kept.creds or {}),
                dict(kept.serverdict or {}),
                kept.state == FINISHED,
                kept.state == CLAIMED,
            )
        )

    def set_clientdict(
        self, session_id: str, clientdict: Dict[str, Any]
    ) -> "Deferred[None]":
        """
        See L{ISessionStore.set_clientdict}.
        """
        return self._change(session_id, lambda kept: self._fill(kept, clientdict))

    def add_cred(
        self, session_id: str, stage_type: str, result: Any
    ) -> "Deferred[None]":
        """
        See L{ISessionStore.add_cred}.
        """

        def add(kept: _Kept) -> None:
            creds = dict(kept.creds or {}, **{stage_type: result})
            self._check_size(kept.clientdict, kept.sealed, creds, kept.serverdict)
            kept.creds = creds
            if session_id in self._unproven and stage_type not in NO_PROOFS:
                self._proven[session_id] = self._unproven.pop(session_id)

        return self._change(session_id, add)

    def set_data(self, session_id: str, key: str, value: Any) -> "Deferred[None]":
        """
        See L{ISessionStore.set_data}.
        """

        def put(kept: _Kept) -> None:
            serverdict = dict(kept.serverdict or {})
            serverdict[key] = value
            self._check_size(kept.clientdict, kept.sealed, kept.creds, serverdict)
            kept.serverdict = serverdict

        return self._change(session_id, put)

    def claim(self, session_id: str) -> "Deferred[bool]":
        """
        See L{ISessionStore.claim}.
        """

        def claim(kept: _Kept) -> bool:
            free = kept.state == OPEN
            if free:
                kept.state = CLAIMED
            return free

        return self._change(session_id, claim)

    def release(self, session_id: str) -> "Deferred[None]":
        """
        See L{ISessionStore.release}.
        """

        def release(kept: _Kept) -> None:
            if kept.state == CLAIMED:
                kept.state = OPEN

        return self._change(session_id, release)

    def finish(self, session_id: str) -> "Deferred[None]":
        """
        See L{ISessionStore.finish}.
        """

        def finish(kept: _Kept) -> None:
            kept.state = FINISHED
            kept.sealed = None

        return self._change(session_id, finish)

    def remove(self, session_id: str) -> "Deferred[None]":
        """
        See L{ISessionStore.remove}.
        """
        self._unproven.pop(session_id, None)
        self._proven.pop(session_id, None)
        return succeed(None)

    def _change(
        self, session_id: str, change: Callable[[_Kept], Any]
    ) -> "Deferred[Any]":
        kept = self._proven.get(session_id) or self._unproven.get(session_id)
        if kept is None or self._expired(kept, self._clock.time_msec()):
            return fail(unknown_session())
        try:
            result = change(kept)
        except MatrixError:
            return fail()
        self._touch(self._place_of(session_id), session_id, kept)
        return succeed(result)

    def _place_of(self, session_id: str) -> "OrderedDict[str, _Kept]":
        return self._proven if session_id in self._proven else self._unproven

    def _fill(self, kept: _Kept, clientdict: Dict[str, Any]) -> None:
        rest, sealed = self._sealer.seal(clientdict)
        self._check_size(rest, sealed, kept.creds, kept.serverdict)
        kept.clientdict, kept.sealed = rest, sealed

    def _check_size(self, *parts: Any) -> None:
        check_session_size(self._max_session_bytes, *parts)

    def _expired(self, kept: _Kept, now: int) -> bool:
        return kept.last_used < now - self._expire_ms

    def _touch(
        self, where: "OrderedDict[str, _Kept]", session_id: str, kept: _Kept
    ) -> None:
        kept.last_used = self._clock.time_msec()
        where.move_to_end(session_id)
        self._prune(kept.last_used)

    def _prune(self, now: int) -> None:
        for sessions in (self._unproven, self._proven):
            while sessions and self._expired(next(iter(sessions.values())), now):
                sessions.popitem(last=False)
        while len(self) > self._max_sessions:
            # The last of the unproven ones is the one that has just come.
            spare = len(self._unproven) > 1 or not self._proven
            (self._unproven if spare else self._proven).popitem(last=False)
