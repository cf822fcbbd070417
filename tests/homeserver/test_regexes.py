"""
Tests for L{synauth.homeserver.regexes}.
"""

from twisted.trial.unittest import SynchronousTestCase

from synauth.homeserver.regexes import runs_away


class RunsAwayTests(SynchronousTestCase):
    """
    Which expressions are trusted.
    """

    def test_trusted(self) -> None:
        """
        What registrations say.
        """
        for regex in (
            r"@irc_.*",
            r"^@telegram_.*:example\.org$",
            r"@(telegram|discord)_.+:example\.org",
            r"@(?:_?)bridge_[0-9a-f]{8,16}:.*",
            r"@(ab){2}[a-z]*(?=:)",
            r"(?i)@BOT(?::example\.org)?",
        ):
            self.assertFalse(runs_away(regex), regex)

    def test_refused(self) -> None:
        """
        Repeats of what is repeated, chosen or remembered, and many repeats.
        """
        for regex in (
            r"@(a+)+:o",
            r"@((a+))+:o",
            r"@((a)+)+:o",
            r"@(a|a)+:o",
            r"@(ab|cd)*:o",
            r"@(a?){30}a{30}:o",
            r"@(?:a*?)*:o",
            r"@(?=(a+)+:)",
            r"@(a*)\1:o",
            r"@.*.*.*.*:o",
            r"@a?a?a?a?aaaa:o",
        ):
            self.assertTrue(runs_away(regex), regex)
