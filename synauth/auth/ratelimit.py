"""
Limits on how often something may happen to one key: an address, an account.
"""

import ipaddress
import math
from collections import OrderedDict

from zope.interface import implementer

from synauth.errors import LimitExceededError
from synauth.interfaces import IClock, IRateLimiter

# What adding up floats may be off by, in milliseconds.
_ROUNDING_MS = 0.001


def address_key(address: str) -> str:
    """
    @param address: a client's address.
    @return: the key for what its owner does: the address, or the /64 of an
        IPv6 one, for whoever has one address of it has them all.
    """
    if ":" not in address:
        return address
    try:
        number = ipaddress.IPv6Address(address)
    except ValueError:
        return address
    if number.ipv4_mapped:
        return str(number.ipv4_mapped)
    network = ipaddress.IPv6Address(int(number) >> 64 << 64)
    return "%s/64" % network


@implementer(IRateLimiter)
class RateLimiter:
    """
    A leaky bucket for each key: C{burst_count} actions at once, and one more
    each C{1 / per_second} seconds.

    All that is kept of a key is when its bucket will have run empty.  Keys
    whose bucket is empty are forgotten, two at most with each action counted,
    so that no action pays for all.

    @ivar refused: how many actions were.
    """

    def __init__(
        self,
        clock: IClock,
        per_second: float,
        burst_count: int,
        max_keys: int = 100000,
    ) -> None:
        """
        @param clock: tells the time.
        @param per_second: how fast a bucket empties; 0 for never.
        @param burst_count: how many actions fill it.
        @param max_keys: how many keys are remembered; beyond it the one that
            was least recently used is forgotten.
        """
        self._clock = clock
        self._start_ms = clock.time_msec()
        self._refills = per_second > 0
        # Without refilling, time stands still and an action takes any time.
        self._action_ms = 1000.0 / per_second if self._refills else 1.0
        self._bucket_ms = burst_count * self._action_ms
        self._max_keys = max_keys
        self._empty_at: "OrderedDict[str, float]" = OrderedDict()
        self.refused = 0

    def check(self, key: str) -> None:
        """
        See L{IRateLimiter.check}.
        """
        self._after_one_more(key, self._now_ms())

    def hit(self, key: str) -> None:
        """
        See L{IRateLimiter.hit}.
        """
        now = self._now_ms()
        self._empty_at[key] = self._after_one_more(key, now)
        self._empty_at.move_to_end(key)
        self._prune(now)

    def refund(self, key: str) -> None:
        """
        See L{IRateLimiter.refund}.
        """
        empty_at = self._empty_at.get(key)
        if empty_at is None:
            return
        if empty_at - self._action_ms > self._now_ms():
            self._empty_at[key] = empty_at - self._action_ms
        else:
            del self._empty_at[key]

    def __len__(self) -> int:
        """
        @return: how many keys are remembered.
        """
        return len(self._empty_at)

    def _now_ms(self) -> float:
        # Counted from the start: small floats are exact ones.
        return float(self._clock.time_msec() - self._start_ms) if self._refills else 0.0

    def _after_one_more(self, key: str, now: float) -> float:
        """
        @return: when the bucket will be empty if it takes an action now.
        @raise LimitExceededError: if it can't.
        """
        # No bucket holds more than it can, even if the clock was put back.
        empty_at = min(self._empty_at.get(key, now), now + self._bucket_ms)
        empty_at = max(empty_at, now) + self._action_ms
        over = empty_at - self._bucket_ms - now
        if over > _ROUNDING_MS:
            if key in self._empty_at:
                self._empty_at.move_to_end(key)
            self.refused += 1
            wait_ms = max(1, math.ceil(over - _ROUNDING_MS))
            raise LimitExceededError(wait_ms if self._refills else None)
        return empty_at

    def _prune(self, now: float) -> None:
        for _ in range(2):
            key = next(iter(self._empty_at))
            if self._empty_at[key] > now and len(self._empty_at) <= self._max_keys:
                return
            del self._empty_at[key]
            if not self._empty_at:
                return
