"""
Tests for L{synauth.web.submit_token}.
"""

import re
from typing import Any, Dict, Tuple

from synauth.homeserver.mails import ADD_THREEPID, PASSWORD_RESET, REGISTRATION
from tests.web.client import Answer
from tests.web.test_request_token import (
    ADD,
    ADDRESS,
    PASSWORD,
    REGISTER,
    RequestTokenTestCase,
)

LIFETIME_S = 60 * 60


class SubmitTokenTests(RequestTokenTestCase):
    """
    The links of mails, opened.
    """

    def link(self, path: str = ADD, **more: Any) -> Tuple[str, Dict[str, str]]:
        """
        Have a mail sent.

        @return: the link in it, without the server; and what the client knows.
        """
        body = self.assertAnswered(self.request(path % "email", **more))
        self.mails()
        found = re.search(r"https://example\.org(/\S+)", self.texts[0])
        assert found is not None
        secret = more.get("client_secret", "s3cret")
        return found.group(1), {"sid": body["sid"], "client_secret": secret}

    def proved(self, creds: Dict[str, str]) -> Any:
        """
        @return: the address that is proved, if one is.
        """
        store = self.server.hs.get_datastore()
        proof = self.successResultOf(
            store.get_validation(
                creds["sid"],
                creds["client_secret"],
                self.server.hs.get_clock().time_msec(),
            )
        )
        return proof and proof.address

    def assertPage(self, answer: Answer, code: int) -> str:
        """
        Assert that an answer is a page.

        @return: the page.
        """
        self.assertEqual(answer.code, code, answer.body)
        self.assertEqual(answer.headers["content-type"], "text/html; charset=utf-8")
        # The link is in nobody's history, cache or referrer.
        self.assertEqual(answer.headers["referrer-policy"], "no-referrer")
        self.assertIn("no-store", answer.headers["cache-control"])
        return answer.body.decode("utf-8")

    def test_opened(self) -> None:
        """
        Who opens the link has proved the address, and can open it again.
        """
        for path, purpose in ((REGISTER, REGISTRATION), (ADD, ADD_THREEPID)):
            link, creds = self.link(path, client_secret="a%d" % len(path))
            self.assertTrue(link.startswith("/%s?" % purpose.path.lstrip("/")))
            self.assertIsNone(self.proved(creds))
            for _ in range(2):
                self.assertPage(self.server.get(link), 200)
                self.assertEqual(self.proved(creds), ADDRESS)

    def test_reset(self) -> None:
        """
        Of a new password a page asks first, for there are programs that open each
        link in a mail.
        """
        self.give(ADDRESS)
        link, creds = self.link(PASSWORD)
        page = self.assertPage(self.server.get(link), 200)
        self.assertIn("<form", page)
        self.assertIn("POST", page.upper())
        self.assertIsNone(self.proved(creds))
        self.assertPage(self.server.ask("POST", link, b""), 200)
        self.assertEqual(self.proved(creds), ADDRESS)

    def test_wrong(self) -> None:
        """
        What is not the link that was sent proves nothing.
        """
        link, creds = self.link()
        for name in ("token", "client_secret", "sid"):
            changed = re.sub("(%s=)[^&]*" % name, r"\1m.wrong", link)
            self.assertNotEqual(changed, link)
            self.assertPage(self.server.get(changed), 400)
            gone = re.sub("%s=[^&]*&?" % name, "", link)
            self.assertPage(self.server.get(gone), 400)
            odd = re.sub("(%s=)[^&]*" % name, r"\1%3Cscript%3E", link)
            self.assertNotIn("<script>", self.assertPage(self.server.get(odd), 400))
        self.assertIsNone(self.proved(creds))
        self.assertPage(self.server.get(link), 200)

    def test_reset_wrong(self) -> None:
        """
        Nor does the page ask about what can't be a link of ours.
        """
        path = "/" + PASSWORD_RESET.path.lstrip("/")
        for query in ("", "?token=a&sid=b", "?token=%00&client_secret=a&sid=b"):
            self.assertPage(self.server.get(path + query), 400)
            self.assertPage(self.server.ask("POST", path + query, b""), 400)

    def test_expired(self) -> None:
        """
        A link is good for an hour.
        """
        link, creds = self.link()
        self.server.reactor.advance(LIFETIME_S - 1)
        other, others = self.link(client_secret="b")
        self.server.reactor.advance(1)
        self.assertPage(self.server.get(link), 400)
        self.assertIsNone(self.proved(creds))
        self.assertPage(self.server.get(other), 200)
        self.assertEqual(self.proved(others), ADDRESS)

    def test_leads_on(self) -> None:
        """
        To where the client said, with the session.
        """
        for next_link, target in (
            ("https://example.org/x", "https://example.org/x?sid="),
            ("https://example.org/x?a=b#c", "https://example.org/x?a=b&sid="),
        ):
            link, creds = self.link(
                next_link=next_link, client_secret="%d" % len(target)
            )
            answer = self.server.get(link)
            self.assertPage(answer, 302)
            location = answer.headers["location"]
            self.assertTrue(location.startswith(target + creds["sid"]), location)
            self.assertEqual(location.endswith("#c"), next_link.endswith("#c"))

    def test_guesses(self) -> None:
        """
        Guesses count, right ones do not.
        """
        self.serve(rc_registration={"per_second": 0.01, "burst_count": 2})
        link, _ = self.link()
        for _ in range(4):
            self.assertPage(self.server.get(link), 200)
        wrong = link.replace("token=", "token=x")
        codes = [self.server.get(wrong).code for _ in range(4)]
        self.assertEqual(codes, [400, 400, 429, 429])
        self.assertEqual(self.server.get(link).code, 429)

    def test_failing_template(self) -> None:
        """
        A template that fails is a 500 that repeats nothing, and is logged.
        """
        link, _ = self.link()
        templates = self.server.hs.templates

        def fail(*args: Any, **kwargs: Any) -> None:
            raise ZeroDivisionError(link)

        self.patch(templates, "render", fail)
        answer = self.server.get(link)
        self.assertEqual(answer.code, 500)
        self.assertNotIn(b"token", answer.body)
        self.assertTrue(self.flushLoggedErrors(ZeroDivisionError))
