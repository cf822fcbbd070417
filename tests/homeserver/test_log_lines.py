"""
Tests for L{synauth.homeserver.log_lines}.
"""

import json
import logging
from typing import Any, Dict, List

from hypothesis import strategies as st
from twisted.logger import (
    LegacyLogObserverWrapper,
    Logger,
    LogLevel,
    globalLogPublisher,
)
from twisted.python import log as older_log
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from synauth.auth.audit import AuditLog
from synauth.homeserver.log_lines import MAX_LINE, json_line, text_line, with_request
from synauth.homeserver.module_logs import hear_modules
from synauth.request_ids import current
from tests.properties import given

anything = st.text(st.characters(blacklist_categories=()), max_size=300)

RESERVED = ("time", "level", "namespace", "request_id", "message", "traceback")


class LinesTestCase(SynchronousTestCase):
    """
    Has events to make lines of.
    """

    def setUp(self) -> None:
        """
        Begin with none.
        """
        self.events: List[Dict[str, Any]] = []
        # Twisted's own types say that an observer is an object of a class.
        observer: Any = self.events.append
        self.log = Logger(namespace="some.place", observer=observer)

    def event(self, format: str = "text", **fields: Any) -> Dict[str, Any]:
        """
        @return: an event, from the first second of 2018.
        """
        del self.events[:]
        self.log.emit(fields.pop("level", LogLevel.info), format, **fields)
        (event,) = self.events
        return dict(event, log_time=1514764800.25)

    def failed(self, error: Exception, format: str = "It failed") -> Dict[str, Any]:
        """
        @return: the event of a failure.
        """
        del self.events[:]
        try:
            raise error
        except Exception:
            self.log.failure(format, failure=Failure())
        return self.events[0]

    def json(self, event: Dict[str, Any]) -> Dict[str, Any]:
        """
        @return: what the JSON line of an event says; it is one line, printable
            ASCII, and not too long.
        """
        line = json_line(event)
        assert line is not None
        self.assertRegex(line, r"\A[ -~]+\n\Z")
        self.assertLessEqual(len(line), MAX_LINE)
        told: Dict[str, Any] = json.loads(line)
        return told


class JsonTests(LinesTestCase):
    """
    L{json_line}.
    """

    def test_event(self) -> None:
        """
        It has what every line has, in this order, and the event's own fields.
        """
        event = self.event("{a} of {b}", a=1, b="two", level=LogLevel.warn)
        self.assertEqual(
            json_line(event),
            '{"time":"2018-01-01T00:00:00.250Z","level":"warn",'
            '"namespace":"some.place","message":"1 of two","a":1,"b":"two"}\n',
        )

    def test_request(self) -> None:
        """
        The request's id stands before all that a client has a part in: that
        which is being served, or that which the event names.
        """
        before = current.set("abc-1")
        self.addCleanup(current.reset, before)
        line = json_line(self.event())
        assert line is not None
        self.assertIn('"some.place","request_id":"abc-1","message":"text"}', line)
        self.assertEqual(self.json(self.event(request_id="b"))["request_id"], "b")

    def test_fields(self) -> None:
        """
        What JSON can say is there, and nothing else; nor what stands there
        already.
        """
        told = self.json(
            self.event(
                "{text}",
                text="a",
                whole=2,
                half=0.5,
                nan=float("nan"),
                yes=True,
                nothing=None,
                raw=b"\xff/\n",
                object=object(),
                many=[1],
            )
        )
        for name in RESERVED:
            told.pop(name, None)
        self.assertEqual(
            told,
            {
                "whole": 2,
                "half": 0.5,
                "nan": "nan",
                "yes": True,
                "nothing": None,
                "raw": "\\xff/\n",
            },
        )

    def test_reserved(self) -> None:
        """
        No field passes itself off as what a line has by itself.
        """
        names = dict.fromkeys(("time", "namespace", "message", "traceback"), "x")
        told = self.json(self.event("real", **names))
        self.assertEqual(told["namespace"], "some.place")
        self.assertEqual(told["time"], "2018-01-01T00:00:00.250Z")
        self.assertNotIn("traceback", told)

    def test_traceback(self) -> None:
        """
        That of an exception is one text.
        """
        told = self.json(self.failed(ValueError("a\nb")))
        self.assertEqual((told["level"], told["message"]), ("critical", "It failed"))
        self.assertRegex(told["traceback"], r"(?s)\ATraceback.*ValueError: a\nb\n?\Z")

    def test_long(self) -> None:
        """
        A line has an end, whatever is in the event: the message is cut at its
        end and the traceback at its beginning.
        """
        for text in ("x" * 100000, "\U0001f600" * 100000, "\x00" * 100000):
            told = self.json(self.event("{text}", text=text, other=text))
            self.assertTrue(told["truncated"])
            self.assertTrue(text.startswith(told["message"]))
            self.assertGreater(len(told["message"]), 200)
            told = self.json(self.failed(ValueError(text + "end")))
            self.assertEqual(told["message"], "It failed")
            self.assertRegex(told["traceback"], r"end\n?\Z")
        self.assertNotIn("truncated", self.json(self.event("x" * 10000)))

    def test_broken(self) -> None:
        """
        An event that can't be written is a line that says so.
        """

        class Broken(Failure):
            def getTraceback(self, *args: Any, **kwargs: Any) -> str:
                raise ZeroDivisionError()

        told = self.json(dict(self.event("{x"), log_failure=Broken(ValueError())))
        self.assertEqual(told["level"], "error")
        self.assertIn("ZeroDivisionError", told["message"])
        self.assertIn(
            "Unable to format", self.json(self.event("{x.y}", x=1))["message"]
        )
        self.assertIsNone(self.json(dict(self.event(), log_time="?"))["time"])

    def test_nothing(self) -> None:
        """
        An event without words makes no line.
        """
        self.assertIsNone(json_line({"log_level": LogLevel.info}))
        self.assertIsNone(text_line({"log_level": LogLevel.info}))

    @given(anything, anything, st.floats() | st.integers() | st.none())
    def test_anything(self, text: str, other: str, time: Any) -> None:
        """
        Every event is a line.
        """
        event = dict(self.event("{text}", text=text, other=other), log_time=time)
        if text:
            self.assertEqual(self.json(event)["message"], text)


