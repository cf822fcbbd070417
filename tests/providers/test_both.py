"""
A legacy provider through both adapters, one around the other, behaves as it
did alone.
"""

from typing import Any, Dict, List, Tuple

import attr
from hypothesis import strategies as st
from twisted.internet.defer import Deferred, fail, inlineCallbacks, succeed
from twisted.internet.task import Clock, deferLater
from twisted.trial.unittest import SynchronousTestCase

from synauth import CallbackModuleProvider
from synauth.awaiting import awaiting
from synauth.identifiers import qualify
from synauth.providers.callbacks import ModuleCallbacks
from synauth.providers.calling import Caller, CouldNotAsk, ModuleFailure
from synauth.providers.legacy import register_legacy
from tests.properties import given, settings
from tests.providers.asking import (
    ALICE,
    BOB,
    HOSTNAME,
    PASSWORD,
    Accounts,
    Awaitable,
    answering,
)
from tests.providers.hosting import AccountHandler

METHODS = ("check_password", "check_auth", "check_3pid_auth", "on_logged_out")
TYPES = {"m.login.password": ("password",), "t": ("a", "b")}


@attr.s(frozen=True, auto_attribs=True)
class Answer:
    """
    What a provider says, and how.
    """

    value: Any
    way: str

    def give(self, clock: Clock) -> Any:
        """
        @return: it, in that way.
        """
        if self.way == "value":
            return answering(self.value)()
        if self.way == "deferred":
            failed = isinstance(self.value, BaseException)
            return fail(self.value) if failed else succeed(self.value)
        if self.way == "awaitable":
            return Awaitable(self.value)
        seconds = {"coroutine": 0, "slow": 3, "late": 30}[self.way]
        return self._wait(clock, seconds)

    async def _wait(self, clock: Clock, seconds: int) -> Any:
        if seconds:
            await deferLater(clock, seconds, lambda: None)
        return answering(self.value)()


class Scripted:
    """
    A provider that says what it is told to, and remembers what it was asked.
    """

    def __init__(self, config: Dict[str, Any], account_handler: Any) -> None:
        self._config = config
        for name in config["answers"]:
            setattr(self, name, self._method(name))

    def _method(self, name: str) -> Any:
        def method(*args: Any, **kwargs: Any) -> Any:
            self._config["heard"].append((name, args, kwargs))
            return self._config["answers"][name].give(self._config["clock"])

        return method

    def get_supported_login_types(self) -> Dict[str, Tuple[str, ...]]:
        """
        The login types of L{Scripted.check_auth}.
        """
        return TYPES


def add(response: Dict[str, Any]) -> None:
    """
    A callback that adds to the answer.
    """
    response["added"] = 1


async def add_later(response: Dict[str, Any]) -> None:
    """
    The same, as a coroutine.
    """
    response["added"] = await succeed(2)


IDS = st.sampled_from(
    [
        ALICE,
        BOB,
        "@ALICE:example.org",
        "@nobody:example.org",
        "@alice:other.org",
        "@alice",
        "alice",
        "",
        "\ud800",
    ]
)
CALLBACKS = st.sampled_from([None, add, add_later, answering(ValueError("no")), "no"])
OTHERS = st.sampled_from(
    [None, True, False, 0, 1, b"@alice:example.org", [], [ALICE, None], {}, ()]
)
TUPLES = st.one_of(
    st.tuples(IDS, CALLBACKS), st.tuples(IDS), st.tuples(OTHERS, CALLBACKS, OTHERS)
)
ERRORS = st.sampled_from([ValueError("broken"), KeyError("x"), SystemExit(1)])
ANSWERS = st.builds(
    Answer,
    st.one_of(IDS, TUPLES, OTHERS),
    st.sampled_from(["value", "deferred", "awaitable", "coroutine", "slow", "late"]),
) | st.builds(
    Answer, ERRORS, st.sampled_from(["value", "deferred", "coroutine", "slow"])
)
SCRIPTS = st.dictionaries(st.sampled_from(METHODS), ANSWERS)
USERS = st.sampled_from(["alice", "ALICE", ALICE, BOB, "nobody", "@alice:other.org"])
PASSWORDS = st.sampled_from(["p", "", "p\u00e4ss\0", "x" * 600])

# What a host does with a provider.
LOGINS = st.builds(
    lambda user, password: ("check_auth", user, PASSWORD[0], {"password": password}),
    USERS,
    PASSWORDS,
)
OTHER_LOGINS = st.builds(
    lambda user: ("check_auth", user, "t", {"a": 1, "b": [2], "c": 3}), USERS
)
ADDRESSES = st.builds(
    lambda password: ("check_3pid_auth", "email", "a@example.com", password), PASSWORDS
)
LOGOUTS = st.sampled_from(
    [("on_logged_out", ALICE, None, "token"), ("on_logged_out", BOB, "DEVICE", "token")]
)
DEEDS = st.one_of(LOGINS, OTHER_LOGINS, ADDRESSES, LOGOUTS)


