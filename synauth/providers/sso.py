"""
The end of a sign-on that a module has carried out: the way back to the client.

The login token travels in the address, as the specification has it ("SSO client
login").  Whoever reads it can log in, and anybody can make a link that leads
here, so the browser is not sent on by itself: its user is shown where to.
"""

from html import escape
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from synauth.constants import Codes
from synauth.errors import MatrixError

# What a browser would run instead of going there.
_SCRIPTS = ("javascript", "data", "vbscript")

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>Continue to your client</title></head>
<body>
<h1>You are signed in as %(user_id)s</h1>
<p>If you trust it, continue to <strong>%(where)s</strong>. It will have access to
your account.</p>
<p><a href="%(url)s">Continue</a></p>
</body>
</html>
"""

_HEADERS = {
    b"Content-Type": b"text/html; charset=utf-8",
    b"Cache-Control": b"no-cache, no-store, must-revalidate",
    b"Content-Security-Policy": b"default-src 'none'; frame-ancestors 'none'",
    b"X-Frame-Options": b"DENY",
    b"Referrer-Policy": b"no-referrer",
}


def answer_with_way_back(
    request: Any, client_redirect_url: str, user_id: str, token: str
) -> None:
    """
    Answer a browser's request with the page.

    @param request: a L{twisted.web.iweb.IRequest}.
    @param client_redirect_url: where the client wants its user back.
    @param token: for C{m.login.token}.
    @raise MatrixError: 400 C{M_INVALID_PARAM} if that is no address.
    """
    parts = _parts(client_redirect_url)
    query = parse_qsl(parts.query, keep_blank_values=True) + [("loginToken", token)]
    url = urlunsplit(parts._replace(query=urlencode(query)))
    page = _PAGE % {
        "user_id": escape(user_id),
        "where": escape("%s://%s" % (parts.scheme, parts.netloc)),
        "url": escape(url, quote=True),
    }
    body = page.encode("utf-8", "replace")
    for name, value in _HEADERS.items():
        request.setHeader(name, value)
    request.setHeader(b"Content-Length", b"%d" % len(body))
    request.write(body)
    request.finish()


def _parts(url: str) -> Any:
    try:
        parts = urlsplit(url)
    except (ValueError, AttributeError):
        parts = urlsplit("")
    if not parts.scheme or parts.scheme.lower() in _SCRIPTS:
        raise MatrixError(400, "Not an address to go to", Codes.INVALID_PARAM)
    return parts
