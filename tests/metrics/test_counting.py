"""
Tests for L{synauth.metrics.counting}.
"""

import ast
import os
from typing import Any, List, Set

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from synauth.auth.audit import AuditLog
from synauth.interfaces import IAuditLog, IDatabase
from synauth.metrics.counting import (
    DEEDS,
    MAX_REASONS,
    CountingAuditLog,
    CountingDatabase,
    RequestCounts,
)
from tests.functional.daemon import ROOT

# Who tells the audit log, and which argument says what was done.
PLACES = {"audit": 2, "_do": 1, "_set_state": 3}


def texts_in(arguments: List[ast.AST]) -> Set[str]:
    """
    @return: all text that stands in some code.
    """
    found = set()
    for argument in arguments:
        for part in ast.walk(argument):
            # Python 3.7 has a class of its own for it.
            text = getattr(part, "value", getattr(part, "s", None))
            if isinstance(text, str):
                found.add(text)
    return found


class RequestCountsTests(SynchronousTestCase):
    """
    L{RequestCounts}.
    """

    def test_durations(self) -> None:
        """
        A duration is in the class of the first bound that is not below it.
        """
        counts = RequestCounts()
        for seconds in (0.0, 0.001, 0.0011, 0.25, 99.0):
            counts.add("/x", b"GET", 200, seconds)
        self.assertEqual(counts.durations["/x"][:-1], [2, 1, 0, 0, 1, 0, 0, 0, 0, 1])
        self.assertAlmostEqual(counts.durations["/x"][-1], 99.2521)

    def test_methods(self) -> None:
        """
        A thousand methods that are none have one series.
        """
        counts = RequestCounts()
        for number in range(1000):
            counts.add("/x", b"M%d" % number, 405, 0.1)
        counts.add("/x", b"POST", 200, 0.1)
        self.assertEqual(
            counts.counts, {("/x", "other", 405): 1000, ("/x", "POST", 200): 1}
        )


class CountingAuditLogTests(SynchronousTestCase):
    """
    L{CountingAuditLog}.
    """

    def setUp(self) -> None:
        self.kept: List[Any] = []

        class Kept(AuditLog):
            def record(_, *args: Any) -> None:
                self.kept.append(args)

        self.audit = CountingAuditLog(Kept(), lambda method: method == "org.a.module")

    def record(self, method: str, reason: Any) -> None:
        """
        Record an outcome.
        """
        self.audit.record(
            reason is None, method, reason, "@a:b", "192.0.2.1", None, None
        )

    def test_interface(self) -> None:
        """
        It is an audit log, and passes all on.
        """
        verifyObject(IAuditLog, self.audit)
        self.record("register", None)
        expected = (True, "register", None, "@a:b", "192.0.2.1", None, None, None)
        self.assertEqual(self.kept, [expected])

    def test_counts(self) -> None:
        """
        Outcomes are counted by method and reason.
        """
        for _ in range(2):
            self.record("m.login.password", "wrong_password")
        for method in ("m.login.password", "logout", "org.a.module"):
            self.record(method, None)
        self.assertEqual(
            self.audit.counts,
            {
                ("m.login.password", "wrong_password"): 2,
                ("m.login.password", ""): 1,
                ("logout", ""): 1,
                ("org.a.module", ""): 1,
            },
        )

    def test_bounded(self) -> None:
        """
        What clients make up has one name; of reasons there are so many.
        """
        for number in range(1000):
            self.record("org.made.up.%d" % number, "M_UNRECOGNIZED")
        self.assertEqual(self.audit.counts, {("other", "M_UNRECOGNIZED"): 1000})
        for number in range(1000):
            self.record("register", "reason%d" % number)
        self.assertEqual(len(self.audit.counts), MAX_REASONS + 1)
        self.assertEqual(self.audit.counts["register", "other"], 1000 - MAX_REASONS + 1)

    def test_deeds(self) -> None:
        """
        All that endpoints tell the audit log has a name here.
        """
        told: Set[str] = set()
        web = os.path.join(ROOT, "synauth", "web")
        for name in os.listdir(web):
            if not name.endswith(".py"):
                continue
            with open(os.path.join(web, name), encoding="utf-8") as stream:
                tree = ast.parse(stream.read())
            for node in ast.walk(tree):
                place = PLACES.get(self.called(node))
                if place is not None:
                    told |= texts_in(node.args[place : place + 1])  # type: ignore
        self.assertEqual(told, DEEDS)

    def called(self, node: ast.AST) -> str:
        """
        @return: the name of what is called, if anything is.
        """
        function = getattr(node, "func", None)
        return getattr(function, "id", getattr(function, "attr", ""))


class CountingDatabaseTests(SynchronousTestCase):
    """
    L{CountingDatabase}.
    """

    def setUp(self) -> None:
        self.clock = Clock()
        self.asked: List[Any] = []
        self.called: List[str] = []
        case = self

        class Slow:
            engine = "an engine"
            news = "news"

            def start(self) -> None:
                case.called.append("start")

            def close(self) -> None:
                case.called.append("close")

            def read(self, *args: Any) -> "Deferred[Any]":
                case.asked.append((args, Deferred()))
                return case.asked[-1][1]

            write = read

        self.database = CountingDatabase(Slow(), self.clock)  # type: ignore[arg-type]

    def test_interface(self) -> None:
        """
        It is the database that it counts of.
        """
        verifyObject(IDatabase, self.database)
        self.database.start()
        self.database.close()
        self.assertEqual(self.called, ["start", "close"])
        self.assertEqual(
            (self.database.engine, self.database.news), ("an engine", "news")
        )
        self.assertEqual(self.database.retries, 0)

    def test_counted(self) -> None:
        """
        What is asked, how it ends, and how long that takes.
        """
        good = self.database.read(len, "x")
        bad = self.database.write(len, "y")
        self.assertEqual([args for args, _ in self.asked], [(len, "x"), (len, "y")])
        self.assertEqual(self.database.pending, 2)
        self.clock.advance(2)
        self.asked[0][1].callback(1)
        self.clock.advance(1)
        self.asked[1][1].errback(ZeroDivisionError())
        self.assertEqual(self.successResultOf(good), 1)
        self.failureResultOf(bad, ZeroDivisionError)
        self.assertEqual(self.database.pending, 0)
        self.assertEqual(self.database.counts, {("read", True): 1, ("write", False): 1})
        self.assertEqual(self.database.seconds, {"read": 2.0, "write": 3.0})
