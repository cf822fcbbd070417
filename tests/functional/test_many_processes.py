"""
Two daemons of one server, on one PostgreSQL database.
"""

from typing import Any, Dict, List

from tests.functional.client import V3, Client
from tests.functional.daemon import QUICK, Daemon, DaemonTestCase
from tests.storage.postgresql import own_database

REGISTER = V3 + "/register"


def shared_config(args: Dict[str, Any], **more: Any) -> Dict[str, Any]:
    """
    @param args: of the database.
    @return: the configuration that all processes have.
    """
    return dict(
        QUICK,
        macaroon_secret_key="shared-by-all-of-them",
        database={"name": "psycopg2", "args": args},
        synauth={"sessions": "database"},
        **more,
    )


class TwoDaemons(DaemonTestCase):
    """
    Daemons A and B, started at the same time on an empty database.
    """

    more: Dict[str, Any] = {}

    def setUp(self) -> None:
        """
        Start both.
        """
        self.args = own_database(self)
        config = shared_config(self.args, **self.more)
        directories = [self.make_directory() for _ in range(2)]
        self.daemons: List[Daemon] = []
        for directory in directories:
            path = self.write_config(directory, config)
            daemon = self.launch(
                directory, "--listen", "tcp:0:interface=127.0.0.1", "--config", path
            )
            self.addCleanup(self.assert_stops, daemon)
            self.daemons.append(daemon)
        self.a, self.b = [daemon.client() for daemon in self.daemons]


class TokenTests(TwoDaemons):
    """
    What one daemon gives or takes, the other knows at once.
    """

    def assert_ended(self, *tokens: str) -> None:
        """
        Neither daemon takes these tokens.
        """
        for client in (self.a, self.b):
            for token in tokens:
                answer = client.whoami(token)
                self.assertEqual(answer.status, 401)
                self.assertEqual(answer.body["errcode"], "M_UNKNOWN_TOKEN")

    def used(self, name: str = "alice") -> str:
        """
        Make a user with a login, and use it at both daemons.

        @return: the access token.
        """
        registered = self.a.register(name)
        self.assertEqual(registered.status, 200, registered)
        token: str = registered.body["access_token"]
        for client in (self.a, self.b):
            for _ in range(2):
                answer = client.whoami(token)
                self.assertEqual(answer.body["user_id"], "@%s:example.org" % name)
        return token

    def test_login(self) -> None:
        """
        A login at one is good at the other.
        """
        self.used()
        token = self.b.login("alice").body["access_token"]
        self.assertEqual(self.a.whoami(token).status, 200)

    def test_logout(self) -> None:
        """
        A logout at one is a logout everywhere when it has been answered.
        """
        token = self.used()
        for _ in range(20):
            token = self.b.login("alice").body["access_token"]
            self.assertEqual(self.b.whoami(token).status, 200)
            answer = Client(self.a.port, token).post(V3 + "/logout", {})
            self.assertEqual(answer.status, 200)
            self.assert_ended(token)

    def test_logout_all(self) -> None:
        """
        So is a logout of all.
        """
        tokens = [self.used(), self.b.login("alice").body["access_token"]]
        Client(self.a.port, tokens[0]).post(V3 + "/logout/all", {})
        self.assert_ended(*tokens)

    def test_refresh(self) -> None:
        """
        A refresh token is renewed by the other.
        """
        self.used()
        login = self.a.login("alice", refresh_token=True).body
        answer = self.b.post(V3 + "/refresh", {"refresh_token": login["refresh_token"]})
        self.assertEqual(answer.status, 200)
        self.assertEqual(self.a.whoami(answer.body["access_token"]).status, 200)
        self.assert_ended(login["access_token"])
