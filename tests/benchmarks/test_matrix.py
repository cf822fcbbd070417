"""
Tests of L{benchmarks.matrix}.
"""

import json

from twisted.trial.unittest import SynchronousTestCase

from benchmarks.answer import LoadError
from benchmarks.matrix import Account, Requests, loopback_address


class LoopbackTests(SynchronousTestCase):
    """
    Only this machine is measured.
    """

    def test_taken(self) -> None:
        """
        Loopback addresses of both families, and their name.
        """
        for url, address in (
            ("http://127.0.0.1:8008", ("127.0.0.1", 8008)),
            ("http://127.9.9.9/", ("127.9.9.9", 80)),
            ("http://[::1]:8448/", ("::1", 8448)),
            ("http://localhost:1", ("127.0.0.1", 1)),
        ):
            self.assertEqual(loopback_address(url), address)

    def test_refused(self) -> None:
        """
        Everything else, however it is dressed up.
        """
        for url in (
            "http://192.0.2.1",
            "http://0.0.0.0:8008",
            "http://example.org",
            "http://127.0.0.1@example.org",
            "http://localhost.example.org",
            "http://127.0.0.1:port",
            "http://127.0.0.1:99999",
            "http://[::1",
            "http://[2001:db8::1]",
            "https://127.0.0.1",
            "http://127.0.0.1/somewhere",
            "127.0.0.1:8008",
            "",
        ):
            self.assertRaises(LoadError, loopback_address, url)


class RequestTests(SynchronousTestCase):
    """
    The bytes that are sent.
    """

    requests = Requests(("::1", 8008))

    def test_body(self) -> None:
        """
        A request says how long its body is, and to whom it goes.
        """
        request = self.requests.login(Account("alice", "secret", ""), "DEV")
        head, body = request.split(b"\r\n\r\n")
        self.assertEqual(
            head.split(b"\r\n")[:2],
            [b"POST /_matrix/client/v3/login HTTP/1.1", b"Host: [::1]:8008"],
        )
        self.assertIn(b"Content-Length: %d" % (len(body),), head.split(b"\r\n"))
        self.assertEqual(
            json.loads(body),
            {
                "type": "m.login.password",
                "identifier": {"type": "m.id.user", "user": "alice"},
                "password": "secret",
                "device_id": "DEV",
            },
        )

    def test_token(self) -> None:
        """
        A token goes into the header.
        """
        lines = self.requests.whoami("token").split(b"\r\n")
        self.assertIn(b"Authorization: Bearer token", lines)

    def test_challenges(self) -> None:
        """
        Each opening of a registration is for another name, and all are of the
        same length.
        """
        source = self.requests.challenges()
        made = [source() for _ in range(100)]
        bodies = [json.loads(request.split(b"\r\n\r\n")[1]) for request in made]
        self.assertEqual(len({body["username"] for body in bodies}), 100)
        self.assertEqual(len({len(request) for request in made}), 1)

    def test_devices_take_turns(self) -> None:
        """
        Logins go around a fixed number of devices.
        """
        source = self.requests.logins(Account("alice", "secret", ""), 3)
        first = [source() for _ in range(3)]
        self.assertEqual([source() for _ in range(3)], first)
        self.assertEqual(len(set(first)), 3)

    def test_account_repr(self) -> None:
        """
        An account does not show its password or token.
        """
        text = repr(Account("alice", "secret", "syt_token"))
        self.assertEqual(text, "<Account alice>")
