"""
Who is it?  Legacy providers know, or the local passwords do.
"""

from typing import Any

from twisted.internet.defer import Deferred

from synauth.errors import LoginError, MatrixError
from synauth.providers.calling import ModuleFailure
from synauth.testing.hosts import STYLES
from synauth.testing.passwords import ALICE
from tests.auth.asking import (
    BOB,
    PASSWORD_TYPE,
    AuthenticatorTestCase,
    Modules,
    Provider,
    failing,
    no,
    yes,
)

EVE = "@eve:example.org"


class ProvidersTests(AuthenticatorTestCase):
    """
    L{Authenticator} with legacy providers.
    """

    def test_order(self) -> None:
        """
        Each provider is asked in turn until one vouches.
        """
        first = Provider(no)
        second = Provider(lambda u, p: p == "remote")
        third = Provider(yes)
        self.assertEqual(self.check(ALICE, "remote", first, second, third), ALICE)
        asked = [len(p.asked) for p in (first, second, third)]
        self.assertEqual(asked, [1, 1, 0])
        self.assertEqual(second.asked, [(ALICE, "remote")])

    def test_full_id(self) -> None:
        """
        A provider is asked about a full id, in the case in which it was typed.
        """
        provider = Provider(no)
        for user in ("Alice", "@Alice:example.org"):
            self.assertEqual(self.check(user, "local", provider), ALICE)
        self.assertEqual(provider.asked, [("@Alice:example.org", "local")] * 2)

    def test_fall_through(self) -> None:
        """
        When no provider vouches the local password counts.
        """
        providers = Provider(no), Provider(no)
        self.assertEqual(self.check(ALICE, "local", *providers), ALICE)
        self.assertIsNone(self.check(ALICE, "other", *providers))
        self.assertIsNone(self.check(BOB, "other", *providers))

    def test_styles(self) -> None:
        """
        A provider may answer in any style, with C{True} or with the user id.
        """
        for style in STYLES:
            for vouch in (yes, lambda u, p: u):
                self.assertEqual(self.check(BOB, "x", Provider(vouch, style)), BOB)
            for answer in (False, None, 0, "", ()):
                refusal = Provider(lambda u, p: answer, style)  # noqa: B023
                self.assertIsNone(self.check(BOB, "x", refusal))
        self.assertEqual(self.logged("error"), [])

    def test_failing(self) -> None:
        """
        A provider that fails vouches for nobody, the next one and the local
        passwords are asked, and the log says which one it was.
        """
        for style in STYLES:
            bad = Provider(failing, style)
            self.assertEqual(self.check(BOB, "x", bad, Provider(yes)), BOB)
            self.assertEqual(self.check(ALICE, "local", bad), ALICE)
            self.assertEqual(len(self.flushLoggedErrors(ModuleFailure)), 2)
        self.assertEqual(
            self.logged("critical")[0]["module"], "tests.auth.asking.Provider"
        )

    def test_could_not_ask(self) -> None:
        """
        If nobody else says yes, a client is answered as for a wrong password;
        the audit log knows better.
        """
        for style in STYLES:
            bad = Provider(failing, style)
            self.unasked(self.ask(BOB, "x", bad))
            self.unasked(self.ask(ALICE, "wrong", bad, Provider(no)))
            self.unasked(self.ask(ALICE, "local", bad, ask_local=False))
            self.unasked(self.ask(EVE, "x", bad, Provider(yes)))
        self.flushLoggedErrors(ModuleFailure)

    def test_failing_with_an_error_of_ours(self) -> None:
        """
        An exception of ours that a provider raises ends nothing, and reaches no
        client, either.
        """

        def refuse(user_id: str, password: str) -> Any:
            raise MatrixError(500, "internal")

        self.assertEqual(self.check(ALICE, "local", Provider(refuse)), ALICE)
        self.unasked(self.ask(BOB, "x", Provider(refuse)))
        self.flushLoggedErrors(ModuleFailure)

    def test_without_the_method(self) -> None:
        """
        An object that is no provider is passed over.
        """
        self.assertEqual(self.check(ALICE, "local", object()), ALICE)
        self.assertIsNone(self.check(ALICE, "wrong", object()))
        self.assertEqual(self.logged("warn")[0]["module"], "builtins.object")

    def test_truthy(self) -> None:
        """
        What is true but neither C{True} nor text about this user vouches for
        nobody.
        """
        for answer in (1, 1.0, ALICE, [True], {"ok": True}, object(), Deferred):
            odd = Provider(lambda u, p: answer)  # noqa: B023
            self.unasked(self.ask(BOB, "x", odd))
            self.assertEqual(len(self.flushLoggedErrors(ModuleFailure)), 1)

    def test_unknown_account(self) -> None:
        """
        A provider can't let in whom this server does not know; the log says
        so, without the password.
        """
        self.assertIsNone(self.check(EVE, "s3cret", Provider(yes)))
        (event,) = self.logged("error")
        self.assertEqual(event["user_id"], EVE)
        self.assertNotIn("s3cret", repr(self.events))

    def test_another_server(self) -> None:
        """
        Nor whom another server knows.
        """
        self.unasked(self.ask("@bob:other.example", "x", Provider(yes)))
        self.flushLoggedErrors(ModuleFailure)

    def test_registers(self) -> None:
        """
        A provider that makes the account on the way lets it in.
        """

        def register(user_id: str, password: str) -> bool:
            modules.store.users[user_id] = None
            return True

        modules = Modules(Provider(register))
        proved = self.successResultOf(
            modules.authenticator().authenticate(EVE, PASSWORD_TYPE, {"password": "x"})
        )
        self.assertEqual(proved.user_id, EVE)

    def test_canonical(self) -> None:
        """
        Whom a provider vouches for in another case is let in as the account's
        own id, unless that could be one of several.
        """
        modules = Modules(Provider(yes))
        ask = modules.authenticator().authenticate
        typed = "@BOB:example.org", PASSWORD_TYPE, {"password": "x"}
        self.assertEqual(self.successResultOf(ask(*typed)).user_id, BOB)
        modules.store.users["@Bob:example.org"] = None
        self.assertIsNone(self.successResultOf(ask(*typed)))

    def test_empty_and_over_long(self) -> None:
        """
        An empty or an over-long password is nobody's, and no provider sees it.
        """
        provider = Provider(yes)
        for password in ("", "x" * 513, "x" * 10**6):
            self.assertIsNone(self.check(BOB, password, provider))
        self.assertEqual(provider.asked, [])
        self.assertEqual(self.check(BOB, "x" * 512, provider), BOB)

    def test_reaches_nobody(self) -> None:
        """
        Neither does a provider, or the database, see what is no text or no
        user id.
        """
        provider = Provider(yes)
        modules = Modules(provider)
        modules.store.get_users_by_id_case_insensitive = failing  # type: ignore
        ask = modules.authenticator().authenticate
        for user in ("", "@", "@bob", "bob\0", "\ud800", "b" * 256):
            answer = ask(user, PASSWORD_TYPE, {"password": "x"})
            self.assertIsNone(self.successResultOf(answer))
        for password in (None, 5, ["x"], "\ud800"):
            answer = ask(BOB, PASSWORD_TYPE, {"password": password})
            self.failureResultOf(answer, MatrixError)
        self.failureResultOf(ask(BOB, PASSWORD_TYPE, {}), LoginError)
        self.assertEqual((provider.asked, modules.pool.ran), ([], 0))

    def test_one_hash(self) -> None:
        """
        A wrong answer costs one hash, whoever was asked; a provider's yes costs
        none.
        """
        for user, password, provider, ran in (
            ("alice", "x", Provider(no), 1),
            ("alice", "x", Provider(failing), 1),
            ("eve", "x", Provider(yes), 1),
            ("bob", "x", Provider(yes), 0),
        ):
            modules = Modules(provider)
            modules.authenticator().authenticate(
                user, PASSWORD_TYPE, {"password": password}
            ).addErrback(lambda f: f.trap(LoginError))
            self.assertEqual(modules.pool.ran, ran)
        self.flushLoggedErrors(ModuleFailure)

    def test_without_local_passwords(self) -> None:
        """
        Local passwords can be switched off.
        """
        self.assertIsNone(self.check(ALICE, "local", ask_local=False))
        self.assertEqual(self.check(ALICE, "x", Provider(yes), ask_local=False), ALICE)
