"""
User-interactive authentication.
"""

from typing import Any, Dict, List

from twisted.internet.defer import Deferred, fail
from twisted.internet.task import Clock as ReactorClock
from twisted.trial.unittest import SynchronousTestCase

from synauth.auth.interactive import InteractiveAuth, session_id_of
from synauth.auth.sessions import MemorySessionStore
from synauth.auth.stages import CallableStage, DummyStage
from synauth.errors import LimitExceededError, LoginError, MatrixError
from synauth.homeserver.clock import Clock

DUMMY, CAPTCHA, EMAIL = "m.login.dummy", "m.login.recaptcha", "m.login.email.identity"
REGISTER = ("POST", "/register")
PASSWORD = ("POST", "/account/password")


class CaptchaStage(CallableStage):
    """
    Has parameters, and passes those who send C{ok}.
    """

    def __init__(self) -> None:
        super().__init__(CAPTCHA, self.checked)

    def params(self) -> Any:
        """
        Something to show.
        """
        return {"public_key": "public"}

    def checked(self, authdict: Dict[str, Any], clientip: str) -> Any:
        """
        Look for C{ok}.
        """
        if "ok" not in authdict:
            raise LoginError(401, "Not solved", "M_UNAUTHORIZED")
        return authdict["ok"]


def refuse_address(authdict: Dict[str, Any], clientip: str) -> Any:
    """
    Vouch for nobody.
    """
    raise LoginError(401, "Not validated", "M_UNAUTHORIZED")


class InteractiveTestCase(SynchronousTestCase):
    """
    Three stages on a memory store.
    """

    def setUp(self) -> None:
        """
        Make what is under test.
        """
        self.reactor = ReactorClock()
        self.reactor.advance(1500000000)
        self.sessions = MemorySessionStore(Clock(self.reactor))
        stages: List[Any] = [
            DummyStage(),
            CaptchaStage(),
            CallableStage(EMAIL, refuse_address),
        ]
        self.auth = InteractiveAuth({s.type: s for s in stages}, self.sessions)
        self.flows: Any = [[DUMMY]]

    def start(self, clientdict: Any, operation: Any = None) -> Any:
        """
        Make a call.
        """
        return self.auth.check_auth(self.flows, clientdict, "192.0.2.1", operation)

    def check(self, clientdict: Any, operation: Any = None) -> Any:
        """
        @return: what a call comes to.
        """
        return self.successResultOf(self.start(clientdict, operation))

    def refused(self, clientdict: Any, operation: Any = None) -> Any:
        """
        @return: C{(class, status, errcode)} of a refusal.
        """
        error = self.failureResultOf(
            self.start(clientdict, operation), MatrixError
        ).value
        return type(error), error.code, error.errcode


