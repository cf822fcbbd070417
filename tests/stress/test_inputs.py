"""
Storms of bad requests, at a size that a test has time for.
"""

from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from synauth.web.discovery import DiscoveryEndpoints
from tests.stress.inputs import run, weather
from tests.stress.requests import Sent

REQUESTS = 2000

HEALTH = Sent("GET", "/_matrix/client/versions", None, (), "192.0.2.1")


class StormTests(SynchronousTestCase):
    """
    The server stands what it is sent.
    """

    def test_storms(self) -> None:
        """
        No 5xx, no traceback, no request without an answer.
        """
        storms = []
        run(REQUESTS, 1, lambda: storms.append(1))
        self.assertGreaterEqual(25 * len(storms), REQUESTS)

    def assert_noticed(self, handler: Any, complaint: str) -> None:
        """
        Assert that a storm notices what a handler does.
        """
        self.patch(DiscoveryEndpoints, "versions", handler)
        error = self.assertRaises(AssertionError, weather, [HEALTH])
        self.assertIn(complaint, str(error))

    def test_exception_is_noticed(self) -> None:
        """
        A fault of ours would be seen, with its traceback.
        """

        def broken(endpoint: Any, request: Any) -> Any:
            raise KeyError("a fault")

        self.assert_noticed(broken, "KeyError: 'a fault'")
        self.flushLoggedErrors(KeyError)

    def test_status_is_noticed(self) -> None:
        """
        So would a 5xx.
        """
        answer = {"errcode": "M_UNKNOWN", "error": "no"}
        self.assert_noticed(lambda endpoint, request: (503, answer), "503 to ")

    def test_silence_is_noticed(self) -> None:
        """
        So would a request that nobody answers.
        """
        self.assert_noticed(lambda endpoint, request: Deferred(), "no answer to ")
