"""
What a new password has to have.
"""

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from synauth.auth.policy import check_new_password
from synauth.auth.settings import PasswordPolicy
from synauth.errors import MatrixError


class PolicyTests(SynchronousTestCase):
    """
    L{check_new_password}.
    """

    def errcode(self, password: str, **rules: Any) -> Any:
        """
        @return: what is wrong with a password, or C{None}.
        """
        policy = PasswordPolicy(**rules) if rules else None
        try:
            check_new_password(password, policy)
        except MatrixError as error:
            self.assertEqual(error.code, 400)
            return error.errcode
        return None

    def test_always(self) -> None:
        """
        Without any rules a password has one to 512 characters.
        """
        for password in ("", "x" * 513):
            for rules in ({}, {"minimum_length": 0}):
                self.assertEqual(self.errcode(password, **rules), "M_INVALID_PARAM")
        for password in ("x", "x" * 512):
            self.assertIsNone(self.errcode(password))

    def test_length(self) -> None:
        """
        Characters are counted, not bytes.
        """
        rules = {"minimum_length": 3}
        self.assertEqual(self.errcode("\u00e4\u00e4", **rules), "M_PASSWORD_TOO_SHORT")
        self.assertIsNone(self.errcode("\u00e4\u00e4\u00e4", **rules))

    def test_kinds(self) -> None:
        """
        Each kind of character can be asked for.
        """
        for kind, errcode, good, bad in (
            ("digit", "M_PASSWORD_NO_DIGIT", ("a1", "\u0664"), ("ab", "a\u00b2")),
            ("symbol", "M_PASSWORD_NO_SYMBOL", ("a_", "a b"), ("ab1", "\u00e4")),
            ("uppercase", "M_PASSWORD_NO_UPPERCASE", ("aB", "\u00c4"), ("ab1_",)),
            ("lowercase", "M_PASSWORD_NO_LOWERCASE", ("Ab", "\u00e4"), ("AB1_",)),
        ):
            rules = {"require_" + kind: True}
            for password in good:
                self.assertIsNone(self.errcode(password, **rules), password)
            for password in bad:
                self.assertEqual(self.errcode(password, **rules), errcode)