class ChallengeTests(InteractiveTestCase):
    """
    The body of the 401.
    """

    def test_new(self) -> None:
        """
        Without C{auth} a client is told what there is to do.
        """
        self.flows = [[DUMMY], (CAPTCHA, EMAIL), ["org.unknown", CAPTCHA]]
        params = {"username": "alice"}
        authed, answer, returned, session_id = self.check(params)
        self.assertIs(authed, False)
        self.assertEqual(
            answer,
            {
                "session": session_id,
                "flows": [
                    {"stages": [DUMMY]},
                    {"stages": [CAPTCHA, EMAIL]},
                    {"stages": ["org.unknown", CAPTCHA]},
                ],
                "params": {CAPTCHA: {"public_key": "public"}},
            },
        )
        self.assertEqual(returned, {"username": "alice"})
        self.assertEqual(len(session_id), 24)

    def test_no_body(self) -> None:
        """
        A request without a body is asked as well.
        """
        for body in (None, {}):
            authed, _, returned, _ = self.check(body)
            self.assertEqual((authed, returned), (False, {}))

    def test_empty_auth(self) -> None:
        """
        C{auth} that is empty or null asks for a challenge.
        """
        for empty in ({}, None):
            body = {"auth": empty, "a": 1}
            authed, answer, returned, _ = self.check(body)
            self.assertEqual((authed, returned, body), (False, {"a": 1}, {"a": 1}))
            self.assertNotIn("completed", answer)

    def test_null_session(self) -> None:
        """
        A session that is null is one that the client has not got yet, as it was
        to the source.
        """
        for operation in (None, REGISTER):
            authed, answer, _, _ = self.check({"auth": {"session": None}}, operation)
            self.assertIs(authed, False)
            self.assertNotIn("completed", answer)
            auth = {"session": None, "type": DUMMY}
            authed, creds, _, session_id = self.check({"auth": auth}, operation)
            self.assertEqual((authed, creds), (True, {DUMMY: True}))
            self.assertEqual(len(session_id), 24)

    def test_continued_without_a_stage(self) -> None:
        """
        A session alone asks how far it is.
        """
        self.flows = [[DUMMY, CAPTCHA]]
        session_id = self.check({})[3]
        self.check({"auth": {"type": DUMMY, "session": session_id}})
        authed, answer, _, same = self.check({"auth": {"session": session_id}})
        self.assertEqual((authed, same), (False, session_id))
        self.assertEqual(answer["completed"], [DUMMY])
        self.assertNotIn("errcode", answer)

    def test_no_flows(self) -> None:
        """
        What nobody can do can't be asked for.
        """
        for self.flows in ([], (), [[]], [[DUMMY], []], None):
            self.assertEqual(self.refused({}), (MatrixError, 400, "M_UNKNOWN"))
        self.assertEqual(len(self.sessions), 0)


