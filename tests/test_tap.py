"""
Tests for L{synauth.tap}.
"""

import os
import socket
import subprocess
import sys
from typing import Any, Dict, List, Tuple

from twisted.application.service import IServiceMaker, Service
from twisted.plugin import getPlugins
from twisted.python.usage import UsageError
from twisted.trial.unittest import SynchronousTestCase

from synauth import tap
from synauth.errors import ConfigError
from synauth.homeserver import service as service_module

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

# What the commands do.
TWISTD = "from twisted.scripts.twistd import run; run()"
TWIST = "from twisted.application.twist._twist import Twist; Twist.main()"


class OptionsTests(SynchronousTestCase):
    """
    L{tap.Options}, and what L{tap.makeService} makes of them.
    """

    def make(self, *arguments: str) -> Tuple[List[str], Dict[str, Any], Any]:
        """
        @return: files, overrides and data directory that a command line comes
            to.
        """
        made: List[Any] = []

        def make_service(*args: Any) -> Any:
            made.extend(args)
            return service

        service = Service()
        self.patch(service_module, "make_service", make_service)
        options = tap.Options()
        options.parseOptions(arguments)
        self.assertIs(tap.makeService(options), service)
        paths, overrides, data_dir, reactor, twistd = made
        self.assertIs(twistd, options.parent)
        self.assertTrue(hasattr(reactor, "callLater"))
        return paths, overrides, data_dir

    def test_nothing(self) -> None:
        """
        Without options nothing is overridden.
        """
        paths, overrides, data_dir = self.make()
        self.assertEqual((paths, data_dir), ([], None))
        self.assertEqual(set(overrides.values()), {None})

    def test_all(self) -> None:
        """
        Each option comes to its key; those that may be repeated keep their
        order.
        """
        self.assertEqual(
            self.make(
                "--config=a",
                "-c",
                "b",
                "--server-name=example.org",
                "--data-dir=d",
                "--listen=tcp:1",
                "--listen=tcp:2",
                "--enable-registration",
            ),
            (
                ["a", "b"],
                {
                    "server_name": "example.org",
                    "enable_registration": True,
                    "listen": ["tcp:1", "tcp:2"],
                },
                "d",
            ),
        )

    def test_unknown(self) -> None:
        """
        Any other option is a mistake.
        """
        for arguments in (["--tls"], ["stray"], ["--listen"]):
            options = tap.Options()
            self.assertRaises(UsageError, options.parseOptions, arguments)

    def test_help(self) -> None:
        """
        The help has every option, and what there is without any.
        """
        said = str(tap.Options())
        for word in ("--config", "-c", "--listen", "--data-dir", "127.0.0.1:8008"):
            self.assertIn(word, said)

    def test_plugin(self) -> None:
        """
        C{twistd} knows it by name.
        """
        (maker,) = [p for p in getPlugins(IServiceMaker) if p.tapname == "synauth"]
        self.assertIs(maker.options, tap.Options)
        self.assertIs(maker.makeService, tap.makeService)


class RefusalTests(SynchronousTestCase):
    """
    What stops the start is told in words.
    """

    def refused(self, mistake: str) -> Any:
        """
        @return: with what the process would end.
        """

        def make_service(*args: Any) -> Any:
            raise ConfigError(mistake)

        self.patch(service_module, "make_service", make_service)
        return self.assertRaises(SystemExit, tap.makeService, tap.Options()).code

    def test_words(self) -> None:
        """
        Each mistake stands on a line of its own, with who says it.
        """
        self.assertEqual(self.refused("a.yaml:1: b: c"), "synauth: a.yaml:1: b: c")
        self.assertEqual(self.refused("one\ntwo"), "synauth: one\nsynauth: two")

    def test_our_fault(self) -> None:
        """
        What is no mistake of the operator's keeps its traceback.
        """

        def make_service(*args: Any) -> Any:
            raise KeyError("x")

        self.patch(service_module, "make_service", make_service)
        self.assertRaises(KeyError, tap.makeService, tap.Options())


class ProcessTests(SynchronousTestCase):
    """
    Real processes.
    """

    def run_in(self, directory: str, code: str, *arguments: str) -> Tuple[int, str]:
        """
        Run some Python.

        @return: the exit status, and the output.
        """
        os.makedirs(directory)
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", code, *arguments],
            cwd=directory,
            env=dict(os.environ, PYTHONPATH=ROOT),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=60,
        )
        return done.returncode, done.stdout.decode("utf-8")

    def test_failed_start(self) -> None:
        """
        Under C{twistd}, in the background or not, and under C{twist}, a start
        that fails ends with status 1 and one line, and leaves no pid file.
        """
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen(1)
            where = "tcp:%d:interface=127.0.0.1" % taken.getsockname()[1]
            for code, arguments in ((TWISTD, ["-n"]), (TWISTD, []), (TWIST, [])):
                directory = self.mktemp()
                status, said = self.run_in(
                    directory, code, *arguments, "synauth", "--listen", where
                )
                self.assertEqual(
                    said,
                    "synauth: can't listen on %s: Address already in use\n" % where,
                )
                self.assertEqual(status, 1)
                self.assertEqual(os.listdir(directory), ["synauth-data"])
