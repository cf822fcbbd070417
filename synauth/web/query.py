"""
The query of a URI.  A body never counts as one, whatever its type.
"""

from typing import Dict, List, Optional
from urllib.parse import unquote_to_bytes

from synauth.constants import Codes
from synauth.errors import MatrixError
from synauth.web.request import SynauthRequest

# More than any client has reason to send.
MAX_ARGS = 100


def query_args(request: SynauthRequest, name: str) -> List[str]:
    """
    @param request: the request.
    @param name: an argument's name.
    @return: all the values that it has in the query, in order.
    @raise MatrixError: 400 C{M_INVALID_PARAM} if one is not UTF-8, or if the
        query has too many arguments.
    """
    if not request.query:
        return []
    try:
        return [
            value.decode("utf-8")
            for value in parse_args(request.query).get(name.encode("ascii"), ())
        ]
    except UnicodeDecodeError:
        raise MatrixError(
            400, "Query parameter '%s' is not valid UTF-8" % name, Codes.INVALID_PARAM
        )


def query_arg(request: SynauthRequest, name: str) -> Optional[str]:
    """
    @param request: the request.
    @param name: an argument's name.
    @return: its value, the first one if there are several, or C{None}.
    @raise MatrixError: as L{query_args}.
    """
    values = query_args(request, name)
    return values[0] if values else None


def parse_args(query: bytes) -> Dict[bytes, List[bytes]]:
    """
    @param query: names and values as in a query, or in a form.
    @return: the values by the names, in order, both as raw bytes.
    @raise MatrixError: 400 C{M_INVALID_PARAM} if there are too many.
    """
    if query.count(b"&") >= MAX_ARGS:
        raise MatrixError(400, "Too many query parameters", Codes.INVALID_PARAM)
    args: Dict[bytes, List[bytes]] = {}
    for part in query.split(b"&"):
        name, _, value = part.replace(b"+", b" ").partition(b"=")
        args.setdefault(unquote_to_bytes(name), []).append(unquote_to_bytes(value))
    return args
