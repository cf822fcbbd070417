"""
Connections that no well-behaved client would make, and what they do to others.
"""

from twisted.python.versions import Version

import twisted
from tests.functional.client import (
    PASSWORD,
    V3,
    password_login,
    receive_answers,
    request_bytes,
)
from tests.functional.daemon import QUICK, DaemonTestCase


class ConnectionTests(DaemonTestCase):
    """
    Over bare sockets.
    """

    def test_pipelined_logins(self) -> None:
        """
        Two logins sent in one breath get their own answers, in order.
        """
        if twisted.version < Version("Twisted", 24, 7, 0):
            self.skipTest("this Twisted mixes answers up (CVE-2024-41671)")
        client = self.start().client()
        names = ["alice", "bob"]
        for name in names:
            client.register(name)
        requests = [
            request_bytes("POST", V3 + "/login", password_login(name)) for name in names
        ]
        with client.connect() as connection:
            connection.sendall(b"".join(requests * 5))
            answers = receive_answers(connection, 10)
        for answer, name in zip(answers, names * 5):
            self.assertEqual(answer.status, 200)
            user_id = "@%s:example.org" % name
            self.assertEqual(answer.body["user_id"], user_id)
            whoami = client.whoami(answer.body["access_token"])
            self.assertEqual(whoami.body["user_id"], user_id)

    def test_slow_and_half_open(self) -> None:
        """
        Clients that begin and don't go on hold up nobody, and one of them is
        answered when it does go on.
        """
        client = self.start().client()
        client.register("alice")
        request = request_bytes("POST", V3 + "/login", password_login("alice"))
        connections = [client.connect() for _ in range(60)]
        for number, connection in enumerate(connections):
            self.addCleanup(connection.close)
            # Nothing; half a request line; half a header; all but the end.
            connection.sendall(request[: (0, 7, 30, -1)[number % 4]])
        self.assertEqual(client.login("alice").status, 200)
        connections[3].sendall(request[-1:])
        (answer,) = receive_answers(connections[3], 1)
        self.assertEqual(answer.body["user_id"], "@alice:example.org")

    def test_expect_continue(self) -> None:
        """
        C{Expect: 100-continue}, as curl says it before a longer body: the
        client is told to go on, and then is answered.
        """
        client = self.start().client()
        client.register("alice")
        request = request_bytes(
            "POST", V3 + "/login", password_login("alice"), "Expect: 100-continue"
        )
        head, end, body = request.partition(b"\r\n\r\n")
        with client.connect() as connection:
            connection.sendall(head + end)
            said = b""
            while not said.endswith(b"\r\n\r\n"):
                piece = connection.recv(1)
                self.assertNotEqual(piece, b"", said)
                said += piece
            self.assertEqual(said, b"HTTP/1.1 100 Continue\r\n\r\n")
            connection.sendall(body)
            (answer,) = receive_answers(connection, 1)
        self.assertEqual(answer.body["user_id"], "@alice:example.org")

    def test_hang_up_during_login(self) -> None:
        """
        Clients that don't wait for the answer leave no trace in the log.
        """
        client = self.start(dict(QUICK, bcrypt_rounds=9)).client()
        client.register("alice")
        request = request_bytes("POST", V3 + "/login", password_login("alice"))
        for _ in range(20):
            with client.connect() as connection:
                connection.sendall(request)
        self.assertEqual(client.login("alice").status, 200)

    def test_not_http(self) -> None:
        """
        What is no HTTP is refused in JSON, and the next client is served.
        """
        client = self.start().client()
        with client.connect() as connection:
            connection.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\r\n\r\n")
            (answer,) = receive_answers(connection, 1)
        self.assertEqual(answer.status, 400)
        self.assertEqual(answer.body["errcode"], "M_UNKNOWN")
        answer = client.register("alice", password=PASSWORD)
        self.assertEqual(answer.status, 200)
