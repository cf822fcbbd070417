"""
What a module can do about logins.
"""

from typing import Any, List

from twisted.internet.defer import succeed
from twisted.web.test.requesthelper import DummyRequest

from synauth.errors import MatrixError
from synauth.identifiers import UserID
from tests.providers.modulehosts import ALICE, HOSTNAME, ApiTestCase


class LoginTests(ApiTestCase):
    """
    Devices and tokens.
    """

    def test_register_device(self) -> None:
        """
        A login gives a device, a token, and no more where there is no more.
        """
        device, token, expiry, refresh = self.get(
            self.api.register_device(ALICE, "PHONE", "My phone")
        )
        self.assertEqual((device, expiry, refresh), ("PHONE", None, None))
        found = self.get(self.host.store.get_user_by_access_token(token))
        self.assertEqual((found.user_id, found.device_id), (ALICE, "PHONE"))
        kept = self.get(self.host.store.get_device(ALICE, "PHONE"))
        self.assertEqual(kept.display_name, "My phone")

    def test_lifetimes(self) -> None:
        """
        The time at which a token expires is told.
        """
        now = self.api.clock.time_msec()
        answer = {"device_id": "D", "access_token": "t", "expires_in_ms": 5}
        self.host.log_in = lambda *args: succeed(  # type: ignore[method-assign]
            dict(answer, refresh_token="r")
        )
        self.assertEqual(
            self.get(self.api.register_device(ALICE)), ("D", "t", now + 5, "r")
        )

    def test_invalidate(self) -> None:
        """
        A token ends with its device, and the modules hear of it.
        """
        ended: List[Any] = []
        self.host.callbacks.register(
            "m", on_logged_out=lambda *args: ended.append(args)
        )
        _, token, _, _ = self.get(self.api.register_device(ALICE, "D"))
        self.get(self.api.invalidate_access_token(token))
        self.assertEqual(ended, [(ALICE, "D", token)])
        self.assertIsNone(self.get(self.host.store.get_device(ALICE, "D")))
        failed = self.failureResultOf(
            self.api.invalidate_access_token(token), MatrixError
        )
        self.assertEqual(failed.value.errcode, "M_UNKNOWN_TOKEN")

    def test_get_user_by_req(self) -> None:
        """
        A request is told by its token.
        """
        _, token, _, _ = self.get(self.api.register_device(ALICE, "D"))
        request: Any = DummyRequest([b""])
        request.token = token
        found = self.get(self.api.get_user_by_req(request))
        self.assertEqual(
            (found.user, found.device_id, found.is_guest, found.authenticated_entity),
            (UserID("alice", HOSTNAME), "D", False, ALICE),
        )
        request.token = "wrong"
        self.failureResultOf(self.api.get_user_by_req(request), MatrixError)

    def test_login_tokens(self) -> None:
        """
        A login token is good for whom it was made, at once and waited for.
        """
        for token in (
            self.api.generate_short_term_login_token(ALICE),
            self.get(self.api.create_login_token(UserID("alice", HOSTNAME), 1000)),
        ):
            whose = self.hs.auth_handler.validate_short_term_login_token_and_get_user_id
            self.assertEqual(whose(token), ALICE)


class SingleSignOnTests(ApiTestCase):
    """
    The end of a sign-on.
    """

    def page(self, url: str) -> str:
        """
        @return: the page that leads to an address.
        """
        self.request = DummyRequest([b""])
        self.get(self.api.complete_sso_login_async(ALICE, self.request, url))
        return b"".join(self.request.written).decode("utf-8")

    def test_way_back(self) -> None:
        """
        The page names the client, and its link brings it a login token.
        """
        page = self.page("https://client.example/?a=%26b#/x")
        self.assertIn("<strong>https://client.example</strong>", page)
        self.assertIn('href="https://client.example/?a=%26b&amp;loginToken=', page)
        token = page.partition("loginToken=")[2].partition("#")[0]
        whose = self.hs.auth_handler.validate_short_term_login_token_and_get_user_id
        self.assertEqual(whose(token), ALICE)
        headers = self.request.responseHeaders
        self.assertEqual(headers.getRawHeaders(b"x-frame-options"), [b"DENY"])
        self.assertEqual(headers.getRawHeaders(b"referrer-policy"), [b"no-referrer"])

    def test_own_scheme(self) -> None:
        """
        An application may have a scheme of its own.
        """
        self.assertIn("element://login?loginToken=", self.page("element://login"))

    def test_escaped(self) -> None:
        """
        Nothing of an address becomes part of the page.
        """
        page = self.page('https://x"><script>/?q="><script>#\'><script>')
        self.assertNotIn("<script>", page)

    def test_no_address(self) -> None:
        """
        What a browser would run, or is no address, is refused.
        """
        for url in ("javascript:alert(1)", "DATA:x", "/path", "", "http://[", None):
            request = DummyRequest([b""])
            failed = self.failureResultOf(
                self.api.complete_sso_login_async(ALICE, request, url), MatrixError
            )
            self.assertEqual(failed.value.errcode, "M_INVALID_PARAM")
            self.assertEqual(request.written, [])

    def test_nobody(self) -> None:
        """
        Who has no account, or none any more, gets no token.
        """
        self.get(
            self.host.store.run_interaction(
                lambda txn: txn.execute("UPDATE users SET deactivated = 1") and None
            )
        )
        for user_id, errcode in (
            (ALICE, "M_USER_DEACTIVATED"),
            ("@bob:example.org", "M_FORBIDDEN"),
        ):
            failed = self.failureResultOf(
                self.api.complete_sso_login_async(user_id, DummyRequest([]), "a://b"),
                MatrixError,
            )
            self.assertEqual((failed.value.code, failed.value.errcode), (403, errcode))

    def test_in_the_background(self) -> None:
        """
        The older way is not waited for; what goes wrong is told to the browser.
        """
        request = DummyRequest([b""])
        self.api.complete_sso_login(ALICE, request, "https://client.example")
        self.assertIn(b"loginToken=", b"".join(request.written))
        request = DummyRequest([b""])
        self.api.complete_sso_login(ALICE, request, "")
        self.assertEqual((request.responseCode, request.finished), (400, 1))
        self.assertNotIn(b"loginToken", b"".join(request.written))
