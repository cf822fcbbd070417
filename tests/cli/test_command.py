"""
Tests for the C{synauth} command line and its smaller commands.
"""

import io
import os
import re
import subprocess
import sys
from typing import List

import bcrypt

import synauth
from synauth._version import __version__
from synauth.auth.passwords import prepare
from synauth.cli import command
from synauth.cli.terminal import Terminal
from tests.cli.terminals import TypedTerminal
from tests.homeserver.config.files import ConfigFiles

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(synauth.__file__)))


class CommandTests(ConfigFiles):
    """
    The command line as a whole.
    """

    def printed(self, *argv: str) -> List[object]:
        """
        @return: exit status and output of a command line that argparse itself
            answers.
        """
        output = io.StringIO()
        self.patch(sys, "stdout", output)
        self.patch(sys, "stderr", output)
        error = self.assertRaises(SystemExit, command.main, argv)
        return [error.code, output.getvalue()]

    def test_version(self) -> None:
        """C{--version} is the version."""
        self.assertEqual(
            self.printed("--version"), [0, "synauth %s\n" % (__version__,)]
        )

    def test_help(self) -> None:
        """C{--help} names every command, and each has its own."""
        status, text = self.printed("--help")
        self.assertEqual(status, 0)
        for name in (
            "register-user",
            "hash-password",
            "check-config",
            "generate-config",
        ):
            self.assertIn(name, str(text))
            status, own = self.printed(name, "--help")
            self.assertEqual(status, 0)
            self.assertIn("usage: synauth " + name, str(own))

    def test_usage(self) -> None:
        """Without a command, or with one that is none, it exits with 2."""
        for argv in ((), ("dance",), ("check-config",), ("generate-config",)):
            self.assertEqual(self.printed(*argv)[0], 2)

    def test_interrupted(self) -> None:
        """Ctrl-C at a prompt ends without a traceback."""

        def interrupt(prompt: str) -> str:
            raise KeyboardInterrupt()

        terminal = Terminal(io.StringIO(), io.StringIO(), interrupt, interrupt)
        self.assertEqual(command.main(["hash-password"], terminal), 130)

    def test_process(self) -> None:
        """As a process it reads its arguments and gives its exit status."""
        script = "import sys; from synauth.cli import main; sys.exit(main())"
        process = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", script, "check-config", "gone"],
            env=dict(os.environ, PYTHONPATH=ROOT),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self.assertEqual(
            (process.returncode, process.stdout, process.stderr),
            (1, b"", b"gone: cannot be read: No such file or directory\n"),
        )


class HashPasswordTests(ConfigFiles):
    """
    C{synauth hash-password}.
    """

    def hashed(self, terminal: TypedTerminal, *argv: str) -> bytes:
        """
        @return: the hash that is printed.
        """
        path = self.write("bcrypt_rounds: 4\npassword_config: {pepper: salt}\n")
        status = terminal.run("hash-password", "-c", path, *argv)
        self.assertEqual((status, terminal.stderr.getvalue()), (0, ""))
        return terminal.stdout.getvalue().rstrip("\n").encode("ascii")

    def test_given(self) -> None:
        """Rounds and pepper are the configuration's; NFKC makes one of two."""
        hashed = self.hashed(TypedTerminal(), "-p", "\ufb01le" + "x" * 200)
        self.assertTrue(hashed.startswith(b"$2b$04$"))
        prepared = prepare("file" + "x" * 200, "salt")
        self.assertTrue(bcrypt.checkpw(prepared, hashed))

    def test_asked(self) -> None:
        """It is asked for twice where it is not given."""
        terminal = TypedTerminal("secret", "secret")
        hashed = self.hashed(terminal)
        self.assertEqual(terminal.prompts, ["Password: ", "Password again: "])
        self.assertTrue(bcrypt.checkpw(prepare("secret", "salt"), hashed))

    def test_refused(self) -> None:
        """What is empty, differs or is no text gives no hash."""
        for typed, argv, message in (
            (["a", "b"], [], "The two passwords are not the same.\n"),
            ([""], [], "It can't be empty.\n"),
            ([], ["-p", ""], "It can't be empty.\n"),
            ([], ["-p", "\ud800"], "The password is not valid Unicode text.\n"),
            ([], [], "No answer to: Password:\n"),
        ):
            terminal = TypedTerminal(*typed)
            self.assertEqual(terminal.run("hash-password", *argv), 1)
            self.assertEqual(terminal.stderr.getvalue(), message)
            self.assertEqual(terminal.stdout.getvalue(), "")


