"""
Tests for L{synauth.web.devices}.
"""

from typing import Any, Optional

from tests.web.accounts import ALICE, BOB, AccountTestCase, password_auth
from tests.web.client import NOON_S, Answer
from tests.web.modules import Module

DEVICES = "/v3/devices"


class DevicesTestCase(AccountTestCase):
    """
    Alice has two devices.
    """

    def serve(self, **settings: Any) -> None:
        """
        Log her in once more.
        """
        super().serve(**settings)
        self.laptop = self.log_in(
            device_id="LAPTOP", initial_device_display_name="Laptop"
        )

    def names(self, token: Optional[str] = None) -> Any:
        """
        @return: the ids of the devices.
        """
        answer = self.server.get(DEVICES, token=token or self.token)
        return [each["device_id"] for each in self.assertAnswered(answer)["devices"]]


class ShownTests(DevicesTestCase):
    """
    C{GET} and C{PUT}.
    """

    def test_devices(self) -> None:
        """
        All devices of the user are listed, with every field, and nobody
        else's.
        """
        answer = self.server.get(DEVICES, token=self.token)
        self.assertEqual(
            self.assertAnswered(answer),
            {
                "devices": [
                    {
                        "device_id": "LAPTOP",
                        "display_name": "Laptop",
                        "last_seen_ip": "192.0.2.1",
                        "last_seen_ts": NOON_S * 1000,
                    },
                    {
                        "device_id": "PHONE",
                        "display_name": None,
                        "last_seen_ip": "192.0.2.1",
                        "last_seen_ts": NOON_S * 1000,
                    },
                ]
            },
        )

    def test_never_seen(self) -> None:
        """
        What is not known of a device is null.
        """
        self.server.hs.get_datastore().store_device(ALICE, "NEW")
        answer = self.server.get(DEVICES + "/NEW", token=self.token)
        self.assertEqual(
            self.assertAnswered(answer),
            {
                "device_id": "NEW",
                "display_name": None,
                "last_seen_ip": None,
                "last_seen_ts": None,
            },
        )

    def test_unknown_device(self) -> None:
        """
        A device of somebody else is no device.
        """
        for name in ("BOBS", "phone", "%00", "%F0%9F%93%B1"):
            for method in ("GET", "PUT"):
                body = {"display_name": "x"} if method == "PUT" else None
                answer = self.server.ask(
                    method, DEVICES + "/" + name, body, token=self.token
                )
                self.assertRefused(answer, 404, "M_NOT_FOUND")
        answer = self.server.get(DEVICES + "/%ff", token=self.token)
        self.assertRefused(answer, 400, "M_INVALID_PARAM")

    def test_rename(self) -> None:
        """
        A device gets another name; without one it keeps its own.
        """
        path = DEVICES + "/LAPTOP"
        for body, expected in (
            ({"display_name": "\u00c4"}, "\u00c4"),
            ({}, "\u00c4"),
            ({"display_name": None}, "\u00c4"),
            ({"display_name": ""}, ""),
        ):
            answer = self.server.ask("PUT", path, body, token=self.token)
            self.assertEqual(self.assertAnswered(answer), {})
            answer = self.server.get(path, token=self.token)
            self.assertEqual(answer.json["display_name"], expected)

    def test_rename_refused(self) -> None:
        """
        A name is text that can be kept, and not too long.
        """
        for name, errcode in (
            (1, "M_INVALID_PARAM"),
            (["x"], "M_INVALID_PARAM"),
            ("\0", "M_INVALID_PARAM"),
            ("x" * 101, "M_TOO_LARGE"),
        ):
            answer = self.server.ask(
                "PUT", DEVICES + "/PHONE", {"display_name": name}, token=self.token
            )
            self.assertRefused(answer, 400, errcode)

    def test_tokens(self) -> None:
        """
        Nothing is done without a token.
        """
        for method, path in (
            ("GET", DEVICES),
            ("GET", DEVICES + "/PHONE"),
            ("PUT", DEVICES + "/PHONE"),
            ("DELETE", DEVICES + "/PHONE"),
            ("POST", "/v3/delete_devices"),
        ):
            answer = self.server.ask(method, path, {})
            self.assertRefused(answer, 401, "M_MISSING_TOKEN")

    def test_last_seen(self) -> None:
        """
        Where a device calls from is kept, once in a while.
        """
        path = DEVICES + "/PHONE"
        for wait, expected in ((1, "192.0.2.1"), (118, "192.0.2.1"), (1, "192.0.2.7")):
            self.server.get(path, token=self.token)
            self.server.reactor.advance(wait)
            self.server.get(path, token=self.token, address="192.0.2.7")
            shown = self.server.get(path, token=self.laptop).json
            self.assertEqual(shown["last_seen_ip"], expected)
        self.assertEqual(shown["last_seen_ts"], (NOON_S + 120) * 1000)


