"""
Tests for L{synauth.web.sessions}.
"""

from typing import Any

from tests.web.client import Answer
from tests.web.server import EndpointTestCase, Server

ALICE = "@alice:example.org"
WHOAMI = "/v3/account/whoami"


class SessionsTestCase(EndpointTestCase):
    """
    A user who logs in.

    @ivar server: where.
    """

    def setUp(self) -> None:
        """
        Make the server.
        """
        super().setUp()
        self.serve()

    def serve(self, **settings: Any) -> None:
        """
        Have a server with some settings.
        """
        self.server = Server(**settings)
        self.server.add_user()

    def log_in(self, **more: Any) -> Any:
        """
        @return: what the answer to a login says.
        """
        body = self.assertAnswered(self.server.log_in(**more))
        del self.events[:]
        return body

    def whoami(self, token: str) -> Answer:
        """
        Ask with a token.
        """
        return self.server.get(WHOAMI, token=token)

    def refresh(self, token: Any, path: str = "/v3/refresh") -> Answer:
        """
        Renew tokens.
        """
        return self.server.post(path, {"refresh_token": token})


class WhoamiTests(SessionsTestCase):
    """
    C{GET /account/whoami}, and tokens in general.
    """

    def test_missing_token(self) -> None:
        """
        Without one token that can be read there is no answer.
        """
        token = self.log_in()["access_token"]
        bearer = ("Authorization", "Bearer " + token)
        for path, headers in (
            (WHOAMI, ()),
            (WHOAMI, (("Authorization", "Basic " + token),)),
            (WHOAMI, (("Authorization", "Bearer"),)),
            (WHOAMI, (bearer, bearer)),
            (WHOAMI + "?access_token=" + token, (bearer,)),
        ):
            answer = self.server.get(path, headers=headers)
            self.assertRefused(answer, 401, "M_MISSING_TOKEN")

    def test_unknown_token(self) -> None:
        """
        A made-up token is nobody's, and the client is to forget it.
        """
        token = self.log_in()["access_token"]
        for made_up in ("x", "None", token[:-1], token + "x", "%00"):
            self.assertRefused(
                self.whoami(made_up), 401, "M_UNKNOWN_TOKEN", soft_logout=False
            )

    def test_query(self) -> None:
        """
        A token may come in the query.
        """
        token = self.log_in()["access_token"]
        answer = self.server.get(WHOAMI + "?access_token=" + token)
        self.assertEqual(self.assertAnswered(answer)["user_id"], ALICE)

    def test_expired(self) -> None:
        """
        A client whose token has expired keeps its data.
        """
        self.serve(nonrefreshable_access_token_lifetime="1h")
        body = self.log_in()
        self.assertEqual(body["expires_in_ms"], 3600000)
        self.server.reactor.advance(3599)
        self.assertAnswered(self.whoami(body["access_token"]))
        self.server.reactor.advance(1)
        self.assertRefused(
            self.whoami(body["access_token"]),
            401,
            "M_UNKNOWN_TOKEN",
            soft_logout=True,
        )

    def test_locked(self) -> None:
        """
        A locked user's tokens rest.
        """
        token = self.log_in()["access_token"]
        self.server.change("locked", 1, ALICE)
        answer = self.whoami(token)
        self.assertRefused(answer, 401, "M_USER_LOCKED", soft_logout=True)


