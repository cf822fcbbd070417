"""
Tests for L{synauth.web.register}.
"""

from typing import Any, Dict, List, Optional
from urllib.parse import parse_qs

from treq.testing import StringStubbingResource, StubTreq
from twisted.internet.defer import Deferred, execute, fail
from zope.interface import implementer

from synauth.errors import MatrixError
from synauth.interfaces import IHashPool
from tests.web.client import Answer
from tests.web.server import PASSWORD, EndpointTestCase, Server

REGISTER = "/v3/register"
DUMMY = {"type": "m.login.dummy"}
SINGLE = {"per_second": 0.5, "burst_count": 1}


class RegisterTestCase(EndpointTestCase):
    """
    Registers with a server.

    @ivar server: where anybody can.
    """

    def setUp(self) -> None:
        """
        Make the server.
        """
        super().setUp()
        self.server = Server(enable_registration=True)

    def begin(self, server: Optional[Server] = None, **wishes: Any) -> str:
        """
        Ask for an account.

        @return: the session.
        """
        answer = (server or self.server).post(REGISTER, wishes)
        self.assertEqual(answer.code, 401, answer.body)
        session: str = answer.json["session"]
        return session

    def complete(self, session: str, **wishes: Any) -> Answer:
        """
        Take the dummy stage.
        """
        return self.server.post(
            REGISTER, dict(wishes, auth=dict(DUMMY, session=session))
        )

    def users(self) -> List[str]:
        """
        @return: all accounts.
        """
        cursor = self.server.database.connection.cursor()
        cursor.execute("SELECT name FROM users ORDER BY name")
        return [name for (name,) in cursor.fetchall()]

    def tokens(self) -> List[Any]:
        """
        @return: all access tokens.
        """
        cursor = self.server.database.connection.cursor()
        cursor.execute("SELECT token FROM access_tokens ORDER BY id")
        return cursor.fetchall()


