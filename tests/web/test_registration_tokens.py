"""
Registration with tokens, with addresses and rules, and what administrators do
with tokens.
"""

import os
from typing import Any

from synauth.threepids import REGISTRATION
from tests.web.accounts import Validation
from tests.web.client import Answer
from tests.web.modules import Module
from tests.web.server import EndpointTestCase, Server

STAGE = "m.login.registration_token"
EMAIL = "m.login.email.identity"
ADMIN = "/_synapse/admin/v1/registration_tokens"
NEW = {"username": "carol", "password": "correct horse"}
ADDRESS = "alice@example.com"
LIMITED = "M_LIMIT_EXCEEDED"


class RegistrationTestCase(EndpointTestCase):
    """
    A server, and an administrator.
    """

    def serve(self, **settings: Any) -> None:
        """
        Make them.
        """
        self.server = Server(
            **dict(
                {
                    "enable_registration": True,
                    "enable_registration_without_verification": True,
                },
                **settings,
            )
        )
        self.server.add_user("root")
        self.server.change("admin", 1, "@root:example.org")
        self.admin = self.server.log_in("root").json["access_token"]
        self.server.add_user("alice")
        del self.events[:]

    def ask(self, method: str, path: str, body: Any = None, **more: Any) -> Answer:
        """
        Ask as the administrator.
        """
        return self.server.ask(method, ADMIN + path, body, token=self.admin)

    def begin(self, **more: Any) -> str:
        """
        @return: the session of a new registration.
        """
        answer = self.server.post("/v3/register", dict(NEW, **more))
        self.assertEqual(answer.code, 401)
        session: str = answer.json["session"]
        return session

    def step(self, session: str, stage: str, **more: Any) -> Answer:
        """
        Take a stage.
        """
        auth = dict(more, type=stage, session=session)
        return self.server.post("/v3/register", {"auth": auth})

    def finish(self, session: str, **more: Any) -> Answer:
        """
        Take the last stage.
        """
        return self.step(session, "m.login.dummy", **more)


