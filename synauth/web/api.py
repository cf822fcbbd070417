"""
The tree of all that is served, made of L{synauth.web.endpoints}.
"""

from typing import Mapping, Optional

from twisted.web.resource import IResource

from synauth.homeserver.server import HomeServer
from synauth.web.admin import SharedSecretRegistration
from synauth.web.admin_accounts import AdminAccountEndpoints
from synauth.web.admin_users import AdminUserEndpoints
from synauth.web.capabilities import CapabilityEndpoints
from synauth.web.consent import ConsentPage
from synauth.web.deactivate import DeactivateEndpoint
from synauth.web.devices import DeviceEndpoints
from synauth.web.discovery import DiscoveryEndpoints
from synauth.web.endpoints import ROUTES
from synauth.web.fallback import FallbackEndpoint
from synauth.web.health import HealthEndpoints
from synauth.web.json_resource import JsonResource
from synauth.web.login import LoginEndpoint
from synauth.web.login_page import LoginPage
from synauth.web.password import PasswordEndpoint
from synauth.web.profile import ProfileEndpoints
from synauth.web.register import RegisterEndpoint
from synauth.web.registration_tokens import RegistrationTokenEndpoints
from synauth.web.request_token import RequestTokenEndpoints
from synauth.web.routes import add_resource, build_root
from synauth.web.sessions import SessionEndpoints
from synauth.web.submit_token import SubmitTokenEndpoints
from synauth.web.threepids import ThreepidEndpoints


def make_root(
    hs: HomeServer, resources: Optional[Mapping[str, IResource]] = None
) -> JsonResource:
    """
    @param hs: the server, its modules loaded.
    @param resources: what modules want to have served, by path.
    @return: the tree of everything that is served.
    @raise synauth.errors.ConfigError: if a module's path is taken.
    """
    root = build_root(
        ROUTES,
        {
            "capabilities": CapabilityEndpoints(hs),
            "consent": ConsentPage(hs),
            "admin_accounts": AdminAccountEndpoints(hs),
            "admin_users": AdminUserEndpoints(hs),
            "deactivate": DeactivateEndpoint(hs),
            "devices": DeviceEndpoints(hs),
            "discovery": DiscoveryEndpoints(hs),
            "fallback": FallbackEndpoint(hs),
            "health": HealthEndpoints(hs),
            "login": LoginEndpoint(hs),
            "login_page": LoginPage(hs),
            "password": PasswordEndpoint(hs),
            "profile": ProfileEndpoints(hs),
            "register": RegisterEndpoint(hs),
            "registration_tokens": RegistrationTokenEndpoints(hs),
            "request_token": RequestTokenEndpoints(hs),
            "sessions": SessionEndpoints(hs),
            "shared_secret": SharedSecretRegistration(hs),
            "submit_token": SubmitTokenEndpoints(hs),
            "threepids": ThreepidEndpoints(hs),
        },
    )
    for path, resource in (resources or {}).items():
        add_resource(root, path, resource)
    return root
