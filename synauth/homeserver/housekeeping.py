"""
What has to be done now and then, whoever asks for what.
"""

from typing import Any, Callable, Sequence

from twisted.application.service import Service
from twisted.internet.defer import inlineCallbacks
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

from synauth.awaiting import Steps, awaiting
from synauth.errors import MatrixError

_log = Logger()

INTERVAL_S = 60


class Housekeeping(Service):
    """
    Does the chores once a minute.

    @param reactor: tells the time.
    @param chores: each is called without arguments and may give a Deferred.
    """

    def __init__(self, reactor: Any, chores: Sequence[Callable[[], Any]]) -> None:
        self._chores = chores
        # It waits for one round to be over before it begins another.
        self._round = LoopingCall(self._do_all)
        self._round.clock = reactor

    def startService(self) -> None:
        """
        Begin, with the first round in a minute.
        """
        super().startService()
        self._round.start(INTERVAL_S, now=False)

    def stopService(self) -> None:
        """
        Begin no other round.
        """
        super().stopService()
        self._round.stop()

    @inlineCallbacks
    def _do_all(self) -> Steps[None]:
        for chore in self._chores:
            try:
                yield awaiting(chore)
            except MatrixError as error:
                # The database is away, which is told elsewhere.
                _log.debug("A chore was left undone: {error}", error=error)
            except Exception:
                _log.failure("A chore failed")
