"""
Tests for L{synauth.web.capabilities}.
"""

from typing import Any

from tests.web.accounts import ALICE, BOB, AccountTestCase, password_auth
from tests.web.client import Answer
from tests.web.modules import PASSWORD, Module

TOKEN = "/_matrix/client/v1/login/get_token"
CHANGE = "/v3/account/password"


class CapabilityTests(AccountTestCase):
    """
    C{GET /capabilities}.
    """

    def enabled(self, token: Any = None) -> Any:
        """
        @return: which capabilities are.
        """
        answer = self.server.get("/v3/capabilities", token=token or self.token)
        capabilities = self.assertAnswered(answer)["capabilities"]
        for value in capabilities.values():
            self.assertEqual(list(value), ["enabled"])
        return {name for name in capabilities if capabilities[name]["enabled"] is True}

    def test_default(self) -> None:
        """
        Users change their password, their name and their addresses.
        """
        self.assertEqual(
            self.enabled(), {"m.change_password", "m.set_displayname", "m.3pid_changes"}
        )

    def test_configured(self) -> None:
        """
        What is switched on and off is told.
        """
        self.serve(
            enable_set_displayname=False,
            enable_3pid_changes=False,
            login_via_existing_session={"enabled": True},
        )
        self.assertEqual(self.enabled(), {"m.change_password", "m.get_login_token"})

    def test_no_password(self) -> None:
        """
        Who has a password elsewhere can't change one here.
        """
        module = Module("m", (PASSWORD,), check_auth=(ALICE, None))
        self.serve(modules=[module.entry])
        self.assertIn("m.change_password", self.enabled())
        self.server.change("password_hash", None, ALICE)
        self.assertNotIn("m.change_password", self.enabled())

    def test_no_way_to_authenticate(self) -> None:
        """
        Who can't authenticate can't log another client in, where that is asked
        for.
        """
        for required, able in ((True, False), (False, True)):
            settings = {"enabled": True, "require_ui_auth": required}
            self.serve(login_via_existing_session=settings)
            self.assertIn("m.get_login_token", self.enabled())
            self.server.change("password_hash", None, ALICE)
            self.assertIs("m.get_login_token" in self.enabled(), able)

    def test_guest(self) -> None:
        """
        A guest can do nothing of it.
        """
        self.serve(allow_guest_access=True)
        token = self.server.post("/v3/register?kind=guest").json["access_token"]
        self.assertEqual(self.enabled(token), set())


