"""
The smaller stores' contracts, and what modules do to the database.
"""

from typing import Any, List

from twisted.trial.unittest import SynchronousTestCase, TestCase

from synauth.errors import ConfigError
from synauth.storage.module_schemas import apply_module_schemas, apply_to_connection
from synauth.storage.records import NewAccount, NewLogin
from synauth.storage.sqlite import SqliteEngine
from synauth.testing.storecase import ALICE
from synauth.testing.stores import (
    make_iexternalidstore_tests,
    make_iprofilestore_tests,
    make_ithreepidstore_tests,
    make_iuserinfostore_tests,
)
from tests.storage.fixtures import (
    inline_database,
    inline_store,
    inline_store_and_database,
    rows,
    threaded_database,
    threaded_store,
)


class InlineProfileStoreTests(make_iprofilestore_tests(inline_store)):
    """
    Profiles, without threads.
    """


class InlineThreepidStoreTests(make_ithreepidstore_tests(inline_store)):
    """
    Addresses, without threads.
    """


class InlineExternalIdStoreTests(make_iexternalidstore_tests(inline_store)):
    """
    External ids, without threads.
    """


class InlineUserInfoStoreTests(make_iuserinfostore_tests(inline_store)):
    """
    What is known of accounts, without threads.
    """


class ThreadedExternalIdStoreTests(make_iexternalidstore_tests(threaded_store)):
    """
    External ids in a file.
    """


class RunInteractionTests(TestCase):
    """
    A module's own SQL.
    """

    def setUp(self) -> None:
        """
        Make an account with a login.
        """
        self.store, self.database = inline_store_and_database(self)
        self.store.create_user(NewAccount(ALICE, None, 1), NewLogin(ALICE, "D", "t", 1))

    def test_result(self) -> None:
        """
        It is given a cursor and its arguments, and its result comes back.
        """

        def count(txn: Any, name: str, least: int = 0) -> Any:
            txn.execute("SELECT count(*) FROM users WHERE name = ?", (name,))
            return txn.fetchone()[0], least

        result = self.store.run_interaction(count, ALICE, least=5)
        self.assertEqual(self.successResultOf(result), (1, 5))

    def test_cursor(self) -> Any:
        """
        The cursor can be walked through, and run one statement many times.
        """

        def names(txn: Any) -> Any:
            txn.execute("CREATE TABLE m (a)")
            txn.execute_batch("INSERT INTO m VALUES (?)", iter([("x",), ("y",)]))
            txn.execute("SELECT a FROM m ORDER BY a")
            return [a for (a,) in txn]

        for store in (self.store, threaded_store(self)):
            done = store.run_interaction(names)
            done.addCallback(self.assertEqual, ["x", "y"])
        return done

    def test_call_after(self) -> None:
        """
        What is to be done afterwards is done when all is written, and not done
        when nothing is.
        """
        seen: List[Any] = []

        def note(name: str, **more: Any) -> None:
            seen.append((name, more, rows(self.database, "SELECT count(*) FROM users")))

        def empty(txn: Any, fails: bool) -> None:
            txn.execute("DELETE FROM users")
            txn.call_after(note, "x", y=1)
            if fails:
                raise KeyError("x")

        self.failureResultOf(self.store.run_interaction(empty, True), KeyError)
        self.assertEqual(seen, [])
        self.successResultOf(self.store.run_interaction(empty, fails=False))
        self.assertEqual(seen, [("x", {"y": 1}, [(0,)])])

    def test_forgets_tokens(self) -> None:
        """
        What it changes counts at once, though tokens are remembered.
        """

        def token() -> Any:
            return self.successResultOf(self.store.get_user_by_access_token("t"))

        self.assertIs(token().locked, False)
        self.successResultOf(
            self.store.run_interaction(
                lambda txn: txn.execute("UPDATE users SET locked = 1") and None
            )
        )
        self.assertIs(token().locked, True)

    def test_failure(self) -> None:
        """
        Nothing is left of one that fails.
        """

        def fail(txn: Any) -> None:
            txn.execute("DELETE FROM users")
            raise KeyError("x")

        self.failureResultOf(self.store.run_interaction(fail), KeyError)
        self.assertEqual(rows(self.database, "SELECT count(*) FROM users"), [(1,)])


class ModuleSchemaTests(SynchronousTestCase):
    """
    L{apply_to_connection}.
    """

    def setUp(self) -> None:
        """
        Make a database.
        """
        self.database = inline_database(self)

    def apply(self, *modules: Any) -> None:
        """
        Apply some modules' files.
        """
        apply_to_connection(self.database.engine, self.database.connection, modules)

    def applied(self) -> Any:
        """
        @return: what has been recorded.
        """
        return rows(
            self.database, "SELECT module_name, file FROM applied_module_schemas"
        )

    def test_once(self) -> None:
        """
        Each file is applied once, ever, in order, and recorded.
        """
        files = [
            ("1.sql", "-- one\nCREATE TABLE m (a TEXT); INSERT INTO m VALUES ('x;y');"),
            ("2.sql", "INSERT INTO m VALUES ('z')"),
        ]
        for _ in range(2):
            self.apply(("a.Module", files))
        self.assertEqual(rows(self.database, "SELECT a FROM m"), [("x;y",), ("z",)])
        self.assertEqual(self.applied(), [("a.Module", "1.sql"), ("a.Module", "2.sql")])

    def test_same_name(self) -> None:
        """
        Two modules may call their files the same.
        """
        self.apply(
            ("a.Module", [("1.sql", "CREATE TABLE m (a TEXT);")]),
            ("b.Module", [("1.sql", "INSERT INTO m VALUES ('b');")]),
        )
        self.assertEqual(rows(self.database, "SELECT a FROM m"), [("b",)])
        self.assertEqual(len(self.applied()), 2)

    def test_failing(self) -> None:
        """
        Nothing is left of a file that fails; those before it stay.
        """
        files = [
            ("1.sql", "CREATE TABLE m (a TEXT);"),
            ("2.sql", "INSERT INTO m VALUES ('x'); NONSENSE;"),
        ]
        error = self.assertRaises(ConfigError, self.apply, ("a.Module", files))
        self.assertIn("a.Module: its schema file 2.sql fails: ", str(error))
        self.assertEqual(rows(self.database, "SELECT a FROM m"), [])
        self.assertEqual(self.applied(), [("a.Module", "1.sql")])

    def test_name(self) -> None:
        """
        What is not called a script is not run as one.
        """
        files = [("schema.txt", "CREATE TABLE m (a TEXT);")]
        error = self.assertRaises(ConfigError, self.apply, ("a.Module", files))
        self.assertEqual(
            str(error), "a.Module: its schema file 'schema.txt' does not end in .sql"
        )
        self.assertEqual(self.applied(), [])

    def test_database_file(self) -> None:
        """
        It works on the database that the daemon opens.
        """
        engine = threaded_database(self).engine
        apply_module_schemas(engine, [("a.M", [("1.sql", "CREATE TABLE m (a);")])])
        connection = engine.connect()
        self.addCleanup(connection.close)
        self.assertIn("m", engine.tables(connection.cursor()))

    def test_no_database(self) -> None:
        """
        A database that is not there is one clear error.
        """
        engine = SqliteEngine(self.mktemp())
        error = self.assertRaises(ConfigError, apply_module_schemas, engine, [])
        self.assertIn(engine.name, str(error))
