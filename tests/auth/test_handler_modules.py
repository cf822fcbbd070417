"""
L{AuthHandler} and the modules.
"""

from typing import Any, Dict, List

from twisted.internet.defer import Deferred
from zope.interface import implementer
from zope.interface.verify import verifyObject

from synauth.auth.handler import AuthHandler
from synauth.auth.settings import HandlerOptions, RateLimit
from synauth.errors import ConfigError, LimitExceededError, LoginError, MatrixError
from synauth.interfaces import IAuditLog, IAuthenticator, ICallbacks
from synauth.providers.calling import ModuleFailure
from synauth.storage.records import EndedToken
from synauth.testing.hosts import STYLES, in_style
from synauth.testing.passwords import ALICE, PASSWORD, InlineHashPool
from tests.auth.test_handler import DUMMY, HandlerTestCase

PIN = "org.example.pin"


@implementer(IAuditLog)
class Records:
    """
    An audit log in a list.
    """

    def __init__(self) -> None:
        self.records: List[Dict[str, Any]] = []

    def record(
        self,
        success: bool,
        method: str,
        reason: Any,
        user_id: Any,
        address: str,
        user_agent: Any,
        device_id: Any,
        actor: Any = None,
    ) -> None:
        """
        See L{IAuditLog.record}.
        """
        self.records.append({"method": method, "reason": reason, "success": success})


class Directory:
    """
    A legacy provider with everything.

    @cvar answer: what C{check_password} gives.
    @ivar asked: the arguments of each call.
    """

    answer: Any = False

    def __init__(self, config: Any, account_handler: Any) -> None:
        self.style = config
        self.asked: List[Any] = []

    def check_password(self, user_id: str, password: str) -> Any:
        """
        See L{IChecksPassword.check_password}.
        """
        self.asked.append((user_id, password))
        return self.answer

    def get_supported_login_types(self) -> Any:
        """
        See L{IChecksAuth.get_supported_login_types}.
        """
        return {PIN: ["pin"]}

    def check_auth(self, username: str, login_type: str, login_dict: Any) -> Any:
        """
        See L{IChecksAuth.check_auth}.
        """
        self.asked.append((username, login_type, login_dict))
        right = login_dict["pin"] == "1234"
        return in_style(self.style, lambda: ALICE if right else None)