class TextTests(LinesTestCase):
    """
    L{text_line}.
    """

    def test_request(self) -> None:
        """
        The request's id stands beside who speaks.
        """
        self.assertIn(" [some.place#info] text\n", text_line(self.event()) or "")
        line = text_line(self.event(request_id="abc-1")) or ""
        self.assertTrue(line.endswith(" [some.place#info request=abc-1] text\n"))
        event = self.event()
        with_request(event)
        self.assertNotIn("log_system", event)

    @given(anything)
    def test_one_line(self, text: str) -> None:
        """
        No value begins a line of its own, nor writes to a terminal.
        """
        line = text_line(self.event("said: {text}", text=text)) or ""
        self.assertTrue(line.endswith("\n"))
        first, *rest = line[:-1].split("\n")
        self.assertIn("[some.place#info] said: ", first)
        for more in rest:
            self.assertTrue(more.startswith("\t"), more)
        shown = line.replace("\n", "").replace("\t", "")
        self.assertNotRegex(shown, "[\x00-\x1f\x7f-\x9f\u2028\u2029]")
        line.encode("utf-8")

    def test_traceback(self) -> None:
        """
        A traceback stands below its line, indented.
        """
        line = text_line(self.failed(ValueError("[synauth.audit#warn]\n2018"))) or ""
        first, *rest = line[:-1].split("\n")
        self.assertTrue(first.endswith("It failed"), first)
        self.assertTrue(all(more.startswith("\t") for more in rest))
        self.assertIn("\t2018", line)


class SourcesTests(LinesTestCase):
    """
    Whoever writes to the log.
    """

    def heard(self) -> List[Dict[str, Any]]:
        """
        @return: what is logged from now on.
        """
        events: List[Dict[str, Any]] = []
        globalLogPublisher.addObserver(events.append)
        self.addCleanup(globalLogPublisher.removeObserver, events.append)
        return events

    def test_modules(self) -> None:
        """
        What a module says with the standard library has its name and its
        request.
        """
        events = self.heard()
        root = logging.Logger("root")
        hear_modules(root)
        before = current.set("abc-1")
        self.addCleanup(current.reset, before)
        root.warning("a %s\n", "b")
        told = self.json(events[0])
        self.assertEqual(told["message"], "a b\n")
        self.assertEqual((told["level"], told["namespace"]), ("warn", "root"))
        self.assertEqual(told["request_id"], "abc-1")

    def test_older_log(self) -> None:
        """
        So does what Twisted's older log is told, errors too.
        """
        events = self.heard()
        older_log.msg("a", "b")
        told = self.json(events[0])
        self.assertEqual((told["message"], told["level"]), ("a b", "info"))
        older_log.err(ZeroDivisionError("c"), "why")
        self.flushLoggedErrors(ZeroDivisionError)
        told = self.json(events[1])
        self.assertEqual(told["level"], "critical")
        self.assertIn("ZeroDivisionError: c", told["message"])

    def test_audit(self) -> None:
        """
        The audit log's line is the message, and its parts are fields.
        """
        audit = AuditLog(self.log)
        audit.record(False, "m", "wrong_password", "@a:b", "192.0.2.1", None, "D")
        told = self.json(self.events[0])
        self.assertTrue(told["message"].startswith("outcome=refused method=m "))
        self.assertNotIn("line", told)
        self.assertEqual(
            [told[key] for key in ("outcome", "reason", "address", "user_id")],
            ["refused", "wrong_password", "192.0.2.1", "@a:b"],
        )

    def test_system_log(self) -> None:
        """
        For an older observer the request stands in the system.
        """
        seen: List[Dict[str, Any]] = []
        older: Any = seen.append
        write = LegacyLogObserverWrapper(older)
        write(with_request(self.event(request_id="abc-1")))
        self.assertEqual(seen[0]["system"], "some.place#info request=abc-1")
