"""
Chores.
"""

from typing import Any, List

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from synauth.errors import DatabaseUnavailableError
from synauth.homeserver.housekeeping import INTERVAL_S, Housekeeping


class HousekeepingTests(SynchronousTestCase):
    """
    L{Housekeeping}.
    """

    def setUp(self) -> None:
        """
        Start with chores that note that they are done.
        """
        self.clock = Clock()
        self.done: List[str] = []
        self.trouble: List[Exception] = []
        self.waiting: "Deferred[None]" = Deferred()
        self.service = Housekeeping(
            self.clock, [self.fail_now, self.wait, lambda: self.done.append("last")]
        )
        self.service.startService()

    def fail_now(self) -> None:
        """
        Do nothing, or fail.
        """
        self.done.append("first")
        if self.trouble:
            raise self.trouble.pop()

    def wait(self) -> Any:
        """
        Take a while.
        """
        return self.waiting

    def test_rounds(self) -> None:
        """
        Chores are done once a minute, one after the other, and a round that
        takes longer is not overtaken.
        """
        self.assertEqual(self.done, [])
        self.clock.advance(INTERVAL_S)
        self.assertEqual(self.done, ["first"])
        self.clock.advance(3 * INTERVAL_S)
        self.waiting.callback(None)
        self.assertEqual(self.done, ["first", "last"])
        self.clock.advance(INTERVAL_S)
        self.assertEqual(self.done, ["first", "last"] * 2)
        self.service.stopService()
        self.clock.advance(INTERVAL_S)
        self.assertEqual(len(self.done), 4)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_failure(self) -> None:
        """
        A chore that fails, for the database's sake or for its own, keeps nobody
        from the others, nor from the next round.
        """
        self.waiting.callback(None)
        self.trouble = [ZeroDivisionError(), DatabaseUnavailableError(1)]
        for _ in range(3):
            self.clock.advance(INTERVAL_S)
        self.assertEqual(self.done, ["first", "last"] * 3)
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)
