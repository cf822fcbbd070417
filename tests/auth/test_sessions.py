"""
The sessions of user-interactive authentication.
"""

import pickle
from collections import OrderedDict
from typing import Any, Set
from unittest import TestResult

from nacl.exceptions import CryptoError
from twisted.internet.task import Clock as ReactorClock
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer

from synauth.auth.sealing import Sealer
from synauth.auth.sessions import SESSION_EXPIRE_MS, MemorySessionStore
from synauth.errors import MatrixError
from synauth.homeserver.clock import Clock
from synauth.interfaces import ISessionStore
from synauth.testing.sessions import make_isessionstore_tests

SECRET = "planted-s3cret"


def memory_store(case: SynchronousTestCase) -> MemorySessionStore:
    """
    @return: the store under test.
    """
    return MemorySessionStore(Clock(ReactorClock()))


class MemorySessionStoreContractTests(make_isessionstore_tests(memory_store)):
    """
    The store in memory.
    """


@implementer(ISessionStore)
class ForgetfulStore(MemorySessionStore):
    """
    Lets a session be claimed as often as one likes, and forgets a method.
    """

    remove = None  # type: ignore

    def claim(self, session_id: str) -> Any:
        """
        Broken.
        """
        self.release(session_id)
        return super().claim(session_id)


class BrokenStoreTests(SynchronousTestCase):
    """
    The tests of the contract.
    """

    def test_broken(self) -> None:
        """
        A store that breaks the contract does not pass.
        """
        tests = make_isessionstore_tests(
            lambda case: ForgetfulStore(Clock(ReactorClock()))
        )
        for name in ("test_interface", "test_claim"):
            result = TestResult()
            tests(name).run(result)
            self.assertFalse(result.wasSuccessful(), name)


class CountingDict(OrderedDict):
    """
    Counts what is asked of it, and can't be walked but for its first item.
    """

    operations = 0

    def _counted(name: str) -> Any:  # type: ignore
        method = getattr(OrderedDict, name)

        def count(self: Any, *args: Any, **kw: Any) -> Any:
            CountingDict.operations += 1
            return method(self, *args, **kw)

        return count

    __setitem__ = _counted("__setitem__")
    get = _counted("get")
    pop = _counted("pop")
    popitem = _counted("popitem")
    move_to_end = _counted("move_to_end")

    def values(self) -> Any:
        """
        Counts what is looked at.
        """
        for value in super().values():
            CountingDict.operations += 1
            yield value

    def __iter__(self) -> Any:
        """
        Nobody walks over all sessions in another way.
        """
        raise AssertionError("walked over the sessions")


