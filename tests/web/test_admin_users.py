"""
Accounts, for administrators: C{/_synapse/admin/v2/users}.
"""

from typing import Any
from urllib.parse import quote

import attr

from tests.web.client import NOON_S, Answer
from tests.web.server import PASSWORD, EndpointTestCase, Server

USERS = "/_synapse/admin/v2/users"
NEW_PASSWORD = "a new horse"
ALICE = "@alice:example.org"
BOB = "@bob:example.org"
ROOT = "@root:example.org"

NOBODY_YET = {
    "name": BOB,
    "displayname": "bob",
    "avatar_url": None,
    "threepids": [],
    "external_ids": [],
    "is_guest": False,
    "admin": False,
    "deactivated": False,
    "locked": False,
    "suspended": False,
    "approved": True,
    "erased": False,
    "shadow_banned": False,
    "user_type": None,
    "creation_ts": NOON_S,
    "last_seen_ts": None,
    "appservice_id": None,
    "consent_server_notice_sent": None,
    "consent_version": None,
    "consent_ts": None,
}


class AdminTestCase(EndpointTestCase):
    """
    A server with an administrator, C{@root}, and C{@alice}; both are logged in.

    @cvar settings: of the server.
    """

    settings: Any = {}

    def setUp(self) -> None:
        """
        Make the server.
        """
        super().setUp()
        self.server = Server(**self.settings)
        self.store = self.server.hs.get_datastore()
        for name in ("root", "alice"):
            self.server.add_user(name)
        self.successResultOf(self.store.set_server_admin(ROOT, True))
        self.token = self.server.log_in("root").json["access_token"]
        self.alice = self.server.log_in("alice").json["access_token"]
        self.audits()

    def ask(self, method: str, path: str, body: Any = None, **more: Any) -> Answer:
        """
        Ask something as the administrator.
        """
        return self.server.ask(
            method, path, body, **dict({"token": self.token}, **more)
        )

    def change(self, user_id: str, **changes: Any) -> None:
        """
        Change the state of an account.
        """
        self.successResultOf(self.store.change_account(user_id, changes))

    def whoami(self, token: str) -> Answer:
        """
        Ask whose a token is.
        """
        return self.server.get("/v3/account/whoami", token=token)


