"""
Registration tokens: whether one is good, and for administrators
C{/_synapse/admin/v1/registration_tokens}.
"""

from typing import Any, Dict, Optional

from twisted.internet.defer import Deferred, inlineCallbacks

from synauth.auth.ratelimit import address_key
from synauth.awaiting import Steps
from synauth.constants import Codes
from synauth.errors import MatrixError
from synauth.homeserver.registration_tokens import (
    DEFAULT_LENGTH,
    MAX_TOKEN_LENGTH,
    MAX_USES,
    is_token,
    made_up_token,
    release_ended,
)
from synauth.homeserver.server import HomeServer
from synauth.storage.registration_tokens import RegistrationToken
from synauth.web.json_body import optional, parse_json_object
from synauth.web.query import query_arg
from synauth.web.request import SynauthRequest
from synauth.web.requester import require_admin

JsonDict = Dict[str, Any]

# What clients' numbers hold exactly.
MAX_TIME_MS = 2**53


class RegistrationTokenEndpoints:
    """
    Answers about registration tokens.

    @param hs: the server.
    """

    def __init__(self, hs: HomeServer) -> None:
        self._hs = hs
        self._store = hs.get_datastore()
        self._limiter = hs.token_questions

    @inlineCallbacks
    def validity(self, request: SynauthRequest) -> Steps[JsonDict]:
        """
        Tell anybody whether a token could be used.
        """
        if not self._hs.config.enable_registration:
            raise MatrixError(403, "Registration is disabled", Codes.FORBIDDEN)
        token = query_arg(request, "token")
        if token is None:
            raise MatrixError(400, "Missing parameter 'token'", Codes.MISSING_PARAM)
        self._limiter.hit(address_key(request.client_address()))
        if not is_token(token):
            return {"valid": False}
        found = yield self._get(token)
        if found is not None and not found.valid(self._now()):
            yield self._release_ended(token)
            found = yield self._get(token)
        return {"valid": found is not None and found.valid(self._now())}

    @inlineCallbacks
    def list_tokens(self, request: SynauthRequest) -> Steps[JsonDict]:
        """
        List the tokens.
        """
        yield require_admin(self._hs, request)
        valid = query_arg(request, "valid")
        if valid not in (None, "true", "false"):
            raise MatrixError(
                400,
                "Query parameter 'valid' must be true or false",
                Codes.INVALID_PARAM,
            )
        wanted = None if valid is None else valid == "true"
        for each in (yield self._store.get_registration_tokens(self._now(), False)):
            yield self._release_ended(each.token)
        tokens = yield self._store.get_registration_tokens(self._now(), wanted)
        return {"registration_tokens": [_described(each) for each in tokens]}

    @inlineCallbacks
    def create(self, request: SynauthRequest) -> Steps[JsonDict]:
        """
        Make a token.
        """
        yield require_admin(self._hs, request)
        body = parse_json_object(request)
        token = optional(body, "token", str)
        length = optional(body, "length", int, DEFAULT_LENGTH)
        if not 0 < length <= MAX_TOKEN_LENGTH:
            raise _invalid("length")
        if token is None:
            token = made_up_token(length)
        elif not is_token(token):
            raise _invalid("token")
        made = yield self._store.create_registration_token(
            token, _uses_allowed(body), self._expiry_time(body)
        )
        if not made:
            raise MatrixError(400, "There is such a token already", Codes.INVALID_PARAM)
        answer = yield self._answer(token)
        return answer

    @inlineCallbacks
    def show(self, request: SynauthRequest, token: str) -> Steps[JsonDict]:
        """
        Show a token.
        """
        yield require_admin(self._hs, request)
        answer = yield self._answer(token)
        return answer

    @inlineCallbacks
    def update(self, request: SynauthRequest, token: str) -> Steps[JsonDict]:
        """
        Change what a token is good for.
        """
        yield require_admin(self._hs, request)
        body = parse_json_object(request)
        changes: Dict[str, Optional[int]] = {}
        if "uses_allowed" in body:
            changes["uses_allowed"] = _uses_allowed(body)
        if "expiry_time" in body:
            changes["expiry_time"] = self._expiry_time(body)
        yield self._store.update_registration_token(token, changes)
        answer = yield self._answer(token)
        return answer

    @inlineCallbacks
    def delete(self, request: SynauthRequest, token: str) -> Steps[JsonDict]:
        """
        Remove a token.
        """
        yield require_admin(self._hs, request)
        deleted = yield self._store.delete_registration_token(token)
        if not deleted:
            raise _not_found()
        return {}

    def _release_ended(self, token: str) -> "Deferred[bool]":
        sessions = self._hs.auth_handler.interactive.sessions
        return release_ended(self._store, sessions, self._hs.get_clock(), token)

    def _now(self) -> int:
        return self._hs.get_clock().time_msec()

    def _get(self, token: str) -> Any:
        return self._store.get_registration_token(token, self._now())

    @inlineCallbacks
    def _answer(self, token: str) -> Steps[JsonDict]:
        found = yield self._get(token)
        if found is None:
            raise _not_found()
        return _described(found)

    def _expiry_time(self, body: JsonDict) -> Optional[int]:
        time = optional(body, "expiry_time", int)
        if time is not None and not self._now() <= time <= MAX_TIME_MS:
            raise _invalid("expiry_time")
        return time


def _uses_allowed(body: JsonDict) -> Optional[int]:
    uses = optional(body, "uses_allowed", int)
    if uses is not None and not 0 <= uses <= MAX_USES:
        raise _invalid("uses_allowed")
    return uses


def _described(token: RegistrationToken) -> JsonDict:
    return {
        "token": token.token,
        "uses_allowed": token.uses_allowed,
        "pending": token.pending,
        "completed": token.completed,
        "expiry_time": token.expiry_time,
    }


def _invalid(key: str) -> MatrixError:
    return MatrixError(400, "Parameter '%s' is not valid" % key, Codes.INVALID_PARAM)


def _not_found() -> MatrixError:
    return MatrixError(404, "There is no such registration token", Codes.NOT_FOUND)
