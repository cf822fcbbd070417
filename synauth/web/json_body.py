"""
The JSON that clients send: strictly parsed, so that nothing behind has to
expect a number that is none, text that is none, or a tower of brackets.

C{M_NOT_JSON} is what no parser would take, C{M_BAD_JSON} what one would, and
we don't.
"""

import json
from typing import Any, Dict, List, Optional, Tuple, Type, TypeVar, overload

from synauth.constants import Codes
from synauth.errors import MatrixError
from synauth.foreign_json import is_too_deep
from synauth.web.request import SynauthRequest

T = TypeVar("T")

# Enough for 64 bits; a longer one is not even converted, that is quadratic.
_MAX_INTEGER_LENGTH = 20

_TYPE_NAMES = {
    str: "a string",
    int: "an integer",
    bool: "true or false",
    dict: "an object",
    list: "an array",
}


def parse_json_object(
    request: SynauthRequest, allow_empty: bool = False
) -> Dict[str, Any]:
    """
    @param request: the request.  Its Content-Type is not looked at.
    @param allow_empty: take no body at all for C{{}}.
    @return: its body.  All text in it has a UTF-8 form, integers have at most
        64 bits, floats are finite, and nothing is nested deeper than
        L{MAX_DEPTH}.
    @raise MatrixError: 400 C{M_NOT_JSON} or C{M_BAD_JSON}.
    """
    request.content.seek(0)
    body = request.content.read()
    if allow_empty and not body:
        return {}
    value = parse_json(body)
    if type(value) is not dict:
        raise _bad_json("Content must be a JSON object")
    return value


def parse_json(body: bytes) -> Any:
    """
    @param body: what a client sent.
    @return: what it says, see L{parse_json_object}.
    @raise MatrixError: 400 C{M_NOT_JSON} or C{M_BAD_JSON}.
    """
    if is_too_deep(body):
        raise _bad_json("Content is nested too deeply")
    try:
        value = _decoder.decode(body.decode("utf-8"))
    except ValueError:
        raise _not_json("Content is not JSON")
    # A surrogate can only come out of an escape.
    if b"\\ud" in body or b"\\uD" in body:
        _check_text(value)
    return value


def required(body: Dict[str, Any], key: str, type_: Type[T]) -> T:
    """
    @param body: from L{parse_json_object}.
    @param key: what is wanted of it.
    @param type_: C{str}, C{int}, C{bool}, C{dict} or C{list}.
    @return: the value.
    @raise MatrixError: 400 C{M_MISSING_PARAM} if there is none, 400
        C{M_INVALID_PARAM} if it has another type.
    """
    if key not in body:
        raise MatrixError(400, "Missing parameter '%s'" % key, Codes.MISSING_PARAM)
    return _typed(body[key], key, type_)


@overload
def optional(body: Dict[str, Any], key: str, type_: Type[T]) -> Optional[T]: ...


@overload
def optional(body: Dict[str, Any], key: str, type_: Type[T], default: T) -> T: ...


def optional(
    body: Dict[str, Any], key: str, type_: Type[T], default: Optional[T] = None
) -> Optional[T]:
    """
    @param body: from L{parse_json_object}.
    @param key: what is wanted of it.
    @param type_: C{str}, C{int}, C{bool}, C{dict} or C{list}.
    @param default: what it is if it is not there, or C{null}.
    @return: the value.
    @raise MatrixError: 400 C{M_INVALID_PARAM} if it has another type.
    """
    value = body.get(key)
    return default if value is None else _typed(value, key, type_)


def _typed(value: Any, key: str, type_: Type[T]) -> T:
    # Not isinstance: a bool is no int here.
    if type(value) is not type_:
        raise MatrixError(
            400,
            "Parameter '%s' must be %s" % (key, _TYPE_NAMES[type_]),
            Codes.INVALID_PARAM,
        )
    return value


def _object(pairs: List[Tuple[str, Any]]) -> Dict[str, Any]:
    """
    Two values for one key: whoever reads it next might take the other.
    """
    made = dict(pairs)
    if len(made) != len(pairs):
        raise _bad_json("Content has a key twice in one object")
    return made


def _integer(text: str) -> int:
    if len(text) <= _MAX_INTEGER_LENGTH:
        number = int(text)
        if -(2**63) <= number < 2**63:
            return number
    raise _bad_json("Content has a number that is too large")


def _float(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise _bad_json("Content has a number that is too large")
    return number


def _constant(name: str) -> None:
    """
    Python reads C{NaN} and C{Infinity}; JSON has no such words.
    """
    raise _not_json("Content is not JSON")


_decoder = json.JSONDecoder(
    object_pairs_hook=_object,
    parse_int=_integer,
    parse_float=_float,
    parse_constant=_constant,
)


def _check_text(value: Any) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        raise _bad_json("Content has text that is not Unicode")


def _not_json(msg: str) -> MatrixError:
    return MatrixError(400, msg, Codes.NOT_JSON)


def _bad_json(msg: str) -> MatrixError:
    return MatrixError(400, msg, Codes.BAD_JSON)