class StageTests(InteractiveTestCase):
    """
    Taking steps.
    """

    def test_at_once(self) -> None:
        """
        A stage may come with the first request.
        """
        authed, creds, params, session_id = self.check(
            {"auth": {"type": DUMMY}, "username": "alice"}
        )
        self.assertEqual(
            (authed, creds, params), (True, {DUMMY: True}, {"username": "alice"})
        )
        self.assertEqual(len(session_id), 24)

    def test_any_order(self) -> None:
        """
        A flow is complete when all its stages are, in any order; stages of
        another flow do no harm.
        """
        self.flows = [[CAPTCHA, DUMMY], ["never"]]
        steps = [{"type": DUMMY}, {"type": CAPTCHA, "ok": "yes"}]
        for first, second in (steps, steps[::-1]):
            session_id = self.check({})[3]
            authed, answer, _, _ = self.check({"auth": dict(first, session=session_id)})
            self.assertIs(authed, False)
            self.assertEqual(answer["completed"], [first["type"]])
            self.assertEqual(answer["session"], session_id)
            authed, creds, _, same = self.check(
                {"auth": dict(second, session=session_id)}
            )
            self.assertEqual((authed, same), (True, session_id))
            self.assertEqual(creds, {DUMMY: True, CAPTCHA: "yes"})

    def test_error_is_merged(self) -> None:
        """
        What went wrong in a stage is in the answer, and the client may try
        again.
        """
        self.flows = [[CAPTCHA]]
        session_id = self.check({})[3]
        for _ in range(2):
            authed, answer, _, _ = self.check(
                {"auth": {"type": CAPTCHA, "session": session_id}}
            )
            self.assertIs(authed, False)
            self.assertEqual(
                answer,
                {
                    "session": session_id,
                    "flows": [{"stages": [CAPTCHA]}],
                    "params": {CAPTCHA: {"public_key": "public"}},
                    "completed": [],
                    "errcode": "M_UNAUTHORIZED",
                    "error": "Not solved",
                },
            )
        authed, _, _, _ = self.check(
            {"auth": {"type": CAPTCHA, "session": session_id, "ok": 1}}
        )
        self.assertIs(authed, True)

    def test_email_error_is_raised(self) -> None:
        """
        That of an e-mail address is raised.
        """
        self.flows = [[EMAIL]]
        self.assertEqual(
            self.refused({"auth": {"type": EMAIL}}),
            (LoginError, 401, "M_UNAUTHORIZED"),
        )

    def test_other_errors_are_raised(self) -> None:
        """
        So is what is not the user's failure to authenticate.
        """
        for error in (MatrixError(400, "no"), LimitExceededError(5), KeyError("x")):
            self.auth.stages[DUMMY] = CallableStage(
                DUMMY,
                lambda authdict, ip: fail(error),  # noqa: B023
            )
            failure = self.failureResultOf(self.start({"auth": {"type": DUMMY}}))
            self.assertIs(failure.value, error)

    def test_nothing_proved(self) -> None:
        """
        A stage that proves nothing and says nothing is not completed.
        """
        for nothing in (None, False, "", {}):
            self.auth.stages[DUMMY] = CallableStage(
                DUMMY,
                lambda authdict, ip: nothing,  # noqa: B023
            )
            authed, answer, _, _ = self.check({"auth": {"type": DUMMY}})
            self.assertEqual((authed, answer["completed"]), (False, []))

    def test_unknown_type(self) -> None:
        """
        There is no such stage.
        """
        for unknown in ("org.unknown", "", "\ud800"):
            self.assertEqual(
                self.refused({"auth": {"type": unknown}}),
                (LoginError, 400, "M_UNRECOGNIZED"),
            )

    def test_not_in_the_flows(self) -> None:
        """
        Where an operation is named, a stage that it does not ask for is not
        run; a host of 2016, which names none, runs any.
        """
        asked = []

        def guess(authdict: Any, clientip: str) -> Any:
            asked.append(authdict)
            return True

        self.auth.stages["org.other"] = CallableStage("org.other", guess)
        other = {"auth": {"type": "org.other"}}
        self.assertEqual(
            self.refused(dict(other), ("POST", "/x")),
            (LoginError, 400, "M_UNRECOGNIZED"),
        )
        self.assertEqual(asked, [])
        authed, answer, _, _ = self.check(dict(other))
        self.assertEqual((authed, answer["completed"]), (False, ["org.other"]))
        self.assertEqual(len(asked), 1)

    def test_wrong_types(self) -> None:
        """
        What is not of its type is a client's mistake; no session comes of it.
        """
        for auth in ("x", 5, True, [], ["x"], 1.5):
            self.assertEqual(
                self.refused({"auth": auth}), (MatrixError, 400, "M_INVALID_PARAM")
            )
        for wrong in (None, 5, True, [], {}, ["x"]):
            for key in ("session", "type"):
                if (key, wrong) == ("session", None):
                    continue
                self.assertEqual(
                    self.refused({"auth": {key: wrong}}),
                    (MatrixError, 400, "M_INVALID_PARAM"),
                )
        for body in ([], "x", 5, True, ["auth"]):
            self.assertEqual(self.refused(body), (MatrixError, 400, "M_BAD_JSON"))
        self.assertEqual(len(self.sessions), 0)

    def test_client_can_not_forge(self) -> None:
        """
        Neither the body nor C{auth} writes to what the server keeps.
        """
        self.flows = [[CAPTCHA]]
        body = {
            "creds": {CAPTCHA: True},
            "serverdict": {"a": 1},
            "completed": [CAPTCHA],
        }
        session_id = self.check(dict(body))[3]
        auth = dict(body, session=session_id)
        authed, answer, _, _ = self.check(dict(body, auth=auth))
        self.assertEqual((authed, answer["completed"]), (False, []))
        session = self.successResultOf(self.sessions.get(session_id))
        self.assertEqual((session.creds, session.serverdict), ({}, {}))


