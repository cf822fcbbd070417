"""
Tests for L{synauth.homeserver.data_lock}.
"""

import errno
import fcntl
import os
import stat
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from synauth.errors import ConfigError
from synauth.homeserver.data_lock import LOCK_FILE, DataLock


class DataLockTests(SynchronousTestCase):
    """
    L{DataLock}.
    """

    def setUp(self) -> None:
        """
        Make a data directory.
        """
        self.data_dir = self.mktemp()
        os.mkdir(self.data_dir)
        self.path = os.path.join(self.data_dir, LOCK_FILE)

    def lock(self) -> DataLock:
        """
        @return: a lock, given back when the test is over.
        """
        lock = DataLock(self.path, self.data_dir)
        self.addCleanup(lock.release)
        return lock

    def refused(self) -> str:
        """
        @return: why there is no lock.
        """
        return str(self.assertRaises(ConfigError, DataLock, self.path, self.data_dir))

    def test_one_at_a_time(self) -> None:
        """
        Whoever comes second is told, until the first has gone; what was left
        behind is in nobody's way.
        """
        first = DataLock(self.path, self.data_dir)
        self.assertIn("is in use by another synauth", self.refused())
        self.assertIn(self.data_dir, self.refused())
        first.release()
        self.lock()

    def test_no_leak(self) -> None:
        """
        A refusal leaves no file open.
        """
        self.lock()
        self.refused()
        lowest = os.dup(0)
        os.close(lowest)
        self.refused()
        again = os.dup(0)
        os.close(again)
        self.assertEqual(lowest, again)

    def test_private(self) -> None:
        """
        Nobody else can hold the file.
        """
        self.lock()
        mode = os.stat(self.path).st_mode
        self.assertEqual(stat.S_IMODE(mode), 0o600)

    def test_cannot_be_opened(self) -> None:
        """
        What stands in the place of the file is told.
        """
        os.mkdir(self.path)
        self.assertIn(LOCK_FILE + " cannot be opened: ", self.refused())

    def test_cannot_be_locked(self) -> None:
        """
        A file system without locks is told.
        """

        def no_locks(*args: Any) -> None:
            raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

        self.patch(fcntl, "flock", no_locks)
        self.assertIn(LOCK_FILE + ": cannot be locked: ", self.refused())
