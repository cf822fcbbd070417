"""
What administrators do to one account at a time.
"""

from typing import Any
from urllib.parse import quote

from synauth._version import __version__
from synauth.web.endpoints import ROUTES
from synauth.web.routes import ADMINISTRATORS
from tests.web.client import NOON_S
from tests.web.server import PASSWORD, EndpointTestCase, Server
from tests.web.test_admin_users import ALICE, BOB, NEW_PASSWORD, ROOT, AdminTestCase

V1 = "/_synapse/admin/v1"
NOON_MS = NOON_S * 1000


class WhoMayTests(AdminTestCase):
    """
    All endpoints for administrators.
    """

    def test_nobody_else(self) -> None:
        """
        Who is no administrator is refused, whatever is asked for and whomever
        it is about, and so is an administrator who acts as a user.
        """
        tokens = [self.alice]
        path = "%s/users/%s/login" % (V1, ALICE)
        tokens.append(self.assertAnswered(self.ask("POST", path, {}))["access_token"])
        asked = 0
        for route in ROUTES:
            if route.who == ADMINISTRATORS:
                for prefix in route.prefixes:
                    for user_id in (ROOT, "@nobody:example.org", "x"):
                        for token in tokens:
                            answer = self.ask(
                                route.method,
                                (prefix + route.path).replace("{user_id}", user_id),
                                b"x" if route.method != "GET" else None,
                                token=token,
                            )
                            self.assertRefused(answer, 403, "M_FORBIDDEN")
                            asked += 1
        self.assertGreater(asked, 50)

    def test_bad_bodies(self) -> None:
        """
        What is no JSON object is refused, and nothing done.
        """
        for route in ROUTES:
            if route.who == ADMINISTRATORS and route.method not in ("GET", "DELETE"):
                path = (route.prefixes[0] + route.path).replace("{user_id}", ALICE)
                for body, errcode in ((b"{", "M_NOT_JSON"), (b"[]", "M_BAD_JSON")):
                    answer = self.ask(route.method, path, body)
                    self.assertRefused(answer, 400, errcode)
        self.assertEqual(self.whoami(self.alice).code, 200)


