"""
Logins inside a host: its settings, its words, and the order of events of its own
handler.
"""

from typing import Any, Dict, List, Optional

from twisted.internet.defer import Deferred, inlineCallbacks, succeed

from synauth.auth.login import Authenticator, invalid_password
from synauth.auth.passwords import LocalPasswords
from synauth.awaiting import Steps
from synauth.constants import Codes, LoginType
from synauth.dropin.limits import HostLimits
from synauth.dropin.providers import Providers
from synauth.errors import MatrixError
from synauth.identifiers import qualify
from synauth.providers.calling import CouldNotAsk
from synauth.providers.results import Vouched


class HostLogins:
    """
    Who is it?

    @param hostname: the server name.
    @param config: the host's settings.
    @param limits: how often anybody may ask.
    @param providers: the providers and modules.
    @param local: the accounts that have a password.
    """

    def __init__(
        self,
        hostname: str,
        config: Any,
        limits: HostLimits,
        providers: Providers,
        local: LocalPasswords,
    ) -> None:
        self._hostname = hostname
        self._limits = limits
        self._providers = providers
        # Read once, as the hosts do.
        self._passwords = bool(config.password_enabled)
        asked: Any = providers
        self._authenticator = Authenticator(
            hostname,
            asked,
            local,
            # Hosts from 1.1 on have it.
            getattr(config, "password_localdb_enabled", True) is not False,
        )
        self.types = self._types()

    def _types(self) -> List[str]:
        types = [LoginType.PASSWORD] if self._passwords else []
        types += [
            type for type in self._providers.login_types() if type != LoginType.PASSWORD
        ]
        return types

    @inlineCallbacks
    def login(self, username: Any, submission: Any) -> Steps[Vouched]:
        """
        @param username: what the client calls itself: a localpart or a full id.
        @param submission: the body of the request, or its C{auth} object.
        @return: fires with who it is; errs with L{synauth.errors.LoginError} 403
            for everybody else, and with L{MatrixError} 400 and
            L{synauth.errors.LimitExceededError}.
        """
        login_type = _text(_object(submission), "type")
        user_id = qualify(_text({"user": username}, "user"), self._hostname)
        self._limits.count_login(user_id)
        self._check(login_type, submission)
        vouched = yield self._limits.ask(
            user_id,
            lambda: self._authenticator.authenticate(username, login_type, submission),
        )
        if vouched is None:
            raise invalid_password()
        return vouched

    @inlineCallbacks
    def login_by_threepid(
        self, medium: str, address: str, password: str
    ) -> Steps[Optional[Vouched]]:
        """
        @return: fires with whose address and password these are, as far as the
            providers know.
        """
        try:
            vouched = yield self._providers.check_3pid_auth(medium, address, password)
        except CouldNotAsk:
            # The host asks its database next.
            vouched = None
        return vouched

    def _check(self, login_type: str, submission: Dict[str, Any]) -> None:
        if login_type != LoginType.PASSWORD:
            if login_type not in self.types:
                raise MatrixError(400, "Unknown login type %s" % login_type)
        elif not self._passwords:
            raise MatrixError(400, "Password login has been disabled.")
        elif not submission.get("password"):
            raise MatrixError(400, "Missing parameter: password")


def as_given(user_id: str) -> "Deferred[Optional[str]]":
    """
    Instead of looking for an account: the id that a provider gives is good as it
    stands.
    """
    return succeed(user_id)


def _object(submission: Any) -> Dict[str, Any]:
    if not isinstance(submission, dict):
        raise MatrixError(400, "A login must be an object", Codes.BAD_JSON)
    return submission


def _text(submission: Dict[str, Any], key: str) -> str:
    value = submission.get(key)
    if not isinstance(value, str):
        raise MatrixError(400, "'%s' must be a string" % key, Codes.INVALID_PARAM)
    return value
