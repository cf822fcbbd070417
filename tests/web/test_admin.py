"""
Tests for L{synauth.web.admin}.
"""

import hashlib
import hmac
from typing import Any

from twisted.internet.task import Clock as ReactorClock

from synauth.homeserver.clock import Clock
from synauth.homeserver.nonces import MAX_NONCES, Nonces
from tests.web.client import Answer
from tests.web.server import PASSWORD, EndpointTestCase, Server

REGISTER = "/_synapse/admin/v1/register"
SECRET = "a shared secret"


class SharedSecretTests(EndpointTestCase):
    """
    C{/_synapse/admin/v1/register}.
    """

    def setUp(self) -> None:
        """
        Make a server where registration is off.
        """
        super().setUp()
        self.server = Server(registration_shared_secret=SECRET)

    def nonce(self) -> str:
        """
        @return: a new nonce.
        """
        nonce: str = self.assertAnswered(self.server.get(REGISTER))["nonce"]
        return nonce

    def register(self, **changes: Any) -> Answer:
        """
        Register @alice, with a MAC of what is sent.
        """
        body = {"nonce": self.nonce(), "username": "alice", "password": PASSWORD}
        body.update(changes)
        said = [body["nonce"], body["username"], body["password"]]
        said.append("admin" if body.get("admin") else "notadmin")
        if body.get("user_type"):
            said.append(body["user_type"])
        message = "\0".join(said).encode("utf-8")
        made = hmac.new(SECRET.encode("ascii"), message, hashlib.sha1).hexdigest()
        return self.server.post(REGISTER, dict({"mac": made}, **body))

    def account(self, user_id: str = "@alice:example.org") -> Any:
        """
        @return: an account.
        """
        store = self.server.hs.get_datastore()
        return self.successResultOf(store.get_user(user_id))

    def test_user(self) -> None:
        """
        Who knows the secret makes users, logged in, though registration is off.
        """
        body = self.assertAnswered(self.register(username="Alice"))
        who = self.server.get("/v3/account/whoami", token=body["access_token"])
        self.assertEqual(who.json["user_id"], "@alice:example.org")
        self.assertEqual(body["home_server"], "example.org")
        self.assertIs(self.account().admin, False)
        self.assertAnswered(self.server.log_in())
        self.assertNotIn(PASSWORD, self.logged())
        self.assertNotIn(SECRET, self.logged())
        self.assertEqual(
            self.audits()[0],
            (
                "success",
                "shared_secret",
                None,
                "@alice:example.org",
                body["device_id"],
            ),
        )

    def test_admin(self) -> None:
        """
        Administrators are made here too; the MAC says whether it is one.
        """
        self.assertAnswered(self.register(admin=True))
        self.assertIs(self.account().admin, True)
        nonce = self.nonce()
        said = "\0".join([nonce, "bob", PASSWORD, "notadmin"]).encode("ascii")
        mac = hmac.new(SECRET.encode("ascii"), said, hashlib.sha1).hexdigest()
        answer = self.register(nonce=nonce, username="bob", admin=True, mac=mac)
        self.assertRefused(answer, 403, "M_FORBIDDEN")

    def test_user_type(self) -> None:
        """
        The type of a user is part of the MAC, and one that exists.
        """
        self.assertAnswered(self.register(user_type="bot"))
        cursor = self.server.database.connection.cursor()
        cursor.execute("SELECT user_type FROM users")
        self.assertEqual(cursor.fetchall(), [("bot",)])
        nonce = self.nonce()
        said = "\0".join([nonce, "bob", PASSWORD, "notadmin"]).encode("ascii")
        mac = hmac.new(SECRET.encode("ascii"), said, hashlib.sha1).hexdigest()
        answer = self.register(nonce=nonce, username="bob", user_type="bot", mac=mac)
        self.assertRefused(answer, 403, "M_FORBIDDEN")
        for user_type in ("", "king"):
            answer = self.register(username="bob", user_type=user_type)
            self.assertRefused(answer, 400, "M_INVALID_PARAM")

    def test_inhibit_login(self) -> None:
        """
        A user can be made without a login.
        """
        self.assertEqual(
            self.register(inhibit_login=True).json,
            {"user_id": "@alice:example.org", "home_server": "example.org"},
        )

    def test_profile(self) -> None:
        """
        A user has the name that is asked for, and otherwise the localpart.
        """
        store = self.server.hs.get_datastore()
        for name, wishes, shown in (
            ("Alice", {"displayname": "Alice \u00c4."}, "Alice \u00c4."),
            ("Bob", {}, "bob"),
            ("carol", {"displayname": ""}, "carol"),
            ("dave", {"displayname": None}, "dave"),
        ):
            self.assertAnswered(self.register(username=name, **wishes))
            profile = self.successResultOf(store.get_profile(name.lower()))
            self.assertEqual(profile.display_name, shown)
        answer = self.register(username="eve", displayname=5)
        self.assertRefused(answer, 400, "M_INVALID_PARAM")
        self.assertIsNone(self.account("@eve:example.org"))

    def test_wrong_mac(self) -> None:
        """
        A wrong MAC spends the nonce, and is noted.
        """
        nonce = self.nonce()
        for mac in ("0" * 40, "", "\u00e4"):
            answer = self.register(mac=mac)
            self.assertRefused(answer, 403, "M_FORBIDDEN")
        self.assertRefused(self.register(nonce=nonce, mac="x"), 403, "M_FORBIDDEN")
        self.assertRefused(self.register(nonce=nonce), 400, "M_UNKNOWN")
        self.assertEqual(
            [audit[:3] for audit in self.audits()][-2:],
            [
                ("refused", "shared_secret", "wrong_mac"),
                ("refused", "shared_secret", "unknown_nonce"),
            ],
        )
        self.assertIsNone(self.account())

    def test_nonces(self) -> None:
        """
        A nonce is good once, for a minute.
        """
        nonce = self.nonce()
        self.assertAnswered(self.register(nonce=nonce))
        answer = self.register(nonce=nonce, username="bob")
        self.assertRefused(answer, 400, "M_UNKNOWN")
        nonce = self.nonce()
        self.server.reactor.advance(60)
        answer = self.register(nonce=nonce, username="bob")
        self.assertRefused(answer, 400, "M_UNKNOWN")
        answer = self.register(nonce="made up", username="bob")
        self.assertRefused(answer, 400, "M_UNKNOWN")

    def test_nul(self) -> None:
        """
        A NUL could move what is said from one parameter to the next.
        """
        for key in ("username", "password"):
            answer = self.register(**{key: "a\0b"})
            self.assertRefused(answer, 400, "M_INVALID_PARAM")

    def test_names(self) -> None:
        """
        Names are checked as for anybody.
        """
        self.server.add_user()
        self.assertRefused(self.register(), 400, "M_USER_IN_USE")
        self.assertRefused(self.register(username="_a"), 400, "M_INVALID_USERNAME")

    def test_passwords(self) -> None:
        """
        A password has to be one.
        """
        before = self.server.pool.ran
        for password in ("", "x" * 513):
            answer = self.register(password=password)
            self.assertRefused(answer, 400, "M_INVALID_PARAM")
        self.assertEqual(self.server.pool.ran, before)

    def test_malformed(self) -> None:
        """
        What is missing or of a wrong type is told.
        """
        whole = {"username": "a", "password": "p", "mac": "m"}
        for key in [*whole, "nonce"]:
            body = dict(whole, nonce=self.nonce())
            del body[key]
            answer = self.server.post(REGISTER, body)
            self.assertRefused(answer, 400, "M_MISSING_PARAM")
        for key in [*whole, "nonce", "admin", "user_type"]:
            for value in (7, [], {}):
                body = dict(whole, nonce=self.nonce())
                body[key] = value  # type: ignore[assignment]
                answer = self.server.post(REGISTER, body)
                self.assertRefused(answer, 400, "M_INVALID_PARAM")
        for key in ("inhibit_login", "device_id", "refresh_token"):
            answer = self.register(**{key: 7})
            self.assertRefused(answer, 400, "M_INVALID_PARAM")
        self.assertRefused(self.server.post(REGISTER, b"x"), 400, "M_NOT_JSON")

    def test_disabled(self) -> None:
        """
        Without a secret there is nothing to know.
        """
        self.server = Server(enable_registration=True)
        self.assertRefused(self.server.get(REGISTER), 400, "M_UNKNOWN")
        answer = self.server.post(REGISTER, {"nonce": "", "mac": ""})
        self.assertRefused(answer, 400, "M_UNKNOWN")


class NoncesTests(EndpointTestCase):
    """
    L{Nonces}.
    """

    def test_bounded(self) -> None:
        """
        Who asks for many only pushes out the oldest.
        """
        nonces = Nonces(Clock(ReactorClock()))
        made = [nonces.make() for _ in range(MAX_NONCES + 1)]
        self.assertFalse(nonces.spend(made[0]))
        self.assertTrue(nonces.spend(made[1]))
        self.assertTrue(nonces.spend(made[-1]))

    def test_forgotten(self) -> None:
        """
        What has expired takes no room.
        """
        reactor = ReactorClock()
        nonces = Nonces(Clock(reactor))
        for _ in range(10):
            nonces.make()
        reactor.advance(60)
        nonces.make()
        self.assertEqual(len(nonces._made_at), 1)
