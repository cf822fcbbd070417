"""
The daemon stops, and starts again.
"""

import os
import stat

from tests.functional.client import V3, password_login, request_bytes
from tests.functional.daemon import QUICK, STOPPED, DaemonTestCase

# Far less than the hashes that wait would take.
SOON_S = 8


class RestartTests(DaemonTestCase):
    """
    What is kept over a restart.
    """

    def test_tokens_are_kept(self) -> None:
        """
        Access and refresh tokens are good afterwards, those that were logged
        out stay so, and the daemon goes on signing with the same key.
        """
        directory = self.make_directory()
        daemon = self.start(directory=directory)
        client = daemon.client()
        token = client.register("alice").body["access_token"]
        login = client.login("alice", refresh_token=True).body
        ended = client.login("alice").body["access_token"]
        self.assertEqual(daemon.client(ended).post(V3 + "/logout", {}).status, 200)
        key = self.signing_key(directory)
        daemon.stop()

        client = self.start(directory=directory).client()
        self.assertEqual(self.signing_key(directory), key)
        self.assertEqual(client.whoami(token).body["user_id"], "@alice:example.org")
        whoami = client.whoami(login["access_token"])
        self.assertEqual(whoami.body["device_id"], login["device_id"])
        self.assertEqual(client.whoami(ended).status, 401)
        body = {"refresh_token": login["refresh_token"]}
        self.assertEqual(client.post(V3 + "/refresh", body).status, 200)
        self.assertEqual(client.login("alice").status, 200)

    def signing_key(self, directory: str) -> bytes:
        """
        @return: the key in a data directory, which nobody else may read.
        """
        data = os.path.join(directory, "synauth-data")
        for name, mode in (
            ("", 0o700),
            ("macaroon_secret_key", 0o600),
            ("homeserver.db", 0o600),
        ):
            found = os.stat(os.path.join(data, name))
            self.assertEqual(stat.S_IMODE(found.st_mode), mode, name)
        with open(os.path.join(data, "macaroon_secret_key"), "rb") as stream:
            return stream.read()


class StopTests(DaemonTestCase):
    """
    SIGTERM.
    """

    def test_stops_with_logins_in_the_queue(self) -> None:
        """
        It does not first work off the logins that wait for their hash.
        """
        config = dict(QUICK, bcrypt_rounds=13, synauth={"hash_threads": 1})
        daemon = self.start(config)
        client = daemon.client()
        self.assertEqual(client.register("alice").status, 200)
        request = request_bytes("POST", V3 + "/login", password_login("alice"))
        for _ in range(60):
            connection = client.connect()
            self.addCleanup(connection.close)
            connection.sendall(request)
        # It has read them when it answers this.
        self.assertEqual(client.get("/health").status, 200)
        daemon.process.terminate()
        self.assertIn(daemon.wait(SOON_S), STOPPED, daemon.log())

    def test_stops_with_open_connections(self) -> None:
        """
        Idle clients do not hold it up.
        """
        daemon = self.start()
        for _ in range(5):
            self.addCleanup(daemon.client().connect().close)
        daemon.process.terminate()
        self.assertIn(daemon.wait(SOON_S), STOPPED, daemon.log())
