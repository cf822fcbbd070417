"""
Tests of L{synauth.storage.revocations}.
"""

import json
from typing import Any, Callable, Dict, List, Optional

from twisted.internet.defer import succeed
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from synauth.storage.datastore import DataStore
from synauth.storage.issuing import record_login
from synauth.storage.news import PATIENCE_S
from synauth.storage.records import NewAccount
from synauth.storage.revocations import LocalRevocations, SharedRevocations, remembering
from synauth.storage.token_cache import TokenCache
from synauth.testing.storecase import ALICE, BOB, login_of
from tests.storage.fixtures import (
    SteadyClock,
    inline_database,
    postgres_inline_database,
)
from tests.storage.test_token_cache import info_of as a_token_of


class FakeNews:
    """
    Other processes, as far as one hears of them.
    """

    channel = "test_news"
    name = "me"

    def __init__(self) -> None:
        self.clock = Clock()
        self.others: Dict[str, Optional[int]] = {}
        self.ended: List[int] = []
        self.is_fresh = True

    def join(self, hear: Callable[[str], Optional[str]], begin: Any) -> None:
        """
        Remember who listens.
        """
        self.hear, self.begin = hear, begin

    def fresh(self) -> bool:
        """
        As it was said.
        """
        return self.is_fresh

    def later(self, seconds: float, function: Any, *args: Any) -> Any:
        """
        On the clock.
        """
        return self.clock.callLater(seconds, function, *args)

    def live(self, txn: Any) -> Dict[str, Optional[int]]:
        """
        All, and oneself.
        """
        return dict(self.others, me=1)

    def end(self, txn: Any, pids: List[int]) -> None:
        """
        Note who is cut off.
        """
        self.ended += pids


def info_of(user_id: str) -> Any:
    """
    What the database says of a token.
    """
    return lambda token: succeed(a_token_of(user_id))


class RevocationTestCase(SynchronousTestCase):
    """
    A process that remembers a token of each of two users.
    """

    def setUp(self) -> None:
        """
        Make it.
        """
        self.news = FakeNews()
        self.cache = TokenCache(usable=self.news.fresh)
        self.database = postgres_inline_database(self)
        self.revocations = SharedRevocations(
            self.database,
            self.cache,
            self.news,  # type: ignore[arg-type]
        )
        self.listener = self.database.engine.connect()
        self.addCleanup(self.listener.close)
        self.listener.cursor().execute("LISTEN test_news")
        self.remember()

    def remember(self) -> None:
        """
        Ask for both.
        """
        for user_id in (ALICE, BOB):
            self.cache.get("token of " + user_id, info_of(user_id))

    def remembered(self) -> List[str]:
        """
        @return: whose tokens are remembered.
        """
        found = []
        for user_id in (ALICE, BOB):
            asked: List[str] = []
            self.cache.get("token of " + user_id, self.note(asked))
            if not asked:
                found.append(user_id)
        return found

    def note(self, asked: List[str]) -> Any:
        """
        @return: a database that notes what it is asked, and knows nothing.
        """

        def read(token: str) -> Any:
            asked.append(token)
            return succeed(None)

        return read

    def told(self) -> List[Any]:
        """
        @return: what the others have been sent.
        """
        self.listener.cursor().execute("SELECT 1")
        return [json.loads(message) for message in self.listener.notifications()]

    def answer(self, revocation: str, name: str) -> None:
        """
        Another process has forgotten.
        """
        self.assertIsNone(self.news.hear(json.dumps([revocation, name, None])))


