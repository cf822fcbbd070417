"""
The stages of user-interactive authentication (source 000, C{checkers} and
C{_check_...}), each an L{IStage}.
"""

from typing import Any, Callable, Dict, Iterator, MutableMapping, Optional

from twisted.internet.defer import Deferred, inlineCallbacks, succeed
from twisted.logger import Logger
from twisted.web.error import Error as ErrorStatus
from zope.interface import implementer

from synauth.auth.login import invalid_password
from synauth.awaiting import Steps, awaiting
from synauth.constants import Codes, LoginType
from synauth.errors import LoginError, MatrixError
from synauth.foreign_json import parse_foreign_json
from synauth.identifiers import UserID, qualify, user_of_login
from synauth.interfaces import IAuthenticator, IHomeServer, IStage
from synauth.reactors import reactor_of

_log = Logger()

# How long a captcha provider may take, in seconds.
CAPTCHA_TIMEOUT = 10

Params = Optional[Dict[str, Any]]


@implementer(IStage)
class DummyStage:
    """
    C{m.login.dummy}: proves nothing.
    """

    type = LoginType.DUMMY

    def params(self) -> Params:
        """
        See L{IStage.params}.
        """
        return None

    def check(self, authdict: Dict[str, Any], clientip: str) -> "Deferred[Any]":
        """
        @return: fires with C{True}.
        """
        return succeed(True)


@implementer(IStage)
class LoginStage:
    """
    C{m.login.password}, or a login type of a module.

    @param type: the login type.
    @param hostname: the server name, for users named by their localpart.
    @param authenticator: says who somebody is.
    """

    def __init__(self, type: str, hostname: str, authenticator: IAuthenticator) -> None:
        self.type = type
        self._hostname = hostname
        self._authenticator = authenticator

    def params(self) -> Params:
        """
        See L{IStage.params}.
        """
        return None

    @inlineCallbacks
    def check(self, authdict: Dict[str, Any], clientip: str) -> Steps[Any]:
        """
        @return: fires with the account's user id; errs with L{LoginError} 403
            for a no, 400 C{M_MISSING_PARAM} if something is missing.
        """
        user = user_of_login(authdict)
        if user is None:
            raise LoginError(400, "Missing user", Codes.MISSING_PARAM)
        # What is no user id is the client's mistake, not a wrong guess.
        UserID.from_string(qualify(user, self._hostname))
        proved = yield self._authenticator.authenticate(user, self.type, authdict)
        if proved is None:
            raise invalid_password()
        return proved.user_id


@implementer(IStage)
class RecaptchaStage:
    """
    C{m.login.recaptcha}: the captcha's provider is asked.

    @param hs: gives the HTTP client, the reactor and the settings, each at the
        time of use.
    """

    type = LoginType.RECAPTCHA

    def __init__(self, hs: IHomeServer) -> None:
        self._hs = hs

    def params(self) -> Params:
        """
        @return: the C{public_key} that a client shows the captcha with.
        """
        return {"public_key": self._hs.config.recaptcha_public_key}

    @inlineCallbacks
    def check(self, authdict: Dict[str, Any], clientip: str) -> Steps[Any]:
        """
        @return: fires with C{True}; errs with L{LoginError} 400
            C{M_CAPTCHA_NEEDED} without a C{response}, and 401
            C{M_UNAUTHORIZED} if the provider does not vouch for it or can't be
            asked.
        """
        if "response" not in authdict:
            raise LoginError(400, "Captcha response is required", Codes.CAPTCHA_NEEDED)
        response = authdict["response"]
        if not isinstance(response, str):
            raise MatrixError(400, "'response' must be a string", Codes.INVALID_PARAM)
        try:
            answer = yield self._ask(response, clientip)
        except Exception:
            _log.failure("The captcha provider could not be asked")
            raise _captcha_refused("captcha_unreachable")
        if not isinstance(answer, dict) or answer.get("success") is not True:
            raise _captcha_refused("wrong_captcha")
        return True

    @inlineCallbacks
    def _ask(self, response: str, clientip: str) -> Steps[Any]:
        config = self._hs.config
        asked = awaiting(
            self._hs.get_simple_http_client().post_urlencoded_get_json,
            config.recaptcha_siteverify_api,
            args={
                "secret": config.recaptcha_private_key,
                "response": response,
                "remoteip": clientip,
            },
        )
        asked.addTimeout(CAPTCHA_TIMEOUT, reactor_of(self._hs))
        try:
            answer = yield asked
        except ErrorStatus as error:
            # What an old host's client raises on an error status: the body is
            # an answer all the same.
            answer = parse_foreign_json(error.response or b"")
        return answer


