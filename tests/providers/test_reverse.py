"""
Tests of L{synauth.providers.reverse}.
"""

import sys
from types import ModuleType
from typing import Any, Dict, List, Tuple

from twisted.internet.defer import Deferred, inlineCallbacks, succeed
from twisted.logger import globalLogPublisher
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import providedBy
from zope.interface.verify import verifyObject

from synauth import CallbackModuleProvider
from synauth.errors import ConfigError
from synauth.interfaces import IChecks3pidAuth, IChecksAuth, IHearsOfLogouts
from synauth.providers.calling import ModuleFailure
from synauth.providers.reverse import _reactor_of
from tests.providers.asking import ALICE, BOB, PASSWORD, answering
from tests.providers.hosting import AccountHandler, LaterAccountHandler
from tests.providers.modulehosts import forget_synapse

METHODS = (
    "check_password",
    "check_auth",
    "get_supported_login_types",
    "check_3pid_auth",
    "on_logged_out",
    "get_db_schema_files",
)


class Module:
    """
    A module that registers what it is told to, one dict after the other.
    """

    def __init__(self, config: Any, api: Any) -> None:
        self.api = api
        for callbacks in config:
            api.register_password_auth_provider_callbacks(**callbacks)


class ReverseTestCase(SynchronousTestCase):
    """
    A module is wrapped for an old homeserver.
    """

    def setUp(self) -> None:
        """
        There is a homeserver.
        """
        self.host = AccountHandler()
        self.logged: List[Dict[str, Any]] = []
        globalLogPublisher.addObserver(self.logged.append)
        self.addCleanup(globalLogPublisher.removeObserver, self.logged.append)

    def wrap(self, *registered: Dict[str, Any], **options: Any) -> Any:
        """
        @return: the provider.
        """
        config = dict(options, module=__name__ + ".Module", config=list(registered))
        return CallbackModuleProvider(
            config=CallbackModuleProvider.parse_config(config),
            account_handler=self.host,
        )

    def check(self, answer: Any) -> Any:
        """
        @return: what the host is told when the module answers this.
        """
        provider = self.wrap({"auth_checkers": {PASSWORD: answering(answer)}})
        asked = provider.check_auth("alice", PASSWORD[0], {"password": "p"})
        self.assertIsInstance(asked, Deferred)
        return self.successResultOf(asked)


class MethodsTests(ReverseTestCase):
    """
    Which methods a wrapped module has.
    """

    def test_each(self) -> None:
        """
        It has those that its callbacks amount to, and no others.
        """
        for callbacks, interface, methods in (
            (
                {"auth_checkers": {PASSWORD: answering(None)}},
                IChecksAuth,
                {"check_auth", "get_supported_login_types"},
            ),
            (
                {"check_3pid_auth": answering(None)},
                IChecks3pidAuth,
                {"check_3pid_auth"},
            ),
            ({"on_logged_out": answering(None)}, IHearsOfLogouts, {"on_logged_out"}),
            ({"auth_checkers": {}, "on_logged_out": None}, None, set()),
            ({"is_3pid_allowed": answering(True)}, None, set()),
        ):
            provider = self.wrap(callbacks)
            self.assertEqual({m for m in METHODS if hasattr(provider, m)}, methods)
            found = [interface] if interface else []
            self.assertEqual(list(providedBy(provider)), found)
            for each in found:
                verifyObject(each, provider)

    def test_several(self) -> None:
        """
        What a module registers bit by bit is there as a whole.
        """
        provider = self.wrap(
            {"auth_checkers": {("t", ("a",)): answering(None)}},
            {"on_logged_out": answering(None)},
            {"auth_checkers": {("t", ("a",)): answering(BOB)}},
        )
        self.assertEqual(provider.get_supported_login_types(), {"t": ("a",)})
        asked = provider.check_auth("bob", "t", {"a": 1})
        self.assertEqual(self.successResultOf(asked), BOB)
        self.assertTrue(hasattr(provider, "on_logged_out"))

    def test_never_called(self) -> None:
        """
        What an old homeserver never asks is named in one warning.
        """
        self.wrap(
            {"get_username_for_registration": answering(None)},
            {"is_3pid_allowed": answering(True), "on_logged_out": answering(None)},
        )
        (event,) = self.logged
        self.assertEqual(
            event["callbacks"], "get_username_for_registration, is_3pid_allowed"
        )
        self.assertEqual(event["module"], __name__ + ".Module")

    def test_refused(self) -> None:
        """
        A time limit that is none is refused, and so is a module that does not
        load.
        """
        for timeout in (0, -1, "10", True, float("inf"), float("nan")):
            error = self.assertRaises(ConfigError, self.wrap, timeout=timeout)
            self.assertIn("config.timeout", str(error))
        error = self.assertRaises(ConfigError, self.wrap, {"on_logged_out": "no"})
        self.assertIn(__name__ + ".Module: cannot be made", str(error))
        error = self.assertRaises(
            ConfigError, CallbackModuleProvider.parse_config, {"module": "x"}
        )
        self.assertIn("synauth.CallbackModuleProvider: config.module", str(error))


