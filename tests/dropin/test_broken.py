"""
The checks see what they are there to see.
"""

import unittest
from typing import Any, List

from twisted.trial.unittest import SynchronousTestCase

from tests.dropin import broken, checks


def complaints(handler: Any, style: str = "late") -> List[str]:
    """
    @param handler: a class of handlers.
    @return: the names of the checks that it does not pass.
    """
    made = {"make": staticmethod(handler), "style": style}
    case = type("Checks", (checks.HandlerChecks,), made)
    result = unittest.TestResult()
    unittest.defaultTestLoader.loadTestsFromTestCase(case).run(result)
    found = [*result.failures, *result.errors]
    return sorted({test.id().rpartition(".")[2] for test, _ in found})


class BrokenHandlerTests(SynchronousTestCase):
    """
    Each mistake is noticed.
    """

    def test_good_handler(self) -> None:
        """
        A handler without a mistake passes.
        """
        self.assertEqual([], complaints(checks.HandlerChecks.make))

    def test_call_while_built(self) -> None:
        """
        A handler that asks for what asks for it passes nothing.
        """
        found = complaints(broken.CallsHostWhileBuilt)
        self.assertIn("test_login", found)
        self.assertGreater(len(found), 20)

    def test_global_reactor(self) -> None:
        """
        A timer of the process is noticed.
        """
        found = complaints(broken.UsesGlobalReactor)
        for timer in broken.UsesGlobalReactor.timers:
            if timer.active():
                timer.cancel()
        self.assertIn("test_global_reactor", found)

    def test_coroutine(self) -> None:
        """
        A coroutine is no Deferred.
        """
        found = complaints(broken.GivesCoroutines)
        # "was never awaited".
        self.flushWarnings()
        self.assertIn("test_check_user_exists", found)

    def test_own_error(self) -> None:
        """
        An error that looks like one of the host's is none.
        """
        found = complaints(broken.RaisesItsOwn)
        self.assertIn("test_wrong_password", found)

    def test_lost_context(self) -> None:
        """
        A lost log context is noticed, where answers are right.
        """
        self.assertEqual(["test_log_contexts"], complaints(broken.LosesContext))

    def test_anybody(self) -> None:
        """
        A handler that lets anybody in is noticed.
        """
        self.assertIn("test_wrong_password", complaints(broken.LetsAnybodyIn))
