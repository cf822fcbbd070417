"""
What administrators send: bodies and queries, read strictly.
"""

import re
from typing import Any, Dict, List, Optional, Sequence, Tuple

from synauth.constants import Codes
from synauth.errors import MatrixError
from synauth.homeserver.administration import AccountForm
from synauth.identifiers import UserID
from synauth.storage.text import require_storable
from synauth.storage.user_list import ORDERS, UserQuery
from synauth.threepids import canonical
from synauth.web.admin import USER_TYPES
from synauth.web.json_body import optional, required
from synauth.web.query import query_arg, query_args
from synauth.web.request import SynauthRequest

JsonDict = Dict[str, Any]
Pairs = List[Tuple[str, str]]

# A page of accounts.
MAX_LIMIT = 1000
MAX_OFFSET = 2**31

_NUMBER = re.compile(r"[0-9]{1,10}\Z")

# What one account may have at most.
MAX_PAIRS = 100
MAX_PROFILE_LENGTH = 1000


def local_user(user_id: str, hostname: str) -> str:
    """
    @param user_id: of the path.
    @raise MatrixError: 400 C{M_INVALID_PARAM} if it is no id of this server's.
    """
    if UserID.from_string(user_id).domain != hostname:
        raise MatrixError(
            400, "This is for users of this server only", Codes.INVALID_PARAM
        )
    return user_id


def account_form(body: JsonDict) -> AccountForm:
    """
    @param body: of C{PUT /_synapse/admin/v2/users/{user_id}}.
    @raise MatrixError: 400.
    """
    deactivated = optional(body, "deactivated", bool)
    changes: JsonDict = {}
    for key in ("admin", "locked", "approved"):
        value = optional(body, key, bool)
        if value is not None:
            changes[key] = value
    if deactivated and changes.get("locked"):
        raise MatrixError(
            400, "A user can't be deactivated and locked", Codes.INVALID_PARAM
        )
    if "user_type" in body:
        # Here null is a value.
        changes["user_type"] = _user_type(optional(body, "user_type", str))
    return AccountForm(
        password=optional(body, "password", str),
        logout_devices=optional(body, "logout_devices", bool, True),
        profile=_profile(body),
        threepids=_threepids(optional(body, "threepids", list)),
        external_ids=_external_ids(optional(body, "external_ids", list)),
        deactivated=deactivated,
        changes=changes,
    )


def user_query(request: SynauthRequest, hostname: str) -> UserQuery:
    """
    @param request: a C{GET} for a list of accounts.
    @raise MatrixError: 400.
    """
    states = {}
    for name, column in (("guests", "is_guest"), ("deactivated", "deactivated")):
        # They say what is wanted besides the usual.
        if not _flag(request, name, name == "guests"):
            states[column] = False
    if not _flag(request, "locked", False):
        states["locked"] = False
    admins = _flag(request, "admins", None)
    if admins is not None:
        states["admin"] = admins
    order_by = query_arg(request, "order_by") or "name"
    direction = query_arg(request, "dir") or "f"
    if order_by not in ORDERS or direction not in ("f", "b"):
        raise _invalid("order_by" if order_by not in ORDERS else "dir")
    return UserQuery(
        hostname=hostname,
        start=_number(request, "from", 0, MAX_OFFSET),
        limit=_number(request, "limit", 100, MAX_LIMIT),
        user_id=query_arg(request, "user_id"),
        name=query_arg(request, "name"),
        states=states,
        not_user_types=query_args(request, "not_user_type"),
        order_by=order_by,
        backwards=direction == "b",
    )


def _user_type(user_type: Optional[str]) -> Optional[str]:
    if user_type is not None and user_type not in USER_TYPES:
        raise MatrixError(400, "Unknown user type", Codes.INVALID_PARAM)
    return user_type


def _profile(body: JsonDict) -> Dict[str, Optional[str]]:
    profile: Dict[str, Optional[str]] = {}
    for key in ("displayname", "avatar_url"):
        if key in body:
            profile[key] = optional(body, key, str)
            require_storable(profile[key])
            if len(profile[key] or "") > MAX_PROFILE_LENGTH:
                raise MatrixError(
                    400, "Parameter '%s' is too long" % key, Codes.INVALID_PARAM
                )
    return profile


def _threepids(found: Optional[Sequence[Any]]) -> Optional[Pairs]:
    pairs = _pairs(found, "threepids", "medium", "address")
    return pairs and [(medium, canonical(medium, address)) for medium, address in pairs]


def _external_ids(found: Optional[Sequence[Any]]) -> Optional[Pairs]:
    return _pairs(found, "external_ids", "auth_provider", "external_id")


def _pairs(
    found: Optional[Sequence[Any]], name: str, first: str, second: str
) -> Optional[Pairs]:
    if found is None:
        return None
    if len(found) > MAX_PAIRS or not all(type(each) is dict for each in found):
        raise MatrixError(
            400,
            "Parameter '%s' must have at most %d objects" % (name, MAX_PAIRS),
            Codes.INVALID_PARAM,
        )
    pairs = [
        (required(each, first, str), required(each, second, str)) for each in found
    ]
    require_storable(*(text for pair in pairs for text in pair))
    return pairs


def _flag(
    request: SynauthRequest, name: str, default: Optional[bool]
) -> Optional[bool]:
    value = query_arg(request, name)
    if value is None:
        return default
    if value not in ("true", "false"):
        raise _invalid(name)
    return value == "true"


def _number(request: SynauthRequest, name: str, default: int, most: int) -> int:
    value = query_arg(request, name)
    if value is None:
        return default
    if not _NUMBER.match(value):
        raise _invalid(name)
    return min(int(value), most)


def _invalid(name: str) -> MatrixError:
    return MatrixError(
        400,
        "Query parameter '%s' has no value that is known" % name,
        Codes.INVALID_PARAM,
    )
