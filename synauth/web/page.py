"""
Answers that a person reads.
"""

import functools
import secrets
from typing import Any, Callable, Sequence, Tuple

import attr
from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from synauth.awaiting import awaiting
from synauth.errors import MatrixError
from synauth.homeserver.templates import Templates

HTML = b"text/html; charset=utf-8"

_log = Logger()


@attr.s(frozen=True, slots=True, auto_attribs=True)
class Page:
    """
    A page.

    @ivar html: the whole of it.
    @ivar code: the status.
    @ivar headers: what belongs to it; see L{page_headers}.
    """

    html: str = attr.ib(repr=False)
    code: int
    headers: Sequence[Tuple[bytes, bytes]]


def make_page(
    templates: Templates,
    name: str,
    code: int = 200,
    script_origins: Sequence[str] = (),
    **values: Any,
) -> Page:
    """
    Make a page of a template, which is given a C{nonce} besides C{values}: the
    C{<style>} and C{<script>} elements that bear it are the only ones that a
    browser obeys.

    @param name: the template.
    @param script_origins: whose scripts and frames the page has to have, such
        as a captcha's.
    """
    nonce = secrets.token_urlsafe(16)
    html = templates.render(name, nonce=nonce, **values)
    return Page(html, code, page_headers(nonce, script_origins))


def page_headers(
    nonce: str, script_origins: Sequence[str] = (), any_style: bool = False
) -> Sequence[Tuple[bytes, bytes]]:
    """
    @param any_style: whether styles in the page need no nonce.
    @return: the headers of a page: nobody frames it, nothing but its own
        elements and the named origins runs in it, and no other site learns its
        address, which can hold a token.
    """
    origins = " ".join(script_origins)
    ours = "'nonce-%s'" % nonce
    styles = "'unsafe-inline'" if any_style else ours
    policy = [
        "default-src 'none'",
        "style-src %s %s" % (styles, origins),
        "script-src %s %s" % (ours, origins),
        "img-src 'self' data: %s" % origins,
        # The page that logs in, and captchas.
        "connect-src 'self' %s" % origins,
        "frame-src %s" % (origins or "'none'"),
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    ]
    csp = "; ".join(directive.strip() for directive in policy)
    return (
        (b"Content-Type", HTML),
        (b"Content-Security-Policy", csp.encode("ascii")),
        (b"X-Frame-Options", b"DENY"),
        (b"Referrer-Policy", b"no-referrer"),
    )


def error_page(templates: Templates, error: MatrixError) -> Page:
    """
    @return: what a person is shown instead of the JSON of an error.
    """
    return with_headers_of(
        error, make_page(templates, "error.html", error.code, error=error.msg)
    )


def with_headers_of(error: MatrixError, page: Page) -> Page:
    """
    @return: the page, with the headers of an error besides its own.
    """
    more = [
        (name.encode("ascii"), value.encode("ascii"))
        for name, value in error.headers.items()
    ]
    return attr.evolve(page, headers=[*page.headers, *more])


def answers_pages(method: Callable[..., Any]) -> Callable[..., "Deferred[Page]"]:
    """
    Decorate a handler that a person's browser talks to: what it errs with is a
    page too.

    @param method: a handler in a class whose C{templates} are the L{Templates}.
    """

    @functools.wraps(method)
    def answered(endpoint: Any, request: Any, **values: str) -> "Deferred[Page]":
        page = awaiting(method, endpoint, request, **values)
        page.addErrback(_explain, endpoint.templates, request)
        return page

    return answered


def _explain(failure: Failure, templates: Templates, request: Any) -> Page:
    error = failure.value
    if not isinstance(error, MatrixError):
        _log.failure(
            "{method!r} {path!r} failed",
            failure=failure,
            method=request.method,
            path=request.path,
        )
        error = MatrixError(500, "Something went wrong on the server")
    return error_page(templates, error)
