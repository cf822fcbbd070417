"""
Tests for C{synauth print-proxy}; that real proxies take what it prints is
tested in L{tests.functional.test_proxies}.
"""

from twisted.trial.unittest import SynchronousTestCase

from synauth.web.endpoints import ROUTES
from synauth.web.proxies import PROXIES, patterns
from tests.cli.terminals import TypedTerminal


class PrintProxyTests(SynchronousTestCase):
    """
    The rules of each kind of proxy.
    """

    def printed(self, *argv: str) -> str:
        """
        @return: what the command prints.
        """
        terminal = TypedTerminal()
        self.assertEqual(terminal.run("print-proxy", *argv), 0)
        return terminal.stdout.getvalue()

    def test_rules(self) -> None:
        """
        All patterns are there, and where the daemon listens.
        """
        for proxy in PROXIES:
            for upstream in ("127.0.0.1:8008", "[::1]:80", "auth.example.org:8448"):
                text = self.printed(proxy, "--upstream", upstream)
                for pattern in patterns(ROUTES):
                    self.assertIn(pattern, text)
                self.assertIn(upstream, text)
                self.assertNotIn("/health", text)

    def test_alone(self) -> None:
        """
        Without a homeserver what each answers for itself comes here, too.
        """
        for proxy in PROXIES:
            self.assertIn("^/health$", self.printed(proxy, "--alone"))

    def test_default(self) -> None:
        """
        The daemon listens where it does without any configuration.
        """
        self.assertIn("127.0.0.1:8008", self.printed("nginx"))

    def test_no_upstream(self) -> None:
        """
        What would change the rules' meaning, or nobody can listen at, is
        refused.
        """
        for upstream in ("", "localhost", "a:b", "a:1;}", "a b:1", "a:1\n", "::1:80"):
            terminal = TypedTerminal()
            status = terminal.run("print-proxy", "nginx", "--upstream", upstream)
            self.assertEqual((status, terminal.stdout.getvalue()), (1, ""))
            self.assertIn("HOST:PORT", terminal.stderr.getvalue())
