"""
What holders of a token ask: who am I, renew my tokens, log me out.
"""

from typing import Any, Dict

from twisted.internet.defer import Deferred, inlineCallbacks

from synauth.awaiting import Steps
from synauth.constants import Codes
from synauth.errors import MatrixError
from synauth.homeserver.logins import Requester
from synauth.homeserver.server import HomeServer
from synauth.web.access_token import access_token
from synauth.web.auditing import audit
from synauth.web.json_body import parse_json_object, required
from synauth.web.request import SynauthRequest
from synauth.web.requester import get_requester

JsonDict = Dict[str, Any]


class SessionEndpoints:
    """
    C{GET /account/whoami}, C{POST /refresh}, C{POST /logout} and
    C{POST /logout/all}.

    @param hs: the server.
    """

    def __init__(self, hs: HomeServer) -> None:
        self._hs = hs

    def whoami(self, request: SynauthRequest) -> "Deferred[JsonDict]":
        """
        Tell a client whose token it has.
        """
        found = get_requester(self._hs, request, allow_guest=True)
        return found.addCallback(_shown)

    @inlineCallbacks
    def refresh(self, request: SynauthRequest) -> Steps[JsonDict]:
        """
        Renew tokens; also under its name of 2016, C{/tokenrefresh}.
        """
        if self._hs.config.refreshable_access_token_lifetime is None:
            raise MatrixError(404, "Unrecognized request", Codes.UNRECOGNIZED)
        token = required(parse_json_object(request), "refresh_token", str)
        old = yield self._hs.get_datastore().get_refresh_token(token)
        whose = {"user_id": old.user_id, "device_id": old.device_id} if old else {}
        try:
            answer = yield self._hs.logins.refresh(token)
        except MatrixError as error:
            audit(self._hs.audit, request, "refresh", error, **whose)
            raise
        audit(self._hs.audit, request, "refresh", **whose)
        return answer

    @inlineCallbacks
    def log_out(self, request: SynauthRequest) -> Steps[JsonDict]:
        """
        End the login that the token belongs to.
        """
        token = access_token(request)
        requester = yield get_requester(
            self._hs,
            request,
            allow_guest=True,
            even_expired=True,
            even_locked=True,
            even_suspended=True,
        )
        if requester.service is not None:
            raise MatrixError(
                400, "An application service can't log out", Codes.UNKNOWN
            )
        yield self._hs.logins.log_out(requester, token)
        audit(
            self._hs.audit,
            request,
            "logout",
            user_id=requester.user_id,
            device_id=requester.device_id,
        )
        return {}

    @inlineCallbacks
    def log_out_all(self, request: SynauthRequest) -> Steps[JsonDict]:
        """
        End all logins of a user.
        """
        requester = yield get_requester(
            self._hs,
            request,
            allow_guest=True,
            even_expired=True,
            even_locked=True,
            even_suspended=True,
        )
        yield self._hs.logins.log_out_all(requester)
        audit(self._hs.audit, request, "logout_all", user_id=requester.user_id)
        return {}


def _shown(requester: Requester) -> JsonDict:
    answer = {"user_id": requester.user_id, "is_guest": requester.is_guest}
    if requester.device_id is not None:
        answer["device_id"] = requester.device_id
    return answer
