"""
What application services do at the endpoints.
"""

from typing import Any

from tests.homeserver.test_application_services import IRC
from tests.web.client import Answer
from tests.web.server import EndpointTestCase, Server

TYPE = "m.login.application_service"
BOB = "@irc_bob:example.org"


class ServiceTests(EndpointTestCase):
    """
    A service, which has registered bob.
    """

    def setUp(self) -> None:
        """
        Make the server.
        """
        super().setUp()
        path: str = self.mktemp()
        with open(path, "w") as stream:
            stream.write(IRC)
        self.server = Server(app_service_config_files=[path], enable_registration=True)
        self.assertAnswered(self.register("irc_bob"))
        del self.events[:]

    def register(
        self, name: Any, token: Any = "as-secret", type: Any = TYPE, **more: Any
    ) -> Answer:
        """
        Register a user.
        """
        body = dict(more, username=name, type=type)
        if type is None:
            del body["type"]
        return self.server.post("/v3/register", body, token=token)

    def log_in(self, user: str = BOB, token: Any = "as-secret") -> Answer:
        """
        Log a user in.
        """
        identifier = {"type": "m.id.user", "user": user}
        body = {"type": TYPE, "identifier": identifier}
        return self.server.post("/v3/login", body, token=token)

    def whoami(self, query: str = "") -> Answer:
        """
        Ask whom the service acts as.
        """
        return self.server.get("/v3/account/whoami" + query, token="as-secret")

    def test_register(self) -> None:
        """
        An account of the service's is made without a password, logged in
        unless that is not wanted, and names may begin with an underscore.
        """
        body = self.assertAnswered(self.register("shared__x"))
        self.assertEqual(body["user_id"], "@shared__x:example.org")
        self.assertIn("access_token", body)
        body = self.assertAnswered(self.register("irc_carol", inhibit_login=True))
        self.assertEqual(
            body, {"user_id": "@irc_carol:example.org", "home_server": "example.org"}
        )
        self.assertRefused(self.register("irc_bob"), 400, "M_USER_IN_USE")
        self.assertEqual(self.audits()[0][:2], ("success", TYPE))

    def test_register_refused(self) -> None:
        """
        Only with the token, the type, and a name of its own.
        """
        self.assertRefused(self.register("alice"), 400, "M_EXCLUSIVE")
        self.assertRefused(self.register("irc_x", type=None), 400, "M_UNKNOWN")
        self.assertRefused(self.register("irc_x", token=None), 401, "M_MISSING_TOKEN")
        answer = self.register("irc_x", token="wrong")
        self.assertRefused(answer, 401, "M_UNKNOWN_TOKEN", soft_logout=False)
        self.assertRefused(self.register(5), 400, "M_INVALID_PARAM")
        self.assertRefused(self.register("IRC_X"), 400, "M_EXCLUSIVE")
        self.assertRefused(self.register("irc_a b"), 400, "M_INVALID_USERNAME")

    def test_exclusive(self) -> None:
        """
        Nobody else has a name of the service's.
        """
        body = {"username": "irc_dave", "password": "correct horse"}
        body["auth"] = {"type": "m.login.dummy"}  # type: ignore[assignment]
        for name in ("irc_dave", "irc"):
            answer = self.server.post("/v3/register", dict(body, username=name))
            self.assertRefused(answer, 400, "M_EXCLUSIVE")
            answer = self.server.get("/v3/register/available?username=" + name)
            self.assertRefused(answer, 400, "M_EXCLUSIVE")
        deferred = self.server.hs.registration.register_user("irc_dave")
        self.failureResultOf(deferred)
        self.assertAnswered(
            self.server.post("/v3/register", dict(body, username="shared_dave"))
        )

    def test_login(self) -> None:
        """
        The service logs its users in, and says so in C{GET /login}.
        """
        flows = self.server.get("/v3/login").json["flows"]
        self.assertIn({"type": TYPE}, flows)
        for user in (BOB, "irc_bob"):
            body = self.assertAnswered(self.log_in(user))
            self.assertEqual(body["user_id"], BOB)
        self.assertRefused(self.log_in("alice"), 403, "M_EXCLUSIVE")
        self.assertRefused(self.log_in("irc_nobody"), 403, "M_FORBIDDEN")
        self.assertRefused(self.log_in(token=None), 401, "M_MISSING_TOKEN")
        answer = self.log_in(token="wrong")
        self.assertRefused(answer, 401, "M_UNKNOWN_TOKEN", soft_logout=False)

    def test_states(self) -> None:
        """
        What became of an account counts here too.
        """
        self.server.change("deactivated", 1, BOB)
        self.assertRefused(self.log_in(), 403, "M_USER_DEACTIVATED")
        answer = self.whoami("?user_id=" + BOB)
        self.assertRefused(answer, 403, "M_USER_DEACTIVATED")

    def test_acts_as(self) -> None:
        """
        The service acts as itself, or as a user of its own.
        """
        for query, user_id in (("", "@irc:example.org"), ("?user_id=" + BOB, BOB)):
            body = self.assertAnswered(self.whoami(query))
            self.assertEqual(body, {"user_id": user_id, "is_guest": False})
        for user_id in (
            "@alice:example.org",
            "@irc_nobody:example.org",
            "@irc_%s:example.org" % ("x" * 300),
        ):
            self.assertRefused(self.whoami("?user_id=" + user_id), 403, "M_FORBIDDEN")

    def test_no_authentication(self) -> None:
        """
        What users authenticate for once more the service does with its token.
        """
        login = self.assertAnswered(self.log_in())
        query = "?user_id=" + BOB
        path = "/v3/delete_devices" + query
        body = {"devices": [login["device_id"]]}
        self.assertAnswered(self.server.post(path, body, token="as-secret"))
        answer = self.server.get("/v3/account/whoami", token=login["access_token"])
        self.assertRefused(answer, 401, "M_UNKNOWN_TOKEN", soft_logout=False)
        path = "/v3/account/deactivate" + query
        self.assertAnswered(self.server.post(path, {}, token="as-secret"))
        self.assertRefused(self.log_in(), 403, "M_USER_DEACTIVATED")

    def test_logout(self) -> None:
        """
        The service's own token does not end.
        """
        answer = self.server.post("/v3/logout", {}, token="as-secret")
        self.assertRefused(answer, 400, "M_UNKNOWN")
        self.assertAnswered(self.whoami())
