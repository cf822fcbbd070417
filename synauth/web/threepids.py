"""
The addresses of an account (specification, "Adding Account Administrative
Contact Information").
"""

from typing import Any, Dict

import attr
from twisted.internet.defer import inlineCallbacks

from synauth.awaiting import Steps
from synauth.constants import Codes
from synauth.errors import MatrixError
from synauth.homeserver.logins import Requester
from synauth.homeserver.server import HomeServer
from synauth.homeserver.validation import opaque
from synauth.threepids import ADD_THREEPID, EMAIL, MSISDN, canonical
from synauth.web.auditing import audit
from synauth.web.json_body import optional, parse_json_object, required
from synauth.web.request import SynauthRequest
from synauth.web.requester import get_requester
from synauth.web.ui_auth import after_ui_auth

JsonDict = Dict[str, Any]

# A homeserver that federates could sign a request to unbind; this one can't.
_NOT_UNBOUND = {"id_server_unbind_result": "no-support"}


class ThreepidEndpoints:
    """
    Lists, adds, removes and publishes addresses.

    @param hs: the server.
    """

    def __init__(self, hs: HomeServer) -> None:
        self._hs = hs
        self._store = hs.get_datastore()

    @inlineCallbacks
    def threepids(self, request: SynauthRequest) -> Steps[JsonDict]:
        """
        List the user's addresses.
        """
        requester = yield get_requester(self._hs, request)
        found = yield self._store.user_get_threepids(requester.user_id)
        return {"threepids": [attr.asdict(each) for each in found]}

    @inlineCallbacks
    def add(self, request: SynauthRequest) -> Steps[JsonDict]:
        """
        Add an address that was proved, when the user has authenticated.
        """
        requester = yield get_requester(self._hs, request, even_suspended=True)
        body = parse_json_object(request)
        answer = yield self._add_after_ui_auth(request, requester, body, _same)
        return answer

    @inlineCallbacks
    def add_by_creds(self, request: SynauthRequest) -> Steps[JsonDict]:
        """
        The same under its older name, with C{three_pid_creds}.
        """
        requester = yield get_requester(self._hs, request, even_suspended=True)
        body = parse_json_object(request)
        answer = yield self._add_after_ui_auth(request, requester, body, _creds)
        return answer

    @inlineCallbacks
    def _add_after_ui_auth(
        self, request: SynauthRequest, requester: Requester, body: JsonDict, where: Any
    ) -> Steps[JsonDict]:
        self._check_changes()
        # Told early, unless the parameters are those of the step before.
        if set(body) - {"auth"}:
            _check_creds(where(body))
        answer = yield after_ui_auth(
            self._hs,
            request,
            requester,
            body,
            lambda params: self._add(request, requester, _check_creds(where(params))),
        )
        return answer

    @inlineCallbacks
    def _add(
        self, request: SynauthRequest, requester: Requester, creds: JsonDict
    ) -> Steps[JsonDict]:
        validation = self._hs.validation
        proof = None
        for medium in (EMAIL, MSISDN):
            if proof is None:
                proof = yield validation.proof_of(medium, creds)
        if proof is None:
            raise MatrixError(
                400, "The address was not proved", Codes.THREEPID_AUTH_FAILED
            )
        yield self._hs.registration_proofs.check_allowed(
            proof.medium, proof.address, False
        )
        owner = yield self._store.get_user_id_by_threepid(proof.medium, proof.address)
        if owner not in (None, requester.user_id):
            raise _in_use()
        proved = validation.proved_address(
            proof.medium, dict(attr.asdict(proof), threepid_creds=creds), ADD_THREEPID
        )
        added = yield self._store.add_threepid_unless_taken(
            requester.user_id,
            proved,
            self._hs.get_clock().time_msec(),
            requester.access_token_id,
        )
        if not added:
            raise _in_use()
        audit(self._hs.audit, request, "add_threepid", user_id=requester.user_id)
        return {}

    @inlineCallbacks
    def delete(self, request: SynauthRequest) -> Steps[JsonDict]:
        """
        Remove an address from the account.
        """
        requester = yield get_requester(self._hs, request)
        body = parse_json_object(request)
        medium, address = _address(body)
        self._check_changes()
        yield self._store.user_delete_threepid(requester.user_id, medium, address)
        audit(self._hs.audit, request, "delete_threepid", user_id=requester.user_id)
        return _NOT_UNBOUND

    @inlineCallbacks
    def unbind(self, request: SynauthRequest) -> Steps[JsonDict]:
        """
        Say that no identity server can be told to forget an address.
        """
        yield get_requester(self._hs, request)
        _address(parse_json_object(request))
        return _NOT_UNBOUND

    @inlineCallbacks
    def bind(self, request: SynauthRequest) -> Steps[JsonDict]:
        """
        Have an identity server publish an address that was proved to it.
        """
        requester = yield get_requester(self._hs, request)
        body = parse_json_object(request)
        creds = _check_creds(body)
        server = required(body, "id_server", str)
        token = required(body, "id_access_token", str)
        yield self._hs.identity_servers.bind(
            server, creds["sid"], creds["client_secret"], requester.user_id, token
        )
        return {}

    def _check_changes(self) -> None:
        if not self._hs.config.enable_3pid_changes:
            raise MatrixError(
                400, "Addresses can't be changed on this server", Codes.FORBIDDEN
            )


def _same(params: JsonDict) -> JsonDict:
    return params


def _creds(params: JsonDict) -> JsonDict:
    key = "three_pid_creds" if "three_pid_creds" in params else "threePidCreds"
    return required(params, key, dict)


def _check_creds(creds: JsonDict) -> JsonDict:
    opaque(creds.get("client_secret"), "client_secret")
    opaque(creds.get("sid"), "sid")
    return creds


def _address(body: JsonDict) -> Any:
    optional(body, "id_server", str)
    medium = required(body, "medium", str)
    return medium, canonical(medium, required(body, "address", str))


def _in_use() -> MatrixError:
    return MatrixError(400, "The address is in use already", Codes.THREEPID_IN_USE)
