"""
What is in C{contrib/} to run several processes, as it is there but for names and
ports; and that no request is lost while they are restarted.
"""

import configparser
import http.client
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import time
from typing import Any, Dict, List, Tuple

from tests.functional.client import Client
from tests.functional.daemon import PATIENCE_S, QUICK, ROOT, Daemon, DaemonTestCase
from tests.functional.load import Load
from tests.functional.proxies import NGINX, free_port, make_folder, start_proxy
from tests.functional.test_many_processes import shared_config
from tests.storage.postgresql import own_database

CONTRIB = os.path.join(ROOT, "contrib")

FORWARDED = "203.0.113.7"


def contrib(*path: str) -> str:
    """
    @return: what is in a file.
    """
    with open(os.path.join(CONTRIB, *path), encoding="ascii") as stream:
        return stream.read()


def replaced(text: str, *pairs: Any) -> str:
    """
    @param pairs: what is there, and what comes in its place.
    """
    for old, new in pairs:
        if old not in text:
            raise AssertionError("%r is not there any more" % (old,))
        text = text.replace(old, new)
    return text


class BehindProxyTests(DaemonTestCase):
    """
    Two processes on one PostgreSQL database, behind a proxy, restarted in turn.
    """

    def setUp(self) -> None:
        self.config = shared_config(own_database(self))
        # What docs/scaling.rst says for this.
        self.config["listeners"] = [{"port": 1, "x_forwarded": True}]
        self.ports = [free_port(), free_port()]
        # Before the proxy, which would have to notice first.
        self.daemons = [self.start_one(port) for port in self.ports]

    def start_one(self, port: int) -> Daemon:
        """
        @return: a process that listens there.
        """
        directory = self.make_directory()
        path = self.write_config(directory, self.config)
        listen = "tcp:%d:interface=127.0.0.1" % port
        daemon = self.launch(directory, "--listen", listen, "--config", path)
        self.addCleanup(self.assert_stops, daemon)
        daemon.port()
        return daemon

    def assert_nothing_lost(self, port: int) -> None:
        """
        Restart both processes while clients ask the proxy.
        """
        daemons = self.daemons
        client = Client(port)
        registered = client.register("alice")
        self.assertEqual(registered.status, 200, registered)
        load = Load(
            port, registered.body["access_token"], **{"X-Forwarded-For": FORWARDED}
        )
        self.addCleanup(load.stop)
        load.wait_for_more()
        for number in (0, 1, 0):
            daemons[number].stop()
            load.wait_for_more()
            daemons[number] = self.start_one(self.ports[number])
            self.wait_until_asked(daemons[number])
        load.stop()
        self.assertEqual(load.failed, [])
        self.assertGreater(load.done["login"], 6)
        # Both are asked, and are told who asks.
        for daemon in daemons:
            self.assertIn("ip=%s " % FORWARDED, daemon.log())

    def assert_all_sent(self, port: int) -> None:
        """
        All that people and clients are led to is sent here, and what is for
        administrators is not.
        """
        for path in (
            "/_matrix/client/versions",
            "/_matrix/static/client/login/",
            "/_matrix/consent?v=1",
            "/_synapse/client/password_reset/email/submit_token",
            "/.well-known/matrix/client",
        ):
            ours = self.ask(self.daemons[0].port(), path)
            self.assertEqual(self.ask(port, path)[0], ours[0], path)
            # What is there of both is not a page of the proxy's.
            self.assertEqual(self.ask(port, path)[1], ours[1], path)
        path = "/_synapse/admin/v1/server_version"
        ours = self.ask(self.daemons[0].port(), path)
        self.assertEqual(ours[0], 401)
        self.assertNotEqual(self.ask(port, path), ours)

    def ask(self, port: int, path: str) -> Tuple[int, Any]:
        """
        @return: the status, and how the answer begins.
        """
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
        self.addCleanup(connection.close)
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()[:100]

    def wait_until_asked(self, daemon: Daemon) -> None:
        """
        Wait until the proxy has noticed that a process is there again.
        """
        until = time.monotonic() + PATIENCE_S
        while "outcome=success" not in daemon.log() and time.monotonic() < until:
            time.sleep(0.05)

    def addresses(self) -> List[Any]:
        """
        @return: where the examples have the processes, and where these are.
        """
        return [
            ("127.0.0.1:810%d" % number, "127.0.0.1:%d" % port)
            for number, port in enumerate(self.ports, 1)
        ]

    def test_nginx(self) -> None:
        """
        nginx, as in C{contrib/nginx}.
        """
        folder = make_folder(self, "nginx")
        port = free_port()
        text = replaced(
            contrib("nginx", "synauth.conf"),
            ("listen 443 ssl", "listen 127.0.0.1:%d" % port),
            ("/var/log/nginx/", folder + os.sep),
            *self.addresses(),
        )
        text = re.sub("(?m)^ *ssl_certificate.*$", "", text)
        config = NGINX % {"folder": folder, "http": text}
        start_proxy(self, "nginx", folder, config, port)
        self.assert_all_sent(port)
        self.assert_nothing_lost(port)

    def test_haproxy(self) -> None:
        """
        HAProxy, as in C{contrib/haproxy}.
        """
        folder = make_folder(self, "haproxy")
        port = free_port()
        config = replaced(
            contrib("haproxy", "haproxy.cfg"),
            (
                "bind :443 ssl crt /etc/ssl/matrix.example.com.pem",
                "bind 127.0.0.1:%d" % port,
            ),
            *self.addresses(),
        )
        start_proxy(self, "haproxy", folder, config, port)
        self.assert_all_sent(port)
        self.assert_nothing_lost(port)


