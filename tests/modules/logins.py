"""
Logging in at any homeserver, and what comes of it.
"""

from typing import Any, Dict, List

from twisted.trial.unittest import SynchronousTestCase

from tests.functional.client import Answer, Client

# Known to homeservers of all ages.
R0 = "/_matrix/client/r0"


def password_login(user: str, password: str) -> Dict[str, Any]:
    """
    @return: the body of a login.
    """
    return typed_login("m.login.password", user, password=password)


def typed_login(login_type: str, user: str, **fields: str) -> Dict[str, Any]:
    """
    @return: the body of a login of another type.
    """
    identifier = {"type": "m.id.user", "user": user}
    return dict(fields, type=login_type, identifier=identifier)


def email_login(address: str, password: str) -> Dict[str, Any]:
    """
    @return: the body of a login with an e-mail address.
    """
    return {
        "type": "m.login.password",
        "identifier": {
            "type": "m.id.thirdparty",
            "medium": "email",
            "address": address,
        },
        "password": password,
    }


def login_types(client: Client) -> List[str]:
    """
    @return: what the homeserver offers.
    """
    return [flow["type"] for flow in client.get(R0 + "/login").body["flows"]]


def log_in(client: Client, body: Dict[str, Any]) -> Answer:
    """
    Log in, or try to.
    """
    return client.post(R0 + "/login", body)


class LoginAssertions(SynchronousTestCase):
    """
    What can be said of an answer.
    """

    def assert_in(self, client: Client, body: Dict[str, Any], user_id: str) -> str:
        """
        Assert that a login succeeds and gives a token that is good.

        @return: the token.
        """
        answer = log_in(client, body)
        self.assertEqual(answer.status, 200, answer.body)
        self.assertEqual(answer.body["user_id"], user_id)
        token: str = answer.body["access_token"]
        self.assert_token(client, token, user_id)
        return token

    def assert_token(self, client: Client, token: str, user_id: str) -> None:
        """
        Assert that a token is somebody's.
        """
        answer = Client(client.port, token).get(R0 + "/account/whoami")
        self.assertEqual((answer.status, answer.body["user_id"]), (200, user_id))

    def assert_refused(self, client: Client, body: Dict[str, Any]) -> None:
        """
        Assert that a login fails as one with a wrong password does.
        """
        answer = log_in(client, body)
        self.assertEqual(
            (answer.status, answer.body.get("errcode")),
            (403, "M_FORBIDDEN"),
            answer.body,
        )
        self.assertNotIn("access_token", answer.body)

    def log_out(self, client: Client, token: str) -> None:
        """
        Log out; the token is good for nothing afterwards.
        """
        own = Client(client.port, token)
        self.assertEqual(own.post(R0 + "/logout", {}).status, 200)
        answer = own.get(R0 + "/account/whoami")
        self.assertEqual(
            (answer.status, answer.body["errcode"]), (401, "M_UNKNOWN_TOKEN")
        )
