"""
All ways in and all states that an account can be in, each with each.

A new way in has to get a row in L{WAYS}: tests at the end of this file find
those that have none.
"""

import ast
from typing import Any, Callable, Dict, Iterator, List, NamedTuple, Optional, Tuple

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from synauth.constants import LoginType
from synauth.homeserver.logins import LoginDetails
from synauth.web.login_methods import LoginMethods
from tests.test_house import dotted, modules
from tests.web.client import NOON_S
from tests.web.modules import OWN, checker
from tests.web.server import PASSWORD, EndpointTestCase, Server

ALICE = "@alice:example.org"
# Another account, from the time before names were lower-cased.
SHADOW = "@Alice:example.org"
ROOT = "@root:example.org"
ADDRESS = "alice@example.org"

OK = (200, None)
REFUSED = (403, "M_FORBIDDEN")
DEACTIVATED = (403, "M_USER_DEACTIVATED")
LOCKED = (401, "M_USER_LOCKED")
UNAPPROVED = (403, "ORG.MATRIX.MSC3866_USER_AWAITING_APPROVAL")

Outcome = Tuple[int, Optional[str]]

# An application service that may act as alice.
SERVICE = """
id: bridge
url: null
as_token: as-secret
hs_token: hs-secret
sender_localpart: bridge
namespaces:
  users: [{exclusive: false, regex: "@alice:example.org"}]
"""


class State(NamedTuple):
    """
    A state of C{@alice}.

    @ivar columns: what makes it.
    @ivar expected: what comes of every way in.
    """

    columns: Dict[str, Any]
    expected: Outcome


STATES = {
    "in_order": State({}, OK),
    "deactivated": State({"deactivated": 1}, DEACTIVATED),
    "locked": State({"locked": True}, LOCKED),
    "suspended": State({"suspended": True}, OK),
    "unapproved": State({"approved": False}, UNAPPROVED),
    "older_than_approval": State({"approved": None}, OK),
    "deactivated_and_locked": State({"deactivated": 1, "locked": True}, DEACTIVATED),
    "unapproved_and_locked": State({"approved": False, "locked": True}, UNAPPROVED),
    # The exact id gets in, as long as it is that.
    "shadowed": State({}, OK),
}


class StateTestCase(EndpointTestCase):
    """
    A server with all login types, and alice, who has all that gets her in.
    """

    def setUp(self) -> None:
        """
        Log alice in.
        """
        super().setUp()
        self.module = checker(lambda user, *args: self.vouched_for, OWN)
        self.vouched_for = ALICE
        path: str = self.mktemp()
        with open(path, "w") as stream:
            stream.write(SERVICE)
        self.server = Server(
            modules=[self.module.entry],
            enable_registration=True,
            app_service_config_files=[path],
        )
        self.hs = self.server.hs
        self.store = self.hs.get_datastore()
        for name in ("alice", "root"):
            self.server.add_user(name)
        self.done(self.store.set_server_admin(ROOT, True))
        self.done(self.store.user_add_threepid(ALICE, "email", ADDRESS, 1, 1))
        login = self.server.log_in(refresh_token=True, device_id="PHONE").json
        self.token, self.refresh_token = login["access_token"], login["refresh_token"]
        self.admin = self.server.log_in("root").json["access_token"]
        self.puppet = self.post_as_admin()["access_token"]
        handler = self.hs.auth_handler
        self.login_token = handler.generate_short_term_login_token(ALICE)

    def done(self, deferred: Any) -> Any:
        """
        @return: a result.
        """
        return self.successResultOf(deferred)

    def post_as_admin(self) -> Any:
        """
        @return: the answer to an administrator who wants to act as alice.
        """
        path = "/_synapse/admin/v1/users/%s/login" % (ALICE,)
        return self.server.post(path, token=self.admin).json

    def enter(self, state: str) -> None:
        """
        Bring alice's account into a state.
        """
        for column, value in STATES[state].columns.items():
            self.server.change(column, value, ALICE)
        if state == "shadowed":
            self.add_shadow()
        # All that was done behind the store's back.
        self.done(self.store.run_interaction(lambda txn: None))

    def add_shadow(self) -> None:
        """
        Put an account beside alice's whose name differs in case only.
        """
        self.done(
            self.store.run_interaction(
                lambda txn: txn.execute(
                    "INSERT INTO users (name, creation_ts) VALUES (?, ?)",
                    (SHADOW, NOON_S),
                )
            )
        )

    def outcome(self, answer: Any) -> Outcome:
        """
        @return: status and C{errcode}.
        """
        body = answer.json
        if answer.code == 200:
            for user_id in (body.get("user_id"), body.get("name")):
                self.assertIn(user_id, (None, ALICE))
        return answer.code, body.get("errcode")

    def outcome_of(self, deferred: "Deferred[Any]") -> Outcome:
        """
        @return: the same of what is no request.
        """
        outcomes: List[Outcome] = []
        deferred.addCallbacks(
            lambda result: outcomes.append(OK),
            lambda failure: outcomes.append(
                (failure.value.code, failure.value.errcode)
            ),
        )
        return outcomes[0]

    def log_in(self, type: str, token: Optional[str] = None, **body: Any) -> Outcome:
        """
        Log in.

        @param token: the access token, where the type wants one.
        """
        if token is None:
            answer = self.server.post("/v3/login", dict(body, type=type))
        else:
            answer = self.server.post("/v3/login", dict(body, type=type), token=token)
        return self.outcome(answer)


