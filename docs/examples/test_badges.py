"""
How a module is tested: in a homeserver in memory.
"""

from typing import Any

from badges import BadgeModule
from twisted.trial.unittest import SynchronousTestCase

from synauth.testing.modules import ModuleTestHost


class BadgeModuleTests(SynchronousTestCase):
    """
    L{BadgeModule}, in a homeserver.
    """

    def setUp(self) -> None:
        """
        Alice has a badge.
        """
        config = {"badges": {"4711": "alice"}}
        self.host = ModuleTestHost(modules=[(BadgeModule, config)])
        self.addCleanup(self.host.close)

    def log_in(self, user: str, badge: Any, **more: Any) -> Any:
        """
        @return: the answer to a login.
        """
        return self.host.log_in(user, type="org.example.badge", badge=badge, **more)

    def test_first_login(self) -> None:
        """
        The first login makes the account.
        """
        self.assertIn("org.example.badge", self.host.login_types())
        answer = self.log_in("alice", "4711", device_id="DOOR")
        self.assertEqual(answer.body["user_id"], "@alice:example.org")
        self.assertEqual(self.host.accounts(), ["@alice:example.org"])
        self.assertEqual(self.host.devices("@alice:example.org"), ["DOOR"])

    def test_refused(self) -> None:
        """
        Another badge, another user and no badge at all open nothing.
        """
        for user, badge in (
            ("alice", "0815"),
            ("alice", ""),
            ("alice", 4711),
            ("bob", "4711"),
        ):
            self.assertEqual(self.log_in(user, badge).code, 403)
        self.assertEqual(self.host.accounts(), [])
        self.assertEqual(self.host.failures, {})

    def test_one_device(self) -> None:
        """
        The second login ends the first.
        """
        first = self.log_in("alice", "4711").body["access_token"]
        second = self.log_in("alice", "4711").body["access_token"]
        self.assertEqual(self.host.log_out(first).code, 401)
        self.assertEqual(self.host.log_out(second).code, 200)
        self.assertEqual(self.log_in("alice", "4711").code, 200)
        self.assertEqual(self.host.failures, {})

    def test_settings(self) -> None:
        """
        Wrong settings are refused.
        """
        for config in ({}, {"badges": []}, {"badges": {4711: "alice"}}):
            with self.assertRaises(ValueError):
                BadgeModule.parse_config(config)
