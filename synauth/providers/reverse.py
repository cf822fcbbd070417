"""
A module with callbacks (source 001) as a legacy provider (source 002).
"""

from functools import partial
from typing import Any, Callable, Dict, Optional, Set, Tuple, Union

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from synauth.errors import ConfigError, MatrixError
from synauth.providers.callbacks import ModuleCallbacks
from synauth.providers.calling import TIMEOUT, CouldNotAsk
from synauth.providers.contexts import ContextCaller, in_context_of_host
from synauth.providers.legacy_host import LegacyHostApi, host_of
from synauth.providers.recognising import mark
from synauth.providers.results import LoginCallback, Vouched
from synauth.providers.wrapped import Wrapped, wrapped
from synauth.reactors import reactor_of

_log = Logger()

# What a legacy homeserver never asks its providers.
NEVER_CALLED = (
    "get_username_for_registration",
    "get_displayname_for_registration",
    "is_3pid_allowed",
)

LegacyAnswer = Union[None, str, Tuple[str, LoginCallback]]


class CallbackModuleProvider:
    """
    A password provider for a homeserver of the past (Synapse 0.34 to 1.45),
    around a module with callbacks::

        password_providers:
          - module: synauth.CallbackModuleProvider
            config:
              module: my_module.Module
              config: {...}
              timeout: 10

    It has those methods of a provider that the module's callbacks amount to,
    and no others.  Each gives a Deferred.  A module that could not be asked is
    a no, and a line in the log.

    @param config: what L{parse_config} gave.
    @param account_handler: what the homeserver hands its providers.
    @param caller: calls the module, in place of a caller of its own.
    @ivar module: the module.
    @ivar name: its name.
    @ivar callbacks: its callbacks, which a host that knows of such may ask itself.
    """

    def __init__(
        self,
        config: Wrapped,
        account_handler: Any,
        caller: Optional[ContextCaller] = None,
    ) -> None:
        self.name = config.name
        self._registered: Set[str] = set()
        self._caller = caller or ContextCaller(
            partial(_reactor_of, account_handler),
            config.options.get("timeout") or TIMEOUT,
        )
        api = LegacyHostApi(account_handler, self._register)
        self.callbacks = ModuleCallbacks(
            api.server_name, self._caller, api.find_account
        )
        self.module = config.make(config.config, api)
        self._warn_of_the_never_called()
        if "auth_checkers" in self._registered:
            self.get_supported_login_types = self.callbacks.login_types
            self.check_auth = self._check_auth
        if "check_3pid_auth" in self._registered:
            self.check_3pid_auth = self._check_3pid_auth
        if "on_logged_out" in self._registered:
            self.on_logged_out = self._on_logged_out
        mark(self)

    @staticmethod
    def parse_config(config: Any) -> Wrapped:
        """
        @param config: C{module}, C{config}, and if wanted C{timeout}: how long
            the module may take, in seconds.
        @raise ConfigError: if the module can't be loaded from it.
        """
        adapter = "synauth.CallbackModuleProvider"
        found = wrapped(adapter, config, "timeout")
        timeout = found.options["timeout"]
        if timeout is not None and not (
            isinstance(timeout, (int, float))
            and not isinstance(timeout, bool)
            and 0 < timeout < float("inf")
        ):
            raise ConfigError(
                "%s: config.timeout: expected a number of seconds" % adapter
            )
        return found

    def call_back(
        self, callback: LoginCallback, response: Dict[str, Any]
    ) -> "Deferred[None]":
        """
        Tell a module of a login, which stands whatever it does, unless the caller
        passes its errors.
        """
        called = self._caller.call(self.name, lambda answer: None, callback, response)
        return called.addErrback(_no_answer)

    def _register(self, **callbacks: Any) -> None:
        self.callbacks.register(self.name, **callbacks)
        self._registered.update(kind for kind in callbacks if callbacks[kind])

    def _warn_of_the_never_called(self) -> None:
        unused = [kind for kind in NEVER_CALLED if kind in self._registered]
        if unused:
            _log.warn(
                "{module}: this homeserver never calls {callbacks}",
                module=self.name,
                callbacks=", ".join(unused),
            )

    def _check_auth(
        self, username: str, login_type: str, login_dict: Dict[str, Any]
    ) -> "Deferred[LegacyAnswer]":
        return self._ask(self.callbacks.check_auth, username, login_type, login_dict)

    def _check_3pid_auth(
        self, medium: str, address: str, password: str
    ) -> "Deferred[LegacyAnswer]":
        return self._ask(self.callbacks.check_3pid_auth, medium, address, password)

    def _on_logged_out(
        self, user_id: str, device_id: Optional[str], access_token: str
    ) -> "Deferred[None]":
        return in_context_of_host(
            self.callbacks.on_logged_out, user_id, device_id, access_token
        )

    def _ask(
        self, ask: Callable[..., "Deferred[Optional[Vouched]]"], *args: Any
    ) -> "Deferred[LegacyAnswer]":
        asked = in_context_of_host(ask, *args)
        return asked.addCallbacks(self._answer, _no_answer)

    def _answer(self, answer: Optional[Vouched]) -> LegacyAnswer:
        if answer is None:
            return None
        if answer.callback is None:
            return answer.user_id
        return answer.user_id, partial(self.call_back, answer.callback)


def _no_answer(failure: Failure) -> None:
    # The one has been logged; the other is a null where the host only looked
    # whether there is a field.
    failure.trap(CouldNotAsk, MatrixError)


def _reactor_of(account_handler: Any) -> IReactorTime:
    reactor: IReactorTime = reactor_of(host_of(account_handler))
    return reactor
