"""
Tests for C{synauth registration-token}.
"""

import os
import sqlite3
from typing import Tuple

from synauth.storage.migrations import VERSION_TABLE
from tests.cli.terminals import TypedTerminal
from tests.functional.daemon import QUICK, DaemonTestCase


class TokenCommandTests(DaemonTestCase):
    """
    The command, on a database that a daemon has made.
    """

    def setUp(self) -> None:
        """
        Start the daemon.
        """
        self.directory = self.make_directory()
        data = os.path.join(self.directory, "data")
        config = dict(
            QUICK, registration_requires_token=True, synauth={"data_dir": data}
        )
        self.daemon = self.start(config, self.directory)
        self.config = os.path.join(self.directory, "homeserver.yaml")

    def run_command(self, *arguments: str) -> Tuple[int, str, str]:
        """
        @return: status, output and complaints.
        """
        terminal = TypedTerminal()
        status = terminal.run("registration-token", *arguments, "-c", self.config)
        return status, terminal.stdout.getvalue(), terminal.stderr.getvalue()

    def test_life(self) -> None:
        """
        A token that is made while the daemon runs is good at once; it is
        listed, and deleted, also when the daemon does not run.
        """
        made = self.run_command("create", "--token", "t0ken", "--uses-allowed", "2")
        self.assertEqual(made, (0, "t0ken\n", ""))
        client = self.daemon.client()
        path = "/_matrix/client/v1/register/m.login.registration_token/validity"
        self.assertEqual(client.get(path + "?token=t0ken").body, {"valid": True})
        status, said, _ = self.run_command("list")
        self.assertEqual(status, 0)
        self.assertEqual(said, "t0ken  good  allowed: 2  pending: 0  completed: 0\n")
        self.daemon.stop()
        status, said, _ = self.run_command("create")
        self.assertRegex(said, r"\A[A-Za-z][A-Za-z0-9._~-]{15}\n\Z")
        self.assertEqual(self.run_command("delete", "--token", "t0ken")[0], 0)
        status, _, complaint = self.run_command("delete", "--token", "t0ken")
        self.assertEqual(status, 1)
        self.assertIn("there is no token t0ken", complaint)

    def test_mistakes(self) -> None:
        """
        Each is told in a line.
        """
        for arguments, expected in (
            (("create", "--token", "a b"), "--token: expected"),
            (("create", "--uses-allowed", "-1"), "--uses-allowed: expected"),
            (("create", "--expires-in-days", "0"), "--expires-in-days: expected"),
        ):
            status, said, complaint = self.run_command(*arguments)
            self.assertEqual((status, said), (1, ""))
            self.assertIn(expected, complaint)
        self.run_command("create", "--token", "t")
        status, _, complaint = self.run_command("create", "--token", "t")
        self.assertIn("there is a token t already", complaint)

    def test_no_database(self) -> None:
        """
        Where the server was never started there is nothing to work on.
        """
        self.config = self.write_config(self.make_directory(), {"server_name": "x"})
        status, _, complaint = self.run_command("list")
        self.assertEqual(status, 1)
        self.assertIn("start the server once", complaint)

    def test_other_schema(self) -> None:
        """
        A database of another release is left to the server of that release.
        """
        self.daemon.stop()
        path = os.path.join(self.directory, "data", "homeserver.db")
        connection = sqlite3.connect(path)
        self.addCleanup(connection.close)
        (newest,) = connection.execute(
            "SELECT MAX(version) FROM %s" % VERSION_TABLE
        ).fetchone()
        for version, expected in (
            (newest - 1, "start the server of this release first"),
            (newest + 1, "use a newer synauth"),
        ):
            with connection:
                connection.execute("DELETE FROM %s" % VERSION_TABLE)
                connection.execute(
                    "INSERT INTO %s (version) VALUES (?)" % VERSION_TABLE, (version,)
                )
            status, said, complaint = self.run_command("create")
            self.assertEqual((status, said), (1, ""))
            self.assertIn("version %d" % version, complaint)
            self.assertIn(expected, complaint)
            self.assertNotIn("Traceback", complaint)
