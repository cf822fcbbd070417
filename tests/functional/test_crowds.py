"""
Many clients at once, and one client too often.
"""

import json
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from typing import Callable, List

from tests.functional.client import (
    TIMEOUT_S,
    V3,
    Answer,
    Client,
    password_login,
    read_answer,
    receive_answers,
    request_bytes,
)
from tests.functional.daemon import QUICK, DaemonTestCase


def at_once(number: int, ask: Callable[[int], Answer]) -> List[Answer]:
    """
    Ask from several threads.

    @param ask: is given the number of the thread.
    """
    with ThreadPoolExecutor(number) as threads:
        return list(threads.map(ask, range(number)))


class CrowdTestCase(DaemonTestCase):
    """
    A test that looks at refusals.
    """

    def assert_too_many(self, answer: Answer) -> None:
        """
        A client is told to come back later, and when.
        """
        self.assertEqual(answer.status, 429)
        self.assertEqual(answer.body["errcode"], "M_LIMIT_EXCEEDED")
        self.assertGreater(answer.body["retry_after_ms"], 0)
        self.assertGreaterEqual(
            int(answer.headers["retry-after"]) * 1000, answer.body["retry_after_ms"]
        )


class SimultaneousTests(CrowdTestCase):
    """
    At the same time.
    """

    def test_one_name(self) -> None:
        """
        Of many who register one name at once, one gets it.
        """
        client = self.start().client()
        names = ("Alice", "ALICE", "alice", "bob")
        answers = at_once(12, lambda n: client.register(names[n % 4]))
        for name in ("@alice:example.org", "@bob:example.org"):
            got = [a for a in answers if a.body.get("user_id") == name]
            self.assertEqual([a.status for a in got], [200])
            self.assertEqual(client.whoami(got[0].body["access_token"]).status, 200)
        refused = [a.body["errcode"] for a in answers if a.status != 200]
        self.assertEqual(refused, ["M_USER_IN_USE"] * 10)

    def test_one_session(self) -> None:
        """
        Of many who complete one registration at once, all are told of the same
        user, or to come back.
        """
        client = self.start().client()
        body = {"username": "alice", "password": "wonderland-1"}
        session = client.post(V3 + "/register", body).body["session"]
        auth = {"type": "m.login.dummy", "session": session}
        answers = at_once(
            8, lambda n: client.post(V3 + "/register", dict(body, auth=auth))
        )
        told = {a.body["user_id"] for a in answers if a.status == 200}
        self.assertEqual(told, {"@alice:example.org"})
        for answer in answers:
            if answer.status != 200:
                self.assert_too_many(answer)

    def test_one_refresh_token(self) -> None:
        """
        Of many who refresh with one token at once, all are answered, and one
        pair of the new tokens is good.
        """
        client = self.start().client()
        client.register("alice")
        login = client.login("alice", refresh_token=True).body
        body = {"refresh_token": login["refresh_token"]}
        answers = at_once(8, lambda n: client.post(V3 + "/refresh", body))
        self.assertEqual({answer.status for answer in answers}, {200})
        new = [answer.body for answer in answers]
        good = [n for n in new if client.whoami(n["access_token"]).status == 200]
        self.assertEqual(len(good), 1)
        body = {"refresh_token": good[0]["refresh_token"]}
        self.assertEqual(client.post(V3 + "/refresh", body).status, 200)

    def test_more_logins_than_are_hashed(self) -> None:
        """
        Whoever finds the queue full is told at once to come back; the others
        are logged in, and meanwhile whoami is answered.
        """
        limits = {"hash_threads": 1, "hash_queue": 4}
        client = self.start(dict(QUICK, bcrypt_rounds=11, synauth=limits)).client()
        token = client.register("alice").body["access_token"]
        request = request_bytes("POST", V3 + "/login", password_login("alice"))
        connections = [client.connect() for _ in range(30)]
        for connection in connections:
            self.addCleanup(connection.close)
            connection.sendall(request)
        self.assertEqual(client.whoami(token).status, 200)
        answers = [receive_answers(connection, 1)[0] for connection in connections]
        refused = [answer for answer in answers if answer.status != 200]
        self.assertGreaterEqual(len(answers) - len(refused), 5)
        self.assertGreater(len(refused), 0)
        for answer in refused:
            self.assert_too_many(answer)


class LimitTests(CrowdTestCase):
    """
    With the limits as they are shipped, and passwords that cost nothing.
    """

    def start_limited(self, **more: object) -> Client:
        """
        @return: a client of a daemon that has an account for alice.
        """
        config = {"bcrypt_rounds": 4, "enable_registration": True}
        config["enable_registration_without_verification"] = True
        client = self.start(dict(config, **more)).client()
        self.assertEqual(client.register("alice").status, 200)
        return client

    def test_logins_from_one_address(self) -> None:
        """
        After five logins in a row an address is refused, with whatever
        password.
        """
        client = self.start_limited()
        answers = [client.login("alice") for _ in range(5)]
        self.assertEqual([answer.status for answer in answers], [200] * 5)
        self.assert_too_many(client.login("alice"))
        self.assert_too_many(client.login("bob", password="wrong"))

    def test_wrong_passwords(self) -> None:
        """
        After three wrong passwords an account is closed for a while, to the
        right one too.
        """
        client = self.start_limited()
        for _ in range(3):
            self.assertEqual(client.login("alice", password="wrong").status, 403)
        self.assert_too_many(client.login("ALICE"))

    def test_registrations(self) -> None:
        """
        After three accounts an address has to wait for the next.
        """
        client = self.start_limited()
        for name in ("bob", "carol"):
            self.assertEqual(client.register(name).status, 200)
        self.assert_too_many(client.register("dave"))

    def test_behind_a_proxy(self) -> None:
        """
        With C{x_forwarded}, the limits are those of the proxy's clients; what
        a client puts into the header itself counts for nothing.
        """
        listener = {"port": 0, "bind_addresses": ["127.0.0.1"], "x_forwarded": True}
        config = dict(QUICK, listeners=[listener])
        config["rc_login"] = {"address": {"per_second": 0.001, "burst_count": 1}}
        directory = self.make_directory()
        path = self.write_config(directory, config)
        daemon = self.launch(directory, "--config", path)
        port = daemon.port()
        answers = [
            login_through_proxy(port, "192.0.2.1"),
            login_through_proxy(port, "192.0.2.2"),
            login_through_proxy(port, "198.51.100.7, 192.0.2.1"),
        ]
        self.assertEqual([answer.status for answer in answers], [403, 403, 429])
        self.assert_stops(daemon)
        self.assertIn("ip=192.0.2.2", daemon.log())
        self.assertNotIn("198.51.100.7", daemon.log())


def login_through_proxy(port: int, forwarded_for: str) -> Answer:
    """
    Log in, in vain, as a proxy on this machine passes it on.
    """
    connection = HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_S)
    try:
        body = json.dumps(password_login("nobody"))
        headers = {"X-Forwarded-For": forwarded_for}
        connection.request("POST", V3 + "/login", body, headers)
        return read_answer(connection.getresponse())
    finally:
        connection.close()