class OneAccountTests(AdminTestCase):
    """
    Each endpoint, of C{@alice}.
    """

    def do(self, what: str, body: Any, user_id: str = ALICE, **more: Any) -> Any:
        """
        Do something to an account.
        """
        method = "PUT" if what == "suspend" else "POST"
        return self.ask(method, "%s/%s/%s" % (V1, what, quote(user_id)), body, **more)

    def log_in_as(self, body: Any, user_id: str = ALICE, **more: Any) -> Any:
        """
        Ask for a token to act as a user.
        """
        path = "%s/users/%s/login" % (V1, quote(user_id))
        return self.ask("POST", path, body, **more)

    def test_version(self) -> None:
        """
        The release is told.
        """
        answer = self.ask("GET", V1 + "/server_version")
        self.assertEqual(answer.json, {"server_version": __version__})

    def test_username_available(self) -> None:
        """
        Names are looked at even where registration is off.
        """
        path = V1 + "/username_available"
        self.assertEqual(
            self.ask("GET", path + "?username=Bob").json, {"available": True}
        )
        self.assertRefused(
            self.ask("GET", path + "?username=alice"), 400, "M_USER_IN_USE"
        )
        self.assertRefused(
            self.ask("GET", path + "?username=_x"), 400, "M_INVALID_USERNAME"
        )
        self.assertRefused(self.ask("GET", path), 400, "M_MISSING_PARAM")

    def test_unknown(self) -> None:
        """
        Nothing is done to nobody, nor to anybody elsewhere.
        """
        for user_id, code, errcode in (
            ("@Alice:example.org", 404, "M_NOT_FOUND"),
            ("@nobody:example.org", 404, "M_NOT_FOUND"),
            ("@alice:example.com", 400, "M_INVALID_PARAM"),
            ("alice", 400, "M_INVALID_PARAM"),
        ):
            for what, body in (
                ("deactivate", {}),
                ("reset_password", {"new_password": PASSWORD}),
                ("suspend", {"suspend": True}),
            ):
                self.assertRefused(self.do(what, body, user_id), code, errcode)
            self.assertRefused(self.log_in_as({}, user_id), code, errcode)
            for path in (V1 + "/whois/", "/v3/admin/whois/"):
                answer = self.ask("GET", path + quote(user_id))
                self.assertRefused(answer, code, errcode)

    def test_deactivate(self) -> None:
        """
        An account is ended, once and for all; its profile goes if it is to be
        erased.
        """
        self.successResultOf(self.store.set_profile_displayname("alice", "Alice"))
        done = {"id_server_unbind_result": "success"}
        self.assertEqual(self.do("deactivate", b"").json, done)
        self.assertRefused(
            self.whoami(self.alice), 401, "M_UNKNOWN_TOKEN", soft_logout=False
        )
        profile = self.successResultOf(self.store.get_profile("alice"))
        self.assertEqual(profile.display_name, "Alice")
        self.assertEqual(self.do("deactivate", {"erase": True}).json, done)
        self.assertIsNone(self.successResultOf(self.store.get_profile("alice")))
        shown = self.ask("GET", "/_synapse/admin/v2/users/" + ALICE).json
        self.assertEqual((shown["deactivated"], shown["erased"]), (True, True))
        for wrong in ("yes", 1):
            self.assertRefused(
                self.do("deactivate", {"erase": wrong}), 400, "M_INVALID_PARAM"
            )

    def test_audited(self) -> None:
        """
        The log says who did what to whom, and what was refused.
        """
        self.do("suspend", {"suspend": True})
        self.do("suspend", {})
        self.log_in_as({}, ROOT)
        self.do("deactivate", {})
        keys = ("outcome", "method", "reason", "user_id", "actor")
        audited = [
            tuple(event[key] for key in keys)
            for event in self.events
            if "actor" in event
        ]
        self.assertEqual(
            audited,
            [
                ("success", "admin.suspend", None, ALICE, ROOT),
                ("refused", "admin.suspend", "M_MISSING_PARAM", ALICE, ROOT),
                ("refused", "admin.log_in_as", "M_UNKNOWN", ROOT, ROOT),
                ("success", "admin.deactivate", None, ALICE, ROOT),
            ],
        )

    def test_reset_password(self) -> None:
        """
        The new password is good, and ends the logins unless they are to stay.
        """
        for logout_devices, code in ((False, 200), (True, 401)):
            body = {"new_password": NEW_PASSWORD, "logout_devices": logout_devices}
            self.assertEqual(self.do("reset_password", body).json, {})
            self.assertEqual(self.whoami(self.alice).code, code)
        self.assertAnswered(self.server.log_in("alice", NEW_PASSWORD))
        self.assertNotIn(NEW_PASSWORD, self.logged())

    def test_reset_password_wrong(self) -> None:
        """
        What is no password is none.
        """
        for body, errcode in (
            ({}, "M_MISSING_PARAM"),
            ({"new_password": 1}, "M_INVALID_PARAM"),
            ({"new_password": ""}, "M_INVALID_PARAM"),
            ({"new_password": "x" * 513}, "M_INVALID_PARAM"),
            ({"new_password": PASSWORD, "logout_devices": "no"}, "M_INVALID_PARAM"),
        ):
            self.assertRefused(self.do("reset_password", body), 400, errcode)
        self.do("deactivate", {})
        self.assertRefused(
            self.do("reset_password", {"new_password": PASSWORD}),
            403,
            "M_USER_DEACTIVATED",
        )

    def test_log_in_as(self) -> None:
        """
        An administrator's token to act as a user is the user's, without a
        device, and ends without a trace of theirs.
        """
        token = self.assertAnswered(self.log_in_as({}))["access_token"]
        self.assertEqual(self.whoami(token).json, {"user_id": ALICE, "is_guest": False})
        self.assertNotIn(token, self.logged())
        self.assertEqual(self.server.post("/v3/logout", token=token).json, {})
        self.assertEqual(self.whoami(token).code, 401)
        for own in (self.alice, self.token):
            self.assertEqual(self.whoami(own).code, 200)

    def test_log_in_as_for_a_while(self) -> None:
        """
        Such a token can end by itself; it ends with the administrator's others
        too.
        """
        body = {"valid_until_ms": NOON_MS + 1000}
        token = self.assertAnswered(self.log_in_as(body))["access_token"]
        other = self.assertAnswered(self.log_in_as(b""))["access_token"]
        self.assertEqual(self.whoami(token).code, 200)
        self.server.reactor.advance(1)
        self.assertEqual(self.whoami(token).code, 401)
        self.assertEqual(self.whoami(other).code, 200)
        self.assertEqual(self.server.post("/v3/logout/all", token=self.token).code, 200)
        self.assertEqual(self.whoami(other).code, 401)

    def test_log_in_as_refused(self) -> None:
        """
        Not as oneself, not until yesterday, not as who may not come in, and not
        by who acts as somebody else already.
        """
        self.assertRefused(self.log_in_as({}, ROOT), 400, "M_UNKNOWN")
        for wrong in ("1", 1.5, True, NOON_MS, -1):
            self.assertRefused(
                self.log_in_as({"valid_until_ms": wrong}), 400, "M_INVALID_PARAM"
            )
        self.change(ALICE, admin=True)
        puppet = self.assertAnswered(self.log_in_as({}))["access_token"]
        self.server.add_user("bob")
        self.assertRefused(self.log_in_as({}, BOB, token=puppet), 403, "M_FORBIDDEN")
        self.change(ALICE, locked=True)
        # A 401 would be about the administrator's own token.
        self.assertRefused(self.log_in_as({}), 403, "M_USER_LOCKED")
        self.do("deactivate", {})
        self.assertRefused(self.log_in_as({}), 403, "M_USER_DEACTIVATED")

    def test_suspend(self) -> None:
        """
        A suspended user still reads.
        """
        for suspended in (True, False):
            answer = self.do("suspend", {"suspend": suspended})
            self.assertEqual(answer.json, {"user_%s_suspended" % ALICE: suspended})
            account = self.successResultOf(self.store.get_user(ALICE))
            self.assertIs(account.suspended, suspended)
            self.assertEqual(self.whoami(self.alice).code, 200)
        self.assertRefused(self.do("suspend", {"suspend": 1}), 400, "M_INVALID_PARAM")
        self.assertRefused(self.do("suspend", {}), 400, "M_MISSING_PARAM")

    def test_whois(self) -> None:
        """
        Where a user was seen is told to administrators and to that user.
        """
        connections = [{"ip": "192.0.2.1", "last_seen": NOON_MS}]
        expected = {
            "user_id": ALICE,
            "devices": {"": {"sessions": [{"connections": connections}]}},
        }
        for path in (V1 + "/whois/", "/v3/admin/whois/"):
            for token in (self.token, self.alice):
                answer = self.ask("GET", path + ALICE, token=token)
                self.assertEqual(answer.json, expected)
            self.assertRefused(
                self.ask("GET", path + ROOT, token=self.alice), 403, "M_FORBIDDEN"
            )


