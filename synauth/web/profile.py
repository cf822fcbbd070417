"""
C{/profile/{user_id}} (specification, "Profiles"): what users call themselves.
"""

from typing import Any, Dict, Optional

from twisted.internet.defer import inlineCallbacks

from synauth.awaiting import Steps
from synauth.constants import Codes
from synauth.errors import AuthError, MatrixError
from synauth.homeserver.server import HomeServer
from synauth.identifiers import UserID
from synauth.storage.profiles import Profile
from synauth.web.json_body import optional, parse_json_object
from synauth.web.request import SynauthRequest
from synauth.web.requester import get_requester

JsonDict = Dict[str, Any]

MAX_DISPLAYNAME_LENGTH = 256


class ProfileEndpoints:
    """
    Shows profiles, and has users name themselves.

    @param hs: the server.
    """

    def __init__(self, hs: HomeServer) -> None:
        self._hs = hs
        self._store = hs.get_datastore()

    @inlineCallbacks
    def profile(self, request: SynauthRequest, user_id: str) -> Steps[JsonDict]:
        """
        Show a profile.
        """
        found = yield self._find(user_id)
        shown = {"displayname": found.display_name, "avatar_url": found.avatar_url}
        return {key: value for key, value in shown.items() if value is not None}

    @inlineCallbacks
    def displayname(self, request: SynauthRequest, user_id: str) -> Steps[JsonDict]:
        """
        Show the name in a profile.
        """
        found = yield self._find(user_id)
        if found.display_name is None:
            return {}
        return {"displayname": found.display_name}

    @inlineCallbacks
    def set_displayname(self, request: SynauthRequest, user_id: str) -> Steps[JsonDict]:
        """
        Change the name in one's own profile.
        """
        requester = yield get_requester(self._hs, request, allow_guest=True)
        body = parse_json_object(request)
        name: Optional[str] = optional(body, "displayname", str)
        if name is not None and len(name) > MAX_DISPLAYNAME_LENGTH:
            raise MatrixError(
                400,
                "A display name has at most %d characters" % MAX_DISPLAYNAME_LENGTH,
                Codes.INVALID_PARAM,
            )
        if requester.user_id != user_id:
            raise AuthError(403, "This is somebody else's profile")
        localpart = UserID.from_string(user_id).localpart
        if not self._hs.config.enable_set_displayname:
            found = yield self._store.get_profile(localpart)
            if found is not None and found.display_name is not None:
                raise MatrixError(
                    400, "Names can't be changed on this server", Codes.FORBIDDEN
                )
        yield self._store.set_profile_displayname(localpart, name or None)
        return {}

    @inlineCallbacks
    def _find(self, user_id: str) -> Steps[Profile]:
        account = yield self._store.get_user(user_id)
        if account is None:
            raise MatrixError(404, "There is no such profile", Codes.NOT_FOUND)
        localpart = UserID.from_string(user_id).localpart
        found = yield self._store.get_profile(localpart)
        return Profile(None, None) if found is None else found
