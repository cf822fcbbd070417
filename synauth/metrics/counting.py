"""
What is counted only where there are metrics.

Everything that clients choose has a place in a closed set of names, or is
C{other}: who asks for a million paths makes no million series.
"""

from bisect import bisect_left
from collections import Counter
from typing import Any, Callable, Dict, List, Optional, Tuple
from typing import Counter as CounterType

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.python.failure import Failure
from zope.interface import implementer

from synauth.constants import LoginType
from synauth.interfaces import IAuditLog, IDatabase

OTHER = "other"

# The upper bounds of the classes of durations, in seconds.
BOUNDS_S = (0.001, 0.005, 0.025, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)

_HTTP_METHODS = {
    name.encode("ascii"): name
    for name in ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH")
}

# What the audit log calls what is done, besides login types and modules' names.
DEEDS = frozenset(
    [
        "register",
        "shared_secret",
        "refresh",
        "logout",
        "logout_all",
        "get_login_token",
        "change_password",
        "delete_device",
        "deactivate",
        "add_threepid",
        "delete_threepid",
        "admin.put_user",
        "admin.create_user",
        "admin.modify_user",
        "admin.deactivate",
        "admin.reset_password",
        "admin.log_in_as",
        "admin.suspend",
        "admin.lock",
    ]
)

_LOGIN_TYPES = frozenset(
    value for name, value in vars(LoginType).items() if name.isupper()
)

# Reasons are our own words, or modules'.
MAX_REASONS = 100


class RequestCounts:
    """
    Requests, and how long they took.

    @ivar counts: by endpoint, method and status.
    @ivar durations: by endpoint: how many fell into each class of L{BOUNDS_S} and
        beyond, and their sum in seconds, last.
    """

    def __init__(self) -> None:
        self.counts: CounterType[Tuple[str, str, int]] = Counter()
        self.durations: Dict[str, List[float]] = {}

    def add(self, endpoint: str, method: bytes, status: int, seconds: float) -> None:
        """
        @param endpoint: a route's path.
        @param method: the HTTP method, whatever it is.
        @param status: of the answer.
        @param seconds: from the end of the request to that of the answer.
        """
        self.counts[endpoint, _HTTP_METHODS.get(method, OTHER), status] += 1
        durations = self.durations.get(endpoint)
        if durations is None:
            durations = self.durations[endpoint] = [0.0] * (len(BOUNDS_S) + 2)
        durations[bisect_left(BOUNDS_S, seconds)] += 1
        durations[-1] += seconds


@implementer(IAuditLog)
class CountingAuditLog:
    """
    An audit log that counts outcomes.

    @param audit: the L{IAuditLog} that keeps them.
    @param is_known: whether a login type or stage is one of a module's, or the
        name of a module.
    @ivar counts: by method, and by reason, C{""} for a success.
    """

    def __init__(self, audit: IAuditLog, is_known: Callable[[str], bool]) -> None:
        self._audit = audit
        self._is_known = is_known
        self.counts: CounterType[Tuple[str, str]] = Counter()
        self._reasons: Dict[str, None] = {}

    def record(
        self,
        success: bool,
        method: str,
        reason: Optional[str],
        user_id: Optional[str],
        address: str,
        user_agent: Optional[str],
        device_id: Optional[str],
        actor: Optional[str] = None,
    ) -> None:
        """
        See L{IAuditLog.record}.
        """
        self.counts[self._method(method), self._reason(success, reason)] += 1
        self._audit.record(
            success, method, reason, user_id, address, user_agent, device_id, actor
        )

    def _method(self, method: str) -> str:
        if method in _LOGIN_TYPES or method in DEEDS or self._is_known(method):
            return method
        return OTHER

    def _reason(self, success: bool, reason: Optional[str]) -> str:
        if success:
            return ""
        reason = reason or OTHER
        if reason not in self._reasons:
            if len(self._reasons) >= MAX_REASONS:
                return OTHER
            self._reasons[reason] = None
        return reason


@implementer(IDatabase)
class CountingDatabase:
    """
    A database whose transactions are counted.

    @param database: the L{IDatabase}.
    @param reactor: the time.
    @ivar pending: how many are being worked on or waited for.
    @ivar counts: how many have ended, by kind (C{read}, C{write}) and by whether
        they went well.  A refusal that a transaction itself decides on is one
        that did not.
    @ivar seconds: how long they took, waiting included, by kind.
    """

    def __init__(self, database: IDatabase, reactor: IReactorTime) -> None:
        self._database = database
        self._reactor = reactor
        self.pending = 0
        self.counts: CounterType[Tuple[str, bool]] = Counter()
        self.seconds = {"read": 0.0, "write": 0.0}

    @property
    def engine(self) -> Any:
        """
        See L{IDatabase.engine}.
        """
        return self._database.engine

    @property
    def news(self) -> Any:
        """
        See L{IDatabase.news}.
        """
        return self._database.news

    @property
    def retries(self) -> int:
        """
        How often a transaction was tried again.
        """
        return getattr(self._database, "retries", 0)

    def start(self) -> None:
        """
        See L{IDatabase.start}.
        """
        self._database.start()

    def close(self) -> None:
        """
        See L{IDatabase.close}.
        """
        self._database.close()

    def read(self, function: Callable[..., Any], *args: Any) -> "Deferred[Any]":
        """
        See L{IDatabase.read}.
        """
        return self._counted("read", self._database.read(function, *args))

    def write(self, function: Callable[..., Any], *args: Any) -> "Deferred[Any]":
        """
        See L{IDatabase.write}.
        """
        return self._counted("write", self._database.write(function, *args))

    def _counted(self, kind: str, asked: "Deferred[Any]") -> "Deferred[Any]":
        self.pending += 1
        return asked.addBoth(self._ended, kind, self._reactor.seconds())

    def _ended(self, result: Any, kind: str, begun_s: float) -> Any:
        self.pending -= 1
        self.seconds[kind] += self._reactor.seconds() - begun_s
        self.counts[kind, not isinstance(result, Failure)] += 1
        return result