def _by_password(case: StateTestCase) -> Outcome:
    return case.log_in(
        LoginType.PASSWORD,
        identifier={"type": "m.id.user", "user": "alice"},
        password=PASSWORD,
    )


def _by_address(case: StateTestCase) -> Outcome:
    return case.log_in(
        LoginType.PASSWORD,
        identifier={"type": "m.id.thirdparty", "medium": "email", "address": ADDRESS},
        password=PASSWORD,
    )


def _by_token(case: StateTestCase) -> Outcome:
    return case.outcome(
        case.server.post(
            "/v3/login", {"type": LoginType.TOKEN, "token": case.login_token}
        )
    )


def _by_module(case: StateTestCase) -> Outcome:
    return case.log_in(OWN[0], user="alice", word="x", colour="y")


def _by_service(case: StateTestCase) -> Outcome:
    return case.log_in(
        LoginType.APPLICATION_SERVICE,
        token="as-secret",
        identifier={"type": "m.id.user", "user": "alice"},
    )


def _by_acting_service(case: StateTestCase) -> Outcome:
    path = "/v3/account/whoami?user_id=" + ALICE
    return case.outcome(case.server.get(path, token="as-secret"))


def _by_refreshing(case: StateTestCase) -> Outcome:
    body = {"refresh_token": case.refresh_token}
    return case.outcome(case.server.post("/v3/refresh", body))


def _by_access_token(case: StateTestCase) -> Outcome:
    return case.outcome(case.server.get("/v3/account/whoami", token=case.token))


def _by_access_token_in_query(case: StateTestCase) -> Outcome:
    path = "/v3/account/whoami?access_token=" + case.token
    return case.outcome(case.server.get(path))


def _as_administrator(case: StateTestCase) -> Outcome:
    path = "/_synapse/admin/v1/users/%s/login" % (ALICE,)
    return case.outcome(case.server.post(path, token=case.admin))


def _by_puppet_token(case: StateTestCase) -> Outcome:
    return case.outcome(case.server.get("/v3/account/whoami", token=case.puppet))


def _by_ui_auth(case: StateTestCase) -> Outcome:
    body = {
        "devices": [],
        "auth": {"type": LoginType.PASSWORD, "user": "alice", "password": PASSWORD},
    }
    return case.outcome(case.server.post("/v3/delete_devices", body, token=case.token))


def _by_a_modules_request(case: StateTestCase) -> Outcome:
    host = case.module.api._host
    return case.outcome_of(host.log_in(ALICE))


def _by_handler(case: StateTestCase) -> Outcome:
    handler = case.hs.auth_handler
    return case.outcome_of(handler.get_login_tuple_for_user_id(ALICE))


def _by_handlers_access_token(case: StateTestCase) -> Outcome:
    return case.outcome_of(case.hs.auth_handler.issue_access_token(ALICE))


def _by_handlers_refresh_token(case: StateTestCase) -> Outcome:
    return case.outcome_of(case.hs.auth_handler.issue_refresh_token(ALICE))


def _by_storage(case: StateTestCase) -> Outcome:
    return case.outcome_of(case.hs.logins.log_in(ALICE, LoginDetails()))


# Every way in, by the words of a test's name.
WAYS: Dict[str, Callable[[Any], Outcome]] = {
    function.__name__[1:]: function
    for function in (
        _by_password,
        _by_address,
        _by_token,
        _by_module,
        _by_service,
        _by_acting_service,
        _by_refreshing,
        _by_access_token,
        _by_access_token_in_query,
        _as_administrator,
        _by_puppet_token,
        _by_ui_auth,
        _by_a_modules_request,
        _by_handler,
        _by_handlers_access_token,
        _by_handlers_refresh_token,
        _by_storage,
    )
}