class CheckConfigTests(ConfigFiles):
    """
    C{synauth check-config}.
    """

    def test_ok(self) -> None:
        """A good configuration is summed up, with what is passed over."""
        path = self.write(
            "server_name: example.com\n"
            "report_stats: false\n"
            "enable_registraton: true\n"
            "macaroon_secret_key: 'None'\n"
            "password_providers: [{module: a.Provider}, {module: b.Other}]\n"
            "modules: [{module: c.Module}]\n"
        )
        terminal = TypedTerminal()
        self.assertEqual(terminal.run("check-config", path), 0)
        self.assertEqual(
            terminal.stdout.getvalue().replace(path, "FILE"),
            "ok\n"
            "server name:  example.com\n"
            "listens at:   127.0.0.1 port 8008\n"
            "data:         ./synauth-data\n"
            "database:     sqlite3 ./synauth-data/homeserver.db\n"
            "registration: off\n"
            "modules:      c.Module, a.Provider, b.Other\n"
            "warning: FILE:4: macaroon_secret_key: empty, 'None' or 'null' is taken"
            " as not set\n"
            "passed over: FILE:2: report_stats\n"
            "passed over: FILE:3: enable_registraton (did you mean"
            " enable_registration?)\n",
        )

    def test_registration(self) -> None:
        """How open registration is, is said in words."""
        for more, words in (
            ("enable_registration_without_verification: true", "open to anybody"),
            (
                "enable_registration_captcha: true\n"
                "recaptcha_public_key: a\nrecaptcha_private_key: hunter2",
                "with a captcha",
            ),
        ):
            terminal = TypedTerminal()
            path = self.write("enable_registration: true\n" + more)
            self.assertEqual(terminal.run("check-config", path), 0)
            self.assertIn("registration: %s\n" % (words,), terminal.stdout.getvalue())
            self.assertNotIn("hunter2", terminal.stdout.getvalue())

    def test_ways_to_register(self) -> None:
        """All that is asked of everybody is named, and an address if one is."""
        for more, words in (
            ("registration_requires_token: true", "with a token"),
            (
                "registration_requires_token: true\n"
                "enable_registration_captcha: true\n"
                "recaptcha_public_key: a\nrecaptcha_private_key: b",
                "with a token and a captcha",
            ),
            (
                "registrations_require_3pid: [email]\npublic_baseurl: https://a\n"
                "email: {notif_from: a@b.c}",
                "with an e-mail address",
            ),
        ):
            terminal = TypedTerminal()
            path = self.write("enable_registration: true\n" + more)
            self.assertEqual(terminal.run("check-config", path), 0)
            self.assertIn("registration: %s\n" % (words,), terminal.stdout.getvalue())

    def test_other_files(self) -> None:
        """What the server reads besides is read too."""
        path = self.write(
            "app_service_config_files: [/nowhere/as.yaml]\n"
            "templates: {custom_template_directory: /nowhere/at/all}\n"
            "public_baseurl: https://example.org/\n"
            "user_consent: {version: '1.0', template_dir: /nowhere/rules}\n"
        )
        terminal = TypedTerminal()
        self.assertEqual(terminal.run("check-config", path), 1)
        said = terminal.stderr.getvalue()
        for each in ("/nowhere/as.yaml", "/nowhere/at/all", "/nowhere/rules/en"):
            self.assertIn(each, said)
        self.assertEqual(terminal.stdout.getvalue(), "")

    def test_misspelt(self) -> None:
        """With a mistake comes what is misspelt, which may be why."""
        path = self.write(
            "enable_registration: true\nregistration_requires_tokn: true\n"
        )
        terminal = TypedTerminal()
        self.assertEqual(terminal.run("check-config", path), 1)
        self.assertIn("did you mean registration_req", terminal.stderr.getvalue())

    def test_mistakes(self) -> None:
        """Every mistake of every file is told, and the status is 1."""
        first = self.write("bcrypt_rounds: 3\n")
        second = self.write("# x\nsession_lifetime: long\n")
        terminal = TypedTerminal()
        self.assertEqual(terminal.run("check-config", first, second), 1)
        self.assertEqual(terminal.stdout.getvalue(), "")
        lines = terminal.stderr.getvalue().splitlines()
        self.assertEqual(len(lines), 2)
        self.assertTrue(lines[0].startswith(first + ":1: bcrypt_rounds: "))
        self.assertTrue(lines[1].startswith(second + ":2: session_lifetime: "))


class GenerateConfigTests(ConfigFiles):
    """
    C{synauth generate-config}.
    """

    def test_accepted(self) -> None:
        """What is printed is accepted by check-config."""
        terminal = TypedTerminal()
        status = terminal.run(
            "generate-config", "--server-name", "example.com", "--data-dir", "d"
        )
        self.assertEqual((status, terminal.stderr.getvalue()), (0, ""))
        sample = terminal.stdout.getvalue()
        self.assertTrue(re.search("(?m)^registration_shared_secret: .{60}", sample))
        path = self.write(sample)
        terminal = TypedTerminal()
        self.assertEqual(terminal.run("check-config", path), 0)
        self.assertIn("server name:  example.com\n", terminal.stdout.getvalue())
        self.assertIn("data:         d\n", terminal.stdout.getvalue())
        self.assertNotIn("passed over", terminal.stdout.getvalue())
        self.assertNotIn("warning", terminal.stdout.getvalue())

    def test_bad_name(self) -> None:
        """There is no configuration for a server that can't be."""
        terminal = TypedTerminal()
        self.assertEqual(terminal.run("generate-config", "--server-name", "a b"), 1)
        self.assertEqual(terminal.stdout.getvalue(), "")
        self.assertIn("server_name: found the text 'a b'", terminal.stderr.getvalue())
