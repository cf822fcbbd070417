"""
What a load balancer or an orchestrator asks.
"""

from typing import Any, Dict

from twisted.internet.defer import inlineCallbacks

from synauth.awaiting import Steps
from synauth.errors import MatrixError
from synauth.homeserver.server import HomeServer
from synauth.web.request import SynauthRequest

JsonDict = Dict[str, Any]

RETRY_AFTER_S = 2


class HealthEndpoints:
    """
    C{GET /health} and what is below it.

    @param hs: the server.
    """

    def __init__(self, hs: HomeServer) -> None:
        self._health = hs.health

    def live(self, request: SynauthRequest) -> JsonDict:
        """
        That the process answers.
        """
        return {"status": "ok"}

    @inlineCallbacks
    def ready(self, request: SynauthRequest) -> Steps[JsonDict]:
        """
        Whether it can serve.

        @raise MatrixError: 503, if it can't.
        """
        ready = yield self._health.ready()
        if not ready:
            raise MatrixError(
                503,
                "The server is being stopped"
                if self._health.stopped
                else "The database does not answer",
                headers={"Retry-After": "%d" % RETRY_AFTER_S},
            )
        return {"status": "ok"}
