"""
C{POST /account/password} (specification, "Account management").
"""

from typing import Any, Dict, Tuple

from twisted.internet.defer import inlineCallbacks

from synauth.account_state import account_gate
from synauth.auth.interactive import stage_of
from synauth.auth.reauthentication import check_anonymous
from synauth.awaiting import Steps
from synauth.constants import Codes, LoginType
from synauth.errors import AuthError, MatrixError
from synauth.homeserver.server import HomeServer
from synauth.storage.records import ProvedAddress
from synauth.threepids import EMAIL, MSISDN, PASSWORD_RESET
from synauth.web.access_token import optional_access_token
from synauth.web.auditing import audit
from synauth.web.json_body import optional, parse_json_object, required
from synauth.web.request import SynauthRequest
from synauth.web.requester import get_requester
from synauth.web.ui_auth import (
    after_ui_auth,
    audit_refused,
    audit_stage,
    doing_once,
    operation_of,
)

JsonDict = Dict[str, Any]

# What proves an address, and of which kind that is.
_STAGES = {LoginType.EMAIL_IDENTITY: EMAIL, LoginType.MSISDN: MSISDN}


class PasswordEndpoint:
    """
    Changes passwords: for users who have a token, and for those who have lost
    their password but can show that an address of theirs is theirs.

    @param hs: the server.
    """

    def __init__(self, hs: HomeServer) -> None:
        self._hs = hs
        self._store = hs.get_datastore()
        self._reset_flows = [[LoginType.EMAIL_IDENTITY]]
        if hs.identity_servers.knows_telephones:
            self._reset_flows.append([LoginType.MSISDN])

    @inlineCallbacks
    def change(self, request: SynauthRequest) -> Steps[Any]:
        """
        Take a step; the last one changes the password.
        """
        body = parse_json_object(request)
        self._check_form(body)
        # The oldest SDK sends the word "None" when it has no token.
        if optional_access_token(request) in (None, "None"):
            answer = yield self._reset(request, body)
        else:
            answer = yield self._change(request, body)
        return answer

    def _check_form(self, params: JsonDict) -> None:
        """
        Tell early what could not be done later.
        """
        optional(params, "logout_devices", bool)
        password = optional(params, "new_password", str)
        if password is not None:
            self._hs.passwords.check(password)

    @inlineCallbacks
    def _change(self, request: SynauthRequest, body: JsonDict) -> Steps[JsonDict]:
        requester = yield get_requester(self._hs, request)
        yield self._check_changeable(requester.user_id)

        @inlineCallbacks
        def work(params: JsonDict) -> Steps[JsonDict]:
            password_hash, logout_devices = yield self._hashed(params)
            ended = yield self._hs.passwords.change(
                requester.user_id, password_hash, logout_devices, requester
            )
            self._audit(request, requester.user_id, ended)
            return {}

        answer = yield after_ui_auth(self._hs, request, requester, body, work)
        return answer

    @inlineCallbacks
    def _reset(self, request: SynauthRequest, body: JsonDict) -> Steps[Any]:
        stage = stage_of(body)
        try:
            yield check_anonymous(self._hs.auth_handler.interactive, body)
            (
                authed,
                result,
                params,
                session_id,
            ) = yield self._hs.auth_handler.check_auth(
                self._reset_flows,
                body,
                request.client_address(),
                operation_of(request),
            )
        except MatrixError as error:
            audit_stage(self._hs, request, stage, error)
            raise
        if not authed:
            audit_refused(self._hs, request, stage, result)
            return 401, result
        answer = yield doing_once(
            self._hs, session_id, lambda: self._spend_proof(request, params, result)
        )
        return answer

    @inlineCallbacks
    def _spend_proof(
        self, request: SynauthRequest, params: JsonDict, creds: JsonDict
    ) -> Steps[JsonDict]:
        """
        Give the owner of an address that was proved another password.
        """
        proved = self._proved_by(creds)
        user_id = yield self._store.get_user_id_by_threepid(
            proved.medium, proved.address
        )
        account = user_id and (yield self._store.get_user(user_id))
        if account is None:
            raise MatrixError(404, "No account has this address", Codes.NOT_FOUND)
        try:
            account_gate(account)
            yield self._check_changeable(user_id)
            password_hash, logout_devices = yield self._hashed(params)
            ended = yield self._hs.passwords.reset(
                user_id, password_hash, logout_devices, proved
            )
        except MatrixError as error:
            audit(self._hs.audit, request, "change_password", error, user_id=user_id)
            raise
        self._audit(request, user_id, ended)
        return {}

    def _proved_by(self, creds: JsonDict) -> ProvedAddress:
        """
        @param creds: what each stage proved.
        """
        stage = next(each for each in _STAGES if each in creds)
        proof = creds[stage]
        if proof["medium"] != _STAGES[stage]:
            raise AuthError(403, "The proof is of another kind of address")
        return self._hs.validation.proved_address(
            proof["medium"], proof, PASSWORD_RESET
        )

    @inlineCallbacks
    def _check_changeable(self, user_id: str) -> Steps[None]:
        changeable = yield self._hs.passwords.can_change(user_id)
        if not changeable:
            raise AuthError(403, "The password of this account can't be changed here")

    @inlineCallbacks
    def _hashed(self, params: JsonDict) -> Steps[Tuple[str, bool]]:
        self._check_form(params)
        password = required(params, "new_password", str)
        password_hash = yield self._hs.passwords.hash(password)
        return password_hash, optional(params, "logout_devices", bool, True)

    def _audit(self, request: SynauthRequest, user_id: str, ended: Any) -> None:
        audit(self._hs.audit, request, "change_password", user_id=user_id)
        for token in ended:
            audit(
                self._hs.audit,
                request,
                "logout",
                user_id=user_id,
                device_id=token.device_id,
            )
