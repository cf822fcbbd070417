"""
Tests of L{synauth.providers.callbacks}: what source 001 says, sentence by
sentence.
"""

from typing import Any, Dict, List

from twisted.internet.defer import Deferred, fail
from twisted.logger import globalLogPublisher
from zope.interface.verify import verifyObject

from synauth.errors import ConfigError, MatrixError
from synauth.interfaces import ICallbacks
from synauth.providers.callbacks import ModuleCallbacks
from synauth.providers.calling import CouldNotAsk
from tests.providers.asking import (
    ALICE,
    BOB,
    HOSTNAME,
    PASSWORD,
    CallbacksTestCase,
    answering,
    in_every_way,
)


class RegisterTests(CallbacksTestCase):
    """
    L{ModuleCallbacks.register} takes what can be asked, or nothing.
    """

    def assert_refused(self, *words: str, **callbacks: Any) -> None:
        """
        Module C{b} may not register these, is told why, and has no effect.
        """
        error = self.assertRaises(
            ConfigError, self.callbacks.register, "b", **callbacks
        )
        for word in ("b ", *words):
            self.assertIn(word, str(error))

    def test_interface(self) -> None:
        """
        It is what the others expect.
        """
        verifyObject(ICallbacks, self.callbacks)

    def test_login_types(self) -> None:
        """
        Login types are told in the order in which they came.
        """
        self.assertEqual(self.callbacks.login_types(), {})
        self.callbacks.register(
            "a", auth_checkers={("x", ("one",)): answering(1), PASSWORD: answering(1)}
        )
        self.callbacks.register("b", auth_checkers={("w", ()): answering(1)})
        types = self.callbacks.login_types()
        self.assertEqual(list(types), ["x", "m.login.password", "w"])
        self.assertEqual(types["m.login.password"], ("password",))
        types.clear()
        self.assertEqual(len(self.callbacks.login_types()), 3)

    def test_other_fields(self) -> None:
        """
        Two modules that want other fields for one login type can't both be
        loaded, whichever comes first; the message names both.
        """
        one, two = ("t", ("a",)), ("t", ("a", "b"))
        for first, second in ((one, two), (two, one)):
            self.setUp()
            self.callbacks.register("a", auth_checkers={first: self.saying("a")})
            self.assert_refused(
                "a wants", "t", repr(one[1]), auth_checkers={second: answering(1)}
            )
            self.assertEqual(self.callbacks.login_types(), dict([first]))

    def test_own_other_fields(self) -> None:
        """
        One module alone can't want both either.
        """
        self.assert_refused(
            auth_checkers={("t", ("a",)): answering(1), ("t", ("b",)): answering(1)}
        )
        self.assertEqual(self.callbacks.login_types(), {})

    def test_same_fields(self) -> None:
        """
        In which order fields are named makes no difference.
        """
        self.callbacks.register("a", auth_checkers={("t", ("x", "y")): answering(None)})
        self.callbacks.register(
            "b", auth_checkers={("t", ("y", "x")): answering(ALICE)}
        )
        self.assertEqual(self.callbacks.login_types(), {"t": ("x", "y")})
        answer = self.callbacks.check_auth("alice", "t", {"x": 1, "y": 2})
        self.assert_vouched(answer, ALICE)

    def test_no_callback(self) -> None:
        """
        What can't be called is refused, of each kind, and nothing that came
        with it is taken.
        """
        for kind in (
            "check_3pid_auth",
            "on_logged_out",
            "get_username_for_registration",
            "get_displayname_for_registration",
            "is_3pid_allowed",
        ):
            self.assert_refused(
                "can't be called",
                **{
                    "on_logged_out": self.saying("b"),
                    "auth_checkers": {PASSWORD: self.saying("b", ALICE)},
                    kind: "no",
                },
            )
        self.assert_refused(
            on_logged_out=self.saying("b"), auth_checkers={PASSWORD: "no"}
        )
        self.successResultOf(self.callbacks.on_logged_out(ALICE, None, "token"))
        self.assertIsNone(self.log_in())
        self.assertEqual(self.order(), [])

    def test_no_key(self) -> None:
        """
        Checkers stand under a login type and its fields, and under nothing
        else.
        """
        for key in (
            "m.login.password",
            ("m.login.password", "password"),
            ("m.login.password",),
            ("m.login.password", ("password",), 1),
            (1, ("password",)),
            ("m.login.password", (1,)),
            None,
        ):
            self.assert_refused(
                "(login type, (field, ...))", auth_checkers={key: answering(1)}
            )
        self.assert_refused("expected a dict", auth_checkers=[PASSWORD])


