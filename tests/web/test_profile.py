"""
Tests for L{synauth.web.profile}.
"""

from typing import Any

from tests.web.accounts import ALICE, BOB, AccountTestCase
from tests.web.client import Answer


class ProfileTests(AccountTestCase):
    """
    C{/profile/{user_id}}.
    """

    def put(self, name: Any, user_id: str = ALICE, token: Any = None) -> Answer:
        """
        Change a name.
        """
        path = "/v3/profile/%s/displayname" % user_id
        body = {"displayname": name}
        return self.server.ask("PUT", path, body, token=token or self.token)

    def get(self, user_id: str = ALICE, what: str = "/displayname") -> Answer:
        """
        Look a name up.
        """
        return self.server.get("/v3/profile/%s%s" % (user_id, what))

    def test_name(self) -> None:
        """
        A user has a name when it was given, until it is taken back; anybody
        sees it.
        """
        self.assertEqual(self.assertAnswered(self.get()), {})
        for name, shown in (
            ("Alice \u2665", {"displayname": "Alice \u2665"}),
            ("x" * 256, {"displayname": "x" * 256}),
            ("", {}),
            ("Al", {"displayname": "Al"}),
            (None, {}),
        ):
            self.assertEqual(self.assertAnswered(self.put(name)), {})
            for what in ("/displayname", ""):
                self.assertEqual(self.assertAnswered(self.get(what=what)), shown)

    def test_encoded(self) -> None:
        """
        The user id may be percent-encoded.
        """
        self.assertAnswered(self.put("Al"))
        answer = self.get("%40alice%3Aexample.org")
        self.assertEqual(self.assertAnswered(answer), {"displayname": "Al"})

    def test_somebody_else(self) -> None:
        """
        Nobody names another.
        """
        for user_id in (BOB, "@nobody:example.org", "@alice:elsewhere.example", "x"):
            self.assertRefused(self.put("Al", user_id), 403, "M_FORBIDDEN")
        answer = self.server.ask(
            "PUT", "/v3/profile/%s/displayname" % ALICE, {"displayname": "x"}
        )
        self.assertRefused(answer, 401, "M_MISSING_TOKEN")

    def test_unknown(self) -> None:
        """
        Who is not here has no profile here.
        """
        for user_id in ("@nobody:example.org", "@alice:elsewhere.example", "x"):
            for what in ("/displayname", ""):
                self.assertRefused(self.get(user_id, what), 404, "M_NOT_FOUND")

    def test_wrong_names(self) -> None:
        """
        A name is text, and not very long.
        """
        for name in (5, ["x"], {}, True, "x" * 257):
            self.assertRefused(self.put(name), 400, "M_INVALID_PARAM")

    def test_switched_off(self) -> None:
        """
        Where names can't be changed the first one can still be given.
        """
        self.serve(enable_set_displayname=False)
        self.assertAnswered(self.put("Al"))
        self.assertRefused(self.put("Alice"), 400, "M_FORBIDDEN")

    def test_suspended(self) -> None:
        """
        A suspended user keeps the name.
        """
        self.server.change("suspended", True, ALICE)
        self.server.hs.get_datastore().run_interaction(lambda txn: None)
        self.assertRefused(self.put("Al"), 403, "M_USER_SUSPENDED")
