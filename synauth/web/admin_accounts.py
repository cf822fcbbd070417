"""
What administrators do to one account at a time.
"""

from typing import Any, Callable, Dict, Optional

from twisted.internet.defer import Deferred, inlineCallbacks

from synauth._version import __version__
from synauth.awaiting import Steps
from synauth.constants import Codes
from synauth.errors import AuthError, MatrixError
from synauth.homeserver.logins import Requester
from synauth.homeserver.server import HomeServer
from synauth.web.admin_forms import local_user
from synauth.web.auditing import audit
from synauth.web.json_body import optional, parse_json_object, required
from synauth.web.query import query_arg
from synauth.web.request import SynauthRequest
from synauth.web.requester import get_requester, require_admin

JsonDict = Dict[str, Any]

# What is done to an account; given the administrator and the parameters.
Work = Callable[[Requester, JsonDict], "Deferred[JsonDict]"]


class AdminAccountEndpoints:
    """
    Deactivates, suspends and locks accounts, changes their passwords, acts as
    them and tells where they are logged in.

    @param hs: the server.
    """

    def __init__(self, hs: HomeServer) -> None:
        self._hs = hs

    def server_version(self, request: SynauthRequest) -> "Deferred[JsonDict]":
        """
        Which release this is.
        """
        found: "Deferred[Any]" = require_admin(self._hs, request)
        return found.addCallback(lambda requester: {"server_version": __version__})

    @inlineCallbacks
    def username_available(self, request: SynauthRequest) -> Steps[JsonDict]:
        """
        Whether a name is free, also where registration is off.
        """
        yield require_admin(self._hs, request)
        username = query_arg(request, "username")
        if username is None:
            raise MatrixError(400, "Missing parameter 'username'", Codes.MISSING_PARAM)
        yield self._hs.registration.check_username(username.lower())
        return {"available": True}

    @inlineCallbacks
    def whois(self, request: SynauthRequest, user_id: str) -> Steps[JsonDict]:
        """
        Where a user was last seen; also for the user.
        """
        requester = yield get_requester(self._hs, request)
        if requester.user_id != user_id:
            yield require_admin(self._hs, request)
        local_user(user_id, self._hs.hostname)
        yield self._hs.administration.require(user_id)
        devices = yield self._hs.get_datastore().get_devices_by_user(user_id)
        connections = []
        for device in devices:
            seen = {
                "ip": device.ip,
                "last_seen": device.last_seen_ms,
                "user_agent": device.user_agent,
            }
            connections.append(
                {key: value for key, value in seen.items() if value is not None}
            )
        # As Synapse has it: all together, under no device's name.
        sessions = [{"connections": [each for each in connections if each]}]
        return {"user_id": user_id, "devices": {"": {"sessions": sessions}}}

    def deactivate(self, request: SynauthRequest, user_id: str) -> "Deferred[JsonDict]":
        """
        End an account.
        """

        def work(requester: Requester, body: JsonDict) -> "Deferred[JsonDict]":
            erase = optional(body, "erase", bool, False)
            done = self._hs.deactivation.deactivate(user_id, erase)
            return done.addCallback(
                lambda unbound: {
                    "id_server_unbind_result": "success" if unbound else "no-support"
                }
            )

        return self._do(request, "admin.deactivate", user_id, work)

    def reset_password(
        self, request: SynauthRequest, user_id: str
    ) -> "Deferred[JsonDict]":
        """
        Give an account another password.
        """

        def work(requester: Requester, body: JsonDict) -> "Deferred[JsonDict]":
            done = self._hs.administration.reset_password(
                user_id,
                required(body, "new_password", str),
                optional(body, "logout_devices", bool, True),
                requester,
            )
            return done.addCallback(lambda ignored: {})

        return self._do(request, "admin.reset_password", user_id, work)

    def log_in_as(self, request: SynauthRequest, user_id: str) -> "Deferred[JsonDict]":
        """
        Give an administrator a token to act as a user.
        """

        def work(requester: Requester, body: JsonDict) -> "Deferred[JsonDict]":
            valid_until_ms = optional(body, "valid_until_ms", int)
            if requester.puppeteer is not None:
                raise AuthError(403, "Who acts as somebody else can't do this")
            if requester.user_id == user_id:
                raise MatrixError(
                    400, "Cannot use admin API to login as self", Codes.UNKNOWN
                )
            done = self._hs.administration.log_in_as(requester, user_id, valid_until_ms)
            return done.addCallback(lambda token: {"access_token": token})

        return self._do(request, "admin.log_in_as", user_id, work)

    def suspend(self, request: SynauthRequest, user_id: str) -> "Deferred[JsonDict]":
        """
        Suspend an account, or the opposite, in Synapse's words.
        """

        def work(requester: Requester, body: JsonDict) -> "Deferred[JsonDict]":
            suspended = required(body, "suspend", bool)
            done = self._hs.administration.change_state(user_id, "suspended", suspended)
            answer = {"user_%s_suspended" % (user_id,): suspended}
            return done.addCallback(lambda ignored: answer)

        return self._do(request, "admin.suspend", user_id, work)

    def show_suspended(
        self, request: SynauthRequest, user_id: str
    ) -> "Deferred[JsonDict]":
        """
        Whether an account is suspended (specification, "Server
        administration").
        """
        return self._show_state(request, user_id, "suspended")

    def set_suspended(
        self, request: SynauthRequest, user_id: str
    ) -> "Deferred[JsonDict]":
        """
        Suspend an account, or the opposite.
        """
        return self._set_state(request, user_id, "suspended", "admin.suspend")

    def show_locked(
        self, request: SynauthRequest, user_id: str
    ) -> "Deferred[JsonDict]":
        """
        Whether an account is locked.
        """
        return self._show_state(request, user_id, "locked")

    def set_locked(self, request: SynauthRequest, user_id: str) -> "Deferred[JsonDict]":
        """
        Lock an account, or the opposite.
        """
        return self._set_state(request, user_id, "locked", "admin.lock")

    @inlineCallbacks
    def _show_state(
        self, request: SynauthRequest, user_id: str, state: str
    ) -> Steps[JsonDict]:
        requester = yield require_admin(self._hs, request)
        account = yield self._subject(requester, user_id, state, even_self=True)
        return {state: getattr(account, state)}

    def _set_state(
        self, request: SynauthRequest, user_id: str, state: str, method: str
    ) -> "Deferred[JsonDict]":
        @inlineCallbacks
        def work(requester: Requester, body: JsonDict) -> Steps[JsonDict]:
            value = required(body, state, bool)
            yield self._subject(requester, user_id, state)
            yield self._hs.administration.change_state(user_id, state, value)
            return {state: value}

        return self._do(request, method, user_id, work)

    @inlineCallbacks
    def _subject(
        self, requester: Requester, user_id: str, state: str, even_self: bool = False
    ) -> Steps[Any]:
        """
        @return: fires with an account that is not above being locked and
            suspended by the specification's endpoints.
        """
        local_user(user_id, self._hs.hostname)
        if requester.user_id == user_id:
            if not even_self:
                raise AuthError(403, "You may not do this to yourself")
        account = yield self._hs.administration.require(user_id)
        if account.deactivated:
            raise MatrixError(404, "User not found", Codes.NOT_FOUND)
        if account.admin and requester.user_id != user_id:
            raise AuthError(403, "You may not do this to another administrator")
        return account

    @inlineCallbacks
    def _do(
        self, request: SynauthRequest, method: str, user_id: str, work: Work
    ) -> Steps[JsonDict]:
        """
        Do something to an account for an administrator, and have it audited.
        """
        requester = yield require_admin(self._hs, request)
        body = parse_json_object(request, allow_empty=True)

        def note(error: Optional[MatrixError] = None) -> None:
            audit(
                self._hs.audit,
                request,
                method,
                error,
                user_id=user_id,
                actor=requester.puppeteer or requester.user_id,
            )

        try:
            local_user(user_id, self._hs.hostname)
            answer = yield work(requester, body)
        except MatrixError as error:
            note(error)
            raise
        note()
        return answer
