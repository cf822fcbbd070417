"""
The threads that passwords are hashed on.
"""

import os
import subprocess
import sys
import threading
from typing import Any, Callable, List, Tuple
from unittest import TestResult

from twisted.internet import reactor
from twisted.internet.defer import Deferred, gatherResults, inlineCallbacks
from twisted.trial.unittest import SynchronousTestCase, TestCase
from zope.interface import implementer

from synauth.auth.hashpool import HashPool
from synauth.errors import LimitExceededError, MatrixError
from synauth.interfaces import IHashPool
from synauth.testing.passwords import InlineHashPool, make_ihashpool_tests


def threaded_pool(case: TestCase) -> HashPool:
    """
    @return: a pool of two threads that ends with the test.
    """
    pool = HashPool(lambda: reactor, 2)
    case.addCleanup(pool.stop)
    return pool


class HashPoolContractTests(make_ihashpool_tests(threaded_pool)):
    """
    The pool with threads.
    """


class InlineHashPoolContractTests(make_ihashpool_tests(lambda case: InlineHashPool())):
    """
    The pool without.
    """


@implementer(IHashPool)
class OneShotPool(InlineHashPool):
    """
    Breaks at the first failure.
    """

    def run(self, function: Callable[..., Any], *args: Any) -> "Deferred[Any]":
        """
        Broken.
        """
        if self.ran:
            raise RuntimeError("broken")
        return super().run(function, *args)


class BrokenPoolTests(SynchronousTestCase):
    """
    The tests of the contract.
    """

    def test_broken(self) -> None:
        """
        A pool that breaks the contract does not pass.
        """
        result = TestResult()
        make_ihashpool_tests(lambda case: OneShotPool())("test_failure").run(result)
        self.assertFalse(result.wasSuccessful())


class ManualReactor:
    """
    Runs what threads hand over when it is told to.
    """

    def __init__(self) -> None:
        self.triggers: List[Tuple[Any, ...]] = []

    def callFromThread(self, function: Callable[..., Any], *args: Any) -> None:
        """
        A job is done: the tests that use this reactor never look.
        """

    def addSystemEventTrigger(self, *args: Any) -> None:
        """
        Note it.
        """
        self.triggers.append(args)


class HashPoolTests(TestCase):
    """
    What is not in the contract.
    """

    def setUp(self) -> None:
        """
        Make a pool of one thread in which two may wait, and something that
        takes as long as it is told to.
        """
        self.pool = HashPool(lambda: reactor, 1, 2)
        self.gate = threading.Event()
        self.addCleanup(self.pool.stop)
        self.addCleanup(self.gate.set)

    def block(self) -> "Deferred[Any]":
        """
        Keep a thread busy until the gate is opened.
        """
        return self.pool.run(self.gate.wait, 30)

    @inlineCallbacks
    def test_not_on_the_reactors_thread(self) -> Any:
        """
        Work is done on another thread, and that is not one of the reactor's
        own pool.
        """
        thread = yield self.pool.run(threading.current_thread)
        self.assertIsNot(thread, threading.current_thread())
        self.assertNotIn(thread, reactor.getThreadPool().threads)

    @inlineCallbacks
    def test_bounded(self) -> Any:
        """
        What is too much is turned away at once; the rest is done in order.
        """
        done: List[int] = []
        jobs = [self.block()]
        jobs += [self.pool.run(done.append, n) for n in range(2)]
        error = self.failureResultOf(
            self.pool.run(done.append, 2), LimitExceededError
        ).value
        self.assertEqual((error.code, error.retry_after_ms), (429, 1000))
        self.gate.set()
        yield gatherResults(jobs)
        self.assertEqual(done, [0, 1])
        yield self.pool.run(done.append, 3)
        self.assertEqual(done, [0, 1, 3])

    @inlineCallbacks
    def test_at_once(self) -> Any:
        """
        As many are worked on at once as there are threads.
        """
        pool = HashPool(lambda: reactor, 3)
        self.addCleanup(pool.stop)
        barrier = threading.Barrier(3)
        yield gatherResults([pool.run(barrier.wait, 30) for _ in range(3)])

    @inlineCallbacks
    def test_stop(self) -> Any:
        """
        Stopping refuses what waits and what comes, finishes what was begun,
        and leaves no thread behind.
        """
        thread = yield self.pool.run(threading.current_thread)
        running = self.block()
        waiting = self.pool.run(divmod, 1, 1)
        self.gate.set()
        self.pool.stop()
        self.pool.stop()
        self.assertFalse(thread.is_alive())
        for refused in (waiting, self.pool.run(divmod, 1, 1)):
            error = self.failureResultOf(refused, MatrixError).value
            self.assertEqual(error.code, 503)
            self.assertEqual(error.headers, {"Retry-After": "1"})
        result = yield running
        self.assertIs(result, True)

    def test_stop_before_use(self) -> None:
        """
        A pool that was never used is stopped as well, and stays so.
        """
        self.pool.stop()
        self.failureResultOf(self.pool.run(divmod, 1, 1), MatrixError)

    def test_ends_with_the_reactor(self) -> None:
        """
        The first use, and no other, asks the reactor to be told of its end.
        """
        fake = ManualReactor()
        pool = HashPool(lambda: fake, 1)
        self.assertEqual(fake.triggers, [])
        pool.run(divmod, 1, 1)
        waiting = pool.run(divmod, 1, 1)
        self.assertEqual(fake.triggers, [("during", "shutdown", pool.stop)])
        fake.triggers[0][2]()
        self.failureResultOf(waiting, MatrixError)
        self.assertEqual([t for t in threading.enumerate() if "synauth" in t.name], [])

    def test_default_size(self) -> None:
        """
        There is a thread a processor, unless told otherwise.
        """
        self.assertEqual(HashPool(lambda: None).threads, os.cpu_count())
        self.assertEqual(HashPool(lambda: None, 0).threads, os.cpu_count())

    def test_priority(self) -> None:
        """
        The reactor's own thread keeps its priority.
        """
        before = os.getpriority(os.PRIO_PROCESS, 0)
        self.addCleanup(
            lambda: self.assertEqual(os.getpriority(os.PRIO_PROCESS, 0), before)
        )
        return self.pool.run(divmod, 1, 1)

    def test_a_process_ends(self) -> None:
        """
        A process whose queue is full ends with its reactor, not with its
        queue.
        """
        program = (
            "import time\n"
            "from twisted.internet import reactor\n"
            "from synauth.auth.hashpool import HashPool\n"
            "pool = HashPool(lambda: reactor, 1, 100)\n"
            "refused = []\n"
            "for _ in range(50):\n"
            "    pool.run(time.sleep, 0.2).addErrback(refused.append)\n"
            "reactor.callLater(0.05, reactor.stop)\n"
            "reactor.run()\n"
            "print(len(refused))\n"
        )
        printed = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", program],
            stdout=subprocess.PIPE,
            timeout=60,
            env=dict(os.environ, PYTHONPATH=os.pathsep.join(sys.path)),
        ).stdout
        self.assertEqual(printed.split(), [b"49"])
