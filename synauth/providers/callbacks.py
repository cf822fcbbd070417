"""
The callbacks of all modules, and the order in which they are asked (source
001).
"""

from collections import defaultdict
from copy import deepcopy
from typing import (
    Any,
    Callable,
    DefaultDict,
    Dict,
    List,
    Mapping,
    NamedTuple,
    Optional,
    Tuple,
)

from twisted.internet.defer import Deferred, inlineCallbacks
from twisted.logger import Logger
from zope.interface import implementer

from synauth.awaiting import Steps
from synauth.constants import Codes
from synauth.errors import ConfigError, MatrixError
from synauth.interfaces import ICallbacks
from synauth.providers.calling import Caller, CouldNotAsk
from synauth.providers.results import Vouched, vouched

_log = Logger()

Callback = Callable[..., Any]
Checkers = Mapping[Tuple[str, Tuple[str, ...]], Callback]


class Registered(NamedTuple):
    """
    A callback and whose it is.
    """

    module: str
    callback: Callback


class Checker(NamedTuple):
    """
    A callback for a login type, and the fields that it needs.
    """

    login_type: str
    fields: Tuple[str, ...]
    registered: Registered


@implementer(ICallbacks)
class ModuleCallbacks:
    """
    See L{ICallbacks}.

    @param hostname: the server name.
    @param caller: calls the modules.
    @param find_account: gives a Deferred of an account's own id, or of C{None}:
        whoever a module vouches for must have an account.
    """

    def __init__(
        self,
        hostname: str,
        caller: Caller,
        find_account: Callable[[str], "Deferred[Optional[str]]"],
    ) -> None:
        self._hostname = hostname
        self._caller = caller
        self._find_account = find_account
        self._checkers: DefaultDict[str, List[Registered]] = defaultdict(list)
        self._fields: Dict[str, Tuple[str, ...]] = {}
        self._callbacks: DefaultDict[str, List[Registered]] = defaultdict(list)

    def register(
        self,
        module: str,
        auth_checkers: Optional[Checkers] = None,
        check_3pid_auth: Optional[Callback] = None,
        on_logged_out: Optional[Callback] = None,
        get_username_for_registration: Optional[Callback] = None,
        get_displayname_for_registration: Optional[Callback] = None,
        is_3pid_allowed: Optional[Callback] = None,
    ) -> None:
        """
        See L{ICallbacks.register}.
        """
        single = {
            "check_3pid_auth": check_3pid_auth,
            "on_logged_out": on_logged_out,
            "get_username_for_registration": get_username_for_registration,
            "get_displayname_for_registration": get_displayname_for_registration,
            "is_3pid_allowed": is_3pid_allowed,
        }
        # All of them are looked at before any is taken.
        callbacks = {
            kind: _registered(module, callback)
            for kind, callback in single.items()
            if callback is not None
        }
        checkers = self._checked(module, auth_checkers or {})
        for kind, registered in callbacks.items():
            self._callbacks[kind].append(registered)
        for login_type, fields, checker in checkers:
            self._fields.setdefault(login_type, fields)
            self._checkers[login_type].append(checker)

    def login_types(self) -> Dict[str, Tuple[str, ...]]:
        """
        See L{ICallbacks.login_types}.
        """
        return dict(self._fields)

    @inlineCallbacks
    def check_auth(
        self, user: str, login_type: str, login_dict: Mapping[str, Any]
    ) -> Steps[Optional[Vouched]]:
        """
        See L{ICallbacks.check_auth}.
        """
        fields = self._fields.get(login_type, ())
        # A module that compares with what it has for an unknown user, which is
        # None, would let anybody in with a null.
        missing = [field for field in fields if login_dict.get(field) is None]
        if missing:
            raise MatrixError(
                400,
                "Missing parameters for %s: %s" % (login_type, ", ".join(missing)),
                Codes.MISSING_PARAM,
            )
        answer = yield self._first_vouched(
            self._checkers.get(login_type, []),
            user,
            login_type,
            {field: login_dict[field] for field in fields},
        )
        return answer

    def check_3pid_auth(
        self, medium: str, address: str, password: str
    ) -> "Deferred[Optional[Vouched]]":
        """
        See L{ICallbacks.check_3pid_auth}.
        """
        return self._first_vouched(
            self._callbacks["check_3pid_auth"], medium, address, password
        )

    @inlineCallbacks
    def on_logged_out(
        self, user_id: str, device_id: Optional[str], access_token: str
    ) -> Steps[None]:
        """
        See L{ICallbacks.on_logged_out}.
        """
        for module, callback in self._callbacks["on_logged_out"]:
            try:
                yield self._caller.call(
                    module, _anything, callback, user_id, device_id, access_token
                )
            except CouldNotAsk:
                # It has been logged, and the others want to hear of it too.
                pass

    def get_username_for_registration(
        self, uia_results: Dict[str, Any], params: Dict[str, Any]
    ) -> "Deferred[Optional[str]]":
        """
        See L{ICallbacks.get_username_for_registration}.
        """
        return self._name("get_username_for_registration", uia_results, params)

    def get_displayname_for_registration(
        self, uia_results: Dict[str, Any], params: Dict[str, Any]
    ) -> "Deferred[Optional[str]]":
        """
        See L{ICallbacks.get_displayname_for_registration}.
        """
        return self._name("get_displayname_for_registration", uia_results, params)

    @inlineCallbacks
    def is_3pid_allowed(
        self, medium: str, address: str, registration: bool
    ) -> Steps[bool]:
        """
        See L{ICallbacks.is_3pid_allowed}.
        """
        for module, callback in self._callbacks["is_3pid_allowed"]:
            allowed = yield self._caller.call(
                module, _anything, callback, medium, address, registration
            )
            if allowed is not True:
                return False
        return True

    @inlineCallbacks
    def _first_vouched(
        self, registered: List[Registered], *args: Any
    ) -> Steps[Optional[Vouched]]:
        unasked: Optional[CouldNotAsk] = None
        for module, callback in registered:
            try:
                answer = yield self._caller.call(
                    module, self._vouched, callback, *_copies(args)
                )
            except CouldNotAsk as error:
                unasked = error
                continue
            if answer is not None:
                found = yield self._find_account(answer.user_id)
                if found is not None:
                    return Vouched(found, answer.callback, module)
                _log.error(
                    "{module} vouches for {user_id}, who has no account here: it"
                    " should make one with register_user() of its ModuleApi, or"
                    " register() of a legacy account_handler",
                    module=module,
                    user_id=answer.user_id,
                )
                # An answer all the same: nobody else is asked.
                break
        if unasked is not None:
            raise unasked
        return None

    @inlineCallbacks
    def _name(self, kind: str, *args: Dict[str, Any]) -> Steps[Optional[str]]:
        for module, callback in self._callbacks[kind]:
            name = yield self._caller.call(module, _anything, callback, *_copies(args))
            if isinstance(name, str):
                return name
            if name is not None:
                _log.error(
                    "{module} answered {kind} with a {type} where a str is due",
                    module=module,
                    kind=kind,
                    type=type(name).__name__,
                )
        return None

    def _vouched(self, answer: Any) -> Optional[Vouched]:
        return vouched(answer, self._hostname)

    def _checked(self, module: str, auth_checkers: Any) -> List[Checker]:
        if not isinstance(auth_checkers, Mapping):
            raise ConfigError(
                "%s registers a %s as auth_checkers; expected a dict"
                % (module, type(auth_checkers).__name__)
            )
        owners = {
            login_type: (registered[0].module, self._fields[login_type])
            for login_type, registered in self._checkers.items()
        }
        checked = []
        for key, checker in auth_checkers.items():
            login_type, fields = _checked_key(module, key)
            owner, theirs = owners.setdefault(login_type, (module, fields))
            if set(theirs) != set(fields):
                raise ConfigError(
                    "%s wants the fields %r for %s, and %s wants %r: they can't both"
                    " be loaded" % (module, fields, login_type, owner, theirs)
                )
            checked.append(Checker(login_type, fields, _registered(module, checker)))
        return checked


def _registered(module: str, callback: Any) -> Registered:
    if not callable(callback):
        raise ConfigError("%s registers a callback that can't be called" % module)
    return Registered(module, callback)


def _checked_key(module: str, key: Any) -> Tuple[str, Tuple[str, ...]]:
    """
    @return: the login type and its fields.
    """
    if isinstance(key, tuple) and len(key) == 2:
        login_type, fields = key
        if isinstance(login_type, str) and isinstance(fields, tuple):
            if all(isinstance(field, str) for field in fields):
                return login_type, fields
    raise ConfigError(
        "%s registers auth_checkers under %r; expected (login type, (field, ...))"
        % (module, key)
    )


def _copies(args: Tuple[Any, ...]) -> List[Any]:
    """
    What one module does to a dict is not for the next one to see.
    """
    return [deepcopy(arg) if isinstance(arg, dict) else arg for arg in args]


def _anything(answer: Any) -> Any:
    return answer
