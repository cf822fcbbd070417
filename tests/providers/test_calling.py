"""
Tests of L{synauth.providers.calling}.
"""

import io
import json
from typing import Any, List
from urllib.parse import quote, quote_plus

from twisted.internet.defer import CancelledError, Deferred, succeed
from twisted.internet.task import Clock
from twisted.logger import (
    formatEventAsClassicLogText,
    globalLogPublisher,
    jsonFileLogObserver,
)

from synauth.providers.calling import Caller, CouldNotAsk
from tests.providers.asking import AskingTestCase, answering, in_every_way

# Written differently wherever one can be quoted.
PASSWORD = "p\u00e4ss 'w\" & /1"


def same(answer: Any) -> Any:
    """
    A check that everything passes.
    """
    return answer


class CallTests(AskingTestCase):
    """
    L{Caller.call} gets an answer, or says that there is none.
    """

    def could_not_ask(self, deferred: Any) -> None:
        """
        The call has failed, in the one way in which calls fail.
        """
        error = self.failureResultOf(deferred, CouldNotAsk).value
        self.assertEqual(error.module, "m")

    def test_every_way(self) -> None:
        """
        An answer is an answer, however it comes.
        """
        for way, function in in_every_way("yes").items():
            answer = self.caller.call("m", same, function)
            self.assertEqual(self.successResultOf(answer), "yes", way)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_arguments(self) -> None:
        """
        Arguments are handed on as they are.
        """
        heard: List[Any] = []
        self.caller.call("m", same, lambda *a, **k: heard.append((a, k)), 1, 2, x=3)
        self.assertEqual(heard, [((1, 2), {"x": 3})])

    def test_failures(self) -> None:
        """
        Whatever is raised, however, is a failure of the module alone: it is
        logged, counted and audited.
        """
        errors = (ValueError("x"), SystemExit(3), GeneratorExit(), CancelledError())
        count = 0
        for error in errors:
            for function in in_every_way(error).values():
                self.could_not_ask(self.caller.call("m", same, function))
                count += 1
        self.assertEqual(self.caller.failures, {"m": count})
        self.assertEqual(len(self.failures()), count)
        self.assertEqual(len(self.audit.records), count)
        self.assertEqual(
            self.audit.records[0],
            {
                "success": False,
                "method": "m",
                "reason": "could_not_ask",
                "user_id": None,
                "address": "",
                "user_agent": None,
                "device_id": None,
            },
        )

    def test_interrupted(self) -> None:
        """
        Who presses Control-C means the server.
        """
        self.assertRaises(
            KeyboardInterrupt,
            self.caller.call,
            "m",
            same,
            answering(KeyboardInterrupt()),
        )

    def test_no_audit_log(self) -> None:
        """
        Where there is no audit log there is the other log.
        """
        caller = Caller(Clock)
        self.could_not_ask(caller.call("m", same, answering(ValueError("why"))))
        self.assertEqual(self.failures(), ["ValueError: why"])

    def test_check(self) -> None:
        """
        An answer that does not pass the check is a failure.
        """
        self.could_not_ask(self.caller.call("m", int, answering("one")))
        self.assertEqual(len(self.failures()), 1)

    def test_too_late(self) -> None:
        """
        After ten seconds the asking ends, and what was asked is cancelled.
        """
        stopped: List[Any] = []
        asked: "Deferred[str]" = Deferred(stopped.append)
        call = self.caller.call("m", same, lambda: asked)
        self.clock.advance(9.9)
        self.assertNoResult(call)
        self.clock.advance(0.1)
        self.could_not_ask(call)
        self.assertEqual(stopped, [asked])
        self.assertEqual(self.failures(), ["TimeoutError: no answer within 10 seconds"])

    def test_in_time(self) -> None:
        """
        An answer in time leaves no timer behind.
        """
        asked: "Deferred[str]" = Deferred()
        call = self.caller.call("m", same, lambda: asked)
        self.clock.advance(9.9)
        asked.callback("yes")
        self.assertEqual(self.successResultOf(call), "yes")
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_own_limit(self) -> None:
        """
        A module can have a time limit of its own.
        """
        caller = Caller(lambda: self.clock, 5.0, {"m": 0.5})
        mine = caller.call("m", same, Deferred)
        other = caller.call("other", same, Deferred)
        self.clock.advance(0.5)
        self.could_not_ask(mine)
        self.assertNoResult(other)
        self.clock.advance(4.5)
        self.failureResultOf(other, CouldNotAsk)
        self.assertEqual(len(self.failures()), 2)

    def test_fired_and_waiting(self) -> None:
        """
        A Deferred that has fired and waits for another one is not an answer
        yet, and has its time limit.
        """
        call = self.caller.call(
            "m", same, lambda: succeed(None).addCallback(lambda _: Deferred())
        )
        self.assertNoResult(call)
        self.clock.advance(10)
        self.could_not_ask(call)
        self.failures()

    def test_stubborn(self) -> None:
        """
        A coroutine that goes on when it is cancelled does not make anybody
        wait, and its answer comes too late.
        """
        later: "Deferred[None]" = Deferred()

        async def stubborn() -> str:
            try:
                await Deferred()
            except CancelledError:
                await later
            return "late"

        call = self.caller.call("m", same, stubborn)
        self.clock.advance(10)
        self.could_not_ask(call)
        later.callback(None)
        self.assertEqual(len(self.failures()), 1)

    def test_bad_canceller(self) -> None:
        """
        What can't even be cancelled is logged.
        """
        call = self.caller.call("m", same, lambda: Deferred(answering(OSError("no"))))
        self.clock.advance(10)
        self.could_not_ask(call)
        self.assertEqual(len(self.flushLoggedErrors(OSError)), 1)
        self.assertEqual(len(self.failures()), 1)

    def test_cancelled(self) -> None:
        """
        Who no longer wants to know leaves no timer behind.
        """
        call = self.caller.call("m", same, Deferred)
        call.cancel()
        self.could_not_ask(call)
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.failures()

    def test_kept_deferred(self) -> None:
        """
        A module may give the same Deferred again and again.
        """
        kept = succeed("yes")
        for _ in range(3):
            call = self.caller.call("m", same, lambda: kept)
            self.assertEqual(self.successResultOf(call), "yes")


