"""
How many files and connections the system lets this process have open.
"""

from typing import Any

from twisted.logger import Logger

try:
    import resource
except ImportError:  # not a Unix
    resource = None  # type: ignore[assignment]

_log = Logger()

# What is open besides connections of clients: the database, logs, mail, threads'
# pipes; and one that is being accepted to be refused.
_OTHERS = 200


def allow_open_files(connections: int, limits: Any = resource) -> None:
    """
    See to it that so many connections can be open, as far as the system lets an
    ordinary process do that (C{ulimit -n}).

    @param connections: how many.
    @param limits: the module C{resource}, or what stands in for it; C{None} if
        there is none.
    """
    if limits is None:
        return
    wanted = connections + _OTHERS
    soft, hard = limits.getrlimit(limits.RLIMIT_NOFILE)
    if soft == limits.RLIM_INFINITY or soft >= wanted:
        return
    allowed = wanted if hard == limits.RLIM_INFINITY else min(wanted, hard)
    if allowed > soft:
        try:
            limits.setrlimit(limits.RLIMIT_NOFILE, (allowed, hard))
        except (OSError, ValueError):
            allowed = soft
    if allowed < wanted:
        _log.warn(
            "The system allows {allowed} open files, and synauth.max_connections"
            " ({connections}) needs {wanted}: raise the limit (ulimit -n,"
            " LimitNOFILE) or lower the setting",
            allowed=allowed,
            connections=connections,
            wanted=wanted,
        )
