"""
Tests for L{synauth.web.api}: the whole tree.
"""

import json
from typing import Any, Dict, List

from hypothesis import strategies as st
from twisted.internet.defer import fail

from synauth.web.endpoints import ROUTES
from synauth.web.routes import ADMINISTRATORS
from tests.properties import given, settings
from tests.web.server import PASSWORD, EndpointTestCase, Server

CLIENT = "/_matrix/client/"
# What is for a browser: errors are pages there, and bodies are forms.
PAGES = ("fallback.", "consent.", "submit_token.")
POSTS = sorted(
    r.prefixes[-1] + r.path
    for r in ROUTES
    if r.method == "POST"
    and not str(r.handler).startswith(PAGES)
    # Those look at who asks first: see tests.web.test_admin_accounts.
    and r.who != ADMINISTRATORS
)
PAGE_PATHS = {
    prefix + r.path
    for r in ROUTES
    for prefix in r.prefixes
    if str(r.handler).startswith(PAGES)
}
PATHS = sorted({prefix + r.path for r in ROUTES for prefix in r.prefixes})


class RouteTests(EndpointTestCase):
    """
    What is served where.
    """

    def setUp(self) -> None:
        """
        Make a server.
        """
        super().setUp()
        self.server = Server(
            enable_registration=True, registration_shared_secret="shared"
        )

    def test_prefixes(self) -> None:
        """
        Each endpoint is under the prefixes that had it, and no other.
        """
        have: Dict[str, List[str]] = {
            "GET /login": ["api/v1", "r0", "v3", "unstable"],
            "POST /login": ["api/v1", "r0", "v3", "unstable"],
            "POST /logout": ["api/v1", "r0", "v3", "unstable"],
            "POST /logout/all": ["api/v1", "r0", "v3", "unstable"],
            "POST /register": ["v2_alpha", "r0", "v3", "unstable"],
            "GET /register/available": ["v2_alpha", "r0", "v3", "unstable"],
            "GET /account/whoami": ["v2_alpha", "r0", "v3", "unstable"],
            "POST /refresh": ["r0", "v3", "unstable"],
            "POST /tokenrefresh": ["v2_alpha", "r0", "unstable"],
        }
        versions = ("api/v1", "v1", "v2_alpha", "r0", "v3", "unstable")
        for endpoint, expected in have.items():
            method, path = endpoint.split(" ")
            found = {
                version
                for version in versions
                if self.server.ask(method, CLIENT + version + path, b"{}").code
                not in (404, 405)
            }
            self.assertEqual(found, set(expected), endpoint)
        for path in ("/health", CLIENT + "versions", "/_synapse/admin/v1/register"):
            self.assertAnswered(self.server.get(path))

    def test_unknown_path(self) -> None:
        """
        What is not served is not recognized, whatever the method.
        """
        for path in (
            "/",
            "/_matrix",
            "/_matrix/client/v3",
            "/_matrix/client/v3/login/",
            "/_matrix/client/v3/sync",
            "/_matrix/client/v9/login",
            "//health",
            "/%ff",
        ):
            for method in ("GET", "POST", "PUT", "DELETE", "PATCH", "X"):
                answer = self.server.ask(method, path)
                self.assertRefused(answer, 404, "M_UNRECOGNIZED")

    def test_wrong_method(self) -> None:
        """
        What is served, but not so, tells how.
        """
        answer = self.server.ask("PUT", "/_matrix/client/v3/login")
        self.assertRefused(answer, 405, "M_UNRECOGNIZED")
        self.assertEqual(answer.headers["allow"], "GET, HEAD, OPTIONS, POST")
        answer = self.server.get("/_matrix/client/v3/refresh")
        self.assertRefused(answer, 405, "M_UNRECOGNIZED")

    def test_preflight(self) -> None:
        """
        A browser may ask anything of any path.
        """
        for path in [*PATHS, "/nowhere"]:
            answer = self.server.ask("OPTIONS", path)
            self.assertEqual((answer.code, answer.body), (204, b""))
            self.assertEqual(answer.headers["access-control-allow-origin"], "*")

    def test_bad_bodies(self) -> None:
        """
        Every endpoint that reads a body refuses what is no JSON object.
        """
        no_json = (b"", b"{", b"\xff", b'{"a": NaN}', b'{"a": "\xc3"}', b"x" * 60000)
        bad_json = (b"[]", b"7", b"null", b'{"a": 1, "a": 2}', b"[" * 10000)
        bad_json += (b'{"a":' * 200 + b"1" + b"}" * 200, b'{"a": 1e999}')
        bad_json += (b'{"a": "\\ud800"}', b'{"a": %s}' % (b"9" * 5000))
        self.server.add_user()
        token = self.server.log_in().json["access_token"]
        for path in POSTS:
            if path.endswith(("/logout", "/all")):
                continue
            for body in no_json:
                answer = self.server.post(path, body, token=token)
                self.assertRefused(answer, 400, "M_NOT_JSON")
            for body in bad_json:
                answer = self.server.post(path, body, token=token)
                self.assertEqual(answer.code, 400, (path, body[:20]))
                self.assertIn(answer.json["errcode"], ("M_BAD_JSON", "M_NOT_JSON"))

    def test_too_large(self) -> None:
        """
        A body of more than 64 KiB is not parsed, anywhere.
        """
        for path in POSTS:
            answer = self.server.post(path, b'{"a": "%s"}' % (b"x" * 65530))
            self.assertRefused(answer, 413, "M_TOO_LARGE")

    def test_our_fault(self) -> None:
        """
        A fault of ours is a 500 that tells nothing, and a traceback in the log
        without what the client sent.
        """
        self.server.add_user()
        store = self.server.hs.get_datastore()
        boom = RuntimeError("secret internals")
        self.patch(store, "add_login", lambda login: fail(boom))
        answer = self.server.log_in()
        self.assertRefused(answer, 500, "M_UNKNOWN")
        self.assertNotIn(b"internals", answer.body)
        self.assertEqual(len(self.flushLoggedErrors(RuntimeError)), 1)
        self.assertNotIn(PASSWORD, self.logged())


