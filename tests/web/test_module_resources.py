"""
Tests for what modules have served: C{register_web_resource}, over the real site.
"""

import ast
from typing import Any, Dict, Optional

from twisted.web.resource import IResource, Resource
from twisted.web.server import NOT_DONE_YET

from synauth.errors import ConfigError
from synauth.web.api import make_root
from synauth.web.routes import add_resource
from tests.web.server import EndpointTestCase, Server

PATH = "/_synapse/client/doorbell"
FORM = "application/x-www-form-urlencoded"


class Doorbell(Resource):
    """
    A module's resource, with everything below it.
    """

    isLeaf = True

    def __init__(self, api: Any) -> None:
        super().__init__()
        self._api = api

    def render_GET(self, request: Any) -> bytes:
        """
        Answer at once.
        """
        return b"ding " + b"/".join(request.postpath)

    def render_POST(self, request: Any) -> int:
        """
        Answer who asks, when that is known.
        """

        def answer(requester: Any) -> None:
            user_id = requester.user.to_string().encode("ascii")
            request.setHeader(b"Content-Length", b"%d" % len(user_id))
            request.write(user_id)
            request.finish()

        def refuse(failure: Any) -> None:
            request.setResponseCode(failure.value.code)
            request.setHeader(b"Content-Length", b"0")
            request.finish()

        self._api.get_user_by_req(request).addCallbacks(answer, refuse)
        return NOT_DONE_YET

    def render_PUT(self, request: Any) -> bytes:
        """
        Answer with the arguments and the body that came.
        """
        said = sorted((name, values) for name, values in request.args.items())
        return repr((said, request.content.read())).encode("ascii")

    def render_DELETE(self, request: Any) -> bytes:
        """
        Fail.
        """
        raise RuntimeError("the bell is broken")


def serving() -> Any:
    """
    @return: a module that serves a L{Doorbell}.
    """

    def load(config: Any, api: Any) -> None:
        api.register_web_resource(PATH, Doorbell(api))

    return load


class ResourceTests(EndpointTestCase):
    """
    A resource of a module's.
    """

    def setUp(self) -> None:
        """
        Serve one.
        """
        super().setUp()
        self.server = Server(modules=[("doorbell", serving())])
        self.server.add_user()

    def test_served(self) -> None:
        """
        It answers for its path and for all below it, and nothing beside it.
        """
        for path in (PATH, PATH + "/front/left"):
            answer = self.server.get(path)
            self.assertEqual(answer.code, 200)
            self.assertEqual(
                answer.body, b"ding " + path[len(PATH) + 1 :].encode("ascii")
            )
        for path in ("/_synapse", "/_synapse/client", PATH + "s"):
            self.assertRefused(self.server.get(path), 404, "M_UNRECOGNIZED")

    def test_neighbours(self) -> None:
        """
        The server's own endpoints are where they were.
        """
        self.assertAnswered(self.server.get("/v3/login"))
        self.assertAnswered(self.server.get("/health"))

    def test_requester(self) -> None:
        """
        A resource can find out who asks.
        """
        token = self.server.log_in().json["access_token"]
        answer = self.server.post(PATH, token=token)
        self.assertEqual((answer.code, answer.body), (200, b"@alice:example.org"))
        self.assertEqual(self.server.post(PATH, token="no token").code, 401)
        self.assertEqual(self.server.post(PATH).code, 401)

    def arguments(self, query: str, kind: Optional[str], body: bytes) -> Any:
        """
        @return: what a resource sees of a request: its arguments, and the body.
        """
        headers = () if kind is None else (("Content-Type", kind),)
        answer = self.server.ask("PUT", PATH + query, body, headers=headers)
        self.assertEqual(answer.code, 200, answer.body)
        return ast.literal_eval(answer.body.decode("ascii"))

    def test_arguments(self) -> None:
        """
        A resource sees the arguments of the query and of a form, in any
        letters, and can still read the body.
        """
        for query, kind, body, expected in (
            ("", None, b"", []),
            ("?a=1&a=2&b=", None, b"", [(b"a", [b"1", b"2"]), (b"b", [b""])]),
            ("?a=%C3%BC+%ff&%zz=%", None, b"", None),
            ("?a=1", FORM, b"a=2&c=%26", [(b"a", [b"1", b"2"]), (b"c", [b"&"])]),
            ("", FORM.title() + "; charset=utf-8", b"c=\xff", [(b"c", [b"\xff"])]),
            ("", FORM, b"", []),
            ("?=&&==", FORM, b"\0&%00=%", None),
        ):
            args, rest = self.arguments(query, kind, body)
            if expected is not None:
                self.assertEqual(args, expected)
            self.assertEqual(rest, body)
        args, _ = self.arguments("?a=%C3%BC+%ff", None, b"")
        self.assertEqual(args, [(b"a", [b"\xc3\xbc \xff"])])

    def test_other_bodies(self) -> None:
        """
        What is no form is never taken for arguments.
        """
        part = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--x--\r\n'
        for kind, body in (
            ("multipart/form-data; boundary=x", part),
            ("application/json", b'{"a": "a=1"}'),
            ("text/plain", b"a=1"),
            ("x" + FORM, b"a=1"),
            (None, b"a=1"),
        ):
            args, rest = self.arguments("?q=1", kind, body)
            self.assertEqual((args, rest), ([(b"q", [b"1"])], body))

    def test_fails(self) -> None:
        """
        What it raises is a 500 that tells nothing.
        """
        answer = self.server.ask("DELETE", PATH)
        self.assertEqual(answer.code, 500)
        self.assertNotIn(b"broken", answer.body)
        self.assertTrue(self.flushLoggedErrors(RuntimeError))


class AddResourceTests(EndpointTestCase):
    """
    L{add_resource}.
    """

    def make(self, *paths: str) -> Any:
        """
        @return: a tree with resources at these paths.
        """
        resources: Dict[str, IResource] = {path: Resource() for path in paths}
        return make_root(Server().hs, resources)

    def test_side_by_side(self) -> None:
        """
        Several modules can have something under one segment, also under one of
        the server's.
        """
        self.make("/_synapse/client/a", "/_synapse/client/b", "/_matrix/client/c")

    def test_taken(self) -> None:
        """
        A path that the server or a module has is no other's, nor is one below a
        module's.
        """
        for paths in (
            ("/_matrix/client/v3/login",),
            ("/_matrix",),
            ("/health",),
            ("/a/b", "/a"),
            ("/a", "/a/b"),
        ):
            with self.assertRaises(ConfigError) as raised:
                self.make(*paths)
            self.assertIn(paths[-1], str(raised.exception))

    def test_other_letters(self) -> None:
        """
        A path is text.
        """
        root = self.make()
        resource = Resource()
        add_resource(root, "/t\u00fcr", resource)
        self.assertIs(root.children["t\u00fcr".encode("utf-8")], resource)
