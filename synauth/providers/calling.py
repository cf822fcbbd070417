"""
The one place where third-party code is called.
"""

from collections import Counter
from typing import Any, Callable, Mapping, Optional

from twisted.internet.defer import inlineCallbacks
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from synauth.awaiting import Steps, awaiting
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


class Caller:
    """
    Calls modules.

    @param get_reactor: gives the reactor, for the time limit; asked late.
    @param timeout: how long a module may take, in seconds.
    @param timeouts: the same for single modules, by their names.
    @param audit: where failures are recorded, or C{None}.
    @ivar failures: how often each module could not be asked.
    """

    def __init__(
        self,
        get_reactor: Callable[[], IReactorTime],
        timeout: float = TIMEOUT,
        timeouts: Optional[Mapping[str, float]] = None,
        audit: Optional[IAuditLog] = None,
    ) -> None:
        self._get_reactor = get_reactor
        self._timeout = timeout
        self._timeouts = timeouts or {}
        self._audit = audit
        self.failures: "Counter[str]" = Counter()

    @inlineCallbacks
    def call(
        self,
        module: str,
        check: Callable[[Any], Any],
        function: Callable[..., Any],
        *args: Any,
        **kwargs: Any,
    ) -> Steps[Any]:
        """
        Call a function of a module and wait for its answer.

        @param module: the module's name.
        @param check: makes of the answer what the caller wants; raises if it
            is none.
        @param function: called with the remaining arguments.
        @return: fires with what C{check} made; errs with L{CouldNotAsk}.
        """
        asked = awaiting(function, *args, **kwargs)
        if not asked.called:
            asked.addTimeout(
                self._timeouts.get(module, self._timeout), self._get_reactor()
            )
        try:
            answer = yield asked
            return check(answer)
        except Exception:
            _log.failure("{module} could not be asked", module=module)
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
