"""
Servers of other people in child processes.
"""

import os
import signal
import socket
import subprocess
from typing import Callable, Dict, List, Optional

# A homeserver's first start on a busy machine.
PATIENCE_S = 60

_STEP_S = 0.05


class Child:
    """
    A child process, with its output in a file.

    @param command: the program and its arguments.
    @param directory: where it is started.
    @ivar process: the process.
    """

    def __init__(
        self,
        command: List[str],
        directory: str,
        environment: Optional[Dict[str, str]] = None,
    ) -> None:
        self._log = os.path.join(directory, os.path.basename(command[0]) + ".out")
        with open(self._log, "ab") as log:
            self.process = subprocess.Popen(
                command,
                cwd=directory,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def log(self) -> str:
        """
        @return: all that it has printed.
        """
        with open(self._log, encoding="utf-8", errors="replace") as log:
            return log.read()

    def wait_until(self, ready: Callable[[], bool]) -> None:
        """
        Wait for something to come true while the process lives.
        """
        for _ in range(int(PATIENCE_S / _STEP_S)):
            if ready():
                return
            try:
                status = self.process.wait(_STEP_S)
            except subprocess.TimeoutExpired:
                continue
            raise AssertionError("it has ended with %d:\n%s" % (status, self.log()))
        raise AssertionError("it does not get ready:\n" + self.log())

    def stop(self) -> None:
        """
        Make it end, unless it has.
        """
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError("it does not stop:\n" + self.log())


def free_port() -> int:
    """
    @return: a port of the loopback address that nobody has now, for a server
        that can't choose one and say which.
    """
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


def accepts(port: int) -> bool:
    """
    @return: whether anybody accepts connections there.
    """
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True
