"""
JSON from somebody else: how deep it may be nested.

The parser of the standard library recurses, and on Python 3.7 and 3.8 running
out of stack in it can end the whole process: where the garbage collector happens
to run down there, and a finalizer fails for want of stack, the interpreter aborts
("Cannot recover from stack overflow").  So a tower of brackets is refused before
anything is parsed.
"""

import json
import re
from typing import Any

MAX_DEPTH = 100

# What a parser takes for a string, up to the first thing that is no JSON; behind
# it no parser looks.  One without an end goes on to that of the text, so that it
# is looked for once.
_STRING = re.compile(rb'"(?:[^"\\]+|\\.)*"?', re.DOTALL)
_OPENING, _CLOSING = b"[{", b"]}"
_OTHERS = bytes(set(range(256)) - set(_OPENING + _CLOSING))


def is_too_deep(text: bytes) -> bool:
    """
    @param text: JSON, or what should be.
    @return: whether a parser would meet more than L{MAX_DEPTH} arrays and
        objects within each other.
    """
    if text.count(b"[") + text.count(b"{") <= MAX_DEPTH:
        return False
    depth = 0
    for bracket in _STRING.sub(b"", text).translate(None, _OTHERS):
        if bracket in _OPENING:
            depth += 1
            if depth > MAX_DEPTH:
                return True
        else:
            depth -= 1
    return False


def parse_foreign_json(text: bytes) -> Any:
    """
    @param text: what a server answered, of bounded length.
    @return: what it says.
    @raise ValueError: if it is not JSON in UTF-8, or nested too deep.
    """
    if is_too_deep(text):
        raise ValueError("JSON is nested too deeply")
    return json.loads(text.decode("utf-8"))
