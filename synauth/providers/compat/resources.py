"""
Web resources as modules write them.
"""

import json
from typing import Any, Dict, List

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET

from synauth.awaiting import awaiting
from synauth.constants import Codes
from synauth.errors import MatrixError
from synauth.foreign_json import parse_foreign_json

_log = Logger()

_HEADERS = {
    "Content-Type": "application/json",
    "Cache-Control": "no-cache, no-store, must-revalidate",
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET, HEAD, POST, PUT, DELETE, OPTIONS",
    "Access-Control-Allow-Headers": "X-Requested-With, Content-Type, Authorization,"
    " Date",
}


def respond_with_json(
    request: Any, code: int, json_object: Any, send_cors: bool = True
) -> None:
    """
    Answer a request.

    @param code: the status.
    @param json_object: the body.
    @param send_cors: passed over: browsers may always read it.
    """
    body = json.dumps(json_object).encode("utf-8")
    request.setResponseCode(code)
    for name, value in _HEADERS.items():
        request.setHeader(name.encode("ascii"), value.encode("ascii"))
    request.setHeader(b"Content-Length", b"%d" % len(body))
    request.write(body)
    request.finish()


class DirectServeJsonResource(Resource):
    """
    A resource whose methods are called C{_async_render_GET} and the like.  Each
    gets the request, is awaited, and gives C{(status, body)}, or C{None} if it
    has answered itself.

    @param args: what homeservers of different ages take; passed over, as
        C{kwargs}.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()

    def render(self, request: Any) -> int:
        """
        Call the method.
        """
        name = request.method.decode("ascii", "replace")
        method = getattr(self, "_async_render_" + name, None)
        if method is None and name == "HEAD":
            method = getattr(self, "_async_render_GET", None)
        if method is None:
            method = _no_body if name == "OPTIONS" else _refuse_method
        gone: List[Failure] = []
        request.notifyFinish().addErrback(gone.append)
        answered: "Deferred[Any]" = awaiting(method, request)
        answered.addErrback(_error, request, gone)
        answered.addCallback(_answer, request, gone)
        answered.addErrback(_log_broken, request, gone)
        return NOT_DONE_YET


def _answer(answer: Any, request: Any, gone: List[Failure]) -> None:
    if answer is not None and not gone:
        code, body = answer
        respond_with_json(request, code, body)


def _error(failure: Failure, request: Any, gone: List[Failure]) -> Any:
    failure.trap(MatrixError)
    error: Any = failure.value
    if not gone:
        for name, value in error.headers.items():
            request.setHeader(name.encode("latin-1"), value.encode("latin-1"))
    return error.code, error.error_dict()


def _log_broken(failure: Failure, request: Any, gone: List[Failure]) -> None:
    _log.failure("a web resource of a module failed", failure=failure)
    if not gone and not request.startedWriting:
        body = {"errcode": Codes.UNKNOWN, "error": "Internal server error"}
        respond_with_json(request, 500, body)


def _no_body(request: Any) -> Any:
    return 200, {}


def _refuse_method(request: Any) -> Any:
    raise MatrixError(405, "Unrecognized request", Codes.UNRECOGNIZED)


def parse_json_object_from_request(
    request: Any, allow_empty_body: bool = False
) -> Dict[str, Any]:
    """
    Read the body of a request.

    @param allow_empty_body: whether no body is an empty object.
    @raise MatrixError: 400 C{M_NOT_JSON} or C{M_BAD_JSON}.
    """
    content = request.content.read()
    if allow_empty_body and not content:
        return {}
    try:
        parsed = parse_foreign_json(content)
    except ValueError:
        raise MatrixError(400, "Content not JSON.", Codes.NOT_JSON)
    if not isinstance(parsed, dict):
        raise MatrixError(400, "Content must be a JSON object.", Codes.BAD_JSON)
    return parsed
