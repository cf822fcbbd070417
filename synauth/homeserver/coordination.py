"""
What the processes of one server have to agree on, besides what stands in the
tables of accounts: in memory where there is one process, in the database where
there may be several.
"""

from typing import Any, Callable, Optional, Sequence

import attr

from synauth.auth.ratelimit import RateLimiter
from synauth.auth.sealing import Sealer, derive_key
from synauth.auth.settings import RateLimit
from synauth.homeserver.config.settings import HomeServerConfig
from synauth.homeserver.login_tokens import LoginTokens
from synauth.homeserver.nonces import Nonces
from synauth.homeserver.shared_limits import SharedNonces, SharedRateLimiter
from synauth.homeserver.shared_sessions import DatabaseSessionStore
from synauth.interfaces import IClock, IDatabase, IRateLimiter, ISessionStore


@attr.s(frozen=True, slots=True, auto_attribs=True)
class Coordination:
    """
    See L{coordinate}.

    @ivar sessions: of user-interactive authentication, an L{ISessionStore};
        C{None} for the memory of the handler.
    @ivar failed_attempts: the wrong passwords of each account, an
        L{IRateLimiter}.
    @ivar failed_threepid_attempts: those of each address.
    @ivar login_tokens: which were used, or have ended.
    @ivar nonces: of registrations with the shared secret: has C{make}, and
        C{spend}, which gives a Deferred of whether this is the first use.
    @ivar chores: to be called once a minute; each gives a Deferred.
    """

    sessions: Optional[ISessionStore]
    failed_attempts: IRateLimiter
    failed_threepid_attempts: IRateLimiter
    login_tokens: LoginTokens
    nonces: Any
    chores: Sequence[Callable[[], Any]]


def coordinate(
    config: HomeServerConfig, database: IDatabase, clock: IClock
) -> Coordination:
    """
    @param config: the settings; with a C{macaroon_secret_key}.
    @param database: where to keep what others have to know.
    """
    sessions = None
    if config.sessions == "database":
        sessions = DatabaseSessionStore(
            database,
            clock,
            Sealer(_key(config, "sessions")),
            max_sessions=config.max_sessions,
            max_session_bytes=config.max_session_bytes,
        )
    # In the database everywhere: a used token stays so when a process ends.
    tokens = LoginTokens(database, clock)
    chores = [tokens.prune] if sessions is None else [sessions.prune, tokens.prune]
    rate = config.rc_login_failed_attempts
    if not database.engine.shared:
        return Coordination(
            sessions,
            _limiter(clock, rate),
            _limiter(clock, rate),
            tokens,
            Nonces(clock),
            chores,
        )
    attempts = SharedRateLimiter(database, clock, "failed_attempts", rate)
    return Coordination(
        sessions,
        attempts,
        SharedRateLimiter(database, clock, "failed_threepid_attempts", rate),
        tokens,
        SharedNonces(database, clock, _key(config, "nonces")),
        [*chores, attempts.prune],
    )


def _limiter(clock: IClock, rate: RateLimit) -> RateLimiter:
    return RateLimiter(clock, rate.per_second, rate.burst_count)


def _key(config: HomeServerConfig, purpose: str) -> bytes:
    return derive_key(config.macaroon_secret_key or "", purpose)