class MemorySessionStoreTests(SynchronousTestCase):
    """
    What is not in the contract.
    """

    def setUp(self) -> None:
        """
        Make a store on a clock.
        """
        self.reactor = ReactorClock()
        self.reactor.advance(1500000000)
        self.store = self.make_store()

    def make_store(self, **options: Any) -> MemorySessionStore:
        """
        @return: a store on the clock.
        """
        return MemorySessionStore(Clock(self.reactor), **options)

    def new(self, *args: Any) -> str:
        """
        @return: the id of a new session.
        """
        return self.successResultOf(self.store.create(*args)).id

    def prove(self, session_id: str) -> None:
        """
        Complete a stage.
        """
        self.successResultOf(self.store.add_cred(session_id, "m.login.password", True))

    def alive(self, *session_ids: str) -> Set[str]:
        """
        @return: which of the sessions there still are.
        """
        return {i for i in session_ids if self.successResultOf(self.store.get(i))}

    def test_expiry(self) -> None:
        """
        A session lives for 48 hours after its last use, and not longer.
        """
        session_id = self.new()
        self.assertEqual(SESSION_EXPIRE_MS, 172800000)
        self.reactor.advance(172800)
        self.assertEqual(self.alive(session_id), {session_id})
        self.reactor.advance(0.001)
        self.assertEqual(self.alive(session_id), set())
        self.failureResultOf(self.store.set_data(session_id, "a", 1), MatrixError)

    def test_each_change_is_a_use(self) -> None:
        """
        Every change puts off the end; looking does not.
        """
        session_id = self.new()
        for change in (
            lambda: self.store.set_clientdict(session_id, {"a": 1}),
            lambda: self.store.add_cred(session_id, "m.login.dummy", True),
            lambda: self.store.set_data(session_id, "a", 1),
            lambda: self.store.claim(session_id),
            lambda: self.store.release(session_id),
            lambda: self.store.finish(session_id),
        ):
            self.reactor.advance(172000)
            self.successResultOf(change())
        self.reactor.advance(172000)
        self.assertEqual(self.alive(session_id), {session_id})
        self.reactor.advance(801)
        self.assertEqual(self.alive(session_id), set())

    def test_pruning(self) -> None:
        """
        What has expired is dropped with the next change, proven or not, and
        nothing else is.
        """
        old = [self.new() for _ in range(3)]
        self.prove(old[1])
        self.reactor.advance(100000)
        young = [self.new() for _ in range(3)]
        self.prove(young[2])
        self.successResultOf(self.store.set_data(old[2], "a", 1))
        self.reactor.advance(72801)
        self.assertEqual(len(self.store), 6)
        self.new()
        self.assertEqual(len(self.store), 5)
        self.assertEqual(self.alive(*old, *young), {old[2], *young})

    def test_a_clock_that_goes_back(self) -> None:
        """
        A clock that is put back neither ends a session nor breaks pruning.
        """
        first = self.new()
        self.reactor.rightNow -= 3600
        second = self.new()
        self.assertEqual(self.alive(first, second), {first, second})

    def test_cap(self) -> None:
        """
        At the cap the oldest session in which nobody has proved anything goes.
        """
        self.store = self.make_store(max_sessions=3)
        proven, first, second = [self.new() for _ in range(3)]
        self.prove(proven)
        self.successResultOf(self.store.set_data(first, "a", 1))
        third = self.new()
        self.assertEqual(
            self.alive(proven, first, second, third), {proven, first, third}
        )

    def test_cap_full_of_proven_sessions(self) -> None:
        """
        When all have proved something the oldest of them goes, never the one
        that has just come.
        """
        self.store = self.make_store(max_sessions=3)
        proven = [self.new() for _ in range(3)]
        for session_id in proven:
            self.prove(session_id)
        new = self.new()
        self.assertEqual(self.alive(new, *proven), {new, proven[1], proven[2]})

    def test_cap_of_one_and_none(self) -> None:
        """
        The smallest caps do what they say.
        """
        self.store = self.make_store(max_sessions=1)
        first, second = self.new(), self.new()
        self.assertEqual(self.alive(first, second), {second})
        self.store = self.make_store(max_sessions=0)
        self.new()
        self.assertEqual(len(self.store), 0)

    def test_cap_and_what_proves_nothing(self) -> None:
        """
        Who has completed nothing but the dummy, or agreed to the rules, has proved
        nothing.
        """
        self.store = self.make_store(max_sessions=2)
        dummy, proven = self.new(), self.new()
        self.successResultOf(self.store.add_cred(dummy, "m.login.dummy", True))
        self.successResultOf(self.store.add_cred(dummy, "m.login.terms", "1.0"))
        self.prove(proven)
        third, fourth = self.new(), self.new()
        self.assertEqual(self.alive(dummy, proven, third, fourth), {proven, fourth})

    def test_size_is_that_of_memory(self) -> None:
        """
        What is short as JSON and large in memory is as good as long.
        """
        cap = 16384
        self.store = self.make_store(max_session_bytes=cap)
        session_id = self.new()
        for many in (
            [{"": {}}] * (cap // 128),
            [[]] * (cap // 32),
            [0] * (cap // 8),
            {str(i): {} for i in range(cap // 128)},
        ):
            error = self.failureResultOf(
                self.store.set_clientdict(session_id, {"a": many}), MatrixError
            ).value
            self.assertEqual((error.code, error.errcode), (413, "M_TOO_LARGE"))
        few = {"a": [{"": {}}] * 20}
        self.successResultOf(self.store.set_clientdict(session_id, few))
        session = self.successResultOf(self.store.get(session_id))
        self.assertEqual(session.clientdict, few)

    def test_odd_values(self) -> None:
        """
        A host may keep with a session what is no JSON.
        """
        session_id = self.new()
        value = {("a", 1): object(), b"x": {1, 2}}
        self.successResultOf(self.store.set_data(session_id, "odd", value))
        session = self.successResultOf(self.store.get(session_id))
        self.assertIs(session.serverdict["odd"], value)

    def test_passwords_are_sealed(self) -> None:
        """
        A password is nowhere in what the store holds, and when the session
        ends the sealed one goes too.
        """
        session_id = self.new(None, {"password": SECRET, "x": "open-" + "value"})
        self.successResultOf(
            self.store.set_clientdict(
                session_id,
                {"password": SECRET, "new_password": SECRET, "x": "open-value"},
            )
        )
        held = pickle.dumps((self.store._unproven, self.store._proven))
        self.assertIn(b"open-value", held)
        self.assertNotIn(SECRET.encode(), held)
        self.assertIsNotNone(self.store._unproven[session_id].sealed)
        self.successResultOf(self.store.finish(session_id))
        self.assertIsNone(self.store._unproven[session_id].sealed)
        session = self.successResultOf(self.store.get(session_id))
        self.assertEqual(session.clientdict, {"x": "open-value"})

    def test_cost(self) -> None:
        """
        A change costs as many operations with ten thousand sessions as with
        ten, and looks at none but those that have expired.
        """
        costs = []
        for others in (10, 10000):
            self.store = self.make_store()
            self.store._unproven = CountingDict()
            self.store._proven = CountingDict()
            for _ in range(others):
                self.new()
            session_id = self.new()
            CountingDict.operations = 0
            self.new()
            self.prove(session_id)
            self.successResultOf(self.store.set_data(session_id, "a", 1))
            costs.append(CountingDict.operations)
        self.assertEqual(costs[0], costs[1])
        self.assertLess(costs[0], 40)


class SealerTests(SynchronousTestCase):
    """
    L{Sealer}.
    """

    def test_nothing_to_seal(self) -> None:
        """
        Parameters without a password are copied.
        """
        params = {"a": 1}
        rest, sealed = Sealer().seal(params)
        self.assertEqual((rest, sealed), ({"a": 1}, None))
        self.assertIsNot(rest, params)

    def test_sealed(self) -> None:
        """
        Passwords come back as they were, whatever a client sent for one.
        """
        sealer = Sealer()
        for password in (SECRET, "", None, ["\ud800\0"], {"a": 1.5}):
            params = {"a": 1, "password": password}
            rest, sealed = sealer.seal(params)
            self.assertEqual(rest, {"a": 1})
            self.assertNotIn(SECRET.encode(), sealed)
            self.assertEqual(sealer.unseal(rest, sealed), params)

    def test_keys_differ(self) -> None:
        """
        Another process can't open it.
        """
        _, sealed = Sealer().seal({"password": SECRET})
        self.assertRaises(CryptoError, Sealer().unseal, {}, sealed)
