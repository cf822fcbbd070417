"""
The contract of the changes of accounts, over all databases, and what is left of
an account that has ended.
"""

from twisted.trial.unittest import SynchronousTestCase

from synauth.storage.records import NewAccount, NewLogin
from synauth.testing.storecase import ALICE
from synauth.testing.stores import (
    make_iaccountchangestore_tests,
)
from tests.storage.fixtures import (
    inline_store,
    inline_store_and_database,
    postgres_inline_store,
    rows,
    threaded_store,
)


class InlineAccountChangeStoreTests(make_iaccountchangestore_tests(inline_store)):
    """
    Changes of accounts, without threads.
    """


class ThreadedAccountChangeStoreTests(make_iaccountchangestore_tests(threaded_store)):
    """
    Changes of accounts in a file.
    """


class PostgresAccountChangeStoreTests(
    make_iaccountchangestore_tests(postgres_inline_store)
):
    """
    Changes of accounts on a server.
    """


class RemainsTests(SynchronousTestCase):
    """
    The tables, after an end.
    """

    def test_erased(self) -> None:
        """
        Of an erased account only its name is left, and the note that it is.
        """
        store, database = inline_store_and_database(self)
        account = NewAccount(ALICE, "hash", 1, display_name="Alice")
        store.create_user(account, NewLogin(ALICE, "D", "token", 1, refresh_token="r"))
        store.user_add_threepid(ALICE, "email", "alice@example.com", 1, 2)
        store.deactivate_account(ALICE, True)
        for table in ("access_tokens", "refresh_tokens", "devices", "profiles"):
            self.assertEqual(rows(database, "SELECT * FROM " + table), [])
        self.assertEqual(rows(database, "SELECT * FROM user_threepids"), [])
        self.assertEqual(
            [tuple(row) for row in rows(database, "SELECT user_id FROM erased_users")],
            [(ALICE,)],
        )
        found = rows(database, "SELECT name, password_hash, deactivated FROM users")
        self.assertEqual([tuple(row) for row in found], [(ALICE, None, 1)])
