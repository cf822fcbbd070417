"""
Tests for L{synauth.homeserver.open_files}.
"""

from typing import List, Optional, Tuple

from twisted.logger import globalLogPublisher
from twisted.trial.unittest import SynchronousTestCase

from synauth.homeserver.open_files import allow_open_files


class Limits:
    """
    A system's limits.

    @ivar limits: the soft and the hard one.
    """

    RLIMIT_NOFILE = 7
    RLIM_INFINITY = -1

    def __init__(self, soft: int, hard: int, fixed: bool = False) -> None:
        self.limits = (soft, hard)
        self._fixed = fixed

    def getrlimit(self, kind: int) -> Tuple[int, int]:
        """
        @return: the limits.
        """
        return self.limits

    def setrlimit(self, kind: int, limits: Tuple[int, int]) -> None:
        """
        Set them, if that is allowed.
        """
        if self._fixed:
            raise ValueError("not allowed to raise maximum limit")
        self.limits = limits


class AllowTests(SynchronousTestCase):
    """
    L{allow_open_files} asks for as much as is needed, and says if that is too much.
    """

    def allow(self, limits: Optional[Limits]) -> List[str]:
        """
        @return: what was said, for a thousand connections.
        """
        said: List[str] = []

        def observe(event: object) -> None:
            said.append(event["log_format"].format(**event))  # type: ignore[index]

        globalLogPublisher.addObserver(observe)
        try:
            allow_open_files(1000, limits)
        finally:
            globalLogPublisher.removeObserver(observe)
        return said

    def test_raised(self) -> None:
        """
        The limit is raised to what is needed, where it is lower, in silence.
        """
        for before, after in (
            ((1024, 4096), (1200, 4096)),
            ((1024, -1), (1200, -1)),
            ((5000, 9000), (5000, 9000)),
            ((-1, -1), (-1, -1)),
        ):
            limits = Limits(*before)
            self.assertEqual(self.allow(limits), [])
            self.assertEqual(limits.limits, after)

    def test_not_enough(self) -> None:
        """
        Where the system does not allow it, that is said, with what to do.
        """
        limits = Limits(512, 1024)
        (said,) = self.allow(limits)
        self.assertEqual(limits.limits, (1024, 1024))
        self.assertIn("allows 1024 open files", said)
        self.assertIn("synauth.max_connections (1000) needs 1200", said)
        (said,) = self.allow(Limits(512, 4096, fixed=True))
        self.assertIn("allows 512 open files", said)

    def test_nowhere(self) -> None:
        """
        Where there are no such limits nothing is done.
        """
        self.assertEqual(self.allow(None), [])
