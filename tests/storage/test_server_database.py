"""
The contract of a database, on a server.
"""

import threading
from typing import Any, Generator, List

from twisted.internet.defer import gatherResults, inlineCallbacks
from twisted.trial.unittest import TestCase

from synauth.storage.engines import make_engine
from synauth.storage.server_database import ServerDatabase
from tests.storage.postgresql import emptied_database
from tests.storage.test_database import DatabaseTestsMixin, insert, names

Steps = Generator[Any, Any, None]


class ServerDatabaseTests(DatabaseTestsMixin, TestCase):
    """
    The contract of L{IDatabase}.
    """

    def make(self) -> ServerDatabase:
        """
        On PostgreSQL.
        """
        from twisted.internet import reactor

        engine = make_engine("psycopg2", emptied_database())
        database = ServerDatabase(reactor, engine, (1, 4))  # type: ignore[arg-type]
        database.start()
        self.addCleanup(database.close)
        return database

    @inlineCallbacks
    def test_writes_at_once(self) -> Steps:
        """
        Many writes at the same time end as if they had been done one after the
        other, and none fails for another's sake.
        """

        def count_and_insert(txn: Any, number: int) -> int:
            before = len(names(txn))
            insert(txn, "@%d:x" % number)
            return before

        counts = yield gatherResults(
            [self.database.write(count_and_insert, number) for number in range(20)]
        )
        self.assertEqual(sorted(counts), list(range(20)))

    @inlineCallbacks
    def test_crossing_writes(self) -> Steps:
        """
        Two transactions that lock the same rows in opposite order both come to
        their end.
        """
        yield self.database.write(insert, "@a:x", "@b:x")
        both = threading.Barrier(2)

        def change(txn: Any, first: str, second: str) -> None:
            for name in (first, second):
                txn.execute(
                    "UPDATE users SET creation_ts = COALESCE(creation_ts, 0) + 1"
                    " WHERE name = ?",
                    (name,),
                )
                try:
                    both.wait(0.5)
                except threading.BrokenBarrierError:
                    pass

        yield gatherResults(
            [
                self.database.write(change, "@a:x", "@b:x"),
                self.database.write(change, "@b:x", "@a:x"),
            ]
        )
        found = yield self.database.read(_times)
        self.assertEqual(found, [2, 2])


def _times(txn: Any) -> List[int]:
    txn.execute("SELECT creation_ts FROM users ORDER BY name")
    return [when for (when,) in txn.fetchall()]
