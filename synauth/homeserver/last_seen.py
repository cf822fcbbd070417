"""
When and from where each device was here last, without a write for every
request.
"""

from collections import OrderedDict
from typing import Any, Optional, Tuple

from twisted.logger import Logger

from synauth.homeserver.logins import Requester
from synauth.interfaces import IClock, IDeviceStore

_log = Logger()

# What is kept of a device is at most this old while it is used.
GRANULARITY_MS = 2 * 60 * 1000

MAX_DEVICES = 100000


class LastSeen:
    """
    Notes that devices are here.

    @param store: an L{IDeviceStore}.
    @param clock: an L{IClock}.
    @param max_devices: how many are remembered; one that was forgotten is
        noted again the next time.
    """

    def __init__(
        self, store: IDeviceStore, clock: IClock, max_devices: int = MAX_DEVICES
    ) -> None:
        self._store = store
        self._clock = clock
        self._max_devices = max_devices
        # In the order of the notes.
        self._noted: "OrderedDict[Tuple[str, str], int]" = OrderedDict()

    def note(
        self, requester: Requester, address: str, user_agent: Optional[str]
    ) -> None:
        """
        Somebody makes a request.  What is written for it is written in the
        background: if that fails, the request does not.

        @param address: where from.
        @param user_agent: what the client calls itself.
        """
        if requester.device_id is None:
            return
        key = (requester.user_id, requester.device_id)
        now = self._clock.time_msec()
        noted = self._noted.get(key)
        if noted is not None and 0 <= now - noted < GRANULARITY_MS:
            return
        self._noted[key] = now
        self._noted.move_to_end(key)
        if len(self._noted) > self._max_devices:
            self._noted.popitem(last=False)
        self._store.record_device_seen(*key, now, address, user_agent).addErrback(
            _log_failure
        )


def _log_failure(failure: Any) -> None:
    _log.warn("A device's last visit was not kept: {why}", why=failure.type.__name__)
