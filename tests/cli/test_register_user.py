"""
Tests for C{synauth register-user}.
"""

import sys

from synauth.cli import register_user
from synauth.cli.sharedsecret import mac
from synauth.cli.terminal import CommandError
from synauth.homeserver.config import load_config
from tests.cli.servers import SharedSecretServer
from tests.cli.terminals import TypedTerminal
from tests.homeserver.config.files import ConfigFiles

SECRET = "sh4red-hunter2"


class RegisterTests(ConfigFiles):
    """
    C{synauth register-user} against a server.
    """

    def setUp(self) -> None:
        """
        Start a server.
        """
        self.server = SharedSecretServer(SECRET)
        self.addCleanup(self.server.close)

    def refused(self, *argv: str) -> str:
        """
        @return: what the command complained of.
        """
        terminal = TypedTerminal()
        self.assertEqual(terminal.run("register-user", *argv), 1)
        self.assertEqual(terminal.stdout.getvalue(), "")
        self.assertNotIn("hunter2", terminal.stderr.getvalue())
        return terminal.stderr.getvalue()

    def test_all_given(self) -> None:
        """With everything on the command line nothing is asked."""
        terminal = TypedTerminal()
        status = terminal.run(
            "register-user", "-u", "alice", "-p", "p\u00e4ss", "-a", "-t", "bot",
            "-k", SECRET, self.server.url + "/",
        )  # fmt: skip
        self.assertEqual((status, terminal.stderr.getvalue()), (0, ""))
        self.assertEqual(terminal.stdout.getvalue(), "Registered @alice:test\n")
        self.assertEqual(terminal.prompts, [])
        (account,) = self.server.accounts
        self.assertEqual(account["password"], "p\u00e4ss")
        self.assertEqual((account["admin"], account["user_type"]), (True, "bot"))

    def test_asked(self) -> None:
        """What is not given is asked, the password twice."""
        terminal = TypedTerminal(" bob ", " pw ", " pw ", "", SECRET)
        self.assertEqual(terminal.run("register-user", self.server.url), 0)
        self.assertEqual(
            terminal.prompts,
            [
                "User name: ",
                "Password: ",
                "Password again: ",
                "Make an administrator [no]: ",
                "Shared secret: ",
            ],
        )
        (account,) = self.server.accounts
        self.assertEqual(account["username"], "bob")
        self.assertEqual(account["password"], " pw ")
        self.assertIs(account["admin"], False)
        self.assertNotIn("user_type", account)

    def test_admin_asked(self) -> None:
        """A yes makes an administrator."""
        for i, word in enumerate(("y", "YES")):
            terminal = TypedTerminal(word)
            terminal.run(
                "register-user", "-u", "u%d" % (i,), "-p", "p", "-k", SECRET,
                self.server.url,
            )  # fmt: skip
            self.assertIs(self.server.accounts[i]["admin"], True)

    def test_config(self) -> None:
        """Secret and address come from the server's configuration."""
        path = self.write(
            "registration_shared_secret: %s\n"
            "listeners: [{port: %d, bind_addresses: [0.0.0.0]}]\n"
            % (SECRET, self.server.port)
        )
        terminal = TypedTerminal()
        status = terminal.run(
            "register-user", "-c", path, "-u", "eve", "-p", "p", "--no-admin"
        )
        self.assertEqual((status, terminal.stderr.getvalue()), (0, ""))
        self.assertIs(self.server.accounts[0]["admin"], False)

    def test_config_without_secret(self) -> None:
        """A configuration without the secret is named."""
        path = self.write("server_name: a\n")
        self.assertEqual(
            self.refused("-c", path), "%s: no registration_shared_secret\n" % (path,)
        )

    def test_broken_config(self) -> None:
        """A mistake in the configuration is told as anywhere else."""
        path = self.write("registration_shared_secret: [hunter2]\n")
        self.assertIn(path + ":1: registration_shared", self.refused("-c", path))

    def test_wrong_secret(self) -> None:
        """A wrong secret is told as what it probably is."""
        message = self.refused(
            "-u", "a", "-p", "hunter2", "--no-admin", "-k", "wrong", self.server.url
        )
        self.assertIn(
            "refused: 403 M_FORBIDDEN HMAC incorrect (is that the server's"
            " registration_shared_secret?)",
            message,
        )

    def test_taken(self) -> None:
        """A refusal is told in the server's words."""
        argv = ("-u", "a", "-p", "x", "--no-admin", "-k", SECRET, self.server.url)
        self.assertEqual(TypedTerminal().run("register-user", *argv), 0)
        self.assertIn("refused: 400 M_USER_IN_USE User ID taken", self.refused(*argv))

    def test_other_answers(self) -> None:
        """What is not a homeserver, or sends us elsewhere, is told."""
        argv = ("-u", "a", "-p", "x", "--no-admin", "-k", SECRET, self.server.url)
        for status, headers, body, expected in (
            (200, {}, b"<html>", "not the answer of a homeserver"),
            (200, {}, b"[1]", "not the answer of a homeserver"),
            (200, {}, b"\xff", "not the answer of a homeserver"),
            (200, {}, b"{}", "not the answer of a homeserver"),
            (200, {}, b'{"nonce": 5}', "not the answer of a homeserver"),
            (404, {}, b"", "refused: 404 Not Found"),
            (302, {"Location": "http://127.0.0.1:1/"}, b"", "refused: 302 Found"),
            (307, {"Location": "/x"}, b"", "refused: 307 Temporary Redirect"),
        ):
            self.server.answer = (status, headers, body)
            self.assertIn(expected, self.refused(*argv))
        self.assertEqual(self.server.accounts, [])

    def test_unreachable(self) -> None:
        """A server that is not there is told with its address."""
        argv = ("-u", "a", "-p", "x", "--no-admin", "-k", SECRET)
        gone = SharedSecretServer(SECRET)
        gone.close()
        self.assertIn(
            gone.url + "/_synapse/admin/v1/register: cannot be reached: ",
            self.refused(*argv, gone.url),
        )

    def test_bad_addresses(self) -> None:
        """An address that can't be one is no traceback."""
        argv = ("-u", "a", "-p", "x", "--no-admin", "-k", SECRET)
        for url, expected in (
            ("example.com", "not an http:// or https:// address"),
            ("file:///etc/passwd", "not an http:// or https:// address"),
            ("http://127.0.0.1:port", "cannot be reached"),
            ("http://[::1", "cannot be reached"),
            ("http://a b/", "cannot be reached"),
        ):
            self.assertIn(expected, self.refused(*argv, url))

    def test_not_unicode(self) -> None:
        """A password that is no Unicode text is refused before it is sent."""
        message = self.refused(
            "-u", "a", "-p", "\udcff", "--no-admin", "-k", SECRET, self.server.url
        )
        self.assertEqual(
            message, "The name, password or secret is not valid Unicode text.\n"
        )

    def test_no_name(self) -> None:
        """An empty name is refused, and so is an input that ends."""
        terminal = TypedTerminal("  ")
        self.assertEqual(terminal.run("register-user", self.server.url), 1)
        self.assertEqual(terminal.stderr.getvalue(), "It can't be empty.\n")
        self.assertEqual(self.refused(), "No answer to: User name:\n")
        self.assertEqual(
            self.refused("-u", "a"),
            "No answer to: Password:\n",
        )

    def test_usage(self) -> None:
        """Two answers to one question are a wrong command line."""
        for argv in (("-a", "--no-admin"), ("-c", "x", "-k", "y")):
            # argparse writes to the process's own standard error.
            self.patch(sys, "stderr", TypedTerminal().stderr)
            error = self.assertRaises(SystemExit, self.refused, *argv)
            self.assertEqual(error.code, 2)


class UrlTests(ConfigFiles):
    """
    Where a configured server is reached.
    """

    def test_urls(self) -> None:
        """Wildcards are reached on the loopback; IPv6 is in brackets."""
        for address, expected in (
            ("127.0.0.1", "http://127.0.0.1:8009"),
            ("0.0.0.0", "http://127.0.0.1:8009"),
            ("::", "http://[::1]:8009"),
            ("10.0.0.1", "http://10.0.0.1:8009"),
            ("fd00::1", "http://[fd00::1]:8009"),
        ):
            listeners = [{"port": 8009, "bind_addresses": [address]}]
            config = load_config([], {"listeners": listeners}, None)
            self.assertEqual(register_user._url_of(config), expected)


class MacTests(ConfigFiles):
    """
    The proof.
    """

    def test_known(self) -> None:
        """It is the HMAC-SHA1 that servers expect."""
        self.assertEqual(
            mac("secret", "nonce", "user", "pass", False, None),
            "a62633a505e2bc2e61569cf3c6847ee41ef09bae",
        )

    def test_surrogates(self) -> None:
        """Half a character can't be proved."""
        self.assertRaises(CommandError, mac, "\ud800", "n", "u", "p", False, None)
