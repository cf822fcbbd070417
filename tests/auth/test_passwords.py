"""
Password hashes, and the accounts that have one.
"""

import unicodedata
from typing import Any, List, Optional, Tuple
from unittest import TestResult

import bcrypt
from twisted.internet.defer import Deferred, fail, succeed
from twisted.logger import globalLogPublisher
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer

from synauth.auth.passwords import BcryptHasher, LocalPasswords, prepare
from synauth.errors import LimitExceededError, MatrixError
from synauth.interfaces import IAccountStore, IPasswordHasher
from synauth.testing.hosts import STYLES, MemoryAuthStore
from synauth.testing.passwords import (
    ALICE,
    PASSWORD,
    InlineHashPool,
    make_ipasswordchecker_tests,
    make_ipasswordhasher_tests,
)


def cheap_hasher(pepper: str = "", rounds: int = 4) -> BcryptHasher:
    """
    @return: a hasher without threads.
    """
    return BcryptHasher(InlineHashPool(), rounds, lambda: pepper)


def hashed(password: str, rounds: int = 4) -> str:
    """
    @return: a hash as other servers store it.
    """
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt(rounds)).decode()


def local_passwords(case: Any) -> LocalPasswords:
    """
    @return: what knows one account.
    """
    store = MemoryAuthStore(users={ALICE: hashed(PASSWORD)})
    return LocalPasswords(store, cheap_hasher())


class BcryptHasherContractTests(
    make_ipasswordhasher_tests(lambda case: cheap_hasher())
):
    """
    bcrypt.
    """


class PepperedHasherContractTests(
    make_ipasswordhasher_tests(lambda case: cheap_hasher("pepper" * 20))
):
    """
    bcrypt, with a pepper that is longer than bcrypt reads.
    """


class LocalPasswordsContractTests(make_ipasswordchecker_tests(local_passwords)):
    """
    The accounts with a password of their own.
    """


@implementer(IPasswordHasher)
class PlainHasher(BcryptHasher):
    """
    Hashes nothing, and takes one argument too many.
    """

    def hash(self, password: str) -> "Deferred[str]":
        """
        Broken.
        """
        return succeed(password)

    def needs_rehash(self, stored_hash: Any, why: Any) -> bool:  # type: ignore
        """
        Broken.
        """
        return False


class BrokenTests(SynchronousTestCase):
    """
    The tests of the contracts.
    """

    def assert_fails(self, tests: Any, *names: str) -> None:
        """
        Check that each of these tests fails.
        """
        for name in names:
            result = TestResult()
            tests(name).run(result)
            self.assertFalse(result.wasSuccessful(), name)

    def test_broken_hasher(self) -> None:
        """
        A hasher that breaks the contract does not pass.
        """
        tests = make_ipasswordhasher_tests(
            lambda case: PlainHasher(InlineHashPool(), 4, lambda: "")
        )
        self.assert_fails(tests, "test_interface", "test_roundtrip", "test_salted")

    def test_broken_checker(self) -> None:
        """
        A checker that lets everybody in, or knows nobody, does not pass.
        """

        class Welcome(LocalPasswords):
            def check_password(self, user_id: str, password: str) -> Any:
                return succeed(user_id)

        tests = make_ipasswordchecker_tests(
            lambda case: Welcome(MemoryAuthStore(), cheap_hasher())
        )
        self.assert_fails(tests, "test_right", "test_wrong")


class LogTestCase(SynchronousTestCase):
    """
    A test that looks at the log.
    """

    def setUp(self) -> None:
        """
        Listen.
        """
        self.events: List[Any] = []
        globalLogPublisher.addObserver(self.events.append)
        self.addCleanup(globalLogPublisher.removeObserver, self.events.append)

    def ours(self) -> List[Any]:
        """
        @return: what this project's code logged.
        """
        return [e for e in self.events if e["log_namespace"].startswith("synauth")]


