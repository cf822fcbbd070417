"""
Who makes a request.
"""

from typing import Any

from twisted.internet.defer import Deferred

from synauth.web.request import SynauthRequest
from synauth.web.requester import get_requester, require_admin
from synauth.web.routes import Route, build_root
from tests.web.server import EndpointTestCase, Server


class _Requesters:
    """
    Endpoints that tell who asks.
    """

    def __init__(self, hs: Any) -> None:
        self._hs = hs

    def anybody(self, request: SynauthRequest) -> "Deferred[Any]":
        """
        For all users.
        """
        return get_requester(self._hs, request).addCallback(_name)

    def even_suspended(self, request: SynauthRequest) -> "Deferred[Any]":
        """
        For all, even the suspended.
        """
        found = get_requester(self._hs, request, even_suspended=True)
        return found.addCallback(_name)

    def admin(self, request: SynauthRequest) -> "Deferred[Any]":
        """
        For administrators.
        """
        return require_admin(self._hs, request).addCallback(_name)


def _name(requester: Any) -> Any:
    return {"user_id": requester.user_id}


class RequesterTests(EndpointTestCase):
    """
    L{get_requester} and L{require_admin}, of a user who is logged in.
    """

    def setUp(self) -> None:
        """
        Log in.
        """
        super().setUp()
        self.server = Server(allow_guest_access=True)
        self.user_id = self.server.add_user()
        self.token = self.server.log_in().json["access_token"]
        who = _Requesters(self.server.hs)
        routes = [
            Route(method, ("/who",), path, handler)
            for path, handler in (
                ("/anybody", who.anybody),
                ("/suspended", who.even_suspended),
                ("/admin", who.admin),
            )
            for method in ("GET", "PUT")
        ]
        self.server.site.resource.putChild(b"who", build_root(routes).children[b"who"])

    def ask(self, method: str, path: str, token: Any = None) -> Any:
        """
        Ask one of the endpoints.
        """
        return self.server.ask(method, "/who" + path, token=token or self.token)

    def change(self, column: str) -> None:
        """
        Change the account, so that it is noticed.
        """
        self.server.change(column, 1, self.user_id)
        self.server.hs.get_datastore()._cache.forget_all(None)

    def test_suspended(self) -> None:
        """
        A suspended user reads, and changes only what suspended users may.
        """
        self.change("suspended")
        for method, path in (
            ("GET", "/anybody"),
            ("HEAD", "/anybody"),
            ("GET", "/suspended"),
            ("PUT", "/suspended"),
        ):
            self.assertEqual(self.ask(method, path).code, 200, (method, path))
        self.assertRefused(self.ask("PUT", "/anybody"), 403, "M_USER_SUSPENDED")

    def test_admin(self) -> None:
        """
        An administrator is let in, and nobody else.
        """
        self.assertRefused(self.ask("GET", "/admin"), 403, "M_FORBIDDEN")
        self.change("admin")
        self.assertAnswered(self.ask("GET", "/admin"))

    def test_admin_in_no_state_to(self) -> None:
        """
        An administrator's account has to be in order for it.
        """
        self.change("admin")
        for column, code, errcode, more in (
            ("suspended", 403, "M_USER_SUSPENDED", {}),
            ("locked", 401, "M_USER_LOCKED", {"soft_logout": True}),
            ("deactivated", 403, "M_USER_DEACTIVATED", {}),
        ):
            self.change(column)
            self.assertRefused(self.ask("GET", "/admin"), code, errcode, **more)

    def test_admin_guest(self) -> None:
        """
        A guest never is one, whatever the database says.
        """
        guest = self.server.post("/v3/register?kind=guest").json
        self.user_id = guest["user_id"]
        self.change("admin")
        self.assertRefused(
            self.ask("GET", "/admin", guest["access_token"]),
            403,
            "M_GUEST_ACCESS_FORBIDDEN",
        )
