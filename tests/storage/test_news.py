"""
Two stores on one database, as in two processes, and the news between them.
"""

from typing import Any, Generator, List

from twisted.internet.defer import gatherResults, inlineCallbacks
from twisted.internet.task import deferLater
from twisted.trial.unittest import TestCase

from synauth.storage.datastore import DataStore
from synauth.storage.postgres import PostgresEngine
from synauth.storage.records import NewAccount
from synauth.storage.server_database import ServerDatabase
from synauth.testing.storecase import ALICE, login_of
from tests.storage.fixtures import SteadyClock
from tests.storage.postgresql import emptied_database, execute
from tests.storage.proxy import Proxy

Steps = Generator[Any, Any, None]


class NewsTests(TestCase):
    """
    What one store ends the other forgets.
    """

    timeout = 60

    @inlineCallbacks
    def setUp(self) -> Steps:  # type: ignore[override]
        """
        Open the database twice, the second time through a proxy.
        """
        from twisted.internet import reactor

        self.reactor: Any = reactor
        self.args = emptied_database()
        self.proxy = Proxy(self.args)
        self.addCleanup(self.proxy.close)
        self.databases: List[ServerDatabase] = []
        for args in (self.args, self.proxy.args):
            engine = PostgresEngine(dict(args, connect_timeout=2), timeout_s=5)
            database = ServerDatabase(reactor, engine, (1, 2))
            self.databases.append(database)
        self.one, self.other = [
            DataStore(database, SteadyClock()) for database in self.databases
        ]
        for database in self.databases:
            database.start()
            self.addCleanup(database.close)
        yield self.one.create_user(NewAccount(ALICE, None, 1), login_of("token"))
        yield self.until(lambda: all(each.news.fresh() for each in self.databases))

    @inlineCallbacks
    def until(self, holds: Any) -> Steps:
        """
        Wait for something.
        """
        while not holds():
            yield deferLater(self.reactor, 0.05, lambda: None)

    @inlineCallbacks
    def asked(self) -> Generator[Any, Any, bool]:
        """
        @return: fires with whether the other store knows the token.
        """
        info = yield self.other.get_user_by_access_token("token")
        return info is not None

    @inlineCallbacks
    def test_revoked(self) -> Steps:
        """
        It is over everywhere when it is over.
        """
        self.assertTrue((yield self.asked()))
        execute(self.args, "DELETE FROM access_tokens")
        # It is remembered.
        self.assertTrue((yield self.asked()))
        yield self.one.user_set_password_hash(ALICE, "hash")
        self.assertTrue((yield self.asked()))
        yield self.one.set_server_admin(ALICE, True)
        self.assertFalse((yield self.asked()))

    @inlineCallbacks
    def test_many_at_once(self) -> Steps:
        """
        Revocations at the same time, of both, wait for each other's answers and
        not for ever.
        """
        yield gatherResults(
            [
                store.set_server_admin(ALICE, admin)
                for store in (self.one, self.other)
                for admin in (True, False) * 5
            ]
        )

    @inlineCallbacks
    def test_cut_off(self) -> Steps:
        """
        Who was cut off has not heard of it, asks the database, and then listens
        anew.
        """
        self.assertTrue((yield self.asked()))
        execute(self.args, "DELETE FROM access_tokens")
        self.assertTrue((yield self.asked()))
        news = self.databases[1].news
        self.proxy.refuse()
        yield self.until(lambda: not news.fresh())
        self.proxy.listen()
        self.assertFalse((yield self.asked()))
        yield self.until(news.fresh)
        yield self.one.set_server_admin(ALICE, True)

    @inlineCallbacks
    def test_silence(self) -> Steps:
        """
        A connection on which nothing comes is given up, and does not keep the
        database from being closed.
        """
        news = self.databases[1].news
        self.proxy.block()
        yield self.until(lambda: not news.fresh())
        yield self.one.set_server_admin(ALICE, True)
        self.proxy.cut()
        self.proxy.unblock()
        yield self.until(news.fresh)
        self.proxy.block()
        self.databases[1].close()
