"""
L{AuthHandler}, by the contract that homeservers had in 2016.
"""

from typing import Any, Callable

import bcrypt
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from synauth.auth.handler import AuthHandler
from synauth.errors import LoginError, MatrixError
from synauth.testing.hosts import MemoryHomeServer, in_style
from synauth.testing.passwords import ALICE, PASSWORD, InlineHashPool
from tests.auth.source_host import SourceHost
from tests.auth.test_passwords import hashed

NOW_MS = 1500000000000
DUMMY = "m.login.dummy"


class HandlerTestCase(SynchronousTestCase):
    """
    A handler in a host with one account.

    @cvar style: how the host answers.
    @cvar host_for: makes of the host what the handler gets to see of it.
    """

    style = "plain"
    host_for: Callable[[MemoryHomeServer], Any] = staticmethod(lambda hs: hs)

    def setUp(self) -> None:
        """
        Make the handler.
        """
        self.make()

    def make(self, **settings: Any) -> None:
        """
        Make a handler, in a host with other settings.
        """
        self.hs = MemoryHomeServer(self.style, **settings)
        self.hs.store.users[ALICE] = hashed(PASSWORD)
        self.handler = AuthHandler(self.host_for(self.hs), InlineHashPool())

    def refused(self, deferred: Any, kind: Any = MatrixError) -> Any:
        """
        @return: C{(status, errcode, error)} of a refusal.
        """
        error = self.failureResultOf(deferred, kind).value
        return error.code, error.errcode, error.msg