class SecretTests(AskingTestCase):
    """
    What a module was told in confidence does not come back in the log.
    """

    def logged(self, function: Any, *args: Any, **kwargs: Any) -> str:
        """
        @return: all that is logged, as text and as JSON, when a function fails.
        """
        lines: List[str] = []
        structured = io.StringIO()
        observers = [
            lambda event: lines.append(formatEventAsClassicLogText(event) or ""),
            jsonFileLogObserver(structured),
        ]
        for observer in observers:
            globalLogPublisher.addObserver(observer)
        try:
            call = self.caller.call("m", same, function, *args, **kwargs)
            self.failureResultOf(call, CouldNotAsk)
        finally:
            for observer in observers:
                globalLogPublisher.removeObserver(observer)
        self.failures()
        return "".join(lines) + structured.getvalue()

    def test_text(self) -> None:
        """
        An exception whose text repeats a secret is logged without it.
        """

        def plain(user: str, password: str) -> None:
            raise ValueError("no such user: %s, %s" % (user, password))

        def chained(user: str, password: str) -> None:
            try:
                plain(user, password)
            except ValueError:
                raise KeyError("backend")

        async def coroutine(user: str, password: str) -> None:
            kept = password
            plain(user, kept)

        for function in (plain, chained, coroutine):
            text = self.logged(function, "alice", PASSWORD)
            self.assertIn("m could not be asked", text)
            self.assertNotIn(PASSWORD, text)

    def test_spellings(self) -> None:
        """
        Nor may it repeat a secret as it is written in a URL, in JSON or in
        Python.
        """
        for written in (
            quote(PASSWORD, safe=""),
            quote_plus(PASSWORD),
            json.dumps(PASSWORD),
            repr(PASSWORD),
        ):
            text = self.logged(
                answering(OSError("failed: " + written)), "alice", PASSWORD
            )
            self.assertIn("OSError: (not shown", text)

    def test_nothing_kept(self) -> None:
        """
        What is logged does not hold on to what the call was made with.
        """
        events: List[Any] = []
        globalLogPublisher.addObserver(events.append)
        self.addCleanup(globalLogPublisher.removeObserver, events.append)
        self.failureResultOf(
            self.caller.call("m", same, answering(ValueError("x")), "alice", PASSWORD)
        )
        (failure,) = [e["log_failure"] for e in events if "log_failure" in e]
        self.assertIsNone(failure.tb)
        self.assertIsNone(failure.value.__traceback__)
        self.assertIsNone(failure.value.__context__)
        self.failures()

    def test_within(self) -> None:
        """
        What stands in a dict, or is given by keyword, is secret too.
        """

        def telling(*args: Any, **kwargs: Any) -> None:
            raise ValueError("%r %r" % (args, kwargs))

        for args, kwargs in (
            (("alice", "t", {"password": "hush-hush"}), {}),
            (({"m.login.x": {"a": ["hush-hush"]}}, {"b": 1}), {}),
            ((), {"access_token": "hush-hush"}),
        ):
            text = self.logged(telling, *args, **kwargs)
            self.assertNotIn("hush-hush", text)
            self.assertIn("ValueError: (not shown", text)

    def test_useful(self) -> None:
        """
        What tells no secret is logged with its type, text and traceback.
        """

        def unlucky(user: str, password: str) -> None:
            raise OSError("cannot reach the backend for %s" % user)

        text = self.logged(unlucky, "alice", "\ud800")
        self.assertIn("OSError: cannot reach the backend for alice", text)
        self.assertIn("in unlucky", text)

    def test_unspeakable(self) -> None:
        """
        An exception that can't say what it is, is logged all the same.
        """

        class Unspeakable(Exception):
            def __str__(self) -> str:
                raise RuntimeError("never")

        self.assertIn("Unspeakable", self.logged(answering(Unspeakable()), "alice", ""))
