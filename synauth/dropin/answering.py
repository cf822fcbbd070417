"""
How the methods of a handler answer its host.
"""

from functools import wraps
from typing import Any, Callable, Generator, TypeVar

from twisted.internet.defer import Deferred, inlineCallbacks

from synauth.errors import MatrixError
from synauth.providers.contexts import in_context_of_host

_Function = TypeVar("_Function", bound=Callable[..., Any])


def deferred_for_host(
    method: Callable[..., Generator[Any, Any, Any]],
) -> "Callable[..., Deferred[Any]]":
    """
    Make of a generator a method that gives a Deferred: never a coroutine, with
    the host's log context, and it errs with the host's errors.

    @param method: of an object with C{errors}, a
        L{synauth.dropin.errors.HostErrors}.
    """
    steps: Any = inlineCallbacks(method)

    @wraps(method)
    def answer(self: Any, *args: Any, **kwargs: Any) -> "Deferred[Any]":
        answered = in_context_of_host(steps, self, *args, **kwargs)
        return answered.addErrback(self.errors.raise_as_hosts)

    return answer


def for_host(method: _Function) -> _Function:
    """
    The same for a method that answers at once.
    """

    @wraps(method)
    def answer(self: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return method(self, *args, **kwargs)
        except MatrixError as error:
            raise self.errors.translated(error)

    return answer  # type: ignore[return-value]
