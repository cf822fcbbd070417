"""
Tests for C{/login} with modules: L{synauth.web.login_methods} and
L{synauth.web.login}.
"""

from typing import Any, List

from twisted.internet.defer import Deferred

from synauth.errors import MatrixError
from synauth.providers.calling import ModuleFailure
from tests.web.modules import OWN, PASSWORD, Module, checker
from tests.web.server import PASSWORD as LOCAL_PASSWORD
from tests.web.server import EndpointTestCase, Server
from tests.web.test_login import limits

ALICE = "@alice:example.org"
WORD = {"word": "sesame", "colour": "red"}


class ModuleLoginTestCase(EndpointTestCase):
    """
    Logins with the login type L{OWN}.
    """

    def serve(self, *modules: Module, **settings: Any) -> None:
        """
        Make a server with modules, and alice.
        """
        self.server = Server(modules=[m.entry for m in modules], **settings)
        self.server.add_user()

    def log_in(self, user: str = "alice", **fields: Any) -> Any:
        """
        @return: the answer to a login with a word.
        """
        identifier = {"type": "m.id.user", "user": user}
        body = dict(WORD, type=OWN[0], identifier=identifier)
        body.update(fields)
        return self.server.post("/v3/login", body)


class LoginTypeTests(ModuleLoginTestCase):
    """
    Login types of modules.
    """

    def test_flows(self) -> None:
        """
        They are offered in the order of registration, behind
        C{m.login.password}.
        """
        other = ("org.example.other", ("x",))
        self.serve(checker(None, OWN, PASSWORD), checker(None, other))
        flows = self.server.get("/v3/login").json["flows"]
        self.assertEqual(
            [flow["type"] for flow in flows],
            ["m.login.password", OWN[0], other[0], "m.login.token"],
        )

    def test_asked(self) -> None:
        """
        A module gets the user as typed, the type, and no other field than it
        named.
        """
        module = checker(ALICE, OWN)
        self.serve(module)
        for user in ("alice", ALICE, "Alice"):
            answer = self.log_in(user, other="x", device_id="PHONE")
            body = self.assertAnswered(answer)
            self.assertEqual((body["user_id"], body["device_id"]), (ALICE, "PHONE"))
            self.assertEqual(module.asked.pop(), ("check_auth", user, OWN[0], WORD))
        self.assertEqual(self.audits()[-1], ("success", OWN[0], None, ALICE, "PHONE"))

    def test_password(self) -> None:
        """
        Modules are asked about passwords too, before the local one; that is
        right as well.
        """
        module = checker(lambda user, type, fields: fields["password"] == "x" and ALICE)
        self.serve(module)
        self.assertAnswered(self.server.log_in(password="x"))
        self.assertAnswered(self.server.log_in())
        self.assertEqual(len(module.asked), 2)

    def test_local_passwords_off(self) -> None:
        """
        With local passwords switched off only modules are asked.
        """
        self.serve(checker(None), password_config={"localdb_enabled": False})
        self.assertRefused(self.server.log_in(), 403, "M_FORBIDDEN")

    def test_missing_fields(self) -> None:
        """
        All fields have to be there; the message names those that are not.
        """
        module = checker(ALICE, OWN)
        self.serve(module)
        body = {"type": OWN[0], "user": "alice", "colour": "red"}
        answer = self.server.post("/v3/login", body)
        self.assertIn("word", answer.json["error"])
        self.assertNotIn("colour", answer.json["error"])
        self.assertRefused(answer, 400, "M_MISSING_PARAM")
        self.assertEqual(module.asked, [])

    def test_no_user(self) -> None:
        """
        Who does not say who it is, is asked for it.
        """
        module = checker(ALICE, OWN)
        self.serve(module)
        answer = self.server.post("/v3/login", dict(WORD, type=OWN[0]))
        self.assertRefused(answer, 400, "M_MISSING_PARAM")
        answer = self.log_in(identifier={"type": "org.example.id", "user": "alice"})
        self.assertRefused(answer, 400, "M_UNKNOWN")
        self.assertEqual(module.asked, [])

    def test_impossible_passwords(self) -> None:
        """
        Empty and over-long passwords never reach a module, of whatever login
        type.
        """
        with_password = ("org.example.pin", ("password", "pin"))
        module = checker(ALICE, PASSWORD, with_password)
        self.serve(module)
        for password in ("", "x" * 513):
            answer = self.server.log_in(password=password)
            self.assertRefused(answer, 403, "M_FORBIDDEN")
            body = {"type": with_password[0], "user": "alice", "pin": "1"}
            answer = self.server.post("/v3/login", dict(body, password=password))
            self.assertRefused(answer, 403, "M_FORBIDDEN")
        self.assertEqual(module.asked, [])

    def test_stage(self) -> None:
        """
        A module's login type is a stage of user-interactive authentication.
        """
        self.serve(checker(ALICE, OWN))
        auth = dict(WORD, type=OWN[0], user="alice")
        check_auth = self.server.hs.auth_handler.check_auth
        asked = check_auth([[OWN[0]]], {"auth": auth}, "192.0.2.1")
        authed, proved, _, _ = self.successResultOf(asked)
        self.assertEqual((authed, proved), (True, {OWN[0]: ALICE}))
        auth.pop("word")
        asked = check_auth([[OWN[0]]], {"auth": auth}, "192.0.2.1")
        error = self.failureResultOf(asked, MatrixError).value
        self.assertEqual((error.code, error.errcode), (400, "M_MISSING_PARAM"))


class WhoTests(ModuleLoginTestCase):
    """
    Whom a module vouches for.
    """

    def test_unknown_account(self) -> None:
        """
        Somebody without an account is refused; the log says what the module
        should have done.
        """
        self.serve(checker("@nobody:example.org", OWN))
        self.assertRefused(self.log_in("nobody"), 403, "M_FORBIDDEN")
        log = self.logged()
        self.assertIn("module vouches for @nobody:example.org", log)
        self.assertIn("register_user()", log)

    def test_registers(self) -> None:
        """
        A module that makes the account first is right.
        """

        async def check_auth(user: str, type: str, fields: Any) -> Any:
            return await module.api.register_user(user, "New"), None

        module = checker(check_auth, OWN)
        self.serve(module)
        body = self.assertAnswered(self.log_in("new"))
        self.assertEqual(body["user_id"], "@new:example.org")

    def test_upper_case(self) -> None:
        """
        An id in another case is that of the only account that it can be.
        """
        self.serve(checker("@ALICE:example.org", OWN))
        self.assertEqual(self.assertAnswered(self.log_in())["user_id"], ALICE)

    def test_no_id(self) -> None:
        """
        Ids of other servers, and what is no id, let nobody in.
        """
        module = checker(None, OWN)
        self.serve(module)
        for answer in ("@alice:example.com", "alice", "", True, 1, (ALICE,), [ALICE]):
            module.answers["check_auth"] = answer
            self.assertRefused(self.log_in(), 403, "M_FORBIDDEN")
            self.assertEqual(len(self.flushLoggedErrors(ModuleFailure)), 1)

    def test_account_gate(self) -> None:
        """
        A module's yes opens no account that has been closed.
        """
        called: List[Any] = []
        self.serve(checker(lambda *args: (ALICE, called.append), OWN))
        self.server.change("deactivated", 1, ALICE)
        self.assertRefused(self.log_in(), 403, "M_USER_DEACTIVATED")
        self.assertEqual(
            self.audits()[-1], ("refused", OWN[0], "deactivated", ALICE, None)
        )
        self.assertEqual(called, [])


class CallbackTests(ModuleLoginTestCase):
    """
    A function that comes with a module's answer.
    """

    def serve_callback(self, callback: Any) -> None:
        """
        Make a server whose module gives this function.
        """
        self.serve(checker(lambda *args: (ALICE, callback), OWN))

    def test_called(self) -> None:
        """
        It gets the answer to the login, once, and may add to it.
        """
        seen: List[Any] = []

        async def callback(response: Any) -> None:
            seen.append(dict(response))
            response["org.example.greeting"] = "hello"

        self.serve_callback(callback)
        body = self.assertAnswered(self.log_in())
        self.assertEqual(body.pop("org.example.greeting"), "hello")
        self.assertEqual(seen, [body])
        self.assertEqual(body["user_id"], ALICE)
        self.assertEqual(body["home_server"], "example.org")
        self.assertLessEqual({"access_token", "device_id"}, set(body))

    def test_waits(self) -> None:
        """
        The client is answered when it is done.
        """
        waiting: "Deferred[None]" = Deferred()
        self.serve_callback(lambda response: waiting)
        body = dict(WORD, type=OWN[0], user="alice")
        connection = self.server.connect("POST", "/v3/login", body)
        self.assertEqual(connection.answers(), [])
        waiting.callback(None)
        (answer,) = connection.answers()
        self.assertAnswered(answer)

    def test_fails(self) -> None:
        """
        If it fails that is logged; the login stands, as it would have been
        without it.
        """

        def callback(response: Any) -> None:
            response.clear()
            raise RuntimeError("greetings are down")

        self.serve_callback(callback)
        token = self.assertAnswered(self.log_in())["access_token"]
        (failure,) = self.flushLoggedErrors(ModuleFailure)
        self.assertIn("greetings are down", failure.getErrorMessage())
        self.assertNotIn(token, self.logged())
        whoami = self.server.get("/v3/account/whoami", token=token)
        self.assertEqual(self.assertAnswered(whoami)["user_id"], ALICE)

    def test_not_json(self) -> None:
        """
        What can't be sent is not added, and that is logged with the name of the
        module; the login stands.
        """
        deep: Any = []
        for _ in range(100000):
            deep = [deep]
        for value in (object(), b"x", float("nan"), {1, 2}, {(): 1}, deep):
            self.serve_callback(lambda response, v=value: response.update(x=v))
            body = self.assertAnswered(self.log_in())
            self.assertNotIn("x", body)
            self.assertIn("module adds to a login what is not JSON", self.logged())
            self.assertNotIn(body["access_token"], self.logged())
            who = self.server.get("/v3/account/whoami", token=body["access_token"])
            self.assertEqual(self.assertAnswered(who)["user_id"], ALICE)
            del self.events[:]

    def test_overwrites(self) -> None:
        """
        The log has the device that there is, whatever the client is told.
        """
        self.serve_callback(lambda response: response.update(device_id="5"))
        body = self.assertAnswered(self.log_in(device_id="PHONE"))
        self.assertEqual(body["device_id"], "5")
        self.assertEqual(self.audits(), [("success", OWN[0], None, ALICE, "PHONE")])

    def test_too_slow(self) -> None:
        """
        The same if it takes longer than the module may.
        """
        self.serve_callback(lambda response: Deferred())
        body = dict(WORD, type=OWN[0], user="alice")
        connection = self.server.connect("POST", "/v3/login", body)
        self.server.reactor.advance(10)
        (answer,) = connection.answers()
        self.assertAnswered(answer)
        self.flushLoggedErrors(ModuleFailure)


class CouldNotAskTests(ModuleLoginTestCase):
    """
    A module that gives no answer.
    """

    def test_same_bytes(self) -> None:
        """
        The client sees what it would of a wrong password; the audit log knows
        better, and it does not count as an attempt.
        """
        rc_login = limits(failed_attempts=(0.001, 2))
        module = checker(RuntimeError("down"))
        self.serve(module, rc_login=rc_login)
        for _ in range(5):
            down = self.server.log_in(password="wrong")
            self.assertEqual(
                self.audits(),
                [
                    ("refused", "module", "could_not_ask", None, None),
                    ("refused", PASSWORD[0], "could_not_ask", ALICE, None),
                ],
            )
        self.assertEqual(len(self.flushLoggedErrors(ModuleFailure)), 5)
        module.answers["check_auth"] = None
        wrong = self.server.log_in(password="wrong")
        self.assertEqual((down.code, down.body), (wrong.code, wrong.body))
        self.assertRefused(wrong, 403, "M_FORBIDDEN")
        self.assertAnswered(self.server.log_in())

    def test_keeps_nobody_out(self) -> None:
        """
        The next module and the local password are asked all the same.
        """
        down = checker(RuntimeError("down"), name="down")
        up = checker(lambda user, type, fields: fields["password"] == "x" and ALICE)
        self.serve(down, up)
        self.assertAnswered(self.server.log_in(password="x"))
        self.assertAnswered(self.server.log_in())
        self.assertEqual(len(self.flushLoggedErrors(ModuleFailure)), 2)

    def test_too_slow(self) -> None:
        """
        After its time limit a module counts as one that could not be asked.
        """
        self.serve(checker(lambda *args: Deferred(), OWN))
        body = dict(WORD, type=OWN[0], user="alice")
        connection = self.server.connect("POST", "/v3/login", body)
        self.server.reactor.advance(9.5)
        self.assertEqual(connection.answers(), [])
        self.server.reactor.advance(0.5)
        (answer,) = connection.answers()
        self.assertRefused(answer, 403, "M_FORBIDDEN")
        self.flushLoggedErrors(ModuleFailure)

    def test_stage_error(self) -> None:
        """
        As a stage, a module that could not be asked is a refusal too.
        """
        self.serve(checker(RuntimeError("down"), OWN))
        auth = dict(WORD, type=OWN[0], user="alice")
        asked = self.server.hs.auth_handler.check_auth(
            [[OWN[0]]], {"auth": auth}, "192.0.2.1"
        )
        authed, body, _, _ = self.successResultOf(asked)
        self.assertEqual((authed, body["errcode"]), (False, "M_FORBIDDEN"))
        self.flushLoggedErrors(ModuleFailure)


class ThreepidTests(ModuleLoginTestCase):
    """
    Logins by an address, and C{check_3pid_auth}.
    """

    def serve(self, *modules: Module, **settings: Any) -> None:
        """
        Make a server on which alice has two addresses.
        """
        super().serve(*modules, **settings)
        for medium, address in (
            ("email", "alice@example.com"),
            ("msisdn", "447700900123"),
        ):
            self.server.hs.auth_handler.add_threepid(ALICE, medium, address, 0)

    def log_in_by(self, password: str = "x", **named: Any) -> Any:
        """
        @param named: C{identifier}, or C{medium} and C{address}.
        @return: the answer to a login with a password.
        """
        body = dict(named, type="m.login.password", password=password)
        return self.server.post("/v3/login", body)

    def test_module(self) -> None:
        """
        A module hears the address in its canonical form, in whichever way a
        client names it.
        """
        module = Module(check_3pid_auth=None)
        module.answers["check_3pid_auth"] = lambda *args: (ALICE, None)
        self.serve(module)
        email = {"medium": "email", "address": " Alice@Example.COM "}
        by_phone = {"type": "m.id.phone", "country": "GB", "phone": "07700 900123"}
        for named, asked in (
            (
                {"identifier": dict(email, type="m.id.thirdparty")},
                ("email", "alice@example.com", "x"),
            ),
            (email, ("email", "alice@example.com", "x")),
            ({"identifier": by_phone}, ("msisdn", "447700900123", "x")),
            (
                {"medium": "msisdn", "address": "+447700900123"},
                ("msisdn", "447700900123", "x"),
            ),
        ):
            body = self.assertAnswered(self.log_in_by(**named))
            self.assertEqual(body["user_id"], ALICE)
            self.assertEqual(module.asked.pop()[1:], asked)

    def test_callback(self) -> None:
        """
        The function of an answer is called here too.
        """
        seen: List[Any] = []
        answer = (ALICE, seen.append)
        self.serve(Module(check_3pid_auth=lambda *args: answer))
        body = self.assertAnswered(
            self.log_in_by(medium="email", address="a@example.com")
        )
        self.assertEqual(seen, [body])

    def test_bound(self) -> None:
        """
        After a no it is a login of whoever has the address here.
        """
        self.serve(Module(check_3pid_auth=None))
        for medium, address in (
            ("email", "ALICE@example.com"),
            ("msisdn", "447700900123"),
        ):
            named = {"medium": medium, "address": address}
            body = self.assertAnswered(self.log_in_by(LOCAL_PASSWORD, **named))
            self.assertEqual(body["user_id"], ALICE)

    def test_refusals(self) -> None:
        """
        An unknown address, a wrong password and a module that is down are the
        same to a client, and each costs one hash.
        """
        module = Module(check_3pid_auth=None)
        self.serve(module)
        answers = []
        for address in ("alice@example.com", "nobody@example.com"):
            for answer in (None, RuntimeError("down")):
                module.answers["check_3pid_auth"] = answer
                ran = self.server.pool.ran
                answers.append(self.log_in_by(medium="email", address=address))
                self.assertEqual(self.server.pool.ran, ran + 1)
        self.assertEqual(len({(a.code, a.body) for a in answers}), 1)
        self.assertRefused(answers[0], 403, "M_FORBIDDEN")
        self.assertEqual(
            [audit[2] for audit in self.audits() if audit[1] != "module"],
            ["wrong_password", "could_not_ask"] * 2,
        )
        self.flushLoggedErrors(ModuleFailure)

    def test_could_not_ask_is_not_counted(self) -> None:
        """
        A module that is down does not use up a user's attempts; wrong passwords
        do, for an address of nobody's as well.
        """
        module = Module(check_3pid_auth=RuntimeError("down"))
        self.serve(module, rc_login=limits(failed_attempts=(0.001, 2)))
        named = {"medium": "email", "address": "nobody@example.com"}
        for _ in range(4):
            self.assertRefused(self.log_in_by(**named), 403, "M_FORBIDDEN")
        module.answers["check_3pid_auth"] = None
        codes = [self.log_in_by(**named).code for _ in range(3)]
        self.assertEqual(codes, [403, 403, 429])
        self.flushLoggedErrors(ModuleFailure)

    def test_impossible_passwords(self) -> None:
        """
        Empty and over-long passwords never reach a module.
        """
        module = Module(check_3pid_auth=lambda *args: (ALICE, None))
        self.serve(module)
        for password in ("", "x" * 513):
            answer = self.log_in_by(password, medium="email", address="a@example.com")
            self.assertRefused(answer, 403, "M_FORBIDDEN")
        self.assertEqual(module.asked, [])

    def test_no_address(self) -> None:
        """
        What is no address is a mistake, and no module sees it.
        """
        module = Module(check_3pid_auth=lambda *args: (ALICE, None))
        self.serve(module)
        for named, errcode in (
            ({"medium": "email", "address": "alice"}, "M_INVALID_PARAM"),
            ({"medium": "email", "address": 5}, "M_INVALID_PARAM"),
            ({"medium": "pigeon", "address": "a@b.c"}, "M_INVALID_PARAM"),
            ({"medium": "email"}, "M_MISSING_PARAM"),
            ({"address": "a@b.c"}, "M_MISSING_PARAM"),
            ({"identifier": {"type": "m.id.thirdparty"}}, "M_MISSING_PARAM"),
            ({"identifier": {"type": "m.id.phone"}}, "M_MISSING_PARAM"),
        ):
            self.assertRefused(self.log_in_by(**named), 400, errcode)
        self.assertEqual(module.asked, [])

    def test_user_goes_first(self) -> None:
        """
        A client that names a user and an address means the user.
        """
        module = Module(check_3pid_auth=lambda *args: (ALICE, None))
        self.serve(module)
        self.assertRefused(
            self.log_in_by(user="alice", medium="email", address="a@b.c"),
            403,
            "M_FORBIDDEN",
        )
        self.assertEqual(module.asked, [])
