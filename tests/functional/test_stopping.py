"""
The daemon stops, and starts again.
"""

import os
import socket
import stat
from typing import List, Tuple

from tests.functional.client import (
    V3,
    password_login,
    receive_answers,
    request_bytes,
)
from tests.functional.daemon import QUICK, STOPPED, Daemon, DaemonTestCase

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

    def crowd(self, stop_timeout: str) -> Tuple[Daemon, List[socket.socket]]:
        """
        Have a daemon with more logins in hand than it can check at once.

        @return: the daemon, and a connection for each login.
        """
        config = dict(
            QUICK,
            bcrypt_rounds=11,
            synauth={"hash_threads": 1, "stop_timeout": stop_timeout},
        )
        self.directory = self.make_directory()
        daemon = self.start(config, self.directory)
        client = daemon.client()
        self.assertEqual(client.register("alice").status, 200)
        request = request_bytes("POST", V3 + "/login", password_login("alice"))
        connections = []
        for _ in range(30):
            connections.append(client.connect())
            self.addCleanup(connections[-1].close)
            connections[-1].sendall(request)
        # It has read them when it answers this.
        self.assertEqual(client.get("/health/live").status, 200)
        return daemon, connections

    def test_finishes_what_is_in_hand(self) -> None:
        """
        The logins that it has read are answered, and their tokens are good
        afterwards; nobody else is let in.
        """
        daemon, connections = self.crowd("60s")
        port = daemon.port()
        daemon.process.terminate()
        answers = [receive_answers(connection, 1)[0] for connection in connections]
        self.assertEqual([answer.status for answer in answers], [200] * 30)
        self.assertIn(daemon.wait(SOON_S), STOPPED, daemon.log())
        self.assertRaises(
            ConnectionRefusedError, socket.create_connection, ("127.0.0.1", port)
        )
        client = self.start(directory=self.directory).client()
        for answer in answers[:1] + answers[-1:]:
            whoami = client.whoami(answer.body["access_token"])
            self.assertEqual(whoami.body["user_id"], "@alice:example.org")

    def test_in_time(self) -> None:
        """
        When its time is over the logins that still wait are told to come back, and
        it ends.
        """
        daemon, connections = self.crowd("1s")
        daemon.process.terminate()
        answers = [receive_answers(connection, 1)[0] for connection in connections]
        statuses = [answer.status for answer in answers]
        self.assertEqual(set(statuses), {200, 503}, statuses)
        refused = answers[statuses.index(503)]
        self.assertEqual(refused.headers["retry-after"], "1")
        self.assertEqual(refused.body["errcode"], "M_UNKNOWN")
        self.assertIn(daemon.wait(SOON_S), STOPPED, daemon.log())
        self.assertNotIn("Traceback", daemon.log())

    def test_told_twice(self) -> None:
        """
        A second SIGTERM does not wait.
        """
        daemon, connections = self.crowd("60s")
        daemon.process.terminate()
        receive_answers(connections[0], 1)
        daemon.process.terminate()
        self.assertIn(daemon.wait(SOON_S), STOPPED, daemon.log())
        self.assertNotIn("Traceback", daemon.log())

    def test_keep_alive(self) -> None:
        """
        A request on a connection that was open is answered when it was on its way
        already, and is the last there.
        """
        daemon = self.start()
        with daemon.client().connect() as connection:
            connection.sendall(b"GET /health/live HTTP/1.1\r\n\r\n")
            receive_answers(connection, 1)
            daemon.process.terminate()
            connection.sendall(b"GET /health/live HTTP/1.1\r\n\r\n")
            (answer,) = receive_answers(connection, 1)
            self.assertEqual(answer.status, 200)
            self.assertEqual(connection.recv(1), b"")
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
