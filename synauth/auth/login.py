"""
Whose is a password?  Several may know, and they stand in line (source 000,
C{_check_password}).
"""

from typing import Any, List, Optional

from twisted.internet.defer import inlineCallbacks
from twisted.logger import Logger
from zope.interface import implementer

from synauth.auth.passwords import MAX_PASSWORD_LENGTH, LocalPasswords
from synauth.awaiting import Steps, awaiting
from synauth.interfaces import IPasswordChecker, IRateLimiter

_log = Logger()


@implementer(IPasswordChecker)
class PasswordLogin:
    """
    Asks each provider in turn, then the local passwords.

    @param providers: objects with the legacy C{check_password}.
    @param local: the accounts with a password of their own.
    @param ask_local: whether such a password lets anybody in.
    """

    def __init__(
        self, providers: List[Any], local: LocalPasswords, ask_local: bool = True
    ) -> None:
        self._providers = providers
        self._local = local
        self._ask_local = ask_local

    @inlineCallbacks
    def check_password(self, user_id: str, password: str) -> Steps[Optional[str]]:
        """
        See L{IPasswordChecker.check_password}.  An empty or an over-long
        password is nobody's; no provider gets to see it, because to a directory
        server an empty password can mean "anonymous".
        """
        if not password or len(password) > MAX_PASSWORD_LENGTH:
            return None
        for provider in self._providers:
            vouched = yield self._ask(provider, user_id, password)
            if vouched:
                found = yield self._local.find(user_id)
                if found is not None:
                    return found[0]
                _log.error(
                    "{provider} vouches for {user_id}, who has no account here: it"
                    " should make one with account_handler.register()",
                    provider=_name(provider),
                    user_id=user_id,
                )
        if not self._ask_local:
            return None
        proved = yield self._local.check_password(user_id, password)
        return proved

    @inlineCallbacks
    def _ask(self, provider: Any, user_id: str, password: str) -> Steps[bool]:
        """
        @return: fires with whether a provider vouches.  One that fails, or
            answers with anything but C{True} or C{user_id}, does not.
        """
        try:
            answer = yield awaiting(provider.check_password, user_id, password)
        except Exception:
            _log.failure("{provider} failed", provider=_name(provider))
            return False
        if answer is True or (answer and answer == user_id):
            return True
        if answer:
            _log.error(
                "{provider} answered with a {type} where True was due",
                provider=_name(provider),
                type=type(answer).__name__,
            )
        return False


def _name(provider: Any) -> str:
    return "%s.%s" % (type(provider).__module__, type(provider).__name__)


@implementer(IPasswordChecker)
class LimitedPasswords:
    """
    Bounds how often somebody may be wrong about one account's password.

    An attempt is counted before it is looked at, and given back if it was
    right: otherwise as many guesses as fit into one moment would be free.

    @param passwords: who is asked.
    @param limiter: the failed attempts of each account.
    """

    def __init__(self, passwords: IPasswordChecker, limiter: IRateLimiter) -> None:
        self._passwords = passwords
        self._limiter = limiter

    @inlineCallbacks
    def check_password(self, user_id: str, password: str) -> Steps[Optional[str]]:
        """
        See L{IPasswordChecker.check_password}; errs with
        L{synauth.errors.LimitExceededError} before anything is hashed, also for
        the right password.
        """
        key = user_id.lower()
        self._limiter.hit(key)
        try:
            proved = yield self._passwords.check_password(user_id, password)
        except Exception:
            # Nobody learned anything about the password.
            self._limiter.refund(key)
            raise
        if proved is not None:
            self._limiter.refund(key)
        return proved
