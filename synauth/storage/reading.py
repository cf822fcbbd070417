"""
Reads of a database, on threads, several at a time.

To hand something to a thread and its result back costs more than most reads do.
So what is asked while all threads are busy goes to the next free one in one piece;
where nobody waits, nothing is held back.
"""

from collections import deque
from typing import Any, Callable, Deque, List, Tuple, TypeVar

from twisted.enterprise.adbapi import ConnectionPool
from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThreadPool
from twisted.python.failure import Failure

T = TypeVar("T")

# How many reads go to a thread at once: who is in one piece with a slow one waits
# for it.
MAX_AT_ONCE = 16

_Job = Tuple["Deferred[Any]", Callable[..., Any], Tuple[Any, ...]]


class Readers:
    """
    Threads that read, each with its connection.

    @param reactor: hears of what they have read.
    @param pool: has the threads and their connections.
    @param threads: how many.
    """

    def __init__(self, reactor: Any, pool: ConnectionPool, threads: int) -> None:
        self._reactor = reactor
        self._pool = pool
        self._idle = threads
        self._waiting: Deque[_Job] = deque()

    def read(self, function: Callable[..., T], *args: Any) -> "Deferred[T]":
        """
        @param function: called on a thread with a cursor and C{args}; no
            transaction holds its statements together.
        @return: fires with what it returns.
        """
        answer: "Deferred[T]" = Deferred()
        self._waiting.append((answer, function, args))
        if self._idle:
            self._idle -= 1
            self._start()
        return answer

    def finish(self) -> None:
        """
        Hand over all that waits: the threads are about to be stopped, when they
        have done what they were given.
        """
        while self._waiting:
            self._idle -= 1
            self._start()

    def _start(self) -> None:
        batch = [
            self._waiting.popleft() for _ in range(min(MAX_AT_ONCE, len(self._waiting)))
        ]
        done = deferToThreadPool(self._reactor, self._pool.threadpool, self._run, batch)
        # Where there is not even a connection, nobody has an answer.
        done.addErrback(lambda failure: [failure] * len(batch))
        done.addCallback(self._answer, batch)

    def _run(self, batch: List[_Job]) -> List[Any]:
        """
        On a thread.

        @return: the result of each, or its C{Failure}.
        """
        connection = self._pool.connect()
        return [_result(connection, function, args) for _, function, args in batch]

    def _answer(self, results: List[Any], batch: List[_Job]) -> None:
        # What waits goes first: the thread works while the answers are written.
        if self._waiting:
            self._start()
        else:
            self._idle += 1
        for (answer, _, _), result in zip(batch, results):
            # A Failure calls the errbacks.
            answer.callback(result)


def _result(connection: Any, function: Callable[..., Any], args: Any) -> Any:
    try:
        cursor = connection.cursor()
        try:
            return function(cursor, *args)
        finally:
            cursor.close()
    except Exception:
        return Failure()
