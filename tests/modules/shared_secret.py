"""
What holds for shared-secret-authenticator, whatever its age.
"""

import hashlib
import hmac

from tests.functional.client import PASSWORD, Client
from tests.functional.daemon import QUICK, DaemonTestCase
from tests.modules.hosts import Config
from tests.modules.logins import LoginAssertions, password_login

ALICE = "@alice:example.org"
SECRET = "the queen of hearts"


def token_for(user_id: str, secret: str = SECRET) -> str:
    """
    @return: what lets a user in.
    """
    return hmac.new(
        secret.encode("utf-8"), user_id.encode("utf-8"), hashlib.sha512
    ).hexdigest()


class SharedSecretTestCase(LoginAssertions, DaemonTestCase):
    """
    A daemon that trusts who knows the secret.
    """

    def start_trusting(self, config: Config) -> Client:
        """
        Start the daemon, with an account for alice.
        """
        client = self.start(dict(QUICK, **config)).client()
        self.assertEqual(client.register("alice").status, 200)
        return client

    def assert_passwords(self, client: Client) -> None:
        """
        Assert what holds for passwords.
        """
        for user in ("alice", ALICE):
            login = password_login(user, token_for(ALICE))
            self.assert_in(client, login, ALICE)
        self.assert_in(client, password_login("alice", PASSWORD), ALICE)
        for login in (
            password_login("alice", token_for("@hatter:example.org")),
            password_login("alice", token_for(ALICE, "the king")),
            password_login("alice", token_for(ALICE) + "0"),
            password_login("hatter", token_for("@hatter:example.org")),
        ):
            self.assert_refused(client, login)
