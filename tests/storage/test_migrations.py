"""
The schema and its upgrades.
"""

import os
import sqlite3
import stat
from typing import Any, List

from twisted.trial.unittest import SynchronousTestCase

from synauth.errors import ConfigError
from synauth.storage.migrations import SCHEMA, VERSION_TABLE, prepare_database
from synauth.storage.sqlite import SqliteEngine

FIRST = "CREATE TABLE one (a TEXT DEFAULT ';');\n-- a comment; with more\n"
SECOND = "CREATE TABLE two (a TEXT);\nINSERT INTO two VALUES ('x;\ny')"


class ReadOnlyEngine(SqliteEngine):
    """
    A database that can't be written, whoever tries.
    """

    def uri(self) -> str:
        """
        The same file, for reading.
        """
        return super().uri().replace("mode=rw", "mode=ro")


class MigrationTestCase(SynchronousTestCase):
    """
    A path for a database, and a schema of two versions.
    """

    def setUp(self) -> None:
        """
        Make the schema.
        """
        self.path = self.mktemp()
        self.folder = self.schema(FIRST, SECOND)

    def schema(self, *scripts: str) -> str:
        """
        Write a schema folder.

        @return: its path.
        """
        folder = self.mktemp()
        os.makedirs(folder)
        for number, script in enumerate(scripts, 1):
            with open(os.path.join(folder, "%03d_part.sql" % number), "w") as out:
                out.write(script)
        return folder

    def prepare(self, folder: str) -> None:
        """
        Bring the database to the version of a folder.
        """
        prepare_database(SqliteEngine(self.path, busy_timeout_ms=1), folder)

    def rows(self, sql: str) -> List[Any]:
        """
        @return: what a query finds in the database.
        """
        connection = sqlite3.connect(self.path)
        try:
            return connection.execute(sql).fetchall()
        finally:
            connection.close()

    def tables(self) -> List[str]:
        """
        @return: the names of the tables.
        """
        return [
            name
            for (name,) in self.rows(
                "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
            )
        ]

    def version(self) -> Any:
        """
        @return: the rows of the version table.
        """
        return self.rows("SELECT version FROM " + VERSION_TABLE)

    def execute(self, script: str) -> None:
        """
        Do something to the database behind our back.
        """
        connection = sqlite3.connect(self.path)
        connection.executescript(script)
        connection.close()

    def assert_refused(self, *words: str, folder: str = SCHEMA) -> None:
        """
        The start is stopped by one line that holds the path and some words.
        """
        error = self.assertRaises(ConfigError, self.prepare, folder)
        for word in (os.path.abspath(self.path),) + words:
            self.assertIn(word, str(error))
        self.assertNotIn("\n", str(error))


class UpgradeTests(MigrationTestCase):
    """
    The way up.
    """

    def test_new_database(self) -> None:
        """
        A database is made for its owner only, with the newest schema.
        """
        self.prepare(self.folder)
        self.assertEqual(stat.S_IMODE(os.stat(self.path).st_mode), 0o600)
        self.assertEqual(self.tables(), ["one", VERSION_TABLE, "two"])
        self.assertEqual(self.version(), [(2,)])
        self.assertEqual(self.rows("SELECT a FROM two"), [("x;\ny",)])

    def test_own_schema(self) -> None:
        """
        Our own schema has the tables that it should have.
        """
        self.prepare(SCHEMA)
        expected = (
            "access_tokens applied_module_schemas devices erased_users"
            " profiles refresh_tokens registration_tokens"
            " synauth_registration_holds"
            " threepid_validation_session threepid_validation_token"
            " user_external_ids user_threepids users ui_auth_sessions"
            " ui_auth_sessions_credentials synauth_session_states"
            " synauth_login_tokens synauth_rate_limits synauth_spent"
        )
        self.assertEqual(self.tables(), sorted(expected.split() + [VERSION_TABLE]))

    def test_odd_path(self) -> None:
        """
        What means something in a URI means nothing in a path.
        """
        os.makedirs(self.path)
        self.path = os.path.join(self.path, "a b?mode=memory#%41\u00f6.db")
        self.prepare(self.folder)
        self.assertTrue(os.path.exists(self.path))
        self.assertEqual(self.version(), [(2,)])

    def test_relative_path(self) -> None:
        """
        A path means what it meant when it was read, wherever the daemon goes
        from there.
        """
        engine = SqliteEngine(self.path)
        here = os.getcwd()
        self.addCleanup(os.chdir, here)
        os.chdir("/")
        prepare_database(engine)
        os.chdir(here)
        self.assertTrue(os.path.exists(self.path))

    def test_two_slashes(self) -> None:
        """
        A path may begin with more slashes than it needs.
        """
        self.path = "/" + os.path.abspath(self.path)
        self.prepare(self.folder)
        self.assertEqual(self.version(), [(2,)])

    def test_again(self) -> None:
        """
        A second start changes nothing.
        """
        self.prepare(self.folder)
        self.execute("INSERT INTO one VALUES ('kept')")
        self.prepare(self.folder)
        self.assertEqual(self.rows("SELECT a FROM one"), [("kept",)])
        self.assertEqual(self.version(), [(2,)])

    def test_upgrade(self) -> None:
        """
        An older database is brought up to date and keeps what it holds.
        """
        self.prepare(self.schema(FIRST))
        self.assertEqual(self.version(), [(1,)])
        self.execute("INSERT INTO one VALUES ('kept')")
        self.prepare(self.folder)
        self.assertEqual(self.version(), [(2,)])
        self.assertEqual(self.rows("SELECT a FROM one"), [("kept",)])

    def test_empty_file(self) -> None:
        """
        An empty file is a database that nothing was done to yet.
        """
        open(self.path, "w").close()
        self.prepare(self.folder)
        self.assertEqual(self.version(), [(2,)])

    def test_failing_upgrade(self) -> None:
        """
        Nothing is left of an upgrade that fails, and a repaired one works.
        """
        broken = self.schema(FIRST, SECOND + ";\nINSERT INTO nowhere VALUES (1);")
        self.assert_refused("002_part.sql", "nowhere", "version 1", folder=broken)
        self.assertEqual(self.tables(), ["one", VERSION_TABLE])
        self.assertEqual(self.version(), [(1,)])
        self.prepare(self.folder)
        self.assertEqual(self.version(), [(2,)])

    def test_failing_first(self) -> None:
        """
        Nothing at all is left of a first script that fails.
        """
        self.assert_refused("001_part.sql", folder=self.schema(FIRST + "oops;"))
        self.assertEqual(self.tables(), [])

    def test_script_names(self) -> None:
        """
        A gap in the numbers, or a name without one, is our own mistake.
        """
        for old, new in [("002_part.sql", "003_part.sql"), ("001_part.sql", "x.sql")]:
            folder = self.schema(FIRST, SECOND)
            os.rename(os.path.join(folder, old), os.path.join(folder, new))
            self.assertRaises(ValueError, self.prepare, folder)


