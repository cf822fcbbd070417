"""
C{POST /register} by an application service (application service API, "Server
admin style permissions").
"""

from typing import Any, Dict

from twisted.internet.defer import inlineCallbacks

from synauth.awaiting import Steps
from synauth.constants import Codes, LoginType
from synauth.errors import InvalidTokenError, MatrixError
from synauth.homeserver.server import HomeServer
from synauth.web.auditing import audit
from synauth.web.json_body import optional, required
from synauth.web.login_details import login_details
from synauth.web.request import SynauthRequest


class ServiceRegistration:
    """
    Makes accounts for application services, also where registration is off.

    @param hs: the server.
    """

    def __init__(self, hs: HomeServer) -> None:
        self._hs = hs

    @inlineCallbacks
    def register(
        self, request: SynauthRequest, body: Dict[str, Any], as_token: str
    ) -> Steps[Dict[str, Any]]:
        """
        @param as_token: the access token of the request.
        @return: fires with the answer; errs with L{InvalidTokenError} if it is
            no service's, and with 400 C{M_EXCLUSIVE} for a name that is not.
        """
        service = self._hs.application_services.by_token(as_token)
        if service is None:
            raise InvalidTokenError()
        if optional(body, "type", str) != LoginType.APPLICATION_SERVICE:
            raise MatrixError(
                400,
                "An application service registers with type %s"
                % (LoginType.APPLICATION_SERVICE,),
                Codes.UNKNOWN,
            )
        localpart = required(body, "username", str)
        user_id = "@%s:%s" % (localpart, self._hs.hostname)
        if not service.is_interested_in(user_id):
            raise MatrixError(
                400, "The name is not the application service's", Codes.EXCLUSIVE
            )
        inhibit_login = optional(body, "inhibit_login", bool, False)
        details = login_details(request, body)
        answer = yield self._hs.registration.register_user(
            localpart,
            login=None if inhibit_login else details,
            display_name=localpart,
            approved=True,
            appservice_id=service.id,
        )
        audit(
            self._hs.audit,
            request,
            LoginType.APPLICATION_SERVICE,
            user_id=answer["user_id"],
            device_id=answer.get("device_id"),
        )
        return answer
