"""
Nonces: numbers that prove that a request is new.
"""

import secrets
from collections import OrderedDict

from synauth.interfaces import IClock

NONCE_TIMEOUT_MS = 60 * 1000
MAX_NONCES = 10000


class Nonces:
    """
    Numbers that are good once, for a minute.

    @param clock: an L{IClock}.
    """

    def __init__(self, clock: IClock) -> None:
        self._clock = clock
        self._made_at: "OrderedDict[str, int]" = OrderedDict()

    def make(self) -> str:
        """
        @return: a new one.
        """
        nonce = secrets.token_hex(32)
        self._made_at[nonce] = self._clock.time_msec()
        while self._expired(next(iter(self._made_at.values()))):
            self._made_at.popitem(last=False)
        if len(self._made_at) > MAX_NONCES:
            self._made_at.popitem(last=False)
        return nonce

    def spend(self, nonce: str) -> bool:
        """
        @return: whether it was good.
        """
        made_at = self._made_at.pop(nonce, None)
        return made_at is not None and not self._expired(made_at)

    def _expired(self, made_at: int) -> bool:
        return made_at + NONCE_TIMEOUT_MS <= self._clock.time_msec()
