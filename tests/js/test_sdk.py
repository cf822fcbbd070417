"""
What Element and its relatives do with an account.
"""

from typing import Any

from tests.functional.daemon import QUICK
from tests.js.node import NodeTestCase

ALICE = "@alice:example.org"


class SdkTests(NodeTestCase):
    """
    One conversation each.
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
