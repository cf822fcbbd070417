"""
Runs C{twistd -n synauth}, or another homeserver, for a measurement: on a free
loopback port and with a data directory that is thrown away.
"""

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from typing import Any, Dict, Iterator, List, NamedTuple, Optional

from benchmarks.answer import LoadError
from benchmarks.floor import ROOT

_UNLIMITED = {"per_second": 100000, "burst_count": 100000}

# JSON is YAML; rates that no measurement reaches, everything else as shipped.
CONFIG = {
    "server_name": "localhost",
    "enable_registration": True,
    "enable_registration_without_verification": True,
    "bcrypt_rounds": 12,
    "rc_registration": _UNLIMITED,
    "rc_login": {
        "address": _UNLIMITED,
        "account": _UNLIMITED,
        "failed_attempts": _UNLIMITED,
    },
}

_VERSIONS = b"GET /_matrix/client/versions HTTP/1.1\r\nHost: localhost\r\n\r\n"


class Daemon(NamedTuple):
    """
    A daemon that answers.

    @ivar first_answer: seconds from starting the process to its first answer.
    """

    base_url: str
    pid: int
    first_answer: float


def resident_bytes(pid: int) -> int:
    """
    @param pid: a process of ours.
    @return: its resident memory.
    """
    try:
        with open("/proc/%d/status" % (pid,)) as status:
            for line in status:
                if line.startswith("VmRSS:"):
                    return int(line.split()[1]) * 1024
    except OSError:
        pass
    output = subprocess.check_output(["ps", "-o", "rss=", "-p", str(pid)])
    return int(output) * 1024


def _free_port() -> int:
    with contextlib.closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_for_answer(port: int, child: "subprocess.Popen[bytes]", log: str) -> None:
    give_up = time.perf_counter() + 30
    while time.perf_counter() < give_up:
        if child.poll() is not None:
            break
        try:
            with socket.create_connection(("127.0.0.1", port), 5) as connection:
                connection.sendall(_VERSIONS)
                if connection.recv(12) == b"HTTP/1.1 200":
                    return
        except OSError:
            pass
        time.sleep(0.002)
    with open(log, errors="replace") as output:
        raise LoadError("the daemon does not answer:\n" + output.read()[-2000:])


@contextlib.contextmanager
def running_daemon(directory: str, **settings: Any) -> Iterator[Daemon]:
    """
    Run the daemon in a child process.

    @param directory: where its configuration, data and log go.
    @param settings: of its configuration, over L{CONFIG}.
    @return: a context manager that gives a L{Daemon}.
    @raise LoadError: if it does not start.
    """
    # What the twistd script does, without a search for where it is.
    program = "from twisted.scripts.twistd import run; run()"
    command = [sys.executable, "-c", program, "-n", "--pidfile=", "synauth"]
    command += ["--data-dir", os.path.join(directory, "data"), "--config"]
    paths = [ROOT] + os.environ.get("PYTHONPATH", "").split(os.pathsep)
    environment = dict(os.environ, PYTHONPATH=os.pathsep.join(filter(None, paths)))
    with running(command, directory, dict(CONFIG, **settings), environment) as daemon:
        yield daemon


@contextlib.contextmanager
def running(
    command: List[str],
    directory: str,
    config: Dict[str, Any],
    environment: Optional[Dict[str, str]] = None,
) -> Iterator[Daemon]:
    """
    Run a homeserver in a child process.

    @param command: how it is started; the path of its configuration is added.
    @param directory: where its configuration and its log go.
    @param config: its configuration, but for where it listens.
    @return: a context manager that gives a L{Daemon}.
    @raise LoadError: if it does not start.
    """
    path = os.path.join(directory, "homeserver.yaml")
    port = _free_port()
    listener = {
        "port": port,
        "bind_addresses": ["127.0.0.1"],
        "type": "http",
        "resources": [{"names": ["client"], "compress": False}],
    }
    with open(path, "w") as stream:
        json.dump(dict(config, listeners=[listener]), stream)
    log = os.path.join(directory, "daemon.log")
    with open(log, "ab") as output:
        started = time.perf_counter()
        child = subprocess.Popen(
            command + [path],
            cwd=directory,
            env=environment,
            stdout=output,
            stderr=output,
        )
    try:
        _wait_for_answer(port, child, log)
        yield Daemon(
            "http://127.0.0.1:%d" % (port,), child.pid, time.perf_counter() - started
        )
    finally:
        child.terminate()
        try:
            child.wait(15)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
