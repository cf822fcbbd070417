"""
In how many ways an answer can come.
"""

from typing import Any

from twisted.internet.defer import Deferred, fail, succeed
from twisted.trial.unittest import SynchronousTestCase

from synauth.awaiting import awaiting, fired


class Awaitable:
    """
    Neither a coroutine nor a Deferred.
    """

    def __init__(self, deferred: "Deferred[Any]") -> None:
        self.deferred = deferred

    def __await__(self) -> Any:
        """
        Wait for the Deferred.
        """
        return self.deferred.__await__()


class AwaitingTests(SynchronousTestCase):
    """
    L{awaiting}.
    """

    def test_values(self) -> None:
        """
        A value comes through as it is, whichever way it takes.
        """

        async def coroutine(value: Any) -> Any:
            return value

        async def waiting(value: Any) -> Any:
            return await succeed(value)

        ways = (
            lambda value: value,
            succeed,
            coroutine,
            waiting,
            lambda value: Awaitable(succeed(value)),
        )
        for way in ways:
            for value in (None, 0, "x", [1], dict):
                self.assertIs(self.successResultOf(awaiting(way, value)), value)

    def test_errors(self) -> None:
        """
        So does an exception.
        """
        error = KeyError("x")

        def raising() -> Any:
            raise error

        async def coroutine() -> Any:
            raise error

        for way in (
            raising,
            coroutine,
            lambda: fail(error),
            lambda: Awaitable(fail(error)),
        ):
            self.assertIs(self.failureResultOf(awaiting(way)).value, error)

    def test_later(self) -> None:
        """
        What is not there yet is waited for.
        """

        async def coroutine(deferred: Any) -> Any:
            return await deferred

        for way in (lambda d: d, coroutine, Awaitable):
            later: "Deferred[Any]" = Deferred()
            answer = awaiting(way, later)
            self.assertNoResult(answer)
            later.callback("x")
            self.assertEqual(self.successResultOf(answer), "x")

    def test_arguments(self) -> None:
        """
        Arguments are handed on.
        """
        answer = awaiting(lambda *a, **kw: (a, kw), 1, 2, function_=3)
        self.assertEqual(self.successResultOf(answer), ((1, 2), {"function_": 3}))


class FiredTests(SynchronousTestCase):
    """
    L{fired}.
    """

    def test_fired(self) -> None:
        """
        What is there is given or raised; what is not is an error.
        """
        self.assertEqual(fired(succeed("x")), "x")
        self.assertIsNone(fired(succeed(None)))
        self.assertRaises(KeyError, fired, fail(KeyError("x")))
        self.assertRaises(RuntimeError, fired, Deferred())
