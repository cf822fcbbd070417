"""
The bytes of a JSON response.  What is the same in every one is put together
once: an answer costs one dictionary lookup and one join.
"""

import json
from http import HTTPStatus
from typing import Any, Dict, Iterable, Sequence, Tuple

SERVER = b"synauth"

# Client-server API, "Web Browser Clients"; every answer has them.
CORS_HEADERS: Sequence[Tuple[bytes, bytes]] = (
    (b"Access-Control-Allow-Origin", b"*"),
    (b"Access-Control-Allow-Methods", b"GET, POST, PUT, DELETE, OPTIONS"),
    (
        b"Access-Control-Allow-Headers",
        b"X-Requested-With, Content-Type, Authorization",
    ),
)

# Answers hold tokens: no cache may keep them, no browser may guess at them.
PRIVACY_HEADERS: Sequence[Tuple[bytes, bytes]] = (
    (b"Cache-Control", b"no-store"),
    (b"X-Content-Type-Options", b"nosniff"),
)

_JSON_HEADERS = (
    (b"Server", SERVER),
    *CORS_HEADERS,
    *PRIVACY_HEADERS,
    (b"Content-Type", b"application/json"),
)
_PREFLIGHT_HEADERS = ((b"Server", SERVER), *CORS_HEADERS)

_encoder = json.JSONEncoder(
    separators=(",", ":"), check_circular=False, allow_nan=False
)


def encode_json(body: Dict[str, Any]) -> bytes:
    """
    @param body: of C{str}, C{int}, C{float}, C{bool}, C{None}, C{dict} and
        C{list}.
    @return: its JSON, ASCII only.
    @raise TypeError: if something else is in it.
    @raise ValueError: if C{NaN} or an infinity is in it.
    """
    return _encoder.encode(body).encode("ascii")


def header_lines(headers: Iterable[Tuple[bytes, Iterable[bytes]]]) -> bytes:
    """
    @param headers: names and values without line breaks, as
        C{Headers.getAllRawHeaders} gives them.
    @return: their lines, each with its end.
    """
    return b"".join(
        b"%b: %b\r\n" % (name, value) for name, values in headers for value in values
    )


def _head(code: int, headers: Sequence[Tuple[bytes, bytes]]) -> bytes:
    try:
        phrase = HTTPStatus(code).phrase.encode("ascii")
    except ValueError:
        phrase = b"Unknown Status"
    return b"HTTP/1.1 %d %b\r\n" % (code, phrase) + header_lines(
        (name, (value,)) for name, value in headers
    )


class _Heads(Dict[int, bytes]):
    """
    What a JSON answer begins with, by status; each is made when it is first
    needed.
    """

    def __missing__(self, code: int) -> bytes:
        head = self[code] = _head(code, _JSON_HEADERS)
        return head


_heads = _Heads()
_preflight = _head(204, _PREFLIGHT_HEADERS)


def json_response(
    code: int, date: bytes, extra: bytes, body: bytes, send_body: bool = True
) -> bytes:
    """
    @param code: the status.
    @param date: the value of the C{Date} header.
    @param extra: further header lines, each with its end.
    @param body: from L{encode_json}.
    @param send_body: false in the answer to a C{HEAD}.
    @return: a whole response, from the status line to the last byte.
    """
    return b"%bDate: %b\r\nContent-Length: %d\r\n%b\r\n%b" % (
        _heads[code],
        date,
        len(body),
        extra,
        body if send_body else b"",
    )


def preflight_response(date: bytes, extra: bytes) -> bytes:
    """
    The answer to any C{OPTIONS}: go ahead, there is nothing to read.

    @param date: the value of the C{Date} header.
    @param extra: further header lines, each with its end.
    @return: a whole response.
    """
    return b"%bDate: %b\r\n%b\r\n" % (_preflight, date, extra)
