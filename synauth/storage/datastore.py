"""
All that the daemon keeps, in one object.
"""

from typing import Any, Callable

from twisted.internet.defer import inlineCallbacks
from zope.interface import implementer

from synauth.awaiting import Steps
from synauth.interfaces import (
    IAccountChangeStore,
    IAccountStore,
    IAdministrationStore,
    IAuthStore,
    IClock,
    IDatabase,
    IDeviceStore,
    IExternalIdStore,
    IProfileStore,
    IRegistrationTokenStore,
    IThreepidStore,
    IThreepidValidationStore,
    ITokenStore,
    IUserInfoStore,
)
from synauth.storage.account_changes import AccountChangeStore
from synauth.storage.accounts import AccountStore
from synauth.storage.administration import AdministrationStore
from synauth.storage.devices import DeviceStore
from synauth.storage.external_ids import ExternalIdStore
from synauth.storage.module_transactions import run_interaction
from synauth.storage.profiles import ProfileStore
from synauth.storage.registration_tokens import RegistrationTokenStore
from synauth.storage.revocations import remembering
from synauth.storage.threepid_validation import ThreepidValidationStore
from synauth.storage.threepids import ThreepidStore
from synauth.storage.tokens import TokenStore
from synauth.storage.userinfo import UserInfoStore


@implementer(
    IAccountStore,
    IAccountChangeStore,
    IAdministrationStore,
    ITokenStore,
    IDeviceStore,
    IAuthStore,
    IProfileStore,
    IRegistrationTokenStore,
    IThreepidStore,
    IThreepidValidationStore,
    IExternalIdStore,
    IUserInfoStore,
)
class DataStore(
    AccountStore,
    AccountChangeStore,
    TokenStore,
    DeviceStore,
    ProfileStore,
    ThreepidStore,
    ThreepidValidationStore,
    RegistrationTokenStore,
    ExternalIdStore,
    UserInfoStore,
    AdministrationStore,
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
        self._cache, self._revocations = remembering(database)
        self.token_cache = self._cache

    @inlineCallbacks
    def run_interaction(
        self, function: Callable[..., Any], *args: Any, **kwargs: Any
    ) -> Steps[Any]:
        """
        Run somebody else's function in a transaction, see L{IDatabase.write};
        its cursor is a L{ModuleTransaction
        <synauth.storage.module_transactions.ModuleTransaction>}.  Nobody knows
        what it changes, so all that is remembered is forgotten.

        @return: fires with the function's result.
        """
        result, afterwards = yield self._revocations.write(
            None, run_interaction, function, args, kwargs
        )
        for callback, its_args, its_kwargs in afterwards:
            callback(*its_args, **its_kwargs)
        return result