class PutTests(AdminTestCase):
    """
    Making and changing accounts.
    """

    def put(self, body: Any, user_id: str = ALICE, **more: Any) -> Answer:
        """
        Put an account.
        """
        return self.ask("PUT", "%s/%s" % (USERS, quote(user_id)), body, **more)

    def show(self, user_id: str) -> Answer:
        """
        Have an account shown.
        """
        return self.ask("GET", "%s/%s" % (USERS, quote(user_id)))

    def test_create_least(self) -> None:
        """
        An account is made of nothing but its name; nobody can log in to it with
        a password.
        """
        answer = self.put({}, BOB)
        self.assertEqual((answer.code, answer.json), (201, NOBODY_YET))
        self.assertEqual(self.show(BOB).json, NOBODY_YET)
        self.assertRefused(self.server.log_in("bob"), 403, "M_FORBIDDEN")
        audited = [event for event in self.events if event.get("actor")]
        self.assertEqual(
            [(each["method"], each["user_id"], each["actor"]) for each in audited],
            [("admin.create_user", BOB, ROOT)],
        )
        self.assertIn(' by="%s"' % (ROOT,), self.logged())

    def test_create_most(self) -> None:
        """
        It is made with all that is asked for.
        """
        answer = self.put(
            {
                "password": PASSWORD,
                "displayname": "B\u00f6b",
                "avatar_url": "mxc://example.org/b",
                "threepids": [{"medium": "email", "address": "Bob@Example.org"}],
                "external_ids": [{"auth_provider": "idp", "external_id": "1"}],
                "admin": True,
                "user_type": "support",
                "locked": False,
                "deactivated": False,
                "unknown": 1,
            },
            BOB,
        )
        now = NOON_S * 1000
        threepid = {"medium": "email", "address": "bob@example.org"}
        expected = dict(
            NOBODY_YET,
            displayname="B\u00f6b",
            avatar_url="mxc://example.org/b",
            threepids=[dict(threepid, validated_at=now, added_at=now)],
            external_ids=[{"auth_provider": "idp", "external_id": "1"}],
            admin=True,
            user_type="support",
        )
        self.assertEqual((answer.code, answer.json), (201, expected))
        self.assertAnswered(self.server.log_in("bob"))

    def test_create_impossible(self) -> None:
        """
        What can't be an account, or would shadow one, is not made.
        """
        for user_id, errcode in (
            ("@B:example.org", "M_INVALID_USERNAME"),
            ("@_b:example.org", "M_INVALID_USERNAME"),
            ("@123:example.org", "M_INVALID_USERNAME"),
            ("@bob:example.com", "M_INVALID_PARAM"),
            ("bob", "M_INVALID_PARAM"),
        ):
            self.assertRefused(self.put({}, user_id), 400, errcode)
        self.server.change("name", "@Alice:example.org", ALICE)
        self.assertRefused(self.put({}, ALICE), 400, "M_USER_IN_USE")

    def test_wrong_types(self) -> None:
        """
        What is no such thing is refused, and nothing is changed or made.
        """
        before = self.show(ALICE).json
        for key, values in (
            ("password", (1, [], "", "x" * 513)),
            ("logout_devices", ("true", 1)),
            ("displayname", (1, {}, "x" * 1001)),
            ("displayname", ("a\0b",)),
            ("avatar_url", (1, "a\0b")),
            ("threepids", ({}, [1], [{}], [{"medium": "email"}], [{}] * 101)),
            ("threepids", ([{"medium": "pigeon", "address": "a@b"}],)),
            ("threepids", ([{"medium": "email", "address": "ab"}],)),
            ("external_ids", ("a", [None], [{"auth_provider": "a"}])),
            ("external_ids", ([{"auth_provider": 1, "external_id": "1"}],)),
            ("external_ids", ([{"auth_provider": "a\0", "external_id": "1"}],)),
            ("admin", (1, "false")),
            ("deactivated", (0, "false")),
            ("locked", ("no",)),
            ("approved", ("yes", 1)),
            ("user_type", (1, "king")),
        ):
            for value in values:
                for user_id in (ALICE, BOB):
                    answer = self.put({key: value}, user_id)
                    self.assertEqual(answer.code, 400, (key, value, answer.body))
        for body in (b"", b"x", [], {"locked": True, "deactivated": True}):
            self.assertEqual(self.put(body).code, 400)
        self.assertEqual(self.show(ALICE).json, before)
        self.assertRefused(self.show(BOB), 404, "M_NOT_FOUND")

    def test_nothing(self) -> None:
        """
        What is not there, or null, leaves an account as it is.
        """
        before = self.show(ALICE).json
        for body in (
            {},
            {"password": None, "threepids": None, "external_ids": None},
            {"admin": None, "locked": None, "deactivated": None, "approved": None},
        ):
            answer = self.put(body)
            self.assertEqual((answer.code, answer.json), (200, before))
        self.assertEqual(self.whoami(self.alice).code, 200)

    def test_modify(self) -> None:
        """
        Each part is changed, and taken back.
        """
        for key, value, cleared in (
            ("displayname", "Alice", ""),
            ("displayname", "Alice", None),
            ("avatar_url", "mxc://a/b", ""),
            ("user_type", "bot", None),
            ("external_ids", [{"auth_provider": "a", "external_id": "b"}], []),
            ("admin", True, False),
            ("locked", True, False),
            ("approved", False, True),
        ):
            before = self.show(ALICE).json
            answer = self.put({key: value})
            expected = dict(before, **{key: value})
            self.assertEqual((answer.code, answer.json), (200, expected))
            answer = self.put({key: cleared})
            expected[key] = cleared if cleared != "" else None
            self.assertEqual((answer.code, answer.json), (200, expected))

    def test_password(self) -> None:
        """
        A new password ends all logins, unless that is not wanted; the rules for
        passwords are for users.
        """
        for logout_devices, code in ((False, 200), (True, 401)):
            body = {"password": NEW_PASSWORD, "logout_devices": logout_devices}
            self.assertEqual(self.put(body).code, 200)
            self.assertEqual(self.whoami(self.alice).code, code)
        self.assertRefused(self.server.log_in("alice"), 403, "M_FORBIDDEN")
        self.assertAnswered(self.server.log_in("alice", NEW_PASSWORD))
        self.assertNotIn(NEW_PASSWORD, self.logged())

    def test_own_password(self) -> None:
        """
        The administrator's own login stays.
        """
        self.assertEqual(self.put({"password": NEW_PASSWORD}, ROOT).code, 200)
        self.assertEqual(self.whoami(self.token).code, 200)

    def test_demote(self) -> None:
        """
        Nobody stops being an administrator by mistake.
        """
        self.assertRefused(self.put({"admin": False}, ROOT), 400, "M_UNKNOWN")
        self.assertEqual(self.put({"admin": True}).code, 200)
        self.assertEqual(self.put({"admin": False}, ROOT, token=self.alice).code, 200)
        self.assertRefused(self.show(ALICE), 403, "M_FORBIDDEN")

    def test_somebody_elses(self) -> None:
        """
        What is somebody else's is not taken away, nor anything changed.
        """
        threepids = [{"medium": "email", "address": "a@b"}]
        ids = [{"auth_provider": "a", "external_id": "b"}]
        self.put({"threepids": threepids, "external_ids": ids})
        for user_id in (ROOT, BOB):
            self.assertRefused(
                self.put({"threepids": threepids, "displayname": "x"}, user_id),
                409,
                "M_THREEPID_IN_USE",
            )
            self.assertRefused(
                self.put({"external_ids": ids, "displayname": "x"}, user_id),
                409,
                "M_UNKNOWN",
            )
        self.assertIsNone(self.show(ROOT).json["displayname"])
        self.assertRefused(self.show(BOB), 404, "M_NOT_FOUND")

    def test_deactivate(self) -> None:
        """
        An account is ended; it gets no password until it begins again, for
        which it needs none.
        """
        self.assertTrue(self.put({"deactivated": True}).json["deactivated"])
        self.assertRefused(
            self.whoami(self.alice), 401, "M_UNKNOWN_TOKEN", soft_logout=False
        )
        self.assertRefused(self.put({"password": PASSWORD}), 403, "M_USER_DEACTIVATED")
        answer = self.put({"deactivated": False})
        self.assertEqual((answer.code, answer.json["deactivated"]), (200, False))
        self.assertRefused(self.server.log_in("alice"), 403, "M_FORBIDDEN")
        self.put({"deactivated": True})
        self.put({"deactivated": False, "password": PASSWORD})
        self.assertAnswered(self.server.log_in("alice"))

    def test_locked_password(self) -> None:
        """
        A locked account can be given another password, and stays locked.
        """
        self.put({"locked": True})
        self.assertEqual(self.put({"password": NEW_PASSWORD}).code, 200)
        self.assertRefused(
            self.server.log_in("alice", NEW_PASSWORD),
            401,
            "M_USER_LOCKED",
            soft_logout=True,
        )

    def test_shown(self) -> None:
        """
        Who is nobody, or somewhere else, is not shown.
        """
        self.assertEqual(self.show(ALICE).json["last_seen_ts"], NOON_S * 1000)
        self.assertRefused(self.show("@x:example.com"), 400, "M_INVALID_PARAM")
        self.assertRefused(self.show("@Alice:example.org"), 404, "M_NOT_FOUND")

    def test_no_local_passwords(self) -> None:
        """
        Where local passwords let nobody in, none is set.
        """
        self.server.hs.config = attr.evolve(
            self.server.hs.config, password_localdb_enabled=False
        )
        self.assertRefused(self.put({"password": PASSWORD}), 403, "M_FORBIDDEN")
        self.assertEqual(self.put({}, BOB).code, 201)