class TokenTests(RegistrationTestCase):
    """
    C{m.login.registration_token}.
    """

    def setUp(self) -> None:
        """
        Have a token that is good once.
        """
        super().setUp()
        self.serve(registration_requires_token=True)
        self.assertAnswered(
            self.ask("POST", "/new", {"token": "good", "uses_allowed": 1})
        )

    def valid(self, token: str) -> Any:
        """
        @return: what anybody is told of a token.
        """
        path = "/_matrix/client/v1/register/%s/validity?token=%s" % (STAGE, token)
        return self.assertAnswered(self.server.get(path))["valid"]

    def numbers(self) -> Any:
        """
        @return: pending and completed.
        """
        body = self.assertAnswered(self.ask("GET", "/good"))
        return body["pending"], body["completed"]

    def test_registration(self) -> None:
        """
        Who has a token registers; it is held meanwhile and used up then.
        """
        session = self.begin()
        self.assertIs(self.valid("good"), True)
        answer = self.step(session, STAGE, token="good")
        self.assertEqual(answer.json["completed"], [STAGE])
        self.assertEqual(self.numbers(), (1, 0))
        self.assertIs(self.valid("good"), False)
        self.assertAnswered(self.finish(session))
        self.assertEqual(self.numbers(), (0, 1))
        self.assertIs(self.valid("good"), False)

    def test_refused(self) -> None:
        """
        A token that is none is refused within the authentication; without one,
        or with one of another type, nothing is asked.
        """
        session = self.begin()
        for token in ("bad", "", "x" * 65, "\u00e4", "a\0b"):
            answer = self.step(session, STAGE, token=token)
            self.assertEqual(
                (answer.code, answer.json["errcode"]), (401, "M_UNAUTHORIZED")
            )
            self.assertEqual(answer.json["completed"], [])
        answer = self.step(session, STAGE)
        self.assertEqual(
            (answer.code, answer.json["errcode"]), (401, "M_MISSING_PARAM")
        )
        self.assertRefused(self.step(session, STAGE, token=5), 400, "M_INVALID_PARAM")
        self.assertEqual(self.finish(session).code, 401)

    def test_guesses(self) -> None:
        """
        Who guesses at tokens here has asked as often as in the endpoint for that.
        """
        for guess in range(5):
            answer = self.step(self.begin(), STAGE, token="guess%d" % guess)
            self.assertEqual(answer.json["errcode"], "M_UNAUTHORIZED")
        answer = self.step(self.begin(), STAGE, token="good")
        self.assertEqual((answer.code, answer.json["errcode"]), (429, LIMITED))
        path = "/_matrix/client/v1/register/m.login.registration_token/validity"
        answer = self.server.get(path + "?token=good")
        self.assertEqual((answer.code, answer.json["errcode"]), (429, LIMITED))

    def test_two_sessions(self) -> None:
        """
        Two do not use it together; the one that holds it may show it again.
        """
        first, second = self.begin(), self.begin(username="dave")
        for _ in range(2):
            answer = self.step(first, STAGE, token="good")
            self.assertEqual(answer.json["completed"], [STAGE])
        answer = self.step(second, STAGE, token="good")
        self.assertEqual(answer.json["errcode"], "M_UNAUTHORIZED")
        self.assertAnswered(self.finish(first))
        self.assertEqual(self.finish(second).code, 401)

    def test_session_ends(self) -> None:
        """
        What a session held that has ended is there for the next, and everybody
        is told so.
        """
        session = self.begin()
        self.step(session, STAGE, token="good")
        self.assertIs(self.valid("good"), False)
        self.server.hs.auth_handler.interactive.sessions.remove(session)
        self.assertIs(self.valid("good"), True)
        other = self.begin()
        self.step(other, STAGE, token="good")
        self.server.hs.auth_handler.interactive.sessions.remove(other)
        third = self.begin()
        answer = self.step(third, STAGE, token="good")
        self.assertEqual(answer.json["completed"], [STAGE])
        self.assertAnswered(self.finish(third))

    def test_expires_meanwhile(self) -> None:
        """
        A token that is deleted before the account is made is not used.
        """
        session = self.begin()
        self.step(session, STAGE, token="good")
        self.assertAnswered(self.ask("DELETE", "/good"))
        self.assertRefused(self.finish(session), 401, "M_UNAUTHORIZED")
        self.assertRefused(self.server.log_in("carol"), 403, "M_FORBIDDEN")

    def test_name_taken(self) -> None:
        """
        A registration that fails uses nothing up.
        """
        session = self.begin()
        self.step(session, STAGE, token="good")
        self.server.add_user("carol")
        self.assertRefused(self.finish(session), 400, "M_USER_IN_USE")
        self.assertEqual(self.numbers(), (1, 0))
        body = dict(NEW, username="dave", auth={"session": session})
        self.assertAnswered(self.server.post("/v3/register", body))
        self.assertEqual(self.numbers(), (0, 1))

    def test_validity_limit(self) -> None:
        """
        Nobody tries token after token.
        """
        self.serve(registration_requires_token=True)
        for _ in range(5):
            self.assertIs(self.valid("bad"), False)
        path = "/_matrix/client/v1/register/%s/validity?token=bad" % STAGE
        self.assertEqual(self.server.get(path).code, 429)

    def test_validity_off(self) -> None:
        """
        Where nobody registers no token is good.
        """
        self.serve(enable_registration=False)
        path = "/_matrix/client/v1/register/%s/validity" % STAGE
        self.assertRefused(self.server.get(path + "?token=x"), 403, "M_FORBIDDEN")
        self.serve()
        self.assertRefused(self.server.get(path), 400, "M_MISSING_PARAM")


