"""
The rules by which a reverse proxy sends here exactly what is served here.

nginx and Caddy look at a path after they have decoded it, and HAProxy is told
to.  So an id with a slash in it, which a client has to encode, looks like
several segments to them; only user ids, whose form is known, are let off that.
"""

import posixpath
from typing import Callable, Dict, List, Sequence

from synauth.web.routes import Route

_USER_ID = "@[^:]+:[^/]+"
_SEGMENT = "[^/]+"


def patterns(routes: Sequence[Route], alone: bool = False) -> List[str]:
    """
    @param routes: the table.
    @param alone: whether there is no homeserver that would answer for itself
        what is marked so.
    @return: regular expressions, in the part of the language that is the same
        everywhere, each for a whole decoded path; together they match all
        paths in the table and no others.
    """
    found: Dict[str, None] = {}
    for route in routes:
        if alone or not route.own:
            found[
                "^%s%s$" % (_alternatives(route.prefixes), _expression(route.path))
            ] = None
    return list(found)


def _alternatives(prefixes: Sequence[str]) -> str:
    if len(prefixes) == 1:
        return _literal(prefixes[0])
    # What they have in common, whole segments of it, stands there once.
    start = posixpath.commonpath(prefixes)
    start += "" if start.endswith("/") else "/"
    rest = "|".join(_literal(prefix[len(start) :]) for prefix in prefixes)
    return "%s(%s)" % (_literal(start), rest)


def _expression(path: str) -> str:
    return "/".join(
        _parameter(segment[1:-1]) if segment.startswith("{") else _literal(segment)
        for segment in path.split("/")
    )


def _parameter(name: str) -> str:
    return _USER_ID if name == "user_id" else _SEGMENT


def _literal(segment: str) -> str:
    return segment.replace(".", "[.]")


def nginx(found: Sequence[str], upstream: str) -> str:
    """
    @param found: from L{patterns}.
    @param upstream: C{host:port} of the daemon.
    @return: what goes into the C{server} block of the homeserver.
    """
    blocks = [
        "# In the server block of the homeserver.  The daemon's listener needs\n"
        "# x_forwarded: true.\n"
    ]
    for pattern in found:
        blocks.append(
            'location ~ "%s" {\n'
            "    proxy_pass http://%s;\n"
            "    proxy_set_header Host $host;\n"
            "    proxy_set_header X-Forwarded-For $remote_addr;\n"
            "    proxy_set_header X-Forwarded-Proto $scheme;\n"
            "}\n" % (pattern, upstream)
        )
    return "\n".join(blocks)


def caddy(found: Sequence[str], upstream: str) -> str:
    """
    @param found: from L{patterns}.
    @param upstream: C{host:port} of the daemon.
    @return: what goes into the site block of the homeserver.
    """
    lines = [
        "# In the site block of the homeserver, before its own reverse_proxy.  The",
        "# daemon's listener needs x_forwarded: true.",
    ]
    for number, pattern in enumerate(found, 1):
        lines.append("@synauth%d path_regexp %s" % (number, pattern))
        lines.append("reverse_proxy @synauth%d %s" % (number, upstream))
    return "\n".join(lines) + "\n"


def haproxy(found: Sequence[str], upstream: str) -> str:
    """
    @param found: from L{patterns}.
    @param upstream: C{host:port} of the daemon.
    @return: what goes into the C{frontend} of the homeserver, and a backend.
    """
    lines = [
        "# In the frontend of the homeserver, before its own use_backend.",
        *("acl synauth path,url_dec -m reg %s" % (pattern,) for pattern in found),
        "use_backend synauth if synauth",
        "",
        "# The daemon's listener needs x_forwarded: true.",
        "backend synauth",
        "    http-request set-header X-Forwarded-For %[src]",
        "    server synauth " + upstream,
    ]
    return "\n".join(lines) + "\n"


# By the names that the command line knows.
PROXIES: Dict[str, Callable[[Sequence[str], str], str]] = {
    "nginx": nginx,
    "caddy": caddy,
    "haproxy": haproxy,
}
