"""
Where everything that is measured is counted.
"""

from collections import Counter
from typing import Any, Callable, Optional
from typing import Counter as CounterType

import attr

from synauth.metrics.counting import (
    CountingAuditLog,
    CountingDatabase,
    RequestCounts,
)


@attr.s(auto_attribs=True)
class Measures:
    """
    The parts of a server that count.

    @ivar requests: requests.
    @ivar audit: outcomes of authentications.
    @ivar database: transactions.
    @ivar hash_pool: the L{HashPool<synauth.auth.hashpool.HashPool>}.
    @ivar caller: calls of modules, the L{Caller<synauth.providers.calling.Caller>}.
    @ivar token_cache: the L{TokenCache<synauth.storage.token_cache.TokenCache>}.
    @ivar limiters: gives names of limits, and the limiters that count what they
        refuse; several may have one name.
    @ivar sessions: gives how many user-interactive authentications are under way;
        C{None} if that is not known here.
    @ivar connections: the L{Connections<synauth.web.connections.Connections>} once
        there are doors.
    """

    requests: RequestCounts
    audit: CountingAuditLog
    database: CountingDatabase
    hash_pool: Any
    caller: Any
    token_cache: Any
    limiters: Callable[[], Any]
    sessions: Callable[[], Optional[int]]
    connections: Any = None

    def refusals(self) -> CounterType[str]:
        """
        @return: how much each limit has refused.
        """
        counts: CounterType[str] = Counter()
        for name, limiter in self.limiters():
            counts[name] += limiter.refused
        return counts
