"""
What stands in for each name of Synapse's.
"""

from typing import Any, Callable, Dict, Mapping, Tuple

from twisted.enterprise.adbapi import Transaction
from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThreadPool
from twisted.web.server import Request

from synauth import errors
from synauth.awaiting import awaiting
from synauth.constants import Codes, LoginType
from synauth.identifiers import UserID
from synauth.providers.api_surroundings import in_background
from synauth.providers.compat import exceptions, resources
from synauth.providers.module_api import ModuleApi
from synauth.providers.private import AuthHandlerParts, ClockParts, HomeServerParts
from synauth.providers.userinfo import (
    ProfileInfo,
    Requester,
    UserInfo,
    create_requester,
)

# Modules compare it to find out what a ModuleApi has.  Ours has what
# authentication modules use of this one's; "+synauth" says who we are.
VERSION = "1.163.2+synauth"

JsonDict = Dict[str, Any]


class AllLoginTypes(LoginType):
    """
    Also those that synauth has no stage for.
    """

    SSO = "m.login.sso"
    MSISDN = "m.login.msisdn"
    TERMS = "m.login.terms"
    REGISTRATION_TOKEN = "m.login.registration_token"
    APPLICATION_SERVICE = "m.login.application_service"


class ForAnnotations:
    """
    A class that modules only write into annotations.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        raise TypeError("synauth has nothing of this kind: ask the ModuleApi for it")


def defer_to_thread(
    reactor: Any, f: Callable[..., Any], *args: Any, **kwargs: Any
) -> "Deferred[Any]":
    """
    Call a function on another thread.
    """
    return deferToThreadPool(reactor, reactor.getThreadPool(), f, *args, **kwargs)


def run_as_background_process(
    desc: str, func: Callable[..., Any], *args: Any, **kwargs: Any
) -> "Deferred[Any]":
    """
    Call a function for which nobody waits; a failure is logged.
    """
    module = getattr(func, "__module__", None) or "a module"
    return in_background(module, desc, func, *args, **kwargs)


def make_deferred_yieldable(deferred: Any) -> Any:
    """
    @return: what is given: there are no log contexts here.
    """
    return deferred


async def maybe_awaitable(value: Any) -> Any:
    """
    @return: a value, or what an awaitable comes to.
    """
    return await awaiting(lambda: value)


def synapse_modules() -> Mapping[str, Mapping[str, Any]]:
    """
    @return: the contents of each module, by its full name.
    """
    contexts = {
        "defer_to_thread": defer_to_thread,
        "make_deferred_yieldable": make_deferred_yieldable,
        "run_in_background": awaiting,
    }
    background = {"run_as_background_process": run_as_background_process}
    servlet = {
        "parse_json_object_from_request": resources.parse_json_object_from_request
    }
    database = {
        "DatabasePool": ForAnnotations,
        "LoggingDatabaseConnection": ForAnnotations,
        "LoggingTransaction": Transaction,
    }
    server = {
        "DirectServeJsonResource": resources.DirectServeJsonResource,
        "respond_with_json": resources.respond_with_json,
    }
    types = {"JsonDict": JsonDict, "Requester": Requester, "UserID": UserID}
    modules: Dict[str, Dict[str, Any]] = {
        "synapse": {"__version__": VERSION},
        "synapse.api.constants": {"LoginType": AllLoginTypes},
        "synapse.api.errors": _errors(),
        "synapse.config._base": {"ConfigError": errors.ConfigError},
        "synapse.handlers.auth": {"AuthHandler": AuthHandlerParts},
        "synapse.http.client": {"SimpleHttpClient": ForAnnotations},
        "synapse.http.server": server,
        "synapse.http.servlet": servlet,
        "synapse.http.site": {"SynapseRequest": Request},
        "synapse.logging.context": contexts,
        "synapse.metrics.background_process_metrics": background,
        "synapse.module_api": dict(
            _module_api(), **background, **database, **server, **servlet, **types
        ),
        "synapse.module_api.errors": _module_api_errors(),
        "synapse.server": {"HomeServer": HomeServerParts},
        "synapse.storage.database": database,
        "synapse.types": dict(
            types, UserInfo=UserInfo, create_requester=create_requester
        ),
        "synapse.util": {"Clock": ClockParts},
        "synapse.util.async_helpers": {"maybe_awaitable": maybe_awaitable},
        # Where the contexts were up to 2019.
        "synapse.util.logcontext": contexts,
    }
    for name in list(modules):
        for parent in _parents(name):
            modules.setdefault(parent, {})
    modules["synapse.config"]["ConfigError"] = errors.ConfigError
    return modules


def _module_api() -> Dict[str, Any]:
    return {
        "LoginResponse": JsonDict,
        "ModuleApi": ModuleApi,
        "NOT_SPAM": "NOT_SPAM",
        "ProfileInfo": ProfileInfo,
        "SynapseRequest": Request,
        "UserInfo": UserInfo,
        "UserProfile": JsonDict,
    }


def _module_api_errors() -> Dict[str, Any]:
    names = (
        "Codes",
        "ConfigError",
        "InvalidClientCredentialsError",
        "RedirectException",
        "SynapseError",
    )
    return {name: _errors()[name] for name in names}


def _errors() -> Dict[str, Any]:
    return {
        "AuthError": errors.AuthError,
        "Codes": Codes,
        "ConfigError": errors.ConfigError,
        "HttpResponseException": errors.HttpResponseException,
        "InvalidClientCredentialsError": errors.InvalidTokenError,
        "InvalidClientTokenError": errors.InvalidTokenError,
        "LimitExceededError": errors.LimitExceededError,
        "LoginError": errors.LoginError,
        "NotFoundError": exceptions.NotFoundError,
        "RedirectException": exceptions.RedirectException,
        "StoreError": errors.StoreError,
        "SynapseError": errors.MatrixError,
    }


def _parents(name: str) -> Tuple[str, ...]:
    parts = name.split(".")
    return tuple(".".join(parts[:length]) for length in range(1, len(parts)))