class BcryptHasherTests(LogTestCase):
    """
    L{BcryptHasher}, beyond the contract.
    """

    def verify(self, password: str, stored: Any, pepper: str = "") -> bool:
        """
        @return: whether a password fits.
        """
        return self.successResultOf(cheap_hasher(pepper).verify(password, stored))

    def hash(self, password: str, pepper: str = "") -> str:
        """
        @return: a password's hash.
        """
        return self.successResultOf(cheap_hasher(pepper).hash(password))

    def test_another_servers_hash(self) -> None:
        """
        Hashes of other servers fit, under each of bcrypt's three names, be
        they text or bytes.
        """
        stored = hashed("secret")
        for name in ("$2a$", "$2b$", "$2y$"):
            renamed = name + stored[4:]
            self.assertIs(self.verify("secret", renamed), True)
            self.assertIs(self.verify("secret", renamed.encode()), True)
            self.assertIs(self.verify("Secret", renamed), False)

    def test_ours_is_plain_bcrypt(self) -> None:
        """
        Other servers can read ours, pepper included.
        """
        stored = self.hash("secret", "pepper")
        self.assertTrue(bcrypt.checkpw(b"secretpepper", stored.encode()))
        self.assertTrue(stored.startswith("$2b$04$"))

    def test_nfkc(self) -> None:
        """
        It does not matter how a keyboard composes what is the same to a
        person.
        """
        for one, other in (
            ("\u00e4", "a\u0308"),
            ("\u212b", "\u00c5"),
            ("\ufb01", "fi"),
            ("\uff21", "A"),
            ("\u2460", "1"),
        ):
            self.assertNotEqual(one, other)
            self.assertIs(self.verify(one, self.hash(other)), True)
            self.assertIs(self.verify(other, self.hash(one)), True)
        self.assertEqual(unicodedata.normalize("NFKC", "\ufdfa").count(" "), 3)
        self.assertIs(self.verify("\ufdfa" * 512, self.hash("\ufdfa" * 512)), True)

    def test_pepper(self) -> None:
        """
        A hash is good under its pepper only.
        """
        stored = self.hash("secret", "pepper")
        self.assertIs(self.verify("secret", stored, "pepper"), True)
        self.assertIs(self.verify("secret", stored, "salt"), False)
        self.assertIs(self.verify("secret", stored), False)
        self.assertIs(self.verify("secretpepper", stored), True)

    def test_72_bytes(self) -> None:
        """
        bcrypt reads 72 bytes; what is longer is cut and not an error, also
        where the cut goes through a character or the pepper.
        """
        for length in (71, 72, 73, 100, 512):
            stored = self.hash("x" * length, "pepper" * 20)
            self.assertIs(self.verify("x" * length, stored, "pepper" * 20), True)
        self.assertIs(self.verify("x" * 73, self.hash("x" * 72)), True)
        self.assertIs(self.verify("x" * 71, self.hash("x" * 72)), False)
        euros = "\u20ac" * 25
        self.assertEqual(len(prepare("x" + euros, "")), 72)
        self.assertIs(self.verify("x" + euros, self.hash("x" + euros)), True)

    def test_nul_refused(self) -> None:
        """
        Where bcrypt takes no NUL there is no such password, and to find that
        out costs what a wrong password costs.
        """
        recorder = NulRefusingBcrypt()
        hasher = BcryptHasher(InlineHashPool(), 4, str, recorder)
        error = self.failureResultOf(hasher.hash("a\0b"), MatrixError).value
        self.assertEqual((error.code, error.errcode), (400, "M_INVALID_PARAM"))
        for stored in (hashed("a"), None):
            recorder.checked.clear()
            self.assertIs(self.successResultOf(hasher.verify("a\0b", stored)), False)
            self.assertEqual(recorder.cost(), 2**4)

    def test_lone_surrogate(self) -> None:
        """
        What has no UTF-8 form is a client's mistake.
        """
        for deferred in (
            cheap_hasher().hash("\ud800"),
            cheap_hasher().verify("\ud800", None),
        ):
            error = self.failureResultOf(deferred, MatrixError).value
            self.assertEqual((error.code, error.errcode), (400, "M_INVALID_PARAM"))

    def test_over_long_is_not_hashed(self) -> None:
        """
        A password of more than 512 characters costs nothing.
        """
        pool = InlineHashPool()
        hasher = BcryptHasher(pool, 4, lambda: "")
        self.assertIs(self.successResultOf(hasher.verify("x" * 513, None)), False)
        error = self.failureResultOf(hasher.hash("x" * 513), MatrixError).value
        self.assertEqual((error.code, error.errcode), (400, "M_INVALID_PARAM"))
        self.assertEqual(pool.ran, 0)

    def test_broken_hashes(self) -> None:
        """
        A broken hash lets nobody in; that is logged once, without the hash.
        """
        good = hashed("secret")
        for broken in (
            "garbage",
            good[:-1],
            good + "x",
            good + "\n",
            good.replace("$04$", "$99$"),
            good.replace("$04$", "$03$"),
            good.replace("$2b$", "$2x$"),
            good.replace("$2b$", "$5$"),
            good[:28] + "A" + good[29:],
            good[:28] + "z" + good[29:],
            "\u2603",
            "\ud800",
            b"\xff\xfe",
            123456789,
            ["list"],
        ):
            del self.events[:]
            self.assertIs(self.verify("secret", broken), False, repr(broken))
            (event,) = self.ours()
            self.assertEqual(event["log_level"].name, "error")
            self.assertIn("broken", event["log_format"])
            self.assertNotIn(repr(broken), repr(event))

    def test_no_hash_is_not_broken(self) -> None:
        """
        An account without a local password is nothing to log.
        """
        for stored in (None, "", b""):
            self.assertIs(self.verify("secret", stored), False)
        self.assertEqual(self.ours(), [])

    def test_full_queue(self) -> None:
        """
        When too much is waiting that is what a caller is told.
        """

        class Full(InlineHashPool):
            def run(self, function: Any, *args: Any) -> Any:
                return fail(LimitExceededError(1000))

        hasher = BcryptHasher(Full(), 4, lambda: "")
        self.failureResultOf(hasher.hash("a"), LimitExceededError)
        self.failureResultOf(hasher.verify("a", None), LimitExceededError)

    def test_needs_rehash(self) -> None:
        """
        Hashes that cost less than is wanted today are to be renewed, dearer
        and broken ones are not.
        """
        hasher = cheap_hasher(rounds=6)
        for stored, wanted in (
            (hashed("a", 5), True),
            (hashed("a", 5).encode(), True),
            (hashed("a", 6), False),
            (hashed("a", 7), False),
            ("garbage", False),
            (None, False),
            ("", False),
        ):
            self.assertIs(hasher.needs_rehash(stored), wanted)


