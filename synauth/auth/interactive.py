"""
User-interactive authentication (source 000, C{check_auth}; specification,
"User-Interactive Authentication API").
"""

from typing import Any, Callable, Dict, MutableMapping, Optional, Sequence, Tuple

from twisted.internet.defer import Deferred, fail, inlineCallbacks
from twisted.logger import Logger

from synauth.auth.sessions import Operation, Session
from synauth.awaiting import Steps
from synauth.constants import Codes, LoginType
from synauth.errors import LimitExceededError, LoginError, MatrixError
from synauth.interfaces import ISessionStore, IStage

_log = Logger()

JsonDict = Dict[str, Any]
Flows = Sequence[Sequence[str]]
CheckResult = Tuple[bool, JsonDict, JsonDict, str]

# What a session of an operation keeps: the types of the stages that lead to it.
_STAGES = "stages"


class Challenge(Dict[str, Any]):
    """
    The body of the 401 that asks for authentication.

    @ivar refused: why the stage that the request took was refused, for the audit
        log, which may know more than a client; C{None} if none was.
    """

    refused: Optional[str] = None


class InteractiveAuth:
    """
    Leads a client through the stages of one of several flows.

    @ivar stages: the L{IStage}s by their type; others may be added.
    @ivar sessions: the L{ISessionStore}.
    @param other_stage: gives the L{IStage} of a type that is not among them, or
        C{None}; there are no others by default.
    @param merged: the exceptions whose C{error_dict()} is merged into the
        answer: hosts have classes of their own.
    """

    def __init__(
        self,
        stages: MutableMapping[str, IStage],
        sessions: ISessionStore,
        other_stage: Callable[[str], Optional[IStage]] = lambda type: None,
        merged: Tuple[Any, ...] = (LoginError,),
    ) -> None:
        self.stages = stages
        self.sessions = sessions
        self._other_stage = other_stage
        self._merged = merged
        self._asked_for: Dict[Tuple[str, ...], JsonDict] = {}

    def check_auth(
        self,
        flows: Flows,
        clientdict: Optional[JsonDict],
        clientip: str,
        operation: Optional[Operation] = None,
    ) -> "Deferred[CheckResult]":
        """
        See L{synauth.AuthHandler.check_auth}.
        """
        try:
            _check_flows(flows)
            authdict = _take_auth(clientdict)
        except MatrixError:
            return fail()
        if not authdict:
            return self._new_session(flows, clientdict, operation).addCallback(
                self._first_answer, flows, clientdict
            )
        return self._continue(flows, authdict, clientdict, clientip, operation)

    def _new_session(
        self,
        flows: Flows,
        clientdict: Optional[JsonDict],
        operation: Optional[Operation],
    ) -> "Deferred[Session]":
        if operation is None:
            return self.sessions.create(operation, clientdict)
        stages = tuple(sorted({stage for flow in flows for stage in flow}))
        # There are few ways to ask, and many sessions.
        asked = self._asked_for.setdefault(stages, {_STAGES: list(stages)})
        return self.sessions.create(operation, clientdict, asked)

    def _first_answer(
        self, session: Session, flows: Flows, clientdict: Optional[JsonDict]
    ) -> CheckResult:
        return False, self.challenge(flows, session), clientdict or {}, session.id

    @inlineCallbacks
    def _continue(
        self,
        flows: Flows,
        authdict: JsonDict,
        clientdict: Optional[JsonDict],
        clientip: str,
        operation: Optional[Operation],
    ) -> Steps[CheckResult]:
        session, clientdict = yield self._session_for(
            flows, authdict, clientdict, operation
        )
        refusal = None
        if "type" in authdict:
            if operation is not None and not _is_in(flows, authdict["type"]):
                # Another stage would prove nothing here, but a password could
                # be guessed at past the limits of a login.
                raise _unknown_stage()
            refusal = yield self._take_stage(authdict, clientip, session)
        if _is_complete(flows, session.creds):
            if operation is not None:
                yield self._claim(session.id)
            _log.info("Completed {stages}", stages=sorted(session.creds))
            return True, session.creds, clientdict, session.id

        answer = self.challenge(flows, session)
        answer["completed"] = list(session.creds)
        if refusal is not None:
            answer.update(refusal.error_dict())
            if isinstance(refusal, MatrixError):
                answer.refused = refusal.audit_reason()
        return False, answer, clientdict, session.id

    @inlineCallbacks
    def add_oob_auth(
        self, stagetype: str, authdict: JsonDict, clientip: str
    ) -> Steps[bool]:
        """
        See L{synauth.AuthHandler.add_oob_auth}.
        """
        if not isinstance(authdict, dict):
            raise _not_an_object()
        if stagetype not in self.stages or "session" not in authdict:
            raise LoginError(400, "Missing stage or session", Codes.MISSING_PARAM)
        yield self.session_with(stagetype, _text(authdict, "session"))
        result = yield self.stages[stagetype].check(authdict, clientip)
        if not result:
            return False
        yield self.sessions.add_cred(authdict["session"], stagetype, result)
        return True

    @inlineCallbacks
    def session_with(self, stagetype: str, session_id: str) -> Steps[Session]:
        """
        Find a session, for a stage that is done beside the requests of its
        operation: it has to be a stage that leads there.  Another would prove
        nothing, but a password could be guessed at through it.

        @return: fires with the session; errs with L{MatrixError} 400 if there
            is none or the stage is not one of its flows', and 403 if it has
            done its work.
        """
        session = yield self.sessions.get(session_id)
        if session is None:
            raise _unknown_session()
        # Without an operation it is a 2016 host's, which sees to that itself.
        if session.operation is not None:
            if stagetype not in session.serverdict.get(_STAGES, ()):
                raise _unknown_stage()
            _check_unfinished(session)
        return session

    def challenge(self, flows: Flows, session: Session) -> Challenge:
        """
        @return: what asks for authentication.
        """
        params: JsonDict = {}
        for flow in flows:
            for stage_type in flow:
                stage = self.stages.get(stage_type)
                if stage is not None and stage_type not in params:
                    shown = stage.params()
                    if shown is not None:
                        params[stage_type] = shown
        return Challenge(
            session=session.id,
            flows=[{"stages": list(flow)} for flow in flows],
            params=params,
        )

    @inlineCallbacks
    def _session_for(
        self,
        flows: Flows,
        authdict: JsonDict,
        clientdict: Optional[JsonDict],
        operation: Optional[Operation],
    ) -> Steps[Tuple[Session, JsonDict]]:
        """
        @return: fires with the session, and with the parameters that count:
            those of this request, or, if it has none, the remembered ones.
        """
        session = None
        if "session" in authdict:
            session = yield self.sessions.get(authdict["session"])
            if session is None and operation is not None:
                raise _unknown_session()
        if session is None:
            session = yield self._new_session(flows, clientdict, operation)
            return session, {} if clientdict is None else clientdict
        _check_operation(session, operation)
        if not clientdict:
            return session, session.clientdict
        yield self.sessions.set_clientdict(session.id, clientdict)
        return session, clientdict

    @inlineCallbacks
    def _take_stage(
        self, authdict: JsonDict, clientip: str, session: Session
    ) -> Steps[Optional[Any]]:
        """
        @return: fires with the error of a stage that was refused, or C{None};
            C{session.creds} has the result of one that was not.
        """
        stage_type = authdict["type"]
        stage = self.stages.get(stage_type) or self._other_stage(stage_type)
        if stage is None:
            raise _unknown_stage()
        try:
            # Also where the client did not know of the session yet.
            taken = dict(authdict, session=session.id)
            result = yield stage.check(taken, clientip)
        except self._merged as error:
            # Old clients take a 401 with flows for a request to send another
            # mail, so this one stage raises.
            if stage_type == LoginType.EMAIL_IDENTITY:
                raise
            return error
        if result:
            yield self.sessions.add_cred(session.id, stage_type, result)
            # Another request may have completed another stage meanwhile.
            session.creds = (yield self.sessions.get(session.id)).creds
        return None

    @inlineCallbacks
    def _claim(self, session_id: str) -> Steps[None]:
        """
        A completed session is good for one operation, once.  Two requests at
        once: the second is told to come back and ask how it went.
        """
        free = yield self.sessions.claim(session_id)
        if not free:
            raise LimitExceededError(1000, "This session is being used")


