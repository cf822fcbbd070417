"""
Tests of L{synauth.providers.callbacks}: the callbacks of source 001 that are not
C{auth_checkers}.
"""

from typing import Any

from twisted.internet.defer import Deferred

from synauth.providers.calling import CouldNotAsk
from tests.providers.asking import ALICE, BOB, CallbacksTestCase


class OtherCallbacksTests(CallbacksTestCase):
    """
    The callbacks that are about something else than logging in by name.
    """

    def register(self, kind: str, **answers: Any) -> None:
        """
        Register modules that answer this.
        """
        for name, answer in answers.items():
            self.callbacks.register(name, **{kind: self.saying(name, answer)})

    def test_check_3pid_auth(self) -> None:
        """
        The first answer is used, and nobody is asked after it.
        """
        self.register("check_3pid_auth", a=None, b=(ALICE, None), c=(BOB, None))
        answer = self.callbacks.check_3pid_auth("email", "a@example.com", "pass")
        self.assert_vouched(answer, ALICE)
        self.assertEqual(
            self.heard, [(name, "email", "a@example.com", "pass") for name in "ab"]
        )

    def test_check_3pid_auth_no(self) -> None:
        """
        If all say no, or there is nobody to ask, it is a no; if somebody could
        not be asked, it is not.
        """
        for answers in ({}, {"a": None, "b": None}):
            self.setUp()
            self.register("check_3pid_auth", **answers)
            answer = self.callbacks.check_3pid_auth("email", "a@example.com", "pass")
            self.assertIsNone(self.successResultOf(answer))
        self.register("check_3pid_auth", c=True)
        answer = self.callbacks.check_3pid_auth("email", "a@example.com", "pass")
        self.failureResultOf(answer, CouldNotAsk)
        self.failures()

    def test_on_logged_out(self) -> None:
        """
        All hear of a logout, one after the other, also after one failed, and
        what they say to it makes no difference.
        """
        self.register("on_logged_out", a=None, b=ValueError("broken"), c="no", d=None)
        done = self.callbacks.on_logged_out(ALICE, None, "token")
        self.assertIsNone(self.successResultOf(done))
        self.assertEqual(self.heard, [(name, ALICE, None, "token") for name in "abcd"])
        self.assertEqual(len(self.failures()), 1)

    def test_on_logged_out_waits(self) -> None:
        """
        The next one hears of it when the last one is done.
        """
        slow: "Deferred[None]" = Deferred()
        self.callbacks.register("a", on_logged_out=lambda *args: slow)
        self.register("on_logged_out", b=None)
        done = self.callbacks.on_logged_out(ALICE, "DEVICE", "token")
        self.assertNoResult(done)
        self.assertEqual(self.heard, [])
        slow.callback(None)
        self.successResultOf(done)
        self.assertEqual(self.heard, [("b", ALICE, "DEVICE", "token")])

    def test_names(self) -> None:
        """
        The first name counts; what is no text is passed over, with a line in
        the log.
        """
        for kind in (
            "get_username_for_registration",
            "get_displayname_for_registration",
        ):
            self.setUp()
            ask = getattr(self.callbacks, kind)
            self.assertIsNone(self.successResultOf(ask({}, {})))
            self.register(kind, a=None, b=7, c="carol", d="dave")
            uia_results = {"m.login.dummy": True}
            params = {"username": "x"}
            name = self.successResultOf(ask(uia_results, params))
            self.assertEqual(name, "carol")
            self.assertEqual(
                self.heard, [(module, uia_results, params) for module in "abc"]
            )
            self.assertEqual(self.caller.failures, {})

    def test_names_fail(self) -> None:
        """
        If a module fails, nothing is known of the name.
        """
        for kind in (
            "get_username_for_registration",
            "get_displayname_for_registration",
        ):
            self.setUp()
            self.register(kind, a=ValueError("broken"), b="bob")
            ask = getattr(self.callbacks, kind)
            self.failureResultOf(ask({}, {}), CouldNotAsk)
            self.assertEqual(self.order(), ["a"])
            self.failures()

    def test_names_meddling(self) -> None:
        """
        Each module gets the results and the parameters as they came.
        """

        def meddle(uia_results: Any, params: Any) -> None:
            uia_results["m.login.email.identity"]["address"] = "x"
            params.clear()

        self.callbacks.register("a", get_username_for_registration=meddle)
        self.register("get_username_for_registration", b="bob")
        uia_results = {"m.login.email.identity": {"address": "a@example.com"}}
        self.successResultOf(
            self.callbacks.get_username_for_registration(uia_results, {"username": "x"})
        )
        self.assertEqual(
            self.heard,
            [
                (
                    "b",
                    {"m.login.email.identity": {"address": "a@example.com"}},
                    {"username": "x"},
                )
            ],
        )

    def test_is_3pid_allowed(self) -> None:
        """
        All have to allow an address: the first that does not say C{True} ends
        the asking.
        """
        for answers, allowed, asked in (
            ({}, True, []),
            ({"a": True, "b": True}, True, ["a", "b"]),
            ({"a": True, "b": False, "c": True}, False, ["a", "b"]),
            ({"a": None, "b": True}, False, ["a"]),
            ({"a": 1, "b": True}, False, ["a"]),
            ({"a": "yes"}, False, ["a"]),
        ):
            self.setUp()
            self.register("is_3pid_allowed", **answers)
            answer = self.callbacks.is_3pid_allowed("email", "a@example.com", False)
            self.assertIs(self.successResultOf(answer), allowed)
            self.assertEqual(
                self.heard, [(name, "email", "a@example.com", False) for name in asked]
            )

    def test_is_3pid_allowed_fails(self) -> None:
        """
        If a module fails, nothing is allowed.
        """
        self.register("is_3pid_allowed", a=True, b=ValueError("broken"), c=True)
        answer = self.callbacks.is_3pid_allowed("msisdn", "491234", True)
        self.failureResultOf(answer, CouldNotAsk)
        self.assertEqual(self.order(), ["a", "b"])
        self.failures()