def texts() -> Any:
    """
    Strings that mean something here, and such that don't.
    """
    meaning = ("alice", "@alice:example.org", "@a:b", PASSWORD, "m.id.user", "")
    meaning += ("m.login.password", "m.login.token", "m.login.dummy", "\0", "x" * 600)
    return st.sampled_from(meaning) | st.text(max_size=20)


def values() -> Any:
    """
    Any JSON.
    """
    leaves = st.none() | st.booleans() | st.integers() | st.floats() | texts()
    return st.recursive(
        leaves,
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(texts(), inner, max_size=3)
        ),
        max_leaves=6,
    )


KEYS = ("type", "user", "identifier", "password", "token", "device_id", "username")
KEYS += ("initial_device_display_name", "refresh_token", "inhibit_login", "nonce")
KEYS += ("mac", "admin", "user_type")


def bodies() -> Any:
    """
    Objects with the keys that are looked for, mostly with something fitting.
    """
    fitting = st.booleans() | texts()
    identifier = st.fixed_dictionaries({"type": texts(), "user": fitting})
    auth = st.dictionaries(
        st.sampled_from(("type", "session", "password", "response", "identifier")),
        fitting | identifier,
    )
    known = st.dictionaries(
        st.sampled_from(KEYS), fitting | identifier | values(), max_size=6
    )
    with_auth = st.builds(lambda body, a: dict(body, auth=a), known, auth | values())
    return known | with_auth | values()


class FuzzTests(EndpointTestCase):
    """
    Whatever a client sends, it is told what it did wrong.
    """

    @settings(max_examples=150)
    @given(data=st.data())
    def test_no_fault_of_ours(self, data: Any) -> None:
        """
        No request makes the server fail, and every refusal is JSON with an
        errcode.
        """
        server = _server()
        path = data.draw(st.sampled_from(PATHS))
        query = data.draw(
            st.sampled_from(("", "?", "?kind=guest", "?kind=%ff", "?access_token=x"))
            | st.text(st.characters(min_codepoint=33, max_codepoint=126)).map(
                lambda text: "?username=" + text.replace("#", "")
            )
        )
        body = data.draw(
            bodies().map(lambda body: json.dumps(body).encode("ascii"))
            | st.binary(max_size=50)
        )
        token = data.draw(
            st.sampled_from((None, None, "x", server.token, "None"))  # type: ignore
        )
        method = data.draw(st.sampled_from(("POST", "POST", "GET", "HEAD", "PUT")))
        value = data.draw(
            st.text(st.characters(min_codepoint=32, blacklist_categories=("Cs",)))
        )
        name = data.draw(
            st.sampled_from(("User-Agent", "X-Forwarded-For", "Content-Type"))
        )
        answer = server.ask(
            method, path + query, body, token=token, headers=((name, value),)
        )
        self.assertLess(answer.code, 500, answer.body)
        self.assertEqual(answer.headers["access-control-allow-origin"], "*")
        if method == "HEAD" or answer.code < 400:
            return
        if path in PAGE_PATHS and answer.code != 405:
            self.assertIn("text/html", answer.headers["content-type"])
            return
        # A challenge is no error.
        if not (answer.code == 401 and "flows" in answer.json):
            self.assertIsInstance(answer.json["errcode"], str)
            self.assertIsInstance(answer.json["error"], str)


_servers: List[Any] = []


def _server() -> Any:
    """
    One server for all examples: it has to stand all of them.
    """
    if not _servers:
        server: Any = Server(
            enable_registration=True,
            allow_guest_access=True,
            registration_shared_secret="shared",
        )
        server.add_user()
        server.token = server.log_in().json["access_token"]
        _servers.append(server)
    return _servers[0]
