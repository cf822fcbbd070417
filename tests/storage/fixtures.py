"""
Stores and databases for the tests of this package.
"""

import os
from typing import Any, Tuple

from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer

from synauth.interfaces import IClock
from synauth.storage.database import Database
from synauth.storage.datastore import DataStore
from synauth.storage.engines import make_database, make_engine
from synauth.storage.migrations import prepare_database
from synauth.storage.sqlite import SqliteEngine
from synauth.testing.database import InlineDatabase
from tests.storage.postgresql import emptied_database

NOW_MS = 1500000000123


@implementer(IClock)
class SteadyClock:
    """
    A clock that stands.
    """

    def time_msec(self) -> int:
        """
        Always the same.
        """
        return NOW_MS


def inline_database(case: SynchronousTestCase) -> InlineDatabase:
    """
    A database in memory, closed when the test is over.
    """
    database = InlineDatabase()
    case.addCleanup(database.close)
    return database


def threaded_database(case: SynchronousTestCase) -> Database:
    """
    A database in a file, open, and closed when the test is over.
    """
    from twisted.internet import reactor

    path = os.path.join(case.mktemp(), "synauth.db")
    os.makedirs(os.path.dirname(path))
    engine = SqliteEngine(path)
    prepare_database(engine)
    database = Database(reactor, engine)
    database.start()
    case.addCleanup(database.close)
    return database


def postgres_inline_database(case: SynchronousTestCase) -> InlineDatabase:
    """
    A database on a server, without threads.
    """
    engine = make_engine("psycopg2", emptied_database())
    database = InlineDatabase(engine=engine)
    case.addCleanup(database.close)
    return database


def postgres_database(case: SynchronousTestCase) -> Any:
    """
    A database on a server, open, and closed when the test is over.
    """
    from twisted.internet import reactor

    engine = make_engine("psycopg2", emptied_database())
    database = make_database(reactor, engine, {"cp_max": 4})
    database.start()
    case.addCleanup(database.close)
    return database


def postgres_inline_store(case: SynchronousTestCase) -> DataStore:
    """
    A store over a L{postgres_inline_database}.
    """
    return DataStore(postgres_inline_database(case), SteadyClock())


def postgres_store(case: SynchronousTestCase) -> DataStore:
    """
    A store over a L{postgres_database}.
    """
    return DataStore(postgres_database(case), SteadyClock())


def inline_store(case: SynchronousTestCase) -> DataStore:
    """
    A store over an L{inline_database}.
    """
    return DataStore(inline_database(case), SteadyClock())


def threaded_store(case: SynchronousTestCase) -> DataStore:
    """
    A store over a L{threaded_database}.
    """
    return DataStore(threaded_database(case), SteadyClock())


def inline_store_and_database(
    case: SynchronousTestCase,
) -> Tuple[DataStore, InlineDatabase]:
    """
    An L{inline_store}, and what to look behind it with.
    """
    database = inline_database(case)
    return DataStore(database, SteadyClock()), database


def rows(database: InlineDatabase, sql: str) -> Any:
    """
    All rows that a query finds.
    """
    return database.connection.execute(sql).fetchall()
