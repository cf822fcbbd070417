"""
The links in mails, as somebody opens them.
"""

import json
from typing import Any, Dict

from tests.browser.chromium import PHONE, BrowserTestCase
from tests.functional.client import PASSWORD, V3
from tests.functional.mailbox import Mailbox, link_in, path_of
from tests.functional.test_shared_secret import SECRET, register
from tests.modules.needs import needs_package

SECRET_OF_CLIENT = "the-clients-own-secret"
ADDRESS = "alice@example.org"


@needs_package("aiosmtpd")
class MailTests(BrowserTestCase):
    """
    From a mail that has arrived to what it was for.
    """

    def setUp(self) -> None:
        """
        Start a mail server.
        """
        super().setUp()
        self.mailbox = Mailbox()
        self.addCleanup(self.mailbox.stop)

    def serve_mail(self, **settings: Any) -> str:
        """
        Start a daemon that sends mail.

        @return: its address, without a slash at the end.
        """
        return self.serve(
            email=self.mailbox.settings(),
            # Where a proxy would be; the tests go past it.
            public_baseurl="http://matrix.example.org/",
            **settings,
        )

    def ask_for_mail(self, path: str) -> Dict[str, Any]:
        """
        @return: the credentials that a client has once the mail's link was
            opened.
        """
        body = {
            "client_secret": SECRET_OF_CLIENT,
            "email": ADDRESS,
            "send_attempt": 1,
        }
        answer = self.client.post(V3 + path, body)
        self.assertEqual(answer.status, 200, answer.body)
        return {"sid": answer.body["sid"], "client_secret": SECRET_OF_CLIENT}

    def log_in(self, base: str, password: str) -> Any:
        """
        Log Alice in, on the page for that.

        @return: what the application is told.
        """
        self.browser.open(base + "/_matrix/static/client/login/")
        self.browser.run("window.matrixLogin.onLogin = a => { window.answer = a; }")
        self.browser.tab()
        self.browser.type("alice", password)
        return self.browser.wait(
            lambda browser: browser.run("return window.answer"), "the answer"
        )

    def test_password_reset(self) -> None:
        """
        Somebody who has forgotten the password asks for a mail, opens its
        link on a telephone, says yes, has the client set a new password, and
        logs in with it on the page.  The link, opened again, changes nothing.
        """
        base = self.serve_mail(registration_shared_secret=SECRET)
        nonce = self.client.get("/_synapse/admin/v1/register").body["nonce"]
        admin = register(self.client, nonce, SECRET, admin=True).body["access_token"]
        body = {"threepids": [{"medium": "email", "address": ADDRESS}]}
        added = self.daemon.client(admin).ask(
            "PUT",
            "/_synapse/admin/v2/users/@alice:example.org",
            json.dumps(body).encode("ascii"),
        )
        self.assertEqual(added.status, 200, added.body)

        creds = self.ask_for_mail("/account/password/email/requestToken")
        link = base + path_of(link_in(self.mailbox.next()))
        params = {
            "new_password": "a-new-one",
            "auth": {"type": "m.login.email.identity", "threepid_creds": creds},
        }
        early = self.client.post(V3 + "/account/password", params)
        self.assertEqual((early.status, early.body["errcode"]), (401, "M_UNAUTHORIZED"))

        self.browser.resize(PHONE)
        self.browser.open(link)
        self.assertEqual(self.browser.driver.title, "Set a new password?")
        self.assertEqual(self.browser.too_wide(), [])
        early = self.client.post(V3 + "/account/password", params)
        self.assertEqual(early.status, 401, "looking at the link was enough")
        self.browser.tab()
        self.browser.type("")
        self.browser.wait(
            lambda browser: not browser.driver.find_elements("tag name", "form"),
            "the answer",
        )
        self.assertEqual(
            self.browser.driver.find_elements("css selector", ".error"), []
        )
        self.assert_content()

        changed = self.client.post(V3 + "/account/password", params)
        self.assertEqual((changed.status, changed.body), (200, {}))
        answer = self.log_in(base, "a-new-one")
        self.assertEqual(answer["user_id"], "@alice:example.org")
        self.assertEqual(self.client.login("alice").status, 403, PASSWORD)

        self.browser.open(link)
        self.browser.find("button").click()
        self.assertEqual(self.client.login("alice").status, 403)
        spent = dict(params, new_password="another-one")
        again = self.client.post(V3 + "/account/password", spent)
        self.assertIn(again.status, (400, 401, 403), again.body)

    def test_registration(self) -> None:
        """
        Somebody registers with an address: the link in the mail opens a page
        that says so, and the account has the address.
        """
        base = self.serve_mail(
            registrations_require_3pid=["email"],
            enable_registration_without_verification=None,
        )
        session = self.begin(username="alice", password=PASSWORD)
        creds = self.ask_for_mail("/register/email/requestToken")
        auth = {
            "type": "m.login.email.identity",
            "threepid_creds": creds,
            "session": session,
        }
        early = self.client.post(V3 + "/register", {"auth": auth})
        self.assertEqual(early.status, 401)
        self.browser.resize(PHONE)
        self.browser.open(base + path_of(link_in(self.mailbox.next())))
        self.assertEqual(
            self.browser.driver.find_elements("css selector", ".error"), []
        )
        self.assertEqual(self.browser.too_wide(), [])
        self.assert_content()
        made = self.client.post(V3 + "/register", {"auth": auth})
        self.assertEqual(made.status, 200, made.body)
        answer = self.log_in(base, PASSWORD)
        self.assertEqual(answer["user_id"], "@alice:example.org")
        login = {
            "type": "m.login.password",
            "identifier": {
                "type": "m.id.thirdparty",
                "medium": "email",
                "address": ADDRESS,
            },
            "password": PASSWORD,
        }
        by_address = self.client.post(V3 + "/login", login)
        self.assertEqual(by_address.body["user_id"], "@alice:example.org")