class AnswersTests(ReverseTestCase):
    """
    What the homeserver is told.
    """

    def test_arguments(self) -> None:
        """
        Checkers get what they would get from a homeserver of today.
        """
        heard: List[Tuple[Any, ...]] = []

        async def hear(*args: Any) -> None:
            heard.append(args)

        provider = self.wrap(
            {"auth_checkers": {PASSWORD: hear}},
            {"check_3pid_auth": hear, "on_logged_out": hear},
        )
        provider.check_auth("alice", PASSWORD[0], {"password": "p"})
        provider.check_3pid_auth("email", "a@example.com", "p")
        done = provider.on_logged_out(
            user_id=ALICE, device_id=None, access_token="token"
        )
        self.assertIsNone(self.successResultOf(done))
        self.assertEqual(
            heard,
            [
                ("alice", PASSWORD[0], {"password": "p"}),
                ("email", "a@example.com", "p"),
                (ALICE, None, "token"),
            ],
        )

    def test_answers(self) -> None:
        """
        An answer has the form of source 002, and names the account's own id.
        """
        for answer, expected in (
            (None, None),
            (ALICE, ALICE),
            (("@ALICE:example.org", None), ALICE),
            (succeed((BOB, None)), BOB),
            ("@nobody:example.org", None),
        ):
            self.assertEqual(self.check(answer), expected)

    def test_failures(self) -> None:
        """
        A module that fails is a no, and a line in the log.
        """
        for answer in (ValueError("x"), True, "@alice:other.org", ("a", "b", "c")):
            self.assertIsNone(self.check(answer))
            self.assertEqual(len(self.flushLoggedErrors(ModuleFailure)), 1)

    def test_null(self) -> None:
        """
        A field that is null is a no: the homeserver only looks whether it is
        there.
        """
        checkers = {("t", ("word",)): answering(ALICE)}
        provider = self.wrap({"auth_checkers": checkers})
        asked = provider.check_auth("alice", "t", {"word": None})
        self.assertIsNone(self.successResultOf(asked))

    def test_host_fails(self) -> None:
        """
        What the homeserver says itself, about too many attempts, is handed
        back to it.
        """

        class LimitExceeded(Exception):
            """
            The homeserver's own.
            """

        self.host.check_user_exists = answering(LimitExceeded())  # type: ignore
        provider = self.wrap({"check_3pid_auth": answering(ALICE)})
        self.failureResultOf(
            provider.check_3pid_auth("email", "a@example.com", "p"), LimitExceeded
        )

    def test_too_slow(self) -> None:
        """
        A module has ten seconds, or as many as it is given, on the
        homeserver's clock.
        """
        for options, seconds in (({}, 10), ({"timeout": 0.5}, 0.5)):
            for self.host in (AccountHandler(), LaterAccountHandler()):
                provider = self.wrap(
                    {"check_3pid_auth": lambda *args: Deferred()}, **options
                )
                asked = provider.check_3pid_auth("email", "a@example.com", "p")
                hs = vars(self.host).get("hs") or vars(self.host)["_hs"]
                hs.clock.advance(seconds - 0.1)
                self.assertNoResult(asked)
                hs.clock.advance(0.1)
                self.assertIsNone(self.successResultOf(asked))
        self.assertEqual(len(self.flushLoggedErrors(ModuleFailure)), 4)

    def test_reactor(self) -> None:
        """
        The time is the reactor's where the homeserver does not say.
        """
        from twisted.internet import reactor

        self.assertIs(_reactor_of(self.host), self.host.hs.clock)
        self.assertIs(_reactor_of(object()), reactor)

    def test_callback(self) -> None:
        """
        The callback, though a coroutine, can be yielded; what it adds to the
        answer is there.
        """

        async def add(response: Dict[str, Any]) -> str:
            response["added"] = await succeed(1)
            return "ignored"

        @inlineCallbacks
        def login(callback: Any) -> Any:
            response = {"user_id": ALICE}
            done = yield callback(response)
            self.assertIsNone(done)
            return response

        user_id, callback = self.check((ALICE, add))
        self.assertEqual(user_id, ALICE)
        self.assertEqual(
            self.successResultOf(login(callback)), {"user_id": ALICE, "added": 1}
        )

    def test_callback_fails(self) -> None:
        """
        A callback that fails does not undo the login.
        """
        user_id, callback = self.check((ALICE, answering(ValueError("broken"))))
        self.assertIsNone(self.successResultOf(callback({"access_token": "t"})))
        (failure,) = self.flushLoggedErrors(ModuleFailure)
        self.assertEqual(failure.getErrorMessage(), "ValueError: broken")

    def test_api(self) -> None:
        """
        The module can ask the homeserver, and make accounts.
        """
        provider = self.wrap()
        self.successResultOf(provider.module.api.register_user("carol"))
        self.assertIn("@carol:example.org", self.host.accounts.ids)


class LogContextTests(ReverseTestCase):
    """
    Where Synapse keeps log contexts, they are kept.
    """

    def test_contexts(self) -> None:
        """
        All calls go through Synapse's own functions, by their older and their
        newer name.
        """
        for name in ("synapse.util.logcontext", "synapse.logging.context"):
            calls: List[str] = []
            contexts: Any = ModuleType(name)
            # Another test may have left the names that the daemon provides.
            forget_synapse()

            def run_in_background(
                function: Any, *args: Any, calls: List[str] = calls
            ) -> Any:
                calls.append("run_in_background")
                return function(*args)

            def make_deferred_yieldable(deferred: Any, calls: List[str] = calls) -> Any:
                calls.append("make_deferred_yieldable")
                return deferred

            contexts.run_in_background = run_in_background
            contexts.make_deferred_yieldable = make_deferred_yieldable
            self.addCleanup(sys.modules.pop, name, None)
            sys.modules[name] = contexts
            provider = self.wrap(
                {
                    "check_3pid_auth": answering((ALICE, answering(None))),
                    "on_logged_out": answering(None),
                }
            )
            asked = provider.check_3pid_auth("email", "a@example.com", "p")
            _, callback = self.successResultOf(asked)
            callback({})
            provider.on_logged_out(user_id=ALICE, device_id=None, access_token="t")
            # Three methods, and the module behind each of two.
            self.assertEqual(calls.count("run_in_background"), 5)
            self.assertEqual(calls.count("make_deferred_yieldable"), 5)
