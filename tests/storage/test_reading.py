"""
Tests for L{synauth.storage.reading}.
"""

from typing import Any, Callable, List

from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from synauth.storage.reading import MAX_AT_ONCE, Readers


class Threads:
    """
    A pool whose threads work when they are told to, a reactor that hears of it at
    once, and a database whose cursors are numbers.

    @ivar jobs: what was handed over and is not done.
    @ivar broken: whether there is no connection.
    @ivar open: how many cursors are.
    """

    def __init__(self) -> None:
        self.threadpool = self
        self.jobs: List[Callable[[], None]] = []
        self.broken = False
        self.open = 0

    def callInThreadWithCallback(
        self, on_result: Any, function: Any, *args: Any, **kwargs: Any
    ) -> None:
        """
        Hand something to a thread.
        """

        def work() -> None:
            try:
                result = function(*args, **kwargs)
            except ZeroDivisionError:
                on_result(False, Failure())
            else:
                on_result(True, result)

        self.jobs.append(work)

    def callFromThread(self, function: Any, *args: Any) -> None:
        """
        Tell the reactor.
        """
        function(*args)

    def connect(self) -> "Threads":
        """
        @return: a connection.
        """
        if self.broken:
            raise ZeroDivisionError("no connection")
        return self

    def cursor(self) -> "Threads":
        """
        @return: a cursor.
        """
        self.open += 1
        return self

    def close(self) -> None:
        """
        Close a cursor.
        """
        self.open -= 1

    def work(self) -> None:
        """
        Have the first thread do what it was given.
        """
        self.jobs.pop(0)()


class ReadersTests(SynchronousTestCase):
    """
    L{Readers}, two of them.
    """

    def setUp(self) -> None:
        self.threads = Threads()
        self.readers = Readers(self.threads, self.threads, 2)  # type: ignore[arg-type]

    def read(self, number: int) -> Any:
        """
        Read a number; 0 fails.
        """
        return self.readers.read(lambda cursor, value: 12 // value, number)

    def test_at_once(self) -> None:
        """
        Whoever finds a thread idle does not wait for company.
        """
        first, second = self.read(1), self.read(2)
        self.assertEqual(len(self.threads.jobs), 2)
        self.threads.work()
        self.assertEqual(self.successResultOf(first), 12)
        self.assertNoResult(second)
        self.threads.work()
        self.assertEqual(self.successResultOf(second), 6)
        self.assertEqual(self.threads.open, 0)

    def test_together(self) -> None:
        """
        Those who wait go to the next idle thread together, in their order.
        """
        self.read(1), self.read(1)
        waiting = [self.read(number) for number in (1, 2, 3)]
        self.assertEqual(len(self.threads.jobs), 2)
        self.threads.work()
        self.assertEqual(len(self.threads.jobs), 2)
        self.threads.work()
        self.threads.work()
        self.assertEqual([self.successResultOf(each) for each in waiting], [12, 6, 4])
        # And both threads are idle again.
        self.read(1), self.read(1)
        self.assertEqual(len(self.threads.jobs), 2)

    def test_not_too_many(self) -> None:
        """
        One piece has an end.
        """
        answers = [self.read(1) for _ in range(2 + MAX_AT_ONCE + 1)]
        self.threads.work()
        self.threads.work()
        self.threads.work()
        self.assertNoResult(answers[-1])
        self.successResultOf(answers[-2])
        self.threads.work()
        self.successResultOf(answers[-1])
        self.assertEqual(self.threads.jobs, [])

    def test_failure(self) -> None:
        """
        One that fails is one that fails.
        """
        self.read(1), self.read(1)
        good, bad, other = self.read(1), self.read(0), self.read(2)
        for _ in range(3):
            self.threads.work()
        self.assertEqual(self.successResultOf(good), 12)
        self.failureResultOf(bad, ZeroDivisionError)
        self.assertEqual(self.successResultOf(other), 6)
        self.assertEqual(self.threads.open, 0)

    def test_no_connection(self) -> None:
        """
        Without a connection all fail, and the next ones do not.
        """
        first, second = self.read(1), self.read(2)
        waiting = [self.read(3), self.read(4)]
        self.threads.broken = True
        for _ in range(3):
            self.threads.work()
        for answer in (first, second, *waiting):
            self.failureResultOf(answer, ZeroDivisionError)
        self.threads.broken = False
        again = self.read(6)
        self.threads.work()
        self.assertEqual(self.successResultOf(again), 2)

    def test_asked_by_an_answer(self) -> None:
        """
        Who reads on when there is an answer is served.
        """
        more: List[Any] = []
        self.read(1).addCallback(lambda _: more.append(self.read(2)))
        self.threads.work()
        self.threads.work()
        self.assertEqual(self.successResultOf(more[0]), 6)

    def test_cancelled(self) -> None:
        """
        Who does not wait any more takes nothing from the others.
        """
        self.read(1), self.read(1)
        gone, there = self.read(1), self.read(2)
        gone.cancel()
        self.failureResultOf(gone)
        for _ in range(3):
            self.threads.work()
        self.assertEqual(self.successResultOf(there), 6)

    def test_finish(self) -> None:
        """
        What waits when all ends is handed over first.
        """
        answers = [self.read(1) for _ in range(2 + MAX_AT_ONCE + 1)]
        self.readers.finish()
        self.assertEqual(len(self.threads.jobs), 4)
        while self.threads.jobs:
            self.threads.work()
        for answer in answers:
            self.successResultOf(answer)
