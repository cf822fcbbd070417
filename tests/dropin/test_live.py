"""
A Synapse of the past with our handler, asked over HTTP.
"""

import json
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Dict, List, Set

from tests.dropin.live_provider import LOGIN_TYPE as RIDDLE
from tests.functional.client import Answer, Client
from tests.functional.daemon import DaemonTestCase, environment
from tests.modules.needs import needs_package
from tests.modules.synapse_server import SynapseServer
from tests.modules.wordkeeper import LOGIN_TYPE as WORD

R0 = "/_matrix/client/r0"
ALICE = "@alice:example.org"
PASSWORD = "curiouser"

_LOGGING = {
    "version": 1,
    "formatters": {
        "plain": {"format": "%(name)s - %(levelname)s - [%(request)s] %(message)s"}
    },
    "filters": {
        "context": {
            "()": "synapse.util.logcontext.LoggingContextFilter",
            "request": "",
        }
    },
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": "plain",
            "filters": ["context"],
            "stream": "ext://sys.stdout",
        }
    },
    "root": {"level": "INFO", "handlers": ["console"]},
}

_TLS_FILES = {
    "server_name": "example.org",
    "tls_certificate_path": "tls.crt",
    "tls_private_key_path": "tls.key",
    "tls_dh_params_path": "tls.dh",
}

_MAKE_CERTIFICATE = """
import json, sys
from synapse.config.tls import TlsConfig
if hasattr(TlsConfig, "generate_files"):
    TlsConfig().generate_files(json.loads(sys.argv[1]))
"""


_there = needs_package("matrix-synapse", "1.0.", "0.34.")


class LiveTestCase(DaemonTestCase):
    """
    One server a test; when it has stopped, its log has no line about a lost log
    context, and no traceback.

    @cvar through: what starts it.
    """

    through = "synauth.dropin"

    def setUp(self) -> None:
        directory = self.make_directory()
        self.heard = os.path.join(directory, "heard")
        with open(os.path.join(directory, "logging.yaml"), "w") as stream:
            json.dump(_LOGGING, stream)
        configuration = {
            "enable_registration": True,
            "log_config": "logging.yaml",
            "no_tls": True,
            **_TLS_FILES,
            "password_providers": [
                {
                    "module": "tests.dropin.live_provider.Riddler",
                    "config": {"answer": "42", "heard": self.heard},
                }
            ],
            "synauth": {
                "modules": [
                    {
                        "module": "tests.modules.wordkeeper.Wordkeeper",
                        "config": {"alice": "the word"},
                    }
                ]
            },
        }
        self._make_certificate(directory)
        self.synapse = SynapseServer(directory, configuration, self.through)
        self.addCleanup(self.assert_quiet)
        self.addCleanup(self.synapse.stop)
        self.synapse.wait_until_ready()

    def _make_certificate(self, directory: str) -> None:
        """
        Before 0.99 a server does not start without one, and makes it itself.
        """
        subprocess.run(
            [sys.executable, "-c", _MAKE_CERTIFICATE, json.dumps(_TLS_FILES)],
            cwd=directory,
            env=environment(),
            check=True,
        )

    def assert_quiet(self) -> None:
        """
        Assert that the log says who is the auth handler, and nothing bad.
        """
        lines = self.synapse.log().splitlines()
        said = [line for line in lines if "synauth is the auth handler" in line]
        self.assertEqual(1, len(said), "\n".join(lines[-50:]))
        self.assertEqual([], noisy(lines), "\n".join(lines[-100:]))

    def ask(
        self, method: str, path: str, body: Any = None, token: Any = None
    ) -> Answer:
        """
        Send a request.
        """
        client = Client(self.synapse.port, token)
        content = None if body is None else json.dumps(body).encode("ascii")
        return client.ask(method, R0 + path, content)

    def good(self, *args: Any) -> Any:
        """
        @return: the body of an answer that is a 200.
        """
        answer = self.ask(*args)
        self.assertEqual(200, answer.status, answer)
        return answer.body

    def register(self, name: str = "alice") -> Dict[str, Any]:
        """
        Make an account by the dummy stage.
        """
        body = {"username": name, "password": PASSWORD}
        asked = self.ask("POST", "/register", body)
        self.assertEqual(401, asked.status, asked)
        self.assertIn({"stages": ["m.login.dummy"]}, asked.body["flows"])
        auth = {"type": "m.login.dummy", "session": asked.body["session"]}
        made: Dict[str, Any] = self.good("POST", "/register", dict(body, auth=auth))
        return made

    def log_in(self, type: str = "m.login.password", **fields: Any) -> Answer:
        """
        Log in as alice.
        """
        return self.ask("POST", "/login", dict(fields, type=type, user="alice"))

    def authenticated(self, method: str, path: str, token: str, body: Any) -> Answer:
        """
        Ask for what wants authentication once more: first with a wrong password,
        then with the right one.
        """
        asked = self.ask(method, path, body, token)
        self.assertEqual(401, asked.status, asked)
        auth = {
            "type": "m.login.password",
            "session": asked.body["session"],
            "user": "alice",
            "password": "wrong",
        }
        refused = self.ask(method, path, dict(body, auth=auth), token)
        self.assertEqual(
            (401, "M_FORBIDDEN"), (refused.status, refused.body["errcode"])
        )
        auth["password"] = PASSWORD
        return self.ask(method, path, dict(body, auth=auth), token)

    def logouts(self) -> List[Any]:
        """
        @return: what the provider has heard of.
        """
        if not os.path.exists(self.heard):
            return []
        with open(self.heard, encoding="utf-8") as stream:
            return [json.loads(line) for line in stream]

    def log_in_at_once(self) -> None:
        """
        Log in eight times at the same time.
        """
        with ThreadPoolExecutor(8) as pool:
            answers = list(
                pool.map(lambda _: self.log_in(password=PASSWORD).status, range(8))
            )
        self.assertEqual([200] * 8, answers)


