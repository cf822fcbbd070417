"""
The stages that only a registration has.
"""

from typing import Any, Dict, Optional

from twisted.internet.defer import Deferred, inlineCallbacks, succeed
from zope.interface import implementer

from synauth.auth.login import limited
from synauth.auth.ratelimit import address_key
from synauth.auth.sessions import SESSION_EXPIRE_MS
from synauth.auth.stages import terms_params
from synauth.awaiting import Steps
from synauth.constants import Codes, LoginType
from synauth.errors import LoginError, MatrixError
from synauth.homeserver.config.consent import UserConsent
from synauth.homeserver.policies import policy_url
from synauth.homeserver.registration_tokens import is_token, release_ended
from synauth.interfaces import IClock, IRateLimiter, ISessionStore, IStage


@implementer(IStage)
class TermsStage:
    """
    C{m.login.terms}: somebody agrees to the rules.

    @param consent: what the rules are.
    @param public_baseurl: where they can be read.
    """

    type = LoginType.TERMS

    def __init__(self, consent: UserConsent, public_baseurl: Optional[str]) -> None:
        self._version = consent.version
        self._params = terms_params(
            consent.version,
            consent.policy_name,
            policy_url(public_baseurl, consent.version),
        )

    def params(self) -> Dict[str, Any]:
        """
        @return: the rules, by their name and their address.
        """
        return self._params

    def check(self, authdict: Dict[str, Any], clientip: str) -> "Deferred[Any]":
        """
        @return: fires with the version that was agreed to.
        """
        return succeed(self._version)


@implementer(IStage)
class RegistrationTokenStage:
    """
    C{m.login.registration_token}: the session holds a use of the token from
    here on.  What sessions held that have ended is given back when it is
    wanted.

    @param store: an L{synauth.interfaces.IRegistrationTokenStore}.
    @param sessions: the sessions.
    @param clock: an L{IClock}.
    @param limiter: counts what an address asks about tokens; here only what was
        wrong counts.
    """

    type = LoginType.REGISTRATION_TOKEN

    def __init__(
        self,
        store: Any,
        sessions: ISessionStore,
        clock: IClock,
        limiter: IRateLimiter,
    ) -> None:
        self._store = store
        self._sessions = sessions
        self._clock = clock
        self._limiter = limiter

    def params(self) -> None:
        """
        See L{IStage.params}.
        """

    @inlineCallbacks
    def check(self, authdict: Dict[str, Any], clientip: str) -> Steps[str]:
        """
        @param authdict: with the session that holds the token.
        @return: fires with the token; errs with L{LoginError} 400
            C{M_MISSING_PARAM} without one, and 401 C{M_UNAUTHORIZED} if it
            can't be used; and with L{LimitExceededError
            <synauth.errors.LimitExceededError>} if too many could not.
        """
        if "token" not in authdict:
            raise LoginError(400, "Missing registration token", Codes.MISSING_PARAM)
        token = authdict["token"]
        if not isinstance(token, str):
            raise MatrixError(400, "'token' must be a string", Codes.INVALID_PARAM)
        session_id = authdict["session"]
        held = None
        if is_token(token):
            held = yield limited(
                self._limiter,
                address_key(clientip),
                lambda: self._hold_or_make_room(token, session_id),
            )
        if held is None:
            raise LoginError(
                401, "The registration token is not valid", Codes.UNAUTHORIZED
            ).because("wrong_registration_token")
        return token

    @inlineCallbacks
    def _hold_or_make_room(self, token: str, session_id: str) -> Steps[Optional[bool]]:
        """
        @return: fires with C{True}, or with C{None} if the token can't be used.
        """
        held = yield self._hold(token, session_id)
        if not held:
            yield release_ended(self._store, self._sessions, self._clock, token)
            held = yield self._hold(token, session_id)
        return held or None

    def _hold(self, token: str, session_id: str) -> "Deferred[bool]":
        now = self._clock.time_msec()
        held: "Deferred[bool]" = self._store.hold_registration_token(
            token, session_id, now, now + SESSION_EXPIRE_MS
        )
        return held