class RecordingBcrypt:
    """
    bcrypt, with a record of what it cost.
    """

    def __init__(self) -> None:
        self.checked: List[bytes] = []

    def checkpw(self, password: bytes, stored: bytes) -> bool:
        """
        Check, and note.
        """
        self.checked.append(stored)
        return bcrypt.checkpw(password, stored)

    def cost(self) -> int:
        """
        @return: how many times bcrypt's round function was run.
        """
        return sum(2 ** int(stored[4:6]) for stored in self.checked)


class NulRefusingBcrypt(RecordingBcrypt):
    """
    bcrypt as it was before version 4.
    """

    gensalt = staticmethod(bcrypt.gensalt)

    def hashpw(self, password: bytes, salt: bytes) -> bytes:
        """
        Refuse a NUL.
        """
        if b"\0" in password:
            raise ValueError("password may not contain NUL bytes")
        return bcrypt.hashpw(password, salt)

    def checkpw(self, password: bytes, stored: bytes) -> bool:
        """
        Refuse a NUL.
        """
        if b"\0" in password:
            raise ValueError("password may not contain NUL bytes")
        return super().checkpw(password, stored)


class EqualCostTests(SynchronousTestCase):
    """
    What time tells.
    """

    def refuse(self, stored: Any, rounds: int) -> Tuple[int, RecordingBcrypt]:
        """
        Refuse a wrong password.

        @return: how often the pool was asked, and the record.
        """
        recorder, pool = RecordingBcrypt(), InlineHashPool()
        hasher = BcryptHasher(pool, rounds, lambda: "", recorder)
        users = {} if stored == "unknown" else {ALICE: stored}
        passwords = LocalPasswords(MemoryAuthStore(users=users), hasher)
        proved = self.successResultOf(passwords.check_password(ALICE, "wrong"))
        self.assertIsNone(proved)
        return pool.ran, recorder

    def test_same_calls(self) -> None:
        """
        An unknown user, one without a hash, one with a broken hash and one
        with another password: each costs one bcrypt of the configured cost.
        """
        for stored in ("unknown", None, "", "$2b$04$broken", hashed("right", 6)):
            ran, recorder = self.refuse(stored, 6)
            self.assertEqual((ran, len(recorder.checked)), (1, 1))
            self.assertEqual(recorder.cost(), 2**6, stored)

    def test_older_hashes(self) -> None:
        """
        A hash of cheaper days costs as much to refuse as today's.
        """
        for rounds in (4, 5, 6, 7):
            ran, recorder = self.refuse(hashed("right", rounds), 7)
            self.assertEqual((ran, recorder.cost()), (1, 2**7), rounds)

    def test_several_accounts(self) -> None:
        """
        An id that could mean several accounts costs the same again.
        """
        recorder = RecordingBcrypt()
        hasher = BcryptHasher(InlineHashPool(), 5, lambda: "", recorder)
        users = {"@Alice:example.org": hashed("a"), "@aLice:example.org": None}
        passwords = LocalPasswords(MemoryAuthStore(users=users), hasher)
        self.assertIsNone(self.successResultOf(passwords.check_password(ALICE, "a")))
        self.assertEqual(recorder.cost(), 2**5)

    def test_nobodys_hash(self) -> None:
        """
        What is compared with when there is no hash is a hash that bcrypt
        reads, and no password fits.
        """
        _, recorder = self.refuse(None, 4)
        for password in (b"", b"wrong", b"password"):
            self.assertIs(bcrypt.checkpw(password, recorder.checked[0]), False)


