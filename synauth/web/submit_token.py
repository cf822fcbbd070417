"""
Where the links in mails lead.
"""

from typing import Any, Dict
from urllib.parse import quote, urlsplit, urlunsplit

import attr
from twisted.internet.defer import inlineCallbacks

from synauth.auth.ratelimit import address_key
from synauth.awaiting import Steps
from synauth.errors import StoreError
from synauth.homeserver.mails import (
    ADD_THREEPID,
    PASSWORD_RESET,
    REGISTRATION,
    Purpose,
)
from synauth.homeserver.server import HomeServer
from synauth.homeserver.validation import opaque
from synauth.web.page import Page, answers_pages, make_page
from synauth.web.query import query_arg
from synauth.web.request import SynauthRequest


class SubmitTokenEndpoints:
    """
    Validates addresses.

    @param hs: the server.
    @ivar templates: those of the pages.
    """

    def __init__(self, hs: HomeServer) -> None:
        self._hs = hs
        self.templates = hs.templates
        self._limiter = hs.rate_limiter(hs.config.rc_registration, "rc_registration")

    @answers_pages
    def confirm_reset(self, request: SynauthRequest) -> Page:
        """
        Ask whether a password is to be reset: what looks at links in mails
        before their reader does must not do it.
        """
        for name in ("token", "client_secret", "sid"):
            opaque(query_arg(request, name), name)
        values: Dict[str, Any] = {
            # To where this page is, under whatever path a proxy shows it.
            "myurl": "?" + request.query.decode("ascii"),
            # As Synapse's own template has them.
            "token": query_arg(request, "token"),
            "client_secret": query_arg(request, "client_secret"),
            "sid": query_arg(request, "sid"),
        }
        return make_page(self.templates, "password_reset_confirmation.html", **values)

    @answers_pages
    @inlineCallbacks
    def reset(self, request: SynauthRequest) -> Steps[Page]:
        """
        It is to be.
        """
        page = yield self._validate(request, PASSWORD_RESET)
        return page

    @answers_pages
    @inlineCallbacks
    def registration(self, request: SynauthRequest) -> Steps[Page]:
        """
        The address of somebody who registers.
        """
        page = yield self._validate(request, REGISTRATION)
        return page

    @answers_pages
    @inlineCallbacks
    def add_threepid(self, request: SynauthRequest) -> Steps[Page]:
        """
        Another address of an account.
        """
        page = yield self._validate(request, ADD_THREEPID)
        return page

    @inlineCallbacks
    def _validate(self, request: SynauthRequest, purpose: Purpose) -> Steps[Page]:
        token, secret, sid = (
            opaque(query_arg(request, name), name)
            for name in ("token", "client_secret", "sid")
        )
        address = address_key(request.client_address())
        self._limiter.hit(address)
        try:
            next_link = yield self._hs.get_datastore().validate(
                sid, secret, token, self._hs.get_clock().time_msec()
            )
        except StoreError as error:
            return make_page(
                self.templates,
                purpose.template + "_failure.html",
                400,
                failure_reason=error.msg,
            )
        self._limiter.refund(address)
        page = make_page(self.templates, purpose.template + "_success.html")
        return page if next_link is None else _redirected(page, next_link, sid)


def _redirected(page: Page, next_link: str, sid: str) -> Page:
    """
    @return: the page, from which a browser goes on; C{sid} is added to where.
    """
    parts = urlsplit(next_link)
    query = parts.query + "&" if parts.query else ""
    target = urlunsplit(parts._replace(query="%ssid=%s" % (query, quote(sid))))
    location = (b"Location", quote(target, safe="/:?#[]@!$&'()*+,;=%~").encode("ascii"))
    return attr.evolve(page, code=302, headers=[*page.headers, location])