class ModulesTests(HandlerTestCase):
    """
    What the handler makes of modules.
    """

    def with_directory(self, style: str = "plain", **options: Any) -> Directory:
        """
        Make a handler with a provider.

        @return: the provider.
        """
        self.make(
            password_providers=[(Directory, style)],
            handler_options=HandlerOptions(**options),
        )
        provider: Directory = self.handler.password_providers[0]
        return provider

    def check_auth(self, **auth: Any) -> Any:
        """
        @return: a Deferred of what a stage comes to.
        """
        return self.handler.check_auth([[auth["type"]]], {"auth": auth}, "ip")

    def test_interfaces(self) -> None:
        """
        The parts that a host may use provide what they say.
        """
        verifyObject(IAuthenticator, self.handler.authenticator)
        verifyObject(ICallbacks, self.handler.callbacks)

    def test_stage(self) -> None:
        """
        A provider's login type is a stage, in whatever style it answers.
        """
        for style in STYLES:
            provider = self.with_directory(style)
            self.assertIn(PIN, self.handler.checkers)
            authed, answer, _, session_id = self.successResultOf(
                self.check_auth(type=PIN, user="alice", pin="0")
            )
            self.assertEqual(
                (authed, answer["errcode"], answer["error"], answer["flows"]),
                (False, "M_FORBIDDEN", "Invalid password", [{"stages": [PIN]}]),
            )
            authed, creds, _, same = self.successResultOf(
                self.check_auth(
                    type=PIN, user="alice", pin="1234", session=session_id, more="x"
                )
            )
            self.assertEqual((authed, creds, same), (True, {PIN: ALICE}, session_id))
            self.assertEqual(
                provider.asked,
                [("alice", PIN, {"pin": "0"}), ("alice", PIN, {"pin": "1234"})],
            )

    def test_missing_field(self) -> None:
        """
        A field that is missing is named.
        """
        provider = self.with_directory()
        code, errcode, message = self.refused(self.check_auth(type=PIN, user="alice"))
        self.assertEqual((code, errcode), (400, "M_MISSING_PARAM"))
        self.assertIn("pin", message)
        self.assertEqual(provider.asked, [])

    def test_offered_later(self) -> None:
        """
        A module that registers after the handler was made is offered as soon as
        that is asked for; what a host, or the handler, has put there stays.
        """

        def vouch(user: str, login_type: str, fields: Any) -> Any:
            return ALICE, None

        def hosts_own(authdict: Any, clientip: str) -> Any:
            return "mine"

        self.handler.checkers["org.example.host"] = hosts_own
        types = (PIN, "org.example.host", "m.login.recaptcha", DUMMY)
        self.handler.callbacks.register(
            "module", {(type, ("x",)): vouch for type in types}
        )
        self.assertNotIn(PIN, self.handler.checkers)
        self.handler.offer_login_types()
        proved = []
        for type in types:
            authdict = {"user": "alice", "x": 1, "response": "solved"}
            checked = self.handler.checkers[type](authdict, "ip")
            proved.append(self.successResultOf(checked))
        self.assertEqual(proved, [ALICE, "mine", True, True])
        stage = self.handler.interactive.stages[PIN]
        self.handler.offer_login_types()
        self.assertIs(self.handler.interactive.stages[PIN], stage)

    def test_could_not_ask(self) -> None:
        """
        A module that fails is recorded by its name, is not counted against the
        user, and the client learns nothing of it.
        """
        self.with_directory(failed_attempts=RateLimit(0.1, 2))
        audit = Records()
        verifyObject(IAuditLog, audit)
        self.handler = AuthHandler(self.hs, InlineHashPool(), audit)
        self.handler.password_providers[0].answer = 5
        for _ in range(5):
            error = self.failureResultOf(
                self.handler.validate_password_login(ALICE, "x"), LoginError
            ).value
            self.assertEqual(
                (error.code, error.error_dict(), error.reason),
                (
                    403,
                    {"errcode": "M_FORBIDDEN", "error": "Invalid password"},
                    "could_not_ask",
                ),
            )
            checked = self.check_auth(
                type="m.login.password", user="alice", password="x"
            )
            authed, answer, _, _ = self.successResultOf(checked)
            self.assertEqual(
                (authed, answer["errcode"], answer["error"]),
                (False, "M_FORBIDDEN", "Invalid password"),
            )
        name = "tests.auth.test_handler_modules.Directory"
        record = {"method": name, "reason": "could_not_ask", "success": False}
        self.assertEqual(audit.records, [record] * 10)
        self.assertEqual(self.handler.caller.failures, {name: 10})
        login = self.handler.validate_password_login(ALICE, PASSWORD)
        self.assertEqual(self.successResultOf(login), ALICE)
        self.flushLoggedErrors(ModuleFailure)

    def test_login_types_share_a_limit(self) -> None:
        """
        Mistakes about one account count together, by whichever type they are.
        """
        self.with_directory(failed_attempts=RateLimit(0.1, 2))
        self.successResultOf(self.check_auth(type=PIN, user="alice", pin="0"))
        self.refused(self.handler.validate_password_login(ALICE, "x"), LoginError)
        for waiting in (
            self.check_auth(type=PIN, user="alice", pin="1234"),
            self.handler.validate_password_login(ALICE, PASSWORD),
        ):
            self.refused(waiting, LimitExceededError)

    def test_time_limits(self) -> None:
        """
        How long modules may take can be set, for all and for single ones.
        """
        name = "tests.auth.test_handler_modules.Directory"
        for seconds, options in (
            (10.0, {}),
            (3.0, {"module_timeout": 3.0}),
            (5.0, {"module_timeout": 3.0, "module_timeouts": {name: 5.0}}),
        ):
            self.with_directory(**options).answer = Deferred()
            login = self.handler.validate_password_login(ALICE, PASSWORD)
            self.hs.reactor.advance(seconds - 0.1)
            self.assertNoResult(login)
            self.hs.reactor.advance(0.1)
            self.assertEqual(self.successResultOf(login), ALICE)
        self.flushLoggedErrors(ModuleFailure)

    def test_no_user_id(self) -> None:
        """
        What is no user id is a client's mistake in a stage, and nobody's login
        elsewhere; it reaches no provider.
        """
        provider = self.with_directory()
        provider.answer = True
        for user in ("", "@", "@alice", "a\0", "\ud800", "a" * 256):
            waiting = self.check_auth(
                type="m.login.password", user=user, password=PASSWORD
            )
            self.assertEqual(self.refused(waiting)[:2], (400, "M_INVALID_PARAM"))
            waiting = self.handler.validate_password_login(user, PASSWORD)
            self.refused(waiting, LoginError)
        self.assertEqual(provider.asked, [])

    def test_no_text(self) -> None:
        """
        Nor does a password that is no text.
        """
        provider = self.with_directory()
        for password in (None, 5, "\ud800"):
            waiting = self.handler.validate_password_login(ALICE, password)
            self.assertEqual(
                self.refused(waiting, MatrixError)[:2], (400, "M_INVALID_PARAM")
            )
        self.assertEqual(provider.asked, [])

    def test_logged_out_by_a_new_password(self) -> None:
        """
        Modules hear of each token that a new password ends, in whatever style
        the store tells; one that fails does not undo the change.
        """
        ended = [
            EndedToken(ALICE, "PHONE", 1, "one"),
            EndedToken(ALICE, None, 2, "two"),
        ]
        for style in STYLES:
            self.assertEqual(
                self.told_of_a_new_password(style, ended),
                [(ALICE, "PHONE", "one"), (ALICE, None, "two")],
            )
            self.assertEqual(self.hs.pushers.removed, [(ALICE, None)])
            self.assertEqual(len(self.flushLoggedErrors(ModuleFailure)), 2)

    def told_of_a_new_password(self, style: str, ended: Any) -> List[Any]:
        """
        Set a password, in a host whose store tells this of the tokens.

        @return: what a module heard, behind one that fails.
        """
        self.make()
        self.hs.store.user_delete_access_tokens = lambda *args: in_style(
            style, lambda: ended
        )
        told: List[Any] = []

        def fail(*args: Any) -> None:
            raise RuntimeError("down")

        self.handler.callbacks.register("broken", on_logged_out=fail)
        self.handler.callbacks.register(
            "m", on_logged_out=lambda *args: told.append(args)
        )
        changed = self.handler.set_password(ALICE, "new")
        self.assertIsNone(self.successResultOf(changed))
        return told

    def test_new_password_at_an_old_host(self) -> None:
        """
        A store that does not tell what it has ended leaves nothing to hear of.
        """
        told: List[Any] = []
        self.handler.callbacks.register(
            "m", on_logged_out=lambda *args: told.append(args)
        )
        self.successResultOf(self.handler.issue_access_token(ALICE))
        self.successResultOf(self.handler.set_password(ALICE, "new"))
        self.assertEqual(self.hs.store.access_tokens, [])
        self.assertEqual(told, [])

    def test_conflict(self) -> None:
        """
        Two providers that want different fields for a login type can't both be
        loaded.
        """

        class Other(Directory):
            def get_supported_login_types(self) -> Any:
                return {PIN: ("pin", "nonce")}

        providers = [(Directory, "plain"), (Other, "plain")]
        error = self.assertRaises(ConfigError, self.make, password_providers=providers)
        for name in ("Directory", "Other", PIN):
            self.assertIn(name, str(error))