class LocalPasswordsTests(LogTestCase):
    """
    L{LocalPasswords}, beyond the contract.
    """

    def make(self, users: Any, style: str = "plain", rounds: int = 4) -> LocalPasswords:
        """
        @return: what is under test; C{self.store} has the accounts.
        """
        self.store = MemoryAuthStore(style, users)
        return LocalPasswords(self.store, cheap_hasher(rounds=rounds))

    def found(self, users: Any, user_id: str, style: str) -> Any:
        """
        @return: what L{LocalPasswords.find} finds.
        """
        return self.successResultOf(self.make(users, style).find(user_id))

    def test_find(self) -> None:
        """
        One match is taken in any case, of several only an exact one.
        """
        one, two = "@alice:example.org", "@Alice:example.org"
        for style in STYLES:
            self.assertEqual(self.found({one: "h"}, two, style), (one, "h"))
            self.assertEqual(self.found({one: None}, one, style), (one, None))
            both = {one: "1", two: "2"}
            self.assertEqual(self.found(both, one, style), (one, "1"))
            self.assertEqual(self.found(both, two, style), (two, "2"))
            self.assertEqual(self.ours(), [])
            self.assertIsNone(self.found(both, "@ALICE:example.org", style))
            (event,) = self.ours()
            self.assertEqual(event["matches"], [two, one])
            self.assertIsNone(self.found({}, one, style))
            del self.events[:]

    def test_a_store_that_finds_none(self) -> None:
        """
        C{None} is as good as an empty dict.
        """

        class NoneStore(MemoryAuthStore):
            def get_users_by_id_case_insensitive(self, user_id: str) -> Any:
                return None

        passwords = LocalPasswords(NoneStore(), cheap_hasher())
        self.assertIsNone(self.successResultOf(passwords.check_password(ALICE, "a")))

    def test_rehash(self) -> None:
        """
        A right password renews a hash of cheaper days, whatever the style of
        the host.
        """
        for style in STYLES:
            passwords = self.make({ALICE: hashed(PASSWORD, 4)}, style, 5)
            for _ in range(2):
                proved = self.successResultOf(passwords.check_password(ALICE, PASSWORD))
                self.assertEqual(proved, ALICE)
            stored = self.store.users[ALICE]
            self.assertTrue(stored.startswith("$2b$05$"))
            self.assertTrue(bcrypt.checkpw(PASSWORD.encode(), stored.encode()))

    def test_no_rehash(self) -> None:
        """
        Neither a wrong password nor a dearer hash changes anything.
        """
        for rounds, password in ((4, "wrong"), (5, PASSWORD), (6, PASSWORD)):
            stored = hashed(PASSWORD, rounds)
            passwords = self.make({ALICE: stored}, rounds=5)
            self.successResultOf(passwords.check_password(ALICE, password))
            self.assertEqual(self.store.users, {ALICE: stored})

    def test_changed_meanwhile(self) -> None:
        """
        A password that is changed, or an account that goes, while the old hash
        is renewed stays as it is.
        """
        for after in ({ALICE: "the new password's"}, {}):
            old = hashed(PASSWORD, 4)
            store = MemoryAuthStore(users={ALICE: old})

            class MeanwhileHasher(BcryptHasher):
                def hash(self, password: str) -> "Deferred[str]":
                    store.users = dict(after)  # noqa: B023
                    return super().hash(password)

            hasher = MeanwhileHasher(InlineHashPool(), 5, lambda: "")
            passwords = LocalPasswords(store, hasher)
            proved = self.successResultOf(passwords.check_password(ALICE, PASSWORD))
            self.assertEqual(proved, ALICE)
            self.assertEqual(store.users, after)

    def test_rehash_in_our_own_store(self) -> None:
        """
        A store that can compare and set in one step is asked for that.
        """
        replaced: List[Any] = []

        @implementer(IAccountStore)
        class Store(MemoryAuthStore):
            def replace_password_hash(self, user_id: str, old: str, new: str) -> Any:
                replaced.append((user_id, old, new[:7]))
                return succeed(True)

        old = hashed(PASSWORD, 4)
        store = Store(users={ALICE: old})
        passwords = LocalPasswords(store, cheap_hasher(rounds=5))
        self.successResultOf(passwords.check_password(ALICE, PASSWORD))
        self.assertEqual(replaced, [(ALICE, old, "$2b$05$")])
        self.assertEqual(store.users, {ALICE: old})

    def test_failed_rehash(self) -> None:
        """
        A hash that can't be renewed is still the user's: it is logged, and the
        user is let in.
        """

        class ReadOnly(MemoryAuthStore):
            def user_set_password_hash(
                self, user_id: str, password_hash: Optional[str]
            ) -> Any:
                raise RuntimeError("read only")

        store = ReadOnly(users={ALICE: hashed(PASSWORD, 4)})
        passwords = LocalPasswords(store, cheap_hasher(rounds=5))
        proved = self.successResultOf(passwords.check_password(ALICE, PASSWORD))
        self.assertEqual(proved, ALICE)
        (event,) = self.ours()
        self.assertEqual((event["user_id"], event["why"]), (ALICE, "read only"))
        self.assertNotIn(PASSWORD, repr(event))
