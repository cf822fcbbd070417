"""
Tests for L{synauth.web.discovery}.
"""

from tests.web.server import EndpointTestCase, Server


class DiscoveryTests(EndpointTestCase):
    """
    What anybody may ask.
    """

    def test_versions(self) -> None:
        """
        Clients of any age find a version that they speak.
        """
        body = self.assertAnswered(Server().get("/_matrix/client/versions"))
        self.assertEqual(set(body), {"versions", "unstable_features"})
        for version in ("r0.0.1", "r0.6.1", "v1.1", "v1.12"):
            self.assertIn(version, body["versions"])
        self.assertEqual(len(set(body["versions"])), len(body["versions"]))

    def test_well_known(self) -> None:
        """
        Clients are told where the server is, if it knows.
        """
        path = "/.well-known/matrix/client"
        self.assertRefused(Server().get(path), 404, "M_NOT_FOUND")
        server = Server(public_baseurl="https://matrix.example.org")
        self.assertEqual(
            self.assertAnswered(server.get(path)),
            {"m.homeserver": {"base_url": "https://matrix.example.org/"}},
        )
