"""
Settings that are more than a word or a number, as the core takes them.
"""

from typing import Mapping, Optional

import attr


@attr.s(frozen=True, slots=True, auto_attribs=True)
class RateLimit:
    """
    How often something may happen.

    @ivar per_second: how many a second in the long run.
    @ivar burst_count: how many at once before that counts.
    """

    per_second: float
    burst_count: int


@attr.s(frozen=True, slots=True, auto_attribs=True)
class PasswordPolicy:
    """
    What a new password has to have.

    @ivar minimum_length: in characters.
    """

    minimum_length: int = 0
    require_digit: bool = False
    require_symbol: bool = False
    require_lowercase: bool = False
    require_uppercase: bool = False


@attr.s(frozen=True, slots=True, auto_attribs=True)
class HandlerOptions:
    """
    What can be chosen of L{synauth.AuthHandler} beyond what source 000 has: by
    an object of this class as C{handler_options} of the configuration.

    @ivar local_passwords: whether passwords in the database let anybody in.
    @ivar hash_threads: how many passwords are hashed at once; C{None} for one a
        processor.
    @ivar hash_queue: how many more may wait before a login is turned away.
    @ivar max_sessions: how many sessions of user-interactive authentication
        are kept.
    @ivar max_session_bytes: how large one of them may be.
    @ivar failed_attempts: how often somebody may be wrong about one account's
        password, or C{None} for no limit.
    @ivar module_timeout: how long a module may take, in seconds.
    @ivar module_timeouts: the same for single modules, by their names.
    """

    local_passwords: bool = True
    hash_threads: Optional[int] = None
    hash_queue: int = 64
    max_sessions: int = 100000
    max_session_bytes: int = 16384
    failed_attempts: Optional[RateLimit] = None
    module_timeout: float = 10.0
    module_timeouts: Mapping[str, float] = attr.Factory(dict)
