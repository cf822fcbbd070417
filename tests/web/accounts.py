"""
What the tests of the account's endpoints start from.
"""

from typing import Any, Dict, Optional

from tests.web.client import Answer
from tests.web.server import PASSWORD, EndpointTestCase, Server

ALICE = "@alice:example.org"
BOB = "@bob:example.org"
PASSWORD_FLOWS = [{"stages": ["m.login.password"]}]


def password_auth(
    session: Optional[str] = None, user: str = "alice", password: str = PASSWORD
) -> Dict[str, Any]:
    """
    @return: an C{auth} object.
    """
    auth: Dict[str, Any] = {
        "type": "m.login.password",
        "identifier": {"type": "m.id.user", "user": user},
        "password": password,
    }
    if session is not None:
        auth["session"] = session
    return auth


class AccountTestCase(EndpointTestCase):
    """
    Alice and bob, who are logged in.

    @ivar server: where.
    @ivar token: alice's, of her device PHONE.
    @ivar bob: bob's token.
    """

    def setUp(self) -> None:
        """
        Make the server.
        """
        super().setUp()
        self.serve()

    def serve(self, **settings: Any) -> None:
        """
        Have a server with some settings.
        """
        self.server = Server(**settings)
        for localpart in ("alice", "bob"):
            self.server.add_user(localpart)
        self.token = self.log_in(device_id="PHONE")
        self.bob = self.log_in("bob", device_id="BOBS")

    def log_in(self, user: str = "alice", **more: Any) -> str:
        """
        @return: an access token.
        """
        body = self.assertAnswered(self.server.log_in(user, **more))
        del self.events[:]
        token: str = body["access_token"]
        return token

    def is_good(self, token: str) -> bool:
        """
        @return: whether an access token is somebody's.
        """
        return self.server.get("/v3/account/whoami", token=token).code == 200

    def assertChallenged(
        self, answer: Answer, errcode: Optional[str] = None, flows: Any = PASSWORD_FLOWS
    ) -> str:
        """
        Assert that an answer asks for an authentication, and says nothing
        else.

        @param errcode: that of a stage that failed.
        @return: the session.
        """
        body = answer.json
        self.assertEqual(answer.code, 401, answer.body)
        session: str = body.pop("session")
        if errcode is not None:
            self.assertIsInstance(body.pop("error"), str)
            self.assertEqual(body.pop("errcode"), errcode)
        # What was completed is said from the second answer on.
        self.assertEqual(body.pop("completed", []), [])
        self.assertEqual(body, {"flows": flows, "params": {}})
        return session
