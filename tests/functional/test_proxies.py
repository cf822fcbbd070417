"""
What C{synauth print-proxy} prints, in real reverse proxies.
"""

import http.client
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, List
from urllib.parse import quote

from twisted.trial.unittest import SynchronousTestCase

from tests.cli.terminals import TypedTerminal
from tests.functional.proxies import (
    NGINX,
    TIMEOUT_S,
    free_port,
    make_folder,
    start_proxy,
)
from tests.web.test_endpoints import OTHERS, paths

SERVER = """
    access_log off;
    server {
        listen 127.0.0.1:%(port)d;
        %(rules)s
        location / {
            proxy_pass http://%(homeserver)s;
        }
    }
"""

HAPROXY = """
defaults
    mode http
    timeout connect 5s
    timeout client 30s
    timeout server 30s

frontend matrix
    bind 127.0.0.1:%(port)d
    default_backend homeserver
    %(rules)s

backend homeserver
    server homeserver %(homeserver)s
"""


class _Named(BaseHTTPRequestHandler):
    """
    Answers with the name of its server, the path, and for whom it is asked.
    """

    protocol_version = "HTTP/1.1"

    def _answer(self) -> None:
        name = self.server.name  # type: ignore[attr-defined]
        told = (name, self.path, self.headers.get("X-Forwarded-For"))
        body = " ".join(map(str, told)).encode("ascii")
        self.send_response(200)
        self.send_header("Content-Length", "%d" % len(body))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_DELETE = _answer

    def log_message(self, *args: Any) -> None:
        """
        Say nothing.
        """


class ProxyTests(SynchronousTestCase):
    """
    A stand-in of the daemon and one of a homeserver, and a proxy before them.
    """

    def stand_in(self, name: str) -> str:
        """
        Start a server that knows its name.

        @return: where it listens.
        """
        server = ThreadingHTTPServer(("127.0.0.1", 0), _Named)
        server.name = name  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever)
        thread.daemon = True
        thread.start()
        self.addCleanup(thread.join, TIMEOUT_S)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        return "127.0.0.1:%d" % server.server_address[1]

    def start(self, name: str, template: str) -> int:
        """
        Start a proxy with the rules that are printed for it.

        @return: its port.
        """
        folder = make_folder(self, name)
        terminal = TypedTerminal()
        upstream = self.stand_in("synauth")
        self.assertEqual(terminal.run("print-proxy", name, "--upstream", upstream), 0)
        port = free_port()
        values = {
            "folder": folder,
            "port": port,
            "rules": terminal.stdout.getvalue(),
            "homeserver": self.stand_in("homeserver"),
        }
        config = template % values
        if name == "nginx":
            config = NGINX % {"folder": folder, "http": config}
        start_proxy(self, name, folder, config, port)
        return port

    def assert_split(self, port: int) -> None:
        """
        Assert that the paths of the table, and no others, come to the daemon,
        as they were sent, and with the client's address.
        """
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_S)
        self.addCleanup(connection.close)

        def ask(method: str, path: str) -> List[str]:
            connection.request(method, path, headers={"X-Forwarded-For": "192.0.2.9"})
            return connection.getresponse().read().decode("ascii").split()

        for route, path in paths():
            sent = quote(path) + "?access_token=x"
            name, got, address = ask(route.method, sent)
            expected = "homeserver" if route.own else "synauth"
            self.assertEqual((name, got), (expected, sent))
            if name == "synauth":
                self.assertEqual(address, "127.0.0.1")
        for path in OTHERS:
            self.assertEqual(ask("GET", quote(path))[0], "homeserver", path)

    def test_nginx(self) -> None:
        """
        nginx does as it is told.
        """
        self.assert_split(self.start("nginx", SERVER))

    def test_haproxy(self) -> None:
        """
        So does HAProxy.
        """
        self.assert_split(self.start("haproxy", HAPROXY))

    def test_caddy(self) -> None:
        """
        So does Caddy.
        """
        self.assert_split(self.start("caddy", CADDY))


CADDY = """
{
    admin off
    auto_https off
    storage file_system %(folder)s
}
http://127.0.0.1:%(port)d {
    %(rules)s
    reverse_proxy %(homeserver)s
}
"""
