"""
The stages of user-interactive authentication that are a host's matter.
"""

from typing import Any, Callable, Dict, Optional

from twisted.internet.defer import Deferred, inlineCallbacks, succeed
from zope.interface import implementer

from synauth.auth.stages import terms_params
from synauth.awaiting import Steps
from synauth.constants import Codes, LoginType
from synauth.errors import MatrixError
from synauth.identifiers import user_of_login
from synauth.interfaces import IStage


@implementer(IStage)
class AnyLoginStage:
    """
    Whatever is no stage of its own is a login.

    @param type: the login type.
    @param login: gives, for a user and an C{auth} object, a Deferred of a
        L{synauth.providers.results.Vouched}.
    """

    def __init__(self, type: str, login: Callable[..., "Deferred[Any]"]) -> None:
        self.type = type
        self._login = login

    def params(self) -> Optional[Dict[str, Any]]:
        """
        See L{IStage.params}.
        """
        return None

    @inlineCallbacks
    def check(self, authdict: Dict[str, Any], clientip: str) -> Steps[Any]:
        """
        @return: fires with the account's user id; errs as the login does, and
            with L{MatrixError} 400 C{M_MISSING_PARAM} without a user.
        """
        user = user_of_login(authdict)
        if user is None:
            raise MatrixError(400, "Missing user", Codes.MISSING_PARAM)
        vouched = yield self._login(user, authdict)
        return vouched.user_id


@implementer(IStage)
class TermsStage:
    """
    C{m.login.terms}: somebody agrees to the rules.

    @param config: the host's settings, read when a client asks.
    """

    type = LoginType.TERMS

    def __init__(self, config: Any) -> None:
        self._config = config

    def params(self) -> Dict[str, Any]:
        """
        See L{IStage.params}.
        """
        version = self._config.user_consent_version
        return terms_params(
            version,
            self._config.user_consent_policy_name,
            "%s_matrix/consent?v=%s" % (self._config.public_baseurl, version),
        )

    def check(self, authdict: Dict[str, Any], clientip: str) -> "Deferred[Any]":
        """
        @return: fires with C{True}.
        """
        return succeed(True)
