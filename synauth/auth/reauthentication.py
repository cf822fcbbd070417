"""
User-interactive authentication of somebody who has a token already: before it
does what can't be undone, a server asks that it be the user who asks.
"""

from typing import Any, Callable, Optional, Sequence, Tuple

from twisted.internet.defer import Deferred, inlineCallbacks

from synauth.auth.interactive import (
    CheckResult,
    InteractiveAuth,
    JsonDict,
    session_id_of,
    stage_of,
)
from synauth.auth.login import COULD_NOT_ASK
from synauth.auth.sessions import Operation
from synauth.awaiting import Steps, awaiting
from synauth.constants import Codes
from synauth.errors import AuthError, InteractiveAuthIncompleteError, MatrixError
from synauth.identifiers import limit_key, qualify, user_of_login
from synauth.interfaces import IRateLimiter

# Under this key a session holds whose it is.
REQUEST_USER_ID = "request_user_id"


class Reauthentication:
    """
    Asks a user to authenticate once more, with one of the login types that are
    open to them: each is a flow of one stage.

    @param hostname: the server name, for users named by their localpart.
    @param interactive: leads through the stages and keeps the sessions.
    @param find_user: gives, from a full user id in any case, a Deferred of the
        account's own id or C{None}.
    @param unanswered: limits the attempts of each user at which a module could
        not be asked, which count nowhere else; C{None} for no limit.
    """

    def __init__(
        self,
        hostname: str,
        interactive: InteractiveAuth,
        find_user: Callable[[str], "Deferred[Any]"],
        unanswered: Optional[IRateLimiter] = None,
    ) -> None:
        self._unanswered = unanswered
        self._hostname = hostname
        self._interactive = interactive
        self._find_user = find_user

    @inlineCallbacks
    def validate(
        self,
        user_id: str,
        types: Sequence[str],
        clientdict: JsonDict,
        clientip: str,
        operation: Optional[Operation],
    ) -> Steps[Tuple[JsonDict, str]]:
        """
        @param user_id: who has to authenticate: the account's own id.
        @param types: the login types that are open to them.
        @param clientdict: the body of the request; C{auth} is taken out of it.
        @param clientip: the client's address.
        @param operation: C{(method, URI)} of the request; C{None} where a host
            does not say, and then nothing is claimed.
        @return: fires with the parameters of the request, or the remembered
            ones if it has none, and the id of the session, which is claimed:
            finish it or release it, see
            L{synauth.interfaces.ISessionStore}.  It errs with
            L{InteractiveAuthIncompleteError} while there is something to do,
            with L{AuthError} 403 C{M_FORBIDDEN} for anybody else, with
            L{synauth.errors.LimitExceededError}, and as
            L{synauth.AuthHandler.check_auth}.
        """
        yield self._check_session(user_id, clientdict)
        yield self._check_claim(user_id, clientdict)
        flows = [[each] for each in types]

        def attempt() -> Any:
            return self._interactive.check_auth(flows, clientdict, clientip, operation)

        if self._unanswered is None or stage_of(clientdict) is None:
            answer = yield attempt()
        else:
            answer = yield _counted(self._unanswered, user_id, attempt)
        authed, result, params, session_id = answer
        if not authed:
            yield self._interactive.sessions.set_data(
                session_id, REQUEST_USER_ID, user_id
            )
            raise InteractiveAuthIncompleteError(session_id, result)
        proved = next((result[each] for each in types if each in result), None)
        if type(proved) is not str or proved != user_id:
            yield self._interactive.sessions.release(session_id)
            raise _invalid_auth()
        return params, session_id

    @inlineCallbacks
    def _check_session(self, user_id: str, clientdict: JsonDict) -> Steps[None]:
        """
        A session is good for the user who began it only.
        """
        session_id = session_id_of(clientdict)
        if session_id is None:
            return
        session = yield self._interactive.sessions.get(session_id)
        if session is None:
            return
        owner = session.serverdict.get(REQUEST_USER_ID)
        if owner is not None and owner != user_id:
            raise _somebody_elses()

    @inlineCallbacks
    def _check_claim(self, user_id: str, clientdict: JsonDict) -> Steps[None]:
        """
        Refuse whoever names somebody else, before anybody is asked: nobody's
        password can be guessed at with the token of another user, and nobody's
        failed attempts are used up so.

        @raise AuthError: 403 C{M_FORBIDDEN}.
        """
        authdict = clientdict.get("auth")
        if not isinstance(authdict, dict):
            return
        claimed = user_of_login(authdict)
        if claimed is None:
            return
        name = qualify(claimed, self._hostname)
        # The limits of an account are shared by all spellings of its name; who
        # names themselves exactly may have a namesake in small letters.
        for spelling in (name, limit_key(name)):
            found = yield awaiting(self._find_user, spelling)
            if found == user_id:
                return
            if found is not None:
                raise _invalid_auth()


@inlineCallbacks
def _counted(
    unanswered: IRateLimiter, user_id: str, attempt: Callable[[], Any]
) -> Steps[CheckResult]:
    """
    Count an attempt before it is looked at, and give it back unless a module
    could not be asked: as many as fit into one moment would be free else.
    """
    yield awaiting(unanswered.hit, user_id)
    try:
        answer = yield attempt()
    except Exception:
        yield awaiting(unanswered.refund, user_id)
        raise
    if getattr(answer[1], "refused", None) != COULD_NOT_ASK:
        yield awaiting(unanswered.refund, user_id)
    return answer


@inlineCallbacks
def check_anonymous(interactive: InteractiveAuth, clientdict: JsonDict) -> Steps[None]:
    """
    Whether the session that a request without a token names is nobody's.

    @param clientdict: the body of the request.
    @return: fires with C{None}; errs with L{MatrixError} 403 C{M_UNKNOWN}.
    """
    session_id = session_id_of(clientdict)
    if session_id is None:
        return
    session = yield interactive.sessions.get(session_id)
    if session is not None and REQUEST_USER_ID in session.serverdict:
        raise _somebody_elses()


def _somebody_elses() -> MatrixError:
    return MatrixError(403, "The session is somebody else's", Codes.UNKNOWN)


def _invalid_auth() -> MatrixError:
    return AuthError(403, "Invalid auth").because("other_user")
