"""
Single requests, as C{curl} would send them.
"""

from typing import Any

from tests.functional.client import PASSWORD, V3, Answer, Client, receive_answers
from tests.functional.daemon import QUICK, DaemonTestCase


class RequestTestCase(DaemonTestCase):
    """
    A test that asks one daemon.
    """

    client: Client

    def setUp(self) -> None:
        """
        Start it.
        """
        self.client = self.start().client()

    def assert_refused(self, answer: Answer, status: int, errcode: str) -> None:
        """
        Look at the whole shape of an error.
        """
        self.assertEqual((answer.status, answer.body["errcode"]), (status, errcode))
        self.assertIsInstance(answer.body["error"], str)
        self.assertEqual(answer.headers["access-control-allow-origin"], "*")


class EndpointTests(RequestTestCase):
    """
    What is served where, and what is not.
    """

    def test_versions(self) -> None:
        """
        Anybody may ask which versions of the specification are spoken.
        """
        answer = self.client.get("/_matrix/client/versions")
        self.assertEqual(answer.status, 200)
        self.assertIn("v1.1", answer.body["versions"])
        self.assertIn("r0.6.1", answer.body["versions"])
        self.assertEqual(answer.headers["content-type"], "application/json")

    def test_prefixes(self) -> None:
        """
        Login answers under each prefix that had it, and under no other.
        """
        flows = {"flows": [{"type": "m.login.password"}, {"type": "m.login.token"}]}
        for prefix in ("api/v1", "r0", "v3", "unstable"):
            answer = self.client.get("/_matrix/client/%s/login" % prefix)
            self.assertEqual((answer.status, answer.body), (200, flows), prefix)
        self.assert_refused(
            self.client.get("/_matrix/client/v4/login"), 404, "M_UNRECOGNIZED"
        )

    def test_login_under_each_prefix(self) -> None:
        """
        A client of any generation logs in: also with the old top-level user.
        """
        self.client.register("alice")
        for prefix in ("api/v1", "r0", "v3"):
            body = {"type": "m.login.password", "user": "alice", "password": PASSWORD}
            answer = self.client.post("/_matrix/client/%s/login" % prefix, body)
            self.assertEqual(answer.status, 200, answer)
            token = answer.body["access_token"]
            whoami = self.client.whoami(token)
            self.assertEqual(
                whoami.body,
                {
                    "user_id": "@alice:example.org",
                    "device_id": answer.body["device_id"],
                    "is_guest": False,
                },
            )

    def test_unknown_path(self) -> None:
        """
        What is not there is 404.
        """
        for path in ("/", "/_matrix", V3 + "/sync", V3 + "/login/", "/%00", "/../x"):
            self.assert_refused(self.client.get(path), 404, "M_UNRECOGNIZED")

    def test_wrong_method(self) -> None:
        """
        What is there, but not so, is 405.
        """
        for method, path in (
            ("DELETE", V3 + "/login"),
            ("POST", V3 + "/account/whoami"),
            ("GET", V3 + "/logout"),
            ("BREW", V3 + "/login"),
        ):
            self.assert_refused(self.client.ask(method, path), 405, "M_UNRECOGNIZED")

    def test_too_large(self) -> None:
        """
        A body of more than 64 KiB is refused for its size, and one of just
        that for what it says.
        """
        path = V3 + "/login"
        answer = self.client.ask("POST", path, b"x" * 64 * 1024)
        self.assert_refused(answer, 400, "M_NOT_JSON")
        answer = self.client.ask("POST", path, b"x" * (64 * 1024 + 1))
        self.assert_refused(answer, 413, "M_TOO_LARGE")

    def test_far_too_large(self) -> None:
        """
        Who announces very much, or waits to be told to go on, is refused
        before sending it.
        """
        for line in (
            b"Content-Length: 99000000",
            b"Content-Length: 65537\r\nExpect: 100-continue",
        ):
            with self.client.connect() as connection:
                connection.sendall(
                    b"POST %b/login HTTP/1.1\r\nHost: x\r\n%b\r\n\r\n"
                    % (V3.encode("ascii"), line)
                )
                (answer,) = receive_answers(connection, 1)
            self.assert_refused(answer, 413, "M_TOO_LARGE")

    def test_missing_and_unknown_tokens(self) -> None:
        """
        Without a token, and with nobody's, one is nobody.
        """
        whoami = V3 + "/account/whoami"
        self.assert_refused(self.client.get(whoami), 401, "M_MISSING_TOKEN")
        answer = self.client.whoami("nobodys")
        self.assert_refused(answer, 401, "M_UNKNOWN_TOKEN")
        self.assertIs(answer.body["soft_logout"], False)

    def test_logout_all(self) -> None:
        """
        All of a user's logins end at once, and nobody else's.
        """
        mine = [self.client.register("alice").body["access_token"]]
        mine.append(self.client.login("alice").body["access_token"])
        others = self.client.register("bob").body["access_token"]
        ended = Client(self.client.port, mine[0]).post(V3 + "/logout/all", {})
        self.assertEqual((ended.status, ended.body), (200, {}))
        for token in mine:
            self.assert_refused(self.client.whoami(token), 401, "M_UNKNOWN_TOKEN")
        self.assertEqual(self.client.whoami(others).status, 200)


