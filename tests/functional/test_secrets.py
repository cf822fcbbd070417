"""
Secrets are looked for in all that the daemon writes.
"""

import os
from typing import Any, List

from tests.functional.client import V3, Client, password_login
from tests.functional.daemon import ANY_FREE_PORT, QUICK, Daemon, DaemonTestCase

LOGIN = V3 + "/login"
REGISTER = V3 + "/register"


class SecretTests(DaemonTestCase):
    """
    Neither the log nor the database tells a secret.
    """

    def written(self, directory: str) -> bytes:
        """
        @return: all files of a data directory.
        """
        data = os.path.join(directory, "synauth-data")
        contents: List[bytes] = []
        for name in os.listdir(data):
            with open(os.path.join(data, name), "rb") as stream:
                contents.append(stream.read())
        self.assertGreater(len(contents), 1)
        return b"".join(contents)

    def assert_kept_secret(
        self, directory: str, daemon: Daemon, passwords: List[str], tokens: List[str]
    ) -> None:
        """
        Look into the files while the daemon runs, and into all of its log.

        @param tokens: these may stand in the database.
        """
        written = self.written(directory)
        self.assertEqual(len(set(passwords + tokens)), len(passwords + tokens))
        for password in passwords:
            self.assertNotIn(password.encode("utf-8"), written)
        daemon.stop()
        for secret in passwords + tokens:
            self.assertNotIn(secret, daemon.log())

    def test_passwords_and_tokens(self) -> None:
        """
        Registered, mistyped, sent in a broken request, or left in a
        registration that was never finished; in a header, a query or a body.
        """
        self.plant()

    def test_log_that_tells_most(self) -> None:
        """
        The same where each request is logged, and all that an event has.
        """
        self.plant(synauth={"log_format": "json", "access_log": True})

    def plant(self, **settings: Any) -> None:
        """
        Plant secrets, and look for them.

        @param settings: of the daemon.
        """
        directory = self.make_directory()
        config = dict(QUICK, registration_shared_secret="planted-shared-secret")
        daemon = self.start(dict(config, **settings), directory)
        client = daemon.client()
        names = ("registered", "mistyped", "unfinished", "notjson", "badtype", "field")
        planted = {name: "planted-%s-1" % name for name in names}

        registered = client.register("alice", password=planted["registered"])
        login = client.login(
            "alice", password=planted["registered"], refresh_token=True
        ).body
        answer = client.login("alice", password=planted["mistyped"])
        self.assertEqual(answer.status, 403)
        body = {"username": "bob", "password": planted["unfinished"]}
        self.assertEqual(client.post(REGISTER, body).status, 401)
        broken = b'{"password": "%b"' % planted["notjson"].encode("ascii")
        self.assertEqual(client.ask("POST", LOGIN, broken).status, 400)
        body = dict(password_login("alice"), password=[planted["badtype"]])
        self.assertEqual(client.post(LOGIN, body).status, 400)
        body = dict(password_login("alice"), type={"password": planted["field"]})
        self.assertEqual(client.post(LOGIN, body).status, 400)

        token = registered.body["access_token"]
        answer = client.get(V3 + "/account/whoami?access_token=" + token)
        self.assertEqual(answer.status, 200)
        for path in ("/nowhere", "/account/whoami", "/login"):
            wrong = "/%2e" + path + "?access_token=planted-in-a-query"
            client.ask("PATCH", V3 + wrong)
        refreshed = client.post(
            V3 + "/refresh", {"refresh_token": login["refresh_token"]}
        ).body
        client.post(V3 + "/refresh", {"refresh_token": "planted-refresh-token"})
        client.post(LOGIN, {"type": "m.login.token", "token": "planted-login-token"})
        client.whoami("planted-access-token")
        Client(client.port, refreshed["access_token"]).post(V3 + "/logout", {})

        self.assert_kept_secret(
            directory,
            daemon,
            list(planted.values()) + ["planted-shared-secret"],
            [token, login["access_token"], login["refresh_token"]]
            + [refreshed["access_token"], refreshed["refresh_token"]]
            + ["planted-refresh-token", "planted-login-token"]
            + ["planted-access-token", "planted-in-a-query"],
        )
        self.assertIn("reason=wrong_password", daemon.log())

    def test_captcha_response(self) -> None:
        """
        A captcha that can't be verified: neither the client's response nor the
        server's key is told.
        """
        directory = self.make_directory()
        config = dict(
            QUICK,
            enable_registration_captcha=True,
            recaptcha_public_key="public",
            recaptcha_private_key="planted-private-key",
            # Nobody listens there.
            recaptcha_siteverify_api="http://127.0.0.1:1/siteverify",
        )
        daemon = self.launch(
            directory,
            "--listen",
            ANY_FREE_PORT,
            "--config",
            self.write_config(directory, config),
        )
        client = daemon.client()
        body = {"username": "alice", "password": "planted-password"}
        challenge = client.post(REGISTER, body)
        self.assertEqual(challenge.status, 401)
        self.assertEqual(
            challenge.body["params"], {"m.login.recaptcha": {"public_key": "public"}}
        )
        auth = {
            "type": "m.login.recaptcha",
            "response": "planted-captcha-response",
            "session": challenge.body["session"],
        }
        answer = client.post(REGISTER, dict(body, auth=auth))
        self.assertEqual(answer.status, 401)
        self.assertEqual(answer.body["errcode"], "M_UNAUTHORIZED")
        self.assertEqual(answer.body["completed"], [])
        secrets = ["planted-password", "planted-private-key"]
        self.assert_kept_secret(
            directory, daemon, secrets, ["planted-captcha-response"]
        )
