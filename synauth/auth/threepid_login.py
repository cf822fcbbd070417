"""
Logins by an e-mail address or a telephone number (specification, "Third-party
ID"; source 001, C{check_3pid_auth}).
"""

from typing import Any, Optional

from twisted.internet.defer import Deferred, inlineCallbacks

from synauth.auth.login import COULD_NOT_ASK, invalid_password, is_possible, limited
from synauth.auth.passwords import LocalPasswords
from synauth.awaiting import Steps
from synauth.constants import LoginType
from synauth.identifiers import limit_key
from synauth.interfaces import IAuthenticator, ICallbacks, IRateLimiter
from synauth.providers.calling import CouldNotAsk
from synauth.providers.results import Vouched


class ThreepidLogin:
    """
    Asks the modules whose address and password these are; if none knows, it is
    a login of whoever has the address here.

    @param callbacks: the modules.
    @param store: an L{synauth.interfaces.IThreepidStore}.
    @param authenticator: for the login of who has the address; not limited.
    @param limiter: the failed attempts of each account, or C{None}.
    @param local: does the work of a hash where nobody has it; C{None} if no
        password in the database lets anybody in.
    """

    def __init__(
        self,
        callbacks: ICallbacks,
        store: Any,
        authenticator: IAuthenticator,
        limiter: Optional[IRateLimiter],
        local: Optional[LocalPasswords],
    ) -> None:
        self._callbacks = callbacks
        self._store = store
        self._authenticator = authenticator
        self._limiter = limiter
        self._local = local

    @inlineCallbacks
    def authenticate(
        self, medium: str, address: str, password: str
    ) -> Steps[Optional[Vouched]]:
        """
        @param medium: C{"email"} or C{"msisdn"}.
        @param address: in its canonical form.
        @param password: what the client sent.
        @return: fires with whose it is, or with C{None} for a no; errs as
            L{IAuthenticator.authenticate}.
        """
        if not is_possible(password):
            return None
        unasked = False
        try:
            answer = yield self._callbacks.check_3pid_auth(medium, address, password)
            if answer is not None:
                return answer
        except CouldNotAsk:
            unasked = True
        user_id = yield self._store.get_user_id_by_threepid(medium, address)
        if user_id is None:
            answer = yield self._nobodys(password, unasked)
        else:
            answer = yield self._bound(user_id, password, unasked)
        return answer

    def _bound(
        self, user_id: str, password: str, unasked: bool
    ) -> "Deferred[Optional[Vouched]]":
        @inlineCallbacks
        def ask() -> Steps[Optional[Vouched]]:
            answer = yield self._authenticator.authenticate(
                user_id, LoginType.PASSWORD, {"password": password}
            )
            if answer is None and unasked:
                raise invalid_password(COULD_NOT_ASK)
            return answer

        # The limit is about the account, by whatever name it is called.
        if self._limiter is None:
            return ask()
        return limited(self._limiter, limit_key(user_id), ask)

    @inlineCallbacks
    def _nobodys(self, password: str, unasked: bool) -> Steps[None]:
        if self._local is not None:
            # Takes as long as a wrong password does.
            yield self._local.check_nobody(password)
        if unasked:
            raise invalid_password(COULD_NOT_ASK)