def unit(name: str) -> configparser.RawConfigParser:
    """
    @return: a unit of systemd's.
    """
    parser = configparser.RawConfigParser(strict=True)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(contrib("systemd", name))
    return parser


# What systemd does between fork and exec.
_ACTIVATED = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ.update(LISTEN_FDS="1", LISTEN_FDNAMES="x", LISTEN_PID=str(os.getpid()))
os.execv(sys.argv[2], sys.argv[2:])
"""


class SystemdTests(DaemonTestCase):
    """
    C{contrib/systemd}.
    """

    def command(self, service: str, config: str) -> List[str]:
        """
        @return: the command line of a unit, in this checkout.
        """
        words = shlex.split(unit(service)["Service"]["ExecStart"])
        self.assertEqual(words[0], "/opt/synauth/bin/twistd")
        at = words.index("/etc/synauth/homeserver.yaml")
        words[at] = config
        return [sys.executable, "-b", "-m", "tests.functional.twistd"] + words[1:]

    def test_socket_activation(self) -> None:
        """
        While a process is restarted whoever connects waits for the next one, and
        nobody is refused.
        """
        directory = self.make_directory()
        config: Dict[str, Any] = dict(
            QUICK, listeners=[{"port": 1, "x_forwarded": True}]
        )
        path = self.write_config(directory, config)
        command = self.command("synauth@.service", path)
        # What systemd keeps open.
        door = socket.socket()
        self.addCleanup(door.close)
        door.bind(("127.0.0.1", 0))
        door.listen(1024)
        client = Client(door.getsockname()[1])

        daemon = self.activate(directory, command, door)
        registered = client.register("alice")
        self.assertEqual(registered.status, 200, registered)
        load = Load(
            door.getsockname()[1],
            registered.body["access_token"],
            **{"X-Forwarded-For": FORWARDED},
        )
        self.addCleanup(load.stop)
        for _ in range(3):
            load.wait_for_more()
            daemon.stop()
            daemon = self.activate(directory, command, door)
        load.wait_for_more()
        load.stop()
        self.assertEqual(load.failed, [])
        self.assertIn("ip=%s " % FORWARDED, daemon.log())

    def activate(
        self, directory: str, command: List[str], door: socket.socket
    ) -> Daemon:
        """
        Start a process as systemd does that has a socket for it.
        """
        daemon = Daemon(
            directory,
            command=[sys.executable, "-c", _ACTIVATED, str(door.fileno())] + command,
            pass_fds=[door.fileno()],
        )
        self.addCleanup(daemon.stop)
        daemon.port()
        return daemon

    def test_instances(self) -> None:
        """
        An instance and its socket belong together.
        """
        service, door = unit("synauth@.service"), unit("synauth@.socket")
        self.assertEqual(service["Unit"]["Requires"], "synauth@%i.socket")
        self.assertEqual(door["Socket"]["ListenStream"], "127.0.0.1:%i")
        plain = unit("synauth.service")["Service"]
        for key in plain:
            if key not in ("ExecStart", "StateDirectory", "WorkingDirectory"):
                self.assertEqual(service["Service"][key], plain[key], key)

    def test_documented(self) -> None:
        """
        docs/installation.rst has the unit for one process, as it is.
        """
        with open(os.path.join(ROOT, "docs", "installation.rst")) as document:
            lines = [line.strip() for line in document]
        begun = lines.index("[Unit]")
        told = contrib("systemd", "synauth.service").splitlines()[1:]
        self.assertEqual(lines[begun : begun + len(told)], told)

    def test_verified(self) -> None:
        """
        systemd has nothing to say against the units.
        """
        if shutil.which("systemd-analyze") is None:
            self.skipTest("systemd-analyze is not installed")
        directory = self.make_directory()
        names = ["synauth.service", "synauth@.service", "synauth@.socket"]
        for name in names:
            text = contrib("systemd", name)
            # It looks whether the program is there.
            text = text.replace("/opt/synauth/bin/twistd", sys.executable)
            with open(os.path.join(directory, name), "w", encoding="ascii") as out:
                out.write(text)
        instances = [name.replace("@", "@8101") for name in names]
        ended = subprocess.run(
            ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no"]
            + [os.path.join(directory, name) for name in instances],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=60,
            env=dict(os.environ, SYSTEMD_UNIT_PATH=directory + ":"),
        )
        said = [
            line
            for line in ended.stdout.decode("utf-8").splitlines()
            if "synauth" in line
        ]
        self.assertEqual(said, [])