class SpecifiedStateTests(AdminTestCase):
    """
    Locking and suspending as the specification has it.
    """

    def path(self, what: str, user_id: str = ALICE) -> str:
        """
        Where an account is locked or suspended.
        """
        return "/_matrix/client/v1/admin/%s/%s" % (what, quote(user_id))

    def test_states(self) -> None:
        """
        An account is what it was said to be, and can be no longer.
        """
        for what, state in (("lock", "locked"), ("suspend", "suspended")):
            for value in (True, False):
                for method, body in (("PUT", {state: value}), ("GET", None)):
                    answer = self.ask(method, self.path(what), body)
                    self.assertEqual((answer.code, answer.json), (200, {state: value}))
            for body in ({}, {state: 1}, {state: None}):
                self.assertEqual(self.ask("PUT", self.path(what), body).code, 400)

    def test_refused(self) -> None:
        """
        Not oneself, not another administrator, nobody elsewhere and nobody at
        all.
        """
        self.server.add_user("bob")
        self.change(BOB, admin=True)
        for what, state in (("lock", "locked"), ("suspend", "suspended")):
            body = {state: True}
            for user_id, code, errcode in (
                (ROOT, 403, "M_FORBIDDEN"),
                (BOB, 403, "M_FORBIDDEN"),
                ("@alice:example.com", 400, "M_INVALID_PARAM"),
                ("@nobody:example.org", 404, "M_NOT_FOUND"),
            ):
                answer = self.ask("PUT", self.path(what, user_id), body)
                self.assertRefused(answer, code, errcode)
                if user_id != ROOT:
                    answer = self.ask("GET", self.path(what, user_id))
                    self.assertRefused(answer, code, errcode)
            self.assertAnswered(self.ask("GET", self.path(what, ROOT)))
        self.server.change("deactivated", 1, ALICE)
        for what in ("lock", "suspend"):
            self.assertRefused(self.ask("GET", self.path(what)), 404, "M_NOT_FOUND")


