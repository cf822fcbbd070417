"""
Every contract of synauth, as zope interfaces.  Read this first.

L{host <synauth.interfaces.host>} has what a homeserver offers so that
L{synauth.AuthHandler} can live in it; L{core <synauth.interfaces.core>} what
the handler is made of; L{providers <synauth.interfaces.providers>} who else may
vouch for a user; L{stores <synauth.interfaces.stores>} what the daemon keeps.
All are imported from here.

Times are milliseconds since the epoch unless a name says otherwise.
"""

from synauth.interfaces.core import (
    IAuditLog,
    IHashPool,
    IPasswordChecker,
    IPasswordHasher,
    IRateLimiter,
    ISessionStore,
    IStage,
)
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
from synauth.interfaces.stores import (
    IAccountStore,
    IDatabase,
    IDeviceStore,
    ITokenStore,
)

__all__ = [
    "IAccountStore",
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
    "IHandlerConfig",
    "IHandlers",
    "IHasSchema",
    "IHashPool",
    "IHearsOfLogouts",
    "IHomeServer",
    "IIdentityHandler",
    "ILegacyProviderFactory",
    "IMacaroonAuth",
    "IModuleApi",
    "IParsesConfig",
    "IPasswordChecker",
    "IPasswordHasher",
    "IPusherPool",
    "IRateLimiter",
    "IRegistrationHandler",
    "ISessionStore",
    "ISimpleHttpClient",
    "IStage",
    "ITokenStore",
]