@_there
class LiveTests(LiveTestCase):
    """
    What clients do.
    """

    def test_at_once(self) -> None:
        """
        Many log in at once.
        """
        self.register()
        self.log_in_at_once()

    def test_logins(self) -> None:
        """
        Register, log in with the right password and not with a wrong one, use
        the token, log out, log out everywhere.
        """
        made = self.register()
        self.assertEqual(ALICE, made["user_id"])
        types = [flow["type"] for flow in self.good("GET", "/login")["flows"]]
        self.assertEqual(
            {"m.login.password", RIDDLE, WORD}, set(types) - {"m.login.token"}
        )
        first = self.log_in(password=PASSWORD).body
        second = self.log_in(password=PASSWORD, device_id="SECOND").body
        for answer in (self.log_in(password="x"), self.log_in(password="")):
            self.assertIn(answer.status, (400, 403))
        unknown = self.ask(
            "POST",
            "/login",
            {"type": "m.login.password", "user": "eve", "password": "x"},
        )
        self.assertEqual(
            (403, {"errcode": "M_FORBIDDEN", "error": "Invalid password"}),
            (unknown.status, unknown.body),
        )
        token = first["access_token"]
        whoami = self.good("GET", "/account/whoami", None, token)
        self.assertEqual({"user_id": ALICE}, whoami)
        self.assertIn("next_batch", self.good("GET", "/sync?timeout=0", None, token))
        self.good("POST", "/logout", {}, token)
        gone = self.ask("GET", "/account/whoami", None, token)
        self.assertEqual((401, "M_UNKNOWN_TOKEN"), (gone.status, gone.body["errcode"]))
        self.good("POST", "/logout/all", {}, second["access_token"])
        gone = self.ask("GET", "/account/whoami", None, made["access_token"])
        self.assertEqual(401, gone.status)
        ended = {(ALICE, each["device_id"]) for each in (made, first, second)}
        self.assertEqual(ended, {tuple(each) for each in self.logouts()})

    def test_reauthentication(self) -> None:
        """
        Change the password, and delete devices, with authentication once more.
        """
        token = self.register()["access_token"]
        for device in ("ONE", "TWO", "THREE"):
            self.log_in(password=PASSWORD, device_id=device)
        answer = self.authenticated("DELETE", "/devices/ONE", token, {})
        self.assertEqual((200, {}), (answer.status, answer.body))
        devices = {"devices": ["TWO", "THREE"]}
        answer = self.authenticated("POST", "/delete_devices", token, devices)
        self.assertEqual((200, {}), (answer.status, answer.body))
        left = self.good("GET", "/devices", None, token)["devices"]
        self.assertEqual(1, len(left), left)
        new = {"new_password": "and curiouser"}
        answer = self.authenticated("POST", "/account/password", token, new)
        self.assertEqual((200, {}), (answer.status, answer.body))
        self.assertEqual(403, self.log_in(password=PASSWORD).status)
        self.assertEqual(200, self.log_in(password="and curiouser").status)
        self.assertEqual(
            {(ALICE, "ONE"), (ALICE, "TWO"), (ALICE, "THREE")},
            {tuple(each) for each in self.logouts()},
        )

    def test_providers(self) -> None:
        """
        A legacy provider and a module with callbacks let in by login types of
        their own, the module by its password as well; both by the account's id.
        """
        self.register()
        for fields in (
            {"type": RIDDLE, "answer": "42"},
            {"type": WORD, "my_field": "the word"},
            {"password": "the word"},
        ):
            answer = self.log_in(**fields)
            self.assertEqual((200, ALICE), (answer.status, answer.body["user_id"]))
        for fields in (
            {"type": RIDDLE, "answer": "41"},
            {"type": WORD, "my_field": "no word"},
        ):
            self.assertEqual(403, self.log_in(**fields).status)
        self.assertEqual(400, self.log_in(type=RIDDLE).status)
        self.assertEqual(400, self.log_in(type="org.example.unknown").status)


