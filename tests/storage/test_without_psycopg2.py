"""
SQLite needs no psycopg2.
"""

import subprocess
import sys

from twisted.trial.unittest import SynchronousTestCase

from tests.functional.daemon import environment


class WithoutPsycopg2Tests(SynchronousTestCase):
    """
    Where the extra C{postgres} is not installed.
    """

    def test_imports(self) -> None:
        """
        The daemon and the commands can be imported.
        """
        script = (
            "import sys; sys.modules['psycopg2'] = None;"
            "import synauth.homeserver.service, synauth.cli"
        )
        subprocess.check_call([sys.executable, "-c", script], env=environment())