class LoginTokenTests(AccountTestCase):
    """
    C{POST /login/get_token}.
    """

    def serve(self, **settings: Any) -> None:
        """
        Switch it on.
        """
        section = {"enabled": True, "token_timeout": "2m"}
        section.update(settings.pop("section", {}))
        super().serve(login_via_existing_session=section, **settings)

    def get_token(self, auth: Any = None) -> Answer:
        """
        Ask for one.
        """
        body = {} if auth is None else {"auth": auth}
        return self.server.post(TOKEN, body, token=self.token)

    def log_in_with(self, token: str) -> Answer:
        """
        Log another client in.
        """
        return self.server.post(
            "/v3/login", {"type": "m.login.token", "token": token, "device_id": "NEW"}
        )

    def test_token(self) -> None:
        """
        After the password was given there is a token that logs another client
        in as the same user, once.
        """
        session = self.assertChallenged(self.get_token())
        body = self.assertAnswered(self.get_token(password_auth(session)))
        self.assertEqual(sorted(body), ["expires_in_ms", "login_token"])
        self.assertEqual(body["expires_in_ms"], 120000)
        self.assertEqual(
            self.audits(), [("success", "get_login_token", None, ALICE, "PHONE")]
        )
        login = self.assertAnswered(self.log_in_with(body["login_token"]))
        self.assertEqual((login["user_id"], login["device_id"]), (ALICE, "NEW"))
        self.assertRefused(self.log_in_with(body["login_token"]), 403, "M_FORBIDDEN")

    def test_expires(self) -> None:
        """
        The token is good for a while.
        """
        body = self.assertAnswered(self.get_token(password_auth()))
        self.server.reactor.advance(120)
        self.assertRefused(self.log_in_with(body["login_token"]), 403, "M_FORBIDDEN")

    def test_parent_expires(self) -> None:
        """
        Nor does it live longer than the session of the login that asked for it.
        """
        self.serve(
            section={"require_ui_auth": False},
            session_lifetime="1m",
            refreshable_access_token_lifetime="30s",
        )
        for refresh_token in (False, True):
            for wait, code in ((59, 200), (60, 403)):
                self.token = self.log_in(device_id="L", refresh_token=refresh_token)
                body = self.assertAnswered(self.get_token())
                self.assertEqual(body["expires_in_ms"], 60000)
                self.server.reactor.advance(wait)
                self.assertEqual(self.log_in_with(body["login_token"]).code, code)

    def test_administrator(self) -> None:
        """
        An administrator who acts as a user, perhaps for a minute, does not get a
        login of the user's out of that.
        """
        self.serve(section={"require_ui_auth": False})
        self.server.change("admin", 1, BOB)
        path = "/_synapse/admin/v1/users/%s/login" % ALICE
        self.token = self.assertAnswered(self.server.post(path, {}, token=self.bob))[
            "access_token"
        ]
        self.assertRefused(self.get_token(), 403, "M_FORBIDDEN")

    def test_parent_ended(self) -> None:
        """
        The token lives no longer than the login that asked for it: not past a log
        out, nor past a new password, unless the other logins live on as well.
        """
        self.serve(section={"require_ui_auth": False})
        laptop = self.log_in(device_id="LAPTOP")
        stolen = self.assertAnswered(self.get_token())["login_token"]
        kept = self.assertAnswered(self.server.post(TOKEN, {}, token=laptop))
        self.assertAnswered(self.server.post("/v3/logout", token=self.token))
        self.assertRefused(self.log_in_with(stolen), 403, "M_FORBIDDEN")

        self.token = self.log_in(device_id="PHONE2")
        other = self.assertAnswered(self.get_token())["login_token"]
        body = {"new_password": "An0ther one", "auth": password_auth()}
        self.assertAnswered(self.server.post(CHANGE, body, token=laptop))
        self.assertRefused(self.log_in_with(other), 403, "M_FORBIDDEN")
        self.assertAnswered(self.log_in_with(kept["login_token"]))

    def test_same_device_again(self) -> None:
        """
        Nor is it good again when a device of the same id is: who took a token
        from a client is out when the user has changed the password.
        """
        self.serve(section={"require_ui_auth": False})
        stolen = self.assertAnswered(self.get_token())["login_token"]
        changed = "An0ther one"
        body = {"new_password": changed, "auth": password_auth()}
        self.assertAnswered(self.server.post(CHANGE, body, token=self.token))
        self.assertAnswered(self.server.post("/v3/logout", token=self.token))
        self.log_in(password=changed, device_id="PHONE")
        self.assertRefused(self.log_in_with(stolen), 403, "M_FORBIDDEN")

    def test_ended_meanwhile(self) -> None:
        """
        A login that ends while it asks gets the answer of one that has ended.
        """
        self.serve(section={"require_ui_auth": False})
        store = self.server.hs.get_datastore()
        tokens = self.server.hs.coordination.login_tokens
        add = tokens.add

        def late(*args: Any) -> Any:
            self.successResultOf(store.delete_access_token(self.token))
            return add(*args)

        self.patch(tokens, "add", late)
        answer = self.get_token()
        self.assertRefused(answer, 401, "M_UNKNOWN_TOKEN", soft_logout=False)

    def test_account_back(self) -> None:
        """
        Nor past the end of the account, even if it comes back.
        """
        self.serve(section={"require_ui_auth": False})
        token = self.assertAnswered(self.get_token())["login_token"]
        body = {"auth": password_auth()}
        self.assertAnswered(
            self.server.post("/v3/account/deactivate", body, token=self.token)
        )
        store = self.server.hs.get_datastore()
        self.successResultOf(store.reactivate_account(ALICE))
        self.assertRefused(self.log_in_with(token), 403, "M_FORBIDDEN")

    def test_always_asks(self) -> None:
        """
        A recent authentication does not count for it.
        """
        self.serve(ui_auth={"session_timeout": "1h"})
        self.assertAnswered(self.get_token(password_auth()))
        self.assertChallenged(self.get_token())

    def test_without_authentication(self) -> None:
        """
        An operator can do without.
        """
        self.serve(section={"require_ui_auth": False})
        self.assertIn("login_token", self.assertAnswered(self.get_token()))

    def test_limit(self) -> None:
        """
        There are a few, and then one a minute.
        """
        self.serve(section={"require_ui_auth": False})
        for _ in range(3):
            self.assertAnswered(self.get_token())
        self.assertEqual(self.get_token().code, 429)
        self.server.reactor.advance(60)
        self.assertAnswered(self.get_token())

    def test_switched_off(self) -> None:
        """
        Where it is off there is no such endpoint, and C{GET /login} does not
        speak of it.
        """
        flow = {"type": "m.login.token", "get_login_token": True}
        self.assertIn(flow, self.server.get("/v3/login").json["flows"])
        self.serve(section={"enabled": False})
        self.assertRefused(self.get_token(), 404, "M_UNRECOGNIZED")
        del flow["get_login_token"]
        self.assertIn(flow, self.server.get("/v3/login").json["flows"])
