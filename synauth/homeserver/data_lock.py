"""
A data directory, and a database in a file, belong to one daemon at a time: two
would each keep rate limits, sessions and caches of their own over the same
accounts.
"""

import fcntl
import os

from synauth.errors import ConfigError

LOCK_FILE = "synauth.lock"


class DataLock:
    """
    The claim of this process, and of what it forks, on what a daemon keeps.
    The system itself ends it with the process, however that comes to its end.
    """

    def __init__(self, path: str, what: str) -> None:
        """
        @param path: the file that stands for it; it is made if it is missing.
        @param what: what it is called in messages.
        @raise ConfigError: if another process has it, or if it can't be locked.
        """
        try:
            self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise ConfigError(
                "%s: %s cannot be opened: %s" % (what, path, error.strerror)
            )
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.release()
            raise ConfigError("%s is in use by another synauth" % (what,))
        except OSError as error:
            self.release()
            raise ConfigError("%s: cannot be locked: %s" % (path, error.strerror))

    def release(self) -> None:
        """
        Let others have it.
        """
        os.close(self._descriptor)