def noisy(lines: List[str]) -> List[str]:
    """
    @param lines: of a log.
    @return: those about lost log contexts, those that begin a traceback, and the
        logins that are not told in a context of their own: most of what is lost
        the host does not notice.
    """
    words = ("logcontext - ", "logging context", "unexpectedly changed", "Traceback")
    found = [line for line in lines if any(word in line for word in words)]
    seen: Set[str] = set()
    for line in lines:
        told = re.search(r"\[(.*)\] Logging in user", line)
        if told and (not told.group(1) or told.group(1) in seen):
            found.append(line)
        elif told:
            seen.add(told.group(1))
    return found


@_there
class LosingTests(LiveTestCase):
    """
    The log would tell.
    """

    through = "tests.dropin.losing"

    def assert_quiet(self) -> None:
        """
        Assert the contrary: the host warns of what was lost.
        """
        self.assertNotEqual([], noisy(self.synapse.log().splitlines()))

    def test_at_once(self) -> None:
        """
        Answers are right all the same.
        """
        self.register()
        self.log_in_at_once()


@_there
class CommandLineTests(DaemonTestCase):
    """
    C{python -m synauth.dropin} with mistakes.
    """

    def test_bad_section(self) -> None:
        """
        A mistake in C{synauth:} is told in one line, and nothing is started.
        """
        path = self.write_config(
            self.make_directory(), {"synauth": {"hash_queue": "x"}}
        )
        ended = subprocess.run(
            [sys.executable, "-m", "synauth.dropin", "synapse.app.homeserver"]
            + ["-c", path],
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self.assertEqual(1, ended.returncode)
        self.assertIn(
            b"synauth.hash_queue: found 'x', expected a number from 0 on", ended.stderr
        )
