"""
What Element and its relatives do with an account.
"""

import json
import os
from typing import Any

from tests.functional.daemon import QUICK
from tests.functional.mailbox import Mailbox, link_in, open_link
from tests.functional.test_shared_secret import SECRET, register
from tests.js.node import NodeTestCase
from tests.modules.needs import needs_package

ALICE = "@alice:example.org"


class SdkTestCase(NodeTestCase):
    """
    A daemon for the SDK.
    """

    def serve(self, **settings: Any) -> None:
        """
        Start a daemon.

        @param settings: over those of L{QUICK}; C{None} takes one away.
        """
        config = dict(QUICK, **settings)
        config = {key: value for key, value in config.items() if value is not None}
        self.daemon = self.start(config)

    def serve_alice(self, **settings: Any) -> None:
        """
        Start a daemon that has one account.
        """
        self.serve(**settings)
        self.daemon.client().register("alice")


class SdkTests(SdkTestCase):
    """
    One conversation each.
    """

    def test_register(self) -> None:
        """
        InteractiveAuth registers with the dummy stage, which it does by itself.
        """
        self.serve()
        result = self.talk("register")
        self.assertEqual(result["stages"], [])
        self.assertEqual(result["me"]["user_id"], ALICE)

    def test_refresh(self) -> None:
        """
        Tokens are renewed; the old ones end once the new ones are used.
        """
        self.serve_alice()
        result = self.talk("refresh")
        self.assertEqual(result["me"]["user_id"], ALICE)
        refused = ("M_UNKNOWN_TOKEN", "M_UNKNOWN_TOKEN")
        self.assertEqual((result["old"], result["spent"]), refused)
        self.assertEqual(result["expires"], 300000)

    def test_renew(self) -> None:
        """
        An access token that has expired is renewed behind the application's
        back.
        """
        self.serve_alice(refreshable_access_token_lifetime="1s")
        result = self.talk("renew")
        self.assertEqual(result["renewed"], [True])
        self.assertEqual(result["before"], result["after"])

    def test_set_password(self) -> None:
        """
        InteractiveAuth changes a password, and the other logins end if they
        are asked to.
        """
        self.serve_alice()
        expected = {
            "stages": ["m.login.password"],
            "othersAfterFirst": ALICE,
            "othersAfterSecond": "M_UNKNOWN_TOKEN",
            "mine": ALICE,
            "old": "M_FORBIDDEN",
            "fresh": ALICE,
        }
        self.assertEqual(self.talk("setPassword"), expected)

    def test_delete_multiple_devices(self) -> None:
        """
        InteractiveAuth removes other devices, and their logins end.
        """
        self.serve_alice()
        expected = {
            "stages": ["m.login.password"],
            "others": ["M_UNKNOWN_TOKEN"] * 2,
            "deleted": True,
            "mine": True,
        }
        self.assertEqual(self.talk("deleteMultipleDevices"), expected)

    def test_deactivate(self) -> None:
        """
        InteractiveAuth ends an account, and nobody gets in any more.
        """
        self.serve_alice()
        result = self.talk("deactivate")
        self.assertEqual(result["stages"], ["m.login.password"])
        self.assertIn("id_server_unbind_result", result["answer"])
        self.assertEqual(result["token"], "M_UNKNOWN_TOKEN")
        self.assertIn(result["login"], ("M_USER_DEACTIVATED", "M_FORBIDDEN"))


class StageTests(SdkTestCase):
    """
    InteractiveAuth, when a registration asks for more.
    """

    def test_terms(self) -> None:
        """
        It shows the rules, and goes on when they are agreed to.
        """
        rules = self.make_directory()
        os.mkdir(os.path.join(rules, "en"))
        with open(os.path.join(rules, "en", "1.0.html"), "w") as stream:
            stream.write("Be kind.")
        consent = {"template_dir": rules, "version": "1.0"}
        consent["require_at_registration"] = True  # type: ignore[assignment]
        self.serve(user_consent=consent)
        result = self.talk("register")
        self.assertEqual(result["stages"], ["m.login.terms"])
        self.assertEqual(result["me"]["user_id"], ALICE)

    def test_token(self) -> None:
        """
        It asks for a registration token.
        """
        self.serve(registration_requires_token=True, registration_shared_secret=SECRET)
        client = self.daemon.client()
        nonce = client.get("/_synapse/admin/v1/register").body["nonce"]
        client.token = register(client, nonce, SECRET, admin=True).body["access_token"]
        path = "/_synapse/admin/v1/registration_tokens/new"
        self.assertEqual(client.post(path, {"token": "come-in"}).status, 200)
        result = self.talk("register", user="bob", token="come-in")
        self.assertEqual(result["stages"], ["m.login.registration_token"])
        self.assertEqual(result["me"]["user_id"], "@bob:example.org")


@needs_package("aiosmtpd")
class MailTests(SdkTestCase):
    """
    What needs a mail.
    """

    ADDRESS = "alice@example.org"

    def setUp(self) -> None:
        """
        Start a mail server.
        """
        self.mailbox = Mailbox()
        self.addCleanup(self.mailbox.stop)

    def serve_mail(self, **settings: Any) -> None:
        """
        Start a daemon that sends mail.
        """
        self.serve(
            email=self.mailbox.settings(),
            # Where a proxy would be; the tests go past it.
            public_baseurl="http://matrix.example.org/",
            **settings,
        )

    def follow(self) -> None:
        """
        Open the link in the next mail.
        """
        base = "http://127.0.0.1:%d" % self.daemon.port()
        self.assertEqual(open_link(base, link_in(self.mailbox.next())), 200)

    def test_register(self) -> None:
        """
        InteractiveAuth asks for the mail by itself, and goes on once its link
        was opened.
        """
        self.serve_mail(
            registrations_require_3pid=["email"],
            enable_registration_without_verification=None,
        )
        result = self.talk("register", self.follow, address=self.ADDRESS)
        self.assertEqual(set(result["stages"]), {"m.login.email.identity"})
        self.assertEqual(result["me"]["user_id"], ALICE)

    def test_reset(self) -> None:
        """
        A forgotten password is replaced by means of a mail, once.
        """
        self.serve_mail(registration_shared_secret=SECRET)
        client = self.daemon.client()
        nonce = client.get("/_synapse/admin/v1/register").body["nonce"]
        client.token = register(client, nonce, SECRET, admin=True).body["access_token"]
        body = {"threepids": [{"medium": "email", "address": self.ADDRESS}]}
        path = "/_synapse/admin/v2/users/" + ALICE
        added = client.ask("PUT", path, json.dumps(body).encode("ascii"))
        self.assertEqual(added.status, 200, added.body)
        result = self.talk("reset", self.follow, address=self.ADDRESS)
        self.assertEqual(result["early"], "M_UNAUTHORIZED")
        self.assertEqual((result["old"], result["fresh"]), ("M_FORBIDDEN", ALICE))
        self.assertIsNotNone(result["twice"])
