"""
Parameters in SQL: C{?} here, C{%s} for psycopg2.
"""

import re
from functools import lru_cache

# What stands in quotes or in a comment is not for us: of PostgreSQL's own
# quotes only the dollars, which no statement with parameters needs.
_PARTS = re.compile(
    r"""
    ( ' (?: [^'] | '' )* '
    | " (?: [^"] | "" )* "
    | -- [^\n]*
    | /\* .*? \*/
    )
    | ( [?%] )
    """,
    re.VERBOSE | re.DOTALL,
)


@lru_cache(maxsize=1000)
def to_percent(sql: str) -> str:
    """
    @param sql: a statement with C{?} for each parameter.
    @return: the same with C{%s} for each, and everything else as the database
        is to see it, per cent signs included.
    """
    return _PARTS.sub(_replace, sql)


def _replace(match: "re.Match[str]") -> str:
    untouched, sign = match.groups()
    if sign == "?":
        return "%s"
    # psycopg2 looks into quotes, too.
    return (untouched or sign).replace("%", "%%")