class RegistrationTests(RegisterTestCase):
    """
    C{POST /register}.
    """

    def test_challenge(self) -> None:
        """
        The first answer says how to go on.
        """
        answer = self.server.post(REGISTER, {"username": "a", "password": PASSWORD})
        body = answer.json
        self.assertEqual((answer.code, len(body.pop("session"))), (401, 24))
        self.assertEqual(body, {"flows": [{"stages": ["m.login.dummy"]}], "params": {}})
        self.assertEqual(self.audits(), [])

    def test_two_steps(self) -> None:
        """
        The parameters of the first request make the account.
        """
        session = self.begin(username="Alice", password=PASSWORD, device_id="D")
        body = self.assertAnswered(self.complete(session))
        self.assertEqual(
            set(body), {"user_id", "access_token", "device_id", "home_server"}
        )
        self.assertEqual(
            (body["user_id"], body["device_id"]), ("@alice:example.org", "D")
        )
        who = self.server.get("/v3/account/whoami", token=body["access_token"])
        self.assertEqual(who.json["user_id"], "@alice:example.org")
        self.assertAnswered(self.server.log_in())
        self.assertEqual(
            self.audits()[0],
            ("success", "register", None, "@alice:example.org", "D"),
        )

    def test_one_step(self) -> None:
        """
        The first request may bring its authentication with it.
        """
        body = {"username": "alice", "password": PASSWORD, "auth": DUMMY}
        self.assertAnswered(self.server.post(REGISTER, body))

    def test_refresh_token(self) -> None:
        """
        Registration gives a refresh token to who can use one.
        """
        session = self.begin(username="a", password=PASSWORD, refresh_token=True)
        body = self.complete(session).json
        self.assertEqual(body["expires_in_ms"], 300000)
        self.assertIn("refresh_token", body)

    def test_no_username(self) -> None:
        """
        Without a name the server makes one up.
        """
        ids = {
            self.complete(self.begin(password=PASSWORD)).json["user_id"]
            for _ in range(2)
        }
        self.assertEqual(len(ids), 2)

    def test_inhibit_login(self) -> None:
        """
        An account can be made without a login; a repeat tells no more.
        """
        session = self.begin(username="a", password=PASSWORD, inhibit_login=True)
        for _ in range(2):
            self.assertEqual(
                self.complete(session).json,
                {"user_id": "@a:example.org", "home_server": "example.org"},
            )

    def test_no_password(self) -> None:
        """
        It takes a password; what is missing can be sent later.
        """
        session = self.begin(username="alice")
        self.assertRefused(self.complete(session), 400, "M_MISSING_PARAM")
        answer = self.complete(session, username="alice", password=PASSWORD)
        self.assertAnswered(answer)

    def test_names(self) -> None:
        """
        A taken name, in any case, and an invalid one are refused before any
        authentication.
        """
        self.server.add_user()
        for name in ("alice", "ALICE"):
            answer = self.server.post(REGISTER, {"username": name})
            self.assertRefused(answer, 400, "M_USER_IN_USE")
        for name in ("", "_a", "123", "a b", "\u00e4", "a\0", "x" * 300, "@a:b"):
            answer = self.server.post(REGISTER, {"username": name})
            self.assertRefused(answer, 400, "M_INVALID_USERNAME")
        self.assertRefused(
            self.server.post(REGISTER, {"username": "\ud800"}), 400, "M_BAD_JSON"
        )

    def test_wrong_types(self) -> None:
        """
        Nothing of a wrong type is taken for anything.
        """
        wrong: Dict[str, Any] = {
            "username": 1,
            "password": 1,
            "device_id": 1,
            "initial_device_display_name": 1,
            "inhibit_login": "yes",
            "refresh_token": "yes",
            "auth": "x",
        }
        for key, value in wrong.items():
            for bad in (value, [], {"a": []}):
                if key == "auth" and isinstance(bad, dict):
                    continue
                answer = self.server.post(REGISTER, {key: bad})
                self.assertRefused(answer, 400, "M_INVALID_PARAM")
        for key in ("type", "session"):
            answer = self.server.post(REGISTER, {"auth": {key: 7}})
            self.assertRefused(answer, 400, "M_INVALID_PARAM")

    def test_unknown_stage(self) -> None:
        """
        A stage that does not exist is told, and so is one that leads nowhere:
        nobody tries passwords here.
        """
        self.server.add_user()
        before = self.server.pool.ran
        for stage in ("x", "m.login.password", "m.login.email.identity"):
            auth = {"type": stage, "user": "alice", "password": PASSWORD}
            answer = self.server.post(REGISTER, {"auth": auth})
            self.assertRefused(answer, 400, "M_UNRECOGNIZED")
        self.assertEqual(self.server.pool.ran, before)

    def test_password_policy(self) -> None:
        """
        A weak password is refused before any authentication, with what it
        lacks.
        """
        policy = {
            "enabled": True,
            "minimum_length": 8,
            "require_digit": True,
            "require_symbol": True,
            "require_lowercase": True,
            "require_uppercase": True,
        }
        server = Server(enable_registration=True, password_config={"policy": policy})
        for password, errcode in (
            ("aA1-", "M_PASSWORD_TOO_SHORT"),
            ("aaaaAAAA--", "M_PASSWORD_NO_DIGIT"),
            ("aaaaAAAA11", "M_PASSWORD_NO_SYMBOL"),
            ("aaaa1111--", "M_PASSWORD_NO_UPPERCASE"),
            ("AAAA1111--", "M_PASSWORD_NO_LOWERCASE"),
            ("", "M_INVALID_PARAM"),
            ("aA1-" * 200, "M_INVALID_PARAM"),
        ):
            answer = server.post(REGISTER, {"password": password})
            self.assertRefused(answer, 400, errcode)
        answer = server.post(REGISTER, {"password": "aaAA11--", "auth": DUMMY})
        self.assertAnswered(answer)

    def test_off(self) -> None:
        """
        Where registration is off, there is none, and no names are told.
        """
        server = Server()
        server.add_user()
        self.assertRefused(server.post(REGISTER), 403, "M_FORBIDDEN")
        for name in ("alice", "bob"):
            answer = server.get("/v3/register/available?username=" + name)
            self.assertRefused(answer, 403, "M_FORBIDDEN")

    def test_access_token(self) -> None:
        """
        Who has a token has an account; the oldest SDK's "None" is no token.
        """
        self.assertRefused(self.server.post(REGISTER, token="x"), 400, "M_UNKNOWN")
        answer = self.server.post(REGISTER + "?access_token=x")
        self.assertRefused(answer, 400, "M_UNKNOWN")
        self.assertEqual(self.server.post(REGISTER, token="None").code, 401)
        self.assertIn("flows", self.server.post(REGISTER, token="None").json)

    def test_kinds(self) -> None:
        """
        There are users, guests where they may be, and nothing else.
        """
        answer = self.server.post(REGISTER + "?kind=user")
        self.assertEqual(answer.code, 401)
        answer = self.server.post(REGISTER + "?kind=guest")
        self.assertRefused(answer, 403, "M_FORBIDDEN")
        for kind in ("garbage", "%00", "Guest"):
            answer = self.server.post(REGISTER + "?kind=" + kind)
            self.assertRefused(answer, 400, "M_INVALID_PARAM")

    def test_guest(self) -> None:
        """
        A guest needs nothing, gets a number for a name, and no say but for
        the name of the device.
        """
        server = Server(allow_guest_access=True)
        wishes = {"username": "me", "device_id": "D", "password": 7, "auth": 7}
        wishes["initial_device_display_name"] = "Mine"
        body = self.assertAnswered(server.post(REGISTER + "?kind=guest", wishes))
        self.assertRegex(body["user_id"], r"@\d{16}:example\.org\Z")
        self.assertNotEqual(body["device_id"], "D")
        who = server.get("/v3/account/whoami", token=body["access_token"]).json
        self.assertIs(who["is_guest"], True)
        device = self.successResultOf(
            server.hs.get_datastore().get_device(body["user_id"], body["device_id"])
        )
        self.assertEqual(device.display_name, "Mine")
        self.assertEqual(self.audits()[0][:2], ("success", "register"))

    def test_available(self) -> None:
        """
        C{/register/available} says what registration would.
        """
        self.server.add_user()
        for name, expected in (("alice", "M_USER_IN_USE"), ("_", "M_INVALID_USERNAME")):
            answer = self.server.get("/v3/register/available?username=" + name)
            self.assertRefused(answer, 400, expected)
        answer = self.server.get("/v3/register/available")
        self.assertRefused(answer, 400, "M_MISSING_PARAM")
        answer = self.server.get("/v3/register/available?username=%ff")
        self.assertRefused(answer, 400, "M_INVALID_PARAM")
        answer = self.server.get("/v3/register/available?username=Bob")
        self.assertEqual((answer.code, answer.json), (200, {"available": True}))

    def test_limited(self) -> None:
        """
        An address may make so many accounts; a challenge is none.
        """
        server = Server(enable_registration=True, rc_registration=SINGLE)
        for _ in range(3):
            self.assertEqual(server.post(REGISTER).code, 401)
        body = {"password": PASSWORD, "auth": DUMMY}
        self.assertAnswered(server.post(REGISTER, body))
        before = server.pool.ran
        self.assertLimited(server.post(REGISTER, body), 2000)
        self.assertEqual(server.pool.ran, before)
        # Better told before the captcha than behind it.
        self.assertLimited(server.post(REGISTER), 2000)
        self.assertEqual(self.audits()[-1][:3], ("refused", "register", "rate_limited"))
        other = server.post(REGISTER, body, address="192.0.2.2")
        self.assertAnswered(other)
        server.reactor.advance(2)
        self.assertAnswered(server.post(REGISTER, body))

    def test_limited_guests(self) -> None:
        """
        The limit is for guests too.
        """
        server = Server(allow_guest_access=True, rc_registration=SINGLE)
        self.assertAnswered(server.post(REGISTER + "?kind=guest"))
        self.assertLimited(server.post(REGISTER + "?kind=guest"), 2000)


