"""
What the daemon offers to modules.
"""

from typing import Any, Callable, Dict, Optional

from twisted.internet.defer import Deferred, inlineCallbacks
from twisted.web.resource import IResource
from zope.interface import implementer

from synauth.account_state import account_gate
from synauth.awaiting import Steps
from synauth.constants import Codes
from synauth.errors import ConfigError, MatrixError
from synauth.homeserver.logins import LoginDetails, Requester
from synauth.homeserver.server import HomeServer
from synauth.interfaces import IModuleHost, IModuleHttpClient


@implementer(IModuleHost)
class ModuleHost:
    """
    The homeserver, as modules get to see it.

    @param hs: the homeserver.
    @param access_token: finds the access token of a request.
    @ivar resources: what modules want to have served, by path.
    """

    def __init__(self, hs: HomeServer, access_token: Callable[[Any], str]) -> None:
        self._hs = hs
        self._access_token = access_token
        self.hostname = hs.hostname
        self.public_baseurl = hs.config.public_baseurl
        self.callbacks = hs.auth_handler.callbacks
        self.store = hs.get_datastore()
        self.mailer = None if hs.mails is None else hs.mails.mailer
        self.clock = hs.get_clock()
        self.reactor = hs.get_reactor()
        self.resources: Dict[str, IResource] = {}

    @property
    def http_client(self) -> IModuleHttpClient:
        """
        See L{IModuleHost.http_client}.
        """
        return self._hs.get_module_http_client()

    def check_user_exists(self, user_id: str) -> "Deferred[Optional[str]]":
        """
        See L{IModuleHost.check_user_exists}.
        """
        return self._hs.auth_handler.check_user_exists(user_id)

    def check_username(self, localpart: str) -> "Deferred[None]":
        """
        See L{IModuleHost.check_username}.
        """
        return self._hs.registration.check_username(localpart)

    @inlineCallbacks
    def register_user(
        self, localpart: str, display_name: Optional[str] = None, admin: bool = False
    ) -> Steps[str]:
        """
        See L{IModuleHost.register_user}.
        """
        answer = yield self._hs.registration.register_user(
            localpart, admin=admin, display_name=display_name
        )
        return answer["user_id"]

    @inlineCallbacks
    def log_in(
        self,
        user_id: str,
        device_id: Optional[str] = None,
        display_name: Optional[str] = None,
        refreshable: bool = False,
    ) -> Steps[Dict[str, Any]]:
        """
        See L{IModuleHost.log_in}.
        """
        account = yield self.store.get_user(user_id)
        if account is None:
            raise MatrixError(404, "There is no such user", Codes.NOT_FOUND)
        account_gate(account)
        answer = yield self._hs.logins.log_in(
            user_id,
            LoginDetails(
                device_id=device_id, display_name=display_name, refreshable=refreshable
            ),
        )
        return answer

    @inlineCallbacks
    def end_token(self, access_token: str) -> Steps[None]:
        """
        See L{IModuleHost.end_token}.
        """
        requester = yield self._hs.logins.requester(
            access_token, even_expired=True, even_locked=True
        )
        yield self._hs.logins.log_out(requester, access_token)

    @inlineCallbacks
    def get_requester(
        self, request: Any, allow_guest: bool = False, allow_expired: bool = False
    ) -> Steps[Requester]:
        """
        See L{IModuleHost.get_requester}.
        """
        requester = yield self._hs.logins.requester(
            self._access_token(request), even_expired=allow_expired
        )
        if requester.is_guest and not allow_guest:
            raise MatrixError(
                403, "Guests may not do this", Codes.GUEST_ACCESS_FORBIDDEN
            )
        return requester

    def login_token(self, user_id: str, duration_ms: int) -> str:
        """
        See L{IModuleHost.login_token}.
        """
        return self._hs.auth_handler.generate_short_term_login_token(
            user_id, duration_ms
        )

    def add_threepid(
        self, user_id: str, medium: str, address: str, validated_at: int
    ) -> "Deferred[None]":
        """
        See L{IModuleHost.add_threepid}.
        """
        return self._hs.auth_handler.add_threepid(
            user_id, medium, address, validated_at
        )

    def register_web_resource(self, path: str, resource: IResource) -> None:
        """
        See L{IModuleHost.register_web_resource}.
        """
        if not path.startswith("/") or path.endswith("/") or "//" in path:
            raise ConfigError("%r is not a path of a web resource" % (path,))
        if not IResource.providedBy(resource):
            raise ConfigError("%r is no web resource, for %s" % (resource, path))
        if path in self.resources:
            raise ConfigError("%s is served by another module already" % path)
        self.resources[path] = resource