class LogoutTests(SessionsTestCase):
    """
    C{POST /logout} and C{POST /logout/all}.
    """

    def test_one(self) -> None:
        """
        One login ends, with its device and its refresh token, whatever the
        body says.
        """
        one, other = self.log_in(refresh_token=True), self.log_in()
        answer = self.server.post("/v3/logout", b"\xff", token=one["access_token"])
        self.assertEqual((answer.code, answer.json), (200, {}))
        self.assertEqual(
            self.audits(), [("success", "logout", None, ALICE, one["device_id"])]
        )
        self.assertRefused(
            self.whoami(one["access_token"]),
            401,
            "M_UNKNOWN_TOKEN",
            soft_logout=False,
        )
        self.assertEqual(self.refresh(one["refresh_token"]).code, 401)
        self.assertAnswered(self.whoami(other["access_token"]))
        store = self.server.hs.get_datastore()
        gone = self.successResultOf(store.get_device(ALICE, one["device_id"]))
        self.assertIsNone(gone)

    def test_all(self) -> None:
        """
        All logins of a user end, and nobody else's.
        """
        self.server.add_user("bob")
        bob = self.log_in(user="bob")
        logins = [self.log_in() for _ in range(3)]
        token = logins[0]["access_token"]
        self.assertEqual(self.server.post("/v3/logout/all", token=token).json, {})
        self.assertEqual(self.audits(), [("success", "logout_all", None, ALICE, None)])
        for login in logins:
            self.assertEqual(self.whoami(login["access_token"]).code, 401)
        self.assertAnswered(self.whoami(bob["access_token"]))

    def test_soft_logged_out(self) -> None:
        """
        Who is soft-logged-out, or locked, can still log out.
        """
        self.serve(nonrefreshable_access_token_lifetime="1h")
        for path in ("/v3/logout", "/v3/logout/all"):
            token = self.log_in()["access_token"]
            self.server.reactor.advance(3601)
            self.server.change("locked", 1, ALICE)
            self.assertAnswered(self.server.post(path, token=token))
            self.server.change("locked", 0, ALICE)
            self.assertRefused(
                self.whoami(token), 401, "M_UNKNOWN_TOKEN", soft_logout=False
            )

    def test_without_device(self) -> None:
        """
        A token without a device ends alone.
        """
        handler = self.server.hs.auth_handler
        token = self.successResultOf(handler.issue_access_token(ALICE))
        other = self.log_in()["access_token"]
        self.assertEqual(self.whoami(token).json.get("device_id"), None)
        self.assertAnswered(self.server.post("/v3/logout", token=token))
        self.assertEqual(self.whoami(token).code, 401)
        self.assertAnswered(self.whoami(other))

    def test_nobody(self) -> None:
        """
        Nobody can log out without a token.
        """
        for path in ("/v3/logout", "/v3/logout/all"):
            self.assertRefused(self.server.post(path), 401, "M_MISSING_TOKEN")
            answer = self.server.post(path, token="x")
            self.assertRefused(answer, 401, "M_UNKNOWN_TOKEN", soft_logout=False)


