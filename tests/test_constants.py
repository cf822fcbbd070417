"""
The specification's names.
"""

from twisted.trial.unittest import SynchronousTestCase

from synauth.constants import Codes, IdentifierType, LoginType


class ConstantsTests(SynchronousTestCase):
    """
    The constants.
    """

    def test_prefixes(self) -> None:
        """
        Each name is of its family, and a code is called as it reads.
        """
        for family, prefix in (
            (LoginType, "m.login."),
            (IdentifierType, "m.id."),
            (Codes, "M_"),
        ):
            names = {k: v for k, v in vars(family).items() if k.isupper()}
            self.assertEqual(len(set(names.values())), len(names))
            for name, value in names.items():
                if value.startswith("ORG.MATRIX.MSC"):
                    # Not in the specification yet.
                    continue
                self.assertTrue(value.startswith(prefix), value)
                if family is Codes:
                    self.assertEqual(value, "M_" + name)
