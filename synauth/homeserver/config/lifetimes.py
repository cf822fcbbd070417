"""
How the lifetimes of tokens depend on each other.
"""

from typing import Any, Dict, Mapping

from synauth.homeserver.config.table import Reading
from synauth.homeserver.config.yamlfile import Node

_HOUR_MS = 60 * 60 * 1000

# Each of the first lasts at most as long as each of the second.
_WITHIN = (
    ("refreshable_access_token_lifetime", "refresh_token_lifetime"),
    ("refreshable_access_token_lifetime", "session_lifetime"),
    ("refresh_token_lifetime", "session_lifetime"),
    ("nonrefreshable_access_token_lifetime", "session_lifetime"),
)


def settle_lifetimes(
    values: Dict[str, Any], given: Mapping[str, Any], root: Node, reading: Reading
) -> None:
    """
    Apply C{expire_access_token}, shorten defaults that do not fit what was
    given, and refuse lifetimes that contradict each other.

    @param values: all values; changed in place.
    @param given: those that were written by somebody.
    @param root: the whole configuration.
    """
    plain = "nonrefreshable_access_token_lifetime"
    if values["expire_access_token"] and plain not in given:
        values[plain] = _HOUR_MS
    for inner, outer in _WITHIN:
        if values[inner] is None or values[outer] is None:
            continue
        if values[inner] <= values[outer]:
            continue
        if inner in given:
            reading.refuse(
                root.value[inner].place,
                inner,
                "found %d ms, expected at most the %d ms of %s"
                % (values[inner], values[outer], outer),
            )
        else:
            values[inner] = values[outer]
