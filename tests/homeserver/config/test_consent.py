"""
The options about the rules that users agree to.
"""

from synauth.homeserver.config.consent import UserConsent
from tests.homeserver.config.files import ConfigFiles


class ConsentTests(ConfigFiles):
    """
    C{user_consent}.
    """

    def test_none(self) -> None:
        """
        There need be no rules.
        """
        self.assertIsNone(self.load("server_name: example.org\n").user_consent)

    def test_given(self) -> None:
        """
        A version that looks like a number is meant as it is written.
        """
        config = self.load("user_consent:\n  template_dir: /rules\n  version: 1.0\n")
        expected = UserConsent("/rules", "1.0", False, "Privacy Policy")
        self.assertEqual(config.user_consent, expected)
        config = self.load(
            "user_consent:\n  template_dir: /rules\n  version: v2\n"
            "  require_at_registration: true\n  policy_name: House rules\n"
        )
        expected = UserConsent("/rules", "v2", True, "House rules")
        self.assertEqual(config.user_consent, expected)

    def test_half(self) -> None:
        """
        A version without rules, and rules without a version, are mistakes; and
        nobody can agree to nothing.
        """
        for given, missing in (
            ("template_dir: /rules", "version"),
            ("version: '1.0'", "template_dir"),
            ("require_at_registration: true", "template_dir"),
        ):
            key = given.split(":")[0]
            expected = "FILE:2: user_consent.%s: found without %s, expected both"
            self.assertEqual(
                self.mistakes("user_consent:\n  %s\n" % given),
                [expected % (key, missing)],
            )

    def test_versions(self) -> None:
        """
        A version is a file's name and nothing else.
        """
        for version in ("'../1.0'", "'a/b'", "'.hidden'", "'a b'", "true", "[]", "''"):
            content = "user_consent:\n  template_dir: /rules\n  version: %s\n"
            (mistake,) = self.mistakes(content % version)
            self.assertIn("FILE:3: user_consent.version: found", mistake)
