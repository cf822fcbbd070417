"""
Tests for L{synauth.web.health}.
"""

from tests.web.server import EndpointTestCase, Server

READY = ("/health", "/health/ready")


class HealthTests(EndpointTestCase):
    """
    What a load balancer asks.
    """

    def test_well(self) -> None:
        """
        The server says that all is well, also in a C{HEAD}.
        """
        server = Server()
        for path in (*READY, "/health/live"):
            self.assertEqual(self.assertAnswered(server.get(path)), {"status": "ok"})
            answer = server.ask("HEAD", path)
            self.assertEqual((answer.code, answer.body), (200, b""))

    def test_no_database(self) -> None:
        """
        Without its database it is alive but not ready, and says when to ask
        again.
        """
        server = Server()
        server.database.close()
        for path in READY:
            answer = server.get(path)
            self.assertEqual(answer.headers["retry-after"], "2")
            self.assertEqual(answer.json["error"], "The database does not answer")
            self.assertRefused(answer, 503, "M_UNKNOWN")
        self.assertAnswered(server.get("/health/live"))

    def test_stopping(self) -> None:
        """
        The same while it is being stopped.
        """
        server = Server()
        server.hs.health.stop()
        for path in READY:
            answer = server.get(path)
            self.assertEqual(answer.json["error"], "The server is being stopped")
            self.assertRefused(answer, 503, "M_UNKNOWN")
        self.assertAnswered(server.get("/health/live"))
