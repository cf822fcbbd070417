"""
The limits on logins that the host's settings ask for, if they do.
"""

from collections import Counter
from typing import Any, Callable, Dict, Optional, Tuple

from twisted.internet.defer import Deferred
from zope.interface import implementer

from synauth.auth.login import limited
from synauth.auth.ratelimit import RateLimiter
from synauth.awaiting import awaiting
from synauth.identifiers import limit_key
from synauth.interfaces import IClock, IRateLimiter

_ACCOUNT = "rc_login_account"
_FAILED = "rc_login_failed_attempts"

_Rates = Tuple[float, int]


class HostLimits:
    """
    How often an account may be logged in to, and how often somebody may be wrong
    about it.  The settings are read at each use, because hosts change them.

    @param config: the host's settings.
    @param clock: the host's clock.
    @ivar unanswered: as many attempts of a user as may fail; for those that count
        nowhere else.
    """

    def __init__(self, config: Any, clock: IClock) -> None:
        self._config = config
        self._clock = clock
        self._made: Dict[Tuple[str, str], Tuple[_Rates, RateLimiter]] = {}
        self._under_way: "Counter[str]" = Counter()
        self.unanswered = _HostLimit(lambda: self._limiter(_FAILED, "unanswered"))

    def count_login(self, user_id: str) -> None:
        """
        Count a login, unless there were too many wrong ones.

        @param user_id: a full user id, as typed.
        @raise synauth.errors.LimitExceededError: if it is too early.
        """
        self._check_failed(limit_key(user_id))
        self._hit_account(limit_key(user_id))

    def count_look_up(self, user_id: str) -> None:
        """
        Count a question for an account, as a login; but where an attempt is under
        way it may be a provider that asks, and that attempt, which stands among
        the failed ones until it is over, was let through already.

        @param user_id: a full user id, as typed.
        @raise synauth.errors.LimitExceededError: if it is too early.
        """
        key = limit_key(user_id)
        if key not in self._under_way:
            self._check_failed(key)
        self._hit_account(key)

    def ask(self, user_id: str, ask: Callable[[], Any]) -> "Deferred[Any]":
        """
        Ask for an authentication, and count it if the answer is C{None}.

        @return: see L{limited}.
        """
        failed = self._limiter(_FAILED)
        if failed is None:
            return awaiting(ask)
        key = limit_key(user_id)
        self._under_way[key] += 1
        return limited(failed, key, ask).addBoth(self._over, key)

    def _over(self, result: Any, key: str) -> Any:
        self._under_way[key] -= 1
        if not self._under_way[key]:
            del self._under_way[key]
        return result

    def _check_failed(self, key: str) -> None:
        failed = self._limiter(_FAILED)
        if failed is not None:
            failed.check(key)

    def _hit_account(self, key: str) -> None:
        logins = self._limiter(_ACCOUNT)
        if logins is not None:
            logins.hit(key)

    def _limiter(self, name: str, what: str = "logins") -> Optional[RateLimiter]:
        setting = getattr(self._config, name, None)
        per_second: Any = getattr(setting, "per_second", None)
        burst_count: Any = getattr(setting, "burst_count", None)
        # A host of before 0.99.3 has none, and its tests a stand-in for anything.
        if not (_is_number(per_second) and _is_number(burst_count)):
            return None
        rates: _Rates = (per_second, burst_count)
        made = self._made.get((name, what))
        if made is None or made[0] != rates:
            made = (rates, RateLimiter(self._clock, *rates))
            self._made[name, what] = made
        return made[1]


@implementer(IRateLimiter)
class _HostLimit:
    """
    A limit of the host's, as its settings are at each use.

    @param limiter: gives the limiter, or C{None} where there is no limit.
    """

    def __init__(self, limiter: Callable[[], Optional[RateLimiter]]) -> None:
        self._limiter = limiter

    def check(self, key: str) -> None:
        """
        See L{IRateLimiter.check}.
        """
        limiter = self._limiter()
        if limiter is not None:
            limiter.check(key)

    def hit(self, key: str) -> None:
        """
        See L{IRateLimiter.hit}.
        """
        limiter = self._limiter()
        if limiter is not None:
            limiter.hit(key)

    def refund(self, key: str) -> None:
        """
        See L{IRateLimiter.refund}.
        """
        limiter = self._limiter()
        if limiter is not None:
            limiter.refund(key)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
