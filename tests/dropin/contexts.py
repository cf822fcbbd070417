"""
Log contexts as Synapse has them: one of them is current, whoever waits for
something leaves none behind, and what was waited for brings back the one that was.
"""

from typing import Any, Callable, List

from twisted.internet.defer import Deferred, maybeDeferred

SENTINEL = "sentinel"


class LogContexts:
    """
    Stands in for the module C{synapse.util.logcontext}.

    @ivar current: the context that is current.
    """

    def __init__(self) -> None:
        self.current = SENTINEL

    def swap(self, context: str) -> str:
        """
        Make a context the current one.

        @return: the one before.
        """
        before, self.current = self.current, context
        return before

    def _set(self, result: Any, context: str) -> Any:
        self.current = context
        return result

    def run_in_background(
        self, function: Callable[..., Any], *args: Any, **kwargs: Any
    ) -> Any:
        """
        See Synapse's function of that name.
        """
        before = self.current
        result = maybeDeferred(function, *args, **kwargs)
        if not result.called or result.paused:
            result.addBoth(self._set, self.swap(before))
        return result

    def make_deferred_yieldable(self, deferred: Any) -> Any:
        """
        See Synapse's function of that name.
        """
        if not deferred.called or deferred.paused:
            deferred.addBoth(self._set, self.swap(SENTINEL))
        return deferred

    def broken_by(
        self, call: Callable[[], "Deferred[Any]"], until_done: Callable[[], None]
    ) -> List[str]:
        """
        Call something in a context of its own.

        @param until_done: lets time pass until what was called has answered.
        @return: which rules were broken.
        """
        broken: List[str] = []
        self.current = "request"
        answered = call()
        if answered.called:
            if self.current != "request":
                broken.append("answered at once and changed the context")
        elif self.current != SENTINEL:
            broken.append("waits and leaves its context behind")
        self.current = SENTINEL if not answered.called else self.current
        seen: List[str] = []

        def note(result: Any) -> None:
            seen.append(self.current)
            self.current = SENTINEL

        answered.addBoth(note)
        until_done()
        if seen != ["request"]:
            broken.append("answered in %r" % (seen,))
        self.current = SENTINEL
        return broken