class DeletedTests(DevicesTestCase):
    """
    C{DELETE} and C{POST /delete_devices}.
    """

    def delete(self, auth: Any = None, name: str = "LAPTOP", **more: Any) -> Answer:
        """
        Remove a device.
        """
        body = None if auth is None else {"auth": auth}
        more.setdefault("token", self.token)
        return self.server.ask("DELETE", DEVICES + "/" + name, body, **more)

    def delete_several(self, body: Any, **more: Any) -> Answer:
        """
        Remove several.
        """
        more.setdefault("token", self.token)
        return self.server.post("/v3/delete_devices", body, **more)

    def test_delete(self) -> None:
        """
        A device goes with its tokens when its user has authenticated, and the
        audit log says so.
        """
        session = self.assertChallenged(self.delete())
        self.assertTrue(self.is_good(self.laptop))
        self.assertEqual(self.audits(), [])
        answer = self.delete(password_auth(session))
        self.assertEqual(self.assertAnswered(answer), {})
        self.assertFalse(self.is_good(self.laptop))
        self.assertEqual(self.names(), ["PHONE"])
        self.assertEqual(
            self.audits(), [("success", "delete_device", None, ALICE, "LAPTOP")]
        )

    def test_at_once(self) -> None:
        """
        The first request may authenticate already.
        """
        self.assertAnswered(self.delete(password_auth()))
        self.assertFalse(self.is_good(self.laptop))

    def test_wrong_password(self) -> None:
        """
        A wrong password is told with the challenge; a right one is good after
        it, in the same session.
        """
        session = self.assertChallenged(self.delete())
        answer = self.delete(password_auth(session, password="wrong"))
        self.assertEqual(self.assertChallenged(answer, "M_FORBIDDEN"), session)
        self.assertEqual(
            self.audits(),
            [("refused", "m.login.password", "wrong_password", ALICE, None)],
        )
        self.assertTrue(self.is_good(self.laptop))
        self.assertAnswered(self.delete(password_auth(session)))

    def test_no_password(self) -> None:
        """
        Nothing in the place of a password is none.
        """
        for password in ("", " ", "\0"):
            self.assertChallenged(
                self.delete(password_auth(password=password)), "M_FORBIDDEN"
            )
        auth = password_auth()
        del auth["password"]
        self.assertChallenged(self.delete(auth), "M_MISSING_PARAM")
        for wrong in (None, 1, True, [], {}):
            answer = self.delete(dict(auth, password=wrong))
            self.assertRefused(answer, 400, "M_INVALID_PARAM")
        self.assertTrue(self.is_good(self.laptop))

    def test_somebody_else(self) -> None:
        """
        Another user is refused, with the right password and with a wrong one,
        in whatever spelling, before a password is looked at.
        """
        session = self.assertChallenged(self.delete())
        hashes = self.server.pool.runs if hasattr(self.server.pool, "runs") else None
        for user in ("bob", "BOB", BOB, "\uff22ob"):
            for password in ("correct horse", "wrong"):
                answer = self.delete(password_auth(session, user, password))
                self.assertRefused(answer, 403, "M_FORBIDDEN")
        if hashes is not None:
            self.assertEqual(self.server.pool.runs, hashes)
        self.assertEqual(
            set(self.audits()),
            {("refused", "m.login.password", "other_user", ALICE, None)},
        )
        self.assertTrue(self.is_good(self.laptop))

    def test_no_lock_out(self) -> None:
        """
        Somebody else's failed attempts are not used up.
        """
        limits = {
            "address": {"per_second": 1000, "burst_count": 1000},
            "account": {"per_second": 1000, "burst_count": 1000},
            "failed_attempts": {"per_second": 0.1, "burst_count": 3},
        }
        self.serve(rc_login=limits)
        for _ in range(5):
            self.delete(password_auth(user="bob", password="wrong"))
        self.assertAnswered(self.server.log_in("bob"))

    def test_failed_attempts(self) -> None:
        """
        Failures count against the limit of logins, and a right password does
        not get past it.
        """
        limits = {
            "address": {"per_second": 1000, "burst_count": 1000},
            "account": {"per_second": 1000, "burst_count": 1000},
            "failed_attempts": {"per_second": 0.1, "burst_count": 3},
        }
        self.serve(rc_login=limits)
        session = self.assertChallenged(self.delete())
        for _ in range(3):
            self.delete(password_auth(session, password="wrong"))
        self.assertLimited(self.delete(password_auth(session)), 10000)
        self.assertLimited(self.server.log_in(), 10000)
        self.server.reactor.advance(10)
        self.assertAnswered(self.delete(password_auth(session)))

    def test_session_of_another_request(self) -> None:
        """
        A session is good for one method and one URI.
        """
        session = self.assertChallenged(self.delete())
        auth = password_auth(session)
        for answer in (
            self.delete(auth, "PHONE"),
            self.delete(auth, "LAPTOP?x=y"),
            self.delete_several({"devices": ["LAPTOP"], "auth": auth}),
        ):
            self.assertRefused(answer, 403, "M_UNKNOWN")
        token = "?access_token=" + self.token
        self.assertAnswered(self.delete(auth, "LAPTOP" + token, token=None))

    def test_session_of_somebody_else(self) -> None:
        """
        A session is its user's only.
        """
        session = self.assertChallenged(self.delete())
        answer = self.delete(password_auth(session, "bob"), token=self.bob)
        self.assertRefused(answer, 403, "M_UNKNOWN")
        self.assertAnswered(self.delete(password_auth(session)))

    def test_session_is_used_once(self) -> None:
        """
        What has done its work does nothing more.
        """
        session = self.assertChallenged(self.delete())
        self.assertAnswered(self.delete(password_auth(session)))
        for auth in (password_auth(session), {"session": session}):
            self.assertRefused(self.delete(auth), 403, "M_UNKNOWN")

    def test_unknown_session(self) -> None:
        """
        A session that is not there, or not any more, is a mistake.
        """
        session = self.assertChallenged(self.delete())
        self.server.reactor.advance(48 * 60 * 60 + 1)
        for made_up in ("x", "\0", session):
            answer = self.delete(password_auth(made_up))
            self.assertRefused(answer, 400, "M_UNKNOWN")

    def test_two_at_once(self) -> None:
        """
        Of two requests that complete a session one does the work.
        """
        module = Module(on_logged_out=None)
        self.serve(modules=[module.entry])
        session = self.assertChallenged(self.delete())
        answers = []

        def meanwhile(*args: Any) -> None:
            answers.append(self.delete({"session": session}))

        module.answers["on_logged_out"] = meanwhile
        self.assertAnswered(self.delete(password_auth(session)))
        (second,) = answers
        self.assertLimited(second, 1000)
        self.assertEqual(len(module.questions("on_logged_out")), 1)

    def test_revoked_meanwhile(self) -> None:
        """
        Whose token has ended meanwhile can't go on with a session.
        """
        session = self.assertChallenged(self.delete())
        self.server.post("/v3/logout", token=self.token)
        answer = self.delete(password_auth(session))
        self.assertRefused(answer, 401, "M_UNKNOWN_TOKEN", soft_logout=False)
        self.assertTrue(self.is_good(self.laptop))

    def test_suspended(self) -> None:
        """
        A suspended user may leave devices, but name none.
        """
        self.server.change("suspended", True, ALICE)
        body = {"display_name": "x"}
        answer = self.server.ask("PUT", DEVICES + "/PHONE", body, token=self.token)
        self.assertRefused(answer, 403, "M_USER_SUSPENDED")
        self.assertAnswered(self.delete(password_auth()))

    def test_no_local_password(self) -> None:
        """
        Who has no way to authenticate is told so.
        """
        self.server.change("password_hash", None, ALICE)
        self.assertRefused(self.delete(), 400, "M_UNKNOWN")

    def test_wrong_auth(self) -> None:
        """
        What can't be C{auth}, and a stage that is not offered, are mistakes.
        """
        for auth in (1, "x", [], {"session": 1}, {"type": 1}):
            self.assertRefused(self.delete(auth), 400, "M_INVALID_PARAM")
        for type in ("m.login.dummy", "m.login.email.identity", "x"):
            self.assertRefused(self.delete({"type": type}), 400, "M_UNRECOGNIZED")
        self.assertTrue(self.is_good(self.laptop))

    def test_delete_several(self) -> None:
        """
        Several go at once; unknown ones, and those of others, are passed over.
        """
        names = ["LAPTOP", "LAPTOP", "NONE", "BOBS"]
        session = self.assertChallenged(self.delete_several({"devices": names}))
        answer = self.delete_several({"auth": password_auth(session)})
        self.assertEqual(self.assertAnswered(answer), {})
        self.assertEqual(self.names(), ["PHONE"])
        self.assertEqual(self.names(self.bob), ["BOBS"])

    def test_changed_body(self) -> None:
        """
        The last request says which devices, if it says so.
        """
        session = self.assertChallenged(self.delete_several({"devices": ["PHONE"]}))
        answer = self.delete_several(
            {"devices": ["LAPTOP"], "auth": password_auth(session)}
        )
        self.assertAnswered(answer)
        self.assertEqual(self.names(), ["PHONE"])

    def test_delete_several_refused(self) -> None:
        """
        The devices are a list of names, of bounded length.
        """
        auth = password_auth()
        for devices, errcode in (
            ("LAPTOP", "M_INVALID_PARAM"),
            ({"LAPTOP": 1}, "M_INVALID_PARAM"),
            (["LAPTOP", 1], "M_INVALID_PARAM"),
            (["LAPTOP", None], "M_INVALID_PARAM"),
            (["%d" % n for n in range(1001)], "M_TOO_LARGE"),
        ):
            answer = self.delete_several({"devices": devices, "auth": auth})
            self.assertRefused(answer, 400, errcode)
        answer = self.delete_several({"auth": auth})
        self.assertRefused(answer, 400, "M_MISSING_PARAM")
        self.assertTrue(self.is_good(self.laptop))

    def test_modules_hear(self) -> None:
        """
        Modules hear of each token that ends.
        """
        module = Module(on_logged_out=None)
        self.serve(modules=[module.entry])
        body = {"devices": ["LAPTOP", "PHONE"], "auth": password_auth()}
        self.assertAnswered(self.delete_several(body))
        self.assertEqual(
            sorted(module.questions("on_logged_out")),
            [(ALICE, "LAPTOP", self.laptop), (ALICE, "PHONE", self.token)],
        )


