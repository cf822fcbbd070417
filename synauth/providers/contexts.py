"""
The log contexts of Synapse, for what runs inside one.
"""

import sys
from typing import Any, Callable

from twisted.internet.defer import Deferred

from synauth.providers.calling import Caller

# Where Synapse keeps them; for a while it had both.
_CONTEXTS = ("synapse.logging.context", "synapse.util.logcontext")


def in_context_of_host(
    function: Callable[..., "Deferred[Any]"], *args: Any, **kwargs: Any
) -> "Deferred[Any]":
    """
    Call a function as Synapse wants it: whatever it waits for, Synapse's log
    context is the same afterwards.  Without a Synapse it is just called.

    @param function: gives a Deferred.
    @return: a Deferred of the same that keeps to Synapse's rule.
    """
    for name in _CONTEXTS:
        contexts: Any = sys.modules.get(name)
        if hasattr(contexts, "run_in_background"):
            return contexts.make_deferred_yieldable(
                contexts.run_in_background(function, *args, **kwargs)
            )
    return function(*args, **kwargs)


class ContextCaller(Caller):
    """
    Calls modules, whatever they wait for, in the log context of who asks.
    """

    def call(
        self,
        module: str,
        check: Callable[[Any], Any],
        function: Callable[..., Any],
        *args: Any,
        **kwargs: Any,
    ) -> "Deferred[Any]":
        """
        See L{Caller.call}.
        """
        return in_context_of_host(
            super().call, module, check, function, *args, **kwargs
        )
