"""
All that the daemon keeps, in one object.
"""

from zope.interface import implementer

from synauth.interfaces import (
    IAccountStore,
    IAuthStore,
    IClock,
    IDatabase,
    IDeviceStore,
    ITokenStore,
)
from synauth.storage.accounts import AccountStore
from synauth.storage.devices import DeviceStore
from synauth.storage.token_cache import TokenCache
from synauth.storage.tokens import TokenStore


@implementer(IAccountStore, ITokenStore, IDeviceStore, IAuthStore)
class DataStore(AccountStore, TokenStore, DeviceStore):
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
