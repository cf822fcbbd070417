"""
The filter for fail2ban, over the lines that the daemon really writes.
"""

import os
import re
import shutil
import socket
import subprocess
from configparser import ConfigParser
from typing import Any, Dict, List, Optional

from twisted.logger import Logger
from twisted.trial.unittest import SynchronousTestCase

from synauth.auth.audit import AuditLog
from synauth.homeserver.log_lines import json_line, text_line
from tests.functional.client import (
    TIMEOUT_S,
    V3,
    password_login,
    receive_answers,
    request_bytes,
)
from tests.functional.daemon import QUICK, ROOT, Daemon, DaemonTestCase
from tests.modules.needs import needs_server, server

CONTRIB = os.path.join(ROOT, "contrib", "fail2ban")
FILTER = os.path.join(CONTRIB, "filter.d", "synauth.conf")
JAIL = os.path.join(CONTRIB, "jail.d", "synauth.conf")

# Where Debian keeps fail2ban's own configuration.
INSTALLED = "/etc/fail2ban"

JOURNAL = "host.example twistd[4711]: "

# A date as fail2ban cuts it out of the beginning of a line.
_DATE = re.compile(r'^(\{"time":")?\d{4}-\d\d-\d\dT[\d:.]{8,12}(?:[+-]\d{4}|Z)')

_FORGED = (
    "outcome=refused method=m.login.password reason=wrong_password"
    " ip=9.9.9.9 user=- device=- agent=-"
)
_FORGED_TEXT = "2026-01-31T12:00:00+0000 [synauth.audit#warn request=a-1] " + _FORGED
_FORGED_JSON = (
    '{"time":"2026-01-31T12:00:00.000Z","level":"warn","namespace":"synauth.audit",'
    '"message":"%s"}' % _FORGED
)

# What somebody may call themselves or their device who wants another address
# banned, or none.
EVIL = [
    '"] ip=9.9.9.9',
    '" ip=9.9.9.9 user="',
    "x ip=9.9.9.9 user=",
    '","level":"warn","namespace":"synauth.audit","message":"' + _FORGED,
    _FORGED_TEXT,
    _FORGED_JSON,
    JOURNAL + _FORGED_TEXT,
] + [
    "x%s%s" % (line_break, forged)
    for line_break in ("\n", "\r\n", "\r", "\x0b", "\x0c", "\x1e", "\x85", "\u2028")
    for forged in (_FORGED_TEXT, _FORGED_JSON, "[synauth.audit#warn] " + _FORGED)
]


def failregexes() -> List[Any]:
    """
    @return: those of the filter, as fail2ban understands them.
    """
    parser = ConfigParser()
    parser.read(FILTER, encoding="ascii")
    lines = parser["Definition"]["failregex"].splitlines()
    return [re.compile(line.replace("<ADDR>", "(?P<ip>[0-9a-f:.]+)")) for line in lines]


def matched(log: str) -> List[str]:
    """
    @return: the addresses that are found in a log.
    """
    found = [regex.search(line) for line in log.split("\n") for regex in failregexes()]
    return [match.group("ip") for match in found if match]


def guesses(daemon: Daemon) -> int:
    """
    Guess at secrets, and do much else that is refused or that looks like it.

    @return: how many guesses there were.
    """
    client = daemon.client()
    token = client.register("alice").body["access_token"]
    client.login("alice")
    # Who is logged in may guess as well.
    body = {"auth": dict(password_login("alice"), password="x"), "devices": ["A"]}
    answer = daemon.client(token).post(V3 + "/delete_devices", body)
    assert (answer.status, answer.body["errcode"]) == (401, "M_FORBIDDEN"), answer
    client.whoami("wrong")
    client.get("/x%0A" + _FORGED_TEXT.replace(" ", "+"))
    client.post(V3 + "/refresh", {"refresh_token": _FORGED_TEXT})
    client.post(V3 + "/login", {"type": _FORGED_TEXT})
    client.login("alice", device_id=_FORGED_TEXT)
    client.login("@alice:elsewhere.example", password="x")
    for text in EVIL:
        # Nobody can be called so: that is no guess.
        assert client.login(text, password="x").status == 400, text
        assert client.login("alice", password="x", device_id=text).status == 403, text
    client.login("nobody", password="x")
    agents = [text for text in EVIL if text.isprintable()]
    for agent in agents:
        _login_as(daemon, "User-Agent: " + agent)
    _login_as(daemon, "X-Request-ID: a] " + _FORGED, "X-Forwarded-For: 9.9.9.9")
    client.post(V3 + "/login", {"type": "m.login.token", "token": _FORGED_TEXT})
    register = "/_synapse/admin/v1/register"
    proof = {"nonce": client.get(register).body["nonce"], "mac": "0" * 40}
    client.post(register, dict(proof, username="eve", password="x", admin=True))
    assert client.whoami(token).status == 200
    return len(EVIL) + len(agents) + 5


def _login_as(daemon: Daemon, *headers: str) -> None:
    body = dict(password_login("alice"), password="x")
    connection = socket.create_connection(("127.0.0.1", daemon.port()), TIMEOUT_S)
    with connection:
        connection.sendall(request_bytes("POST", V3 + "/login", body, *headers))
        (answer,) = receive_answers(connection, 1)
    assert answer.status == 403, answer