class ApprovalTests(EndpointTestCase):
    """
    Where an administrator has to approve of accounts.
    """

    def test_approval(self) -> None:
        """
        A new user waits, and is let in once an administrator says so.
        """
        server = Server(
            enable_registration=True,
            enable_registration_without_verification=True,
            experimental_features={
                "msc3866": {"enabled": True, "require_approval_for_new_accounts": True}
            },
        )
        store = server.hs.get_datastore()
        body = {"username": "alice", "password": PASSWORD}
        waiting = (403, "ORG.MATRIX.MSC3866_USER_AWAITING_APPROVAL")
        medium = {"approval_notice_medium": "org.matrix.msc3866.none"}
        answer = server.post("/v3/register", dict(body, auth={"type": "m.login.dummy"}))
        self.assertRefused(answer, *waiting, **medium)
        self.assertRefused(server.log_in("alice"), *waiting, **medium)
        server.add_user("root")
        self.successResultOf(store.set_server_admin(ROOT, True))
        answer = server.ask(
            "PUT",
            "/_synapse/admin/v2/users/" + ALICE,
            {"approved": True},
            token=server.log_in("root").json["access_token"],
        )
        self.assertEqual((answer.code, answer.json["approved"]), (200, True))
        self.assertAnswered(server.log_in("alice"))

    def test_one_session(self) -> None:
        """
        A session makes one account that has to wait, and no other; a client that
        asks again is told the same, or that there is one now.
        """
        server = Server(
            enable_registration=True,
            enable_registration_without_verification=True,
            experimental_features={
                "msc3866": {"enabled": True, "require_approval_for_new_accounts": True}
            },
        )
        store = server.hs.get_datastore()
        waiting = (403, "ORG.MATRIX.MSC3866_USER_AWAITING_APPROVAL")
        medium = {"approval_notice_medium": "org.matrix.msc3866.none"}
        body = {"username": "alice", "password": PASSWORD}
        session = server.post("/v3/register", body).json["session"]
        body["auth"] = {"type": "m.login.dummy", "session": session}
        other = dict(body, username="mallory", auth={"session": session})
        for again in (body, body, {"auth": {"session": session}}, other):
            answer = server.post("/v3/register", again)
            self.assertRefused(answer, *waiting, **medium)
        self.assertEqual({each[2:4] for each in self.audits()}, {("unapproved", ALICE)})
        self.assertIsNone(self.successResultOf(store.get_user("@mallory:example.org")))
        self.successResultOf(store.change_account(ALICE, {"approved": True}))
        self.assertEqual(
            self.assertAnswered(server.post("/v3/register", body)),
            {"user_id": ALICE, "home_server": "example.org"},
        )
