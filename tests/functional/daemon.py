"""
A real C{twistd -n synauth} in a child process.
"""

import json
import os
import re
import signal
import subprocess
import sys
import threading
from typing import Any, Dict, List, Optional, Sequence

from twisted.trial.unittest import SynchronousTestCase

from tests.functional.client import Client

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

# On a machine that does other things, too.
PATIENCE_S = 30

ANY_FREE_PORT = "tcp:0:interface=127.0.0.1"

# 0 from older versions of twistd; newer ones end by the signal itself.
STOPPED = (0, -signal.SIGTERM)

_UNLIMITED = {"per_second": 100000, "burst_count": 100000}

# For tests that are about something else than limits and the cost of a hash.
QUICK: Dict[str, Any] = {
    "server_name": "example.org",
    "enable_registration": True,
    "enable_registration_without_verification": True,
    "bcrypt_rounds": 4,
    "rc_registration": _UNLIMITED,
    "rc_login": {
        "address": _UNLIMITED,
        "account": _UNLIMITED,
        "failed_attempts": _UNLIMITED,
    },
}

_LISTENS = re.compile(r"synauth listens on http://127\.0\.0\.1:(\d+)")


def environment() -> Dict[str, str]:
    """
    @return: that of a child process: it finds this checkout, from wherever it
        is started.
    """
    paths = [ROOT] + os.environ.get("PYTHONPATH", "").split(os.pathsep)
    return dict(os.environ, PYTHONPATH=os.pathsep.join(filter(None, paths)))


class Daemon:
    """
    A child process.

    @param directory: where it is started.
    @param arguments: what comes after C{twistd -n synauth}.
    @param twistd: what comes before C{synauth}.
    @param command: a command line, for all of that.
    @param pass_fds: file descriptors that it has as well.
    @ivar process: the process.
    """

    def __init__(
        self,
        directory: str,
        arguments: Sequence[str] = (),
        twistd: Sequence[str] = (),
        command: Sequence[str] = (),
        pass_fds: Sequence[int] = (),
    ) -> None:
        self.process = subprocess.Popen(
            command
            or [sys.executable, "-b", "-m", "tests.functional.twistd"]
            + ["-n", "--pidfile=", *twistd, "synauth", *arguments],
            pass_fds=pass_fds,
            cwd=directory,
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        self._lines: List[str] = []
        self._port: Optional[int] = None
        self._listens_or_ended = threading.Event()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.append(line.decode("utf-8", "backslashreplace"))
            match = _LISTENS.search(self._lines[-1])
            # The first one is where clients come.
            if match and self._port is None:
                self._port = int(match.group(1))
                self._listens_or_ended.set()
        self._listens_or_ended.set()

    def log(self) -> str:
        """
        @return: all that it has printed.
        """
        return "".join(self._lines)

    def port(self) -> int:
        """
        @return: where it listens.
        """
        self._listens_or_ended.wait(PATIENCE_S)
        if self._port is None:
            raise AssertionError("the daemon does not listen:\n" + self.log())
        return self._port

    def client(self, token: Optional[str] = None) -> Client:
        """
        @return: a client that sends an access token.
        """
        return Client(self.port(), token)

    def stop(self, with_signal: int = signal.SIGTERM) -> int:
        """
        Send a signal, unless it has ended already, and wait.

        @return: the exit status.
        """
        if self.process.poll() is None:
            self.process.send_signal(with_signal)
        return self.wait()

    def wait(self, patience_s: float = PATIENCE_S) -> int:
        """
        Wait for the end.

        @return: the exit status.
        """
        try:
            status = self.process.wait(patience_s)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError("the daemon does not end:\n" + self.log())
        self._reader.join(PATIENCE_S)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return status


class DaemonTestCase(SynchronousTestCase):
    """
    A test that runs daemons.
    """

    def make_directory(self) -> str:
        """
        @return: an empty directory.
        """
        directory = os.path.abspath(self.mktemp())
        os.makedirs(directory)
        return directory

    def write_config(self, directory: str, config: Dict[str, Any]) -> str:
        """
        @return: the path of a configuration file.
        """
        path = os.path.join(directory, "homeserver.yaml")
        with open(path, "w", encoding="utf-8") as stream:
            # JSON is YAML.
            json.dump(config, stream, indent=2)
        return path

    def launch(self, directory: str, *arguments: str) -> Daemon:
        """
        Start a daemon that may end by itself.
        """
        daemon = Daemon(directory, list(arguments))
        self.addCleanup(daemon.stop, signal.SIGKILL)
        return daemon

    def start(
        self,
        config: Optional[Dict[str, Any]] = QUICK,
        directory: Optional[str] = None,
        *arguments: str,
    ) -> Daemon:
        """
        Start a daemon that serves; at the end of the test it has to stop when
        it is told to, and to have had nothing to complain of.

        @param config: its configuration; C{None} for none.
        @param directory: where its configuration and data are; C{None} for a
            new one.
        """
        if directory is None:
            directory = self.make_directory()
        given = ["--listen", ANY_FREE_PORT] + list(arguments)
        if config is not None:
            given += ["--config", self.write_config(directory, config)]
        daemon = self.launch(directory, *given)
        self.addCleanup(self.assert_stops, daemon)
        daemon.port()
        return daemon

    def assert_stops(self, daemon: Daemon) -> None:
        """
        Stop a daemon that was killed, or that stops as it should.
        """
        killed = daemon.process.poll() == -signal.SIGKILL
        status = daemon.stop()
        if not killed:
            self.assertIn(status, STOPPED, daemon.log())
        for word in ("Traceback", "Unhandled"):
            self.assertNotIn(word, daemon.log())
