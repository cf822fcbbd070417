"""
Limits, and nonces that are good once, where several processes serve the same
users: counted and spent in the database.
"""

import hashlib
import hmac
import math
import secrets

from twisted.internet.defer import Deferred, inlineCallbacks, succeed
from zope.interface import implementer

from synauth.auth.settings import RateLimit
from synauth.awaiting import Steps
from synauth.errors import LimitExceededError
from synauth.homeserver.nonces import NONCE_TIMEOUT_MS
from synauth.interfaces import IClock, IDatabase, IRateLimiter
from synauth.storage.rate_limits import hit, prune_rate_limits, refund
from synauth.storage.spent import spend

# How many rows are removed in one transaction, and in one call.
_BATCH = 200
_BATCHES = 25


@implementer(IRateLimiter)
class SharedRateLimiter:
    """
    A leaky bucket for each key, in the database: C{burst_count} actions at once,
    and one more each C{1 / per_second} seconds.

    @param database: an open one.
    @param clock: an L{IClock}; those of all processes should agree.
    @param name: what is limited; others' buckets are not touched.
    @param rate: the limit.
    @ivar refused: how many actions were, by this process.
    """

    def __init__(
        self, database: IDatabase, clock: IClock, name: str, rate: RateLimit
    ) -> None:
        self._database = database
        self._clock = clock
        self._name = name
        self._action_ms = 1000.0 / rate.per_second
        self._bucket_ms = rate.burst_count * self._action_ms
        self.refused = 0

    @inlineCallbacks
    def hit(self, key: str) -> Steps[None]:
        """
        See L{IRateLimiter.hit}.
        """
        wait_ms = yield self._database.write(
            hit, self._bucket(key), self._now(), self._action_ms, self._bucket_ms
        )
        if wait_ms is not None:
            self.refused += 1
            raise LimitExceededError(max(1, math.ceil(wait_ms)))

    def refund(self, key: str) -> "Deferred[None]":
        """
        See L{IRateLimiter.refund}.
        """
        return self._database.write(
            refund, self._bucket(key), self._now(), self._action_ms
        )

    @inlineCallbacks
    def check(self, key: str) -> Steps[None]:
        """
        See L{IRateLimiter.check}.
        """
        yield self.hit(key)
        yield self.refund(key)

    @inlineCallbacks
    def prune(self) -> Steps[None]:
        """
        Forget what does not count any more, a bounded number of rows.
        """
        for _ in range(_BATCHES):
            pruned = yield self._database.write(prune_rate_limits, self._now(), _BATCH)
            if pruned < _BATCH:
                return

    def _bucket(self, key: str) -> str:
        # Keys are what anybody sends: of any length, and of any characters.
        named = ("%s %s" % (self._name, key)).encode("utf-8", "surrogatepass")
        return hashlib.sha256(named).hexdigest()

    def _now(self) -> float:
        return float(self._clock.time_msec())


class SharedNonces:
    """
    Nonces that any process can give out and any other can take: they say
    themselves when they were made, signed, and that one was used stands in the
    database.

    @param database: an open one.
    @param clock: an L{IClock}.
    @param key: signs them; the same in all processes.
    """

    def __init__(self, database: IDatabase, clock: IClock, key: bytes) -> None:
        self._database = database
        self._clock = clock
        self._key = key

    def make(self) -> str:
        """
        @return: a new one: 64 hexadecimal digits.
        """
        made_at = self._clock.time_msec().to_bytes(8, "big")
        said = made_at + secrets.token_bytes(12)
        return (said + self._signature(said)).hex()

    def spend(self, nonce: str) -> "Deferred[bool]":
        """
        @return: fires with whether it was good.
        """
        try:
            raw = bytes.fromhex(nonce)
        except ValueError:
            return succeed(False)
        said, signature = raw[:-12], raw[-12:]
        if len(raw) != 32 or raw.hex() != nonce:
            return succeed(False)
        if not hmac.compare_digest(self._signature(said), signature):
            return succeed(False)
        expires = int.from_bytes(said[:8], "big") + NONCE_TIMEOUT_MS
        if expires <= self._clock.time_msec():
            return succeed(False)
        return self._database.write(spend, "nonce " + nonce, expires)

    def _signature(self, said: bytes) -> bytes:
        return hmac.new(self._key, said, hashlib.sha256).digest()[:12]
