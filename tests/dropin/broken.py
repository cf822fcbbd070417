"""
Handlers that make the mistakes that are easily made.  What checks a handler has to
notice each of them.
"""

from typing import Any, List

from twisted.internet import reactor as global_reactor
from twisted.internet.defer import Deferred

from synauth.dropin.synapse_1_0 import AuthHandler
from synauth.errors import LoginError


class CallsHostWhileBuilt(AuthHandler):
    """
    Asks for a part of the host that asks for the handler.
    """

    def __init__(self, hs: Any, *args: Any) -> None:
        super().__init__(hs, *args)
        self.device_handler = hs.get_device_handler()


class UsesGlobalReactor(AuthHandler):
    """
    Starts a timer on the reactor of the process.

    @cvar timers: those that it started.
    """

    timers: List[Any] = []

    def __init__(self, hs: Any, *args: Any) -> None:
        super().__init__(hs, *args)
        later: Any = global_reactor
        self.timers.append(later.callLater(3600, lambda: None))


class GivesCoroutines(AuthHandler):
    """
    Has a coroutine function where a Deferred is due.
    """

    async def check_user_exists(  # type: ignore[override]
        self, user_id: str
    ) -> Any:
        """
        Finds the account, if anybody awaits it.
        """
        return await super().check_user_exists(user_id)


class RaisesItsOwn(AuthHandler):
    """
    Raises an error that only looks like one of the host's.
    """

    def validate_login(self, username: Any, login_submission: Any) -> Any:
        """
        Refuses in words of our own.
        """
        answered = super().validate_login(username, login_submission)
        return answered.addErrback(self._own)

    def _own(self, failure: Any) -> None:
        raise LoginError(failure.value.code, failure.value.msg, failure.value.errcode)


class LosesContext(AuthHandler):
    """
    Hands out a Deferred that comes straight from the reactor.
    """

    def validate_login(self, username: Any, login_submission: Any) -> Any:
        """
        Finds out later.
        """
        later: "Deferred[Any]" = Deferred()
        self.hs.get_reactor().callLater(0.05, later.callback, None)
        check: Any = super().validate_login
        return later.addCallback(lambda _: check(username, login_submission))


class LetsAnybodyIn(AuthHandler):
    """
    Takes any password for the right one.
    """

    def validate_login(self, username: Any, login_submission: Any) -> Any:
        """
        Says yes.
        """
        exists: Any = self.check_user_exists("@%s:%s" % (username, self.hs.hostname))
        return exists.addCallback(lambda user_id: (user_id, None))


BROKEN = (
    CallsHostWhileBuilt,
    UsesGlobalReactor,
    GivesCoroutines,
    RaisesItsOwn,
    LosesContext,
    LetsAnybodyIn,
)
