"""
What the tests of modules ask with.
"""

from typing import Any, Callable, Dict, List, Optional, Tuple

from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from synauth.providers.callbacks import ModuleCallbacks
from synauth.providers.calling import Caller, ModuleFailure

HOSTNAME = "example.org"
ALICE = "@alice:example.org"
BOB = "@bob:example.org"
PASSWORD = ("m.login.password", ("password",))


class Accounts:
    """
    The accounts of a server; names are looked up as the daemon does it.

    @ivar ids: whose they are.
    """

    def __init__(self, *ids: str) -> None:
        self.ids = list(ids or (ALICE, BOB))

    def find(self, user_id: str) -> "Deferred[Optional[str]]":
        """
        @return: fires with the account's own id, or C{None}.
        """
        if user_id in self.ids:
            return succeed(user_id)
        near = [own for own in self.ids if own.lower() == user_id.lower()]
        return succeed(near[0] if len(near) == 1 else None)


class Audit:
    """
    Remembers what is recorded.
    """

    def __init__(self) -> None:
        self.records: List[Dict[str, Any]] = []

    def record(self, **fields: Any) -> None:
        """
        See L{synauth.interfaces.IAuditLog.record}.
        """
        self.records.append(fields)


class AskingTestCase(SynchronousTestCase):
    """
    Modules can be registered, and asked.
    """

    def setUp(self) -> None:
        """
        There are two accounts, and no module.
        """
        self.clock = Clock()
        self.accounts = Accounts()
        self.audit = Audit()
        self.caller = Caller(lambda: self.clock, audit=self.audit)
        self.callbacks = ModuleCallbacks(HOSTNAME, self.caller, self.accounts.find)

    def log_in(self, user: str = "alice", password: Any = "secret") -> Any:
        """
        @return: what the modules say to a password.
        """
        return self.successResultOf(
            self.callbacks.check_auth(user, PASSWORD[0], {"password": password})
        )

    def assert_vouched(self, asked: Any, user_id: str, callback: Any = None) -> None:
        """
        Somebody has vouched for a user.
        """
        answer = self.successResultOf(asked)
        self.assertEqual((answer.user_id, answer.callback), (user_id, callback))

    def assert_in(self, user_id: str, callback: Any = None) -> None:
        """
        A password lets somebody in.
        """
        answer = self.log_in()
        self.assertEqual((answer.user_id, answer.callback), (user_id, callback))

    def failures(self) -> List[str]:
        """
        @return: what was logged of modules that failed.
        """
        return [f.getErrorMessage() for f in self.flushLoggedErrors(ModuleFailure)]


class Awaitable:
    """
    Can be awaited, and is neither a Deferred nor a coroutine.
    """

    def __init__(self, value: Any) -> None:
        self._value = value

    def __await__(self) -> Any:
        return self._value
        yield


def answering(value: Any) -> Any:
    """
    @return: a function that answers this, or raises it.
    """

    def answer(*args: Any, **kwargs: Any) -> Any:
        if isinstance(value, BaseException):
            raise value
        return value

    return answer


def in_every_way(value: Any) -> Dict[str, Any]:
    """
    @return: functions that answer this, by how they do it.
    """

    async def coroutine(*args: Any, **kwargs: Any) -> Any:
        return answering(value)()

    def deferred(*args: Any, **kwargs: Any) -> Any:
        return fail(value) if isinstance(value, BaseException) else succeed(value)

    functions = {
        "value": answering(value),
        "coroutine": coroutine,
        "deferred": deferred,
    }
    if not isinstance(value, BaseException):
        functions["awaitable"] = lambda *args, **kwargs: Awaitable(value)
    return functions


class CallbacksTestCase(AskingTestCase):
    """
    Callbacks that remember when they were called.
    """

    def setUp(self) -> None:
        """
        Nothing has been called.
        """
        super().setUp()
        self.heard: List[Tuple[Any, ...]] = []

    def saying(self, name: str, answer: Any = None) -> Callable[..., Any]:
        """
        @return: a callback that remembers its arguments, and answers this.
        """

        async def callback(*args: Any) -> Any:
            self.heard.append((name, *args))
            return answering(answer)()

        return callback

    def order(self) -> List[str]:
        """
        @return: who was called since this was asked last.
        """
        names = [call[0] for call in self.heard]
        self.heard = []
        return names
