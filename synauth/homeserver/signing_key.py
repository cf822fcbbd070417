"""
The data directory, and the key in it that signs tokens.

The key is never derived from anything: where the configuration has none, one
is made once and kept.
"""

import os
import secrets
import stat
import tempfile

from synauth.errors import ConfigError
from synauth.homeserver.config.kinds import is_unset

KEY_FILE = "macaroon_secret_key"

# 64 random bytes are 86 characters.
_KEY_BYTES = 64
_MAX_FILE_BYTES = 64 * 1024


def make_data_dir(path: str) -> None:
    """
    Make sure that there is a data directory.

    @param path: the directory; a new one is closed to other users.
    @raise ConfigError: if it can't be made or written to.
    """
    try:
        os.makedirs(path, mode=0o700, exist_ok=True)
    except (OSError, ValueError) as e:
        raise ConfigError(
            "the data directory %s cannot be made: %s" % (path, _reason(e))
        )
    try:
        # What the permissions say is not all: the disk can be read-only.
        with tempfile.TemporaryFile(dir=path):
            pass
    except OSError as e:
        raise ConfigError(
            "the data directory %s is not writable: %s" % (path, _reason(e))
        )


def load_or_create_signing_key(data_dir: str) -> str:
    """
    Get the key that signs this server's tokens.

    @param data_dir: the data directory; it has to exist.
    @return: the same key at every start.
    @raise ConfigError: if there is a file that holds no key or that others can
        read, or if it can't be read or written.
    """
    path = os.path.join(data_dir, KEY_FILE)
    try:
        if not os.path.lexists(path):
            _create(path, data_dir)
        return _load(path)
    except (OSError, UnicodeDecodeError) as e:
        raise ConfigError("%s: cannot be used: %s" % (path, _reason(e)))


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)


def _load(path: str) -> str:
    with open(path, "rb") as opened:
        mode = stat.S_IMODE(os.fstat(opened.fileno()).st_mode)
        content = opened.read(_MAX_FILE_BYTES)
    if mode & 0o077:
        raise ConfigError(
            "%s: other users have access to it (mode %04o): make a new key, or"
            " run chmod 600 if nobody has read it" % (path, mode)
        )
    key = content.decode("utf-8").strip()
    if is_unset(key):
        raise ConfigError(
            "%s: holds no key: remove it to have a new one made (nobody is logged out)"
            % (path,)
        )
    return key


def _create(path: str, data_dir: str) -> None:
    """
    Write a key where there is none.  It is complete before it has its name, and
    of two processes that do this at once, one wins for both.
    """
    temporary = "%s.%s.new" % (path, secrets.token_hex(8))
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as opened:
            opened.write(secrets.token_urlsafe(_KEY_BYTES) + "\n")
            opened.flush()
            os.fsync(opened.fileno())
        try:
            # Unlike a rename, a link does not replace what is there.
            os.link(temporary, path)
        except FileExistsError:
            return
    finally:
        os.unlink(temporary)
    _sync_directory(data_dir)


def _sync_directory(path: str) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
