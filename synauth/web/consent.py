"""
C{GET /_matrix/consent}: the rules that users agree to.
"""

import secrets

from synauth.constants import Codes
from synauth.errors import MatrixError
from synauth.homeserver.server import HomeServer
from synauth.web.page import Page, answers_pages, page_headers
from synauth.web.query import query_arg
from synauth.web.request import SynauthRequest


class ConsentPage:
    """
    Shows any version of the rules to anybody.

    @param hs: the server.
    @ivar templates: those of the pages.
    """

    def __init__(self, hs: HomeServer) -> None:
        self._policies = hs.policies
        self.templates = hs.templates

    @answers_pages
    def show(self, request: SynauthRequest) -> Page:
        """
        Show the version that is asked for, or else the one in force.
        """
        nonce = secrets.token_urlsafe(16)
        html = self._policies.render(query_arg(request, "v"), nonce=nonce)
        if html is None:
            raise MatrixError(404, "There are no such rules", Codes.NOT_FOUND)
        # Lawyers' documents bring styles of their own; nothing in them is a
        # client's.
        return Page(html, 200, page_headers(nonce, any_style=True))
