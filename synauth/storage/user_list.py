"""
A list of accounts, a page at a time.

A page in the order of the names, forwards or backwards, is read off an index.
Any other order sorts all accounts, and so does the count of those that match
walk past all of them: that is what an administrator asks for, and nobody else.
"""

from typing import Any, List, Mapping, Optional, Sequence, Tuple

import attr
from twisted.enterprise.adbapi import Transaction

from synauth.storage.text import storable

# By what a list can be sorted, and what that is here.
ORDERS = {
    "name": "users.name",
    "is_guest": "users.is_guest",
    "admin": "users.admin",
    "user_type": "users.user_type",
    "deactivated": "users.deactivated",
    "shadow_banned": "users.shadow_banned",
    "displayname": "profiles.displayname",
    "avatar_url": "profiles.avatar_url",
    "creation_ts": "users.creation_ts",
    "last_seen_ts": "last_seen_ts",
}


@attr.s(frozen=True, slots=True, auto_attribs=True)
class UserQuery:
    """
    Which accounts are wanted, and which page of them.

    @ivar hostname: the server name.
    @ivar start: how many to pass over.
    @ivar limit: how many to give.
    @ivar user_id: what a part of the user id is, or C{None}.
    @ivar name: what a part of the localpart or of the display name is, or
        C{None}; goes before C{user_id}.
    @ivar states: what columns of L{STATES} have to be, by name.
    @ivar not_user_types: the types that are not wanted, C{""} for none at all.
    @ivar order_by: of L{ORDERS}.
    """

    hostname: str
    start: int = 0
    limit: int = 100
    user_id: Optional[str] = None
    name: Optional[str] = None
    states: Mapping[str, bool] = attr.Factory(dict)
    not_user_types: Sequence[str] = ()
    order_by: str = "name"
    backwards: bool = False


# What accounts can be chosen by, and whether the column is a number.
STATES = {"is_guest": True, "admin": True, "deactivated": True, "locked": False}


@attr.s(frozen=True, slots=True, auto_attribs=True)
class ListedUser:
    """
    An account in a list.

    @ivar creation_ts: B{seconds} since the epoch, or C{None}.
    @ivar last_seen_ts: when any of its devices was, in ms, or C{None}.
    """

    user_id: str
    user_type: Optional[str]
    creation_ts: Optional[int]
    display_name: Optional[str]
    avatar_url: Optional[str]
    last_seen_ts: Optional[int]
    is_guest: bool
    admin: bool
    deactivated: bool
    shadow_banned: bool
    locked: bool
    approved: bool
    erased: bool


_LISTED = """
    SELECT users.name, users.user_type, users.creation_ts, profiles.displayname,
        profiles.avatar_url,
        (
            SELECT MAX(devices.last_seen) FROM devices
            WHERE devices.user_id = users.name
        ) AS last_seen_ts,
        users.is_guest, users.admin, users.deactivated, users.shadow_banned,
        users.locked, COALESCE(users.approved, ?),
        EXISTS (SELECT 1 FROM erased_users WHERE erased_users.user_id = users.name)
"""

# In profiles a user_id is the localpart.
_FROM = """
    FROM users LEFT JOIN profiles
        ON profiles.user_id = substr(users.name, 2, length(users.name) - %d)
"""


def get_users_paginate(
    txn: Transaction, query: UserQuery
) -> Tuple[List[ListedUser], int]:
    """
    See L{synauth.interfaces.IAdministrationStore.get_users_paginate}.
    """
    if not all(storable(text) for text in (query.name or "", query.user_id or "")):
        return [], 0
    # What can't be stored is nobody's type.
    types = tuple(filter(storable, query.not_user_types))
    query = attr.evolve(query, not_user_types=types)
    where, args = _conditions(query)
    # Of the colon, the server name and the character before the localpart.
    tables = _FROM % (len(query.hostname) + 2,)
    txn.execute("SELECT COUNT(*)" + tables + where, args)
    total: int = txn.fetchone()[0]
    # NULLs come last, as PostgreSQL has them when nobody says otherwise.
    column, way = ORDERS[query.order_by], "DESC" if query.backwards else "ASC"
    order = "users.name " + way
    if query.order_by != "name":
        order = "%s IS NULL, %s %s, users.name" % (column, column, way)
    if query.order_by == "last_seen_ts":
        statement = "SELECT * FROM (%s) AS listed ORDER BY %s" % (
            _LISTED + tables + where,
            order.replace("users.name", "name"),
        )
    else:
        statement = _LISTED + tables + where + " ORDER BY " + order
    txn.execute(
        statement + " LIMIT ? OFFSET ?", [True, *args, query.limit, query.start]
    )
    users = [ListedUser(*row[:6], *map(bool, row[6:])) for row in txn.fetchall()]
    return users, total


def _conditions(query: UserQuery) -> Tuple[str, List[Any]]:
    where: List[str] = []
    args: List[Any] = []
    if query.name is not None:
        pattern = _pattern(query.name)
        # The server name is no part of what is looked for.
        where.append(
            "(lower(substr(users.name, 2, length(users.name) - %d)) LIKE ? ESCAPE '!'"
            " OR lower(profiles.displayname) LIKE ? ESCAPE '!')"
            % (len(query.hostname) + 2,)
        )
        args += [pattern, pattern]
    elif query.user_id is not None:
        where.append("lower(users.name) LIKE ? ESCAPE '!'")
        args.append(_pattern(query.user_id))
    for column, wanted in query.states.items():
        where.append("users.%s = ?" % (column,))
        args.append(int(wanted) if STATES[column] else wanted)
    for user_type in query.not_user_types:
        where.append("COALESCE(users.user_type, '') <> ?")
        args.append(user_type)
    return (" WHERE " + " AND ".join(where)) if where else "", args


def _pattern(text: str) -> str:
    escaped = text.lower()
    for character in "!%_":
        escaped = escaped.replace(character, "!" + character)
    return "%" + escaped + "%"
