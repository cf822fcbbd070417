"""
The reactor of a host.
"""

from typing import Any


def reactor_of(host: Any) -> Any:
    """
    @param host: a homeserver, or C{None}.
    @return: its reactor; that of the process where it does not say, as those of
        2016 don't.  So ask late: to fetch that one installs it.
    """
    get_reactor = getattr(host, "get_reactor", None)
    if get_reactor is not None:
        return get_reactor()
    from twisted.internet import reactor

    return reactor
