"""
Answers that a person reads.
"""

import re
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from synauth.homeserver.templates import Templates
from synauth.web.page import make_page
from synauth.web.routes import Route
from tests.web.client import Answer, ask, site_of


class PageTests(SynchronousTestCase):
    """
    L{make_page}, as a browser gets it.
    """

    def fetch(self, method: str = "GET", **more: Any) -> Answer:
        """
        @return: the answer to a request for a page.
        """

        def page(request: Any) -> Any:
            return make_page(Templates(), "style.css", **more)

        return ask(site_of(Route("GET", ("",), "/", page)), method, "/")

    def test_headers(self) -> None:
        """
        A page is not framed, loads nothing, and tells nobody where it is.
        """
        answer = self.fetch()
        self.assertEqual(200, answer.code)
        self.assertIn(b"body {", answer.body)
        expected = {
            "content-type": "text/html; charset=utf-8",
            "x-frame-options": "DENY",
            "referrer-policy": "no-referrer",
            "x-content-type-options": "nosniff",
            "cache-control": "no-store",
        }
        found = {name: answer.headers.get(name) for name in expected}
        self.assertEqual(expected, found)
        self.assertRegex(
            answer.headers["content-security-policy"],
            r"default-src 'none'; style-src 'nonce-[\w-]{22}';"
            r" script-src 'nonce-[\w-]{22}'; .*frame-src 'none'; form-action 'self';"
            r" frame-ancestors 'none'; base-uri 'none'$",
        )

    def test_nonce(self) -> None:
        """
        Each answer has a nonce of its own.
        """
        policies = [self.fetch().headers["content-security-policy"] for _ in "12"]
        nonces = {re.findall(r"'nonce-([\w-]+)'", policy)[0] for policy in policies}
        self.assertEqual(2, len(nonces))

    def test_origins(self) -> None:
        """
        A captcha's scripts and frames may run.
        """
        answer = self.fetch(script_origins=["https://captcha.example"])
        for directive in ("script-src", "frame-src", "connect-src"):
            self.assertRegex(
                answer.headers["content-security-policy"],
                directive + r" [^;]*https://captcha\.example",
            )

    def test_head(self) -> None:
        """
        C{HEAD} gets the headers alone.
        """
        answer = self.fetch("HEAD")
        self.assertGreater(int(answer.headers["content-length"]), 0)
