"""
Limits and nonces that several processes count and spend together.
"""

from typing import Any, Callable, List

from twisted.internet.task import Clock as ReactorClock
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from synauth.auth.settings import RateLimit
from synauth.errors import LimitExceededError
from synauth.homeserver.clock import Clock
from synauth.homeserver.nonces import NONCE_TIMEOUT_MS
from synauth.homeserver.shared_limits import SharedNonces, SharedRateLimiter
from synauth.interfaces import IRateLimiter
from synauth.testing.database import InlineDatabase
from tests.storage.fixtures import inline_database, postgres_inline_database

RATE = RateLimit(per_second=0.5, burst_count=3)


class SharedTestsMixin:
    """
    Two processes on one database.
    """

    make_database: Callable[[Any], InlineDatabase]

    def setUp(self: Any) -> None:
        """
        Make the database.
        """
        self.reactor = ReactorClock()
        self.reactor.advance(1500000000)
        self.clock = Clock(self.reactor)
        self.database = self.make_database()

    def limiters(self: Any, name: str = "failures") -> List[SharedRateLimiter]:
        """
        @return: the limiters of two processes.
        """
        return [
            SharedRateLimiter(self.database, self.clock, name, RATE) for _ in range(2)
        ]

    def do(self: Any, deferred: Any) -> Any:
        """
        Get a result.
        """
        return self.successResultOf(deferred)

    def refused(self: Any, deferred: Any) -> int:
        """
        @return: when to come again, in ms.
        """
        error = self.failureResultOf(deferred, LimitExceededError).value
        wait: int = error.retry_after_ms
        return wait

    def count(self: Any, table: str) -> int:
        """
        @return: how many rows there are.
        """
        txn = self.database.connection.cursor()
        txn.execute("SELECT COUNT(*) FROM " + table)
        found: int = txn.fetchone()[0]
        return found

    def test_interface(self: Any) -> None:
        """
        It is a limiter.
        """
        verifyObject(IRateLimiter, self.limiters()[0])

    def test_counted_together(self: Any) -> None:
        """
        Two processes have one budget, which comes back with time.
        """
        one, other = self.limiters()
        for limiter in (one, other, one):
            self.assertIsNone(self.do(limiter.hit("@a:b")))
        self.assertEqual(self.refused(other.hit("@a:b")), 2000)
        self.assertEqual(self.refused(one.check("@a:b")), 2000)
        self.reactor.advance(2)
        self.do(other.check("@a:b"))
        self.do(other.hit("@a:b"))
        self.assertEqual(self.refused(one.hit("@a:b")), 2000)
        self.reactor.advance(100)
        for limiter in (one, other, one):
            self.do(limiter.hit("@a:b"))
        self.assertEqual(self.refused(other.hit("@a:b")), 2000)

    def test_apart(self: Any) -> None:
        """
        Other keys, and other limits, have budgets of their own, whatever the
        keys are made of.
        """
        one, _ = self.limiters()
        keys = ("@a:b", "@c:d", "", "\ud800", "\0", "x" * 100000)
        for key in keys:
            for _ in range(3):
                self.do(one.hit(key))
            self.refused(one.hit(key))
        other, _ = self.limiters("something else")
        self.do(other.hit("@a:b"))

    def test_refund(self: Any) -> None:
        """
        What was counted can be taken back, anywhere, and never more than that.
        """
        one, other = self.limiters()
        self.do(other.refund("@a:b"))
        for _ in range(3):
            self.do(one.hit("@a:b"))
        self.do(other.refund("@a:b"))
        self.do(one.hit("@a:b"))
        self.refused(one.hit("@a:b"))
        for _ in range(10):
            self.do(other.refund("@a:b"))
        for _ in range(3):
            self.do(one.hit("@a:b"))
        self.refused(one.hit("@a:b"))

    def test_clock_put_back(self: Any) -> None:
        """
        A process whose clock was ahead locks nobody out for longer than a full
        budget takes.
        """
        one, _ = self.limiters()
        ahead = ReactorClock()
        ahead.advance(1600000000)
        other = SharedRateLimiter(self.database, Clock(ahead), "failures", RATE)
        self.do(other.hit("@a:b"))
        self.assertEqual(self.refused(one.hit("@a:b")), 2000)

    def test_prune(self: Any) -> None:
        """
        What does not count any more goes, however much it is.
        """
        one, other = self.limiters()
        for number in range(250):
            self.do(one.hit("@%d:b" % number))
        self.reactor.advance(3)
        self.do(one.hit("@a:b"))
        self.do(other.prune())
        self.assertEqual(self.count("synauth_rate_limits"), 1)
        self.do(one.hit("@a:b"))

    def nonces(self: Any, key: bytes = b"key") -> SharedNonces:
        """
        @return: the nonces of a process.
        """
        return SharedNonces(self.database, self.clock, key)

    def test_nonces(self: Any) -> None:
        """
        What one process gives out another takes, once.
        """
        one, other = self.nonces(), self.nonces()
        nonce, another = one.make(), one.make()
        self.assertNotEqual(nonce, another)
        self.assertEqual(len(nonce), 64)
        self.assertIs(self.do(other.spend(nonce)), True)
        for process in (one, other):
            self.assertIs(self.do(process.spend(nonce)), False)
        self.assertIs(self.do(one.spend(another)), True)

    def test_late_nonce(self: Any) -> None:
        """
        A nonce is good for a minute.
        """
        one = self.nonces()
        nonce, other = one.make(), one.make()
        self.reactor.advance(NONCE_TIMEOUT_MS / 1000 - 1)
        self.assertIs(self.do(one.spend(nonce)), True)
        self.reactor.advance(1)
        self.assertIs(self.do(one.spend(other)), False)

    def test_made_up_nonce(self: Any) -> None:
        """
        What was not given out is not good, and leaves nothing behind.
        """
        one = self.nonces()
        nonce = one.make()
        changed = nonce[:10] + ("0" if nonce[10] != "0" else "1") + nonce[11:]
        for made_up in (
            "",
            "0" * 64,
            "\ud800",
            nonce.upper() if nonce.upper() != nonce else " ",
            nonce + " ",
            nonce[:-2],
            nonce + "00",
            changed,
            self.nonces(b"another key").make(),
        ):
            self.assertIs(self.do(one.spend(made_up)), False, made_up)
        self.assertEqual(self.count("synauth_spent"), 0)
        self.assertIs(self.do(one.spend(nonce)), True)


class SqliteTests(SharedTestsMixin, SynchronousTestCase):
    """
    On SQLite.
    """

    make_database = inline_database


class PostgresTests(SharedTestsMixin, SynchronousTestCase):
    """
    On PostgreSQL.
    """

    make_database = postgres_inline_database