class ContractTestsMixin:
    """
    The whole contract; run over each style in which a host can answer.
    """

    def check_auth(self: Any, flows: Any, clientdict: Any, *args: Any) -> Any:
        """
        @return: what C{check_auth} comes to.
        """
        return self.successResultOf(
            self.handler.check_auth(flows, clientdict, "192.0.2.1", *args)
        )

    def test_check_auth(self: Any) -> None:
        """
        A registration as clients do it.
        """
        flows = [["m.login.recaptcha", DUMMY]]
        body = {"username": "bob", "password": "s3cret"}
        authed, answer, params, session_id = self.check_auth(flows, dict(body))
        self.assertEqual((authed, params), (False, body))
        self.assertEqual(answer["session"], session_id)
        self.assertEqual(
            answer["params"], {"m.login.recaptcha": {"public_key": "public"}}
        )
        for stage in ({"type": DUMMY}, {"type": "m.login.recaptcha", "response": "x"}):
            authed, result, params, same = self.check_auth(
                flows, {"auth": dict(stage, session=session_id)}
            )
            self.assertEqual((params, same), (body, session_id))
        self.assertIs(authed, True)
        self.assertEqual(result, {DUMMY: True, "m.login.recaptcha": True})
        self.assertEqual(len(self.hs.http.posted), 1)

    def test_check_auth_password(self: Any) -> None:
        """
        A password proves a user id.
        """
        auth = {"type": "m.login.password", "user": "ALICE", "password": "no"}
        flows = [["m.login.password"]]
        authed, answer, _, _ = self.check_auth(flows, {"auth": dict(auth)})
        self.assertIs(authed, False)
        self.assertEqual(
            (answer["errcode"], answer["error"]), ("M_FORBIDDEN", "Invalid password")
        )
        auth["password"] = PASSWORD
        authed, creds, _, _ = self.check_auth(flows, {"auth": auth})
        self.assertEqual((authed, creds), (True, {"m.login.password": ALICE}))

    def test_check_auth_email(self: Any) -> None:
        """
        An address that the identity server vouches for is proved.
        """
        address = {"medium": "email", "address": "a@b.c", "validated_at": 5}
        self.hs.identity.validated["1"] = address
        flows = [["m.login.email.identity"]]
        auth: Any = {"type": "m.login.email.identity", "threepid_creds": {"sid": "1"}}
        _, creds, _, _ = self.check_auth(flows, {"auth": auth})
        self.assertEqual(
            creds["m.login.email.identity"],
            dict(address, threepid_creds={"sid": "1"}),
        )
        auth = {"type": "m.login.email.identity", "threepid_creds": {"sid": "2"}}
        refused = self.handler.check_auth(flows, {"auth": auth}, "192.0.2.1")
        self.assertEqual(self.refused(refused, LoginError)[:2], (401, "M_UNAUTHORIZED"))

    def test_check_auth_operation(self: Any) -> None:
        """
        A session belongs to its operation.
        """
        session_id = self.check_auth([[DUMMY]], {}, ("POST", "/a"))[3]
        refused = self.handler.check_auth(
            [[DUMMY]], {"auth": {"session": session_id}}, "ip", ("POST", "/b")
        )
        self.assertEqual(self.refused(refused)[:2], (403, "M_UNKNOWN"))

    def test_add_oob_auth(self: Any) -> None:
        """
        A fallback page completes a stage.
        """
        session_id = self.check_auth([["m.login.recaptcha"]], {})[3]
        authdict = {"session": session_id, "response": "solved"}
        added = self.handler.add_oob_auth("m.login.recaptcha", authdict, "192.0.2.1")
        self.assertIs(self.successResultOf(added), True)
        authed, _, _, _ = self.check_auth(
            [["m.login.recaptcha"]], {"auth": {"session": session_id}}
        )
        self.assertIs(authed, True)
        for stagetype, incomplete in (("no", authdict), (DUMMY, {})):
            refused = self.handler.add_oob_auth(stagetype, incomplete, "192.0.2.1")
            self.assertEqual(
                self.refused(refused, LoginError)[:2], (400, "M_MISSING_PARAM")
            )

    def test_get_session_id(self: Any) -> None:
        """
        The id is what the client sent.
        """
        self.assertEqual(self.handler.get_session_id({"auth": {"session": "x"}}), "x")
        self.assertIsNone(self.handler.get_session_id({}))
        self.assertIsNone(self.handler.get_session_id(None))

    def test_session_data(self: Any) -> None:
        """
        What the server keeps with a session is there at once, and the client
        does not see it.
        """
        session_id = self.check_auth([[DUMMY]], {})[3]
        self.assertIsNone(self.handler.get_session_data(session_id, "key"))
        self.assertEqual(self.handler.get_session_data(session_id, "key", 5), 5)
        value = {"any": ["thing"]}
        self.assertIsNone(self.handler.set_session_data(session_id, "key", value))
        self.assertEqual(self.handler.get_session_data(session_id, "key", 5), value)
        result = self.check_auth([[DUMMY]], {"auth": {"session": session_id}})
        self.assertNotIn("thing", repr(result))

    def test_session_data_of_no_session(self: Any) -> None:
        """
        Nothing is kept with a session that there is not.
        """
        for unknown in ("x" * 24, "", None):
            self.assertEqual(self.handler.get_session_data(unknown, "key", 5), 5)
            error = self.assertRaises(
                MatrixError, self.handler.set_session_data, unknown, "key", 1
            )
            self.assertEqual((error.code, error.errcode), (400, "M_UNKNOWN"))

    def test_full_session(self: Any) -> None:
        """
        Nor more than fits.
        """
        session_id = self.check_auth([[DUMMY]], {})[3]
        error = self.assertRaises(
            MatrixError,
            self.handler.set_session_data,
            session_id,
            "key",
            "x" * 20000,
        )
        self.assertEqual((error.code, error.errcode), (413, "M_TOO_LARGE"))

    def test_validate_password_login(self: Any) -> None:
        """
        The right password gives the account's own id; everything else has one
        answer.
        """
        for check in (
            self.handler.validate_password_login,
            self.handler._check_password,
        ):
            for typed in (ALICE, "@ALICE:example.org"):
                self.assertEqual(self.successResultOf(check(typed, PASSWORD)), ALICE)
            self.hs.store.users["@nohash:example.org"] = None
            for user_id, password in (
                (ALICE, "wrong"),
                (ALICE, ""),
                ("@bob:example.org", PASSWORD),
                ("@nohash:example.org", PASSWORD),
                ("@nohash:example.org", ""),
                ("@alice:other.example", PASSWORD),
            ):
                self.assertEqual(
                    self.refused(check(user_id, password), LoginError),
                    (403, "M_FORBIDDEN", "Invalid password"),
                )

    def test_check_user_exists(self: Any) -> None:
        """
        One account in any case, or of several the exact one.
        """
        exists = self.handler.check_user_exists
        self.assertEqual(self.successResultOf(exists("@Alice:example.org")), ALICE)
        self.assertIsNone(self.successResultOf(exists("@bob:example.org")))
        other = "@ALICE:example.org"
        self.hs.store.users[other] = None
        self.assertEqual(self.successResultOf(exists(other)), other)
        self.assertEqual(self.successResultOf(exists(ALICE)), ALICE)
        self.assertIsNone(self.successResultOf(exists("@Alice:example.org")))

    def test_hash(self: Any) -> None:
        """
        A hash is bcrypt's, at the configured cost, and fits its password.
        """
        stored = self.successResultOf(self.handler.hash("secret"))
        self.assertTrue(stored.startswith("$2b$04$"))
        self.assertTrue(bcrypt.checkpw(b"secret", stored.encode()))
        for password, hash_, fits in (
            ("secret", stored, True),
            ("Secret", stored, False),
            ("secret", None, False),
            ("secret", "", False),
        ):
            verified = self.handler.validate_hash(password, hash_)
            self.assertIs(self.successResultOf(verified), fits)

    def test_pepper(self: Any) -> None:
        """
        The pepper is that of the host's configuration at the time of use.
        """
        self.hs.config.password_pepper = "pepper"
        stored = self.successResultOf(self.handler.hash("secret"))
        self.assertTrue(bcrypt.checkpw(b"secretpepper", stored.encode()))

    def test_get_login_tuple_for_user_id(self: Any) -> None:
        """
        A login has two tokens, which the host remembers, and a device, which
        is looked at once they are there.
        """
        tokens = self.successResultOf(
            self.handler.get_login_tuple_for_user_id(ALICE, "PHONE", "Phone")
        )
        self.assertIsInstance(tokens, tuple)
        access, refresh = tokens
        self.assertEqual(self.hs.store.access_tokens, [(1, ALICE, access, "PHONE")])
        self.assertEqual(self.hs.store.refresh_tokens, [(ALICE, refresh, "PHONE")])
        self.assertEqual(self.hs.devices.devices, {(ALICE, "PHONE"): "Phone"})

    def test_login_without_a_device(self: Any) -> None:
        """
        Tokens need not have a device; then none is made.
        """
        access, refresh = self.successResultOf(
            self.handler.get_login_tuple_for_user_id(ALICE)
        )
        self.assertEqual(self.hs.store.access_tokens, [(1, ALICE, access, None)])
        self.assertEqual(self.hs.store.refresh_tokens, [(ALICE, refresh, None)])
        self.assertEqual(self.hs.devices.devices, {})

    def test_issue_tokens(self: Any) -> None:
        """
        Each kind of token can be had alone.
        """
        access = self.successResultOf(self.handler.issue_access_token(ALICE, "D"))
        refresh = self.successResultOf(self.handler.issue_refresh_token(ALICE, "D"))
        self.assertEqual(self.hs.store.access_tokens, [(1, ALICE, access, "D")])
        self.assertEqual(self.hs.store.refresh_tokens, [(ALICE, refresh, "D")])
        for token, type_string in ((access, "access"), (refresh, "refresh")):
            self.assertEqual(
                self.handler.macaroons.user_id_of(token, type_string), ALICE
            )

    def test_set_password(self: Any) -> None:
        """
        A new password ends all tokens and pushers of the user's.
        """
        self.successResultOf(self.handler.issue_access_token(ALICE))
        self.successResultOf(self.handler.issue_access_token("@bob:example.org"))
        changed = self.handler.set_password(ALICE, "new")
        self.assertIsNone(self.successResultOf(changed))
        self.assertTrue(bcrypt.checkpw(b"new", self.hs.store.users[ALICE].encode()))
        owners = [row[1] for row in self.hs.store.access_tokens]
        self.assertEqual(owners, ["@bob:example.org"])
        self.assertEqual(self.hs.pushers.removed, [(ALICE, None)])

    def test_set_password_as_requester(self: Any) -> None:
        """
        The token of whoever asks stays.
        """

        class Requester:
            access_token_id = 2

        for _ in range(3):
            self.successResultOf(self.handler.issue_access_token(ALICE))
        self.successResultOf(self.handler.set_password(ALICE, "new", Requester()))
        self.assertEqual([row[0] for row in self.hs.store.access_tokens], [2])
        self.assertEqual(self.hs.pushers.removed, [(ALICE, 2)])

    def test_set_password_of_nobody(self: Any) -> None:
        """
        Who is not there has no password to change, and nothing else happens.
        """
        refused = self.handler.set_password("@bob:example.org", "new")
        self.assertEqual(self.refused(refused), (404, "M_NOT_FOUND", "Unknown user"))
        self.assertEqual(self.hs.pushers.removed, [])

    def test_set_password_in_a_hosts_own_store(self: Any) -> None:
        """
        A host has its own class for what is not found; what else it raises
        goes through.
        """

        class HostError(Exception):
            def __init__(self, code: Any) -> None:
                super().__init__("no")
                self.code = code

        def answer(user_id: str, password_hash: str) -> Any:
            return in_style(self.style, self.raising)

        self.hs.store.user_set_password_hash = answer
        self.error = HostError(404)
        refused = self.handler.set_password(ALICE, "new")
        self.assertEqual(self.refused(refused), (404, "M_NOT_FOUND", "Unknown user"))
        for self.error in (HostError(500), HostError(None), KeyError("x")):
            failed = self.failureResultOf(self.handler.set_password(ALICE, "new"))
            self.assertIs(failed.value, self.error)

    def raising(self: Any) -> None:
        """
        Raise C{self.error}.
        """
        raise self.error

    def test_add_threepid(self: Any) -> None:
        """
        An e-mail address is kept in lower case, everything else as it comes.
        """
        for medium, address in (("email", "Al@Ex.ORG"), ("msisdn", "4Ab"), ("x", "Y")):
            added = self.handler.add_threepid(ALICE, medium, address, 5)
            self.assertIsNone(self.successResultOf(added))
        self.assertEqual(
            self.hs.store.threepids,
            [
                (ALICE, "email", "al@ex.org", 5, NOW_MS),
                (ALICE, "msisdn", "4Ab", 5, NOW_MS),
                (ALICE, "x", "Y", 5, NOW_MS),
            ],
        )

    def test_providers(self: Any) -> None:
        """
        A provider is made with its configuration and the account handler, by
        which it sees and makes accounts.
        """
        style, made = self.style, []

        class Provider:
            def __init__(self, config: Any, account_handler: Any) -> None:
                self.config = config
                self.accounts = account_handler
                made.append(self)

            def check_password(self, user_id: str, password: str) -> Any:
                return in_style(style, lambda: password == "remote")

        self.make(password_providers=[(Provider, {"uri": "x"}), (Provider, None)])
        self.assertEqual([p.config for p in made], [{"uri": "x"}, None])
        self.assertEqual(self.handler.password_providers, made)
        login = self.handler.validate_password_login
        self.assertEqual(self.successResultOf(login(ALICE, "remote")), ALICE)
        self.refused(login("@eve:example.org", "remote"), LoginError)
        self.flushLoggedErrors()
        accounts = made[0].accounts
        self.assertIsInstance(accounts.check_user_exists(ALICE), Deferred)
        exists = accounts.check_user_exists("@ALICE:example.org")
        self.assertEqual(self.successResultOf(exists), ALICE)
        self.assertIsNone(
            self.successResultOf(accounts.check_user_exists("@eve:example.org"))
        )
        registered = self.successResultOf(accounts.register(localpart="eve"))
        user_id = "@eve:example.org"
        self.assertEqual(registered, (user_id, "token of " + user_id))
        self.assertEqual(self.successResultOf(login(user_id, "remote")), user_id)
        self.refused(accounts.register("eve"))

    def test_no_stand_in_for_an_answer(self: Any) -> None:
        """
        Every public method that waits gives a Deferred.
        """
        for waiting in (
            self.handler.check_auth([[DUMMY]], {}, "ip"),
            self.handler.add_oob_auth(DUMMY, {}, "ip"),
            self.handler.validate_password_login(ALICE, "x"),
            self.handler.get_login_tuple_for_user_id(ALICE),
            self.handler.check_user_exists(ALICE),
            self.handler.issue_access_token(ALICE),
            self.handler.issue_refresh_token(ALICE),
            self.handler.set_password(ALICE, "x"),
            self.handler.add_threepid(ALICE, "email", "x", 1),
            self.handler.hash("x"),
            self.handler.validate_hash("x", None),
        ):
            self.assertIsInstance(waiting, Deferred)
            waiting.addErrback(lambda f: f.trap(LoginError))


