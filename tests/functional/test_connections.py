"""
Connections that no well-behaved client would make, and what they do to others.
"""

import contextlib
import socket
import time
from http.client import BadStatusLine

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


class LimitTests(DaemonTestCase):
    """
    Slow and greedy clients, with limits that a test can wait for.
    """

    def test_slow_body(self) -> None:
        """
        Who sends a byte now and then is cut off when the time is over, with a word;
        others are served all the while.
        """
        client = self.start(dict(QUICK, synauth={"request_timeout": "1s"})).client()
        client.register("alice")
        with client.connect() as connection:
            connection.sendall(
                b"POST /_matrix/client/v3/login HTTP/1.1\r\nContent-Length: 500\r\n\r\n"
            )
            begun = time.monotonic()
            connection.settimeout(0.1)
            said = b""
            while b"\r\n\r\n" not in said and time.monotonic() - begun < 10:
                with contextlib.suppress(socket.timeout):
                    said += connection.recv(4096)
                    continue
                connection.sendall(b" ")
            self.assertEqual(client.login("alice").status, 200)
        self.assertIn(b"HTTP/1.1 408 ", said)
        self.assertLess(time.monotonic() - begun, 5)

    def test_too_many_of_one(self) -> None:
        """
        More connections than an address may have are closed unanswered; when one
        is gone there is room for the next.
        """
        config = dict(
            QUICK, trusted_proxies=[], synauth={"max_connections_per_address": 3}
        )
        client = self.start(config).client()
        held = [client.connect() for _ in range(3)]
        for connection in held:
            self.addCleanup(connection.close)
            connection.sendall(b"GET /health/live HTTP/1.1\r\n\r\n")
            receive_answers(connection, 1)
        with client.connect() as connection:
            self.assertEqual(connection.recv(1), b"")
        held[0].close()
        for _ in range(100):
            # Until the daemon has noticed.
            with contextlib.suppress(ConnectionError, BadStatusLine):
                self.assertEqual(client.get("/health/live").status, 200)
                break
        else:
            self.fail("there is no room again")