class RefreshTests(SessionsTestCase):
    """
    C{POST /refresh}.
    """

    def assertOver(self, token: str) -> None:
        """
        Assert that a refresh token is good no more.
        """
        answer = self.refresh(token)
        self.assertEqual(
            (answer.code, answer.json["errcode"]), (401, "M_UNKNOWN_TOKEN")
        )

    def test_rotation(self) -> None:
        """
        New tokens take the place of old ones, on the same device.
        """
        old = self.log_in(refresh_token=True)
        new = self.assertAnswered(self.refresh(old["refresh_token"]))
        self.assertEqual(set(new), {"access_token", "refresh_token", "expires_in_ms"})
        self.assertEqual(new["expires_in_ms"], 300000)
        self.assertEqual(
            self.audits(), [("success", "refresh", None, ALICE, old["device_id"])]
        )
        who = self.assertAnswered(self.whoami(new["access_token"]))
        self.assertEqual(who["device_id"], old["device_id"])
        self.assertAnswered(self.refresh(new["refresh_token"]))

    def test_lost_answer(self) -> None:
        """
        A client whose answer was lost can ask again, and only what it got last
        is good.
        """
        old = self.log_in(refresh_token=True)["refresh_token"]
        lost = self.refresh(old).json
        new = self.assertAnswered(self.refresh(old))
        self.assertEqual(self.whoami(lost["access_token"]).code, 401)
        self.assertOver(lost["refresh_token"])
        self.assertAnswered(self.whoami(new["access_token"]))

    def test_superseded(self) -> None:
        """
        Once a new token was used, the old one is refused; the session goes on.
        """
        for use_it in (
            lambda new: self.whoami(new["access_token"]),
            lambda new: self.refresh(new["refresh_token"]),
        ):
            old = self.log_in(refresh_token=True)["refresh_token"]
            new = self.refresh(old).json
            used = self.assertAnswered(use_it(new))
            self.assertOver(old)
            last = used if "access_token" in used else new
            self.assertAnswered(self.whoami(last["access_token"]))
        self.assertEqual(self.audits()[-1][:2], ("refused", "refresh"))

    def test_unknown(self) -> None:
        """
        What is no refresh token is refused; an access token is none.
        """
        login = self.log_in(refresh_token=True)
        for token in ("", "x", "\0", "\u00e4", login["access_token"]):
            self.assertOver(token)
        self.assertEqual(self.audits()[0][:2], ("refused", "refresh"))

    def test_not_good(self) -> None:
        """
        It has to be there, and to be text.
        """
        answer = self.server.post("/v3/refresh", {})
        self.assertRefused(answer, 400, "M_MISSING_PARAM")
        for value in (None, 1, True, [], {}):
            self.assertRefused(self.refresh(value), 400, "M_INVALID_PARAM")

    def test_expired(self) -> None:
        """
        A refresh token that was not used in time is good no more; the client
        keeps its device.
        """
        self.serve(refresh_token_lifetime="1h")
        token = self.log_in(refresh_token=True)["refresh_token"]
        self.server.reactor.advance(3599)
        token = self.assertAnswered(self.refresh(token))["refresh_token"]
        self.server.reactor.advance(3600)
        self.assertRefused(
            self.refresh(token), 401, "M_UNKNOWN_TOKEN", soft_logout=True
        )

    def test_session_lifetime(self) -> None:
        """
        No refresh makes a session outlive its end.
        """
        self.serve(session_lifetime="6m")
        login = self.log_in(refresh_token=True)
        self.assertEqual(login["expires_in_ms"], 300000)
        self.server.reactor.advance(240)
        new = self.assertAnswered(self.refresh(login["refresh_token"]))
        self.assertEqual(new["expires_in_ms"], 120000)
        self.server.reactor.advance(120)
        self.assertRefused(
            self.refresh(new["refresh_token"]),
            401,
            "M_UNKNOWN_TOKEN",
            soft_logout=True,
        )
        self.assertRefused(
            self.whoami(new["access_token"]),
            401,
            "M_UNKNOWN_TOKEN",
            soft_logout=True,
        )

    def test_deactivated(self) -> None:
        """
        A deactivated user renews nothing.
        """
        login = self.log_in(refresh_token=True)
        self.server.change("deactivated", 1, ALICE)
        answer = self.refresh(login["refresh_token"])
        self.assertRefused(answer, 403, "M_USER_DEACTIVATED")
        self.assertEqual(
            self.audits(),
            [("refused", "refresh", "deactivated", ALICE, login["device_id"])],
        )

    def test_switched_off(self) -> None:
        """
        Where there are no refresh tokens, there is no such endpoint, and nobody
        gets one.
        """
        self.serve(refreshable_access_token_lifetime=None)
        self.assertNotIn("refresh_token", self.log_in(refresh_token=True))
        for path in ("/v3/refresh", "/_matrix/client/r0/tokenrefresh"):
            self.assertRefused(self.refresh("x", path), 404, "M_UNRECOGNIZED")

    def test_old_name(self) -> None:
        """
        The name of 2016 does the same.
        """
        token = self.log_in(refresh_token=True)["refresh_token"]
        answer = self.refresh(token, "/_matrix/client/v2_alpha/tokenrefresh")
        self.assertAnswered(self.whoami(answer.json["access_token"]))