class SessionTests(RegisterTestCase):
    """
    The session of a registration.
    """

    def test_changed_mind(self) -> None:
        """
        What is sent last counts, also for the password.
        """
        session = self.begin(username="alice", password="another one")
        answer = self.complete(session, username="bob", password=PASSWORD)
        self.assertEqual(answer.json["user_id"], "@bob:example.org")
        self.assertAnswered(self.server.log_in("bob"))
        self.assertRefused(self.server.log_in("bob", "another one"), 403, "M_FORBIDDEN")

    def test_password_given_before(self) -> None:
        """
        A later step need not say the password once more, whatever else it says.
        """
        session = self.begin(username="alice", password=PASSWORD)
        answer = self.complete(session, username="bob")
        self.assertEqual(answer.json["user_id"], "@bob:example.org")
        self.assertAnswered(self.server.log_in("bob"))
        # Nor is it given to whoever names a session that is none of these.
        answer = self.server.post(
            "/v3/register", {"username": "eve", "auth": {"session": "x"}}
        )
        self.assertRefused(answer, 400, "M_UNKNOWN")

    def test_lone_display_name(self) -> None:
        """
        A client that only repeats its device's name does not take back what it
        said before.
        """
        session = self.begin(
            username="alice", password=PASSWORD, initial_device_display_name="Mine"
        )
        answer = self.complete(session, initial_device_display_name="Mine")
        self.assertEqual(answer.json["user_id"], "@alice:example.org")

    def test_poll(self) -> None:
        """
        A request with nothing but the session asks how far it is.
        """
        session = self.begin(username="alice", password=PASSWORD)
        poll = {"auth": {"session": session}}
        self.assertEqual(self.server.post(REGISTER, poll).json["completed"], [])
        handler = self.server.hs.auth_handler
        done = handler.add_oob_auth("m.login.dummy", {"session": session}, "::1")
        self.assertTrue(self.successResultOf(done))
        self.assertAnswered(self.server.post(REGISTER, poll))

    def test_unknown(self) -> None:
        """
        A session that is not there is told.
        """
        for session in ("x", "", "x" * 24, "\0"):
            self.assertRefused(self.complete(session), 400, "M_UNKNOWN")
        session = self.begin(password=PASSWORD)
        self.server.reactor.advance(48 * 3600 + 1)
        self.assertRefused(self.complete(session), 400, "M_UNKNOWN")

    def test_other_operation(self) -> None:
        """
        A session that was begun for something else is good for nothing here,
        finished or not.
        """
        sessions = self.server.hs.auth_handler.sessions
        other = self.successResultOf(sessions.create(("POST", "/account/password")))
        answer = self.complete(other.id, password=PASSWORD)
        self.assertRefused(answer, 403, "M_UNKNOWN")
        self.successResultOf(sessions.finish(other.id))
        answer = self.complete(other.id, password=PASSWORD)
        self.assertRefused(answer, 403, "M_UNKNOWN")
        self.assertEqual(self.users(), [])

    def test_repeat(self) -> None:
        """
        A client that lost its answer gets the very same one, and never a
        second account.
        """
        session = self.begin(password=PASSWORD)
        first = self.complete(session).json
        second = self.assertAnswered(
            self.complete(session, username="other", password="another one")
        )
        self.assertEqual(second, first)
        who = self.server.get("/v3/account/whoami", token=second["access_token"])
        self.assertEqual(who.json["user_id"], first["user_id"])
        self.assertEqual(self.users(), [first["user_id"]])

    def test_repeat_after_logout(self) -> None:
        """
        A session opens no door that the user has shut.
        """
        session = self.begin(password=PASSWORD)
        token = self.complete(session).json["access_token"]
        self.assertAnswered(self.server.post("/v3/logout", token=token))
        before = self.tokens()
        self.assertRefused(self.complete(session), 403, "M_UNKNOWN")
        self.assertEqual(self.tokens(), before)

    def test_repeat_same_bytes(self) -> None:
        """
        However often it is repeated no token is made, and the bytes are those
        of the first answer.
        """
        session = self.begin(username="alice", password=PASSWORD, refresh_token=True)
        first = self.complete(session)
        self.assertIn("refresh_token", self.assertAnswered(first))
        before = self.tokens()
        for _ in range(3):
            self.server.reactor.advance(1)
            again = self.complete(session, device_id="OTHER")
            self.assertEqual((again.code, again.body), (200, first.body))
        self.assertEqual(self.tokens(), before)

    def test_repeat_after_new_password(self) -> None:
        """
        Nor one that a new password has shut.
        """
        session = self.begin(username="alice", password=PASSWORD)
        user_id = self.complete(session).json["user_id"]
        changed = self.server.hs.auth_handler.set_password(user_id, "another one")
        self.successResultOf(changed)
        before = self.tokens()
        self.assertRefused(self.complete(session), 403, "M_UNKNOWN")
        self.assertEqual(self.tokens(), before)

    def test_repeat_after_login(self) -> None:
        """
        Nor is a session good for anything when the device has got a newer
        token.
        """
        session = self.begin(username="alice", password=PASSWORD, device_id="PHONE")
        self.assertAnswered(self.complete(session))
        self.assertAnswered(self.server.log_in(device_id="PHONE"))
        self.assertRefused(self.complete(session), 403, "M_UNKNOWN")

    def test_repeat_deactivated(self) -> None:
        """
        Nor one that was shut for the user.
        """
        session = self.begin(password=PASSWORD)
        user_id = self.complete(session).json["user_id"]
        self.server.change("deactivated", 1, user_id)
        self.assertRefused(self.complete(session), 403, "M_USER_DEACTIVATED")

    def test_name_taken_meanwhile(self) -> None:
        """
        Who loses a name to another may choose another one, and need not prove
        anything again.
        """
        session = self.begin(username="alice", password=PASSWORD)
        sent = self.server.hs.registration
        original = sent.register_user

        def slow(*args: Any, **kwargs: Any) -> Any:
            self.patch(sent, "register_user", original)
            self.server.add_user()
            return original(*args, **kwargs)

        self.patch(sent, "register_user", slow)
        self.assertRefused(self.complete(session), 400, "M_USER_IN_USE")
        again = {"username": "bob", "password": PASSWORD, "auth": {"session": session}}
        answer = self.server.post(REGISTER, again)
        self.assertEqual(answer.json["user_id"], "@bob:example.org")

    def test_full_session(self) -> None:
        """
        A session without room for what came of it still answers, once.
        """
        sessions = self.server.hs.auth_handler.sessions
        session = self.begin(username="alice", password=PASSWORD)
        full = MatrixError(413, "full", "M_TOO_LARGE")
        self.patch(sessions, "set_data", lambda *args: fail(full))
        self.assertAnswered(self.complete(session))
        self.assertRefused(self.complete(session), 400, "M_UNKNOWN")

    def test_our_fault(self) -> None:
        """
        A fault of ours is told as such, with nothing of ours in it, and gives
        the session back.
        """
        session = self.begin(username="alice", password=PASSWORD)
        registration = self.server.hs.registration

        def broken(**kwargs: Any) -> Any:
            raise RuntimeError("the disk is on fire")

        self.patch(registration, "register_user", broken)
        answer = self.complete(session)
        self.assertRefused(answer, 500, "M_UNKNOWN")
        self.assertNotIn(b"fire", answer.body)
        self.assertEqual(len(self.flushLoggedErrors(RuntimeError)), 1)
        del registration.register_user
        self.assertAnswered(self.complete(session))


