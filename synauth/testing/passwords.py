"""
What the contracts around passwords mean: L{IHashPool}, L{IPasswordHasher},
L{IPasswordChecker}, L{IAuthenticator} and L{IStage}.

A I{fixture} is a function that is given the test case and gives what is under
test.
"""

from typing import Any, Callable

from twisted.internet.defer import Deferred, execute, inlineCallbacks, maybeDeferred
from twisted.trial.unittest import TestCase
from zope.interface import implementer
from zope.interface.verify import verifyObject

from synauth.constants import LoginType
from synauth.errors import MatrixError
from synauth.interfaces import (
    IAuthenticator,
    IHashPool,
    IPasswordChecker,
    IPasswordHasher,
    IStage,
)
from synauth.providers.results import Vouched

Fixture = Callable[[TestCase], Any]

ALICE = "@alice:example.org"
PASSWORD = "correct horse"


@implementer(IHashPool)
class InlineHashPool:
    """
    Hashes at once, on the caller's thread.

    @ivar ran: how often.
    """

    def __init__(self) -> None:
        self.ran = 0

    def run(self, function: Callable[..., Any], *args: Any) -> "Deferred[Any]":
        """
        See L{IHashPool.run}.
        """
        self.ran += 1
        return execute(function, *args)


def _made(tests: Any, fixture: Fixture) -> Any:
    return type(tests.__name__, (tests,), {"fixture": staticmethod(fixture)})


def make_ihashpool_tests(fixture: Fixture) -> Any:
    """
    @return: the tests of L{IHashPool}: a class to inherit from.
    """
    return _made(HashPoolTests, fixture)


def make_ipasswordhasher_tests(fixture: Fixture) -> Any:
    """
    @return: the tests of L{IPasswordHasher}: a class to inherit from.
    """
    return _made(PasswordHasherTests, fixture)


def make_ipasswordchecker_tests(fixture: Fixture) -> Any:
    """
    @param fixture: makes a checker that knows L{ALICE} by L{PASSWORD}.
    @return: the tests of L{IPasswordChecker}: a class to inherit from.
    """
    return _made(PasswordCheckerTests, fixture)


def make_iauthenticator_tests(fixture: Fixture) -> Any:
    """
    @param fixture: makes an authenticator of C{example.org} that knows L{ALICE}
        by L{PASSWORD}, and the account C{@bob:example.org} by nothing.
    @return: the tests of L{IAuthenticator}: a class to inherit from.
    """
    return _made(AuthenticatorTests, fixture)


def make_istage_tests(fixture: Fixture) -> Any:
    """
    @return: the tests of L{IStage}: a class to inherit from.
    """
    return _made(StageTests, fixture)


class ContractTestCase(TestCase):
    """
    @cvar fixture: makes what is under test.
    @cvar interface: the contract.
    """

    fixture: Fixture
    interface: Any

    def setUp(self) -> None:
        """
        Make what is under test.
        """
        self.subject = self.fixture(self)

    def test_interface(self) -> None:
        """
        It provides what it says that it provides.
        """
        verifyObject(self.interface, self.subject)


class HashPoolTests(ContractTestCase):
    """
    See L{make_ihashpool_tests}.
    """

    interface = IHashPool

    @inlineCallbacks
    def test_result(self) -> Any:
        """
        The caller gets what the function returns.
        """
        result = yield self.subject.run(divmod, 7, 2)
        self.assertEqual(result, (3, 1))

    @inlineCallbacks
    def test_failure(self) -> Any:
        """
        The caller gets what the function raises, and the pool goes on.
        """
        for _ in range(3):
            yield self.assertFailure(self.subject.run(divmod, 1, 0), ZeroDivisionError)
        result = yield self.subject.run(divmod, 1, 1)
        self.assertEqual(result, (1, 0))


class PasswordHasherTests(ContractTestCase):
    """
    See L{make_ipasswordhasher_tests}.
    """

    interface = IPasswordHasher

    @inlineCallbacks
    def test_roundtrip(self) -> Any:
        """
        A password fits its hash, and no other does.
        """
        for password in (PASSWORD, "\u00e4\u20ac\U0001f511", "x" * 512):
            stored = yield self.subject.hash(password)
            self.assertIsInstance(stored, str)
            self.assertNotIn(password, stored)
            right = yield self.subject.verify(password, stored)
            wrong = yield self.subject.verify("y" + password[1:], stored)
            self.assertEqual((right, wrong), (True, False))

    @inlineCallbacks
    def test_nul(self) -> Any:
        """
        A password with a NUL in it fits its hash, or there can be none, and
        then it fits no hash.
        """
        try:
            stored = yield self.subject.hash("nul\0nul")
        except MatrixError as error:
            self.assertEqual((error.code, error.errcode), (400, "M_INVALID_PARAM"))
            stored = yield self.subject.hash("nul")
            right = False
        else:
            right = True
        fits = yield self.subject.verify("nul\0nul", stored)
        self.assertIs(fits, right)
        fits = yield self.subject.verify("nul\0nul", None)
        self.assertIs(fits, False)

    @inlineCallbacks
    def test_salted(self) -> Any:
        """
        The same password has another hash each time.
        """
        hashes = []
        for _ in range(2):
            hashes.append((yield self.subject.hash(PASSWORD)))
        self.assertNotEqual(*hashes)

    @inlineCallbacks
    def test_nobodys(self) -> Any:
        """
        No password fits what is no hash.
        """
        for stored in (None, "", b"", "garbage", b"\xff", "\ud800"):
            matches = yield self.subject.verify(PASSWORD, stored)
            self.assertIs(matches, False)

    @inlineCallbacks
    def test_over_long(self) -> Any:
        """
        A password of more than 512 characters is refused.
        """
        stored = yield self.subject.hash("x" * 512)
        matches = yield self.subject.verify("x" * 513, stored)
        self.assertIs(matches, False)
        error = yield self.assertFailure(self.subject.hash("x" * 513), MatrixError)
        self.assertEqual(error.code, 400)

    @inlineCallbacks
    def test_fresh_hash(self) -> Any:
        """
        A hash that was made just now need not be renewed.
        """
        stored = yield self.subject.hash(PASSWORD)
        self.assertIs(self.subject.needs_rehash(stored), False)
        self.assertIs(self.subject.needs_rehash(None), False)


