"""
Where twistd's log goes, and as what.

C{twistd} decides where: its C{--logfile}, C{--syslog} and C{--logger} stay what
they are.  A line's form is ours.
"""

import signal
import sys
from typing import Any, Callable, Mapping, Optional

from twisted.application.service import MultiService
from twisted.logger import FileLogObserver, ILogObserver, LegacyLogObserverWrapper
from twisted.python.components import Componentized
from twisted.python.logfile import LogFile
from zope.interface import provider

from synauth.homeserver.log_lines import json_line, text_line, with_request

# By their names in the configuration.
FORMATS = {"text": text_line, "json": json_line}


class DaemonService(MultiService):
    """
    The whole daemon, as C{twistd} starts it.

    @param observer: the L{ILogObserver} of what is logged from the first line
        on; C{None} for the one that C{twistd} makes.
    """

    def __init__(self, observer: Optional[Any] = None) -> None:
        super().__init__()
        self._observer = observer

    def setServiceParent(self, parent: Any) -> None:
        """
        Come into an application, which C{twistd} asks who observes the log
        before it begins to log.

        @param parent: the application.
        """
        if self._observer is not None and isinstance(parent, Componentized):
            parent.setComponent(ILogObserver, self._observer)
        super().setServiceParent(parent)


def make_observer(twistd: Mapping[str, Any], format: str, reactor: Any) -> Any:
    """
    @param twistd: C{twistd}'s own options.
    @param format: one of L{FORMATS}.  A system log has text only.
    @param reactor: where a log file is rotated.
    @return: an L{ILogObserver}; C{None} to leave it to C{twistd}, where its
        options name another observer, or can't be.
    """
    if twistd.get("logger"):
        return None
    if twistd.get("syslog"):
        return _to_syslog(twistd.get("prefix") or "")
    path, in_front = twistd.get("logfile"), twistd.get("nodaemon", True)
    if path == "-" and not in_front:
        return None
    stream: Any = sys.stdout
    if not in_front or path not in (None, "", "-"):
        stream = LogFile.fromFullPath(path or "twistd.log")
        _rotate_at_signal(stream, reactor)
    return FileLogObserver(stream, FORMATS[format])


def _to_syslog(prefix: str) -> Callable[[Any], None]:
    # It is not there on every system.
    from twisted.python.syslog import SyslogObserver

    emit: Any = SyslogObserver(prefix).emit
    write = LegacyLogObserverWrapper(emit)

    @provider(ILogObserver)
    def observe(event: Any) -> None:
        write(with_request(event))

    return observe


def _rotate_at_signal(log_file: LogFile, reactor: Any) -> None:
    """
    Begin a new file at SIGUSR1, as C{twistd} does.
    """
    if hasattr(signal, "SIGUSR1") and not signal.getsignal(signal.SIGUSR1):
        signal.signal(
            signal.SIGUSR1, lambda *_: reactor.callFromThread(log_file.rotate)
        )
