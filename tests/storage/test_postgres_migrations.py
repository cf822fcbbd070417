"""
The schema and its upgrades, on PostgreSQL.
"""

import json
import os
import subprocess
import sys
from typing import Any, List

from twisted.trial.unittest import SynchronousTestCase

from synauth.errors import ConfigError
from synauth.storage.engines import make_engine
from synauth.storage.migrations import SCHEMA, VERSION_TABLE, prepare_database
from tests.functional.daemon import ROOT, environment
from tests.storage.postgresql import execute, own_database

# Twice applied it would fail; and it takes long enough to be in the way.
FIRST = "CREATE TABLE one (a TEXT);\nSELECT pg_sleep(0.2);\n"
SECOND = "INSERT INTO one VALUES ('x;y'); -- 100% sure?\nCREATE TABLE two (a TEXT);"
MODULES = "CREATE TABLE applied_module_schemas (module_name TEXT, file TEXT);"


class MigrationTestCase(SynchronousTestCase):
    """
    A database, and a schema.
    """

    def setUp(self) -> None:
        """
        Make both.
        """
        self.args = own_database(self)
        self.folder = self.schema(FIRST, SECOND, MODULES)

    def schema(self, *scripts: str) -> str:
        """
        Write a schema folder.

        @return: its path.
        """
        folder = os.path.abspath(self.mktemp())
        os.makedirs(folder)
        for number, script in enumerate(scripts, 1):
            with open(os.path.join(folder, "%03d_part.sql" % number), "w") as out:
                out.write(script)
        return folder

    def prepare(self, folder: str) -> None:
        """
        Bring the database to the version of a folder.
        """
        prepare_database(make_engine("psycopg2", self.args), folder)

    def refused(self, folder: str) -> str:
        """
        @return: why it can't be brought there.
        """
        return str(self.assertRaises(ConfigError, self.prepare, folder))

    def found(self, sql: str) -> List[Any]:
        """
        @return: what a query finds.
        """
        rows: List[Any] = execute(self.args, sql)
        return rows


class UpgradeTests(MigrationTestCase):
    """
    From one version to the next.
    """

    def test_own_schema(self) -> None:
        """
        Our own schema can be made, and made up to date again.
        """
        for _ in range(2):
            self.prepare(SCHEMA)
        version = len([name for name in os.listdir(SCHEMA) if name.endswith(".sql")])
        self.assertEqual(
            self.found("SELECT version FROM " + VERSION_TABLE), [(version,)]
        )

    def test_ten_at_once(self) -> None:
        """
        Of ten processes that start at once each succeeds, and each script,
        modules' too, is applied once.
        """
        command = [sys.executable, "-b", "-m", "tests.storage.migrating"]
        processes = [
            subprocess.Popen(
                command + [json.dumps(self.args), self.folder],
                cwd=ROOT,
                env=environment(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            )
            for _ in range(10)
        ]
        for process in processes:
            assert process.stdin is not None
            process.stdin.write(b".")
            process.stdin.close()
        for process in processes:
            assert process.stdout is not None
            said = process.stdout.read()
            process.stdout.close()
            self.assertEqual((process.wait(), said), (0, b""))
        self.assertEqual(self.found("SELECT a FROM one"), [("x;y",)])
        self.assertEqual(self.found("SELECT a FROM of_module"), [("50% of ?",)])
        self.assertEqual(self.found("SELECT version FROM " + VERSION_TABLE), [(3,)])
        self.assertEqual(
            self.found("SELECT file FROM applied_module_schemas ORDER BY file"),
            [("1.sql",), ("2.sql",), ("3.sql",)],
        )

    def test_failing_script(self) -> None:
        """
        Nothing is left of a script that fails; those before it stay.
        """
        broken = self.schema(FIRST, "CREATE TABLE two (a TEXT); NONSENSE;")
        said = self.refused(broken)
        self.assertIn("the upgrade 002_part.sql failed", said)
        self.assertIn("still at version 1", said)
        self.assertEqual(self.found("SELECT version FROM " + VERSION_TABLE), [(1,)])
        self.prepare(self.folder)
        self.assertEqual(self.found("SELECT version FROM " + VERSION_TABLE), [(3,)])


class RefusalTests(MigrationTestCase):
    """
    Databases that are not ours to change.
    """

    def test_newer(self) -> None:
        """
        A newer synauth has been here.
        """
        self.prepare(self.folder)
        execute(self.args, "UPDATE %s SET version = 9" % VERSION_TABLE)
        self.assertIn("its schema is version 9", self.refused(self.folder))

    def test_others_tables(self) -> None:
        """
        It is another program's, or a homeserver's.
        """
        execute(self.args, "CREATE TABLE something (a TEXT)")
        self.assertIn("tables of another program", self.refused(self.folder))
        execute(self.args, "CREATE TABLE schema_version (version INTEGER)")
        self.assertIn("a homeserver's own database", self.refused(self.folder))
        self.assertEqual(
            self.found(
                "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
                " ORDER BY tablename"
            ),
            [("schema_version",), ("something",)],
        )

    def test_locale(self) -> None:
        """
        Text is ordered by a locale, unless that is wanted.
        """
        # The server that is there need not know any locale.
        for collate, ctype, named in [
            ("en_US.UTF-8", "C", "en_US.UTF-8"),
            ("C", "de_DE.utf8", "de_DE.utf8"),
            ("C.UTF-8", "tr_TR", "tr_TR"),
        ]:
            found = Found("UTF8", collate, ctype)
            error = self.assertRaises(
                ConfigError, make_engine("psycopg2", self.args).check, found
            )
            self.assertIn("its locale is %s, expected C" % named, str(error))
            make_engine("psycopg2", self.args, allow_unsafe_locale=True).check(found)


class Found:
    """
    A cursor that has found a row.
    """

    def __init__(self, *row: Any) -> None:
        self._row = row

    def execute(self, sql: str) -> None:
        """
        Whatever the question is.
        """

    def fetchone(self) -> Any:
        """
        The answer.
        """
        return self._row
