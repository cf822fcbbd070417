"""
C{POST /account/deactivate} (specification, "Account deactivation").
"""

from typing import Any, Dict

from twisted.internet.defer import Deferred, inlineCallbacks

from synauth.awaiting import Steps
from synauth.homeserver.logins import Requester
from synauth.homeserver.server import HomeServer
from synauth.web.auditing import audit
from synauth.web.json_body import optional, parse_json_object
from synauth.web.request import SynauthRequest
from synauth.web.requester import get_requester
from synauth.web.ui_auth import after_ui_auth

JsonDict = Dict[str, Any]


class DeactivateEndpoint:
    """
    Ends the account of whoever asks.

    @param hs: the server.
    """

    def __init__(self, hs: HomeServer) -> None:
        self._hs = hs

    @inlineCallbacks
    def deactivate(self, request: SynauthRequest) -> Steps[JsonDict]:
        """
        End an account, when its user has authenticated for it, however
        recently that was the last time.
        """
        requester = yield get_requester(self._hs, request, even_suspended=True)
        body = parse_json_object(request)
        _check_form(body)
        answer = yield after_ui_auth(
            self._hs,
            request,
            requester,
            body,
            lambda params: self._deactivate(request, requester, params),
            service_may=_is_of_service(requester),
        )
        return answer

    def _deactivate(
        self, request: SynauthRequest, requester: Requester, params: JsonDict
    ) -> "Deferred[JsonDict]":
        def done(unbound: bool) -> JsonDict:
            audit(
                self._hs.audit,
                request,
                "deactivate",
                user_id=requester.user_id,
                device_id=requester.device_id,
            )
            return {"id_server_unbind_result": "success" if unbound else "no-support"}

        erase = _check_form(params)
        return self._hs.deactivation.deactivate(
            requester.user_id, erase, requester.access_token_id
        ).addCallback(done)


def _is_of_service(requester: Requester) -> bool:
    """
    @return: whether an application service asks for a user that is its own, and
        not only one as whom it may act.
    """
    service = requester.service
    return service is not None and service.owns(requester.user_id)


def _check_form(params: JsonDict) -> bool:
    """
    @return: whether to erase.
    """
    optional(params, "id_server", str)
    return optional(params, "erase", bool, False)
