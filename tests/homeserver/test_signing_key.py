"""
Tests for L{synauth.homeserver.signing_key}.
"""

import os
import stat

from twisted.trial.unittest import SynchronousTestCase

from synauth.errors import ConfigError
from synauth.homeserver.signing_key import (
    KEY_FILE,
    _create,
    load_or_create_signing_key,
    make_data_dir,
)


def mode_of(path: str) -> int:
    """
    @return: the permissions of a file.
    """
    return stat.S_IMODE(os.stat(path).st_mode)


class DataDirTests(SynchronousTestCase):
    """
    L{make_data_dir}.
    """

    def test_made(self) -> None:
        """It is made with what it stands in, closed to others; twice is no harm."""
        path = os.path.join(self.mktemp(), "inner")
        make_data_dir(path)
        make_data_dir(path)
        self.assertEqual(mode_of(path), 0o700)

    def test_in_the_way(self) -> None:
        """A file in its place is told."""
        path = self.mktemp()
        with open(path, "w"):
            pass
        for wanted in (path, os.path.join(path, "inner"), "a\0b"):
            error = self.assertRaises(ConfigError, make_data_dir, wanted)
            self.assertTrue(
                str(error).startswith("the data directory %s cannot" % (wanted,))
            )

    def test_unwritable(self) -> None:
        """A directory that can't be written to is told."""
        # For root every directory is writable, but not every file system.
        path = "/proc"
        if os.geteuid() != 0:
            path = self.mktemp()
            os.mkdir(path, 0o500)
        error = self.assertRaises(ConfigError, make_data_dir, path)
        self.assertTrue(
            str(error).startswith("the data directory %s is not writable: " % (path,))
        )


class SigningKeyTests(SynchronousTestCase):
    """
    L{load_or_create_signing_key}.
    """

    def setUp(self) -> None:
        """
        Make a data directory.
        """
        self.data_dir = self.mktemp()
        make_data_dir(self.data_dir)
        self.path = os.path.join(self.data_dir, KEY_FILE)

    def write(self, content: bytes, mode: int = 0o600) -> None:
        """
        Put something where the key is.
        """
        with open(self.path, "wb") as opened:
            opened.write(content)
        os.chmod(self.path, mode)

    def test_made_once(self) -> None:
        """A long key is made, for its owner only, and is the same ever after."""
        key = load_or_create_signing_key(self.data_dir)
        self.assertGreaterEqual(len(key), 64)
        self.assertEqual(mode_of(self.path), 0o600)
        self.assertEqual(load_or_create_signing_key(self.data_dir), key)
        self.assertEqual(os.listdir(self.data_dir), [KEY_FILE])

    def test_different(self) -> None:
        """Two servers do not have the same key."""
        other = self.mktemp()
        make_data_dir(other)
        self.assertNotEqual(
            load_or_create_signing_key(self.data_dir),
            load_or_create_signing_key(other),
        )

    def test_umask(self) -> None:
        """A careless umask does not open the file."""
        self.addCleanup(os.umask, os.umask(0))
        load_or_create_signing_key(self.data_dir)
        self.assertEqual(mode_of(self.path), 0o600)

    def test_two_at_once(self) -> None:
        """Who comes second keeps the first one's key."""
        self.write(b"the first one's key")
        _create(self.path, self.data_dir)
        self.assertEqual(
            load_or_create_signing_key(self.data_dir), "the first one's key"
        )
        self.assertEqual(os.listdir(self.data_dir), [KEY_FILE])

    def test_no_key(self) -> None:
        """A file that holds nothing, in whatever words, is never used."""
        for content in (b"", b" \n", b"None\n", b"null", b"NONE"):
            self.write(content)
            error = self.assertRaises(
                ConfigError, load_or_create_signing_key, self.data_dir
            )
            self.assertIn(self.path + ": holds no key", str(error))

    def test_open_to_others(self) -> None:
        """A key that others can read is refused, with what to do."""
        for mode in (0o640, 0o604, 0o620):
            self.write(b"k" * 64, mode)
            error = self.assertRaises(
                ConfigError, load_or_create_signing_key, self.data_dir
            )
            self.assertIn("chmod 600", str(error))
            self.assertNotIn("kkk", str(error))

    def test_unusable(self) -> None:
        """Other trouble is one line with the path."""
        self.write(b"\xff\xfe")
        self.assertRaises(ConfigError, load_or_create_signing_key, self.data_dir)
        os.unlink(self.path)
        os.mkdir(self.path)
        error = self.assertRaises(
            ConfigError, load_or_create_signing_key, self.data_dir
        )
        self.assertEqual(str(error), self.path + ": cannot be used: Is a directory")
        error = self.assertRaises(ConfigError, load_or_create_signing_key, "gone")
        self.assertIn("No such file or directory", str(error))

    def test_dangling_link(self) -> None:
        """A link to nothing is not silently replaced."""
        os.symlink("nowhere", self.path)
        self.assertRaises(ConfigError, load_or_create_signing_key, self.data_dir)
        self.assertTrue(os.path.islink(self.path))
