"""
Tests for L{synauth.web.routes}.
"""

from typing import Any, Dict

from twisted.trial.unittest import SynchronousTestCase

from synauth.web.request import SynauthRequest
from synauth.web.routes import CLIENT_VERSIONS, Route, build_root, client_prefixes
from tests.web.client import ask, site_of


class _Account:
    """
    An endpoint object.
    """

    def whoami(self, request: SynauthRequest) -> Dict[str, Any]:
        """
        Tell where it was found.
        """
        return {"path": request.path.decode("ascii")}


class RoutesTests(SynchronousTestCase):
    """
    The table becomes a tree.
    """

    def test_prefixes(self) -> None:
        """
        A route is found under each of its prefixes, and no other.
        """
        site = site_of(
            Route(
                "GET",
                client_prefixes("api/v1", "v3"),
                "/account/whoami",
                _Account().whoami,
            )
        )
        for version in CLIENT_VERSIONS:
            path = "/_matrix/client/%s/account/whoami" % version
            answer = ask(site, "GET", path)
            if version in ("api/v1", "v3"):
                self.assertEqual((answer.code, answer.json), (200, {"path": path}))
            else:
                self.assertEqual(answer.code, 404)

    def test_no_prefix(self) -> None:
        """
        A path may stand for itself.
        """
        site = site_of(Route("GET", ("",), "/health", _Account().whoami))
        self.assertEqual(ask(site, "GET", "/health").json, {"path": "/health"})

    def test_named_handler(self) -> None:
        """
        A route may name its handler; it is looked for when the tree is made.
        """
        routes = [Route("GET", ("",), "/whoami", "account.whoami")]
        site = site_of()
        site.resource = build_root(routes, {"account": _Account()})
        self.assertEqual(ask(site, "GET", "/whoami").json, {"path": "/whoami"})
        self.assertRaises(KeyError, build_root, routes)
        self.assertRaises(AttributeError, build_root, routes, {"account": object()})

    def test_twice(self) -> None:
        """
        Two routes may not claim the same, whatever they call its parameters.
        """
        routes = [
            Route("GET", ("/a", "/b"), "/{x}", lambda request, x: {}),
            Route("PUT", ("/b",), "/{y}", lambda request, y: {"y": y}),
        ]
        site = site_of(*routes)
        self.assertEqual(ask(site, "PUT", "/b/1").json, {"y": "1"})
        routes.append(Route("GET", ("/b",), "/{z}", lambda request, z: {}))
        error = self.assertRaises(ValueError, build_root, routes)
        self.assertEqual(str(error), "Two routes for GET /b/{z}")

    def test_record(self) -> None:
        """
        A route is plain data that can be compared.
        """
        route = Route("GET", ("",), "/health", "health.get")
        self.assertEqual(route, Route("GET", ("",), "/health", "health.get"))
        self.assertEqual(route.path, "/health")