class RefreshTests(RequestTestCase):
    """
    C{POST /refresh}.
    """

    def log_in(self) -> Any:
        """
        @return: the answer to a login of a client that can refresh.
        """
        self.client.register("alice")
        answer = self.client.login("alice", refresh_token=True)
        self.assertEqual(answer.status, 200, answer)
        self.assertEqual(answer.body["expires_in_ms"], 5 * 60 * 1000)
        return answer.body

    def refresh(self, refresh_token: str, path: str = V3 + "/refresh") -> Answer:
        """
        Ask for new tokens.
        """
        return self.client.post(path, {"refresh_token": refresh_token})

    def test_rotation(self) -> None:
        """
        New tokens for the same device; the old ones end when a new one is used.
        """
        old = self.log_in()
        answer = self.refresh(old["refresh_token"])
        self.assertEqual(answer.status, 200)
        new = answer.body
        self.assertEqual(
            sorted(new), ["access_token", "expires_in_ms", "refresh_token"]
        )
        self.assertNotEqual(new["access_token"], old["access_token"])
        self.assertNotEqual(new["refresh_token"], old["refresh_token"])
        self.assertEqual(self.client.whoami(old["access_token"]).status, 200)
        whoami = self.client.whoami(new["access_token"])
        self.assertEqual(whoami.body["device_id"], old["device_id"])
        self.assert_refused(
            self.client.whoami(old["access_token"]), 401, "M_UNKNOWN_TOKEN"
        )

    def test_lost_answer(self) -> None:
        """
        A client that did not get the answer asks again and goes on.
        """
        old = self.log_in()
        lost = self.refresh(old["refresh_token"]).body
        again = self.refresh(old["refresh_token"])
        self.assertEqual(again.status, 200)
        self.assertEqual(self.client.whoami(again.body["access_token"]).status, 200)
        self.assert_refused(
            self.client.whoami(lost["access_token"]), 401, "M_UNKNOWN_TOKEN"
        )

    def test_reuse(self) -> None:
        """
        A refresh token whose successor is in use is refused, and the session
        lives on.
        """
        old = self.log_in()
        new = self.refresh(old["refresh_token"]).body
        self.client.whoami(new["access_token"])
        self.assert_refused(self.refresh(old["refresh_token"]), 401, "M_UNKNOWN_TOKEN")
        self.assertEqual(self.client.whoami(new["access_token"]).status, 200)
        self.assertEqual(self.refresh(new["refresh_token"]).status, 200)

    def test_access_token_is_no_refresh_token(self) -> None:
        """
        Neither token does the other's work.
        """
        old = self.log_in()
        self.assert_refused(self.refresh(old["access_token"]), 401, "M_UNKNOWN_TOKEN")
        self.assert_refused(
            self.client.whoami(old["refresh_token"]), 401, "M_UNKNOWN_TOKEN"
        )

    def test_old_path(self) -> None:
        """
        The path of 2016 does the same.
        """
        old = self.log_in()
        path = "/_matrix/client/v2_alpha/tokenrefresh"
        answer = self.refresh(old["refresh_token"], path)
        self.assertEqual(answer.status, 200)
        self.assertEqual(self.client.whoami(answer.body["access_token"]).status, 200)

    def test_switched_off(self) -> None:
        """
        Where access tokens are not refreshable, nobody is given a refresh
        token and the endpoint is not there.
        """
        config = dict(QUICK, refreshable_access_token_lifetime=None)
        self.client = self.start(config).client()
        self.client.register("alice")
        answer = self.client.login("alice", refresh_token=True)
        self.assertEqual(answer.status, 200)
        self.assertNotIn("refresh_token", answer.body)
        self.assert_refused(self.refresh("made-up"), 404, "M_UNRECOGNIZED")
