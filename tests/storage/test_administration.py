"""
What administrators do with accounts, over all databases.
"""

from twisted.trial.unittest import SynchronousTestCase

from synauth.testing.administrationstore import make_iadministrationstore_tests
from synauth.testing.storecase import ALICE
from tests.storage.fixtures import (
    inline_store,
    inline_store_and_database,
    postgres_inline_store,
    rows,
    threaded_store,
)


class InlineAdministrationStoreTests(make_iadministrationstore_tests(inline_store)):
    """
    Without threads.
    """


class ThreadedAdministrationStoreTests(make_iadministrationstore_tests(threaded_store)):
    """
    In a file.
    """


class PostgresAdministrationStoreTests(
    make_iadministrationstore_tests(postgres_inline_store)
):
    """
    On a server.
    """


class ReactivationTests(SynchronousTestCase):
    """
    An account that was deactivated.
    """

    def test_reactivate(self) -> None:
        """
        It is one again, and nobody's wish to be forgotten any more.
        """
        store, database = inline_store_and_database(self)
        for statement in (
            "INSERT INTO users (name, deactivated) VALUES (?, 1)",
            "INSERT INTO erased_users (user_id) VALUES (?)",
        ):
            database.connection.execute(statement, (ALICE,))
        database.connection.commit()
        self.successResultOf(store.reactivate_account(ALICE))
        self.assertEqual(rows(database, "SELECT deactivated FROM users"), [(0,)])
        self.assertEqual(rows(database, "SELECT * FROM erased_users"), [])