class RefusalTests(MigrationTestCase):
    """
    What can't be used.
    """

    def test_newer(self) -> None:
        """
        A database of a newer schema is left alone.
        """
        self.prepare(self.folder)
        self.assert_refused("version 2", "up to 1", folder=self.schema(FIRST))
        self.assertEqual(self.version(), [(2,)])

    def test_homeserver(self) -> None:
        """
        A homeserver's own database is left as it is, to the byte.
        """
        self.execute(
            "CREATE TABLE schema_version (version INTEGER);"
            "CREATE TABLE users (name TEXT);"
        )
        with open(self.path, "rb") as database:
            before = database.read()
        self.assert_refused("homeserver", "name another one")
        with open(self.path, "rb") as database:
            self.assertEqual(database.read(), before)

    def test_foreign(self) -> None:
        """
        So is any other program's.
        """
        self.execute("CREATE TABLE recipes (name TEXT)")
        self.assert_refused("recipes", "another program")
        self.assertEqual(self.tables(), ["recipes"])

    def test_no_database(self) -> None:
        """
        A file of another kind is left alone.
        """
        with open(self.path, "w") as out:
            out.write("server_name: example.org\n" * 100)
        self.assert_refused("not an SQLite database")
        with open(self.path) as found:
            self.assertEqual(found.readline(), "server_name: example.org\n")

    def test_damaged(self) -> None:
        """
        A damaged database is called that.
        """
        self.prepare(SCHEMA)
        with open(self.path, "r+b") as database:
            database.seek(100)
            database.write(b"\xff" * 3000)
        self.assert_refused("damaged")

    def test_directory(self) -> None:
        """
        A directory is not a database.
        """
        os.makedirs(self.path)
        self.assert_refused("directory")

    def test_no_directory(self) -> None:
        """
        The directory has to be there.
        """
        self.path = os.path.join(self.path, "synauth.db")
        self.assert_refused("No such file or directory")

    def test_impossible_path(self) -> None:
        """
        A path that can't be one is told apart from a fault of ours.
        """
        self.path = "a\0b"
        self.assertRaises(ConfigError, self.prepare, SCHEMA)

    def test_vanishing(self) -> None:
        """
        A file that can't be opened, here because it is gone already, says so.
        """

        class Vanishing(SqliteEngine):
            def create(self) -> None:
                """
                Make nothing.
                """

        error = self.assertRaises(ConfigError, prepare_database, Vanishing(self.path))
        self.assertIn("cannot be opened", str(error))

    def test_read_only(self) -> None:
        """
        A database that can't be written is refused, new or up to date.
        """
        for prepare in (lambda: None, lambda: self.prepare(SCHEMA)):
            prepare()
            error = self.assertRaises(
                ConfigError, prepare_database, ReadOnlyEngine(self.path)
            )
            self.assertIn("cannot be written", str(error))

    def test_locked(self) -> None:
        """
        A database that another program holds is refused, and works afterwards.
        """
        self.prepare(SCHEMA)
        other = sqlite3.connect(self.path, isolation_level=None)
        self.addCleanup(other.close)
        other.execute("BEGIN IMMEDIATE")
        self.assert_refused("locked", "stop that program")
        other.execute("ROLLBACK")
        self.prepare(SCHEMA)

    def test_other_errors(self) -> None:
        """
        What we have no advice for is told as it was found.
        """
        engine = SqliteEngine(self.path)
        self.assertEqual(engine.explain(sqlite3.Error("disk on fire")), "disk on fire")
