"""
What modules log.  They use the standard library's logging, which nobody
listens to in a Twisted application.
"""

import logging
from typing import Dict

from twisted.logger import Logger, LogLevel

_LEVELS = (
    (logging.CRITICAL, LogLevel.critical),
    (logging.ERROR, LogLevel.error),
    (logging.WARNING, LogLevel.warn),
    (logging.INFO, LogLevel.info),
)


class ToTwisted(logging.Handler):
    """
    Hands records on to C{twisted.logger}, each under the name of its logger.
    """

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self._loggers: Dict[str, Logger] = {}

    def emit(self, record: logging.LogRecord) -> None:
        """
        @param record: what was logged; perhaps on another thread.
        """
        try:
            # Without its traceback: those of modules tell passwords.
            text = record.getMessage()
        except Exception:
            self.handleError(record)
            return
        log = self._loggers.setdefault(record.name, Logger(namespace=record.name))
        level = next((to for least, to in _LEVELS if record.levelno >= least), None)
        log.emit(level or LogLevel.debug, "{text}", text=text)


def hear_modules(root: logging.Logger) -> ToTwisted:
    """
    Make what modules log appear in the daemon's log, from level info on.

    @param root: the logger that all others hand their records to.
    @return: the handler, for C{removeHandler}.
    """
    handler = ToTwisted()
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    return handler