class Host:
    """
    A host with one provider: as it is, or through both adapters.
    """

    def __init__(self, script: Dict[str, Answer], both: bool) -> None:
        self.clock = Clock()
        self.heard: List[Any] = []
        caller = Caller(lambda: self.clock)
        self.callbacks = ModuleCallbacks(HOSTNAME, caller, Accounts().find)
        config = {"answers": script, "heard": self.heard, "clock": self.clock}
        provider = self.wrapped(config) if both else Scripted(config, None)
        self.provider: Any = provider
        register_legacy(self.callbacks, provider, HOSTNAME)

    def wrapped(self, config: Dict[str, Any]) -> CallbackModuleProvider:
        """
        @return: a provider around a module around the provider.
        """
        host = AccountHandler()
        host.hs.clock = self.clock
        return CallbackModuleProvider(
            CallbackModuleProvider.parse_config(
                {
                    "module": "synauth.LegacyProviderModule",
                    "config": {"module": __name__ + ".Scripted", "config": config},
                }
            ),
            host,
        )

    @inlineCallbacks
    def do(self, deed: Tuple[Any, ...]) -> Any:
        """
        @return: fires with what came of it, and the answer to the login after
            the callback.
        """
        try:
            done = yield getattr(self.callbacks, deed[0])(*deed[1:])
        except CouldNotAsk:
            return "nobody"
        if done is None:
            return "nobody"
        response = {"user_id": done.user_id}
        if done.callback is not None:
            try:
                yield awaiting(done.callback, response)
            except ValueError:
                pass
        return response


@inlineCallbacks
def old_login(provider: Any, user: str, login_type: str, sent: Dict[str, Any]) -> Any:
    """
    A login as Synapse 0.34 does it, without its local passwords.

    @return: fires with the user and the callback, or with C{None}.
    """
    if login_type == PASSWORD[0] and hasattr(provider, "check_password"):
        user_id = qualify(user, HOSTNAME)
        answer = yield provider.check_password(user_id, sent["password"])
        if answer:
            return user_id, None
    if hasattr(provider, "get_supported_login_types") and hasattr(
        provider, "check_auth"
    ):
        fields = provider.get_supported_login_types().get(login_type)
        if fields is not None:
            given = {field: sent[field] for field in fields}
            answer = yield provider.check_auth(user, login_type, given)
            if answer:
                return (answer, None) if isinstance(answer, str) else answer
    return None


class BothTests(SynchronousTestCase):
    """
    The adapters undo each other.
    """

    def after_a_minute(self, clock: Clock, deferred: "Deferred[Any]") -> Any:
        """
        @return: what a Deferred has fired with after some time.
        """
        clock.pump([1] * 60)
        return self.successResultOf(deferred)

    def test_same(self) -> None:
        """
        Whatever a provider says, in whichever way: the same user gets in, the
        same callback is called, and the provider is asked the same questions.
        """

        @settings(max_examples=400)
        @given(SCRIPTS, DEEDS)
        def check(script: Dict[str, Answer], deed: Tuple[Any, ...]) -> None:
            alone, both = Host(script, False), Host(script, True)
            self.assertEqual(
                alone.callbacks.login_types(), both.callbacks.login_types()
            )
            came = [
                self.after_a_minute(host.clock, host.do(deed)) for host in (alone, both)
            ]
            self.flushLoggedErrors(ModuleFailure)
            self.assertEqual(came[0], came[1])
            self.assertEqual(alone.heard, both.heard)

        check()

    def test_same_in_an_old_host(self) -> None:
        """
        An old homeserver, which believes its providers, lets the same user in,
        in the account's own spelling, where the answer is a proper one.
        """
        callbacks = st.sampled_from([None, add])
        pairs = st.tuples(st.sampled_from([ALICE, BOB]), callbacks)
        proper = st.builds(
            Answer,
            st.one_of(st.none(), st.sampled_from([ALICE, BOB]), pairs),
            st.sampled_from(["value", "deferred"]),
        )
        yes_or_no = st.builds(Answer, st.sampled_from([True, False]), st.just("value"))
        scripts = st.fixed_dictionaries(
            {}, optional={"check_password": yes_or_no, "check_auth": proper}
        )
        users = st.sampled_from(["alice", "bob", "Alice", ALICE])

        @settings(max_examples=200)
        @given(scripts, users, st.sampled_from(sorted(TYPES)))
        def check(script: Dict[str, Answer], user: str, login_type: str) -> None:
            sent = {"password": "p", "a": 1, "b": 2, "c": 3}
            came = []
            for both in (False, True):
                provider = Host(script, both).provider
                answer = self.successResultOf(
                    old_login(provider, user, login_type, sent)
                )
                came.append(answer and (answer[0].lower(), answer[1] is not None))
            self.assertEqual(came[0], came[1])

        check()

    def test_methods(self) -> None:
        """
        It has the methods that it had alone, but for C{check_password}, which
        has become a login type.
        """

        @settings(max_examples=50)
        @given(SCRIPTS)
        def check(script: Dict[str, Answer]) -> None:
            provider = Host(script, True).provider
            expected = set(script) - {"check_password"}
            if "check_password" in script:
                expected.add("check_auth")
            self.assertEqual({m for m in METHODS if hasattr(provider, m)}, expected)

        check()
