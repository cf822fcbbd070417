"""
Short runs of the measurements, as somebody at a shell would start them.
"""

import json
import os
import subprocess
import sys
from typing import Any, Dict, List, Tuple

from twisted.trial.unittest import SynchronousTestCase

from benchmarks.floor import ROOT

SCRIPTS = ("compare.py", "http.py", "login_storm.py", "registration.py")
SCRIPTS += ("sessions.py", "startup.py", "timing.py", "token_check.py")

SHORT = ["--seconds", "0.05", "--rounds", "1", "--bcrypt-rounds", "4"]


class ScriptTests(SynchronousTestCase):
    """
    Each script prints a table and writes the same as JSON.
    """

    def _script(self, script: str, *options: str) -> Tuple[int, str, str]:
        done = subprocess.run(
            [sys.executable, os.path.join(ROOT, "benchmarks", script), *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            universal_newlines=True,
            timeout=120,
        )
        return done.returncode, done.stdout, done.stderr

    def _figures(self, script: str, *options: str) -> Dict[str, Any]:
        path = self.mktemp()
        status, output, errors = self._script(script, *options, "--json", path)
        self.assertEqual(status, 0, errors)
        with open(path) as stream:
            written: Dict[str, Any] = json.load(stream)
        # A head, a line, the rows.
        self.assertGreaterEqual(len(output.splitlines()), 2 + len(written["rows"]))
        return written

    def _stand_in(self) -> str:
        child = subprocess.Popen(
            [sys.executable, "-m", "tests.benchmarks.standin"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert child.stdin is not None and child.stdout is not None
        self.addCleanup(child.wait, 10)
        self.addCleanup(child.stdout.close)
        self.addCleanup(child.stdin.close)
        return "http://127.0.0.1:%d" % (int(child.stdout.readline()),)

    def test_http(self) -> None:
        """
        C{http.py} measures a homeserver that is running already.
        """
        options: List[str] = ["--base-url", self._stand_in(), "--seconds", "0.05"]
        options += ["--rounds", "2", "--count", "50", "--bcrypt-rounds", "4"]
        written = self._figures("http.py", *options)
        rows = {row["name"]: row for row in written["rows"]}
        self.assertEqual(
            list(rows),
            [
                "GET /login",
                "GET /account/whoami",
                "POST /register (401)",
                "POST /login (password)",
                "whoami during logins",
            ],
        )
        challenge = rows["POST /register (401)"]
        self.assertEqual(list(challenge["server"]["statuses"]), ["401"])
        self.assertEqual(list(challenge["floor"]["statuses"]), ["200"])
        for name, row in rows.items():
            self.assertGreater(row["server"]["per_second"], 0, name)
            self.assertGreater(row["floor"]["per_second"], 0, name)
        login = rows["POST /login (password)"]["server"]
        self.assertGreater(login["limited"], 0)
        self.assertGreater(rows["whoami during logins"]["logins"]["answers"], 0)

    def test_http_with_token(self) -> None:
        """
        With a token and no password there are no logins to measure.
        """
        options = ["--base-url", self._stand_in(), "--seconds", "0.05"]
        options += ["--rounds", "1", "--count", "50", "--token", "token"]
        written = self._figures("http.py", *options)
        self.assertEqual(len(written["rows"]), 3)

    def test_http_refused(self) -> None:
        """
        A server that does not do what is measured ends the run with one line,
        and so does another machine.
        """
        wrong = ["--base-url", self._stand_in(), "--token", "wrong"]
        wrong += ["--seconds", "0.05", "--rounds", "1"]
        for options, part in (
            (wrong, "whoami answers with status 401"),
            (["--base-url", "http://192.0.2.1"], "only loopback addresses"),
        ):
            status, output, errors = self._script("http.py", *options)
            self.assertEqual((status, output), (1, ""))
            self.assertNotIn("Traceback", errors)
            self.assertIn(part, errors.splitlines()[-1])

    def test_sessions(self) -> None:
        """
        C{sessions.py} measures as many sessions as it is told to.
        """
        written = self._figures(
            "sessions.py", "--sizes", "2000", "1000", "--batches", "2"
        )
        self.assertEqual([r["sessions"] for r in written["rows"]], [1000, 2000])
        self.assertEqual(written["rows"][0]["new_ratio"], 1.0)
        for row in written["rows"]:
            self.assertGreater(row["old_ns"], 0)
            self.assertGreater(row["bytes_per_session"], 0)

    def test_startup(self) -> None:
        """
        C{startup.py} starts the daemon with an empty data directory and again
        with what is there then.
        """
        written = self._figures("startup.py", "--runs", "1")
        self.assertEqual(
            [row["name"] for row in written["rows"]], ["first start", "later start"]
        )
        for row in written["rows"]:
            self.assertGreater(row["first_answer_s"], 0)
            self.assertGreater(row["resident_mb"], 1)

    def test_start(self) -> None:
        """
        C{http.py} measures a daemon that it starts itself.
        """
        written = self._figures(
            "http.py", "--start", "--seconds", "0.05", "--rounds", "1", "--count", "50"
        )
        self.assertEqual(len(written["rows"]), 5)

    def test_login_storm(self) -> None:
        """
        C{login_storm.py} measures all kinds of logins, mixed and alone.
        """
        written = self._figures("login_storm.py", *SHORT, "--accounts", "1")
        rows = {row["name"]: row for row in written["rows"]}
        self.assertEqual(list(rows), ["mixed", "correct", "wrong", "unknown"])
        self.assertGreater(rows["mixed"]["ratio"], 0)

    def test_registration(self) -> None:
        """
        C{registration.py} makes accounts.
        """
        (row,) = self._figures("registration.py", *SHORT)["rows"]
        self.assertGreater(row["ratio"], 0)
        self.assertGreater(row["of_commits"], 0)

    def test_token_check(self) -> None:
        """
        C{token_check.py} asks about as many tokens as it is told to.
        """
        written = self._figures("token_check.py", *SHORT[:4], "--sizes", "20", "100")
        self.assertEqual([row["tokens"] for row in written["rows"]], [20, 100])
        for row in written["rows"]:
            self.assertGreater(row["per_second"], 0)

    def test_timing(self) -> None:
        """
        C{timing.py} takes the kinds of refusals in turns, and ends with status
        1 if they differ.
        """
        options = ["--logins", "3", "--bcrypt-rounds", "4"]
        written = self._figures("timing.py", *options, "--tolerance", "1")
        self.assertEqual(
            [(row["name"], row["logins"]) for row in written["rows"]],
            [
                ("wrong password", 3),
                ("unknown", 3),
                ("deactivated", 3),
                ("no password", 3),
            ],
        )
        self.assertEqual(written["rows"][0]["ratio"], 1.0)
        status, output, _ = self._script("timing.py", *options, "--tolerance", "0")
        self.assertEqual(status, 1)
        self.assertIn("takes another time than", output)

    def test_compare_without_synapse(self) -> None:
        """
        C{compare.py} says that a virtualenv has no Synapse.
        """
        status, output, errors = self._script("compare.py", "--synapse", self.mktemp())
        self.assertEqual((status, output), (1, ""))
        self.assertIn("there is no Synapse in this virtualenv", errors)

    def test_help(self) -> None:
        """
        Each script says what it does.
        """
        for script in SCRIPTS:
            status, output, _ = self._script(script, "--help")
            self.assertEqual(status, 0)
            self.assertIn("--json", output)

    def test_bounds(self) -> None:
        """
        A run without end is not to be had.
        """
        for option, value in (("--seconds", "1e9"), ("--concurrency", "100000")):
            status, _, errors = self._script("http.py", "--start", option, value)
            self.assertEqual(status, 2)
            self.assertIn("has to be between", errors)
