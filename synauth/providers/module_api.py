"""
What a module is handed: Synapse's C{ModuleApi}, as far as authentication
modules use it.
"""

from typing import Any, Callable

from twisted.logger import Logger
from zope.interface import implementer

from synauth.interfaces import IFullModuleApi, IModuleHost, IModuleHttpClient
from synauth.providers.api_accounts import AccountMembers
from synauth.providers.api_logins import LoginMembers
from synauth.providers.api_surroundings import SurroundingsMembers
from synauth.providers.private import (
    AuthHandlerParts,
    ClockParts,
    HomeServerParts,
    StoreParts,
)

_log = Logger()

# Source 001.
CALLBACKS = (
    "auth_checkers",
    "check_3pid_auth",
    "on_logged_out",
    "get_username_for_registration",
    "get_displayname_for_registration",
    "is_3pid_allowed",
)

# Registrars of a homeserver for what an authentication server never does.
NEVER_CALLED = frozenset(
    "register_%s_callbacks" % family
    for family in (
        "spam_checker",
        "account_validity",
        "third_party_rules",
        "presence_router",
        "background_update_controller",
        "account_data",
        "add_extra_fields_to_unsigned_client_event",
        "media_repository",
        "ratelimit",
    )
)


@implementer(IFullModuleApi)
class ModuleApi(AccountMembers, LoginMembers, SurroundingsMembers):
    """
    See L{IFullModuleApi}.  Each module has one of its own.

    @param host: what the daemon offers.
    @param module: what the module is called in messages.
    """

    # There is one process, and it does everything.
    worker_name = None
    worker_app = None

    def __init__(self, host: IModuleHost, module: str) -> None:
        self._host = host
        self._module = module
        self.clock = ClockParts(host, self)
        self._hs = self.hs = HomeServerParts(host, self)
        self._auth_handler = AuthHandlerParts(host, self)
        self._store = StoreParts(host, self)

    @property
    def server_name(self) -> str:
        """
        See L{IModuleApi.server_name}.
        """
        name: str = self._host.hostname
        return name

    @property
    def public_baseurl(self) -> Any:
        """
        See L{IModuleApi.public_baseurl}.
        """
        return self._host.public_baseurl

    @property
    def http_client(self) -> IModuleHttpClient:
        """
        See L{IModuleApi.http_client}.
        """
        return self._host.http_client

    def should_run_background_tasks(self) -> bool:
        """
        @return: always C{True}.
        """
        return True

    def register_password_auth_provider_callbacks(self, **callbacks: Any) -> None:
        """
        See L{IModuleApi.register_password_auth_provider_callbacks}.

        @raise TypeError: if one has a name that synauth never calls.
        """
        unknown = sorted(set(callbacks) - set(CALLBACKS))
        if unknown:
            raise TypeError(
                "%s registers %s, and synauth knows only %s"
                % (self._module, ", ".join(unknown), ", ".join(CALLBACKS))
            )
        self._host.callbacks.register(self._module, **callbacks)

    def __getattr__(self, name: str) -> Callable[..., None]:
        if name in NEVER_CALLED:
            # The next time it is found without asking here: one warning.
            registrar = _accept_and_ignore
            _log.warn(
                "{module} uses {registrar}: synauth never calls these callbacks",
                module=self._module,
                registrar=name,
            )
            setattr(self, name, registrar)
            return registrar
        raise AttributeError(
            "synauth's ModuleApi has no %s, which %s asks for: it has the members"
            " that authentication modules use"
            % (name, self.__dict__.get("_module", "a module"))
        )


def _accept_and_ignore(*args: Any, **kwargs: Any) -> None:
    """
    Nothing comes of it.
    """
