"""
What an endpoint does only after its user has authenticated once more.
"""

from typing import Any, Callable, Dict, Optional, Tuple

from twisted.internet.defer import Deferred, inlineCallbacks

from synauth.auth.interactive import stage_of
from synauth.awaiting import Steps, awaiting
from synauth.errors import InteractiveAuthIncompleteError, MatrixError
from synauth.homeserver.logins import Requester
from synauth.homeserver.server import HomeServer
from synauth.web.auditing import audit
from synauth.web.request import SynauthRequest

JsonDict = Dict[str, Any]
Work = Callable[[JsonDict], "Deferred[JsonDict]"]


def operation_of(request: SynauthRequest) -> Tuple[str, str]:
    """
    @return: what a session of user-interactive authentication is for: the
        method and the URI.  An access token is no part of it.
    """
    uri, query = request.path, request.query
    kept = [
        part
        for part in query.split(b"&")
        if part and not part.startswith(b"access_token=")
    ]
    if kept:
        uri += b"?" + b"&".join(kept)
    return request.method.decode("ascii"), uri.decode("latin-1")


@inlineCallbacks
def after_ui_auth(
    hs: HomeServer,
    request: SynauthRequest,
    requester: Requester,
    body: JsonDict,
    work: Work,
    may_skip: bool = False,
    service_may: bool = False,
) -> Steps[JsonDict]:
    """
    Do something for a user, once, when they have authenticated for it.

    @param work: called with the parameters of the request; gives a Deferred of
        the answer.  If it errs, the client may try again in the same session.
    @param may_skip: whether a recent authentication is enough.
    @param service_may: whether an application service may do it for its users,
        who have nothing to authenticate with.
    @return: fires with the answer; errs with
        L{InteractiveAuthIncompleteError} and as
        L{synauth.homeserver.ui_auth.UserInteractiveAuth.validate}.
    """
    if service_may and requester.service is not None:
        answer = yield work({key: body[key] for key in body if key != "auth"})
        return answer
    stage = stage_of(body)
    user_id = requester.user_id
    try:
        params, session_id = yield hs.ui_auth.validate(
            requester,
            operation_of(request),
            body,
            request.client_address(),
            may_skip,
        )
    except InteractiveAuthIncompleteError as challenge:
        audit_refused(hs, request, stage, challenge.result, user_id)
        raise
    except MatrixError as error:
        audit_stage(hs, request, stage, error, user_id=user_id)
        raise
    answer = yield doing_once(hs, session_id, lambda: work(params))
    return answer


@inlineCallbacks
def doing_once(
    hs: HomeServer, session_id: Optional[str], work: Callable[[], Any]
) -> Steps[Any]:
    """
    Do what a session was claimed for.

    @param session_id: the session, or C{None} if none was needed.
    @param work: gives a Deferred of the answer.  If it errs, the session is
        given back, else it is finished.
    @return: fires with the answer, or errs as C{work}.
    """
    try:
        answer = yield awaiting(work)
    except Exception:
        yield hs.ui_auth.release(session_id)
        raise
    yield hs.ui_auth.finish(session_id)
    return answer


def audit_stage(
    hs: HomeServer,
    request: SynauthRequest,
    stage: Optional[str],
    error: Optional[MatrixError] = None,
    reason: Optional[str] = None,
    user_id: Optional[str] = None,
) -> None:
    """
    Record that a stage was refused.

    @param stage: its type; C{None} if the request took none.
    """
    if stage is not None:
        audit(hs.audit, request, stage, error, reason, user_id)


def audit_refused(
    hs: HomeServer,
    request: SynauthRequest,
    stage: Optional[str],
    challenge: JsonDict,
    user_id: Optional[str] = None,
) -> None:
    """
    Record that a stage was refused, if it was.

    @param stage: as for L{audit_stage}.
    @param challenge: the answer, a L{synauth.auth.interactive.Challenge}.
    """
    refused = getattr(challenge, "refused", None)
    if refused is not None:
        audit_stage(hs, request, stage, reason=refused, user_id=user_id)
