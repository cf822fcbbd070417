"""
All that the daemon keeps, in one object.
"""

from functools import partial
from typing import Any, Callable, TypeVar

from twisted.internet.defer import Deferred
from zope.interface import implementer

from synauth.interfaces import (
    IAccountStore,
    IAuthStore,
    IClock,
    IDatabase,
    IDeviceStore,
    IExternalIdStore,
    IProfileStore,
    IThreepidStore,
    ITokenStore,
    IUserInfoStore,
)
from synauth.storage.accounts import AccountStore
from synauth.storage.devices import DeviceStore
from synauth.storage.external_ids import ExternalIdStore
from synauth.storage.profiles import ProfileStore
from synauth.storage.threepids import ThreepidStore
from synauth.storage.token_cache import TokenCache
from synauth.storage.tokens import TokenStore
from synauth.storage.userinfo import UserInfoStore

T = TypeVar("T")


@implementer(
    IAccountStore,
    ITokenStore,
    IDeviceStore,
    IAuthStore,
    IProfileStore,
    IThreepidStore,
    IExternalIdStore,
    IUserInfoStore,
)
class DataStore(
    AccountStore,
    TokenStore,
    DeviceStore,
    ProfileStore,
    ThreepidStore,
    ExternalIdStore,
    UserInfoStore,
):
    """
    The stores over one database.  It is also what a host offers to the
    handler.
    """

    def __init__(self, database: IDatabase, clock: IClock) -> None:
        """
        @param database: an open one.
        @param clock: an L{IClock}, for when a token was given out.
        """
        self._database = database
        self._clock = clock
        self._cache = TokenCache()

    def run_interaction(
        self, function: Callable[..., T], *args: Any, **kwargs: Any
    ) -> "Deferred[T]":
        """
        Run somebody else's function in a transaction, see L{IDatabase.write}.
        Nobody knows what it changes, so all that is remembered is forgotten.
        """
        written = self._database.write(partial(function, **kwargs), *args)
        return written.addBoth(self._cache.forget_all)
