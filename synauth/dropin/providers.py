"""
The host's password providers and the operator's modules, in their order.

Each has its callbacks to itself: in these hosts two providers may want different
fields for one login type, and none is turned away for it.
"""

from functools import partial
from importlib import import_module
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple

from twisted.internet.defer import Deferred, inlineCallbacks, succeed
from twisted.logger import Logger

from synauth.awaiting import Steps, awaiting
from synauth.providers.callbacks import ModuleCallbacks
from synauth.providers.calling import Caller, CouldNotAsk
from synauth.providers.contexts import in_context_of_host
from synauth.providers.legacy import register_legacy
from synauth.providers.results import Vouched
from synauth.providers.reverse import CallbackModuleProvider

_log = Logger()


def make_providers(
    hs: Any, handler: Any, wanted: Sequence[Tuple[Any, Any]]
) -> List[Any]:
    """
    Make the providers as the host would.

    @param hs: the homeserver.
    @param handler: what makes and ends tokens for them.
    @param wanted: classes, each with what its C{parse_config} gave.
    """
    if not wanted:
        return []
    api = import_module("synapse.module_api").ModuleApi(hs, handler)
    return [make(config=config, account_handler=api) for make, config in wanted]


class Providers:
    """
    Asks one after the other.

    @param hostname: the server name.
    @param caller: calls them.
    @param find_account: gives a Deferred of the account's own id; see
        L{ModuleCallbacks}.
    @param providers: what their classes made.
    """

    def __init__(
        self,
        hostname: str,
        caller: Caller,
        find_account: Callable[[str], "Deferred[Optional[str]]"],
        providers: Sequence[Any],
    ) -> None:
        self._all: List[ModuleCallbacks] = []
        self._modules: Dict[str, CallbackModuleProvider] = {}
        for provider in providers:
            if isinstance(provider, CallbackModuleProvider):
                # Through a second caller it would have a second time limit, and
                # its errors would be a no.
                self._all.append(provider.callbacks)
                self._modules[provider.name] = provider
                continue
            callbacks = ModuleCallbacks(hostname, caller, find_account)
            register_legacy(callbacks, provider, hostname)
            self._all.append(callbacks)

    def login_types(self) -> Dict[str, Tuple[str, ...]]:
        """
        See L{synauth.interfaces.ICallbacks.login_types}.
        """
        types: Dict[str, Tuple[str, ...]] = {}
        for each in self._all:
            for login_type, fields in each.login_types().items():
                types.setdefault(login_type, fields)
        return types

    def check_auth(
        self, user: str, login_type: str, login_dict: Mapping[str, Any]
    ) -> "Deferred[Optional[Vouched]]":
        """
        See L{synauth.interfaces.ICallbacks.check_auth}.
        """
        return self._first(
            [
                partial(each.check_auth, user, login_type, login_dict)
                for each in self._all
            ]
        )

    def check_3pid_auth(
        self, medium: str, address: str, password: str
    ) -> "Deferred[Optional[Vouched]]":
        """
        See L{synauth.interfaces.ICallbacks.check_3pid_auth}.
        """
        if not password:
            # To a directory server it can mean "anonymous".
            return succeed(None)
        return self._first(
            [
                partial(each.check_3pid_auth, medium, address, password)
                for each in self._all
            ]
        )

    @inlineCallbacks
    def on_logged_out(
        self, user_id: str, device_id: Optional[str], access_token: str
    ) -> Steps[None]:
        """
        Tell each, and wait for it; the token has ended, whatever they say.
        """
        for each in self._all:
            try:
                yield each.on_logged_out(user_id, device_id, access_token)
            except Exception:
                _log.failure("A provider failed to hear of a logout")

    def callback_for_host(self, vouched: Vouched) -> Optional[Callable[[Any], Any]]:
        """
        @return: a provider's function for the answer to a login, to be called by
            the host; C{None} if it has none.
        """
        if vouched.callback is None:
            return None
        if vouched.module in self._modules:
            return partial(self._modules[vouched.module].call_back, vouched.callback)
        return partial(in_context_of_host, awaiting, vouched.callback)

    @inlineCallbacks
    def _first(
        self, questions: List[Callable[[], "Deferred[Optional[Vouched]]"]]
    ) -> Steps[Optional[Vouched]]:
        unasked: Optional[CouldNotAsk] = None
        for ask in questions:
            try:
                answer = yield ask()
            except CouldNotAsk as error:
                unasked = error
                continue
            if answer is not None:
                return answer
        if unasked is not None:
            raise unasked
        return None