# Which of them is of which login type.
LOGIN_TYPES = {
    LoginType.PASSWORD: ("by_password", "by_address"),
    LoginType.TOKEN: ("by_token",),
    OWN[0]: ("by_module",),
    LoginType.APPLICATION_SERVICE: ("by_service",),
}

# Where logins are begun, and tokens made: who does it asks the gate, or is
# asked by who does.
MAKERS = {
    "synauth.web.login": ("by_password", "by_address", "by_token", "by_module"),
    "synauth.web.requester": ("by_access_token", "by_ui_auth", "by_acting_service"),
    # With the very token that it gave out.
    "synauth.web.register": ("by_access_token",),
    "synauth.homeserver.module_host": ("by_a_modules_request",),
    # A new account's first login, in the transaction that makes the account.
    "synauth.homeserver.registration": ("by_storage",),
    "synauth.homeserver.logins": ("by_storage", "by_refreshing"),
    "synauth.homeserver.administration": ("as_administrator",),
    "synauth.auth.minting": ("by_handlers_access_token", "by_handlers_refresh_token"),
    "synauth.providers.api_accounts": ("by_a_modules_request",),
    "synauth.providers.api_logins": ("by_a_modules_request",),
    "synauth.storage.administration": ("as_administrator", "by_puppet_token"),
    "synauth.storage.issuing": ("by_storage",),
    "synauth.storage.rotation": ("by_refreshing",),
    "synauth.storage.tokens": ("by_handlers_access_token", "by_handlers_refresh_token"),
}

# What lets somebody in, or finds out who is.
_MAKING = {
    "add_access_token_to_user",
    "add_login",
    "add_puppet_token",
    "add_refresh_token_to_user",
    "insert_access_token",
    "insert_refresh_token",
    "log_in",
    "rotate_refresh_token",
}
_OF_LOGINS = ("logins.prepare", "logins.requester")


class MatrixTests(StateTestCase):
    """
    Each way with each state: the tests are made below.
    """


def _made(way: str, state: str) -> Callable[[Any], None]:
    expected = STATES[state].expected
    if way == "as_administrator" and expected == LOCKED:
        # A 401 would be about the administrator's own token.
        expected = (403, LOCKED[1])

    def test(case: StateTestCase) -> None:
        case.enter(state)
        case.assertEqual(WAYS[way](case), expected)
        # Nor again, by what is remembered.
        if expected != OK:
            case.assertIn(WAYS[way](case), (expected, REFUSED))

    test.__doc__ = "In state %s, %s." % (state, way)
    return test


for _way in WAYS:
    for _state in STATES:
        setattr(MatrixTests, "test_%s_%s" % (_way, _state), _made(_way, _state))


class ChangeTests(StateTestCase):
    """
    A change of state is noticed at once.
    """

    def test_back_and_forth(self) -> None:
        """
        Whoever is remembered is forgotten when the state changes, and let in
        again when it changes back.
        """
        for column, value, refusal in (
            ("locked", True, LOCKED),
            ("approved", False, UNAPPROVED),
        ):
            for way in ("by_access_token", "by_puppet_token", "by_refreshing"):
                self.assertEqual(WAYS["by_access_token"](self), OK)
                self.done(self.store.change_account(ALICE, {column: value}))
                self.assertEqual(WAYS[way](self), refusal)
                self.done(self.store.change_account(ALICE, {column: not value}))
                self.assertEqual(WAYS["by_access_token"](self), OK)

    def test_deactivation(self) -> None:
        """
        Nothing that somebody had before a deactivation gets them in after it,
        nor when the account is activated again, but for what was left.
        """
        self.done(self.hs.deactivation.deactivate(ALICE))
        self.assertEqual(WAYS["by_module"](self), DEACTIVATED)
        self.done(self.store.reactivate_account(ALICE))
        let_in = {way for way in WAYS if WAYS[way](self) == OK}
        self.assertEqual(
            let_in,
            {
                "by_module",
                "by_a_modules_request",
                "by_storage",
                "as_administrator",
                # The administrator's own.
                "by_puppet_token",
                "by_handler",
                "by_handlers_access_token",
                "by_handlers_refresh_token",
                # The service's own.
                "by_service",
                "by_acting_service",
                # One of a module's: it is for a user, and no older than two
                # minutes.
                "by_token",
            },
        )

    def test_race(self) -> None:
        """
        A state that comes between the question and the token still counts.
        """
        details = LoginDetails()
        login = self.hs.logins.prepare(ALICE, details)
        self.done(self.store.change_account(ALICE, {"locked": True}))
        self.assertEqual(self.outcome_of(self.store.add_login(login)), LOCKED)

    def test_ways_out(self) -> None:
        """
        Whoever is locked out, or waits, may log out; from a deactivated account
        nobody need.
        """
        for state, column, value in (
            ("locked", "locked", True),
            ("unapproved", "approved", False),
            ("suspended", "suspended", True),
        ):
            for path in ("/v3/logout", "/v3/logout/all"):
                token = self.server.log_in().json["access_token"]
                self.done(self.store.change_account(ALICE, {column: value}))
                self.assertEqual(self.server.post(path, token=token).code, 200, state)
                self.assertEqual(self.server.post(path, token=token).code, 401, state)
                self.done(self.store.change_account(ALICE, {column: not value}))

    def test_suspended(self) -> None:
        """
        A suspended user can leave for good.
        """
        self.enter("suspended")
        body = {"auth": {"type": LoginType.PASSWORD, "password": PASSWORD}}
        body["auth"]["user"] = "alice"
        answer = self.server.post("/v3/account/deactivate", body, token=self.token)
        self.assertEqual(self.outcome(answer), OK)


