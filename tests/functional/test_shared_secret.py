"""
Accounts by the shared secret, with registration off: by plain requests and by
C{synauth register-user}.
"""

import hashlib
import hmac
import subprocess
import sys
from typing import List

from tests.functional.client import PASSWORD, Answer, Client
from tests.functional.daemon import PATIENCE_S, QUICK, DaemonTestCase, environment

SECRET = "the queen of hearts"
CONFIG = dict(QUICK, enable_registration=False, registration_shared_secret=SECRET)
PATH = "/_synapse/admin/v1/register"


def register(client: Client, nonce: str, secret: str, admin: bool = False) -> Answer:
    """
    Make an account for alice.
    """
    said = [nonce, "alice", PASSWORD, "admin" if admin else "notadmin"]
    mac = hmac.new(secret.encode("utf-8"), digestmod=hashlib.sha1)
    mac.update(b"\0".join(field.encode("utf-8") for field in said))
    body = {
        "nonce": nonce,
        "username": "alice",
        "password": PASSWORD,
        "admin": admin,
        "mac": mac.hexdigest(),
    }
    return client.post(PATH, body)


class RequestTests(DaemonTestCase):
    """
    As another tool would do it.
    """

    def setUp(self) -> None:
        """
        Start a daemon that knows the secret.
        """
        self.client = self.start(CONFIG).client()

    def nonce(self) -> str:
        """
        @return: a new nonce.
        """
        answer = self.client.get(PATH)
        self.assertEqual((answer.status, list(answer.body)), (200, ["nonce"]))
        nonce: str = answer.body["nonce"]
        return nonce

    def test_register(self) -> None:
        """
        Who knows the secret makes an account, and is logged in to it.
        """
        answer = register(self.client, self.nonce(), SECRET, admin=True)
        self.assertEqual(answer.status, 200, answer)
        self.assertEqual(answer.body["user_id"], "@alice:example.org")
        whoami = self.client.whoami(answer.body["access_token"])
        self.assertEqual(whoami.body["device_id"], answer.body["device_id"])
        self.assertEqual(self.client.login("alice").status, 200)

    def test_wrong_secret(self) -> None:
        """
        Who does not, does not; and the nonce is spent.
        """
        nonce = self.nonce()
        answer = register(self.client, nonce, "the king of hearts")
        self.assertEqual((answer.status, answer.body["errcode"]), (403, "M_FORBIDDEN"))
        answer = register(self.client, nonce, SECRET)
        self.assertEqual((answer.status, answer.body["errcode"]), (400, "M_UNKNOWN"))
        self.assertEqual(self.client.login("alice").status, 403)

    def test_nonce_is_good_once(self) -> None:
        """
        A recorded request can't be sent again.
        """
        nonce = self.nonce()
        self.assertEqual(register(self.client, nonce, SECRET).status, 200)
        answer = register(self.client, nonce, SECRET)
        self.assertEqual((answer.status, answer.body["errcode"]), (400, "M_UNKNOWN"))

    def test_registration_is_off(self) -> None:
        """
        Nobody else makes an account.
        """
        answer = self.client.register("alice")
        self.assertEqual((answer.status, answer.body["errcode"]), (403, "M_FORBIDDEN"))


class CommandTests(DaemonTestCase):
    """
    C{synauth register-user}, as an operator types it.
    """

    def setUp(self) -> None:
        """
        Start a daemon that knows the secret.
        """
        self.daemon = self.start(CONFIG)
        self.url = "http://127.0.0.1:%d" % self.daemon.port()

    def run_command(self, arguments: List[str]) -> "subprocess.CompletedProcess[str]":
        """
        Run it.
        """
        program = "import sys; from synauth.cli import main; sys.exit(main())"
        return subprocess.run(
            [sys.executable, "-b", "-c", program, "register-user"] + arguments,
            cwd=self.make_directory(),
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            universal_newlines=True,
            timeout=PATIENCE_S,
        )

    def test_register(self) -> None:
        """
        It makes an account, whose owner then logs in.
        """
        result = self.run_command(
            ["-u", "alice", "-p", PASSWORD, "--no-admin", "-k", SECRET, self.url]
        )
        self.assertEqual(
            (result.returncode, result.stdout, result.stderr),
            (0, "Registered @alice:example.org\n", ""),
        )
        self.assertEqual(self.daemon.client().login("alice").status, 200)

    def test_register_by_configuration(self) -> None:
        """
        It takes the secret from the server's own configuration.
        """
        path = self.write_config(self.make_directory(), CONFIG)
        result = self.run_command(
            ["-u", "alice", "-p", PASSWORD, "--admin", "-c", path, self.url]
        )
        self.assertEqual(result.stdout, "Registered @alice:example.org\n")
        self.assertEqual(result.returncode, 0)

    def test_wrong_secret(self) -> None:
        """
        It says in one line what was refused, and fails.
        """
        result = self.run_command(
            ["-u", "alice", "-p", PASSWORD, "--no-admin", "-k", "wrong", self.url]
        )
        self.assertEqual((result.returncode, result.stdout), (1, ""))
        self.assertEqual(result.stderr.count("\n"), 1, result.stderr)
        self.assertIn("403 M_FORBIDDEN", result.stderr)
        self.assertNotIn(PASSWORD, result.stderr)
        self.assertEqual(self.daemon.client().login("alice").status, 403)
