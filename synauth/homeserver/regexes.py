"""
Which regular expressions can be trusted with names that strangers choose.
"""

from typing import Any, Iterator, Tuple

try:
    from re import _parser  # type: ignore[attr-defined]
except ImportError:  # before Python 3.11
    import sre_parse as _parser

# With more of them, a name of 255 letters takes a second to see that it does not
# match: each multiplies the work by the length.
MAX_REPEATS = 3


def runs_away(regex: str) -> bool:
    """
    Whether it could take for ever to see that a text does not match.  It does where
    what is repeated has choices in it, or where much is repeated.

    @param regex: one that compiles.
    """
    repeats = 0
    for operator, argument in _operations(_parser.parse(regex)):
        if operator in ("GROUPREF", "GROUPREF_EXISTS"):
            return True
        if "REPEAT" in operator:
            least, most, body = argument
            repeats += least != most
            if most > 1 and any(_is_choice(*inner) for inner in _operations(body)):
                return True
    return repeats > MAX_REPEATS


def _is_choice(operator: str, argument: Any) -> bool:
    return operator == "BRANCH" or "REPEAT" in operator


def _operations(parsed: Any) -> Iterator[Tuple[str, Any]]:
    """
    All that a parsed expression does, at any depth.
    """
    if isinstance(parsed, _parser.SubPattern):
        for operator, argument in parsed:
            yield str(operator), argument
            yield from _operations(argument)
    elif isinstance(parsed, (tuple, list)):
        for part in parsed:
            yield from _operations(part)
