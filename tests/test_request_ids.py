"""
Tests for L{synauth.request_ids}.
"""

from twisted.trial.unittest import SynchronousTestCase

from synauth.request_ids import RequestIds, current, given_id


class RequestIdsTests(SynchronousTestCase):
    """
    Ids of ours, and of others.
    """

    def test_made(self) -> None:
        """
        They are short, and different: those of one process, and those of two.
        """
        one, other = RequestIds(), RequestIds()
        made = [ids.make() for ids in (one, other) for _ in range(1000)]
        self.assertEqual(len(set(made)), 2000)
        for text in made:
            self.assertRegex(text, r"\A[0-9a-f]{6}-[0-9]{1,4}\Z")
        self.assertEqual(RequestIds("a").make(), "a-1")

    def test_given(self) -> None:
        """
        A proxy's is taken if it is short and of harmless characters.
        """
        for good in (b"a", b"x" * 64, b"Az09._-", b"8f2e-4c"):
            self.assertEqual(given_id(good), good.decode("ascii"))
        for bad in (
            b"",
            b"x" * 65,
            b"a b",
            b"a]b",
            b'a"',
            b"a\n",
            b"a\r\nb",
            b"\xc3\xa9",
            b"a,b",
        ):
            self.assertIsNone(given_id(bad), bad)

    def test_none(self) -> None:
        """
        Where no request is served there is none.
        """
        self.assertIsNone(current.get())
