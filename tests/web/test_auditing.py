"""
Tests for L{synauth.web.auditing}.
"""

from tests.web.server import PASSWORD, EndpointTestCase, Server


class AuditingTests(EndpointTestCase):
    """
    What the audit log has of a request.
    """

    def agent(self, *headers: str) -> object:
        """
        @return: the user agent that is noted of a login with some C{User-Agent}
            headers.
        """
        server = Server()
        server.post(
            "/v3/login",
            {"type": "m.login.password", "user": "a", "password": PASSWORD},
            headers=tuple(("User-Agent", value) for value in headers),
            address="2001:db8::1",
        )
        (event,) = [e for e in self.events if e["log_namespace"] == "synauth.audit"]
        del self.events[:]
        self.assertEqual(event["address"], "2001:db8::1")
        return event["user_agent"]

    def test_user_agent(self) -> None:
        """
        What a client calls itself is noted as text, and not at any length.
        """
        self.assertIsNone(self.agent())
        self.assertEqual(self.agent("nio/0.24"), "nio/0.24")
        self.assertEqual(self.agent("n\u00efo"), "n\u00efo")
        self.assertEqual(self.agent("x" * 3000), "x" * 255)
