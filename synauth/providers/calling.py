"""
The one place where third-party code is called.
"""

import json
from collections import Counter
from time import perf_counter
from typing import Any, Callable, Dict, Iterator, Mapping, Optional, Tuple, Type
from urllib.parse import quote, quote_plus

from twisted.internet.defer import Deferred, TimeoutError, fail
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.python.reflect import safe_str

from synauth.awaiting import awaiting
from synauth.interfaces import IAuditLog

_log = Logger()

# Seconds.
TIMEOUT = 10.0


class CouldNotAsk(Exception):
    """
    A module gave no answer: it failed, it took too long, or what it said can't
    be an answer.  It has been logged, counted and audited.

    @ivar module: its name.
    """

    def __init__(self, module: str) -> None:
        super().__init__("%s could not be asked" % module)
        self.module = module


class ModuleFailure(Exception):
    """
    What the log gets in place of a module's own exception: its type, its
    traceback, and its text unless that repeats a secret.
    """


class Caller:
    """
    Calls modules.

    @param get_reactor: gives the reactor, for the time limit; asked late.
    @param timeout: how long a module may take, in seconds.
    @param timeouts: the same for single modules, by their names.
    @param audit: where failures are recorded, or C{None}.
    @param passing: exceptions by which a module answers: they are left as they
        are.
    @ivar calls: how often each module was.
    @ivar failures: how often each module could not be asked.
    @ivar seconds: how long each took altogether, in seconds.
    """

    def __init__(
        self,
        get_reactor: Callable[[], IReactorTime],
        timeout: float = TIMEOUT,
        timeouts: Optional[Mapping[str, float]] = None,
        audit: Optional[IAuditLog] = None,
        passing: Tuple[Type[Exception], ...] = (),
    ) -> None:
        self._get_reactor = get_reactor
        self._timeout = timeout
        self._timeouts = timeouts or {}
        self._audit = audit
        self._passing = passing
        self.calls: "Counter[str]" = Counter()
        self.failures: "Counter[str]" = Counter()
        self.seconds: Dict[str, float] = {}

    def call(
        self,
        module: str,
        check: Callable[[Any], Any],
        function: Callable[..., Any],
        *args: Any,
        **kwargs: Any,
    ) -> "Deferred[Any]":
        """
        Call a function of a module and wait for its answer.

        @param module: the module's name.
        @param check: makes of the answer what the caller wants; raises if it
            is none.
        @param function: called with the remaining arguments.
        @return: fires with what C{check} made; errs with L{CouldNotAsk}.
        """
        begun = perf_counter()
        self.calls[module] += 1
        answer = self._limited(module, _started(function, args, kwargs))
        answer.addBoth(self._answered, module, begun)
        answer.addCallback(check)
        answer.addErrback(self._failed, module, list(_secrets(args, kwargs)))
        return answer

    def _answered(self, result: Any, module: str, begun: float) -> Any:
        took = perf_counter() - begun
        self.seconds[module] = self.seconds.get(module, 0.0) + took
        return result

    def _limited(self, module: str, asked: "Deferred[Any]") -> "Deferred[Any]":
        """
        Wait for a module's Deferred on one of our own: the module may keep its
        own, may cancel it, and may go on as if we had not cancelled it.
        """
        answer: "Deferred[Any]" = Deferred()

        def answered(result: Any) -> Any:
            if not answer.called:
                answer.callback(result)
            # What is kept can be asked again; what failed has been dealt with.
            return None if isinstance(result, Failure) else result

        asked.addBoth(answered)
        if answer.called:
            return answer
        seconds = self._timeouts.get(module, self._timeout)

        def too_late() -> None:
            answer.errback(TimeoutError("no answer within %g seconds" % seconds))
            try:
                asked.cancel()
            except Exception:
                _log.failure("{module} could not be stopped", module=module)

        timer = self._get_reactor().callLater(seconds, too_late)

        def stop_timer(result: Any) -> Any:
            if timer.active():
                timer.cancel()
            return result

        return answer.addBoth(stop_timer)

    def _failed(self, failure: Failure, module: str, secrets: Any) -> Failure:
        if failure.check(*self._passing):
            return failure
        _log.failure(
            "{module} could not be asked", _without(secrets, failure), module=module
        )
        self.failures[module] += 1
        if self._audit is not None:
            self._audit.record(
                success=False,
                method=module,
                reason="could_not_ask",
                user_id=None,
                address="",
                user_agent=None,
                device_id=None,
            )
        raise CouldNotAsk(module)


def _started(function: Callable[..., Any], args: Any, kwargs: Any) -> "Deferred[Any]":
    try:
        return awaiting(function, *args, **kwargs)
    except KeyboardInterrupt:
        raise
    except BaseException:
        # A module that exits is a module that failed: it does not take the
        # server with it, nor does it as a coroutine.
        return fail()


def _secrets(args: Any, kwargs: Any) -> Iterator[str]:
    """
    What a module was told in confidence: the callbacks of source 001 and the
    methods of source 002 get it as their last argument or within a dict.
    """
    for value in (*args[-1:], *kwargs.values(), *_dicts(args)):
        for text in _texts(value):
            yield from (
                text,
                repr(text)[1:-1],
                json.dumps(text)[1:-1],
                quote(text, safe="", errors="replace"),
                quote_plus(text, errors="replace"),
            )


def _dicts(args: Any) -> Iterator[Any]:
    return (arg for arg in args if isinstance(arg, dict))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str) and value:
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from _texts(inner)


def _without(secrets: Any, failure: Failure) -> Failure:
    """
    @return: a failure for the log, which holds on to nothing of the call.
    """
    text = safe_str(failure.value)
    if any(secret in text for secret in secrets):
        text = "(not shown: it repeats what the module was told in confidence)"
    name = getattr(failure.type, "__name__", failure.type)
    shown = Failure(
        ModuleFailure("%s: %s" % (name, text)),
        ModuleFailure,
        failure.getTracebackObject(),
    )
    shown.cleanFailure()
    return shown
