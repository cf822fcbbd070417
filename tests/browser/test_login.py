"""
The page that logs in.
"""

from typing import Any

from tests.browser.chromium import BrowserTestCase
from tests.functional.client import PASSWORD

# What Element's applications for telephones do.
APPLICATION = """
window.matrixLogin.onLogin = function (answer) { window.answer = answer; };
"""


class LoginPageTests(BrowserTestCase):
    """
    C{/_matrix/static/client/login/}.
    """

    def open(self, query: str = "", **settings: Any) -> None:
        """
        Go to the page of a server that Alice has an account at.
        """
        base = self.serve(**settings)
        self.client.register("alice")
        self.browser.open(base + "/_matrix/static/client/login/" + query)

    def log_in(self, user: str = "alice", password: str = PASSWORD) -> None:
        """
        Fill the form in, with the keyboard.
        """
        if self.browser.tab().get_attribute("id") != "user":
            self.browser.find("#user").clear()
            self.browser.find("#user").click()
        self.browser.type(user, password)

    def answer(self) -> Any:
        """
        @return: what the application was told.
        """
        return self.browser.wait(
            lambda browser: browser.run("return window.answer"), "the answer"
        )

    def test_login(self) -> None:
        """
        Somebody logs in with the keyboard; the application is told what any
        client is told, and it is good.
        """
        self.open("?device_id=PHONE&initial_device_display_name=My%20phone&user=eve")
        self.browser.run(APPLICATION)
        self.log_in()
        answer = self.answer()
        self.assertEqual(answer["user_id"], "@alice:example.org")
        self.assertEqual(answer["device_id"], "PHONE")
        client = self.daemon.client(answer["access_token"])
        self.assertEqual(client.get("/_matrix/client/v3/account/whoami").status, 200)
        devices = client.get("/_matrix/client/v3/devices/PHONE").body
        self.assertEqual(devices["display_name"], "My phone")
        self.assertTrue(self.browser.find("#done").is_displayed())
        self.assertFalse(self.browser.find("#login").is_displayed())
        self.assertNotIn(PASSWORD, self.browser.driver.current_url)
        self.assert_content()

    def test_specified(self) -> None:
        """
        The function that the specification names is called where there is one.
        """
        self.open()
        self.browser.run("window.onLogin = function (a) { window.answer = a; }")
        self.log_in()
        self.assertEqual(self.answer()["user_id"], "@alice:example.org")

    def test_wrong_password(self) -> None:
        """
        A refusal is shown as text, and the keyboard is back at the password.
        """
        self.open()
        self.browser.run(APPLICATION)
        self.log_in(password="wrong")
        self.assert_error("Invalid password")
        active = self.browser.driver.switch_to.active_element
        self.assertEqual(active.get_attribute("id"), "password")
        self.browser.run("document.activeElement.value = ''")
        self.browser.type(PASSWORD)
        self.assertEqual(self.answer()["user_id"], "@alice:example.org")

    def test_limit(self) -> None:
        """
        Who tried too often is told for how long to wait.
        """
        limits = {"address": {"per_second": 0.01, "burst_count": 1}}
        self.open(rc_login=limits)
        self.log_in(password="wrong")
        self.assert_error("Invalid password")
        self.browser.type("")
        text = "Too many attempts. Try again in "
        self.browser.wait(
            lambda browser: browser.find("#error").text.startswith(text), text
        )

    def test_no_server(self) -> None:
        """
        A server that is gone is told apart from a wrong password.
        """
        self.open()
        self.daemon.stop()
        self.log_in()
        self.assert_error("The server could not be reached.")
