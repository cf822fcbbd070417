"""
The table of all that is served, written for people: C{docs/endpoints.rst}.
"""

from typing import Sequence, Tuple

from synauth.web.endpoints import GROUPS
from synauth.web.routes import Route

_INTRODUCTION = """\
.. This file is generated: python -m synauth.web > docs/endpoints.rst

Endpoints
=========

All that synauth serves, besides what modules bring along. Where a path can begin
in several ways, they stand in braces. A name in angle brackets stands for one
segment of the path.

Every path takes ``OPTIONS``, and ``HEAD`` where it takes ``GET``. A path that is
not here is answered with 404 ``M_UNRECOGNIZED``, another method with 405.

``synauth print-proxy nginx`` (or ``caddy``, or ``haproxy``) prints the rules by
which a reverse proxy sends these paths here and all others to a homeserver. Those
marked with a star, which each server answers for itself, stay with the homeserver;
with ``--alone`` they come here too.
"""


def listing(groups: Sequence[Tuple[str, Sequence[Route]]] = GROUPS) -> str:
    """
    @param groups: titles, and the routes below them.
    @return: the page, plain ASCII.
    """
    lines = [_INTRODUCTION]
    for title, routes in groups:
        lines += [title, "-" * len(title), ""]
        for route in routes:
            lines += ["``%s``%s" % (_place(route), " \\*" if route.own else "")]
            lines += ["    " + route.summary]
            lines += ["", "    Who may: %s." % (route.who,), ""]
    return "\n".join(lines)


def _place(route: Route) -> str:
    prefixes = route.prefixes
    path = route.path.replace("{", "<").replace("}", ">")
    if len(prefixes) == 1:
        return "%s %s%s" % (route.method, prefixes[0], path)
    start = "/_matrix/client/"
    if not all(prefix.startswith(start) for prefix in prefixes):
        return "%s {%s}%s" % (route.method, ",".join(prefixes), path)
    # All end in a version, which may have a slash of its own.
    versions = ",".join(prefix[len(start) :] for prefix in prefixes)
    return "%s %s{%s}%s" % (route.method, start, versions, path)