def session_id_of(clientdict: Optional[JsonDict]) -> Optional[str]:
    """
    See L{synauth.AuthHandler.get_session_id}.
    """
    authdict = (clientdict or {}).get("auth")
    session_id = authdict.get("session") if isinstance(authdict, dict) else None
    return session_id if isinstance(session_id, str) else None


def stage_of(clientdict: JsonDict) -> Optional[str]:
    """
    @param clientdict: the body of a request.
    @return: the stage that it takes, for the audit log.
    """
    authdict = clientdict.get("auth")
    stage = authdict.get("type") if isinstance(authdict, dict) else None
    return stage if isinstance(stage, str) else None


def _take_auth(clientdict: Optional[JsonDict]) -> Optional[JsonDict]:
    """
    Take C{auth} out of a request's body, as the source does: it is never part
    of what is remembered or returned.

    @raise MatrixError: 400 if it is not what it should be.
    """
    if clientdict is None:
        return None
    if not isinstance(clientdict, dict):
        raise MatrixError(400, "The body must be an object", Codes.BAD_JSON)
    authdict = clientdict.pop("auth", None)
    if authdict is None:
        # Some clients send null for "nothing yet".
        return None
    if not isinstance(authdict, dict):
        raise _not_an_object()
    if authdict.get("session", "") is None:
        # Nor do some have a session yet; the source makes a new one.
        authdict = {key: authdict[key] for key in authdict if key != "session"}
    for key in ("session", "type"):
        if key in authdict:
            _text(authdict, key)
    return authdict


def _not_an_object() -> MatrixError:
    return MatrixError(400, "'auth' must be an object", Codes.INVALID_PARAM)


def _text(authdict: JsonDict, key: str) -> str:
    value = authdict[key]
    if not isinstance(value, str):
        raise MatrixError(400, "'auth.%s' must be a string" % key, Codes.INVALID_PARAM)
    return value


def _check_flows(flows: Flows) -> None:
    if not flows or not all(flows):
        raise MatrixError(400, "There is no way to authenticate for this")


def _check_operation(session: Session, operation: Optional[Operation]) -> None:
    if session.operation is not None and session.operation != operation:
        raise MatrixError(403, "The session is for another operation", Codes.UNKNOWN)
    _check_unfinished(session)


def _check_unfinished(session: Session) -> None:
    if session.finished:
        raise MatrixError(403, "The session was used already", Codes.UNKNOWN)


def _unknown_session() -> MatrixError:
    return MatrixError(400, "Unknown session", Codes.UNKNOWN)


def _is_complete(flows: Flows, creds: JsonDict) -> bool:
    return any(all(stage in creds for stage in flow) for flow in flows)


def _is_in(flows: Flows, stage_type: str) -> bool:
    return any(stage_type in flow for flow in flows)


def _unknown_stage() -> LoginError:
    return LoginError(400, "Unknown authentication type", Codes.UNRECOGNIZED)
