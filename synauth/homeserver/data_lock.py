"""
A data directory belongs to one daemon at a time: two would each keep rate
limits, sessions and caches of their own over the same accounts.
"""

import fcntl
import os

from synauth.errors import ConfigError

LOCK_FILE = "synauth.lock"


class DataLock:
    """
    The claim of this process, and of what it forks, on a data directory.  The
    system itself ends it with the process, however that comes to its end.
    """

    def __init__(self, data_dir: str) -> None:
        """
        @param data_dir: the directory; it has to exist.
        @raise ConfigError: if another process has it, or if it can't be locked.
        """
        path = os.path.join(data_dir, LOCK_FILE)
        try:
            self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise ConfigError("%s: cannot be opened: %s" % (path, error.strerror))
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.release()
            raise ConfigError(
                "the data directory %s is in use by another synauth" % (data_dir,)
            )
        except OSError as error:
            self.release()
            raise ConfigError("%s: cannot be locked: %s" % (path, error.strerror))

    def release(self) -> None:
        """
        Let others have it.
        """
        os.close(self._descriptor)
