"""
Whether requests are well placed here: what a load balancer asks.
"""

from typing import Any, List, Optional

from twisted.internet.defer import Deferred, succeed
from twisted.logger import Logger
from twisted.python.failure import Failure

from synauth.interfaces import IDatabase
from synauth.storage.migrations import VERSION_TABLE

_log = Logger()

# How long the database may take for its answer, in seconds.
LIMIT_S = 2

# For how long an answer of its counts, in seconds.
GOOD_FOR_S = 1


class Health:
    """
    Knows whether the daemon is ready: the database answers, and nobody is
    stopping us.

    The database is asked at most once at a time and once in L{GOOD_FOR_S},
    however many want to know; while it takes too long over one question, it is
    not asked another.

    @param database: the L{IDatabase}.
    @param reactor: the time, and time limits.
    """

    def __init__(self, database: IDatabase, reactor: Any) -> None:
        self._database = database
        self._reactor = reactor
        self._stopped = False
        # What came of the last question, and until when that counts.
        self._ready = True
        self._good_until = float("-inf")
        self._asking = False
        self._limit: Any = None
        self._waiting: List["Deferred[bool]"] = []

    @property
    def stopped(self) -> bool:
        """
        Whether L{stop} was called.
        """
        return self._stopped

    def stop(self) -> None:
        """
        The daemon is being stopped: from now on it is not ready.
        """
        self._stopped = True
        self._tell()

    def ready(self) -> "Deferred[bool]":
        """
        @return: a Deferred that fires within L{LIMIT_S} with whether requests
            can be served.
        """
        if self._stopped:
            return succeed(False)
        if not self._asking and self._reactor.seconds() >= self._good_until:
            self._ask()
        if self._limit is None:
            return succeed(self._ready)
        answer: "Deferred[bool]" = Deferred()
        self._waiting.append(answer)
        return answer

    def _ask(self) -> None:
        self._asking = True
        self._limit = self._reactor.callLater(LIMIT_S, self._too_late)
        asked = self._database.read(_look)
        asked.addCallbacks(self._answered, self._failed)

    def _answered(self, result: None) -> None:
        if not self._ready:
            _log.info("The database answers again: ready")
        self._settle(True)

    def _failed(self, reason: Failure) -> None:
        self._noticed(reason.getErrorMessage())
        self._settle(False)

    def _settle(self, ready: bool) -> None:
        self._asking = False
        self._ready = ready
        self._good_until = self._reactor.seconds() + GOOD_FOR_S
        self._tell()

    def _too_late(self) -> None:
        # The question is still open: whoever comes next is told the same.
        self._limit = None
        self._noticed("no answer within %d s" % (LIMIT_S,))
        self._ready = False
        self._tell()

    def _noticed(self, why: Optional[str]) -> None:
        # A line when it begins, not one for each time that somebody asks.
        if self._ready:
            _log.warn("Not ready, the database does not answer: {why}", why=why)

    def _tell(self) -> None:
        limit, self._limit = self._limit, None
        if limit is not None:
            limit.cancel()
        waiting, self._waiting = self._waiting, []
        for answer in waiting:
            answer.callback(self._ready and not self._stopped)


def _look(txn: Any) -> None:
    # A table of ours: a constant would not say that the database is still there.
    txn.execute("SELECT version FROM %s" % VERSION_TABLE)
    txn.fetchone()
