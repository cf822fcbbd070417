"""
A legacy provider (source 002) as callbacks (source 001).
"""

from functools import partial
from typing import Any, Callable, Dict, Mapping, Optional, Tuple

from twisted.logger import Logger

from synauth import identifiers
from synauth.awaiting import awaiting
from synauth.constants import LoginType
from synauth.errors import ConfigError
from synauth.identifiers import UserID
from synauth.interfaces import (
    ICallbacks,
    IChecks3pidAuth,
    IChecksAuth,
    IChecksPassword,
    IHasSchema,
    IHearsOfLogouts,
    IModuleApi,
)
from synauth.providers.recognising import mark, recognise
from synauth.providers.results import LoginCallback, Vouched, vouched, vouched_password
from synauth.providers.wrapped import Wrapped, words_of, wrapped

_log = Logger()

Answer = Optional[Tuple[str, Optional[LoginCallback]]]


def legacy_callbacks(
    name: str, provider: Any, qualify: Callable[[str], str], hostname: str
) -> Dict[str, Any]:
    """
    What a provider's methods amount to.

    @param name: what the provider is called in messages.
    @param provider: what its class made.
    @param qualify: makes a full user id of a localpart.
    @param hostname: the server name.
    @return: the keyword arguments of
        C{register_password_auth_provider_callbacks}: coroutine functions, whose
        answers have the one form that source 001 gives them.
    @raise ConfigError: if it does not say properly which login types it has.
    """
    provider = mark(provider)
    legacy = _LegacyProvider(name, provider, qualify, hostname)
    callbacks: Dict[str, Any] = {}
    checkers = dict.fromkeys(legacy.login_types().items(), legacy.check_auth)
    if checkers:
        callbacks["auth_checkers"] = checkers
    if IChecks3pidAuth.providedBy(provider):
        callbacks["check_3pid_auth"] = legacy.check_3pid_auth
    if IHearsOfLogouts.providedBy(provider):
        callbacks["on_logged_out"] = legacy.on_logged_out
    if not callbacks:
        _log.warn("{module} has no method of a password provider", module=name)
    return callbacks


def register_legacy(callbacks: ICallbacks, provider: Any, hostname: str) -> None:
    """
    Register a provider's methods with the callbacks of the modules, under the
    full name of its class.

    @param provider: what its class made.
    @param hostname: the server name.
    @raise synauth.errors.ConfigError: see L{legacy_callbacks} and
        L{ICallbacks.register}.
    """
    name = "%s.%s" % (type(provider).__module__, type(provider).__qualname__)
    callbacks.register(
        name,
        **legacy_callbacks(
            name, provider, partial(identifiers.qualify, hostname=hostname), hostname
        ),
    )


class _LegacyProvider:
    """
    Asks a provider.  What can't be an answer raises
    L{synauth.providers.results.BadAnswer}, which every host of callbacks takes
    for a failure of the module.
    """

    def __init__(
        self, name: str, provider: Any, qualify: Callable[[str], str], hostname: str
    ) -> None:
        self._provider = provider
        self._qualify = qualify
        self._hostname = hostname
        self._fields: Dict[str, Tuple[str, ...]] = {}
        if IChecksAuth.providedBy(provider):
            self._fields = _declared_fields(name, provider)

    def login_types(self) -> Dict[str, Tuple[str, ...]]:
        """
        @return: each login type and the fields that it takes to answer.
        """
        types = dict(self._fields)
        if IChecksPassword.providedBy(self._provider):
            fields = types.get(LoginType.PASSWORD, ())
            if "password" not in fields:
                types[LoginType.PASSWORD] = ("password", *fields)
        return types

    async def check_auth(
        self, username: str, login_type: str, login_dict: Mapping[str, Any]
    ) -> Answer:
        """
        Ask C{check_password}, where it applies, and then C{check_auth}.
        """
        if login_type == LoginType.PASSWORD and not login_dict.get("password", True):
            # To a directory server an empty password can mean "anonymous".
            return None
        answer = None
        if login_type == LoginType.PASSWORD and IChecksPassword.providedBy(
            self._provider
        ):
            user_id = self._qualify(username)
            password = login_dict["password"]
            said = await awaiting(self._provider.check_password, user_id, password)
            answer = vouched_password(said, user_id, self._hostname)
        if answer is None and login_type in self._fields:
            fields = {name: login_dict[name] for name in self._fields[login_type]}
            said = await awaiting(
                self._provider.check_auth, username, login_type, fields
            )
            answer = self._vouched(said)
        return _pair(answer)

    async def check_3pid_auth(self, medium: str, address: str, password: str) -> Answer:
        """
        Ask C{check_3pid_auth}.
        """
        if not password:
            return None
        said = await awaiting(self._provider.check_3pid_auth, medium, address, password)
        return _pair(self._vouched(said))

    async def on_logged_out(
        self, user_id: str, device_id: Optional[str], access_token: str
    ) -> None:
        """
        Tell it, with keywords.
        """
        await awaiting(
            self._provider.on_logged_out,
            user_id=user_id,
            device_id=device_id,
            access_token=access_token,
        )

    def _vouched(self, said: Any) -> Optional[Vouched]:
        # Whatever is not true was a no in source 002.
        return vouched(said, self._hostname) if said else None


def _pair(answer: Optional[Vouched]) -> Answer:
    return None if answer is None else (answer.user_id, answer.callback)


def _declared_fields(name: str, provider: Any) -> Dict[str, Tuple[str, ...]]:
    """
    @return: what C{get_supported_login_types} says.
    """
    try:
        declared = {
            # ("password") is a str, and only looks like a tuple.
            login_type: (fields,) if isinstance(fields, str) else tuple(fields)
            for login_type, fields in provider.get_supported_login_types().items()
        }
    except Exception as e:
        raise ConfigError(
            "%s: get_supported_login_types: expected {login type: (field, ...)}: %s"
            % (name, words_of(e))
        )
    for login_type, fields in declared.items():
        if not all(isinstance(text, str) for text in (login_type, *fields)):
            raise ConfigError(
                "%s: get_supported_login_types: a login type and its fields are"
                " strings, not %r: %r" % (name, login_type, fields)
            )
    return declared


class LegacyProviderModule:
    """
    A module for a homeserver of today, around a legacy provider::

        modules:
          - module: synauth.LegacyProviderModule
            config:
              module: my_provider.Provider
              config: {...}

    @param config: what L{parse_config} gave.
    @param api: the C{ModuleApi} of the homeserver; the provider gets it as its
        C{account_handler}.
    @ivar provider: the provider.
    """

    def __init__(self, config: Wrapped, api: IModuleApi) -> None:
        if IHasSchema.providedBy(recognise(config.factory)):
            _log.warn(
                "{module} has tables of its own (get_db_schema_files), which are"
                " made for password_providers only: they must be there already",
                module=config.name,
            )
        hostname = UserID.from_string(api.get_qualified_user_id("a")).domain
        self.provider = config.make(config=config.config, account_handler=api)
        api.register_password_auth_provider_callbacks(
            **legacy_callbacks(
                config.name, self.provider, api.get_qualified_user_id, hostname
            )
        )

    @staticmethod
    def parse_config(config: Any) -> Wrapped:
        """
        @param config: C{module} and C{config}.
        @raise ConfigError: if the provider can't be loaded from it.
        """
        return wrapped("synauth.LegacyProviderModule", config)