class ParameterTests(InteractiveTestCase):
    """
    The parameters of the request.
    """

    def test_remembered(self) -> None:
        """
        A later call need not repeat them.
        """
        self.flows = [[DUMMY, CAPTCHA]]
        params = {"username": "alice", "password": "s3cret"}
        session_id = self.check(dict(params))[3]
        for auth in (
            {},
            {"type": DUMMY},
            {"type": CAPTCHA},
            {"type": CAPTCHA, "ok": 1},
        ):
            _, _, returned, _ = self.check({"auth": dict(auth, session=session_id)})
            self.assertEqual(returned, params)

    def test_replaced(self) -> None:
        """
        If it does the new ones count, as a whole.
        """
        session_id = self.check({"username": "alice", "password": "s3cret"})[3]
        auth = {"session": session_id}
        _, _, returned, _ = self.check({"auth": auth, "username": "bob"})
        self.assertEqual(returned, {"username": "bob"})
        _, _, returned, _ = self.check({"auth": {"session": session_id}})
        self.assertEqual(returned, {"username": "bob"})

    def test_auth_is_no_parameter(self) -> None:
        """
        C{auth} is neither returned nor remembered, and gone from the body.
        """
        body = {"auth": {"type": CAPTCHA, "password": "s3cret"}, "a": 1}
        self.flows = [[CAPTCHA]]
        _, answer, returned, session_id = self.check(body)
        self.assertEqual((body, returned), ({"a": 1}, {"a": 1}))
        session = self.successResultOf(self.sessions.get(session_id))
        self.assertEqual(session.clientdict, {"a": 1})
        self.assertNotIn("s3cret", repr(answer))

    def test_too_large(self) -> None:
        """
        What is too much to remember is refused, and what was remembered stays.
        """
        session_id = self.check({"a": 1})[3]
        for auth in ({}, {"session": session_id}):
            self.assertEqual(
                self.refused({"auth": auth, "a": "x" * 20000}),
                (MatrixError, 413, "M_TOO_LARGE"),
            )
        _, _, returned, _ = self.check({"auth": {"session": session_id}})
        self.assertEqual(returned, {"a": 1})


