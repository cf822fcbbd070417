"""
The table of all that is served.

It is data: the tree of resources is made of it (L{synauth.web.api}), the
documentation (L{synauth.web.listing}) and the rules of reverse proxies
(L{synauth.web.proxies}).
"""

from typing import Tuple

from synauth.web.admin_endpoints import ADMINISTRATION
from synauth.web.client_endpoints import (
    ACCOUNT,
    DEVICES,
    PAGES,
    REGISTRATION,
    SERVER,
    SESSIONS,
)
from synauth.web.routes import Group
from synauth.web.validation_endpoints import VALIDATION

GROUPS: Tuple[Tuple[str, Group], ...] = (
    ("The server", SERVER),
    ("Logging in and out", SESSIONS),
    ("Registration", REGISTRATION),
    ("The account", ACCOUNT),
    ("Devices", DEVICES),
    ("Addresses", VALIDATION),
    ("Pages", PAGES),
    ("Administration", ADMINISTRATION),
)

ROUTES: Group = tuple(route for _, group in GROUPS for route in group)
