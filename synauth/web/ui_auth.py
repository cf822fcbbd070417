"""
What an endpoint does only after its user has authenticated once more.
"""

from typing import Any, Callable, Dict, Tuple

from twisted.internet.defer import Deferred, inlineCallbacks

from synauth.auth.interactive import stage_of
from synauth.awaiting import Steps
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
) -> Steps[JsonDict]:
    """
    Do something for a user, once, when they have authenticated for it.

    @param work: called with the parameters of the request; gives a Deferred of
        the answer.  If it errs, the client may try again in the same session.
    @param may_skip: whether a recent authentication is enough.
    @return: fires with the answer; errs with
        L{InteractiveAuthIncompleteError} and as
        L{synauth.homeserver.ui_auth.UserInteractiveAuth.validate}.
    """
    stage = stage_of(body)
    try:
        validated = yield hs.ui_auth.validate(
            requester,
            operation_of(request),
            body,
            request.client_address(),
            may_skip,
        )
    except InteractiveAuthIncompleteError as challenge:
        if stage is not None and "errcode" in challenge.result:
            reason = challenge.result["errcode"]
            audit(hs.audit, request, stage, reason=reason, user_id=requester.user_id)
        raise
    except MatrixError as error:
        if stage is not None:
            audit(hs.audit, request, stage, error, user_id=requester.user_id)
        raise
    try:
        answer = yield work(validated.params)
    except Exception:
        yield hs.ui_auth.release(validated)
        raise
    yield hs.ui_auth.finish(validated)
    return answer
