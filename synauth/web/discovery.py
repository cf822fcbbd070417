"""
What anybody may ask of a server before logging in.
"""

from typing import Any, Dict

from synauth.constants import Codes
from synauth.errors import MatrixError
from synauth.homeserver.logins import well_known
from synauth.homeserver.server import HomeServer
from synauth.web.request import SynauthRequest

JsonDict = Dict[str, Any]

VERSIONS = ["r0.0.1", "r0.1.0", "r0.2.0", "r0.3.0", "r0.4.0", "r0.5.0", "r0.6.0"]
VERSIONS += ["r0.6.1"] + ["v1.%d" % minor for minor in range(1, 13)]


class DiscoveryEndpoints:
    """
    C{GET /_matrix/client/versions} and C{GET /.well-known/matrix/client}.

    @param hs: the server.
    """

    def __init__(self, hs: HomeServer) -> None:
        self._hs = hs

    def versions(self, request: SynauthRequest) -> JsonDict:
        """
        The versions of the specification whose authentication is spoken.
        """
        return {"versions": VERSIONS, "unstable_features": {}}

    def well_known(self, request: SynauthRequest) -> JsonDict:
        """
        Where clients of this server name find it.
        """
        if self._hs.config.public_baseurl is None:
            raise MatrixError(404, "Not found", Codes.NOT_FOUND)
        return well_known(self._hs.config.public_baseurl)
