"""
Who is it?  Several may know, and they stand in line (source 000,
C{_check_password}; source 001): the modules, then, for a password, the accounts
that have one here.
"""

from typing import Any, Callable, Mapping, Optional

from twisted.internet.defer import Deferred, inlineCallbacks
from zope.interface import implementer

from synauth.auth.passwords import MAX_PASSWORD_LENGTH, LocalPasswords
from synauth.awaiting import Steps, awaiting
from synauth.constants import Codes, LoginType
from synauth.errors import LoginError, MatrixError
from synauth.identifiers import UserID, limit_key, qualify, utf8
from synauth.interfaces import IAuthenticator, ICallbacks, IRateLimiter
from synauth.providers.calling import CouldNotAsk
from synauth.providers.results import Vouched

# Why somebody is refused of whom a module may know more.
COULD_NOT_ASK = "could_not_ask"


def invalid_password(reason: str = "wrong_password") -> LoginError:
    """
    @param reason: for the audit log.
    @return: the one answer to everything that lets nobody in.
    """
    error = LoginError(403, "Invalid password", Codes.FORBIDDEN)
    error.reason = reason
    return error


@implementer(IAuthenticator)
class Authenticator:
    """
    Asks the modules in turn, then the local passwords.

    @param hostname: the server name.
    @param callbacks: the modules.
    @param local: the accounts with a password of their own.
    @param ask_local: whether such a password lets anybody in.
    """

    def __init__(
        self,
        hostname: str,
        callbacks: ICallbacks,
        local: LocalPasswords,
        ask_local: bool = True,
    ) -> None:
        self._hostname = hostname
        self._callbacks = callbacks
        self._local = local
        self._ask_local = ask_local

    @inlineCallbacks
    def authenticate(
        self, user: str, login_type: str, login_dict: Mapping[str, Any]
    ) -> Steps[Optional[Vouched]]:
        """
        See L{IAuthenticator.authenticate}.  An empty or an over-long password
        is nobody's; no module gets to see it, because to a directory server an
        empty password can mean "anonymous".  Nor is anybody asked about what is
        no user id.  Errs with L{LoginError} 403 if nobody says yes and a module
        could not be asked, and 400 C{M_MISSING_PARAM} without a password where
        one is due.
        """
        password: Any = login_dict.get("password")
        if "password" in login_dict:
            if not is_possible(password):
                return None
        elif login_type == LoginType.PASSWORD:
            raise LoginError(400, "Missing password", Codes.MISSING_PARAM)
        user_id = qualify(user, self._hostname)
        if not UserID.is_valid(user_id):
            return None
        unasked = False
        try:
            answer = yield self._callbacks.check_auth(user, login_type, login_dict)
        except CouldNotAsk:
            answer, unasked = None, True
        if answer is None and login_type == LoginType.PASSWORD and self._ask_local:
            proved = yield self._local.check(user_id, password)
            if proved is not None:
                answer = Vouched(proved[0], password_hash=proved[1])
        if answer is None and unasked:
            raise invalid_password(COULD_NOT_ASK)
        return answer


def is_possible(password: Any) -> bool:
    """
    @return: whether somebody can have such a password.
    @raise MatrixError: 400 C{M_INVALID_PARAM} if it is no text.
    """
    if not isinstance(password, str):
        raise MatrixError(400, "'password' must be a string", Codes.INVALID_PARAM)
    if not 0 < len(password) <= MAX_PASSWORD_LENGTH:
        return False
    utf8(password)
    return True


@implementer(IAuthenticator)
class LimitedAuthenticator:
    """
    Bounds how often somebody may be wrong about one account.

    An attempt is counted before it is looked at, and given back if it was
    right, or if nobody could say: otherwise as many guesses as fit into one
    moment would be free.

    @param hostname: the server name.
    @param authenticator: who is asked.
    @param limiter: the failed attempts of each account.
    """

    def __init__(
        self, hostname: str, authenticator: IAuthenticator, limiter: IRateLimiter
    ) -> None:
        self._hostname = hostname
        self._authenticator = authenticator
        self._limiter = limiter

    def authenticate(
        self, user: str, login_type: str, login_dict: Mapping[str, Any]
    ) -> "Deferred[Optional[Vouched]]":
        """
        See L{IAuthenticator.authenticate}; errs with
        L{synauth.errors.LimitExceededError} before anybody is asked, also for
        the right password.
        """
        return limited(
            self._limiter,
            limit_key(qualify(user, self._hostname)),
            lambda: self._authenticator.authenticate(user, login_type, login_dict),
        )


@inlineCallbacks
def limited(limiter: IRateLimiter, key: str, ask: Callable[[], Any]) -> Steps[Any]:
    """
    Ask for an authentication, and count it against a limit if the answer is no.

    @param key: what the limit is about.
    @param ask: gives a Deferred of the answer, C{None} for a no.
    @return: fires with the answer; errs with
        L{synauth.errors.LimitExceededError} without asking.
    """
    yield awaiting(limiter.hit, key)
    try:
        answer = yield awaiting(ask)
    except Exception:
        # Nobody learned anything.
        yield awaiting(limiter.refund, key)
        raise
    if answer is not None:
        yield awaiting(limiter.refund, key)
    return answer
