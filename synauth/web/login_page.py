"""
C{GET /_matrix/static/client/login/} (specification, "Login Fallback"): a page
that logs in, for clients that know none of the ways to do so.
"""

from synauth.homeserver.server import HomeServer
from synauth.web.login_methods import takes_passwords
from synauth.web.page import Page, make_page
from synauth.web.request import SynauthRequest


class LoginPage:
    """
    Shows a form, whose script logs in as any client does.

    @param hs: the server, its modules loaded.
    """

    def __init__(self, hs: HomeServer) -> None:
        self._hs = hs
        self._password = takes_passwords(hs)

    def show(self, request: SynauthRequest) -> Page:
        """
        Ask who it is.
        """
        return make_page(self._hs.templates, "login.html", password=self._password)