@implementer(IHashPool)
class PatientPool:
    """
    Hashes when it is told to.

    @ivar jobs: what waits.
    """

    def __init__(self) -> None:
        self.jobs: List[Any] = []

    def run(self, function: Any, *args: Any) -> "Deferred[Any]":
        """
        See L{IHashPool.run}.
        """
        done: "Deferred[Any]" = Deferred()
        self.jobs.append((done, function, args))
        return done

    def work(self) -> None:
        """
        Hash all that waits.
        """
        jobs, self.jobs = self.jobs, []
        for done, function, args in jobs:
            execute(function, *args).chainDeferred(done)


class ConcurrentTests(RegisterTestCase):
    """
    Two requests at once.
    """

    def setUp(self) -> None:
        """
        Make a server that hashes slowly.
        """
        super().setUp()
        self.pool = PatientPool()
        self.server = Server(enable_registration=True, pool=self.pool)

    def test_same_session(self) -> None:
        """
        The second completion of a session has to wait and gets the same user:
        there are never two.
        """
        body = {"auth": dict(DUMMY, session=self.begin(password=PASSWORD))}
        first = self.server.connect("POST", REGISTER, body)
        self.assertLimited(self.server.post(REGISTER, body), 1000)
        self.assertEqual(first.answers(), [])
        self.pool.work()
        (answer,) = first.answers()
        again = self.server.post(REGISTER, body)
        self.assertEqual(again.json["user_id"], answer.json["user_id"])
        self.assertEqual(self.users(), [answer.json["user_id"]])

    def test_same_session_when_the_name_is_taken(self) -> None:
        """
        A repeat that finds the account that its own session has just made is
        not told that the name is taken, but to come back.
        """
        body: Any = {"username": "alice", "password": PASSWORD}
        body["auth"] = dict(DUMMY, session=self.begin(**body))
        self.server.connect("POST", REGISTER, body)
        # What stands in the database a moment before the session is finished.
        self.successResultOf(self.server.hs.registration.register_user("alice"))
        self.assertLimited(self.server.post(REGISTER, body), 1000)

    def test_same_name(self) -> None:
        """
        Of two who want one name, one gets it.
        """
        wishes = {"username": "alice", "password": PASSWORD, "auth": DUMMY}
        both = [self.server.connect("POST", REGISTER, wishes) for _ in range(2)]
        self.pool.work()
        first, second = (connection.answers()[0] for connection in both)
        self.assertAnswered(first)
        self.assertRefused(second, 400, "M_USER_IN_USE")
        self.assertEqual(self.users(), ["@alice:example.org"])

    def test_burst(self) -> None:
        """
        As many as come in one moment do not pass the limit.
        """
        self.server = Server(
            enable_registration=True, pool=self.pool, rc_registration=SINGLE
        )
        wishes = {"password": PASSWORD, "auth": DUMMY}
        several = [self.server.connect("POST", REGISTER, wishes) for _ in range(4)]
        self.assertEqual(len(self.pool.jobs), 1)
        self.pool.work()
        codes = [connection.answers()[0].code for connection in several]
        self.assertEqual(codes, [200, 429, 429, 429])

    def test_expired_meanwhile(self) -> None:
        """
        An account that was made is told, also if its session went meanwhile;
        and a refusal is told for what it is.
        """
        for kept in (True, False):
            body = {"auth": dict(DUMMY, session=self.begin(username="a", password="x"))}
            waiting = self.server.connect("POST", REGISTER, body)
            self.server.reactor.advance(48 * 3600 + 1)
            if not kept:
                self.server.change("name", "@a:example.org", "@other:example.org")
            self.pool.work()
            (answer,) = waiting.answers()
            if kept:
                self.assertAnswered(answer)
                self.server.change("name", "@other:example.org", "@a:example.org")
            else:
                self.assertRefused(answer, 400, "M_USER_IN_USE")

    def test_client_gone(self) -> None:
        """
        A client that goes away before the answer can come back for it.
        """
        body = {"auth": dict(DUMMY, session=self.begin(password=PASSWORD))}
        waiting = self.server.connect("POST", REGISTER, body)
        waiting.lose()
        self.pool.work()
        answer = self.server.post(REGISTER, body)
        self.assertEqual([answer.json["user_id"]], self.users())