class AdminTests(RegistrationTestCase):
    """
    C{/_synapse/admin/v1/registration_tokens}.
    """

    def setUp(self) -> None:
        """
        Make a server.
        """
        super().setUp()
        self.serve()

    def test_life(self) -> None:
        """
        A token is made, looked at, changed and deleted.
        """
        body = self.assertAnswered(self.ask("POST", "/new", {"token": "a.B_1~-"}))
        token = {
            "token": "a.B_1~-",
            "uses_allowed": None,
            "pending": 0,
            "completed": 0,
            "expiry_time": None,
        }
        self.assertEqual(body, token)
        answer = self.ask("POST", "/new", {"token": "a.B_1~-"})
        self.assertRefused(answer, 400, "M_INVALID_PARAM")
        later = 2000000000000
        changes = {"uses_allowed": 3, "expiry_time": later}
        body = self.assertAnswered(self.ask("PUT", "/a.B_1~-", changes))
        self.assertEqual(body, dict(token, **changes))
        body = self.assertAnswered(self.ask("PUT", "/a.B_1~-", {"uses_allowed": None}))
        self.assertEqual(body, dict(token, expiry_time=later))
        self.assertEqual(self.assertAnswered(self.ask("GET", "/a.B_1~-")), body)
        listed = self.assertAnswered(self.ask("GET", ""))
        self.assertEqual(listed, {"registration_tokens": [body]})
        self.assertEqual(self.assertAnswered(self.ask("DELETE", "/a.B_1~-")), {})
        for method, more in (("GET", None), ("PUT", {}), ("DELETE", None)):
            answer = self.ask(method, "/a.B_1~-", more)
            self.assertRefused(answer, 404, "M_NOT_FOUND")

    def test_made_up(self) -> None:
        """
        A token without a name gets one, of the length that is wanted; no
        command line takes it for an option.
        """
        for length in (None, 1, 64):
            body = {} if length is None else {"length": length}
            token = self.assertAnswered(self.ask("POST", "/new", body))["token"]
            self.assertEqual(len(token), length or 16)
            self.assertRegex(token, r"\A[A-Za-z][A-Za-z0-9._~-]*\Z")

    def test_valid_filter(self) -> None:
        """
        The good ones and the others.
        """
        self.ask("POST", "/new", {"token": "good"})
        self.ask("POST", "/new", {"token": "none", "uses_allowed": 0})
        for query, names in (
            ("?valid=true", ["good"]),
            ("?valid=false", ["none"]),
            ("", ["good", "none"]),
        ):
            listed = self.assertAnswered(self.ask("GET", query))["registration_tokens"]
            self.assertEqual([each["token"] for each in listed], names)
        self.assertRefused(self.ask("GET", "?valid=x"), 400, "M_INVALID_PARAM")

    def test_wrong(self) -> None:
        """
        What can't be meant is refused.
        """
        for body in (
            {"token": ""},
            {"token": "a b"},
            {"token": "x" * 65},
            {"token": 5},
            {"length": 0},
            {"length": 65},
            {"length": "8"},
            {"uses_allowed": -1},
            {"uses_allowed": 1.5},
            {"uses_allowed": 2**40},
            {"expiry_time": 5},
            {"expiry_time": 2**60},
        ):
            answer = self.ask("POST", "/new", body)
            self.assertRefused(answer, 400, "M_INVALID_PARAM")