class ShadowTests(StateTestCase):
    """
    Two accounts whose ids differ in case only.
    """

    def test_spellings(self) -> None:
        """
        By an exact id its own account is reached, and by a third spelling
        neither; with one account any spelling is that.
        """
        for user, expected in (
            ("alice", OK),
            ("Alice", OK),
            ("ALICE", OK),
        ):
            self.assertEqual(self.log_in_as(user), expected, user)
        self.add_shadow()
        for user, expected in (
            ("alice", OK),
            ("Alice", REFUSED),
            ("ALICE", REFUSED),
            ("@ALICE:example.org", REFUSED),
        ):
            self.assertEqual(self.log_in_as(user), expected, user)

    def test_modules(self) -> None:
        """
        Nor does a module's yes to a third spelling let anybody in.
        """
        self.add_shadow()
        self.vouched_for = "@ALICE:example.org"
        self.assertEqual(WAYS["by_module"](self), REFUSED)
        self.flushLoggedErrors()
        self.vouched_for = ALICE
        self.assertEqual(WAYS["by_module"](self), OK)

    def test_no_new_shadow(self) -> None:
        """
        No account is made that would shadow another, whoever asks.
        """
        self.server.change("name", SHADOW, ALICE)
        path = "/_synapse/admin/v2/users/" + ALICE
        answer = self.server.ask("PUT", path, {}, token=self.admin)
        self.assertEqual(self.outcome(answer), (400, "M_USER_IN_USE"))
        made = self.hs.registration.register_user("alice")
        self.assertEqual(self.outcome_of(made), (400, "M_USER_IN_USE"))

    def log_in_as(self, user: str) -> Outcome:
        """
        Log in by a spelling of the name, with alice's password.
        """
        return self.log_in(LoginType.PASSWORD, user=user, password=PASSWORD)


class CompletenessTests(StateTestCase):
    """
    No way in is forgotten.
    """

    def test_login_types(self) -> None:
        """
        Each login type has its rows.
        """
        methods = LoginMethods(
            self.hs, self.hs.rate_limiter(self.hs.config.rc_login_account, "x")
        )
        self.assertEqual(set(methods.types), set(LOGIN_TYPES))

    def test_makers(self) -> None:
        """
        Each module that begins logins has its rows.  Inside a homeserver of
        others the accounts are in its states, and it asks for them itself.
        """
        elsewhere = ("synauth/testing", "synauth/dropin")
        found = {
            path[: -len(".py")].replace("/", ".")
            for path, tree in modules("synauth")
            if not path.startswith(elsewhere) and any(_makings(tree))
        }
        self.assertEqual(found, set(MAKERS))

    def test_rows(self) -> None:
        """
        The rows that are named exist, and each is named.
        """
        named = {way for ways in MAKERS.values() for way in ways}
        named.update(way for ways in LOGIN_TYPES.values() for way in ways)
        # Those are two spellings of others.
        named.update(("by_access_token_in_query", "by_handler"))
        self.assertEqual(named, set(WAYS))


class MakingTests(SynchronousTestCase):
    """
    The look at the code.
    """

    def test_noticed(self) -> None:
        """
        It notices what begins a login, by either spelling.
        """
        for code in ("self._store.add_login(x)", "insert_access_token(t)"):
            self.assertTrue(any(_makings(ast.parse(code))))
        self.assertFalse(any(_makings(ast.parse("self._store.get_user(x)"))))


def _makings(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        # Not only calls: some hand the method on.
        name = getattr(node, "attr", getattr(node, "id", ""))
        if name in _MAKING or dotted(node).endswith(_OF_LOGINS):
            yield name
