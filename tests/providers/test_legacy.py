"""
Tests of L{synauth.providers.legacy}: what source 002 says, sentence by
sentence.
"""

import inspect
from typing import Any, Dict, List

from twisted.internet.defer import Deferred, succeed
from twisted.logger import globalLogPublisher

from synauth.awaiting import awaiting
from synauth.errors import ConfigError, MatrixError
from synauth.providers.legacy import legacy_callbacks, register_legacy
from synauth.providers.results import BadAnswer
from tests.providers.asking import (
    ALICE,
    BOB,
    HOSTNAME,
    PASSWORD,
    answering,
    in_every_way,
)
from tests.providers.providing import LegacyTestCase


class CallbacksTests(LegacyTestCase):
    """
    L{legacy_callbacks}: which callbacks a provider amounts to.
    """

    def test_each(self) -> None:
        """
        Each ability is a callback, and no other callback is there.
        """
        types = {"t": ["a", "b"]}
        for methods, expected in (
            ({"check_password": True}, [PASSWORD]),
            ({"check_auth": None, "types": types}, [("t", ("a", "b"))]),
            ({"check_auth": None}, None),
            ({"types": types}, None),
            ({"check_auth": None, "types": {}}, None),
        ):
            callbacks = self.callbacks_of(**methods)
            self.assertEqual(list(callbacks.get("auth_checkers", ())), expected or [])
            self.assertEqual(set(callbacks), {"auth_checkers"} if expected else set())
        self.assertEqual(
            set(self.callbacks_of(check_3pid_auth=None)), {"check_3pid_auth"}
        )
        self.assertEqual(set(self.callbacks_of(on_logged_out=None)), {"on_logged_out"})

    def test_coroutines(self) -> None:
        """
        All are coroutine functions, as homeservers of today want them.
        """
        callbacks = self.callbacks_of(
            check_password=True, check_3pid_auth=None, on_logged_out=None
        )
        for callback in (
            callbacks["auth_checkers"][PASSWORD],
            callbacks["check_3pid_auth"],
            callbacks["on_logged_out"],
        ):
            self.assertTrue(inspect.iscoroutinefunction(callback))

    def test_answers(self) -> None:
        """
        Each answer has the form that source 001 gives it.
        """
        callback = self.hearing("callback")
        for answer, expected in (
            (ALICE, (ALICE, None)),
            ((ALICE, callback), (ALICE, callback)),
            ((ALICE, None), (ALICE, None)),
            (None, None),
            (False, None),
            ("", None),
            ((), None),
        ):
            asked = self.callbacks_of(check_auth=answer, types={"t": ()})
            check = asked["auth_checkers"]["t", ()]
            self.assertEqual(
                self.successResultOf(awaiting(check, "alice", "t", {})), expected
            )
            check = self.callbacks_of(check_3pid_auth=answer)["check_3pid_auth"]
            self.assertEqual(
                self.successResultOf(awaiting(check, "email", "a@b", "p")), expected
            )

    def test_bad_answers(self) -> None:
        """
        What can't be an answer is a failure, in whichever homeserver it is.
        """
        for answer in (True, 1, (ALICE,), "@alice:other.org", "alice", (None, 1)):
            check = self.callbacks_of(check_3pid_auth=answer)["check_3pid_auth"]
            self.failureResultOf(awaiting(check, "email", "a@b", "p"), BadAnswer)

    def test_asked_once(self) -> None:
        """
        A provider says only once which login types it has.
        """
        register_legacy(
            self.callbacks,
            self.provider(types={"t": ("a",)}, check_auth=ALICE),
            HOSTNAME,
        )
        self.ask("t", a=1)
        self.ask("t", a=1)
        self.assertEqual([call[0] for call in self.heard].count("types"), 1)

    def test_bad_types(self) -> None:
        """
        Login types that are none are refused, naming the provider.
        """
        for types in (None, ["t"], {"t": None}, {"t": (1,)}, {1: ("a",)}, Deferred()):
            provider = self.provider(check_auth=None)
            provider.get_supported_login_types = answering(types)
            error = self.assertRaises(
                ConfigError, legacy_callbacks, "my.Provider", provider, str, HOSTNAME
            )
            self.assertIn("my.Provider: get_supported_login_types", str(error))
        provider.get_supported_login_types = answering(ValueError("why"))
        error = self.assertRaises(
            ConfigError, legacy_callbacks, "my.Provider", provider, str, HOSTNAME
        )
        self.assertIn("ValueError: why", str(error))

    def test_one_field(self) -> None:
        """
        A single field need not stand in a tuple.
        """
        callbacks = self.callbacks_of(check_auth=None, types={"t": "secret"})
        self.assertEqual(list(callbacks["auth_checkers"]), [("t", ("secret",))])

    def test_nothing(self) -> None:
        """
        A provider that can do nothing is warned of.
        """
        logged: List[Dict[str, Any]] = []
        globalLogPublisher.addObserver(logged.append)
        self.addCleanup(globalLogPublisher.removeObserver, logged.append)
        self.assertEqual(self.callbacks_of(), {})
        self.assertEqual([event["module"] for event in logged], ["p"])

    def test_name(self) -> None:
        """
        A provider is known by the full name of its class.
        """
        self.register(check_password=ValueError("broken"))
        self.failureResultOf(
            self.callbacks.check_auth("alice", PASSWORD[0], {"password": "p"})
        )
        self.failures()
        self.assertEqual(
            list(self.caller.failures), ["tests.providers.providing.Provider"]
        )


