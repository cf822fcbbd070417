"""
Metrics over HTTP.
"""

from typing import Callable, Optional

from twisted.web.resource import IResource, Resource

from synauth.web.json_resource import JsonResource
from synauth.web.request import SynauthRequest

# Prometheus' own default, and Synapse's.
PATHS = (b"/metrics", b"/_synapse/metrics")

CONTENT_TYPE = b"text/plain; version=0.0.4; charset=utf-8"


class MetricsResource(Resource):
    """
    All metrics.

    @param exposition: gives them, as text.
    """

    isLeaf = True

    def __init__(self, exposition: Callable[[], bytes]) -> None:
        super().__init__()
        self._exposition = exposition

    def render_GET(self, request: SynauthRequest) -> bytes:
        """
        @return: the text.
        """
        request.endpoint = "/metrics"
        request.setHeader(b"Content-Type", CONTENT_TYPE)
        return self._exposition()


class MetricsRoot(Resource):
    """
    The root of a listener that has metrics.

    @param exposition: gives them.
    @param others: the root of what is served besides; C{None} for nothing.
    """

    def __init__(
        self, exposition: Callable[[], bytes], others: Optional[IResource] = None
    ) -> None:
        super().__init__()
        self._metrics = MetricsResource(exposition)
        self._others = JsonResource() if others is None else others

    def getChildWithDefault(self, path: bytes, request: SynauthRequest) -> IResource:
        """
        @param path: the first segment.
        @return: the metrics, at their paths, and else what the others have there.
        """
        if request.path in PATHS:
            return self._metrics
        found: IResource = self._others.getChildWithDefault(path, request)
        return found