class SessionTests(InteractiveTestCase):
    """
    Which session.
    """

    def test_unknown(self) -> None:
        """
        Whoever says what it is for is told that a session is unknown; others
        get a new one.
        """
        for unknown in ("x" * 24, "", "\ud800"):
            auth = {"session": unknown, "type": DUMMY}
            self.assertEqual(
                self.refused({"auth": dict(auth)}, REGISTER),
                (MatrixError, 400, "M_UNKNOWN"),
            )
            authed, _, _, session_id = self.check({"auth": dict(auth)})
            self.assertIs(authed, True)
            self.assertNotEqual(session_id, unknown)

    def test_expired(self) -> None:
        """
        So is one that has expired.
        """
        session_id = self.check({}, REGISTER)[3]
        self.reactor.advance(48 * 3600 + 1)
        self.assertEqual(
            self.refused({"auth": {"session": session_id}}, REGISTER),
            (MatrixError, 400, "M_UNKNOWN"),
        )

    def test_other_operation(self) -> None:
        """
        A session is good for what it was begun with, and for nothing else.
        """
        session_id = self.check({"a": 1}, REGISTER)[3]
        for other in (PASSWORD, ("GET", "/register"), ("POST", "/Register"), None):
            self.assertEqual(
                self.refused({"auth": {"session": session_id}, "a": 2}, other),
                (MatrixError, 403, "M_UNKNOWN"),
            )
        _, _, params, _ = self.check({"auth": {"session": session_id}}, REGISTER)
        self.assertEqual(params, {"a": 1})

    def test_claimed(self) -> None:
        """
        Of two requests that complete a session one goes through; the other is
        told to come back, and finds that it is done, or takes over.
        """
        session_id = self.check({}, REGISTER)[3]
        body = {"auth": {"session": session_id, "type": DUMMY}}
        self.assertIs(self.check(dict(body), REGISTER)[0], True)
        error = self.failureResultOf(
            self.start(dict(body), REGISTER), LimitExceededError
        ).value
        self.assertEqual((error.code, error.errcode), (429, "M_LIMIT_EXCEEDED"))
        self.assertEqual(error.error_dict()["retry_after_ms"], 1000)
        self.successResultOf(self.sessions.release(session_id))
        self.assertIs(self.check(dict(body), REGISTER)[0], True)
        self.successResultOf(self.sessions.finish(session_id))
        self.assertEqual(
            self.refused(dict(body), REGISTER), (MatrixError, 403, "M_UNKNOWN")
        )

    def test_finished(self) -> None:
        """
        A finished session is good for nothing, whoever asks, and its
        parameters do not change any more.
        """
        for began, goes_on in ((REGISTER, REGISTER), (None, None), (None, REGISTER)):
            session_id = self.check({"a": 1}, began)[3]
            self.successResultOf(self.sessions.finish(session_id))
            self.assertEqual(
                self.refused({"auth": {"session": session_id}, "a": 2}, goes_on),
                (MatrixError, 403, "M_UNKNOWN"),
            )
            session = self.successResultOf(self.sessions.get(session_id))
            self.assertEqual(session.clientdict, {"a": 1})

    def test_without_an_operation(self) -> None:
        """
        A host that does not say what it is for can complete a session as often
        as it likes.
        """
        for _ in range(2):
            session_id = self.check({})[3]
            for _ in range(2):
                auth = {"session": session_id, "type": DUMMY}
                self.assertIs(self.check({"auth": auth})[0], True)

    def test_stages_at_the_same_time(self) -> None:
        """
        Two stages of one session that two requests take at the same time don't
        undo each other.
        """
        self.flows = [[DUMMY, CAPTCHA]]
        waits: Dict[str, "Deferred[Any]"] = {}
        for stage_type in (DUMMY, CAPTCHA):
            waits[stage_type] = Deferred()
            self.auth.stages[stage_type] = CallableStage(
                stage_type,
                lambda authdict, ip: waits[authdict["type"]],
            )
        for order in ((DUMMY, CAPTCHA), (CAPTCHA, DUMMY)):
            session_id = self.check({}, REGISTER)[3]
            steps = {
                stage_type: self.start(
                    {"auth": {"type": stage_type, "session": session_id}}, REGISTER
                )
                for stage_type in order
            }
            first, second = order
            waits[second].callback(second)
            waits[first].callback(first)
            authed, answer, _, _ = self.successResultOf(steps[second])
            self.assertEqual((authed, answer["completed"]), (False, [second]))
            authed, creds, _, _ = self.successResultOf(steps[first])
            self.assertEqual((authed, creds), (True, {DUMMY: DUMMY, CAPTCHA: CAPTCHA}))
            waits.update({DUMMY: Deferred(), CAPTCHA: Deferred()})

    def test_session_ends_during_a_stage(self) -> None:
        """
        A session that goes while a stage is under way is unknown.
        """
        wait: "Deferred[Any]" = Deferred()
        self.auth.stages[DUMMY] = CallableStage(DUMMY, lambda authdict, ip: wait)
        session_id = self.check({}, REGISTER)[3]
        step = self.start({"auth": {"type": DUMMY, "session": session_id}}, REGISTER)
        self.successResultOf(self.sessions.remove(session_id))
        wait.callback(True)
        error = self.failureResultOf(step, MatrixError).value
        self.assertEqual((error.code, error.errcode), (400, "M_UNKNOWN"))


