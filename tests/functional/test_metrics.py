"""
Metrics, as Prometheus fetches them from the daemon.
"""

from typing import Any, Dict
from urllib.request import urlopen

from tests.functional.client import Client
from tests.functional.daemon import QUICK, DaemonTestCase
from tests.functional.proxies import free_port
from tests.metrics.test_exposing import Exposed


class MetricsTests(DaemonTestCase):
    """
    C{enable_metrics}.
    """

    def fetch(self, port: int, path: str = "/metrics") -> Exposed:
        """
        @return: what is exposed there.
        """
        url = "http://127.0.0.1:%d%s" % (port, path)
        with urlopen(url, timeout=30) as response:
            kind = response.headers["Content-Type"]
            self.assertTrue(kind.startswith("text/plain; version=0.0.4"), kind)
            return Exposed(response.read())

    def test_fetched(self) -> None:
        """
        A login, a wrong password, a token and a path that is none, in figures; and
        none of them where clients come.
        """
        port = free_port()
        config: Dict[str, Any] = dict(
            QUICK,
            enable_metrics=True,
            listeners=[
                {"port": 1},
                {"port": port, "type": "metrics", "bind_addresses": ["127.0.0.1"]},
            ],
        )
        client = self.start(config).client()
        token = client.register("alice").body["access_token"]
        self.assertEqual(client.login("alice").status, 200)
        self.assertEqual(client.login("alice", password="wrong").status, 403)
        self.assertEqual(client.whoami(token).status, 200)
        for path in ("/metrics", "/_synapse/metrics", "/nothing"):
            self.assertEqual(client.get(path).status, 404)
        exposed = self.fetch(port)
        for endpoint, method, status, count in (
            ("/register", "POST", "200", 1),
            ("/login", "POST", "200", 1),
            ("/login", "POST", "403", 1),
            ("/account/whoami", "GET", "200", 1),
            ("unknown", "GET", "404", 3),
        ):
            value = exposed.value(
                "synauth_http_requests_total",
                endpoint=endpoint,
                method=method,
                status=status,
            )
            self.assertEqual(value, count, (endpoint, status))
        self.assertEqual(exposed.value("synauth_hashes_total"), 3)
        self.assertGreater(exposed.value("synauth_hash_seconds_total"), 0)
        self.assertGreaterEqual(exposed.value("synauth_connections"), 1)
        again = self.fetch(port, "/_synapse/metrics")
        fetched = again.value(
            "synauth_http_requests_total",
            endpoint="/metrics",
            method="GET",
            status="200",
        )
        self.assertEqual(fetched, 1)
        self.assertEqual(Client(port).whoami(token).status, 404)

    def test_beside_clients(self) -> None:
        """
        A listener can have both.
        """
        port = free_port()
        names = ["client", "metrics"]
        listener = {"port": port, "bind_addresses": ["127.0.0.1"]}
        path = self.write_config(
            self.make_directory(),
            dict(
                QUICK,
                enable_metrics=True,
                listeners=[dict(listener, resources=[{"names": names}])],
            ),
        )
        daemon = self.launch(self.make_directory(), "--config", path)
        self.addCleanup(self.assert_stops, daemon)
        daemon.port()
        self.assertEqual(Client(port).register("alice").status, 200)
        self.assertEqual(self.fetch(port).value("synauth_hashes_total"), 1)
