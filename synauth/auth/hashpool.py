"""
Threads for password hashing, and a bound on what waits for them.
"""

import os
import sys
import threading
from collections import deque
from contextlib import suppress
from time import perf_counter
from typing import Any, Callable, Deque, Optional, Tuple

from twisted.internet.defer import Deferred, fail
from twisted.internet.threads import deferToThreadPool
from twisted.python.threadpool import ThreadPool
from zope.interface import implementer

from synauth.errors import LimitExceededError, MatrixError
from synauth.interfaces import IHashPool

MAX_WAITING = 64

# The reactor should never wait for a processor that a hash is using.
_NICENESS = 10

_Job = Tuple["Deferred[Any]", Callable[..., Any], Tuple[Any, ...]]


def _yield_to_the_reactor() -> None:
    """
    Lower this thread's priority, where the system has such a thing for a
    thread (Linux).
    """
    if sys.platform == "linux" and hasattr(threading, "get_native_id"):
        # A sandbox may forbid it.
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)


@implementer(IHashPool)
class HashPool:
    """
    A thread pool of its own, one thread a processor by default, with a bounded
    queue.

    The queue stands on the reactor's side: what has not begun when the reactor
    stops never begins, so that a full queue does not hold up the shutdown.

    @param get_reactor: gives the reactor; asked at the first use.
    @param threads: how many hashes are worked on at once.
    @param max_waiting: how many more may wait.
    @ivar threads: how many hashes are worked on at once.
    @ivar running: how many are now.
    @ivar finished: how many were.
    @ivar seconds: how long those took altogether, in seconds.
    @ivar refused: how many were turned away for a full queue.
    """

    def __init__(
        self,
        get_reactor: Callable[[], Any],
        threads: Optional[int] = None,
        max_waiting: int = MAX_WAITING,
    ) -> None:
        self._get_reactor = get_reactor
        self.threads = threads or os.cpu_count() or 1
        self._max_waiting = max_waiting
        self._waiting: Deque[_Job] = deque()
        self.running = 0
        self.finished = 0
        self.seconds = 0.0
        self.refused = 0
        self._pool: Optional[ThreadPool] = None
        self._stopped = False
        self._lowered = threading.local()

    def run(self, function: Callable[..., Any], *args: Any) -> "Deferred[Any]":
        """
        See L{IHashPool.run}.
        """
        if self._stopped:
            return fail(_shutting_down())
        if self.running >= self.threads and len(self._waiting) >= self._max_waiting:
            self.refused += 1
            return fail(LimitExceededError(1000, "Too many logins at the moment"))
        done: "Deferred[Any]" = Deferred()
        self._waiting.append((done, function, args))
        self._start_jobs()
        return done

    @property
    def waiting(self) -> int:
        """
        How many have not begun.
        """
        return len(self._waiting)

    def refuse(self) -> None:
        """
        Refuse what waits, and whatever comes from now on; finish what is being
        worked on.
        """
        self._stopped = True
        while self._waiting:
            self._waiting.popleft()[0].errback(_shutting_down())

    def stop(self) -> None:
        """
        Refuse what waits, finish what is being worked on, end the threads.
        """
        self.refuse()
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.stop()

    def _start_jobs(self) -> None:
        while self._waiting and self.running < self.threads:
            done, function, args = self._waiting.popleft()
            self.running += 1
            job = deferToThreadPool(
                self._get_reactor(), self._started_pool(), self._work, function, args
            )
            job.addBoth(self._finished, perf_counter())
            job.chainDeferred(done)

    def _started_pool(self) -> ThreadPool:
        if self._pool is None:
            self._pool = ThreadPool(0, self.threads, name="synauth-hash")
            self._pool.start()
            self._get_reactor().addSystemEventTrigger("during", "shutdown", self.stop)
        return self._pool

    def _work(self, function: Callable[..., Any], args: Tuple[Any, ...]) -> Any:
        if not hasattr(self._lowered, "done"):
            self._lowered.done = True
            _yield_to_the_reactor()
        return function(*args)

    def _finished(self, result: Any, begun: float) -> Any:
        self.running -= 1
        self.finished += 1
        self.seconds += perf_counter() - begun
        self._start_jobs()
        return result


def _shutting_down() -> MatrixError:
    return MatrixError(503, "The server is shutting down", headers={"Retry-After": "1"})
