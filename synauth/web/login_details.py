"""
What a body says about the login that it asks for.
"""

from typing import Any, Dict, Optional

from synauth.constants import Codes
from synauth.errors import MatrixError
from synauth.homeserver.logins import LoginDetails
from synauth.storage.text import require_storable
from synauth.web.auditing import user_agent
from synauth.web.json_body import optional
from synauth.web.request import SynauthRequest

MAX_DEVICE_ID_LENGTH = 512
MAX_DISPLAY_NAME_LENGTH = 100


def login_details(request: SynauthRequest, body: Dict[str, Any]) -> LoginDetails:
    """
    @param body: the parameters of C{POST /login} or C{POST /register}.
    @raise MatrixError: 400 C{M_INVALID_PARAM} if one has the wrong type, or can't
        be stored.
    """
    device_id: Optional[str] = optional(body, "device_id", str)
    if device_id is not None and not 0 < len(device_id) <= MAX_DEVICE_ID_LENGTH:
        raise MatrixError(
            400,
            "Parameter 'device_id' must have 1 to %d characters" % MAX_DEVICE_ID_LENGTH,
            Codes.INVALID_PARAM,
        )
    name: Optional[str] = optional(body, "initial_device_display_name", str)
    require_storable(device_id, name)
    return LoginDetails(
        device_id=device_id,
        display_name=None if name is None else name[:MAX_DISPLAY_NAME_LENGTH],
        refreshable=optional(body, "refresh_token", bool, False),
        address=request.client_address(),
        user_agent=user_agent(request),
    )
