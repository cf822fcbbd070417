"""
Modules' own words in the daemon's log.
"""

import logging
from typing import Any, List

from twisted.logger import LogLevel, formatEvent, globalLogPublisher
from twisted.trial.unittest import SynchronousTestCase

from synauth.homeserver.module_logs import hear_modules


class ModuleLogsTests(SynchronousTestCase):
    """
    L{hear_modules}.
    """

    def setUp(self) -> None:
        """
        Listen to a root of our own, and to the daemon's log.
        """
        self.root = logging.Logger("root")
        self.handler = hear_modules(self.root)
        self.events: List[Any] = []
        globalLogPublisher.addObserver(self.events.append)
        self.addCleanup(globalLogPublisher.removeObserver, self.events.append)

    def heard(self) -> List[Any]:
        """
        @return: what came through.
        """
        return [
            (e["log_namespace"], e["log_level"], formatEvent(e)) for e in self.events
        ]

    def test_levels(self) -> None:
        """
        Each record keeps its level, its logger's name and its text; debugging
        stays out.
        """
        self.root.name = "my.module"
        self.root.debug("no")
        self.root.info("%d users", 3)
        self.root.warning("{slow}")
        self.root.error("down")
        self.root.critical("on fire")
        self.assertEqual(
            self.heard(),
            [
                ("my.module", LogLevel.info, "3 users"),
                ("my.module", LogLevel.warn, "{slow}"),
                ("my.module", LogLevel.error, "down"),
                ("my.module", LogLevel.critical, "on fire"),
            ],
        )

    def test_no_traceback(self) -> None:
        """
        A traceback can tell a password, so it is left out.
        """
        try:
            raise ValueError("sesame")
        except ValueError:
            self.root.exception("it failed")
        self.assertEqual([text for _, _, text in self.heard()], ["it failed"])
        self.assertNotIn("sesame", repr(self.events))

    def test_broken_record(self) -> None:
        """
        A record that can't be put into words disturbs nobody.
        """
        self.patch(logging, "raiseExceptions", False)
        self.root.info("%d users", "three")
        self.assertEqual(self.heard(), [])