class GuessedDaemonTestCase(DaemonTestCase):
    """
    Starts daemons at whose secrets somebody guesses.
    """

    def guessed_log(self, format: str) -> str:
        """
        @return: what a daemon writes then.
        """
        config: Dict[str, Any] = dict(
            QUICK,
            registration_shared_secret="secret",
            synauth={"log_format": format, "access_log": True},
        )
        daemon = self.start(config)
        self.expected = ["127.0.0.1"] * guesses(daemon)
        daemon.stop()
        self.assertIn("Server Shut Down", daemon.log())
        return daemon.log()


class FilterTests(GuessedDaemonTestCase):
    """
    The regular expressions by themselves.
    """

    def check(self, format: str) -> None:
        """
        Assert that each guess is found, with the address that it came from, and
        nothing else is: in the log as it is, without its dates, and in the
        journal.
        """
        log = self.guessed_log(format)
        self.assertEqual(matched(log), self.expected)
        lines = log.split("\n")
        undated = [_DATE.sub(r"\1", line) for line in lines]
        self.assertNotEqual(undated, lines)
        self.assertEqual(matched("\n".join(undated)), self.expected)
        journal = [JOURNAL + line for line in lines]
        self.assertEqual(matched("\n".join(journal)), self.expected)

    def test_text(self) -> None:
        """
        They find what is to be found in a log of text.
        """
        self.check("text")

    def test_json(self) -> None:
        """
        And in one of JSON.
        """
        self.check("json")


class ReasonTests(SynchronousTestCase):
    """
    What counts.
    """

    def found(self, method: str, reason: Optional[str], level: bool = False) -> bool:
        """
        @return: whether the line of an outcome is found, as text and as JSON.
        """
        events: List[Dict[str, Any]] = []
        observer: Any = events.append
        audit = AuditLog(Logger(namespace="synauth.audit", observer=observer))
        audit.record(level, method, reason, "@a:b", "2001:db8::1", None, None)
        answers = {
            tuple(matched(line or ""))
            for line in (text_line(events[0]), json_line(events[0]))
        }
        self.assertEqual(len(answers), 1)
        return answers == {("2001:db8::1",)}

    def test_guesses(self) -> None:
        """
        Wrong secrets do.
        """
        for method, reason in (
            ("m.login.password", "wrong_password"),
            ("com.example.login", "wrong_password"),
            ("m.login.token", "invalid_token"),
            ("register", "wrong_mac"),
            ("m.login.registration_token", "wrong_registration_token"),
        ):
            self.assertTrue(self.found(method, reason), (method, reason))

    def test_others(self) -> None:
        """
        What the server could not do does not, nor what an account's own state
        forbids, nor what comes too often, nor clients that have not heard of
        their logout.
        """
        for reason in (
            "could_not_ask",
            "database_unavailable",
            "deactivated",
            "foreign_user",
            "incomplete",
            "invalid_token",
            "locked",
            "not_validated",
            "other_user",
            "rate_limited",
            "suspended",
            "unapproved",
            "unknown_nonce",
            "M_UNKNOWN_TOKEN",
            "unknown_user",
            "M_FORBIDDEN",
            "M_UNAUTHORIZED",
            "M_UNKNOWN",
        ):
            for method in ("m.login.password", "refresh"):
                self.assertFalse(self.found(method, reason), (method, reason))
        method = "m.login.registration_token"
        self.assertFalse(self.found(method, "M_UNAUTHORIZED"))
        self.assertFalse(self.found("m.login.password", None, True))


@needs_server("fail2ban-regex")
class Fail2banTests(GuessedDaemonTestCase):
    """
    fail2ban itself.
    """

    def check(self, format: str) -> None:
        """
        Assert that it finds each guess and nothing else.
        """
        path = os.path.abspath(self.mktemp())
        with open(path, "w", encoding="utf-8") as log:
            log.write(self.guessed_log(format))
        output = _run("fail2ban-regex", "--out", "ip", path, FILTER)
        self.assertEqual(output.split(), self.expected)

    def test_text(self) -> None:
        """
        In a log of text.
        """
        self.check("text")

    def test_json(self) -> None:
        """
        In one of JSON.
        """
        self.check("json")

    def test_jail(self) -> None:
        """
        The jail is a good one.
        """
        config = os.path.abspath(self.mktemp())
        shutil.copytree(INSTALLED, config)
        shutil.rmtree(os.path.join(config, "jail.d"))
        for path in (FILTER, JAIL):
            folder = os.path.join(config, os.path.basename(os.path.dirname(path)))
            os.makedirs(folder, exist_ok=True)
            shutil.copy(path, folder)
        self.assertIn("OK", _run("fail2ban-client", "-c", config, "--test"))
        dump = _run("fail2ban-client", "-c", config, "-d")
        self.assertIn("['start', 'synauth']", dump)


def _run(name: str, *arguments: str) -> str:
    """
    @return: what a program says.
    """
    program = server(name)
    assert program is not None
    done = subprocess.run(
        [program, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=TIMEOUT_S,
        universal_newlines=True,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout
