"""
What a host of 0.33.2 to 1.3 may expect of its auth handler, whatever its database
answers with.
"""

from types import SimpleNamespace
from typing import Any, Callable, Dict, List, Optional

from twisted.internet import reactor as global_reactor
from twisted.internet.defer import Deferred, succeed
from twisted.trial.unittest import SynchronousTestCase

from synauth.dropin.settings import DropInSettings
from synauth.identifiers import UserID
from synauth.testing.passwords import InlineHashPool
from tests.auth.test_passwords import hashed
from tests.dropin import host as hosts
from tests.dropin.contexts import LogContexts
from tests.dropin.host import ALICE, PASSWORD, FakeHost, synapse_modules

BOB = "@bob:example.org"

PASSWORD_TYPE = "m.login.password"
DUMMY = "m.login.dummy"
EMAIL = "m.login.email.identity"


class LatePool(InlineHashPool):
    """
    Hashes after a while, as a thread does, in nobody's log context.

    @ivar reactor: tells when it is time.
    """

    reactor: Any = None

    def run(self, function: Callable[..., Any], *args: Any) -> "Deferred[Any]":
        """
        See L{synauth.interfaces.IHashPool.run}.
        """
        self.ran += 1
        done: "Deferred[Any]" = Deferred()
        self.reactor.callLater(0.02, done.callback, None)
        return done.addCallback(lambda _: function(*args))


class HandlerTestCase(SynchronousTestCase):
    """
    A handler in a host that has alice.

    @ivar style: how the host's database answers.
    @ivar make: makes the handler of the host and the settings.
    """

    style = "plain"
    version = "1.0.0"

    @staticmethod
    def make(hs: Any, settings: Any, pool: Any) -> Any:
        """
        Make the handler.
        """
        from synauth.dropin.synapse_1_0 import AuthHandler

        return AuthHandler(hs, settings, pool)

    def setUp(self) -> None:
        self.contexts = LogContexts()
        modules = synapse_modules(self.contexts, self.version)
        modules.start()
        self.addCleanup(modules.stop)
        self.hs = FakeHost(self.contexts, self.style)
        self.hs.store.users[ALICE] = hashed(PASSWORD)
        self.pool = LatePool()
        self.pool.reactor = self.hs.reactor
        self.build()

    def build(self, settings: Optional[DropInSettings] = None) -> None:
        """
        Make the handler anew.
        """
        self.hs.is_built = False
        self.handler = self.make(self.hs, settings or DropInSettings(), self.pool)
        self.hs.is_built = True

    def until_done(self) -> None:
        """
        Let a second pass.
        """
        for _ in range(100):
            self.hs.reactor.advance(0.01)

    def result(self, answered: Any) -> Any:
        """
        @return: what a Deferred of the handler comes to.
        """
        self.assertIsInstance(answered, Deferred)
        self.until_done()
        return self.successResultOf(answered)

    def error(self, answered: Any, code: int, errcode: str) -> Any:
        """
        Assert that the host answers a client with an error.

        @return: the error.
        """
        self.assertIsInstance(answered, Deferred)
        self.until_done()
        failure = self.failureResultOf(answered)
        self.assertIsInstance(failure.value, hosts.SynapseError)
        self.assertEqual(
            (code, errcode), (failure.value.code, failure.value.errcode), failure.value
        )
        return failure.value

    def challenge(self, answered: Any) -> Dict[str, Any]:
        """
        @return: the body of the 401 that the host answers with.
        """
        self.assertIsInstance(answered, Deferred)
        self.until_done()
        failure = self.failureResultOf(answered)
        self.assertIsInstance(failure.value, hosts.InteractiveAuthIncompleteError)
        return dict(failure.value.result)

    def log_in(self, user: str = "alice", password: Any = PASSWORD) -> Any:
        """
        @return: a Deferred of a login by password.
        """
        submission = {"type": PASSWORD_TYPE, "user": user, "password": password}
        return self.handler.validate_login(user, submission)