class PlainHostTests(ContractTestsMixin, HandlerTestCase):
    """
    In a host that answers with values.
    """


class DeferredHostTests(ContractTestsMixin, HandlerTestCase):
    """
    In a host that answers with Deferreds.
    """

    style = "deferred"


class CoroutineHostTests(ContractTestsMixin, HandlerTestCase):
    """
    In a host that answers with coroutines.
    """

    style = "coroutine"


class PlainSourceHostTests(PlainHostTests):
    """
    In a host that has nothing but what source 000 asks for.
    """

    host_for = SourceHost

    def test_nothing_else(self) -> None:
        """
        What the source does not ask for is not there, nor are other arguments.
        """
        host: Any = SourceHost(self.hs)
        for part, name in (
            (host, "get_reactor"),
            (host, "get_registration_handler"),
            (host.config, "handler_options"),
            (host.get_datastore(), "users"),
            (host.get_handlers(), "device_handler"),
        ):
            self.assertRaises(AttributeError, getattr, part, name)
        delete = host.get_datastore().user_delete_access_tokens
        self.assertRaises(TypeError, delete, ALICE, None, "D")


class DeferredSourceHostTests(PlainSourceHostTests):
    """
    The same, with Deferreds.
    """

    style = "deferred"


class CoroutineSourceHostTests(PlainSourceHostTests):
    """
    The same, with coroutines.
    """

    style = "coroutine"
