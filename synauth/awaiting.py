"""
The one place that knows in how many ways an answer can come.

What a host, a store or a module hands back may be a plain value, a Deferred, a
coroutine or any other awaitable.  Old Twisted passes a coroutine through
C{inlineCallbacks} and C{maybeDeferred} as if it were a value (and it is
I{truthy}, which in an authentication server is a disaster), so everything
foreign goes through L{awaiting}.
"""

import inspect
from typing import Any, Callable, Generator, List, TypeVar

from twisted.internet.defer import Deferred, ensureDeferred, fail, succeed
from twisted.python.failure import Failure

T = TypeVar("T")

# What is written under @inlineCallbacks is, to a type checker, a generator; the
# decorator makes a function of it that gives a Deferred of T.
Steps = Generator["Deferred[Any]", Any, T]


async def _coroutine(awaitable: Any) -> Any:
    return await awaitable


def awaiting(function: Callable[..., Any], *args: Any, **kwargs: Any) -> "Deferred":
    """
    Call a function of somebody else's and wait for its answer, however it
    comes.

    @param function: called with the remaining arguments.
    @return: a Deferred that fires with the value, with what the Deferred that
        was returned fires with, or with what the awaitable comes to; it errs
        with whatever was raised on the way.
    """
    try:
        result = function(*args, **kwargs)
    except Exception:
        return fail()
    if isinstance(result, Deferred):
        return result
    if inspect.iscoroutine(result):
        return ensureDeferred(result)
    if inspect.isawaitable(result):
        return ensureDeferred(_coroutine(result))
    return succeed(result)


def fired(deferred: "Deferred[Any]") -> Any:
    """
    The result of a Deferred that has fired already, for the few old methods
    that are known to answer at once.

    @raise Exception: what the Deferred erred with.
    @raise RuntimeError: if it has not fired.
    """
    values: List[Any] = []
    failures: List[Failure] = []
    deferred.addCallbacks(values.append, failures.append)
    if failures:
        failures[0].raiseException()
    if not values:
        raise RuntimeError("the answer is not there yet")
    return values[0]
