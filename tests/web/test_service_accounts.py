"""
Accounts of those who do not log in with a password: an application service's
users, who have nothing to authenticate with, and everybody where a password is
good for authenticating once more only.
"""

from typing import Any

from synauth.homeserver.logins import LoginDetails
from tests.web.accounts import ALICE, BOB, AccountTestCase, password_auth
from tests.web.client import Answer
from tests.web.server import Server

REGISTRATION = """
id: irc
as_token: as-token
hs_token: hs-token
url: null
sender_localpart: ircbot
namespaces:
  users:
  - {regex: "@_irc_.*", exclusive: true}
  - {regex: "@bob:.*", exclusive: false}
"""
GET_TOKEN = "/_matrix/client/v1/login/get_token"
SAM = "@_irc_sam:example.org"


class ServiceTests(AccountTestCase):
    """
    A service, and its user.
    """

    def serve(self, **settings: Any) -> None:
        """
        Make the user.
        """
        path = self.mktemp()
        with open(path, "w") as registration:
            registration.write(REGISTRATION)
        super().serve(app_service_config_files=[path], **settings)
        self.server.add_user("_irc_sam", None)

    def ask(self, method: str, path: str, body: Any = None) -> Answer:
        """
        Ask as the service, for its user.
        """
        path += "?user_id=" + SAM
        return self.server.ask(method, path, body, token="as-token")

    def devices(self) -> Any:
        """
        @return: the devices of the user, and their names.
        """
        found = self.assertAnswered(self.ask("GET", "/v3/devices"))["devices"]
        return {each["device_id"]: each["display_name"] for each in found}

    def test_devices(self) -> None:
        """
        A service makes, names and removes devices, with no authentication but
        its token.
        """
        for name, code in (("Phone", 201), ("Laptop", 200)):
            answer = self.ask("PUT", "/v3/devices/A", {"display_name": name})
            self.assertEqual((answer.code, answer.json), (code, {}))
            self.assertEqual(self.devices(), {"A": name})
        self.assertEqual(self.ask("PUT", "/v3/devices/B", {}).code, 201)
        self.assertEqual(self.devices(), {"A": "Laptop", "B": None})
        self.assertAnswered(self.ask("DELETE", "/v3/devices/A"))
        self.assertAnswered(self.ask("POST", "/v3/delete_devices", {"devices": ["B"]}))
        self.assertEqual(self.devices(), {})
        answer = self.ask("PUT", "/v3/devices/" + "x" * 513, {})
        self.assertRefused(answer, 400, "M_INVALID_PARAM")

    def test_deactivate(self) -> None:
        """
        It ends its user's account so too.
        """
        self.assertAnswered(self.ask("POST", "/v3/account/deactivate", {}))
        answer = self.ask("GET", "/v3/devices")
        self.assertRefused(answer, 403, "M_USER_DEACTIVATED")

    def test_others(self) -> None:
        """
        Nobody else's account is a service's to touch.
        """
        path = "/v3/account/deactivate?user_id=" + ALICE
        answer = self.server.post(path, {}, token="as-token")
        self.assertRefused(answer, 403, "M_FORBIDDEN")
        self.assertTrue(self.is_good(self.token))

    def test_people(self) -> None:
        """
        As whom it may act it may log out, but not make an end of.
        """
        query = "?user_id=" + BOB
        path = "/v3/account/deactivate" + query
        self.assertChallenged(self.server.post(path, {}, token="as-token"))
        path = "/v3/devices/BOBS" + query
        answer = self.server.ask("DELETE", path, {}, token="as-token")
        self.assertAnswered(answer)
        self.assertFalse(self.is_good(self.bob))

    def test_login_token(self) -> None:
        """
        It logs a client in as its user, though it has no login itself.
        """
        section = {"enabled": True, "require_ui_auth": False}
        self.serve(login_via_existing_session=section)
        body = self.assertAnswered(self.ask("POST", GET_TOKEN, {}))
        login = {"type": "m.login.token", "token": body["login_token"]}
        body = self.assertAnswered(self.server.post("/v3/login", login))
        self.assertEqual(body["user_id"], SAM)
        self.assertRefused(self.server.post("/v3/login", login), 403, "M_FORBIDDEN")

    def test_password(self) -> None:
        """
        Another password is nothing that it can give: that is asked for.
        """
        body = {"new_password": "a new password"}
        answer = self.ask("POST", "/v3/account/password", body)
        self.assertRefused(answer, 400, "M_UNKNOWN")


class OnlyForReauthTests(AccountTestCase):
    """
    C{password_config.enabled: only_for_reauth}.
    """

    def serve(self, **settings: Any) -> None:
        """
        Log alice in as a module would.
        """
        reauth = {"enabled": "only_for_reauth"}
        self.server = Server(password_config=reauth, **settings)
        self.server.add_user()
        logins = self.server.hs.logins
        answer = self.successResultOf(logins.log_in(ALICE, LoginDetails("PHONE")))
        self.token = answer["access_token"]

    def test_only_for_reauth(self) -> None:
        """
        A password that lets nobody in is good for authenticating once more.
        """
        self.assertRefused(self.server.log_in(), 400, "M_UNKNOWN")
        path = "/v3/devices/PHONE"
        session = self.assertChallenged(
            self.server.ask("DELETE", path, {}, token=self.token)
        )
        body = {"auth": password_auth(session, password="wrong")}
        answer = self.server.ask("DELETE", path, body, token=self.token)
        self.assertChallenged(answer, "M_FORBIDDEN")
        body = {"auth": password_auth(session)}
        answer = self.server.ask("DELETE", path, body, token=self.token)
        self.assertAnswered(answer)
        self.assertFalse(self.is_good(self.token))
