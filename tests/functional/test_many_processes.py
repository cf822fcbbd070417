"""
Two daemons of one server, on one PostgreSQL database.
"""

import hashlib
import hmac
import json
import os
import subprocess
import threading
from typing import Any, Dict, List

from tests.functional.client import PASSWORD, V3, Answer, Client, password_login
from tests.functional.daemon import QUICK, Daemon, DaemonTestCase
from tests.storage.postgresql import execute, own_database

REGISTER = V3 + "/register"
ADMIN_REGISTER = "/_synapse/admin/v1/register"

SECRET = "shared-by-all-of-them"


def shared_config(args: Dict[str, Any], **more: Any) -> Dict[str, Any]:
    """
    @param args: of the database.
    @return: the configuration that all processes have.
    """
    return dict(
        QUICK,
        macaroon_secret_key=SECRET,
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
        config = shared_config(self.args)
        config.update(self.more)
        self.daemons: List[Daemon] = []
        for _ in range(2):
            directory = self.make_directory()
            path = self.write_config(directory, config)
            daemon = self.launch(
                directory, "--listen", "tcp:0:interface=127.0.0.1", "--config", path
            )
            self.addCleanup(self.assert_stops, daemon)
            self.daemons.append(daemon)
        self.a, self.b = [daemon.client() for daemon in self.daemons]

    def registered(self, name: str = "alice") -> str:
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

    def assert_ended(self, *tokens: str) -> None:
        """
        Neither daemon takes these tokens.
        """
        for client in (self.a, self.b):
            for token in tokens:
                answer = client.whoami(token)
                self.assertEqual(answer.status, 401)
                self.assertEqual(answer.body["errcode"], "M_UNKNOWN_TOKEN")

    def authenticated(self, path: str, token: str, body: Dict[str, Any]) -> Answer:
        """
        Ask A for what needs one more authentication, and give it to B.

        @return: B's answer.
        """
        challenge = Client(self.a.port, token).post(path, body)
        self.assertEqual(challenge.status, 401, challenge)
        auth = dict(password_login("alice"), session=challenge.body["session"])
        return Client(self.b.port, token).post(path, dict(body, auth=auth))


class TokenTests(TwoDaemons):
    """
    What one daemon gives or takes, the other knows at once.
    """

    def test_login(self) -> None:
        """
        A login at one is good at the other.
        """
        self.registered()
        token = self.b.login("alice").body["access_token"]
        self.assertEqual(self.a.whoami(token).status, 200)

    def test_logout(self) -> None:
        """
        A logout at one is a logout everywhere when it has been answered.
        """
        self.registered()
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
        tokens = [self.registered(), self.b.login("alice").body["access_token"]]
        Client(self.a.port, tokens[0]).post(V3 + "/logout/all", {})
        self.assert_ended(*tokens)

    def test_refresh(self) -> None:
        """
        A refresh token is renewed by the other.
        """
        self.registered()
        login = self.a.login("alice", refresh_token=True).body
        answer = self.b.post(V3 + "/refresh", {"refresh_token": login["refresh_token"]})
        self.assertEqual(answer.status, 200)
        self.assertEqual(self.a.whoami(answer.body["access_token"]).status, 200)
        self.assert_ended(login["access_token"])

    def test_deactivation(self) -> None:
        """
        Who is deactivated is out everywhere, with one authentication that
        began at one daemon and ended at the other.
        """
        tokens = [self.registered(), self.b.login("alice").body["access_token"]]
        answer = self.authenticated(V3 + "/account/deactivate", tokens[1], {})
        self.assertEqual(answer.status, 200, answer)
        self.assert_ended(*tokens)
        for client in (self.a, self.b):
            answer = client.login("alice")
            self.assertEqual(answer.status, 403)


class AccountTests(TwoDaemons):
    """
    Accounts that are made and changed at both daemons.
    """

    more = {"registration_shared_secret": "planted"}

    def test_goes_on_elsewhere(self) -> None:
        """
        What was begun at one is finished at the other, with what was asked for
        first, and a repeat of it at the first is answered with the same.
        """
        body = {"username": "alice", "password": PASSWORD}
        challenge = self.a.post(REGISTER, body)
        self.assertEqual(challenge.status, 401)
        auth = {"type": "m.login.dummy", "session": challenge.body["session"]}
        answer = self.b.post(REGISTER, {"auth": auth})
        self.assertEqual(answer.status, 200, answer)
        self.assertEqual(answer.body["user_id"], "@alice:example.org")
        self.assertEqual(self.a.login("alice").status, 200)
        again = self.a.post(REGISTER, {"auth": auth})
        self.assertEqual((again.status, again.body), (200, answer.body))

    def test_same_name(self) -> None:
        """
        One name, asked for at both at the same time, is one user's.
        """
        answers: List[Answer] = []

        def register(client: Client, name: str) -> None:
            answers.append(client.register(name))

        for number in range(5):
            answers.clear()
            threads = [
                threading.Thread(target=register, args=(client, "user%d" % number))
                for client in (self.a, self.b) * 3
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            found = sorted(
                (answer.status, answer.body.get("errcode")) for answer in answers
            )
            self.assertEqual(found, [(200, None)] + [(400, "M_USER_IN_USE")] * 5, found)
        self.assertEqual(execute(self.args, "SELECT COUNT(*) FROM users"), [(5,)])

    def shared_secret_body(self, name: str, admin: bool = False) -> Dict[str, Any]:
        """
        @return: a registration by the shared secret, with a nonce of A's.
        """
        nonce = self.a.get(ADMIN_REGISTER).body["nonce"]
        word = "admin" if admin else "notadmin"
        said = "\0".join([nonce, name, PASSWORD, word]).encode("ascii")
        return {
            "nonce": nonce,
            "username": name,
            "password": PASSWORD,
            "admin": admin,
            "mac": hmac.new(b"planted", said, hashlib.sha1).hexdigest(),
        }

    def test_nonce(self) -> None:
        """
        A nonce of one daemon is good at the other, once.
        """
        body = self.shared_secret_body("carol")
        self.assertEqual(self.b.post(ADMIN_REGISTER, body).status, 200)
        for client in (self.a, self.b):
            answer = client.post(ADMIN_REGISTER, body)
            self.assertEqual((answer.status, answer.body["error"][:5]), (400, "Unrec"))

    def test_new_password(self) -> None:
        """
        A password that was changed at one is the only one at both, and the
        logins of before are over at both.
        """
        body = self.shared_secret_body("carol", admin=True)
        admin = self.b.post(ADMIN_REGISTER, body).body["access_token"]
        tokens = [self.registered(), self.b.login("alice").body["access_token"]]
        self.assertEqual(self.b.whoami(tokens[1]).status, 200)
        answer = Client(self.a.port, admin).post(
            "/_synapse/admin/v1/reset_password/@alice:example.org",
            {"new_password": "another-1", "logout_devices": True},
        )
        self.assertEqual(answer.status, 200, answer)
        self.assert_ended(*tokens)
        for client in (self.a, self.b):
            self.assertEqual(client.login("alice").status, 403)
            self.assertEqual(client.login("alice", password="another-1").status, 200)

    def test_locked(self) -> None:
        """
        An account that is locked at one is locked at both, at once.
        """
        body = self.shared_secret_body("carol", admin=True)
        admin = self.b.post(ADMIN_REGISTER, body).body["access_token"]
        token = self.registered()
        for locked in (True, False):
            answer = Client(self.a.port, admin).ask(
                "PUT",
                "/_synapse/admin/v2/users/@alice:example.org",
                json.dumps({"locked": locked}).encode("ascii"),
            )
            self.assertEqual(answer.status, 200, answer)
            for client in (self.a, self.b):
                self.assertEqual(client.whoami(token).status, 401 if locked else 200)


class RegistrationTokenTests(TwoDaemons):
    """
    A registration token that is good once.
    """

    more = {"registration_requires_token": True}

    def test_one_use(self) -> None:
        """
        Of many who come with it to both daemons at the same time, one gets in.
        """
        execute(
            self.args_when_ready(),
            "INSERT INTO registration_tokens (token, uses_allowed) VALUES ('once', 1)",
        )
        answers: List[Answer] = []

        def register(client: Client, other: Client, name: str) -> None:
            body = {"username": name, "password": PASSWORD}
            session = client.post(REGISTER, body).body["session"]
            auth = {
                "type": "m.login.registration_token",
                "token": "once",
                "session": session,
            }
            client.post(REGISTER, dict(body, auth=auth))
            auth = {"type": "m.login.dummy", "session": session}
            answers.append(other.post(REGISTER, {"auth": auth}))

        threads = [
            threading.Thread(target=register, args=(*pair, "user%d" % number))
            for number, pair in enumerate([(self.a, self.b), (self.b, self.a)] * 4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        statuses = sorted(answer.status for answer in answers)
        self.assertEqual(statuses, [200] + [401] * 7, answers)
        self.assertEqual(
            execute(self.args, "SELECT completed FROM registration_tokens"), [(1,)]
        )

    def args_when_ready(self) -> Dict[str, Any]:
        """
        @return: how to reach the database, once the tables are there.
        """
        self.assertEqual(self.a.get("/health").status, 200)
        return self.args


class LimitTests(TwoDaemons):
    """
    One budget for both daemons.
    """

    more = {
        "rc_login": dict(
            QUICK["rc_login"], failed_attempts={"per_second": 0.001, "burst_count": 4}
        )
    }

    def test_failed_attempts(self) -> None:
        """
        Guesses that alternate between the daemons are bounded as if there were
        one; what was right does not count.
        """
        self.registered()
        statuses = []
        for number in range(8):
            client = (self.a, self.b)[number % 2]
            statuses.append(client.login("alice", password="wrong").status)
        self.assertEqual(statuses, [403] * 4 + [429] * 4)
        self.registered("bob")
        for number in range(8):
            client = (self.a, self.b)[number % 2]
            self.assertEqual(client.login("bob").status, 200)


class SecretTests(TwoDaemons):
    """
    What stands in the database.
    """

    def test_no_password_in_a_dump(self) -> None:
        """
        A dump taken after each kind of request, unfinished ones among them,
        holds no password and no key.
        """
        names = ("registered", "unfinished", "changed", "mistyped", "left")
        planted = {name: "planted-%s-1" % name for name in names}
        token = self.a.register("alice", password=planted["registered"]).body[
            "access_token"
        ]
        body = {"username": "bob", "password": planted["unfinished"]}
        session = self.a.post(REGISTER, body).body["session"]
        self.assert_absent(planted)
        self.b.post(REGISTER, dict(body, auth={"session": session}))
        self.assert_absent(planted)
        self.b.login("alice", password=planted["mistyped"])
        change = {"new_password": planted["left"]}
        Client(self.a.port, token).post(V3 + "/account/password", change)
        self.assert_absent(planted)
        auth = {"type": "m.login.dummy", "session": session}
        self.assertEqual(self.b.post(REGISTER, {"auth": auth}).status, 200)
        self.assert_absent(planted)
        found = execute(self.args, "SELECT clientdict FROM ui_auth_sessions")
        self.assertIn("bob", str(found))

    def assert_absent(self, planted: Dict[str, str]) -> None:
        """
        Dump the database and look.
        """
        dump = self.dump()
        self.assertIn(b"@alice:example.org", dump)
        for secret in [*planted.values(), SECRET]:
            self.assertNotIn(secret.encode("ascii"), dump)

    def dump(self) -> bytes:
        """
        @return: all that is in the database.
        """
        options = ["--%s=%s" % (name, self.args[name]) for name in ("dbname",)]
        environment = dict(os.environ)
        for name in ("host", "user", "port", "password"):
            if name in self.args:
                environment["PG" + name.upper()] = str(self.args[name])
        return subprocess.check_output(["pg_dump"] + options, env=environment)