class CheckPasswordTests(LegacyTestCase):
    """
    C{check_password}.
    """

    def test_arguments(self) -> None:
        """
        It gets the full id of what was typed, and the password.
        """
        self.register(check_password=False)
        for typed, expected in (
            ("alice", ALICE),
            ("Alice", "@Alice:example.org"),
            (ALICE, ALICE),
            ("@alice:other.org", "@alice:other.org"),
        ):
            self.heard = []
            self.assertIsNone(self.log_in(typed, "p\u00e4ss\0"))
            self.assertEqual(self.heard, [("check_password", expected, "p\u00e4ss\0")])

    def test_answers(self) -> None:
        """
        C{True}, however it comes, is a yes; C{False} and C{None} are a no.
        """
        for answer in (True, False, None):
            for function in in_every_way(answer).values():
                self.setUp()
                self.register(check_password=function)
                if answer:
                    self.assert_in(ALICE)
                else:
                    self.assertIsNone(self.log_in())

    def test_foreign(self) -> None:
        """
        A yes about a user of another server lets nobody in.
        """
        self.register(check_password=True)
        self.failureResultOf(
            self.callbacks.check_auth(
                "@alice:other.org", PASSWORD[0], {"password": "p"}
            )
        )
        self.assertEqual(self.failures(), ["BadAnswer: a user id of another server"])

    def test_empty(self) -> None:
        """
        An empty password is a no without asking, in any homeserver.
        """
        self.register(
            check_password=True,
            check_auth=ALICE,
            types=dict([PASSWORD]),
            check_3pid_auth=ALICE,
        )
        self.assertIsNone(self.log_in(password=""))
        answer = self.callbacks.check_3pid_auth("email", "a@example.com", "")
        self.assertIsNone(self.successResultOf(answer))
        self.assertEqual(self.heard, [])


