"""
Tests for L{synauth.homeserver.health}.
"""

from typing import Any, List

from twisted.internet.defer import Deferred, fail
from twisted.internet.task import Clock
from twisted.logger import formatEvent, globalLogPublisher
from twisted.trial.unittest import SynchronousTestCase

from synauth.errors import DatabaseUnavailableError
from synauth.homeserver import health as health_module
from synauth.homeserver.health import GOOD_FOR_S, LIMIT_S, Health
from synauth.testing.database import InlineDatabase


class SlowDatabase:
    """
    Answers when it is told to.

    @ivar asked: the questions that are open.
    """

    def __init__(self) -> None:
        self.asked: List["Deferred[None]"] = []

    def read(self, function: Any) -> "Deferred[None]":
        """
        Take a question.
        """
        self.asked.append(Deferred())
        return self.asked[-1]


class HealthTests(SynchronousTestCase):
    """
    L{Health}.
    """

    def setUp(self) -> None:
        """
        Start with nobody having asked.
        """
        self.clock = Clock()
        self.database: Any = SlowDatabase()
        self.health = Health(self.database, self.clock)
        events: List[Any] = []
        globalLogPublisher.addObserver(events.append)
        self.addCleanup(globalLogPublisher.removeObserver, events.append)
        self.events = events

    def said(self) -> List[str]:
        """
        @return: the lines of the log.
        """
        name = health_module.__name__
        return [formatEvent(e) for e in self.events if e["log_namespace"] == name]

    def test_real_database(self) -> None:
        """
        A database that is open answers, one that is closed does not.
        """
        database = InlineDatabase()
        health = Health(database, self.clock)
        self.assertIs(self.successResultOf(health.ready()), True)
        database.close()
        self.assertIs(self.successResultOf(health.ready()), True)
        self.clock.advance(GOOD_FOR_S)
        self.assertIs(self.successResultOf(health.ready()), False)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_one_question(self) -> None:
        """
        However many ask, the database is asked once, and its answer is for all
        of them and for those who come within a second.
        """
        waiting = [self.health.ready() for _ in range(1000)]
        self.assertEqual(len(self.database.asked), 1)
        self.database.asked[0].callback(None)
        waiting += [self.health.ready() for _ in range(1000)]
        self.assertEqual({self.successResultOf(w) for w in waiting}, {True})
        self.assertEqual(len(self.database.asked), 1)
        self.clock.advance(GOOD_FOR_S)
        self.assertNoResult(self.health.ready())
        self.assertEqual(len(self.database.asked), 2)

    def test_hangs(self) -> None:
        """
        Who asks a database that hangs is told so in time; it is not asked a
        second time, and is believed when it answers at last.
        """
        first = self.health.ready()
        self.clock.advance(LIMIT_S - 0.5)
        second = self.health.ready()
        self.assertNoResult(first)
        self.clock.advance(0.5)
        for answer in (first, second, self.health.ready()):
            self.assertIs(self.successResultOf(answer), False)
        self.clock.advance(100)
        self.assertIs(self.successResultOf(self.health.ready()), False)
        self.assertEqual(len(self.database.asked), 1)
        self.database.asked[0].callback(None)
        self.assertIs(self.successResultOf(self.health.ready()), True)
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.assertEqual(len(self.said()), 2, self.said())

    def test_fails(self) -> None:
        """
        An error is as good as no answer, and is told once.
        """
        for error in (DatabaseUnavailableError(1), ZeroDivisionError()) * 2:
            self.database.read = lambda function, error=error: fail(error)
            self.assertIs(self.successResultOf(self.health.ready()), False)
            self.clock.advance(GOOD_FOR_S)
        self.assertEqual(len(self.said()), 1, self.said())

    def test_stopped(self) -> None:
        """
        A daemon that is being stopped is not ready, whatever the database says,
        and nobody who asked before has to wait.
        """
        waiting = self.health.ready()
        self.health.stop()
        self.assertTrue(self.health.stopped)
        self.assertIs(self.successResultOf(waiting), False)
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.database.asked[0].callback(None)
        self.clock.advance(GOOD_FOR_S)
        self.assertIs(self.successResultOf(self.health.ready()), False)
        self.health.stop()
        self.assertEqual(len(self.database.asked), 1)
