"""
A PostgreSQL server of one's own, in a directory that goes with it.
"""

import glob
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from typing import List

from twisted.trial.unittest import SkipTest

from tests.modules.needs import SKIP_NOTHING
from tests.storage.postgresql import SERVER, Args

# The server refuses to run as this.
_SUPERUSER = 0


def programs() -> str:
    """
    @return: where the server's programs are.
    @raise SkipTest: if they are nowhere.
    """
    found = shutil.which("initdb")
    places = [os.path.dirname(found)] if found else []
    # Debian keeps them beside one another, by version.
    places += sorted(glob.glob("/usr/lib/postgresql/*/bin"), key=_version)
    if not places:
        missing = "there is no initdb; on Debian: apt-get install postgresql"
        if os.environ.get(SKIP_NOTHING) or os.environ.get(SERVER):
            raise AssertionError(missing)
        raise SkipTest(missing)
    return places[-1]


def _version(path: str) -> float:
    return float(path.split("/")[-2])


class Cluster:
    """
    A server, made and started.

    @ivar args: to connect to it.
    """

    def __init__(self) -> None:
        self._programs = programs()
        self._folder = tempfile.mkdtemp(prefix="synauth-postgresql-")
        if os.geteuid() == _SUPERUSER:
            shutil.chown(self._folder, "postgres")
        self._data = os.path.join(self._folder, "data")
        port = _free_port()
        self.args: Args = {"host": "127.0.0.1", "port": port, "user": "postgres"}
        self._run(
            "initdb", "-D", self._data, "-U", "postgres", "-A", "trust", "-E", "UTF8"
        )
        self._options = "-F -p %d -c listen_addresses=127.0.0.1 -k %s" % (
            port,
            self._folder,
        )
        self.start()

    def start(self) -> None:
        """
        Start it, and wait until it answers.
        """
        log = os.path.join(self._folder, "log")
        self._pg_ctl("start", "-l", log, "-o", self._options)

    def stop(self, mode: str = "fast") -> None:
        """
        Stop it.

        @param mode: C{"fast"}, which ends all sessions, or C{"immediate"}, which
            is as good as a crash.
        """
        self._pg_ctl("stop", "-m", mode)

    def restart(self, mode: str = "fast") -> None:
        """
        Stop and start it.
        """
        self.stop(mode)
        self.start()

    def remove(self) -> None:
        """
        Stop it and leave nothing behind.
        """
        try:
            self.stop("immediate")
        except subprocess.CalledProcessError:
            # It does not run.
            pass
        shutil.rmtree(self._folder, ignore_errors=True)

    def _pg_ctl(self, *arguments: str) -> None:
        self._run("pg_ctl", "-D", self._data, "-w", *arguments)

    def _run(self, program: str, *arguments: str) -> None:
        command: List[str] = [os.path.join(self._programs, program), *arguments]
        if os.geteuid() == _SUPERUSER:
            pwd.getpwnam("postgres")
            command = ["setpriv", "--reuid=postgres", "--regid=postgres"] + (
                ["--clear-groups", "--"] + command
            )
        # To no pipe: the server would keep it open.
        subprocess.run(
            command,
            check=True,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port