def _captcha_refused(reason: str) -> LoginError:
    error = LoginError(401, "The captcha was not solved", Codes.UNAUTHORIZED)
    error.reason = reason
    return error


@implementer(IStage)
class ThreepidStage:
    """
    C{m.login.email.identity} and C{m.login.msisdn}: somebody has proved to have
    an address; the host says which.

    @param type: the stage.
    @param medium: the only one that counts.
    @param hs: gives the identity handler at the time of use.
    """

    def __init__(self, type: str, medium: str, hs: IHomeServer) -> None:
        self.type = type
        self._medium = medium
        self._hs = hs

    def params(self) -> Params:
        """
        See L{IStage.params}.
        """
        return None

    @inlineCallbacks
    def check(self, authdict: Dict[str, Any], clientip: str) -> Steps[Any]:
        """
        @return: fires with the address (C{medium}, C{address},
            C{validated_at}) and the client's C{threepid_creds}; errs with
            L{LoginError} 400 C{M_MISSING_PARAM} or 401 C{M_UNAUTHORIZED}.
        """
        # A client of 2018 writes it as one of registration does.
        key = "threepid_creds" if "threepid_creds" in authdict else "threepidCreds"
        if key not in authdict:
            raise LoginError(400, "Missing threepid_creds", Codes.MISSING_PARAM)
        creds = authdict[key]
        if not isinstance(creds, dict):
            raise MatrixError(
                400, "'threepid_creds' must be an object", Codes.INVALID_PARAM
            )
        handler = self._hs.get_handlers().identity_handler
        threepid = yield awaiting(handler.threepid_from_creds, creds)
        if not threepid:
            raise LoginError(
                401, "The address is not validated", Codes.UNAUTHORIZED
            ).because("not_validated")
        if threepid["medium"] != self._medium:
            raise LoginError(
                401, "An address of another kind was validated", Codes.UNAUTHORIZED
            ).because("wrong_medium")
        return dict(threepid, threepid_creds=creds)


def terms_params(version: str, name: str, url: str) -> Dict[str, Any]:
    """
    What a client needs to know to take C{m.login.terms}.

    @param version: of the rules.
    @param name: what they are called.
    @param url: where they can be read.
    """
    rules = {"version": version, "en": {"name": name, "url": url}}
    return {"policies": {"privacy_policy": rules}}


@implementer(IStage)
class CallableStage:
    """
    A stage that is just a function, as hosts put them into C{checkers}.

    @param type: the authentication type.
    @param checker: called as C{checker(authdict, clientip)}.
    @param instead_of: the stage that it takes the place of: clients are shown
        what they were.
    """

    def __init__(
        self,
        type: str,
        checker: Callable[..., Any],
        instead_of: Optional[IStage] = None,
    ) -> None:
        self.type = type
        self._checker = checker
        self._instead_of = instead_of

    def params(self) -> Params:
        """
        See L{IStage.params}.
        """
        instead_of: Any = self._instead_of
        return None if instead_of is None else instead_of.params()

    def check(self, authdict: Dict[str, Any], clientip: str) -> "Deferred[Any]":
        """
        @return: what the function comes to.
        """
        return awaiting(self._checker, authdict, clientip)


class Checkers(MutableMapping[str, Callable[..., Any]]):
    """
    The stages, looked at as the C{checkers} of the source document.

    @param stages: L{IStage}s by type, which this writes through to.
    """

    def __init__(self, stages: MutableMapping[str, IStage]) -> None:
        self._stages = stages

    def __getitem__(self, type: str) -> Callable[..., Any]:
        return self._stages[type].check

    def __setitem__(self, type: str, checker: Callable[..., Any]) -> None:
        self._stages[type] = CallableStage(type, checker, self._stages.get(type))

    def __delitem__(self, type: str) -> None:
        del self._stages[type]

    def __iter__(self) -> Iterator[str]:
        return iter(self._stages)

    def __len__(self) -> int:
        return len(self._stages)
