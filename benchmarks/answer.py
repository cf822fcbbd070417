"""
Answers, read no further than a measurement needs.
"""

import asyncio
import json
import re
from typing import Any, NamedTuple, Optional, Tuple

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding: *chunked", re.IGNORECASE)

# How long the last answers of a run may take.
GRACE = 30.0


class LoadError(Exception):
    """
    The server can't be measured; the message says why.
    """


class Answer(NamedTuple):
    """
    One whole answer.
    """

    status: int
    body: bytes


def parse_answer(data: bytes) -> Optional[Answer]:
    """
    Read the one answer that a connection with one request in flight can hold.

    @param data: all that came since the request was sent.
    @return: the answer, or C{None} if it is not complete yet.
    @raise LoadError: if this is not HTTP/1.1 or its end can't be known.
    """
    head = data.find(b"\r\n\r\n")
    if head < 0:
        return None
    if data[:5] != b"HTTP/":
        raise LoadError("the server does not speak HTTP/1.1")
    status = int(data[9:12])
    length = _LENGTH.search(data, 0, head)
    body = data[head + 4 :]
    if length is not None:
        wanted = int(length.group(1))
        if len(body) > wanted:
            raise LoadError("the server sent more than it was asked for")
        return Answer(status, body) if len(body) == wanted else None
    if _CHUNKED.search(data, 0, head) is None:
        raise LoadError("an answer has neither a length nor chunks")
    # Enough for JSON, in which no raw line break stands within a string.
    return Answer(status, body) if body.endswith(b"0\r\n\r\n") else None


def json_of(answer: Answer) -> Any:
    """
    @param answer: one with a JSON object, in chunks or in one piece.
    @return: what it says.
    @raise ValueError: if it is not JSON.
    """
    body, rest = b"", answer.body
    if rest.startswith(b"{"):
        return json.loads(rest.decode("utf-8"))
    while rest:
        size, _, rest = rest.partition(b"\r\n")
        length = int(size, 16)
        body, rest = body + rest[:length], rest[length + 2 :]
    return json.loads(body.decode("utf-8"))


def retry_after(answer: Answer) -> float:
    """
    @param answer: a 429.
    @return: for how many seconds it asks the client to wait.
    """
    try:
        return max(0.001, float(json_of(answer)["retry_after_ms"]) / 1000)
    except (ValueError, KeyError, TypeError):
        return 0.5


async def ask(address: Tuple[str, int], request: bytes) -> Answer:
    """
    Send one request over a connection of its own.

    @raise LoadError: if there is no whole answer.
    """
    try:
        reader, writer = await asyncio.open_connection(*address)
    except OSError as error:
        raise LoadError("no connection to %s:%d: %s" % (*address, error)) from None
    try:
        writer.write(request)
        data = b""
        while True:
            piece = await asyncio.wait_for(reader.read(65536), GRACE)
            data += piece
            answer = parse_answer(data)
            if answer is not None:
                return answer
            if not piece:
                raise LoadError("the server closed the connection")
    except asyncio.TimeoutError:
        raise LoadError("no answer within %d s" % (GRACE,)) from None
    finally:
        writer.close()
