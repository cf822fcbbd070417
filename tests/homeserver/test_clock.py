"""
The daemon's idea of now.
"""

from twisted.internet.task import Clock as ReactorClock
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from synauth.homeserver.clock import Clock
from synauth.interfaces import IClock


class ClockTests(SynchronousTestCase):
    """
    L{Clock}.
    """

    def test_time(self) -> None:
        """
        It tells the reactor's time in whole milliseconds.
        """
        reactor = ReactorClock()
        clock = Clock(reactor)
        verifyObject(IClock, clock)
        self.assertEqual(clock.time_msec(), 0)
        reactor.advance(1500000000.1239)
        self.assertEqual(clock.time_msec(), 1500000000123)
        self.assertIsInstance(clock.time_msec(), int)