class SessionTimeoutTests(DevicesTestCase):
    """
    C{ui_auth.session_timeout}.
    """

    def serve(self, **settings: Any) -> None:
        """
        Have a server that lets an authentication count for a while.
        """
        super().serve(ui_auth={"session_timeout": "15s"}, **settings)

    def delete(self, auth: Any = None) -> Answer:
        """
        Remove a device that does not exist.
        """
        body = {} if auth is None else {"auth": auth}
        return self.server.ask("DELETE", DEVICES + "/NONE", body, token=self.token)

    def test_after_login(self) -> None:
        """
        A login counts, for as long as it is recent.
        """
        self.server.reactor.advance(14)
        self.assertAnswered(self.delete())
        self.server.reactor.advance(1)
        self.assertChallenged(self.delete())

    def test_after_authentication(self) -> None:
        """
        An authentication counts, for the token that it was made with.
        """
        self.server.reactor.advance(60)
        self.assertAnswered(self.delete(password_auth()))
        self.server.reactor.advance(14)
        self.assertAnswered(self.delete())
        answer = self.server.ask("DELETE", DEVICES + "/NONE", token=self.laptop)
        self.assertChallenged(answer)

    def test_after_refusal(self) -> None:
        """
        A wrong password does not.
        """
        self.server.reactor.advance(60)
        self.delete(password_auth(password="wrong"))
        self.assertChallenged(self.delete())

    def test_after_refresh(self) -> None:
        """
        Nor does a refresh.
        """
        body = self.server.log_in(device_id="TABLET", refresh_token=True).json
        self.server.reactor.advance(60)
        answer = self.server.post(
            "/v3/refresh", {"refresh_token": body["refresh_token"]}
        )
        token = self.assertAnswered(answer)["access_token"]
        answer = self.server.ask("DELETE", DEVICES + "/NONE", token=token)
        self.assertChallenged(answer)


