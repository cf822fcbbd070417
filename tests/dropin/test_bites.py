"""
The host's own tests see what is wrong with a handler.
"""

import os
from typing import List

from twisted.trial.unittest import SynchronousTestCase

from tests.dropin import broken, suite
from tests.modules.needs import needs_package

# Where the host's source distribution is.
HOST_TESTS = "SYNAUTH_HOST_TESTS"

_BROKEN = os.path.splitext(broken.__file__)[0] + ".py"


@needs_package("matrix-synapse", "1.0.", "0.34.")
class SuiteTests(SynchronousTestCase):
    """
    A part of the host's tests, with handlers that are broken.
    """

    def worse(self, handler: str, *names: str) -> List[str]:
        """
        @return: the tests that a handler does not pass.
        """
        top = suite.unpack(os.environ[HOST_TESTS])
        own, ours, _ = suite.both(top, handler, list(names))
        self.assertGreater(suite.passed(own), 0)
        return suite.worse(own, ours)

    def test_good_handler(self) -> None:
        """
        Ours passes.
        """
        self.assertEqual([], self.worse(suite.OURS, "tests.handlers.test_auth"))

    def test_call_while_built(self) -> None:
        """
        A handler that asks for what asks for it passes hardly anything.
        """
        found = self.worse(
            _BROKEN + ".CallsHostWhileBuilt", "tests.handlers.test_device"
        )
        self.assertNotEqual([], found)

    def test_global_reactor(self) -> None:
        """
        A timer of the process is noticed.
        """
        found = self.worse(_BROKEN + ".UsesGlobalReactor", "tests.handlers.test_auth")
        self.assertNotEqual([], found)
