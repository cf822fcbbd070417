"""
Tests of L{synauth.storage.token_cache}.
"""

from typing import Any, List, Optional

from twisted.internet.defer import Deferred, succeed
from twisted.trial.unittest import SynchronousTestCase

from synauth.storage.records import Rotation, TokenInfo
from synauth.storage.token_cache import TokenCache
from synauth.testing.storecase import ALICE, BOB, login_of
from tests.storage.fixtures import inline_store_and_database


def info_of(
    user_id: str, unused_successor: bool = False, owner: Optional[str] = None
) -> TokenInfo:
    """
    What a database might say of a token.
    """
    return TokenInfo(
        token_id=1,
        user_id=user_id,
        device_id="D",
        valid_until_ms=None,
        is_guest=False,
        deactivated=False,
        locked=False,
        suspended=False,
        approved=True,
        is_admin=False,
        token_owner=owner or user_id,
        unused_successor=unused_successor,
    )


class TokenCacheTests(SynchronousTestCase):
    """
    The cache by itself.
    """

    def setUp(self) -> None:
        """
        Make a cache with room for two, over a database that notes what it is
        asked.
        """
        self.cache = TokenCache(max_tokens=2)
        self.asked: List[str] = []
        self.answers = {"a1": info_of(ALICE), "a2": info_of(ALICE), "b": info_of(BOB)}

    def read(self, token: str) -> Any:
        """
        Answer at once.
        """
        self.asked.append(token)
        return succeed(self.answers.get(token))

    def get(self, token: str) -> Any:
        """
        Ask the cache.
        """
        return self.successResultOf(self.cache.get(token, self.read))

    def test_remembered(self) -> None:
        """
        The database is asked once.
        """
        self.assertEqual([self.get("a1"), self.get("a1")], [info_of(ALICE)] * 2)
        self.assertEqual(self.asked, ["a1"])

    def test_nothing_is_not_remembered(self) -> None:
        """
        A token that nobody has is asked for again: it may be made meanwhile,
        and made-up ones would fill the cache.
        """
        self.assertEqual([self.get("x"), self.get("x")], [None, None])
        self.assertEqual((self.asked, len(self.cache)), (["x", "x"], 0))

    def test_unused_successor_is_not_remembered(self) -> None:
        """
        A token that has yet to be marked as used comes by the database until
        it is.
        """
        self.answers["a1"] = info_of(ALICE, unused_successor=True)
        self.get("a1")
        self.get("a1")
        self.assertEqual(self.asked, ["a1", "a1"])

    def test_forget_user(self) -> None:
        """
        All tokens of a user are forgotten, and nobody else's.
        """
        self.cache = TokenCache()
        for token in ("a1", "a2", "b"):
            self.get(token)
        self.assertEqual(self.cache.forget("result", ALICE), "result")
        self.asked.clear()
        for token in ("a1", "a2", "b"):
            self.get(token)
        self.assertEqual(self.asked, ["a1", "a2"])

    def test_least_recently_used_goes(self) -> None:
        """
        A full cache drops what was asked for longest ago.
        """
        for token in ("a1", "b", "a1", "a2"):
            self.get(token)
        self.asked.clear()
        self.get("a1")
        self.get("b")
        self.assertEqual(self.asked, ["b"])
        self.assertEqual(len(self.cache), 2)
        self.cache.forget(None, ALICE)
        self.cache.forget(None, BOB)
        self.assertEqual(len(self.cache), 0)

    def test_puppets(self) -> None:
        """
        A token by which one user acts as another is forgotten with either, and
        nothing of it stays behind.
        """
        self.answers["p"] = info_of(ALICE, owner=BOB)
        for user_id, other in ((ALICE, BOB), (BOB, ALICE)):
            self.get("p")
            self.cache.forget(None, user_id)
            self.assertEqual(len(self.cache), 0)
            self.cache.forget(None, other)
        self.assertEqual(self.asked, ["p", "p"])

    def test_late_answer(self) -> None:
        """
        What was read before a write and arrives behind it is not remembered:
        the write may have ended the token.
        """
        late: "Deferred[Any]" = Deferred()
        got = self.cache.get("a1", lambda token: late)
        self.cache.forget(None, ALICE)
        late.callback(info_of(ALICE))
        self.assertEqual(self.successResultOf(got), info_of(ALICE))
        self.assertEqual(len(self.cache), 0)


class ForgettingTests(SynchronousTestCase):
    """
    The store forgets in time.
    """

    def setUp(self) -> None:
        """
        Make a store with a user who has two logins, both remembered.
        """
        self.store, self.database = inline_store_and_database(self)
        self.database.connection.execute(
            "INSERT INTO users (name, deactivated, is_guest) VALUES (?, 0, 0)", (ALICE,)
        )
        self.database.connection.commit()
        self.do(self.store.add_login(login_of("one", "r1", device_id="ONE")))
        self.do(self.store.add_login(login_of("two", "r2", device_id="TWO")))
        self.info("one")
        self.info("two")

    def do(self, deferred: Any) -> Any:
        """
        Get a result.
        """
        return self.successResultOf(deferred)

    def info(self, token: str) -> Any:
        """
        Ask whose a token is.
        """
        return self.do(self.store.get_user_by_access_token(token))

    def assert_ended(self, *tokens: str) -> None:
        """
        Nobody has these tokens any more, and somebody has the other.
        """
        for token in ("one", "two"):
            self.assertEqual(self.info(token) is None, token in tokens, token)

    def test_delete_access_token(self) -> None:
        """
        A token that was deleted is not remembered.
        """
        self.do(self.store.delete_access_token("one"))
        self.assert_ended("one")

    def test_user_delete_access_tokens(self) -> None:
        """
        Nor are a user's, but for the one that stays.
        """
        keep = self.info("two").token_id
        self.do(self.store.user_delete_access_tokens(ALICE, keep))
        self.assert_ended("one")

    def test_delete_devices(self) -> None:
        """
        Nor those of a device that is no more.
        """
        self.do(self.store.delete_devices(ALICE, ["ONE"]))
        self.assert_ended("one")

    def test_delete_all_devices(self) -> None:
        """
        Nor any when all are gone.
        """
        self.do(self.store.delete_all_devices(ALICE))
        self.assert_ended("one", "two")

    def test_login_on_same_device(self) -> None:
        """
        Nor those that a new login on their device has ended.
        """
        self.do(self.store.add_login(login_of("three", device_id="ONE")))
        self.assert_ended("one")

    def test_mark_as_used(self) -> None:
        """
        Nor one whose successor is in use.
        """

        old = self.do(self.store.get_refresh_token("r1"))
        self.do(
            self.store.rotate_refresh_token(Rotation(old, "three", "r3", None, None))
        )
        self.assertIsNotNone(self.info("one"))
        successor = self.info("three")
        self.assertTrue(successor.unused_successor)
        self.do(self.store.mark_access_token_as_used(ALICE, successor.token_id))
        self.assert_ended("one")
        self.assertFalse(self.info("three").unused_successor)
