"""
What an endpoint is made of: a place in the tree of paths, and for each method
a handler, a plain function of the request.
"""

from typing import Any, Callable, Dict, Optional, Tuple

from twisted.web.resource import IResource, Resource
from twisted.web.server import NOT_DONE_YET

from synauth.awaiting import awaiting
from synauth.constants import Codes
from synauth.errors import MatrixError
from synauth.web.page import Page
from synauth.web.request import SynauthRequest

# A handler is called with the request and, as keywords, the path's parameters
# (str).  It gives, at once or through anything that can be awaited, the body of
# a 200, or a status and a body, or a Page; or it raises MatrixError.
Handler = Callable[..., Any]

# What nothing is served at.
UNKNOWN = "unknown"


class JsonResource(Resource):
    """
    One place in the tree.

    @ivar parameter: the place that any other segment leads to, or C{None}.
    @ivar endpoint: what it is called where requests are counted.
    """

    endpoint = UNKNOWN

    def __init__(self) -> None:
        super().__init__()
        self.parameter: Optional[JsonResource] = None
        self._methods: Dict[bytes, Tuple[Handler, Tuple[str, ...]]] = {}
        self._allow = b""

    def add_handler(
        self, method: str, handler: Handler, names: Tuple[str, ...] = ()
    ) -> None:
        """
        @param method: the HTTP method; C{GET} serves C{HEAD} too.
        @param handler: see L{Handler}.
        @param names: what the parameters on the way here are called.
        @raise ValueError: if the method has a handler here.
        """
        key = method.encode("ascii")
        if key in self._methods:
            raise ValueError("There is a handler for %s already" % method)
        self._methods[key] = (handler, names)
        if key == b"GET":
            self._methods[b"HEAD"] = (handler, names)
        self._allow = b", ".join(sorted([*self._methods, b"OPTIONS"]))

    def getChildWithDefault(self, path: bytes, request: SynauthRequest) -> IResource:
        """
        @param path: the next segment, percent-decoded.
        @param request: notes what stands for a parameter.
        @return: where it leads; a static segment goes before a parameter.
        """
        child = self.children.get(path)
        if child is not None:
            return child
        if path and self.parameter is not None:
            request.path_values += (path,)
            return self.parameter
        return _nowhere

    def render(self, request: SynauthRequest) -> int:
        """
        Have the handler answer.

        @return: always C{NOT_DONE_YET}: the handler's answer, now or later,
            finishes the request.
        """
        request.endpoint = self.endpoint
        found = self._methods.get(request.method)
        try:
            if found is None:
                self._answer_unhandled(request)
                return NOT_DONE_YET
            handler, names = found
            if names:
                result = handler(request, **_parameters(names, request.path_values))
            else:
                result = handler(request)
        except MatrixError as error:
            request.answer_error(error)
            return NOT_DONE_YET
        if isinstance(result, (dict, tuple, Page)):
            _answer(result, request)
        else:
            waiting = awaiting(lambda: result)
            waiting.addCallback(_answer, request)
            waiting.addErrback(request.processingFailed)
        return NOT_DONE_YET

    def _answer_unhandled(self, request: SynauthRequest) -> None:
        """
        Any C{OPTIONS} may go ahead, so that a browser gets to see why the
        request itself is wrong.
        """
        if request.method == b"OPTIONS":
            request.answer_preflight()
        elif self._methods:
            request.setHeader(b"Allow", self._allow)
            raise MatrixError(405, "Unrecognized request", Codes.UNRECOGNIZED)
        else:
            raise MatrixError(404, "Unrecognized request", Codes.UNRECOGNIZED)


# Where every unknown path leads.
_nowhere = JsonResource()
_nowhere.isLeaf = True


def _parameters(names: Tuple[str, ...], values: Tuple[bytes, ...]) -> Dict[str, str]:
    try:
        return {name: value.decode("utf-8") for name, value in zip(names, values)}
    except UnicodeDecodeError:
        raise MatrixError(400, "The path is not valid UTF-8", Codes.INVALID_PARAM)


def _answer(result: Any, request: SynauthRequest) -> None:
    if isinstance(result, Page):
        request.answer_page(result.code, result.html, result.headers)
        return
    if isinstance(result, tuple):
        code, body = result
    else:
        code, body = 200, result
    if not isinstance(body, dict):
        raise TypeError("A handler gave a %s" % type(body).__name__)
    request.answer(code, body)