class CaptchaTests(EndpointTestCase):
    """
    Registration with a captcha.
    """

    def setUp(self) -> None:
        """
        Make a server, and a captcha provider that accepts one response.
        """
        super().setUp()
        self.asked: List[Dict[str, List[str]]] = []
        self.verdict = (200, b'{"success": true}')
        self.server = Server(
            treq=StubTreq(StringStubbingResource(self.verify)),
            enable_registration=True,
            enable_registration_captcha=True,
            recaptcha_public_key="the public key",
            recaptcha_private_key="the private key",
            recaptcha_siteverify_api="https://captcha.example/siteverify",
        )

    def verify(
        self, method: Any, url: Any, params: Any, headers: Any, data: Any
    ) -> Any:
        """
        The captcha provider.
        """
        self.asked.append(parse_qs(data.decode("ascii")))
        code, body = self.verdict
        return code, {b"Content-Type": b"application/json"}, body

    def step(self, **auth: Any) -> Answer:
        """
        Take a step.
        """
        return self.server.post(
            REGISTER, {"username": "alice", "password": PASSWORD, "auth": auth}
        )

    def test_both_stages(self) -> None:
        """
        The captcha comes first, and its provider is told who tries.
        """
        challenge = self.server.post(REGISTER).json
        self.assertEqual(
            challenge["flows"], [{"stages": ["m.login.recaptcha", "m.login.dummy"]}]
        )
        self.assertEqual(
            challenge["params"]["m.login.recaptcha"], {"public_key": "the public key"}
        )
        session = challenge["session"]
        answer = self.step(type="m.login.recaptcha", response="solved", session=session)
        self.assertEqual(answer.code, 401)
        self.assertEqual(answer.json["completed"], ["m.login.recaptcha"])
        self.assertNotIn("errcode", answer.json)
        self.assertAnswered(self.step(session=session, **DUMMY))
        self.assertEqual(
            self.asked,
            [
                {
                    "secret": ["the private key"],
                    "response": ["solved"],
                    "remoteip": ["192.0.2.1"],
                }
            ],
        )

    def test_refused(self) -> None:
        """
        A captcha that is not solved can be tried again in the same session.
        """
        self.verdict = (400, b'{"success": false}')
        answer = self.step(type="m.login.recaptcha", response="guessed")
        body = answer.json
        self.assertEqual((answer.code, body["errcode"]), (401, "M_UNAUTHORIZED"))
        self.assertEqual(body["completed"], [])
        for key in ("flows", "session", "params", "error"):
            self.assertIn(key, body)
        self.assertNotIn("guessed", self.logged())
        self.assertEqual(
            self.audits(),
            [("refused", "m.login.recaptcha", "wrong_captcha", None, None)],
        )
        self.verdict = (200, b'{"success": true}')
        answer = self.step(
            type="m.login.recaptcha", response="solved", session=body["session"]
        )
        self.assertEqual(answer.json["completed"], ["m.login.recaptcha"])

    def test_no_response(self) -> None:
        """
        A captcha without a response is told what it lacks.
        """
        body = self.step(type="m.login.recaptcha").json
        self.assertEqual(body["errcode"], "M_CAPTCHA_NEEDED")

    def test_broken_provider(self) -> None:
        """
        A provider that answers with anything else has not said yes.
        """
        for verdict in ((200, b"<html>"), (200, b'"success"'), (500, b"")):
            self.verdict = verdict
            answer = self.step(type="m.login.recaptcha", response="r")
            self.assertEqual(answer.json["errcode"], "M_UNAUTHORIZED")
        # An operator sees which it was.
        self.assertEqual(
            [outcome[2] for outcome in self.audits()],
            ["captcha_unreachable", "wrong_captcha", "captcha_unreachable"],
        )
        self.flushLoggedErrors()
        answer = self.step(type="m.login.recaptcha", response=[1])
        self.assertRefused(answer, 400, "M_INVALID_PARAM")

    def test_dummy_alone(self) -> None:
        """
        The dummy does not stand in for the captcha.
        """
        answer = self.step(**DUMMY)
        self.assertEqual(answer.code, 401)
        self.assertEqual(answer.json["completed"], ["m.login.dummy"])