class SharedRevocationsTests(RevocationTestCase):
    """
    L{SharedRevocations}.
    """

    def test_alone(self) -> None:
        """
        Where nobody else is, nobody is waited for.
        """
        written = self.revocations.write(ALICE, lambda txn: "result")
        self.assertEqual(self.successResultOf(written), "result")
        self.assertEqual(self.remembered(), [BOB])
        self.assertEqual(self.news.clock.getDelayedCalls(), [])

    def test_all_are_waited_for(self) -> None:
        """
        The write is over when the last one has answered.
        """
        self.news.others = {"one": 2, "two": 3}
        written = self.revocations.write(ALICE, lambda txn: "result")
        [[revocation, name, user_id]] = self.told()
        self.assertEqual((name, user_id), (None, ALICE))
        self.assertEqual(self.remembered(), [BOB])
        self.answer(revocation, "one")
        self.answer("of somebody else", "two")
        self.answer(revocation, "one")
        self.assertNoResult(written)
        self.answer(revocation, "two")
        self.assertEqual(self.successResultOf(written), "result")
        self.assertEqual(self.news.ended, [])
        self.assertEqual(self.news.clock.getDelayedCalls(), [])
        self.answer(revocation, "two")

    def test_silent(self) -> None:
        """
        Who does not answer is waited for until he can't remember any more, and
        is then cut off, so that the next one does not wait for him again.
        """
        self.news.others = {"one": 2, "two": 3}
        written = self.revocations.write(ALICE, lambda txn: None)
        [[revocation, _, _]] = self.told()
        self.answer(revocation, "two")
        self.news.clock.advance(PATIENCE_S - 0.1)
        self.assertNoResult(written)
        self.news.clock.advance(0.1)
        self.successResultOf(written)
        self.assertEqual(self.news.ended, [2])

    def test_unsettled(self) -> None:
        """
        There may be others whom the server does not know of.
        """
        self.news.others = {"": None}
        written = self.revocations.write(ALICE, lambda txn: None)
        self.assertNoResult(written)
        self.news.clock.advance(PATIENCE_S)
        self.successResultOf(written)
        self.assertEqual(self.news.ended, [])

    def test_nothing_ended(self) -> None:
        """
        Nobody needs to know of a login that ended no token; of one that did,
        and of what else gives an empty list, all do.
        """
        store = DataStore(self.database, SteadyClock())
        self.successResultOf(store.create_user(NewAccount(ALICE, None, 1)))
        engine = self.database.engine
        for token, told in (("one", False), ("two", True)):
            login = login_of(token)
            written = self.revocations.write_ending(ALICE, record_login, engine, login)
            self.successResultOf(written)
            self.assertEqual(bool(self.told()), told)
        self.successResultOf(self.revocations.write(ALICE, lambda txn: []))
        self.assertEqual(len(self.told()), 1)

    def test_anybody(self) -> None:
        """
        A write about nobody in particular is about all.
        """
        self.successResultOf(self.revocations.write(None, lambda txn: None))
        self.assertEqual(self.remembered(), [])
        self.assertEqual([user_id for _, _, user_id in self.told()], [None])

    def test_nobodys_ids(self) -> None:
        """
        What can be no user's id is told to nobody, and does no harm.
        """
        for user_id in ("\ud800", "\0", "@" + "x" * 8000):
            self.successResultOf(self.revocations.write(user_id, lambda txn: None))
        self.assertEqual(self.told(), [])

    def test_failure(self) -> None:
        """
        A write that fails is forgotten too, for nobody knows, and tells nobody.
        """
        written = self.revocations.write(ALICE, lambda txn: 1 // 0)
        self.failureResultOf(written, ZeroDivisionError)
        self.assertEqual(self.remembered(), [BOB])
        self.assertEqual(self.told(), [])

    def test_told(self) -> None:
        """
        Who is told forgets, and says so.
        """
        reply = self.news.hear(json.dumps(["r1", None, ALICE]))
        self.assertEqual(json.loads(reply or ""), ["r1", "me", None])
        self.assertEqual(self.remembered(), [BOB])
        self.news.hear(json.dumps(["r2", None, None]))
        self.assertEqual(self.remembered(), [])

    def test_missed_news(self) -> None:
        """
        Who may have missed something does not use what he remembers, and
        forgets all of it before he listens again.
        """
        self.news.is_fresh = False
        self.assertEqual(self.remembered(), [])
        self.news.begin()
        self.news.is_fresh = True
        self.assertEqual(self.remembered(), [])


class RememberingTests(SynchronousTestCase):
    """
    Who remembers anything.
    """

    def test_remembering(self) -> None:
        """
        On a file one remembers; on a server only with news.
        """
        cache, revocations = remembering(inline_database(self))
        self.assertIsInstance(revocations, LocalRevocations)
        cache.get("token", info_of(ALICE))
        self.assertEqual(len(cache), 1)
        cache, revocations = remembering(postgres_inline_database(self))
        self.assertIsInstance(revocations, LocalRevocations)
        cache.get("token", info_of(ALICE))
        self.assertEqual(len(cache), 0)
