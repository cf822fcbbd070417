"""
The daemon's idea of now.
"""

from twisted.internet.interfaces import IReactorTime
from zope.interface import implementer

from synauth.interfaces import IClock


@implementer(IClock)
class Clock:
    """
    The reactor's time.

    @param reactor: an L{IReactorTime}; a C{task.Clock} in tests.
    """

    def __init__(self, reactor: IReactorTime) -> None:
        self._reactor = reactor

    def time_msec(self) -> int:
        """
        See L{IClock.time_msec}.
        """
        return int(self._reactor.seconds() * 1000)
