"""
The page that logs in; what its script does is tried in a browser.
"""

from typing import Any

from tests.web.documents import Document, document
from tests.web.server import EndpointTestCase, Server


class LoginPageTests(EndpointTestCase):
    """
    C{/_matrix/static/client/login/}.
    """

    def page(self, path: str = "/", **settings: Any) -> Document:
        """
        @return: the page.
        """
        server = Server(**settings)
        answer = server.get("/_matrix/static/client/login" + path)
        self.assertEqual(answer.code, 200)
        self.assertIn("connect-src 'self';", answer.headers["content-security-policy"])
        return document(answer)

    def test_form(self) -> None:
        """
        There is a form without names: without its script it could put a
        password into no address.
        """
        for path in ("/", "/?device_id=A", "/?device_id=%3Cscript%3E"):
            page = self.page(path)
            self.assertEqual(page.title, "Sign in")
            self.assertEqual(page.one("form").attributes["method"], "post")
            for field in page.all("input"):
                self.assertNotIn("name", field.attributes)
            script = page.one("script")
            self.assertIn("window.matrixLogin.onLogin(answer)", script.text)
            self.assertIn("window.onLogin(answer)", script.text)

    def test_no_passwords(self) -> None:
        """
        Where nobody can log in with a password, the page says so and asks for
        none.
        """
        page = self.page(password_config={"enabled": False})
        self.assertEqual(page.all("form") + page.all("script"), [])
        self.assertIn("Nobody can sign in with a password", page.one("main").text)
