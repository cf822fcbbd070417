"""
Which request a line of the log belongs to.

While a request is served, L{current} has its id, and who writes the log puts it
into each line (L{synauth.homeserver.log_lines}).  What goes on after waiting has
it too, where Twisted takes the context along: C{inlineCallbacks} does since
Twisted 21.2, the callbacks of a bare Deferred don't.  So where the request is at
hand when something is logged, the id is said again.
"""

import re
import secrets
from contextvars import ContextVar
from itertools import count
from typing import Optional

current: "ContextVar[Optional[str]]" = ContextVar("synauth.request_id", default=None)

_GOOD = re.compile(rb"[A-Za-z0-9._-]{1,64}\Z")


class RequestIds:
    """
    Gives out ids: unique among the processes that write to one log, and short.

    @param prefix: what is the process's own; random by default.
    """

    def __init__(self, prefix: Optional[str] = None) -> None:
        self._prefix = (prefix or secrets.token_hex(3)) + "-"
        self._numbers = count(1)

    def make(self) -> str:
        """
        @return: an id that nobody else has.
        """
        return self._prefix + str(next(self._numbers))


def given_id(header: bytes) -> Optional[str]:
    """
    @param header: the C{X-Request-ID} of somebody who is trusted.
    @return: the id, or C{None} if it does not look like one.
    """
    return header.decode("ascii") if _GOOD.match(header) else None
