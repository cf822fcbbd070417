"""
Real reverse proxies.
"""

import os
import shutil
import socket
import subprocess
from typing import Any, Callable, Dict, List

from twisted.trial.unittest import SynchronousTestCase

TIMEOUT_S = 30
ATTEMPT_S = 0.05

# By the program, its command line, given its configuration.
COMMANDS: Dict[str, Callable[[str], List[str]]] = {
    "nginx": lambda config: ["nginx", "-c", config, "-p", os.path.dirname(config)],
    "haproxy": lambda config: ["haproxy", "-db", "-f", config],
    "caddy": lambda config: (
        ["caddy", "run", "--adapter", "caddyfile", "--config"] + [config]
    ),
}

# All of an nginx's configuration but what is in its http block.
NGINX = """
daemon off;
pid %(folder)s/pid;
error_log stderr;
events {}
http {
    client_body_temp_path %(folder)s/body;
    proxy_temp_path %(folder)s/proxy;
    fastcgi_temp_path %(folder)s/fastcgi;
    uwsgi_temp_path %(folder)s/uwsgi;
    scgi_temp_path %(folder)s/scgi;
    %(http)s
}
"""


def make_folder(case: SynchronousTestCase, name: str) -> str:
    """
    @return: a folder for a proxy.  The test is skipped if there is no such program.
    """
    if shutil.which(name, path=_path()) is None:
        case.skipTest("%s is not installed" % (name,))
    folder = os.path.abspath(case.mktemp())
    os.makedirs(folder)
    return folder


def start_proxy(
    case: SynchronousTestCase, name: str, folder: str, config: str, port: int
) -> None:
    """
    Start a proxy, to be stopped at the end of the test.

    @param folder: from L{make_folder}.
    @param config: its whole configuration.
    @param port: where it listens.
    """
    path = os.path.join(folder, name + ".conf")
    with open(path, "w", encoding="ascii") as stream:
        stream.write(config)
    log_path = os.path.join(folder, "log")
    with open(log_path, "wb") as log:
        process = subprocess.Popen(
            COMMANDS[name](path),
            stdout=log,
            stderr=log,
            env=dict(os.environ, PATH=_path()),
        )
    case.addCleanup(process.wait, TIMEOUT_S)
    case.addCleanup(process.terminate)
    _wait_for(port, process, log_path)


def free_port() -> int:
    """
    @return: a port on the loopback interface.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _path() -> str:
    return os.environ.get("PATH", "") + os.pathsep + "/usr/sbin"


def _wait_for(port: int, process: Any, log_path: str) -> None:
    """
    Wait until somebody listens, or the process has ended.
    """
    for _ in range(int(TIMEOUT_S / ATTEMPT_S)):
        try:
            socket.create_connection(("127.0.0.1", port), TIMEOUT_S).close()
            return
        except OSError:
            try:
                code = process.wait(ATTEMPT_S)
            except subprocess.TimeoutExpired:
                continue
            with open(log_path, encoding="utf-8", errors="replace") as log:
                raise AssertionError("The proxy ended with %s: %s" % (code, log.read()))
    raise AssertionError("The proxy does not listen")
