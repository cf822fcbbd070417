"""
What is served where.
"""

from typing import List, Mapping, Optional

from twisted.web.resource import IResource

from synauth.homeserver.server import HomeServer
from synauth.web.admin import SharedSecretRegistration
from synauth.web.deactivate import DeactivateEndpoint
from synauth.web.devices import DeviceEndpoints
from synauth.web.discovery import DiscoveryEndpoints
from synauth.web.fallback import FallbackEndpoint
from synauth.web.json_resource import JsonResource
from synauth.web.login import LoginEndpoint
from synauth.web.register import RegisterEndpoint
from synauth.web.routes import (
    CLIENT_VERSIONS,
    Route,
    add_resource,
    build_root,
    client_prefixes,
)
from synauth.web.sessions import SessionEndpoints

ANYWHERE = ("",)
ADMIN = ("/_synapse/admin/v1",)
# Which generation of the API had what.
SINCE_V1 = client_prefixes("api/v1", "r0", "v3", "unstable")
SINCE_V2 = client_prefixes("v2_alpha", "r0", "v3", "unstable")
SINCE_R0 = client_prefixes("r0", "v3", "unstable")
ALWAYS = client_prefixes(*CLIENT_VERSIONS)
OLD = client_prefixes("v2_alpha", "r0", "unstable")

ROUTES: List[Route] = [
    Route("GET", ANYWHERE, "/health", "discovery.health"),
    Route("GET", ANYWHERE, "/.well-known/matrix/client", "discovery.well_known"),
    Route("GET", ANYWHERE, "/_matrix/client/versions", "discovery.versions"),
    Route("GET", SINCE_V1, "/login", "login.flows"),
    Route("POST", SINCE_V1, "/login", "login.log_in"),
    Route("POST", SINCE_V1, "/logout", "sessions.log_out"),
    Route("POST", SINCE_V1, "/logout/all", "sessions.log_out_all"),
    Route("POST", SINCE_V2, "/register", "register.register"),
    Route("GET", SINCE_V2, "/register/available", "register.available"),
    Route("GET", SINCE_V2, "/account/whoami", "sessions.whoami"),
    Route("POST", SINCE_R0, "/refresh", "sessions.refresh"),
    Route("POST", OLD, "/tokenrefresh", "sessions.refresh"),
    Route("POST", SINCE_R0, "/account/deactivate", "deactivate.deactivate"),
    Route("GET", SINCE_R0, "/devices", "devices.devices"),
    Route("GET", SINCE_R0, "/devices/{device_id}", "devices.device"),
    Route("PUT", SINCE_R0, "/devices/{device_id}", "devices.rename"),
    Route("DELETE", SINCE_R0, "/devices/{device_id}", "devices.delete"),
    Route("POST", SINCE_R0, "/delete_devices", "devices.delete_several"),
    Route("GET", ALWAYS, "/auth/{stage}/fallback/web", "fallback.show"),
    Route("POST", ALWAYS, "/auth/{stage}/fallback/web", "fallback.submit"),
    Route("GET", ADMIN, "/register", "shared_secret.nonce"),
    Route("POST", ADMIN, "/register", "shared_secret.register"),
]


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
            "deactivate": DeactivateEndpoint(hs),
            "devices": DeviceEndpoints(hs),
            "discovery": DiscoveryEndpoints(hs),
            "fallback": FallbackEndpoint(hs),
            "login": LoginEndpoint(hs),
            "register": RegisterEndpoint(hs),
            "sessions": SessionEndpoints(hs),
            "shared_secret": SharedSecretRegistration(hs),
        },
    )
    for path, resource in (resources or {}).items():
        add_resource(root, path, resource)
    return root
