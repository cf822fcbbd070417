"""
Questions that every module should know how to answer: with a no, in time, and
in the form that sources 001 and 002 have.

They are about accounts that nobody has, with passwords that nobody has chosen.
"""

import secrets
from typing import Any, Callable, Dict, List, Mapping, Optional, Tuple

from twisted.internet.defer import inlineCallbacks

from synauth.awaiting import Steps, awaiting
from synauth.constants import LoginType
from synauth.providers.calling import Caller, CouldNotAsk
from synauth.providers.results import BadAnswer, vouched
from synauth.providers.wrapped import words_of

_NOBODY = "synauth-check-nobody"

# As one that forgets to wait for something gives it.
_TOKEN = "synauth-check-token"


class Conformance:
    """
    Asks one module.

    @param module: its name.
    @param callbacks: what it has registered, each kind in order.
    @param hostname: the server name.
    @param caller: asks it.
    @ivar problems: what is wrong with it, a sentence each.
    @ivar asked: how many questions it was asked.
    """

    def __init__(
        self,
        module: str,
        callbacks: Mapping[str, List[Any]],
        hostname: str,
        caller: Caller,
    ) -> None:
        self._module = module
        self._callbacks = callbacks
        self._hostname = hostname
        self._caller = caller
        self.problems: List[str] = []
        self.asked = 0

    @inlineCallbacks
    def run(self) -> Steps[None]:
        """
        Ask everything.

        @return: fires with C{None} when C{problems} is complete.
        """
        for checkers in self._callbacks.get("auth_checkers", []):
            for (login_type, fields), checker in checkers.items():
                yield self._ask_checker(login_type, fields, checker)
        for callback in self._callbacks.get("check_3pid_auth", []):
            for medium, address in (
                ("email", _NOBODY + "@example.invalid"),
                ("msisdn", "0000"),
            ):
                yield self._ask_for_no(
                    "check_3pid_auth of an unknown %s" % medium,
                    callback,
                    (medium, address, secrets.token_urlsafe(16)),
                )
        yield self._ask_the_rest()

    @inlineCallbacks
    def _ask_checker(
        self, login_type: str, fields: Tuple[str, ...], checker: Callable[..., Any]
    ) -> Steps[None]:
        for what, user in (
            ("an unknown user", _NOBODY),
            ("an unknown full id", "@%s:%s" % (_NOBODY, self._hostname)),
            ("an upper-case id", "@%s:%s" % (_NOBODY.upper(), self._hostname)),
            ("another server's id", "@%s:other.example.invalid" % _NOBODY),
        ):
            wrong = {field: secrets.token_urlsafe(16) for field in fields}
            yield self._ask_for_no(
                "%s of %s" % (login_type, what), checker, (user, login_type, wrong)
            )
        if login_type == LoginType.PASSWORD and "password" in fields:
            # synauth never passes one on; other homeservers may.
            empty = dict.fromkeys(fields, "")
            yield self._ask_for_no(
                "%s with an empty password" % login_type,
                checker,
                (_NOBODY, login_type, empty),
            )

    @inlineCallbacks
    def _ask_the_rest(self) -> Steps[None]:
        user_id = "@%s:%s" % (_NOBODY, self._hostname)
        results: Dict[str, Any] = {LoginType.DUMMY: True}
        params = {"username": _NOBODY}
        questions: Tuple[Tuple[str, Callable[[Any], Any], Tuple[Any, ...]], ...] = (
            ("on_logged_out", _anything, (user_id, None, _TOKEN)),
            ("on_logged_out", _anything, (user_id, "DEVICE", _TOKEN)),
            ("get_username_for_registration", _name, (results, params)),
            ("get_displayname_for_registration", _name, (results, params)),
            ("is_3pid_allowed", _boolean, ("email", "a@example.invalid", True)),
            ("is_3pid_allowed", _boolean, ("msisdn", "0000", False)),
        )
        for kind, check, args in questions:
            for callback in self._callbacks.get(kind, []):
                yield self._ask(kind, check, callback, args)

    @inlineCallbacks
    def _ask_for_no(
        self, what: str, callback: Callable[..., Any], args: Tuple[Any, ...]
    ) -> Steps[None]:
        answer = yield self._ask(what, self._vouched, callback, args)
        if answer is not None:
            self.problems.append("%s: it lets %s in" % (what, answer.user_id))

    @inlineCallbacks
    def _ask(
        self,
        what: str,
        check: Callable[[Any], Any],
        callback: Callable[..., Any],
        args: Tuple[Any, ...],
    ) -> Steps[Any]:
        """
        Ask once; note why it can't be asked.
        """
        self.asked += 1
        reasons: List[str] = []

        def noting(function: Callable[..., Any], *args: Any) -> Any:
            def note(failure: Any) -> Any:
                reasons.append(words_of(failure.value))
                return failure

            return awaiting(function, *args).addErrback(note)

        def checked(answer: Any) -> Any:
            try:
                return check(answer)
            except Exception as error:
                reasons.append(words_of(error))
                raise

        try:
            answer = yield self._caller.call(
                self._module, checked, noting, callback, *args
            )
            return answer
        except CouldNotAsk:
            reason = reasons[0] if reasons else "it takes too long"
            self.problems.append("%s: %s" % (what, reason))
            return None

    def _vouched(self, answer: Any) -> Any:
        return vouched(answer, self._hostname)


def _anything(answer: Any) -> None:
    return None


def _name(answer: Any) -> Optional[str]:
    if answer is not None and not isinstance(answer, str):
        raise BadAnswer("a %s where a name is due" % type(answer).__name__)
    return answer


def _boolean(answer: Any) -> bool:
    if not isinstance(answer, bool):
        raise BadAnswer("a %s where True or False is due" % type(answer).__name__)
    return answer
