"""
What a module is handed inside a legacy homeserver: the members of a
C{ModuleApi} that authentication modules use, made of what such a homeserver
hands its password providers.
"""

import inspect
import re
from typing import Any, Callable, List, Optional, Tuple

from twisted.internet.defer import Deferred, inlineCallbacks
from twisted.logger import Logger
from zope.interface import implementer

from synauth.awaiting import Steps, awaiting
from synauth.identifiers import UserID, qualify
from synauth.interfaces import IModuleApi

_log = Logger()

_REGISTRAR = re.compile(r"register_\w+_callbacks\Z")


def host_of(account_handler: Any) -> Any:
    """
    @param account_handler: what a homeserver hands its password providers.
    @return: the homeserver behind it, or C{None}.
    """
    found = getattr(account_handler, "hs", None)
    return getattr(account_handler, "_hs", None) if found is None else found


@implementer(IModuleApi)
class LegacyHostApi:
    """
    See L{IModuleApi}.  What is not here is looked for at the host.

    @param account_handler: what the homeserver hands its password providers.
    @param register: takes the callbacks, by their names.
    """

    def __init__(self, account_handler: Any, register: Callable[..., None]) -> None:
        self._account_handler = account_handler
        self._register = register

    @property
    def server_name(self) -> str:
        """
        See L{IModuleApi.server_name}.
        """
        return UserID.from_string(self.get_qualified_user_id("a")).domain

    @property
    def public_baseurl(self) -> Optional[str]:
        """
        See L{IModuleApi.public_baseurl}.
        """
        config = getattr(host_of(self._account_handler), "config", None)
        # Synapse moved it there in 1.43.
        found = getattr(getattr(config, "server", config), "public_baseurl", None)
        return found or getattr(config, "public_baseurl", None)

    @property
    def http_client(self) -> Any:
        """
        See L{IModuleApi.http_client}.
        """
        own = getattr(self._account_handler, "http_client", None)
        if own is not None:
            return own
        return host_of(self._account_handler).get_simple_http_client()

    def register_password_auth_provider_callbacks(self, **callbacks: Any) -> None:
        """
        See L{IModuleApi.register_password_auth_provider_callbacks}.
        """
        self._register(**callbacks)

    def get_qualified_user_id(self, username: str) -> str:
        """
        See L{IModuleApi.get_qualified_user_id}.
        """
        theirs = getattr(self._account_handler, "get_qualified_user_id", None)
        if theirs is None:
            # Homeservers of 2016 had no such method yet.
            return qualify(username, host_of(self._account_handler).hostname)
        user_id: str = theirs(username)
        return user_id

    def check_user_exists(self, user_id: str) -> "Deferred[Optional[str]]":
        """
        See L{IModuleApi.check_user_exists}.
        """
        return awaiting(
            self._account_handler.check_user_exists,
            self.get_qualified_user_id(user_id),
        )

    @inlineCallbacks
    def find_account(self, user_id: str) -> Steps[Optional[str]]:
        """
        Like L{check_user_exists}, but asks the database where that can be
        reached: Synapse counts a C{check_user_exists} as an attempt to log in,
        and the login has been counted already.

        @param user_id: a full id.
        """
        get_store = getattr(host_of(self._account_handler), "get_datastore", None)
        store = None if get_store is None else get_store()
        look_up = getattr(store, "get_users_by_id_case_insensitive", None)
        if look_up is None:
            found = yield self.check_user_exists(user_id)
            return found
        ids = yield awaiting(look_up, user_id)
        if user_id in ids:
            return user_id
        return next(iter(ids)) if len(ids) == 1 else None

    def register(
        self,
        localpart: str,
        displayname: Optional[str] = None,
        emails: Optional[List[str]] = None,
    ) -> "Deferred[Tuple[str, str]]":
        """
        See L{IModuleApi.register}.
        """
        return self._call_with_what_it_takes(
            self._account_handler.register,
            localpart,
            displayname=displayname,
            emails=emails,
        )

    @inlineCallbacks
    def register_user(
        self,
        localpart: str,
        displayname: Optional[str] = None,
        emails: Optional[List[str]] = None,
        admin: bool = False,
    ) -> Steps[str]:
        """
        See L{IModuleApi.register_user}.
        """
        own = getattr(self._account_handler, "register_user", None)
        if own is not None:
            user_id = yield self._call_with_what_it_takes(
                own,
                localpart,
                displayname=displayname,
                emails=emails,
                admin=admin or None,
            )
            return user_id
        if admin:
            _log.warn("this homeserver makes {user} without admin", user=localpart)
        user_id, token = yield self.register(localpart, displayname, emails)
        yield self.invalidate_access_token(token)
        return user_id

    def invalidate_access_token(self, access_token: str) -> "Deferred[None]":
        """
        See L{IModuleApi.invalidate_access_token}.
        """
        return awaiting(self._account_handler.invalidate_access_token, access_token)

    def run_db_interaction(
        self, desc: str, func: Callable[..., Any], *args: Any, **kwargs: Any
    ) -> "Deferred[Any]":
        """
        See L{IModuleApi.run_db_interaction}.
        """
        return awaiting(
            self._account_handler.run_db_interaction, desc, func, *args, **kwargs
        )

    def __getattr__(self, name: str) -> Any:
        """
        What only some hosts have.
        """
        if name != "_account_handler":
            if _REGISTRAR.match(name):
                return _ignored(name)
            if hasattr(self._account_handler, name):
                return getattr(self._account_handler, name)
        raise AttributeError(
            "a module inside a legacy homeserver has no %s of its ModuleApi" % name
        )

    def _call_with_what_it_takes(
        self, function: Callable[..., Any], localpart: str, **wishes: Any
    ) -> "Deferred[Any]":
        """
        Make an account; the older the host, the less it lets one wish for.
        """
        parameters = inspect.signature(function).parameters
        anything = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
        wishes = {name: wish for name, wish in wishes.items() if wish is not None}
        for name in sorted(wishes):
            if name not in parameters and not anything:
                del wishes[name]
                _log.warn(
                    "this homeserver makes {user} without {name}",
                    user=localpart,
                    name=name,
                )
        return awaiting(function, localpart, **wishes)


def _ignored(name: str) -> Callable[..., None]:
    def register_callbacks(*args: Any, **callbacks: Any) -> None:
        _log.warn(
            "{name}: this homeserver never calls these callbacks: {callbacks}",
            name=name,
            callbacks=", ".join(sorted(callbacks)),
        )

    return register_callbacks
