"""
A homeserver in memory, for L{synauth.AuthHandler} to live in.
"""

from functools import wraps
from typing import Any, Callable, Dict, List, Optional, Tuple

import attr
from twisted.internet.defer import execute
from twisted.internet.task import Clock as ReactorClock
from zope.interface import implementer

from synauth.auth.settings import HandlerOptions
from synauth.auth.tokens import MacaroonTokens
from synauth.constants import Codes
from synauth.errors import MatrixError, StoreError
from synauth.homeserver.clock import Clock
from synauth.interfaces import (
    IAuthStore,
    IDeviceHandler,
    IHandlerConfig,
    IHandlers,
    IHomeServer,
    IIdentityHandler,
    IPusherPool,
    IRegistrationHandler,
    ISimpleHttpClient,
)

# The ways in which a host can answer, see L{synauth.awaiting}.
STYLES = ("plain", "deferred", "coroutine")


def in_style(style: str, function: Callable[..., Any], *args: Any, **kw: Any) -> Any:
    """
    Call a function and answer as a host of a style does.

    @param style: one of L{STYLES}.
    """
    if style == "plain":
        return function(*args, **kw)
    if style == "deferred":
        return execute(function, *args, **kw)
    if style == "coroutine":

        async def coroutine() -> Any:
            return function(*args, **kw)

        return coroutine()
    raise ValueError("not a style: %r" % (style,))


