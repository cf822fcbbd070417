"""
Every contract of synauth, as zope interfaces.  Read this first.

L{host <synauth.interfaces.host>} has what a homeserver offers so that
L{synauth.AuthHandler} can live in it; L{core <synauth.interfaces.core>} what
the handler is made of; L{providers <synauth.interfaces.providers>} who else may
vouch for a user; L{modules <synauth.interfaces.modules>} what a module stands
on; L{stores <synauth.interfaces.stores>} what the daemon keeps, and L{database
<synauth.interfaces.database>} where.  All are imported from here.

Times are milliseconds since the epoch unless a name says otherwise.
"""

from synauth.interfaces.accounts import IAccountChangeStore
from synauth.interfaces.core import (
    IAuditLog,
    IHashPool,
    IPasswordChecker,
    IPasswordHasher,
    IRateLimiter,
    ISessionStore,
    IStage,
)
from synauth.interfaces.database import IDatabase, IEngine
from synauth.interfaces.host import (
    IAuthStore,
    IClock,
    IDeviceHandler,
    IHandlerConfig,
    IHandlers,
    IHomeServer,
    IIdentityHandler,
    IMacaroonAuth,
    IPusherPool,
    IRegistrationHandler,
    ISimpleHttpClient,
)
from synauth.interfaces.modules import (
    IFullModuleApi,
    IMailer,
    IModuleHost,
    IModuleHttpClient,
)
from synauth.interfaces.providers import (
    IAuthenticator,
    ICallbacks,
    IChecks3pidAuth,
    IChecksAuth,
    IChecksPassword,
    IHasSchema,
    IHearsOfLogouts,
    ILegacyProviderFactory,
    IModuleApi,
    IParsesConfig,
)
from synauth.interfaces.registration import IRegistrationTokenStore
from synauth.interfaces.stores import (
    IAccountStore,
    IAdministrationStore,
    IDeviceStore,
    IExternalIdStore,
    IProfileStore,
    IThreepidStore,
    ITokenStore,
    IUserInfoStore,
)
from synauth.interfaces.validation import (
    IThreepidValidation,
    IThreepidValidationStore,
)

__all__ = [
    "IAccountChangeStore",
    "IAccountStore",
    "IAdministrationStore",
    "IAuditLog",
    "IAuthStore",
    "IAuthenticator",
    "ICallbacks",
    "IChecks3pidAuth",
    "IChecksAuth",
    "IChecksPassword",
    "IClock",
    "IDatabase",
    "IDeviceHandler",
    "IDeviceStore",
    "IEngine",
    "IExternalIdStore",
    "IFullModuleApi",
    "IHandlerConfig",
    "IHandlers",
    "IHasSchema",
    "IHashPool",
    "IHearsOfLogouts",
    "IHomeServer",
    "IIdentityHandler",
    "ILegacyProviderFactory",
    "IMacaroonAuth",
    "IMailer",
    "IModuleApi",
    "IModuleHost",
    "IModuleHttpClient",
    "IParsesConfig",
    "IPasswordChecker",
    "IPasswordHasher",
    "IProfileStore",
    "IPusherPool",
    "IRateLimiter",
    "IRegistrationHandler",
    "IRegistrationTokenStore",
    "ISessionStore",
    "ISimpleHttpClient",
    "IStage",
    "IThreepidStore",
    "IThreepidValidation",
    "IThreepidValidationStore",
    "ITokenStore",
    "IUserInfoStore",
]
