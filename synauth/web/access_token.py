"""
The access token of a request (specification, "Using access tokens").
"""

from typing import Optional

from synauth.constants import Codes
from synauth.errors import AuthError
from synauth.web.query import query_args
from synauth.web.request import SynauthRequest


def access_token(request: SynauthRequest) -> str:
    """
    @param request: the request.
    @return: its access token, from the C{Authorization} header or from the
        query.
    @raise AuthError: 401 C{M_MISSING_TOKEN} if it has none, more than one, or
        a header that can't be read.
    """
    token = optional_access_token(request)
    if token is None:
        raise _no_token("Missing access token")
    return token


def optional_access_token(request: SynauthRequest) -> Optional[str]:
    """
    @param request: the request.
    @return: as L{access_token}, or C{None} if it has none at all.
    @raise AuthError: 401 C{M_MISSING_TOKEN} if it has more than one, or a
        header that can't be read.
    """
    headers = request.requestHeaders.getRawHeaders(b"Authorization")
    in_query = query_args(request, "access_token") if request.query else []
    if not headers:
        if len(in_query) > 1:
            raise _no_token("More than one access token")
        return in_query[0] or None if in_query else None
    if in_query or len(headers) > 1:
        raise _no_token("More than one access token")
    return _bearer(headers[0])


def _bearer(header: bytes) -> str:
    words = header.split(b" ")
    if len(words) != 2 or words[0].lower() != b"bearer":
        raise _no_token("Invalid Authorization header")
    try:
        return words[1].decode("ascii")
    except UnicodeDecodeError:
        raise _no_token("Invalid Authorization header")


def _no_token(msg: str) -> AuthError:
    return AuthError(401, msg, Codes.MISSING_TOKEN)