class CheckAuthTests(CallbacksTestCase):
    """
    C{auth_checkers}.
    """

    def register(self, name: str, answer: Any) -> None:
        """
        Register a module for passwords.
        """
        self.callbacks.register(
            name, auth_checkers={PASSWORD: self.saying(name, answer)}
        )

    def test_arguments(self) -> None:
        """
        A checker gets the user as typed, the login type, and of what the client
        sent only the fields that were asked for.
        """
        self.callbacks.register(
            "a", auth_checkers={("t", ("one", "two")): self.saying("a")}
        )
        sent = {"one": 1, "two": {"x": 2}, "three": 3, "user": "u"}
        self.successResultOf(self.callbacks.check_auth("Alice ", "t", sent))
        self.assertEqual(
            self.heard, [("a", "Alice ", "t", {"one": 1, "two": {"x": 2}})]
        )

    def test_missing(self) -> None:
        """
        Fields that are missing, or null, are named, and nobody is asked.
        """
        self.callbacks.register(
            "a", auth_checkers={("t", ("one", "two", "three")): self.saying("a")}
        )
        error = self.failureResultOf(
            self.callbacks.check_auth("alice", "t", {"two": 0, "three": None}),
            MatrixError,
        ).value
        self.assertEqual((error.code, error.errcode), (400, "M_MISSING_PARAM"))
        self.assertEqual(error.msg, "Missing parameters for t: one, three")
        self.assertEqual(self.order(), [])

    def test_nobody(self) -> None:
        """
        Of a login type that nobody has, nobody is asked.
        """
        self.register("a", ALICE)
        self.assertIsNone(
            self.successResultOf(self.callbacks.check_auth("alice", "t", {}))
        )
        self.assertEqual(self.order(), [])

    def test_order(self) -> None:
        """
        Modules are asked in order, until one answers.
        """
        self.register("a", None)
        self.register("b", (BOB, None))
        self.register("c", (ALICE, None))
        self.assert_in(BOB)
        self.assertEqual(self.order(), ["a", "b"])

    def test_all_say_no(self) -> None:
        """
        If all say no it is a no.
        """
        self.register("a", None)
        self.register("b", None)
        self.assertIsNone(self.log_in())
        self.assertEqual(self.order(), ["a", "b"])

    def test_every_way(self) -> None:
        """
        An answer can come in every way.
        """
        for answer in (ALICE, (ALICE, None)):
            for function in in_every_way(answer).values():
                self.setUp()
                self.callbacks.register("a", auth_checkers={PASSWORD: function})
                self.assert_in(ALICE)

    def test_callback(self) -> None:
        """
        The callback that came with the answer is handed on, not called.
        """
        callback = self.saying("callback")
        self.register("a", (ALICE, callback))
        self.assert_in(ALICE, callback)
        self.assertEqual(self.log_in().module, "a")
        self.assertEqual(self.order(), ["a", "a"])

    def test_passed_over(self) -> None:
        """
        One that fails, or answers what can't be an answer, is passed over.
        """
        for answer in (
            ValueError("broken"),
            SystemExit(1),
            True,
            ("@alice:example.org",),
            ("@alice:example.org", "callback"),
            "@alice:other.org",
            "alice",
            7,
        ):
            self.setUp()
            self.register("a", answer)
            self.register("b", (BOB, None))
            self.assert_in(BOB)
            self.assertEqual(self.order(), ["a", "b"])
            self.assertEqual(len(self.failures()), 1)
            self.assertEqual(self.caller.failures, {"a": 1})

    def test_too_slow(self) -> None:
        """
        One that takes too long is passed over.
        """
        self.callbacks.register("a", auth_checkers={PASSWORD: lambda *args: Deferred()})
        self.register("b", BOB)
        answer = self.callbacks.check_auth("u", PASSWORD[0], {"password": "p"})
        self.assertNoResult(answer)
        self.assertEqual(self.order(), [])
        self.clock.advance(10)
        self.assert_vouched(answer, BOB)
        self.failures()

    def test_unasked(self) -> None:
        """
        If nobody says yes and somebody could not be asked, that is no no.
        """
        self.register("a", None)
        self.register("b", ValueError("broken"))
        self.register("c", None)
        error = self.failureResultOf(
            self.callbacks.check_auth("u", PASSWORD[0], {"password": "p"}), CouldNotAsk
        ).value
        self.assertEqual(error.module, "b")
        self.assertEqual(self.order(), ["a", "b", "c"])
        self.failures()

    def test_own_spelling(self) -> None:
        """
        What comes out is the account's own id: exactly this one, or the only
        one that differs in upper and lower case.
        """
        for ids, expected in (
            ([ALICE], ALICE),
            (["@ALICE:example.org", "@Alice:example.org"], "@Alice:example.org"),
            (["@aLICE:example.org", "@alicE:example.org"], None),
        ):
            self.setUp()
            self.accounts.ids = ids
            self.register("a", ("@Alice:example.org", None))
            answer = self.log_in()
            self.assertEqual(answer and answer.user_id, expected)

    def test_no_account(self) -> None:
        """
        A user without an account is refused, whatever the others would say,
        and the log says what the module should have done.
        """
        logged: List[Dict[str, Any]] = []
        self.register("a", ("@nobody:example.org", None))
        self.register("b", (BOB, None))
        globalLogPublisher.addObserver(logged.append)
        self.addCleanup(globalLogPublisher.removeObserver, logged.append)
        self.assertIsNone(self.log_in())
        self.assertEqual(self.order(), ["a"])
        (event,) = [e for e in logged if e.get("module") == "a"]
        self.assertIn("register_user()", event["log_format"])
        self.assertEqual(event["user_id"], "@nobody:example.org")

    def test_database_down(self) -> None:
        """
        That accounts can't be looked up is no module's fault.
        """
        callbacks = ModuleCallbacks(
            HOSTNAME, self.caller, lambda user_id: fail(OSError("disk"))
        )
        callbacks.register("a", auth_checkers={PASSWORD: answering(ALICE)})
        self.failureResultOf(
            callbacks.check_auth("u", PASSWORD[0], {"password": "p"}), OSError
        )
        self.assertEqual(self.caller.failures, {})

    def test_meddling(self) -> None:
        """
        What one module does to what it was given, neither the next one nor
        anybody else gets to see.
        """

        def meddle(user: str, login_type: str, login_dict: Any) -> None:
            login_dict["deep"]["x"] = "changed"
            login_dict.clear()

        sent = {"deep": {"x": 1}}
        key = ("t", ("deep",))
        self.callbacks.register("a", auth_checkers={key: meddle})
        self.callbacks.register("b", auth_checkers={key: self.saying("b")})
        self.successResultOf(self.callbacks.check_auth("u", "t", sent))
        self.assertEqual(self.heard, [("b", "u", "t", {"deep": {"x": 1}})])
        self.assertEqual(sent, {"deep": {"x": 1}})

    def test_two_at_once(self) -> None:
        """
        Two logins at once don't get into each other's way.
        """
        waiting: Dict[str, "Deferred[Any]"] = {"alice": Deferred(), "bob": Deferred()}
        self.callbacks.register(
            "a", auth_checkers={PASSWORD: lambda user, *args: waiting[user]}
        )
        answers = {
            user: self.callbacks.check_auth(user, PASSWORD[0], {"password": "p"})
            for user in waiting
        }
        waiting["bob"].callback(BOB)
        self.assertNoResult(answers["alice"])
        self.assert_vouched(answers["bob"], BOB)
        waiting["alice"].callback(None)
        self.assertIsNone(self.successResultOf(answers["alice"]))