class HandlerChecks(HandlerTestCase):
    """
    The contract.
    """

    def test_login(self) -> None:
        """
        The right password lets in, however the name is written, under the
        account's own id.
        """
        self.assertEqual((ALICE, None), self.result(self.log_in()))
        self.assertEqual((ALICE, None), self.result(self.log_in("@ALICE:example.org")))

    def test_wrong_password(self) -> None:
        """
        To a wrong password and to an unknown user the answer is the host's
        C{LoginError}, and it costs one hash each.
        """
        wrong = self.error(self.log_in(password="x"), 403, "M_FORBIDDEN")
        unknown = self.error(self.log_in("eve"), 403, "M_FORBIDDEN")
        self.assertIsInstance(wrong, hosts.LoginError)
        self.assertIsInstance(unknown, hosts.LoginError)
        self.assertEqual(wrong.error_dict(), unknown.error_dict())
        self.assertEqual(2, self.pool.ran)

    def test_bad_submissions(self) -> None:
        """
        What is missing, unknown or of the wrong type is a 400.
        """
        login = self.handler.validate_login
        self.error(login("alice", {"type": "x"}), 400, "M_UNKNOWN")
        self.error(login("alice", {"type": PASSWORD_TYPE}), 400, "M_UNKNOWN")
        self.error(login(5, {"type": PASSWORD_TYPE}), 400, "M_INVALID_PARAM")
        self.error(login("alice", {}), 400, "M_INVALID_PARAM")
        self.error(login("alice", []), 400, "M_BAD_JSON")
        self.error(self.log_in(password=["x"]), 400, "M_INVALID_PARAM")

    def test_passwords_switched_off(self) -> None:
        """
        Where passwords are switched off none is looked at.
        """
        self.hs.config.password_enabled = False
        self.build()
        self.assertEqual([], self.handler.get_supported_login_types())
        self.error(self.log_in(), 400, "M_UNKNOWN")
        self.assertEqual(0, self.pool.ran)

    def test_replaced_hash(self) -> None:
        """
        A host's tests put plain functions in the place of C{hash} and
        C{validate_hash}; the stored hash comes to them as it was stored.
        """
        seen: List[Any] = []
        self.handler.hash = lambda password: password
        self.handler.validate_hash = lambda p, h: seen.append(h) or p == h
        self.hs.store.users[ALICE] = "as it is"
        self.assertEqual((ALICE, None), self.result(self.log_in(password="as it is")))
        self.error(self.log_in(password="other"), 403, "M_FORBIDDEN")
        self.assertEqual(["as it is", "as it is"], seen)

    def test_hash(self) -> None:
        """
        Hashing and checking give Deferreds, with and without a stored hash.
        """
        stored = self.result(self.handler.hash("pass"))
        self.assertIsInstance(stored, str)
        for known in (stored, stored.encode("ascii")):
            self.assertIs(True, self.result(self.handler.validate_hash("pass", known)))
        for unknown in (None, "", b"", hashed("other")):
            answered = self.handler.validate_hash("pass", unknown)
            self.assertIs(False, self.result(answered))

    def test_check_user_exists(self) -> None:
        """
        An account is found in any case.
        """
        check = self.handler.check_user_exists
        self.assertEqual(ALICE, self.result(check("@Alice:example.org")))
        self.assertIsNone(self.result(check("@eve:example.org")))

    def test_limits(self) -> None:
        """
        The limits are the host's settings at that moment: of failed attempts,
        and of logins; both answer with the host's error.
        """
        for _ in range(5):
            self.error(self.log_in(password="x"), 403, "M_FORBIDDEN")
        limit = SimpleNamespace(per_second=0.001, burst_count=2)
        self.hs.config.rc_login_failed_attempts = limit
        for _ in range(2):
            self.error(self.log_in(password="x"), 403, "M_FORBIDDEN")
        limited = self.error(self.log_in("ALICE"), 429, "M_LIMIT_EXCEEDED")
        self.assertIsInstance(limited, hosts.LimitExceededError)
        self.assertGreater(limited.retry_after_ms, 1000)
        self.hs.config.rc_login_account = SimpleNamespace(
            per_second=0.001, burst_count=1
        )
        self.handler.ratelimit_login_per_account(BOB)
        with self.assertRaises(hosts.LimitExceededError):
            self.handler.ratelimit_login_per_account(BOB.upper())
        self.error(self.handler.check_user_exists(BOB), 429, "M_LIMIT_EXCEEDED")

    def test_tokens(self) -> None:
        """
        A login makes a token, which is of the device, and is ended alone or
        with all others, and its pushers with it.
        """
        self.hs.store.devices.append((ALICE, "PHONE"))
        login = self.handler.get_access_token_for_user_id
        first = self.result(login(ALICE, "PHONE"))
        other = self.result(self.handler.issue_access_token("a_user"))
        self.assertEqual((ALICE, "PHONE"), self.hs.store.tokens[first])
        self.assertEqual(("a_user", None), self.hs.store.tokens[other])
        self.assertIsNone(self.result(self.handler.delete_access_token(first)))
        self.assertEqual([(ALICE, (len(first),))], self.hs.pushers)
        self.error(self.handler.delete_access_token(first), 401, "M_UNKNOWN_TOKEN")
        again = self.result(login(ALICE, device_id="PHONE"))
        self.result(self.handler.delete_access_tokens_for_user(ALICE))
        self.result(self.handler.delete_access_tokens_for_user(ALICE, device_id="X"))
        self.assertEqual([(ALICE, (len(again),)), (ALICE, ())], self.hs.pushers[1:])
        self.assertEqual([other], list(self.hs.store.tokens))

    def test_no_token(self) -> None:
        """
        Where the device is gone, or the user is blocked, no token stays behind.
        """
        login = self.handler.get_access_token_for_user_id
        raced = self.error(login(ALICE, "GONE"), 400, "M_UNKNOWN")
        self.assertIsInstance(raced, hosts.StoreError)
        self.hs.auth.blocked = hosts.AuthError(403, "full", "M_RESOURCE_LIMIT")
        self.error(login(ALICE), 403, "M_RESOURCE_LIMIT")
        self.assertEqual({}, self.hs.store.tokens)

    def test_login_token(self) -> None:
        """
        A login token says whose it is, until it expires; anything else is the
        host's C{AuthError}.
        """
        check = self.handler.validate_short_term_login_token_and_get_user_id
        token = self.hs.auth.macaroons.login_token(ALICE, 60000)
        self.assertEqual(ALICE, self.result(check(token)))
        self.hs.reactor.advance(60)
        for bad in (token, "x", "", self.hs.auth.macaroons.access_token(ALICE, [], 1)):
            refused = self.error(check(bad), 403, "M_FORBIDDEN")
            self.assertIsInstance(refused, hosts.AuthError)

    def test_addresses(self) -> None:
        """
        Addresses are bound and unbound; the identity handler is told of an
        identity server where the host names one.
        """
        bind, unbind = self.handler.add_threepid, self.handler.delete_threepid
        self.result(bind(ALICE, "email", "A@B.example", 5))
        now = self.hs.clock.time_msec()
        self.assertIs(True, self.result(unbind(ALICE, "email", "A@B.example")))
        self.result(unbind(ALICE, "msisdn", "49A", None))
        name, user, medium, address, validated_at, added_at = self.hs.store.calls[0]
        self.assertEqual(
            (ALICE, "email", "a@b.example", 5), self.hs.store.calls[0][1:5]
        )
        self.assertTrue(now - 1000 <= added_at <= now)
        self.assertEqual(
            [
                ("delete_threepid", ALICE, "email", "a@b.example"),
                ("delete_threepid", ALICE, "msisdn", "49A"),
            ],
            self.hs.store.calls[1:],
        )
        self.assertEqual(
            [
                (ALICE, {"medium": "email", "address": "a@b.example"}),
                (ALICE, {"medium": "msisdn", "address": "49A", "id_server": None}),
            ],
            self.hs.unbinding,
        )

    def test_interactive_auth(self) -> None:
        """
        A flow is completed stage by stage; the answer until then is the host's
        error with the challenge, and C{auth} is taken out of the body.
        """
        check = self.handler.check_auth
        flows = [[DUMMY, "m.login.terms"]]
        body: Dict[str, Any] = {"password": "p", "auth": {}}
        asked = self.challenge(check(flows, body, "1.2.3.4"))
        self.assertEqual({"password": "p"}, body)
        policy = asked.pop("params")["m.login.terms"]["policies"]["privacy_policy"]
        self.assertEqual(
            {"name": "Rules", "url": "https://example.org/_matrix/consent?v=1"},
            policy["en"],
        )
        session = asked["session"]
        self.assertEqual(
            {"session": session, "flows": [{"stages": flows[0]}]},
            asked,
        )
        step = {"auth": {"session": session, "type": DUMMY}}
        self.assertEqual(
            [DUMMY], self.challenge(check(flows, step, "1.2.3.4"))["completed"]
        )
        step = {"auth": {"session": session, "type": "m.login.terms"}}
        self.assertEqual(session, self.handler.get_session_id(step))
        creds, params, same = self.result(check(flows, step, "1.2.3.4"))
        self.assertEqual(
            ({DUMMY: True, "m.login.terms": True}, {"password": "p"}, session),
            (creds, params, same),
        )

    def test_session_data(self) -> None:
        """
        What is kept with a session answers at once; what is kept with none is
        lost, and no error.
        """
        session = self.challenge(self.handler.check_auth([[DUMMY]], {}, "::1"))
        known = session["session"]
        self.assertIsNone(self.handler.set_session_data(known, "k", "v"))
        self.assertEqual("v", self.handler.get_session_data(known, "k", None))
        self.assertIsNone(self.handler.set_session_data("unknown", "k", "v"))
        self.assertEqual(5, self.handler.get_session_data("unknown", "k", 5))
        for empty in ({}, {"auth": {}}, None):
            self.assertIsNone(self.handler.get_session_id(empty))
        with self.assertRaises(hosts.SynapseError) as raised:
            self.handler.set_session_data(known, "k", "v" * 100000)
        self.assertEqual(413, raised.exception.code)

    def test_sessions_expire(self) -> None:
        """
        A session lasts for 48 hours from its last use, which asking it is.
        """
        asked = self.challenge(self.handler.check_auth([[DUMMY]], {}, "::1"))
        self.handler.set_session_data(asked["session"], "k", "v")
        for hours, kept in ((47, "v"), (47, "v"), (49, None)):
            self.hs.reactor.advance(hours * 3600)
            found = self.handler.get_session_data(asked["session"], "k")
            self.assertEqual(kept, found)

    def reauthenticate(self, auth: Any) -> Any:
        """
        @return: a Deferred of alice's authenticating once more.
        """
        requester = SimpleNamespace(user=UserID.from_string(ALICE))
        body = {"new_password": "n"} if auth is None else {"auth": auth}
        return self.handler.validate_user_via_ui_auth(requester, body, "1.2.3.4")

    def test_reauthentication(self) -> None:
        """
        A user proves to be the one, and nobody else can; a wrong password is
        merged into the 401.
        """
        self.hs.store.users[BOB] = hashed("bobs")
        asked = self.challenge(self.reauthenticate(None))
        self.assertEqual([{"stages": [PASSWORD_TYPE]}], asked["flows"])
        auth = {
            "session": asked["session"],
            "type": PASSWORD_TYPE,
            "user": "alice",
            "password": "x",
        }
        refused = self.challenge(self.reauthenticate(dict(auth)))
        self.assertEqual(
            ("M_FORBIDDEN", [], asked["session"]),
            (refused["errcode"], refused["completed"], refused["session"]),
        )
        other = self.reauthenticate(dict(auth, user="bob", password="bobs"))
        self.assertIsInstance(self.error(other, 403, "M_FORBIDDEN"), hosts.AuthError)
        params = self.result(self.reauthenticate(dict(auth, password=PASSWORD)))
        self.assertEqual({"new_password": "n"}, params)

    def test_bad_auth(self) -> None:
        """
        An C{auth} that is not what it should be is a challenge or a 400, never
        a fault.
        """
        for none_yet in (None, {"session": None}):
            body = {"auth": none_yet}
            self.challenge(self.handler.check_auth([[DUMMY]], body, "::1"))
        for bad in (5, [], "x", {"session": {}}, {"type": 5}):
            answered = self.handler.check_auth([[DUMMY]], {"auth": bad}, "::1")
            self.error(answered, 400, "M_INVALID_PARAM")
        bad = {"type": PASSWORD_TYPE, "user": {}}
        self.error(self.reauthenticate(bad), 400, "M_INVALID_PARAM")
        self.error(self.reauthenticate({"type": "x"}), 400, "M_MISSING_PARAM")
        self.error(self.reauthenticate({"type": "x", "user": "a"}), 400, "M_UNKNOWN")

    def test_replaced_checker(self) -> None:
        """
        A host puts its own function in the place of a stage: it gets two
        arguments; the challenge says what it said; what it raises is merged.
        """
        seen: List[Any] = []
        self.assertIn("m.login.recaptcha", self.handler.checkers)

        def check(authdict: Any, clientip: str) -> Any:
            seen.append((authdict["response"], clientip))
            if authdict["response"] == "bad":
                raise hosts.LoginError(401, "no", "M_UNAUTHORIZED")
            return succeed(True)

        self.handler.checkers["m.login.recaptcha"] = check
        flows = [["m.login.recaptcha"]]
        asked = self.challenge(self.handler.check_auth(flows, {}, "::1"))
        self.assertEqual(
            {"m.login.recaptcha": {"public_key": "public"}}, asked["params"]
        )
        auth = {"session": asked["session"], "type": flows[0][0], "response": "bad"}
        refused = self.handler.check_auth(flows, {"auth": dict(auth)}, "::1")
        self.assertEqual("M_UNAUTHORIZED", self.challenge(refused)["errcode"])
        oob = self.handler.add_oob_auth
        self.assertIs(
            True, self.result(oob(flows[0][0], dict(auth, response="x"), "::2"))
        )
        self.assertEqual([("bad", "::1"), ("x", "::2")], seen)
        self.error(oob(flows[0][0], {}, "::1"), 400, "M_MISSING_PARAM")
        self.error(oob("unknown", auth, "::1"), 400, "M_MISSING_PARAM")

    def test_recaptcha(self) -> None:
        """
        The captcha's provider is asked through the host; its no is merged.
        """
        flows = [["m.login.recaptcha"]]
        auth = {"type": flows[0][0], "response": "r"}
        self.result(self.handler.check_auth(flows, {"auth": dict(auth)}, "1.2.3.4"))
        self.assertEqual("https://captcha.example/siteverify", self.hs.posted[0][0])
        self.assertEqual(
            {"secret": "private", "response": "r", "remoteip": "1.2.3.4"},
            self.hs.posted[0][1],
        )
        self.hs.captcha = {"success": False}
        refused = self.handler.check_auth(flows, {"auth": auth}, "1.2.3.4")
        self.assertEqual("M_UNAUTHORIZED", self.challenge(refused)["errcode"])

    def test_address_stages(self) -> None:
        """
        An address is proved through the identity handler; of the mail stage
        alone an error is raised.
        """
        flows = [[EMAIL], ["m.login.msisdn"]]
        proved = {"medium": "email", "address": "a@b.example", "validated_at": 5}
        self.hs.addresses["1"] = proved
        creds = {"sid": "1", "client_secret": "s"}
        auth = {"type": EMAIL, "threepid_creds": creds}
        result, _, _ = self.result(
            self.handler.check_auth(flows, {"auth": dict(auth)}, "::1")
        )
        self.assertEqual({EMAIL: dict(proved, threepid_creds=creds)}, result)
        auth["threepid_creds"] = {"sid": "2"}
        answered = self.handler.check_auth(flows, {"auth": dict(auth)}, "::1")
        self.error(answered, 401, "M_UNAUTHORIZED")
        auth["type"] = "m.login.msisdn"
        answered = self.handler.check_auth(flows, {"auth": dict(auth)}, "::1")
        self.assertEqual("M_UNAUTHORIZED", self.challenge(answered)["errcode"])

    def reset(self) -> Any:
        """
        @return: a Deferred of the stage by which a password is reset.
        """
        creds = {"sid": "1", "client_secret": "s"}
        auth = {"type": EMAIL, "threepid_creds": creds}
        return self.handler.check_auth(
            [[EMAIL]], {"auth": auth}, "::1", password_servlet=True
        )

    def test_password_resets(self) -> None:
        """
        A password is reset by what the host, or its identity server, has
        validated, as its settings say.
        """
        proved = {"medium": "email", "address": "a@b.example", "validated_at": 5}
        self.hs.store.validated["1"] = dict(proved, client_secret="s", sid="1")
        result, _, _ = self.result(self.reset())
        creds = {"sid": "1", "client_secret": "s"}
        self.assertEqual({EMAIL: dict(proved, threepid_creds=creds)}, result)
        self.assertEqual({}, self.hs.store.validated)
        self.error(self.reset(), 401, "M_UNAUTHORIZED")
        self.hs.config.email_password_reset_behaviour = "remote"
        self.hs.addresses["1"] = proved
        self.result(self.reset())
        self.hs.config.email_password_reset_behaviour = "off"
        self.error(self.reset(), 400, "M_UNKNOWN")

    def test_log_contexts(self) -> None:
        """
        Whatever the handler waits for, the host's log context is kept by its
        rule.
        """
        token = self.hs.auth.macaroons.login_token(ALICE, 60000)
        made: Any = self.result(self.handler.issue_access_token(ALICE))
        handler = self.handler
        calls: Dict[str, Callable[[], Any]] = {
            "login": self.log_in,
            "wrong": lambda: self.log_in(password="x"),
            "unknown": lambda: self.log_in("eve"),
            "hash": lambda: handler.hash("x"),
            "validate_hash": lambda: handler.validate_hash("x", hashed("x")),
            "exists": lambda: handler.check_user_exists(ALICE),
            "token": lambda: handler.get_access_token_for_user_id(ALICE),
            "login token": lambda: (
                handler.validate_short_term_login_token_and_get_user_id(token)
            ),
            "logout": lambda: handler.delete_access_token(made),
            "logout all": lambda: handler.delete_access_tokens_for_user(ALICE),
            "ui auth": lambda: self.reauthenticate(
                {"type": PASSWORD_TYPE, "user": "alice", "password": PASSWORD}
            ),
            "add": lambda: handler.add_threepid(ALICE, "email", "a", 5),
            "delete": lambda: handler.delete_threepid(ALICE, "email", "a"),
            "reset": self.reset,
        }
        for name, call in calls.items():
            broken = self.contexts.broken_by(call, self.until_done)
            self.assertEqual([], broken, name)

    def test_global_reactor(self) -> None:
        """
        Nothing is started on the reactor of the process.
        """
        before = set(global_reactor.getDelayedCalls())  # type: ignore[attr-defined]
        self.build()
        self.result(self.log_in())
        self.challenge(self.handler.check_auth([[DUMMY]], {}, "::1"))
        after = set(global_reactor.getDelayedCalls())  # type: ignore[attr-defined]
        for call in after - before:
            call.cancel()
        self.assertEqual(set(), after - before)
