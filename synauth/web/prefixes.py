"""
What the paths of endpoints begin with.
"""

from synauth.web.routes import CLIENT_VERSIONS, client_prefixes

ANYWHERE = ("",)
CLIENT = ("/_matrix/client",)
STATIC = ("/_matrix/static/client",)
ADMIN = ("/_synapse/admin/v1",)
ADMIN_V2 = ("/_synapse/admin/v2",)
# Which generation of the API had what.
SINCE_V1 = client_prefixes("api/v1", "r0", "v3", "unstable")
SINCE_V2 = client_prefixes("v2_alpha", "r0", "v3", "unstable")
SINCE_R0 = client_prefixes("r0", "v3", "unstable")
ALWAYS = client_prefixes(*CLIENT_VERSIONS)
SINCE_1_18 = client_prefixes("v1")
OLD = client_prefixes("v2_alpha", "r0", "unstable")
