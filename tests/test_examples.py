"""
The examples of docs/modules.rst do what it says.
"""

import os
import re
import sys
import unittest
from typing import Any, List

from twisted.python.reflect import namedAny
from twisted.trial.unittest import SynchronousTestCase

from synauth.interfaces import IFullModuleApi
from synauth.providers.module_api import CALLBACKS
from synauth.testing.modules import ModuleTestHost
from tests.functional.test_readme import ROOT, code_blocks, read_document

EXAMPLES = os.path.join(ROOT, "docs", "examples")


def squeezed(text: str) -> List[str]:
    """
    @return: the lines of a text that are not empty, without their indentation.
    """
    return [line.strip() for line in text.splitlines() if line.strip()]


class ExampleTests(SynchronousTestCase):
    """
    The files in docs/examples.
    """

    def setUp(self) -> None:
        """
        Let them be imported, as their authors would.
        """
        sys.path.insert(0, EXAMPLES)
        self.addCleanup(sys.path.remove, EXAMPLES)
        for name in ("badges", "test_badges"):
            self.addCleanup(sys.modules.pop, name, None)

    def test_own_tests(self) -> None:
        """
        The tests of the tutorial's module pass.
        """
        tests = unittest.defaultTestLoader.loadTestsFromTestCase(
            namedAny("test_badges.BadgeModuleTests")
        )
        result = unittest.TestResult()
        tests.run(result)
        self.assertEqual(result.errors + result.failures, [])
        self.assertEqual(result.testsRun, 4)

    def test_shown(self) -> None:
        """
        What the tutorial shows of them stands there.
        """
        written: List[str] = []
        for name in ("badges.py", "test_badges.py"):
            with open(os.path.join(EXAMPLES, name), encoding="utf-8") as stream:
                written += squeezed(stream.read())
        shown = [
            block
            for language, block in code_blocks(read_document("docs/modules.rst"))
            if language == "python"
        ]
        self.assertTrue(shown)
        for block in shown:
            for line in squeezed(block):
                self.assertIn(line, written)


class ModuleApiTests(SynchronousTestCase):
    """
    The table of the module API in docs/modules.rst.
    """

    def test_members(self) -> None:
        """
        It has every public member, and no others.
        """
        apis: List[Any] = []
        host = ModuleTestHost(modules=[lambda config, api: apis.append(api)])
        self.addCleanup(host.close)
        members = {name for name in dir(apis[0]) if not name.startswith("_")}
        self.assertLessEqual(set(IFullModuleApi.names(all=True)), members)
        document = read_document("docs/modules.rst")
        section = document.partition("\nThe module API\n")[2]
        terms = re.findall(
            r"^(``\w+``(?:, ``\w+``)*)$",
            section.partition("\nLegacy providers\n")[0],
            re.MULTILINE,
        )
        listed = re.findall(r"\w+", " ".join(terms))
        self.assertEqual(sorted(listed), sorted(members))

    def test_callbacks(self) -> None:
        """
        Every callback is described.
        """
        document = read_document("docs/modules.rst")
        section = document.partition("\nThe callbacks\n")[2]
        for name in CALLBACKS:
            self.assertRegex(section, r"(?m)^(.*, )?``%s``(,.*)?$" % name)