class PasswordCheckerTests(ContractTestCase):
    """
    See L{make_ipasswordchecker_tests}.
    """

    interface = IPasswordChecker

    @inlineCallbacks
    def test_right(self) -> Any:
        """
        The right password proves the account's own id, however it was typed.
        """
        for typed in (ALICE, "@ALICE:example.org"):
            proved = yield self.subject.check_password(typed, PASSWORD)
            self.assertEqual(proved, ALICE)

    @inlineCallbacks
    def test_wrong(self) -> Any:
        """
        Nothing else proves anything.
        """
        for user_id, password in (
            (ALICE, "wrong"),
            (ALICE, ""),
            (ALICE, PASSWORD.upper()),
            (ALICE, "x" * 100000),
            ("@bob:example.org", PASSWORD),
            ("@alice:other.example", PASSWORD),
            ("", PASSWORD),
        ):
            proved = yield self.subject.check_password(user_id, password)
            self.assertIsNone(proved)


class AuthenticatorTests(ContractTestCase):
    """
    See L{make_iauthenticator_tests}.
    """

    interface = IAuthenticator

    def ask(
        self, user: str, type: str = LoginType.PASSWORD, **login_dict: Any
    ) -> "Deferred[Any]":
        """
        @return: what an authentication comes to.
        """
        return self.subject.authenticate(user, type, login_dict)

    @inlineCallbacks
    def test_right(self) -> Any:
        """
        The right password proves the account's own id, however it was typed.
        """
        for typed in (ALICE, "@ALICE:example.org", "alice", "Alice"):
            proved = yield self.ask(typed, password=PASSWORD)
            self.assertIsInstance(proved, Vouched)
            self.assertEqual(proved.user_id, ALICE)

    @inlineCallbacks
    def test_wrong(self) -> Any:
        """
        Nothing else proves anything.
        """
        for user, password in (
            (ALICE, "wrong"),
            (ALICE, ""),
            (ALICE, PASSWORD.upper()),
            (ALICE, "x" * 100000),
            ("bob", PASSWORD),
            ("@eve:example.org", PASSWORD),
            ("@alice:other.example", PASSWORD),
        ):
            proved = yield self.ask(user, password=password)
            self.assertIsNone(proved)

    @inlineCallbacks
    def test_no_user_id(self) -> Any:
        """
        What can't be a user id is nobody.
        """
        for user in (
            "",
            "@",
            "@alice",
            "@:example.org",
            "alice\0",
            "\ud800",
            "x" * 999,
        ):
            proved = yield self.ask(user, password=PASSWORD)
            self.assertIsNone(proved)

    @inlineCallbacks
    def test_unknown_type(self) -> Any:
        """
        A password proves nothing where something else is asked for.
        """
        proved = yield self.ask(ALICE, "org.example.unknown", password=PASSWORD)
        self.assertIsNone(proved)

    @inlineCallbacks
    def test_no_password(self) -> Any:
        """
        Without a password, or with one that is no text, the client is told so.
        """
        value: Any
        for value in (None, 5, True, ["x"], {"x": "y"}, b"x", "\ud800"):
            error = yield self.assertFailure(
                self.ask(ALICE, password=value), MatrixError
            )
            self.assertEqual((error.code, error.errcode), (400, "M_INVALID_PARAM"))
        error = yield self.assertFailure(self.ask(ALICE), MatrixError)
        self.assertEqual((error.code, error.errcode), (400, "M_MISSING_PARAM"))
        self.assertIn("password", error.msg)


class StageTests(ContractTestCase):
    """
    See L{make_istage_tests}.
    """

    interface = IStage

    def test_type(self) -> None:
        """
        The stage has a name.
        """
        self.assertIsInstance(self.subject.type, str)

    def test_params(self) -> None:
        """
        What a client is told is an object, or nothing.
        """
        params = self.subject.params()
        if params is not None:
            self.assertIsInstance(params, dict)

    @inlineCallbacks
    def test_hostile(self) -> Any:
        """
        What a client can send ends in a result or in an error that is meant
        for it.
        """
        value: Any
        for value in (None, True, 0, -1.5, "", "\ud800\0", [], [[]], {}, {"type": 1}):
            names = ("user", "identifier", "password", "response", "threepid_creds")
            for authdict in (
                {},
                dict.fromkeys(names, value),
                {"user": "a", **{names[2]: value}},
            ):
                try:
                    yield maybeDeferred(self.subject.check, authdict, "127.0.0.1")
                except MatrixError as error:
                    self.assertLess(error.code, 500)
