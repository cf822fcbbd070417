"""
Tests for L{synauth.auth.ratelimit}.
"""

from typing import Any

from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer
from zope.interface.verify import verifyObject

from synauth.auth.ratelimit import RateLimiter, address_key
from synauth.errors import LimitExceededError
from synauth.interfaces import IClock, IRateLimiter

NOON_MS = 1500000000000


@implementer(IClock)
class _Clock:
    """
    A clock that is set by hand.

    @ivar now: milliseconds.
    """

    def __init__(self) -> None:
        self.now = NOON_MS

    def time_msec(self) -> int:
        """
        See L{IClock.time_msec}.
        """
        return self.now


class RateLimiterTests(SynchronousTestCase):
    """
    L{RateLimiter} is a leaky bucket for each key.
    """

    def setUp(self) -> None:
        self.clock = _Clock()

    def limiter(self, *args: Any, **kwargs: Any) -> RateLimiter:
        """
        @return: a limiter on the test's clock.
        """
        return RateLimiter(self.clock, *args, **kwargs)

    def assertLimited(self, call: Any, key: str, retry_after_ms: Any) -> None:
        """
        Assert that C{call} refuses C{key} and says when to come back.
        """
        error = self.assertRaises(LimitExceededError, call, key)
        self.assertEqual(error.retry_after_ms, retry_after_ms)
        self.assertIs(type(error.retry_after_ms), type(retry_after_ms))

    def test_interface(self) -> None:
        """
        It is a rate limiter, and its clock a clock.
        """
        verifyObject(IRateLimiter, self.limiter(1, 1))
        verifyObject(IClock, self.clock)

    def test_burst(self) -> None:
        """
        As many as the burst says may happen at once, and no more.
        """
        limiter = self.limiter(0.17, 3)
        for _ in range(3):
            limiter.check("a")
            limiter.hit("a")
        self.assertLimited(limiter.hit, "a", 5883)
        self.assertLimited(limiter.check, "a", 5883)

    def test_refill(self) -> None:
        """
        One more may happen each time that the rate gives one.
        """
        limiter = self.limiter(0.5, 2)
        limiter.hit("a")
        limiter.hit("a")
        self.clock.now += 1999
        self.assertLimited(limiter.hit, "a", 1)
        self.clock.now += 1
        limiter.hit("a")
        self.assertLimited(limiter.hit, "a", 2000)
        self.clock.now += 4000
        limiter.hit("a")
        limiter.hit("a")
        self.assertLimited(limiter.hit, "a", 2000)

    def test_retry_after_is_enough(self) -> None:
        """
        Who waits as long as it was told is let in, with rates that are no
        round numbers of milliseconds too.
        """
        for per_second in (0.003, 0.17, 0.7, 3.0, 7.0, 300.0):
            limiter = self.limiter(per_second, 5)
            for _ in range(50):
                try:
                    limiter.hit("a")
                except LimitExceededError as error:
                    self.clock.now += error.retry_after_ms - 1
                    self.assertLimited(limiter.hit, "a", 1)
                    self.clock.now += 1
                    limiter.hit("a")

    def test_full_burst_after_any_time(self) -> None:
        """
        Adding up fractions never costs an action: after a long pause the whole
        burst is there again.
        """
        limiter = self.limiter(0.7, 5)
        for pause in range(100000, 400000, 4321):
            for _ in range(5):
                limiter.hit("a")
            self.assertRaises(LimitExceededError, limiter.hit, "a")
            self.clock.now += pause

    def test_refused_is_not_counted(self) -> None:
        """
        Trying all the time does not put off the time when it is allowed.
        """
        limiter = self.limiter(1, 1)
        limiter.hit("a")
        for _ in range(10):
            self.clock.now += 99
            self.assertRaises(LimitExceededError, limiter.hit, "a")
        self.clock.now += 10
        limiter.hit("a")

    def test_check_does_not_count(self) -> None:
        """
        Asking costs nothing, and leaves nothing behind.
        """
        limiter = self.limiter(1, 1)
        for _ in range(10):
            limiter.check("a")
        self.assertEqual(len(limiter), 0)
        limiter.hit("a")

    def test_keys(self) -> None:
        """
        One key's actions are no other's.
        """
        limiter = self.limiter(1, 1)
        limiter.hit("a")
        limiter.hit("b")
        self.assertLimited(limiter.hit, "a", 1000)

    def test_never_refilled(self) -> None:
        """
        At a rate of 0 the burst is all there ever is, and there is no time at
        which to come back.
        """
        limiter = self.limiter(0, 2)
        limiter.hit("a")
        limiter.hit("a")
        self.clock.now += 10**12
        self.assertLimited(limiter.hit, "a", None)
        self.assertLimited(limiter.check, "a", None)
        limiter.hit("b")
        self.assertEqual(len(limiter), 2)
        limiter.refund("a")
        limiter.hit("a")
        self.assertLimited(limiter.hit, "a", None)

    def test_no_burst(self) -> None:
        """
        With a burst of 0 nothing is ever allowed.
        """
        for per_second in (0, 1):
            limiter = self.limiter(per_second, 0)
            for _ in range(2):
                self.assertRaises(LimitExceededError, limiter.hit, "a")
                self.clock.now += 10000
            self.assertEqual(len(limiter), 0)

    def test_refund(self) -> None:
        """
        What is taken back was never counted.
        """
        limiter = self.limiter(1, 2)
        limiter.hit("a")
        limiter.hit("a")
        limiter.refund("a")
        limiter.hit("a")
        self.assertLimited(limiter.hit, "a", 1000)
        limiter.refund("a")
        limiter.refund("a")
        self.assertEqual(len(limiter), 0)

    def test_refund_of_nothing(self) -> None:
        """
        Nobody gets more than the burst by what is taken back.
        """
        limiter = self.limiter(1, 1)
        limiter.refund("a")
        limiter.hit("a")
        self.clock.now += 1000
        limiter.refund("a")
        limiter.refund("a")
        limiter.hit("a")
        self.assertLimited(limiter.hit, "a", 1000)

    def test_clock_put_back(self) -> None:
        """
        A clock that is put back bars nobody for longer than a full bucket
        does.
        """
        limiter = self.limiter(1, 2)
        limiter.hit("a")
        limiter.hit("a")
        self.clock.now -= 3600000
        self.assertLimited(limiter.hit, "a", 1000)
        self.clock.now += 1000
        self.assertLimited(limiter.check, "a", 1000)

    def test_forgotten(self) -> None:
        """
        Keys that are of no account any more are forgotten on the way, two with
        each action.
        """
        limiter = self.limiter(1, 1)
        for number in range(100):
            limiter.hit("key %d" % number)
        self.assertEqual(len(limiter), 100)
        self.clock.now += 1000
        for number in range(50):
            limiter.hit("other %d" % number)
        self.assertEqual(len(limiter), 50)

    def test_bounded(self) -> None:
        """
        However many keys come, only so many are remembered: the ones that were
        used last.
        """
        limiter = self.limiter(0.001, 1, max_keys=10)
        for number in range(100):
            limiter.hit("key %d" % number)
            self.assertLessEqual(len(limiter), 10)
        self.assertRaises(LimitExceededError, limiter.hit, "key 90")
        limiter.hit("key 89")

    def test_attacker_is_remembered(self) -> None:
        """
        A key that is tried and refused all the time does not become free by
        other keys' coming.
        """
        limiter = self.limiter(0.001, 1, max_keys=10)
        limiter.hit("attacker")
        for number in range(100):
            limiter.hit("key %d" % number)
            self.assertRaises(LimitExceededError, limiter.hit, "attacker")

    def test_single_key_bound(self) -> None:
        """
        A limiter that may remember nothing still works, and forgets.
        """
        limiter = self.limiter(1, 1, max_keys=0)
        limiter.hit("a")
        self.assertEqual(len(limiter), 0)


class AddressKeyTests(SynchronousTestCase):
    """
    L{address_key} puts together what belongs to one client.
    """

    def test_ipv4(self) -> None:
        """
        An IPv4 address counts alone.
        """
        self.assertEqual(address_key("192.0.2.1"), "192.0.2.1")

    def test_ipv6(self) -> None:
        """
        Of IPv6 a whole /64 counts as one.
        """
        for address in ("2001:db8:0:1::1", "2001:db8:0:1:ffff:ffff:ffff:ffff"):
            self.assertEqual(address_key(address), "2001:db8:0:1::/64")
        self.assertEqual(address_key("2001:db8:0:2::1"), "2001:db8:0:2::/64")

    def test_mapped(self) -> None:
        """
        An IPv4 address within IPv6 is the IPv4 address.
        """
        self.assertEqual(address_key("::ffff:192.0.2.1"), "192.0.2.1")

    def test_no_address(self) -> None:
        """
        What is no address is its own key.
        """
        for text in ("unix", "", "a:b", "fe80::1::2"):
            self.assertEqual(address_key(text), text)
