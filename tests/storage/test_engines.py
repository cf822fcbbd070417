"""
The kinds of databases.
"""

from typing import Any, Dict

from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from synauth.errors import ConfigError
from synauth.interfaces import IEngine
from synauth.storage.engines import make_database, make_engine
from synauth.storage.migrations import prepare_database
from synauth.storage.placeholders import to_percent
from tests.storage.postgresql import (
    administer,
    emptied_database,
    own_database,
    server,
)


class EngineTests(SynchronousTestCase):
    """
    Both engines, by the names that configurations have for them.
    """

    def test_interface(self) -> None:
        """
        Both provide what they say.
        """
        verifyObject(IEngine, make_engine("sqlite3", {"database": "x.db"}))
        verifyObject(IEngine, make_engine("psycopg2", {"database": "x"}))

    def test_pool_size(self) -> None:
        """
        A pool has as many threads as it is told, and no more.
        """
        engine = make_engine("psycopg2", {"database": "x"})
        for args, expected in [
            ({}, (1, 10)),
            ({"cp_min": 5, "cp_max": 7}, (5, 7)),
            ({"cp_min": 5, "cp_max": 3}, (3, 3)),
        ]:
            database: Any = make_database(None, engine, args)
            self.assertEqual(database._threads, expected)


class PlaceholderTests(SynchronousTestCase):
    """
    C{?} becomes C{%s}, and nothing else becomes anything.
    """

    def test_translated(self) -> None:
        """
        Signs in quotes and comments are left to the database.
        """
        for sql, expected in [
            ("a = ? AND b = ?", "a = %s AND b = %s"),
            ("a LIKE '10%' OR b = '?'", "a LIKE '10%%' OR b = '?'"),
            ("'it''s ?' || ? % 5", "'it''s ?' || %s %% 5"),
            ('"odd?" = ? -- really?\n + ?', '"odd?" = %s -- really?\n + %s'),
            ("/* ? % */ ?", "/* ? %% */ %s"),
        ]:
            self.assertEqual(to_percent(sql), expected)


class PostgresTests(SynchronousTestCase):
    """
    What PostgreSQL is given and gives back.
    """

    def setUp(self) -> None:
        """
        Connect.
        """
        self.engine = make_engine("psycopg2", emptied_database())
        self.connection = self.engine.connect()
        self.addCleanup(self.connection.close)

    def ask(self, sql: str, *args: Any) -> Any:
        """
        @return: the one row that is found.
        """
        txn = self.connection.cursor()
        txn.execute(sql, args)
        return txn.fetchone()

    def test_values(self) -> None:
        """
        What goes in comes out, whatever signs are in it.
        """
        text = "50% of ? are 'quoted' \\ \u20ac"
        self.assertEqual(
            self.ask("SELECT '%', '?', ?, ?, ? % 4", text, None, 7),
            ("%", "?", text, None, 3),
        )
        self.assertEqual(self.ask("SELECT '%%', '?'"), ("%%", "?"))

    def test_truth(self) -> None:
        """
        A truth value goes into columns of both kinds.
        """
        txn = self.connection.cursor()
        txn.execute("CREATE TEMPORARY TABLE truths (a SMALLINT, b BOOLEAN)")
        txn.executemany(
            "INSERT INTO truths (a, b) VALUES (?, ?)", [(True, True), (False, False)]
        )
        self.assertEqual(
            self.ask("SELECT a, b FROM truths WHERE a = ? AND b = ?", True, True),
            (1, True),
        )
        self.assertEqual(
            self.ask("SELECT a, b FROM truths WHERE b = ?", False), (0, False)
        )

    def test_swallowed_failure(self) -> None:
        """
        A transaction in which a statement failed is not taken for committed,
        though nobody complained.
        """
        txn = self.connection.cursor()
        self.engine.begin(txn)
        self.assertRaises(self.engine.Error, txn.execute, "SELECT nonsense")
        self.assertRaises(self.engine.Error, self.connection.commit)
        self.connection.rollback()
        self.assertEqual(self.ask("SELECT 1"), (1,))

    def test_next_id(self) -> None:
        """
        Ids differ, also from those of a transaction that came to nothing.
        """
        found = []
        for _ in range(3):
            txn = self.connection.cursor()
            self.engine.begin(txn)
            found.append(self.engine.next_id(txn, "access_tokens"))
            self.connection.rollback()
        self.assertEqual(len(set(found)), 3)


class UnfitTests(SynchronousTestCase):
    """
    What stops the start is told in words.
    """

    def refused(self, **changes: Any) -> str:
        """
        @return: why the database can't be used.
        """
        args: Dict[str, Any] = dict(server(), dbname="postgres", **changes)
        error = self.assertRaises(
            ConfigError, prepare_database, make_engine("psycopg2", args)
        )
        return str(error)

    def test_nobody_listens(self) -> None:
        """
        The server does not run.
        """
        said = self.refused(host="127.0.0.1", port=1)
        self.assertIn("database postgres at 127.0.0.1: nobody listens there", said)

    def test_no_such_database(self) -> None:
        """
        Nobody has made the database.
        """
        args = dict(server(), dbname="no-such-database")
        error = self.assertRaises(
            ConfigError, prepare_database, make_engine("psycopg2", args)
        )
        self.assertIn("there is no such database or user", str(error))

    def test_password_is_not_repeated(self) -> None:
        """
        Neither an error nor a name shows the password.
        """
        said = self.refused(user="no-such-user", password="hunter2", port=1)
        self.assertNotIn("hunter2", said)

    def test_encoding(self) -> None:
        """
        A database that can't hold all text.
        """
        args = own_database(self)
        name = args["dbname"]
        administer(
            "DROP DATABASE %s" % name,
            "CREATE DATABASE %s ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C'"
            " TEMPLATE template0" % name,
        )
        error = self.assertRaises(
            ConfigError, prepare_database, make_engine("psycopg2", args)
        )
        self.assertIn("its encoding is SQL_ASCII, expected UTF8", str(error))