class OutOfBandTests(InteractiveTestCase):
    """
    C{add_oob_auth}.
    """

    def add(self, stagetype: Any, authdict: Any) -> Any:
        """
        Complete a stage out of band.
        """
        return self.auth.add_oob_auth(stagetype, authdict, "192.0.2.1")

    def test_added(self) -> None:
        """
        The client's next request finds the stage completed.
        """
        session_id = self.check({"a": 1}, REGISTER)[3]
        added = self.add(DUMMY, {"session": session_id})
        self.assertIs(self.successResultOf(added), True)
        authed, creds, params, _ = self.check(
            {"auth": {"session": session_id}}, REGISTER
        )
        self.assertEqual((authed, creds, params), (True, {DUMMY: True}, {"a": 1}))

    def test_not_completed(self) -> None:
        """
        A stage that proves nothing adds nothing; what it errs with is raised.
        """
        session_id = self.check({})[3]
        authdict = {"session": session_id, "ok": ""}
        added = self.add(CAPTCHA, authdict)
        self.assertIs(self.successResultOf(added), False)
        self.failureResultOf(self.add(CAPTCHA, {"session": session_id}), LoginError)
        session = self.successResultOf(self.sessions.get(session_id))
        self.assertEqual(session.creds, {})

    def test_other_stage(self) -> None:
        """
        For a session of an operation only the stages that lead there can be
        done, wherever the session began, so that nobody guesses passwords in a
        session that asks for none.  A 2016 host's is good for any.
        """
        begun = self.check({"a": 1}, REGISTER)[3]
        without = {"auth": {"other": "field"}, "a": 1}
        for session_id in (begun, self.check(without, REGISTER)[3]):
            added = self.add(EMAIL, {"session": session_id})
            error = self.failureResultOf(added, LoginError).value
            self.assertEqual((error.code, error.errcode), (400, "M_UNRECOGNIZED"))
        added = self.add(EMAIL, {"session": self.check({})[3]})
        error = self.failureResultOf(added, LoginError).value
        self.assertEqual((error.code, error.msg), (401, "Not validated"))

    def test_finished(self) -> None:
        """
        A session that has done its work takes no more stages.
        """
        session_id = self.check({"a": 1}, REGISTER)[3]
        self.check({"auth": {"session": session_id, "type": DUMMY}}, REGISTER)
        self.successResultOf(self.sessions.finish(session_id))
        added = self.add(DUMMY, {"session": session_id})
        error = self.failureResultOf(added, MatrixError).value
        self.assertEqual((error.code, error.errcode), (403, "M_UNKNOWN"))

    def test_missing(self) -> None:
        """
        A stage and a session are needed.
        """
        session_id = self.check({})[3]
        for stagetype, authdict, expected in (
            (DUMMY, {}, (LoginError, 400, "M_MISSING_PARAM")),
            (
                "org.unknown",
                {"session": session_id},
                (LoginError, 400, "M_MISSING_PARAM"),
            ),
            (DUMMY, {"session": 5}, (MatrixError, 400, "M_INVALID_PARAM")),
            (DUMMY, {"session": None}, (MatrixError, 400, "M_INVALID_PARAM")),
            (DUMMY, {"session": "x" * 24}, (MatrixError, 400, "M_UNKNOWN")),
            (DUMMY, None, (MatrixError, 400, "M_INVALID_PARAM")),
            (DUMMY, "session", (MatrixError, 400, "M_INVALID_PARAM")),
        ):
            error = self.failureResultOf(self.add(stagetype, authdict)).value
            self.assertEqual((type(error), error.code, error.errcode), expected)


class SessionIdTests(SynchronousTestCase):
    """
    L{session_id_of}.
    """

    def test_found(self) -> None:
        """
        The id is what the client sent.
        """
        self.assertEqual(session_id_of({"auth": {"session": "abc"}}), "abc")

    def test_none(self) -> None:
        """
        There is none where there is none, or nothing that could be one.
        """
        for body in (
            None,
            {},
            {"auth": None},
            {"auth": {}},
            {"auth": "session"},
            {"auth": ["session"]},
            {"auth": {"session": 5}},
            {"auth": {"session": None}},
            {"session": "abc"},
        ):
            self.assertIsNone(session_id_of(body), body)
