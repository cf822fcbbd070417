"""
Tests for C{synauth check-modules}.
"""

import os
import subprocess
import sys
from typing import Any, List

from twisted.internet.task import Clock

import synauth
from synauth.cli.check_modules import ModuleCheck
from tests.homeserver.config.files import ConfigFiles
from tests.providers.modulehosts import forget_synapse

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(synauth.__file__)))

MODULES = """
class Good:
    def __init__(self, config, api):
        self.api = api
        api.register_password_auth_provider_callbacks(
            auth_checkers={("my.type", ("word",)): self.check}
        )

    async def check(self, user, login_type, login_dict):
        return None


class Idle:
    def __init__(self, config, api):
        pass

    def check_password(self, user_id, password):
        return False

"""

OPEN = """
class Open:
    def __init__(self, config, account_handler):
        self.account_handler = account_handler

    async def check_password(self, user_id, password):
        await self.account_handler.frobnicate()

    @staticmethod
    def get_db_schema_files():
        import io
        return [("1.sql", io.StringIO("CREATE TABLE open (a TEXT);"))]
"""


class CheckModulesTests(ConfigFiles):
    """
    C{synauth check-modules}.
    """

    def setUp(self) -> None:
        """
        Put some modules where they can be imported.
        """
        folder = self.mktemp()
        os.makedirs(folder)
        self.folder = os.path.abspath(folder)
        for name, source in (("checked_modules", MODULES), ("checked_open", OPEN)):
            with open(os.path.join(folder, name + ".py"), "w") as opened:
                opened.write(source)
            self.addCleanup(sys.modules.pop, name, None)
        self.addCleanup(forget_synapse)
        self.patch(sys, "path", [self.folder] + sys.path)

    def report(self, content: str) -> Any:
        """
        @return: how many problems there are, and the report.
        """
        lines: List[str] = []
        check = ModuleCheck(self.load(content), Clock())
        count = self.successResultOf(check.report(lines.append))
        self.flushLoggedErrors()
        return count, "\n".join(lines)

    def test_good(self) -> None:
        """
        A module without problems is described.
        """
        count, text = self.report("modules: [{module: checked_modules.Good}]")
        self.assertEqual(count, 0)
        for line in (
            "  generation:  new (modules)",
            "  callbacks:   auth_checkers",
            "  login types: my.type (word)",
            "  asked:       4 questions",
            "1 modules, 0 problems",
        ):
            self.assertIn(line, text.splitlines())

    def test_problems(self) -> None:
        """
        What is wrong is told, for each module.
        """
        count, text = self.report(
            "modules: [{module: checked_modules.Idle}]\n"
            "password_providers: [{module: checked_open.Open}]\n"
        )
        self.assertIn("it registers nothing that synauth would ask it", text)
        self.assertIn("has the methods of a legacy provider, too", text)
        self.assertIn("legacy (password_providers)", text)
        self.assertIn("asks for self.account_handler.frobnicate, which synauth", text)
        self.assertIn("m.login.password of an upper-case id: AttributeError", text)
        self.assertIn("2 modules, %d problems" % count, text)
        self.assertGreater(count, 5)

    def test_not_loaded(self) -> None:
        """
        A module that can't be loaded is the mistake of the configuration that
        it is for the server.
        """
        path = self.write("modules: [{module: no.such.Module}]")
        check = "from synauth.cli import main; import sys; sys.exit(main())"
        process = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", check, "check-modules", "-c", path],
            env=dict(os.environ, PYTHONPATH=ROOT),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self.assertEqual((process.returncode, process.stdout), (1, b""))
        words = process.stderr.decode("utf-8").replace(path, "FILE")
        self.assertTrue(
            words.startswith("FILE:1: modules[0].module: no.such.Module: "), words
        )
        self.assertEqual(words.count("\n"), 1)

    def test_process(self) -> None:
        """
        As a process it prints the report alone, and its status is whether there
        are problems.
        """
        check = "from synauth.cli import main; import sys; sys.exit(main())"
        for name, status in (("Good", 0), ("Idle", 1)):
            path = self.write("modules: [{module: checked_modules.%s}]" % name)
            argv = ["-W", "ignore", "-c", check, "check-modules", "-c", path]
            process = subprocess.run(
                [sys.executable] + argv,
                env=dict(os.environ, PYTHONPATH=ROOT + os.pathsep + self.folder),
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
            self.assertEqual((process.returncode, process.stderr), (status, b""))
            self.assertIn(
                b"1 modules, %d problems\n" % status,
                process.stdout,
            )
