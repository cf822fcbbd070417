"""
Tests for L{synauth.auth.audit}.
"""

import json
import re
from typing import Any, Dict, List

from hypothesis import strategies as st
from twisted.logger import Logger, LogLevel, formatEvent, globalLogPublisher
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from synauth.auth.audit import AuditLog
from synauth.interfaces import IAuditLog
from tests.properties import given, settings

LINE = re.compile(
    r"outcome=(success|refused) method=(\S+) reason=(\S+) ip=(\S+)"
    r' user=(-|"(?:[^"\\]|\\.)*") device=(-|"(?:[^"\\]|\\.)*")'
    r' agent=(-|"(?:[^"\\]|\\.)*")\Z',
    re.ASCII,
)

anything = st.text(st.characters(blacklist_categories=()), max_size=300)


class AuditLogTests(SynchronousTestCase):
    """
    L{AuditLog} writes an event for each outcome.
    """

    def setUp(self) -> None:
        self.events: List[Dict[str, Any]] = []
        self.audit = AuditLog(Logger(namespace="test", observer=self.events.append))

    def record(self, *args: Any) -> str:
        """
        @return: the line that a record makes.
        """
        del self.events[:]
        self.audit.record(*args)
        (event,) = self.events
        return formatEvent(event)

    def test_interface(self) -> None:
        """
        It is an audit log.
        """
        verifyObject(IAuditLog, self.audit)

    def test_success(self) -> None:
        """
        A success is at level info, with all that is known.
        """
        line = self.record(
            True,
            "m.login.password",
            None,
            "@alice:example.org",
            "192.0.2.1",
            "nio/0.24",
            "ABC",
        )
        self.assertEqual(
            line,
            "outcome=success method=m.login.password reason=- ip=192.0.2.1"
            ' user="@alice:example.org" device="ABC" agent="nio/0.24"',
        )
        (event,) = self.events
        self.assertEqual(event["log_level"], LogLevel.info)
        fields = {key: event[key] for key in event if not key.startswith("log_")}
        self.assertEqual(
            fields,
            {
                "line": line,
                "outcome": "success",
                "method": "m.login.password",
                "reason": None,
                "user_id": "@alice:example.org",
                "address": "192.0.2.1",
                "user_agent": "nio/0.24",
                "device_id": "ABC",
            },
        )

    def test_refusal(self) -> None:
        """
        A refusal is at level warn, with its reason.
        """
        line = self.record(
            False, "refresh", "unknown_token", None, "2001:db8::1", None, None
        )
        self.assertEqual(
            line,
            "outcome=refused method=refresh reason=unknown_token ip=2001:db8::1"
            " user=- device=- agent=-",
        )
        self.assertEqual(self.events[0]["log_level"], LogLevel.warn)

    def test_namespace(self) -> None:
        """
        Unless told otherwise, it writes under a name of its own.
        """
        globalLogPublisher.addObserver(self.events.append)
        self.addCleanup(globalLogPublisher.removeObserver, self.events.append)
        AuditLog().record(True, "logout", None, None, "unix", None, None)
        self.assertEqual(self.events[0]["log_namespace"], "synauth.audit")

    def test_forgery(self) -> None:
        """
        A client can't end a field or a line, nor start a field of its own.
        """
        evil = '" agent="x\r\noutcome=success\x1b[2J\u2028\x7f{method}'
        line = self.record(False, evil, evil, evil, evil, evil, evil)
        match = LINE.match(line)
        self.assertIsNotNone(match)
        self.assertEqual(
            [json.loads(value) for value in match.groups()[4:]], [evil] * 3
        )
        self.assertTrue(line.isprintable())
        self.assertEqual(match.group(1), "refused")
        self.assertEqual(line.count(" user="), 1)

    def test_long_values(self) -> None:
        """
        Nobody fills the disk with one request.
        """
        line = self.record(False, *["x" * 100000] * 6)
        self.assertLess(len(line), 7 * 270)
        self.assertEqual(self.events[0]["user_agent"], "x" * 255)
        self.assertNotIn("x" * 256, repr(self.events[0]))

    @settings(max_examples=100)
    @given(anything, st.none() | anything, st.none() | anything, anything)
    def test_parsable(self, method: str, user: Any, agent: Any, address: str) -> None:
        """
        Whatever stands in it, a line can be taken apart again.
        """
        line = self.record(False, method, "x", user, address, agent, user)
        match = LINE.match(line)
        self.assertIsNotNone(match)
        for text, value in ((match.group(5), user), (match.group(7), agent)):
            expected = None if value is None else value[:255]
            self.assertEqual(None if text == "-" else json.loads(text), expected)