class CheckAuthTests(LegacyTestCase):
    """
    C{get_supported_login_types} and C{check_auth}.
    """

    def test_arguments(self) -> None:
        """
        It gets the user as typed, the login type and the fields that it named.
        """
        self.register(check_auth=ALICE, types={"t": ("a", "b"), "u": ()})
        self.assertEqual(self.ask("t", a=1, b=2, c=3), ALICE)
        self.assertEqual(self.ask("u", a=1), ALICE)
        self.assertEqual(
            self.heard,
            [
                ("check_auth", "alice", "t", {"a": 1, "b": 2}),
                ("check_auth", "alice", "u", {}),
            ],
        )

    def test_after_check_password(self) -> None:
        """
        Of a password, C{check_password} is asked first; if that says yes it is
        the only one.
        """
        for yes, order in (
            (True, ["check_password"]),
            (False, ["check_password", "check_auth"]),
        ):
            self.setUp()
            self.register(check_password=yes, check_auth=BOB, types=dict([PASSWORD]))
            self.assert_in(ALICE if yes else BOB)
            self.assertEqual([call[0] for call in self.heard], order)

    def test_other_types(self) -> None:
        """
        C{check_password} is asked for nothing but passwords, and C{check_auth}
        for nothing but its own types.
        """
        self.register(check_password=False, check_auth=ALICE, types={"t": ("a",)})
        self.assertEqual(self.ask("t", a=1, password="p"), ALICE)
        self.assertIsNone(self.log_in())
        self.assertEqual(
            [call[0] for call in self.heard], ["check_auth", "check_password"]
        )

    def test_other_fields(self) -> None:
        """
        A provider can want more than the password in C{check_auth}, or
        something else, and have C{check_password} besides.
        """
        for fields in (("password", "otp"), ("otp",)):
            self.setUp()
            self.register(
                check_password=False,
                check_auth=ALICE,
                types={"m.login.password": fields},
            )
            self.assertEqual(
                self.callbacks.login_types(), {"m.login.password": ("password", "otp")}
            )
            self.assertEqual(self.ask(PASSWORD[0], password="p", otp="1"), ALICE)
            given = {"password": "p", "otp": "1"}
            self.assertEqual(
                self.heard,
                [
                    ("check_password", ALICE, "p"),
                    (
                        "check_auth",
                        "alice",
                        PASSWORD[0],
                        {field: given[field] for field in fields},
                    ),
                ],
            )
            self.failureResultOf(
                self.callbacks.check_auth("alice", PASSWORD[0], {"password": "p"}),
                MatrixError,
            )

    def test_failure(self) -> None:
        """
        If C{check_password} fails the provider has failed.
        """
        self.register(
            check_password=OSError("down"), check_auth=ALICE, types=dict([PASSWORD])
        )
        self.register(check_password=True)
        self.assert_in(ALICE)
        self.assertEqual(self.failures(), ["OSError: down"])
        self.assertEqual(
            [call[0] for call in self.heard], ["check_password", "check_password"]
        )

    def test_callback(self) -> None:
        """
        The function of a pair is handed on.
        """
        callback = self.hearing("callback")
        self.register(check_auth=(ALICE, callback), types=dict([PASSWORD]))
        self.assert_in(ALICE, callback)


class OtherMethodsTests(LegacyTestCase):
    """
    C{check_3pid_auth} and C{on_logged_out}.
    """

    def test_check_3pid_auth(self) -> None:
        """
        It gets the medium, the address and the password.
        """
        self.register(check_3pid_auth=succeed(ALICE))
        answer = self.callbacks.check_3pid_auth("email", "a@example.com", "p")
        self.assert_vouched(answer, ALICE)
        self.assertEqual(
            self.heard, [("check_3pid_auth", "email", "a@example.com", "p")]
        )

    def test_on_logged_out(self) -> None:
        """
        It is told by keyword, and waited for.
        """
        slow: "Deferred[str]" = Deferred()
        self.register(on_logged_out=self.hearing("on_logged_out", slow))
        done = self.callbacks.on_logged_out(ALICE, "DEVICE", "token")
        self.assertNoResult(done)
        slow.callback("ignored")
        self.assertIsNone(self.successResultOf(done))
        told = {"user_id": ALICE, "device_id": "DEVICE", "access_token": "token"}
        self.assertEqual(self.heard, [("on_logged_out", (), told)])
