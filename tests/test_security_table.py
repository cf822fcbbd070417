"""
docs/security.rst names tests that there are.
"""

import re
from typing import List

from twisted.python.reflect import namedAny
from twisted.trial.unittest import SynchronousTestCase

from tests.functional.test_readme import read_document


class SecurityTableTests(SynchronousTestCase):
    """
    The two tables, concern by concern.
    """

    def rows(self) -> List[List[str]]:
        """
        @return: number, concern, what is done and the tests, of each row.
        """
        cell = r"- (.*(?:\n       .*)*)"
        found = re.findall(
            r"^   \* " + r"\n     ".join([cell] * 4),
            read_document("docs/security.rst"),
            re.MULTILINE,
        )
        return [list(row) for row in found if row[0] != "#"]

    def test_complete(self) -> None:
        """
        Twenty-five concerns of users, and thirteen advisories.
        """
        numbers = [int(row[0]) for row in self.rows()]
        self.assertEqual(numbers, list(range(1, 26)) + list(range(1, 14)))

    def test_tests(self) -> None:
        """
        What is not said to be undone has a test, and each test that is named
        is there.
        """
        for _, concern, done, cell in self.rows():
            names = re.findall(r"``(tests\.[\w.]+)``", cell)
            self.assertTrue(names or done.startswith("*Not done"), concern)
            for name in names:
                self.assertTrue(callable(namedAny(name)), name)
                self.assertRegex(name, r"\.test_\w+$")