def _styled(method: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(method)
    def answer(self: Any, *args: Any, **kw: Any) -> Any:
        return in_style(self.style, method, self, *args, **kw)

    return answer


@implementer(IHandlerConfig)
@attr.s(auto_attribs=True)
class MemoryConfig:
    """
    Settings that make tests fast.
    """

    server_name: str = "example.org"
    bcrypt_rounds: int = 4
    password_pepper: str = ""
    password_providers: List[Tuple[Any, Any]] = attr.Factory(list)
    macaroon_secret_key: Any = "a key that nobody guesses"
    recaptcha_siteverify_api: str = "https://captcha.example/siteverify"
    recaptcha_private_key: Optional[str] = "private"
    recaptcha_public_key: Optional[str] = "public"
    handler_options: HandlerOptions = HandlerOptions()


@implementer(IAuthStore)
@attr.s(auto_attribs=True)
class MemoryAuthStore:
    """
    Accounts in a dict.

    @ivar users: the password hash, or C{None}, by user id.
    @ivar access_tokens: C{(row id, user id, token, device id)}.
    @ivar refresh_tokens: C{(user id, token, device id)}.
    @ivar threepids: what L{user_add_threepid} was called with.
    """

    style: str = "plain"
    users: Dict[str, Optional[str]] = attr.Factory(dict)
    access_tokens: List[Tuple[int, str, str, Optional[str]]] = attr.Factory(list)
    refresh_tokens: List[Tuple[str, str, Optional[str]]] = attr.Factory(list)
    threepids: List[Tuple[str, str, str, int, int]] = attr.Factory(list)

    @_styled
    def get_users_by_id_case_insensitive(self, user_id: str) -> Any:
        """
        See L{IAuthStore.get_users_by_id_case_insensitive}.
        """
        return {
            name: password_hash
            for name, password_hash in self.users.items()
            if name.lower() == user_id.lower()
        }

    @_styled
    def user_set_password_hash(self, user_id: str, password_hash: Any) -> Any:
        """
        See L{IAuthStore.user_set_password_hash}.
        """
        if user_id not in self.users:
            raise StoreError(404, "No row found", Codes.NOT_FOUND)
        self.users[user_id] = password_hash

    @_styled
    def add_access_token_to_user(
        self, user_id: str, token: str, device_id: Optional[str] = None
    ) -> Any:
        """
        See L{IAuthStore.add_access_token_to_user}.
        """
        row_id = 1 + max((row[0] for row in self.access_tokens), default=0)
        self.access_tokens.append((row_id, user_id, token, device_id))

    @_styled
    def add_refresh_token_to_user(
        self, user_id: str, token: str, device_id: Optional[str] = None
    ) -> Any:
        """
        See L{IAuthStore.add_refresh_token_to_user}.
        """
        self.refresh_tokens.append((user_id, token, device_id))

    @_styled
    def user_delete_access_tokens(
        self,
        user_id: str,
        except_token_id: Optional[int] = None,
        device_id: Optional[str] = None,
    ) -> Any:
        """
        See L{IAuthStore.user_delete_access_tokens}.
        """
        self.access_tokens = [
            row
            for row in self.access_tokens
            if row[1] != user_id
            or row[0] == except_token_id
            or device_id not in (None, row[3])
        ]

    @_styled
    def user_add_threepid(
        self,
        user_id: str,
        medium: str,
        address: str,
        validated_at: int,
        added_at: int,
    ) -> Any:
        """
        See L{IAuthStore.user_add_threepid}.
        """
        self.threepids.append((user_id, medium, address, validated_at, added_at))


@implementer(IDeviceHandler)
@attr.s(auto_attribs=True)
class MemoryDeviceHandler:
    """
    Devices in a dict.

    @ivar devices: the display names by C{(user id, device id)}.
    """

    style: str = "plain"
    devices: Dict[Tuple[str, str], Optional[str]] = attr.Factory(dict)

    @_styled
    def check_device_registered(
        self,
        user_id: str,
        device_id: Optional[str],
        initial_device_display_name: Optional[str] = None,
    ) -> Any:
        """
        See L{IDeviceHandler.check_device_registered}.
        """
        known = device_id or "DEVICE%d" % len(self.devices)
        self.devices.setdefault((user_id, known), initial_device_display_name)
        return known


@implementer(IIdentityHandler)
@attr.s(auto_attribs=True)
class MemoryIdentityHandler:
    """
    Vouches for what it was told to.

    @ivar validated: the third-party ids by the C{sid} of their session.
    """

    style: str = "plain"
    validated: Dict[Any, Dict[str, Any]] = attr.Factory(dict)

    @_styled
    def threepid_from_creds(self, creds: Dict[str, Any]) -> Any:
        """
        See L{IIdentityHandler.threepid_from_creds}.
        """
        return self.validated.get(creds.get("sid"))


@implementer(IRegistrationHandler)
@attr.s(auto_attribs=True)
class MemoryRegistrationHandler:
    """
    Makes accounts in a L{MemoryAuthStore}.
    """

    style: str
    hostname: str
    store: MemoryAuthStore

    @_styled
    def register(self, localpart: Optional[str] = None) -> Any:
        """
        See L{IRegistrationHandler.register}.
        """
        name = "user%d" % len(self.store.users) if localpart is None else localpart
        user_id = "@%s:%s" % (name, self.hostname)
        if user_id.lower() in map(str.lower, self.store.users):
            raise MatrixError(400, "User ID already taken.", Codes.USER_IN_USE)
        self.store.users[user_id] = None
        return user_id, "token of " + user_id


@implementer(IHandlers)
@attr.s(auto_attribs=True)
class MemoryHandlers:
    """
    The bundle of handlers.
    """

    identity_handler: MemoryIdentityHandler
    registration_handler: MemoryRegistrationHandler


@implementer(ISimpleHttpClient)
@attr.s(auto_attribs=True)
class MemoryHttpClient:
    """
    Asks nobody.

    @ivar posted: C{(uri, args)} of each request.
    @ivar answer: called with C{uri} and C{args}; what it returns or raises is
        the answer.
    """

    style: str = "plain"
    posted: List[Tuple[str, Dict[str, str]]] = attr.Factory(list)
    answer: Callable[[str, Dict[str, str]], Any] = lambda uri, args: {"success": True}

    def post_urlencoded_get_json(self, uri: str, args: Dict[str, str]) -> Any:
        """
        See L{ISimpleHttpClient.post_urlencoded_get_json}.
        """
        self.posted.append((uri, args))
        return in_style(self.style, self.answer, uri, args)


@implementer(IPusherPool)
@attr.s(auto_attribs=True)
class MemoryPusherPool:
    """
    Notes whose pushers were removed.

    @ivar removed: C{(user id, except_token_id)}.
    """

    style: str = "plain"
    removed: List[Tuple[str, Optional[int]]] = attr.Factory(list)

    @_styled
    def remove_pushers_by_user(
        self, user_id: str, except_token_id: Optional[int] = None
    ) -> Any:
        """
        See L{IPusherPool.remove_pushers_by_user}.
        """
        self.removed.append((user_id, except_token_id))


@implementer(IHomeServer)
class MemoryHomeServer:
    """
    What L{synauth.AuthHandler} needs of a homeserver, in memory::

        hs = MemoryHomeServer()
        handler = AuthHandler(hs, InlineHashPool())

    Its time stands still until C{reactor.advance(seconds)}.

    @ivar config: a L{MemoryConfig}.
    @ivar reactor: a L{ReactorClock}.
    @ivar store: a L{MemoryAuthStore}.
    @ivar devices: a L{MemoryDeviceHandler}.
    @ivar identity: a L{MemoryIdentityHandler}.
    @ivar http: a L{MemoryHttpClient}.
    @ivar pushers: a L{MemoryPusherPool}.
    """

    def __init__(self, style: str = "plain", **settings: Any) -> None:
        """
        @param style: how it answers: with plain values, with Deferreds or with
            coroutines, see L{STYLES}.
        @param settings: what differs from L{MemoryConfig}.
        """
        if style not in STYLES:
            raise ValueError("not a style: %r" % (style,))
        self.config = MemoryConfig(**settings)
        self.hostname = self.config.server_name
        self.reactor = ReactorClock()
        self.reactor.advance(1500000000)
        self.store = MemoryAuthStore(style)
        self.devices = MemoryDeviceHandler(style)
        self.identity = MemoryIdentityHandler(style)
        self.http = MemoryHttpClient(style)
        self.pushers = MemoryPusherPool(style)
        self._clock = Clock(self.reactor)
        self._handlers = MemoryHandlers(
            self.identity, MemoryRegistrationHandler(style, self.hostname, self.store)
        )
        self._auth = MacaroonTokens(
            lambda: self.config.server_name,
            lambda: self.config.macaroon_secret_key,
            self._clock,
        )

    def get_datastore(self) -> MemoryAuthStore:
        """
        See L{IHomeServer.get_datastore}.
        """
        return self.store

    def get_clock(self) -> Clock:
        """
        See L{IHomeServer.get_clock}.
        """
        return self._clock

    def get_reactor(self) -> ReactorClock:
        """
        See L{IHomeServer.get_reactor}.
        """
        return self.reactor

    def get_device_handler(self) -> MemoryDeviceHandler:
        """
        See L{IHomeServer.get_device_handler}.
        """
        return self.devices

    def get_handlers(self) -> MemoryHandlers:
        """
        See L{IHomeServer.get_handlers}.
        """
        return self._handlers

    def get_simple_http_client(self) -> MemoryHttpClient:
        """
        See L{IHomeServer.get_simple_http_client}.
        """
        return self.http

    def get_auth(self) -> MacaroonTokens:
        """
        See L{IHomeServer.get_auth}.
        """
        return self._auth

    def get_pusherpool(self) -> MemoryPusherPool:
        """
        See L{IHomeServer.get_pusherpool}.
        """
        return self.pushers