class ListTests(AdminTestCase):
    """
    Looking through accounts.
    """

    def names(self, query: str = "") -> Any:
        """
        @return: the localparts that a query finds, and the rest of the answer.
        """
        answer = self.assertAnswered(self.ask("GET", USERS + query))
        found = [user["name"][1:].partition(":")[0] for user in answer.pop("users")]
        return " ".join(found), answer

    def test_whole(self) -> None:
        """
        An account is listed with all that is told of it.
        """
        self.successResultOf(self.store.set_profile_displayname("alice", "Alice"))
        answer = self.assertAnswered(self.ask("GET", USERS + "?limit=1"))
        listed = {
            "name": ALICE,
            "user_type": None,
            "is_guest": False,
            "admin": False,
            "deactivated": False,
            "shadow_banned": False,
            "displayname": "Alice",
            "avatar_url": None,
            "creation_ts": NOON_S * 1000,
            "approved": True,
            "erased": False,
            "last_seen_ts": NOON_S * 1000,
            "locked": False,
        }
        self.assertEqual(answer, {"users": [listed], "total": 2, "next_token": "1"})

    def test_pages(self) -> None:
        """
        Pages follow one another until there is no next one.
        """
        self.server.add_user("bob")
        for start, names, following in (
            ("0", "alice bob", {"next_token": "2"}),
            ("2", "root", {}),
            ("3", "", {}),
            ("9999999999", "", {}),
        ):
            self.assertEqual(
                self.names("?limit=2&from=" + start), (names, dict(following, total=3))
            )
        self.assertEqual(self.names("?limit=0"), ("", {"total": 3}))

    def test_choice(self) -> None:
        """
        Who is deactivated or locked is there when asked for, a guest unless
        not.
        """
        for name in ("bob", "carol", "dan"):
            self.server.add_user(name)
        self.server.change("is_guest", 1, "@dan:example.org")
        self.server.change("deactivated", 1, "@carol:example.org")
        self.change(BOB, locked=True)
        for query, names in (
            ("", "alice dan root"),
            ("?guests=false", "alice root"),
            ("?deactivated=true", "alice carol dan root"),
            ("?locked=true", "alice bob dan root"),
            ("?admins=true", "root"),
            ("?admins=false", "alice dan"),
            ("?user_id=%40a", "alice"),
            ("?name=LIC&user_id=x", "alice"),
            ("?name=example", ""),
            ("?not_user_type=bot", "alice dan root"),
            ("?not_user_type=bot&not_user_type=%00", "alice dan root"),
            ("?not_user_type=", ""),
            ("?dir=b", "root dan alice"),
            ("?order_by=admin&dir=b", "root alice dan"),
        ):
            self.assertEqual(self.names(query)[0], names, query)

    def test_wrong(self) -> None:
        """
        What is no such value is refused.
        """
        for query in (
            "from=-1",
            "from=x",
            "from=",
            "limit=1.5",
            "limit=%D9%A1",
            "limit=" + "1" * 20,
            "guests=1",
            "deactivated=",
            "order_by=password_hash",
            "dir=x",
            "name=%ff",
        ):
            self.assertRefused(
                self.ask("GET", USERS + "?" + query), 400, "M_INVALID_PARAM"
            )
