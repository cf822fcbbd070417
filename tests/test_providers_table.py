"""
docs/providers.rst names tests that there are.
"""

import re
from typing import List

from twisted.python.reflect import namedAny
from twisted.trial.unittest import SynchronousTestCase

from tests.functional.test_readme import read_document


class ProvidersTableTests(SynchronousTestCase):
    """
    The tables sentence by sentence.
    """

    def rows(self) -> List[List[str]]:
        """
        @return: the two cells of each row.
        """
        document = read_document("docs/providers.rst")
        rows = re.findall(
            r"^   \* - (.*(?:\n       .*)*)\n     - (.*(?:\n       .*)*)",
            document,
            re.MULTILINE,
        )
        return [list(row) for row in rows if row[1] != "Test"]

    def test_tests(self) -> None:
        """
        Every sentence has a test, and every test that is named is there.
        """
        rows = self.rows()
        self.assertGreater(len(rows), 50)
        for sentence, cell in rows:
            names = re.findall(r"``(tests\.[\w.]+)``", cell)
            self.assertTrue(names, sentence)
            for name in names:
                self.assertTrue(callable(namedAny(name)), name)
                self.assertRegex(name, r"\.\w*Tests\.test_\w+$")

    def test_sections(self) -> None:
        """
        There is a section for each callback and each method.
        """
        lines = read_document("docs/providers.rst").splitlines()
        for name in (
            "auth_checkers",
            "check_3pid_auth",
            "on_logged_out",
            "get_username_for_registration",
            "get_displayname_for_registration",
            "is_3pid_allowed",
            "get_db_schema_files",
            "get_supported_login_types",
            "check_auth",
            "check_password",
        ):
            self.assertIn(name, lines)
