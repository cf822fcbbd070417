"""
Tests for L{synauth.homeserver.daemon_log}; L{tests.functional.test_logs} has
C{twistd} itself.
"""

import io
import signal
import sys
from typing import Any, Dict

from twisted.application.service import Application, IServiceCollection, MultiService
from twisted.internet.task import Clock
from twisted.logger import ILogObserver, LogLevel
from twisted.python.syslog import SyslogObserver
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from synauth.homeserver.config.options import OPTIONS
from synauth.homeserver.daemon_log import FORMATS, DaemonService, make_observer

EVENT: Dict[str, Any] = {
    "log_format": "text",
    "log_namespace": "here",
    "log_level": LogLevel.info,
    "log_time": 1514764800.0,
}
AS_JSON = (
    '{"time":"2018-01-01T00:00:00.000Z","level":"info","namespace":"here",'
    '"message":"text"}\n'
)


class ObserverTests(SynchronousTestCase):
    """
    L{make_observer}.
    """

    def setUp(self) -> None:
        """
        Catch standard output, and keep others' signal handlers.
        """
        self.stdout = io.StringIO()
        self.patch(sys, "stdout", self.stdout)
        before = signal.getsignal(signal.SIGUSR1)
        signal.signal(signal.SIGUSR1, signal.SIG_DFL)
        self.addCleanup(signal.signal, signal.SIGUSR1, before)

    def observer(self, format: str = "json", **twistd: Any) -> Any:
        """
        @return: the observer for some options of C{twistd}.
        """
        return make_observer(dict({"nodaemon": 1}, **twistd), format, Clock())

    def test_formats(self) -> None:
        """
        The formats are those of the configuration.
        """
        (option,) = (o for o in OPTIONS if o.key == "synauth.log_format")
        for name in FORMATS:
            self.assertIn("'%s'" % name, option.kind.expects)
        self.assertEqual(option.kind.expects.count("'"), 2 * len(FORMATS))

    def test_standard_output(self) -> None:
        """
        In the foreground the log goes there unless a file is named.
        """
        for path in (None, "", "-"):
            observer = self.observer(logfile=path)
            verifyObject(ILogObserver, observer)
            observer(dict(EVENT))
        self.assertEqual(self.stdout.getvalue(), 3 * AS_JSON)
        self.observer("text")(dict(EVENT, request_id="abc-1"))
        self.assertIn("[here#info request=abc-1] text\n", self.stdout.getvalue())

    def test_file(self) -> None:
        """
        A file that is named is written to, in the background as in the
        foreground, and a signal begins a new one.
        """
        path = self.mktemp()
        self.observer(logfile=path)(dict(EVENT))
        self.observer(logfile=path, nodaemon=0)(dict(EVENT, log_format="\u00e9"))
        with open(path, encoding="ascii") as written:
            self.assertEqual(
                written.read(), AS_JSON + AS_JSON.replace("text", "\\u00e9")
            )
        self.assertEqual(self.stdout.getvalue(), "")
        self.assertTrue(callable(signal.getsignal(signal.SIGUSR1)))

    def test_left_to_twistd(self) -> None:
        """
        An observer of the operator's own stays, and so does C{twistd}'s
        complaint about what can't be.
        """
        self.assertIsNone(self.observer(logger=object))
        self.assertIsNone(self.observer(logfile="-", nodaemon=0))

    def test_system_log(self) -> None:
        """
        The system log has text, with the request.
        """
        lines = []
        self.patch(SyslogObserver, "syslog", lambda *args: lines.append(args[-1]))
        observer = self.observer(syslog=1, prefix="x")
        verifyObject(ILogObserver, observer)
        observer(dict(EVENT, request_id="abc-1", log_format="a\nb"))
        who = "[here#info request=abc-1] "
        self.assertEqual(lines, [who + "a", who + "\tb"])


class DaemonServiceTests(SynchronousTestCase):
    """
    L{DaemonService}.
    """

    def test_application(self) -> None:
        """
        The application that it comes into has its observer, which is where
        C{twistd} looks for one.
        """
        observer = make_observer({"nodaemon": 1}, "json", Clock())
        application = Application("synauth")
        DaemonService(observer).setServiceParent(application)
        self.assertIs(application.getComponent(ILogObserver), observer)
        self.assertEqual(len(IServiceCollection(application).services), 1)

    def test_without(self) -> None:
        """
        Else nothing is said of it.
        """
        application = Application("synauth")
        DaemonService().setServiceParent(application)
        self.assertIsNone(application.getComponent(ILogObserver, None))
        parent = MultiService()
        DaemonService(print).setServiceParent(parent)
        self.assertEqual(len(parent.services), 1)
