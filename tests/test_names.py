"""
Tests of the public names of L{synauth}.
"""

import os
import subprocess
import sys

from twisted.trial.unittest import SynchronousTestCase

import synauth


class NamesTests(SynchronousTestCase):
    """
    The public names are there when they are asked for, and not before.
    """

    def loaded_by(self, code: str) -> str:
        """
        @return: the modules that a Python has imported after this.
        """
        code += "; import sys; print(*sorted(sys.modules))"
        return subprocess.check_output(
            [sys.executable, "-W", "ignore", "-c", code],
            env={"PYTHONPATH": os.pathsep.join(sys.path)},
            universal_newlines=True,
        )

    def test_all(self) -> None:
        """
        Each name that is promised is there, and is listed.
        """
        for name in synauth.__all__:
            self.assertEqual(getattr(synauth, name).__name__, name)
            self.assertIn(name, dir(synauth))

    def test_others(self) -> None:
        """
        Other names are missing, as in any package.
        """
        error = self.assertRaises(AttributeError, getattr, synauth, "Nothing")
        self.assertIn("'synauth' has no attribute 'Nothing'", str(error))

    def test_light(self) -> None:
        """
        The package alone imports nothing, and an adapter no password hashing.
        """
        self.assertNotIn("twisted", self.loaded_by("import synauth"))
        for adapter in ("LegacyProviderModule", "CallbackModuleProvider"):
            loaded = self.loaded_by("from synauth import " + adapter)
            self.assertIn("synauth.providers", loaded)
            for heavy in ("bcrypt", "pymacaroons", "synauth.auth", "treq"):
                self.assertNotIn(heavy, loaded)