class ProofTests(RegistrationTestCase):
    """
    Addresses and rules.
    """

    def setUp(self) -> None:
        """
        Have an address that somebody has proved.
        """
        super().setUp()
        self.folder: str = self.mktemp()
        os.makedirs(os.path.join(self.folder, "en"))
        for version in ("1", "2"):
            with open(os.path.join(self.folder, "en", version + ".html"), "w") as page:
                page.write("Rules")
        self.prepare()

    def prepare(self, **settings: Any) -> None:
        """
        Make a server that asks for an address and the rules.
        """
        values = {
            "public_baseurl": "https://example.org/",
            "email": {"notif_from": "us@example.org"},
            "registrations_require_3pid": ["email"],
            "user_consent": {
                "template_dir": self.folder,
                "version": "1",
                "require_at_registration": True,
            },
        }
        self.serve(**dict(values, **settings))
        self.validation = Validation(self.server, REGISTRATION)

    def register(self, creds: Any, **more: Any) -> Answer:
        """
        Register with an address.
        """
        session = self.begin(**more)
        answer = self.step(session, "m.login.terms")
        self.assertEqual(answer.json["completed"], ["m.login.terms"])
        return self.step(session, EMAIL, threepid_creds=creds)

    def test_registration(self) -> None:
        """
        The account has the address, and the rules are noted; the proof is
        spent.
        """
        challenge = self.server.post("/v3/register", NEW).json
        self.assertEqual(challenge["flows"], [{"stages": ["m.login.terms", EMAIL]}])
        self.assertEqual(
            challenge["params"]["m.login.terms"],
            {
                "policies": {
                    "privacy_policy": {
                        "version": "1",
                        "en": {
                            "name": "Privacy Policy",
                            "url": "https://example.org/_matrix/consent?v=1",
                        },
                    }
                }
            },
        )
        body = self.assertAnswered(self.register(self.validation.validate("1")))
        token = body["access_token"]
        (found,) = self.server.get("/v3/account/3pid", token=token).json["threepids"]
        self.assertEqual(found["address"], ADDRESS)
        self.assertTrue(self.validation.is_spent("1"))

        def read(txn: Any) -> Any:
            sql = "SELECT consent_version, consent_ts FROM users WHERE name = ?"
            txn.execute(sql, (body["user_id"],))
            return [tuple(row) for row in txn.fetchall()]

        agreed = self.successResultOf(
            self.server.hs.get_datastore().run_interaction(read)
        )
        self.assertEqual(agreed, [("1", self.server.hs.get_clock().time_msec())])

    def test_not_proved(self) -> None:
        """
        An address that was asked about and never confirmed makes no account.
        """
        creds = dict(self.validation.validate("1"), client_secret="another")
        answer = self.register(creds)
        self.assertRefused(answer, 401, "M_UNAUTHORIZED")
        self.assertRefused(self.server.log_in("carol"), 403, "M_FORBIDDEN")

    def test_spent_once(self) -> None:
        """
        One proof makes one account.
        """
        creds = self.validation.validate("1")
        first, second = self.begin(), self.begin(username="dave")
        for session in (first, second):
            self.step(session, EMAIL, threepid_creds=creds)
        self.assertAnswered(self.step(first, "m.login.terms"))
        answer = self.step(second, "m.login.terms")
        self.assertEqual(answer.code, 401)
        self.assertRefused(self.server.log_in("dave"), 403, "M_FORBIDDEN")

    def test_in_use(self) -> None:
        """
        An address that has an account makes no second one, and the proof is
        left.
        """
        store = self.server.hs.get_datastore()
        store.user_add_threepid("@alice:example.org", "email", ADDRESS, 1, 2)
        answer = self.register(self.validation.validate("1"))
        self.assertRefused(answer, 400, "M_THREEPID_IN_USE")
        self.assertFalse(self.validation.is_spent("1"))

    def test_denied(self) -> None:
        """
        Modules and C{allowed_local_3pids} have their say at the end as well.
        """
        module = Module(is_3pid_allowed=False)
        self.prepare(modules=[module.entry])
        answer = self.register(self.validation.validate("1"))
        self.assertRefused(answer, 403, "M_THREEPID_DENIED")
        self.assertEqual(
            module.questions("is_3pid_allowed"), [("email", ADDRESS, True)]
        )
        self.prepare(allowed_local_3pids=[{"medium": "email", "pattern": "^bob@"}])
        answer = self.register(self.validation.validate("1"))
        self.assertRefused(answer, 403, "M_THREEPID_DENIED")

    def test_modules_see(self) -> None:
        """
        Modules see what was proved, in the documented shape, and no secret.
        """
        module = Module(get_username_for_registration=None)
        self.prepare(modules=[module.entry])
        self.assertAnswered(self.register(self.validation.validate("1")))
        ((results, params),) = module.questions("get_username_for_registration")
        self.assertEqual(
            results,
            {
                "m.login.terms": True,
                EMAIL: {
                    "medium": "email",
                    "address": ADDRESS,
                    "validated_at": self.server.hs.get_clock().time_msec(),
                },
            },
        )
        self.assertEqual(params, {"username": "carol"})

    def test_guest_upgrade(self) -> None:
        """
        No guest becomes a user here, and a client is told so.
        """
        answer = self.server.post("/v3/register", dict(NEW, guest_access_token="x"))
        self.assertRefused(answer, 400, "M_UNKNOWN")

    def test_inhibited(self) -> None:
        """
        Who asks for a name can be kept from learning whose there are.
        """
        self.prepare(inhibit_user_in_use_error=True)
        path = "/v3/register/available?username="
        answer = self.server.get(path + "alice")
        self.assertEqual(self.assertAnswered(answer), {"available": True})
        self.assertRefused(self.server.get(path + "_x"), 400, "M_INVALID_USERNAME")
        answer = self.server.post("/v3/register", dict(NEW, username="alice"))
        self.assertRefused(answer, 400, "M_USER_IN_USE")


class OnlyForReauthTests(RegistrationTestCase):
    """
    C{password_config.enabled: only_for_reauth}.
    """

    def test_login_and_authentication(self) -> None:
        """
        A password is no way in, but is asked for again.
        """
        self.serve()
        self.server = Server(
            enable_registration=True,
            enable_registration_without_verification=True,
            password_config={"enabled": "only_for_reauth"},
        )
        body = dict(NEW, auth={"type": "m.login.dummy"})
        token = self.assertAnswered(self.server.post("/v3/register", body))[
            "access_token"
        ]
        flows = self.server.get("/v3/login").json["flows"]
        self.assertNotIn({"type": "m.login.password"}, flows)
        self.assertRefused(self.server.log_in("carol"), 400, "M_UNKNOWN")
        auth = {"type": "m.login.password", "user": "carol"}
        auth["password"] = "correct horse"
        body = {"new_password": "another one", "auth": auth}
        answer = self.server.post("/v3/account/password", body, token=token)
        self.assertAnswered(answer)