class ModuleTests(DevicesTestCase):
    """
    Login types of modules.
    """

    def test_login_types(self) -> None:
        """
        The login types of modules are open to everybody, beside a password.
        """
        own = ("org.example.word", ("word",))
        module = Module("m", (own,), check_auth=(ALICE, None))
        self.serve(modules=[module.entry])
        flows = [
            {"stages": ["m.login.password"]},
            {"stages": ["org.example.word"]},
        ]
        path = DEVICES + "/LAPTOP"
        answer = self.server.ask("DELETE", path, token=self.token)
        session = self.assertChallenged(answer, flows=flows)
        auth = {
            "type": "org.example.word",
            "user": "alice",
            "word": "x",
            "session": session,
        }
        answer = self.server.ask("DELETE", path, {"auth": auth}, token=self.token)
        self.assertAnswered(answer)

    def test_another_user(self) -> None:
        """
        A module that vouches for somebody else lets nobody through; the
        session is still good.
        """
        own = ("org.example.word", ("word",))
        module = Module("m", (own,), check_auth=(BOB, None))
        self.serve(modules=[module.entry])
        path = DEVICES + "/LAPTOP"
        auth = {"type": "org.example.word", "user": "alias", "word": "x"}
        answer = self.server.ask("DELETE", path, {"auth": auth}, token=self.token)
        self.assertRefused(answer, 403, "M_FORBIDDEN")
        self.assertTrue(self.is_good(self.laptop))
