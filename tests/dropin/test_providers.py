"""
Providers and modules inside a host.
"""

from types import SimpleNamespace
from typing import Any, Callable, Dict, List

from twisted.internet.defer import Deferred, fail, succeed

from synauth.dropin.settings import RAISE, DropInSettings, settings_of
from synauth.identifiers import UserID
from tests.dropin import host as hosts
from tests.dropin.checks import PASSWORD_TYPE, HandlerTestCase
from tests.dropin.host import ALICE, PASSWORD
from tests.dropin.test_installing import MODULE

TYPE = "org.example.type"
TOKEN = "token"


def provider(**methods: Callable[..., Any]) -> Any:
    """
    @return: the class of a provider that has these methods, by keyword alone.
    """

    def make(config: Any, account_handler: Any) -> Any:
        made: Any = type("Provider", (SimpleNamespace,), {})()
        made.__dict__.update(methods)
        return made

    return make


class Module:
    """
    A module with all callbacks, each of which answers as it is told.
    """

    def __init__(self, config: Any, api: Any) -> None:
        answer = config["answer"]
        api.register_password_auth_provider_callbacks(
            auth_checkers={(TYPE, ()): answer},
            check_3pid_auth=answer,
            on_logged_out=answer,
        )


class ProviderTests(HandlerTestCase):
    """
    They are asked in order, and believed where there is something to believe.
    """

    style = "late"

    def put_in(self, *methods: Dict[str, Any], **settings: Any) -> None:
        """
        Make the handler with providers that have these methods.
        """
        self.hs.config.password_providers = [
            (provider(**each), None) for each in methods
        ]
        self.build(DropInSettings(**settings))

    def by_type(self, **fields: Any) -> Any:
        """
        @return: a Deferred of a login by the provider's type.
        """
        return self.handler.validate_login("ALICE", dict(fields, type=TYPE))

    def later(self, value: Any) -> Any:
        """
        @return: a Deferred straight from the reactor.
        """
        late: "Deferred[Any]" = Deferred()
        self.hs.reactor.callLater(0.05, late.callback, value)
        return late

    def typed(self, check: Callable[..., Any], *fields: str) -> Dict[str, Any]:
        """
        @return: the methods of a provider of one login type.
        """
        return {
            "get_supported_login_types": lambda: {TYPE: fields},
            "check_auth": check,
        }

    def test_check_password(self) -> None:
        """
        C{check_password} gets the full id, before the database is asked; the
        id is the account's own.
        """
        seen: List[Any] = []
        self.put_in({"check_password": lambda u, p: seen.append(u) or p == "magic"})
        self.assertEqual((ALICE, None), self.result(self.log_in("Alice", "magic")))
        self.assertEqual(["@Alice:example.org"], seen)
        self.assertEqual(0, self.pool.ran)
        self.assertEqual((ALICE, None), self.result(self.log_in()))

    def test_ids_as_given(self) -> None:
        """
        Where it is so set, the id is good as it was given, with or without an
        account.
        """
        self.put_in({"check_password": lambda u, p: True}, canonical_ids=False)
        self.assertEqual(
            ("@Eve:example.org", None), self.result(self.log_in("Eve", "x"))
        )
        self.put_in({"check_password": lambda u, p: True})
        self.error(self.log_in("Eve", "x"), 403, "M_FORBIDDEN")

    def test_login_type(self) -> None:
        """
        A login type gets the fields that it has declared; they have to be there.
        """
        seen: List[Any] = []
        self.put_in(self.typed(lambda *args: seen.append(args) or ALICE, "f"))
        self.assertEqual(
            [PASSWORD_TYPE, TYPE], self.handler.get_supported_login_types()
        )
        self.assertEqual((ALICE, None), self.result(self.by_type(f="v", other=1)))
        self.assertEqual([("ALICE", TYPE, {"f": "v"})], seen)
        self.error(self.by_type(), 400, "M_MISSING_PARAM")

    def test_different_fields(self) -> None:
        """
        Two providers may want different fields for one login type.
        """
        self.put_in(
            self.typed(lambda *args: None, "f"),
            self.typed(lambda *args: ALICE, "f", "g"),
        )
        self.assertEqual((ALICE, None), self.result(self.by_type(f="v", g="w")))

    def test_callback(self) -> None:
        """
        A provider's function gets the answer to the login, and is waited for.
        """
        seen: List[Any] = []

        def told(response: Any) -> Any:
            seen.append(response)
            return self.later(None)

        self.put_in(self.typed(lambda *args: (ALICE, told)))
        user_id, callback = self.result(self.by_type())
        self.assertEqual(ALICE, user_id)
        self.assertIsNone(self.result(callback({"user_id": ALICE})))
        self.assertEqual([{"user_id": ALICE}], seen)

    def test_no_answers(self) -> None:
        """
        What can't be an answer lets nobody in.
        """

        async def coroutine() -> str:
            return "@eve:other.example"

        for answer in (True, 5, "alice", ALICE.encode(), (ALICE, 5), coroutine()):
            self.put_in(self.typed(lambda *args, a=answer: a))  # type: ignore[misc]
            self.error(self.by_type(), 403, "M_FORBIDDEN")
            self.flushLoggedErrors()

    def test_failing(self) -> None:
        """
        A provider that fails, or hangs, is passed over; where it is so set, its
        error ends the request.
        """
        bad = self.typed(lambda *args: fail(ZeroDivisionError()))
        hanging = self.typed(lambda *args: Deferred())
        good = self.typed(lambda *args: succeed(ALICE))
        self.put_in(bad, hanging, good, module_timeout=0.5)
        self.assertEqual((ALICE, None), self.result(self.by_type()))
        self.assertEqual(2, len(self.flushLoggedErrors()))
        self.put_in(bad, failing_providers=RAISE)
        answered = self.by_type()
        self.until_done()
        self.failureResultOf(answered, ZeroDivisionError)

    def test_hosts_errors(self) -> None:
        """
        An error of the host's own is a provider's answer.
        """
        error = hosts.SynapseError(418, "teapot", "ORG_EXAMPLE")
        self.put_in(self.typed(lambda *args: fail(error)))
        self.assertIs(error, self.error(self.by_type(), 418, "ORG_EXAMPLE"))

    def test_addresses(self) -> None:
        """
        An address and its password are the providers' to know.
        """
        self.put_in({"check_3pid_auth": lambda m, a, p: ALICE if p == "x" else None})
        check = self.handler.check_password_provider_3pid
        self.assertEqual((ALICE, None), self.result(check("email", "a@b", "x")))
        self.assertEqual((None, None), self.result(check("email", "a@b", "y")))
        self.put_in({"check_3pid_auth": lambda m, a, p: fail(ValueError())})
        check = self.handler.check_password_provider_3pid
        self.assertEqual((None, None), self.result(check("email", "a@b", "x")))
        self.flushLoggedErrors()

    def test_logouts(self) -> None:
        """
        Each hears of a logout, by keyword, also behind one that fails.
        """
        seen: List[Any] = []

        def heard(user_id: str, device_id: Any, access_token: str) -> Any:
            seen.append((user_id, device_id, access_token))
            return self.later(None)

        broken = hosts.SynapseError(500, "no")
        self.put_in(
            {"on_logged_out": lambda **kwargs: fail(broken)},
            {"on_logged_out": heard},
        )
        self.hs.store.tokens.update({TOKEN: (ALICE, "D"), "other": (ALICE, None)})
        self.assertIsNone(self.result(self.handler.delete_access_token(TOKEN)))
        self.result(self.handler.delete_access_tokens_for_user(ALICE))
        self.assertEqual([(ALICE, "D", TOKEN), (ALICE, None, "other")], seen)
        self.assertEqual([(ALICE, (5,)), (ALICE, (5,))], self.hs.pushers)
        self.flushLoggedErrors()

    def test_asking_for_accounts(self) -> None:
        """
        A provider can ask whether there is the account while somebody logs in to
        it, if one attempt is all there is; between attempts the failed ones count.
        """
        limit = SimpleNamespace(per_second=0.001, burst_count=1)
        self.hs.config.rc_login_failed_attempts = limit

        def check(user_id: str, password: str) -> Any:
            return password == "x" and self.handler.check_user_exists(user_id)

        self.put_in({"check_password": check})
        for _ in range(2):
            self.assertEqual((ALICE, None), self.result(self.log_in("Alice", "x")))
        self.error(self.log_in(password="y"), 403, "M_FORBIDDEN")
        self.error(self.handler.check_user_exists(ALICE), 429, "M_LIMIT_EXCEEDED")

    def test_log_contexts(self) -> None:
        """
        A provider that answers straight from the reactor loses nobody's log
        context.
        """
        self.put_in(
            dict(
                self.typed(lambda *args: self.later(ALICE)),
                on_logged_out=lambda **kwargs: self.later(None),
                check_password=lambda u, p: self.later(False),
            )
        )
        self.hs.store.tokens[TOKEN] = (ALICE, None)
        for call in (
            self.by_type,
            self.log_in,
            lambda: self.handler.delete_access_token(TOKEN),
        ):
            self.assertEqual([], self.contexts.broken_by(call, self.until_done))

    def test_modules(self) -> None:
        """
        A module with callbacks is asked before the providers.
        """
        settings = settings_of({"modules": [MODULE]})
        self.hs.config.password_providers = [
            (provider(check_password=lambda u, p: self.fail("asked")), None)
        ]
        self.build(settings)
        self.assertEqual(
            [PASSWORD_TYPE, "my.login_type"], self.handler.get_supported_login_types()
        )
        self.assertEqual((ALICE, None), self.result(self.log_in(password="x")))

    def test_guesses_while_a_provider_fails(self) -> None:
        """
        Who has a token guesses at the local password no more often than they
        could if the provider answered.
        """
        limit = SimpleNamespace(per_second=0.001, burst_count=2)
        self.hs.config.rc_login_failed_attempts = limit
        self.put_in({"check_password": lambda u, p: fail(ValueError())})
        requester = SimpleNamespace(user=UserID.from_string(ALICE))

        def guess() -> Any:
            auth = {"type": PASSWORD_TYPE, "user": "alice", "password": "x"}
            return self.handler.validate_user_via_ui_auth(
                requester, {"auth": auth}, "192.0.2.1"
            )

        for _ in range(2):
            self.challenge(guess())
        self.error(guess(), 429, "M_LIMIT_EXCEEDED")
        self.flushLoggedErrors()

    def put_in_module(self, answer: Callable[..., Any], **settings: Any) -> None:
        """
        Make the handler with a module that answers so.
        """
        module = {"module": __name__ + ".Module", "config": {"answer": answer}}
        if "timeout" in settings:
            module["timeout"] = settings.pop("timeout")
        self.build(settings_of(dict(settings, modules=[module])))

    def test_log_contexts_of_modules(self) -> None:
        """
        What waits for a module goes on in its own log context: its account is
        looked for there.
        """
        seen: List[str] = []
        look_up = self.hs.store.get_users_by_id_case_insensitive

        def noted(user_id: str) -> Any:
            seen.append(self.contexts.current)
            return look_up(user_id)

        store: Any = self.hs.store
        store.get_users_by_id_case_insensitive = noted
        self.put_in_module(
            lambda *args: self.later((ALICE, lambda response: self.later(None)))
        )
        _, callback = self.result(self.by_type())
        del seen[:]
        self.hs.store.tokens[TOKEN] = (ALICE, None)
        for call in (
            self.by_type,
            lambda: callback({}),
            lambda: self.handler.delete_access_token(TOKEN),
        ):
            self.assertEqual([], self.contexts.broken_by(call, self.until_done))
        self.assertEqual(["request"], seen)

    def test_time_of_modules(self) -> None:
        """
        A module has the time that all have, or as much as it is given, be that
        less or more.
        """
        for settings, seconds in (
            ({}, 30),
            ({"module_timeout": 12}, 12),
            ({"module_timeout": 12, "timeout": 40}, 40),
            ({"timeout": 5}, 5),
        ):
            self.put_in_module(lambda *args: Deferred(), **settings)
            answered = self.by_type()
            self.hs.reactor.advance(seconds - 0.1)
            self.assertNoResult(answered)
            self.hs.reactor.advance(0.1)
            self.error(answered, 403, "M_FORBIDDEN")
            self.assertEqual(1, len(self.flushLoggedErrors()))

    def test_failing_modules(self) -> None:
        """
        A module that fails is passed over, where it is so set its error ends
        the request, and an error of the host's is its answer.
        """
        error = hosts.SynapseError(418, "teapot", "ORG_EXAMPLE")
        self.put_in_module(lambda *args: fail(error))
        self.assertIs(error, self.error(self.by_type(), 418, "ORG_EXAMPLE"))
        self.put_in_module(lambda *args: fail(ZeroDivisionError()))
        self.error(self.by_type(), 403, "M_FORBIDDEN")
        self.flushLoggedErrors()
        self.put_in_module(
            lambda *args: fail(ZeroDivisionError()), failing_providers=RAISE
        )
        answered = self.by_type()
        self.until_done()
        self.failureResultOf(answered, ZeroDivisionError)

    def test_failing_callbacks_of_modules(self) -> None:
        """
        A login stands, whatever a module makes of it.
        """
        self.put_in_module(lambda *args: (ALICE, lambda response: 1 // 0))
        _, callback = self.result(self.by_type())
        self.assertIsNone(self.result(callback({})))
        self.flushLoggedErrors()

    def test_empty_passwords(self) -> None:
        """
        No module is asked for an address without a password.
        """
        self.put_in_module(lambda *args: ALICE)
        check = self.handler.check_password_provider_3pid
        self.assertEqual((ALICE, None), self.result(check("email", "a@b", "x")))
        self.assertEqual((None, None), self.result(check("email", "a@b", "")))

    def test_local_passwords_switched_off(self) -> None:
        """
        From 1.1 on a host may have providers alone let in.
        """
        self.hs.config.password_localdb_enabled = False
        self.build()
        self.error(self.log_in(password=PASSWORD), 403, "M_FORBIDDEN")


class LaterReleaseTests(HandlerTestCase):
    """
    What 1.2 and 1.3 changed.
    """

    version = "1.3.0"

    def test_expiring_tokens(self) -> None:
        """
        A token that expires is made where the database knows such a thing, and
        nowhere else.
        """
        login = self.handler.get_access_token_for_user_id
        self.until_done()
        self.failureResultOf(login(ALICE, valid_until_ms=5), ValueError)
        self.assertEqual({}, self.hs.store.tokens)
        seen: List[Any] = []

        def add(user_id: str, token: str, device_id: Any, valid_until_ms: Any) -> Any:
            seen.append((user_id, device_id, valid_until_ms))

        store: Any = self.hs.store
        store.add_access_token_to_user = add
        self.result(login(ALICE, None, 5))
        self.result(login(ALICE))
        self.assertEqual([(ALICE, None, 5), (ALICE, None, None)], seen)

    def test_login_token(self) -> None:
        """
        A login token is checked without being asked to expire.
        """
        auth: Any = self.hs.auth
        seen: List[Any] = []
        auth.validate_macaroon = lambda macaroon, type, user_id: seen.append(
            (type, user_id)
        )
        token = auth.macaroons.login_token(ALICE, 60000)
        check = self.handler.validate_short_term_login_token_and_get_user_id
        self.assertEqual(ALICE, self.result(check(token)))
        self.assertEqual([("login", ALICE)], seen)
