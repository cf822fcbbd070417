"""
Making accounts.
"""

import secrets
import string
from typing import Any, Dict, Optional, Tuple

from twisted.internet.defer import Deferred, fail, inlineCallbacks
from zope.interface import implementer

from synauth.awaiting import Steps
from synauth.constants import Codes
from synauth.errors import MatrixError, NotApprovedError
from synauth.homeserver.application_services import ApplicationServices
from synauth.homeserver.logins import LoginDetails, Logins
from synauth.homeserver.registration_proofs import Proved
from synauth.identifiers import check_new_localpart
from synauth.interfaces import IAccountStore, IClock, IRegistrationHandler
from synauth.storage.records import NewAccount

# An account that needs no proof.
NOTHING = Proved()


@implementer(IRegistrationHandler)
class Registration:
    """
    Makes accounts.

    @param hostname: the server name.
    @param store: an L{IAccountStore}.
    @param logins: logs new users in.
    @param clock: an L{IClock}.
    @param services: whose names people can't have.
    @param require_approval: whether an administrator has to approve of an
        account before anybody can use it; a guest's aside.
    """

    def __init__(
        self,
        hostname: str,
        store: IAccountStore,
        logins: Logins,
        clock: IClock,
        services: ApplicationServices,
        require_approval: bool = False,
    ) -> None:
        self._hostname = hostname
        self._store = store
        self._logins = logins
        self._clock = clock
        self._services = services
        self._require_approval = require_approval

    def check_username(self, localpart: str) -> "Deferred[None]":
        """
        Whether an account with this name could be made now.

        @param localpart: the name, lower-cased already.
        @return: fires with C{None}; errs with L{MatrixError} 400
            C{M_INVALID_USERNAME}, C{M_EXCLUSIVE} or C{M_USER_IN_USE}.
        """
        try:
            self.check_form(localpart)
        except MatrixError:
            return fail()
        found = self._store.get_users_by_id_case_insensitive(self._user_id(localpart))
        return found.addCallback(_refuse_taken)

    def check_form(self, localpart: str) -> None:
        """
        Whether anybody could have this name, were it free.

        @raise MatrixError: 400 C{M_INVALID_USERNAME} or C{M_EXCLUSIVE}.
        """
        self._check_name(localpart, None)

    def _check_name(self, localpart: str, appservice_id: Optional[str]) -> None:
        check_new_localpart(localpart, self._hostname, appservice_id is not None)
        owner = self._services.owner_of(self._user_id(localpart))
        if owner is not None and owner.id != appservice_id:
            raise MatrixError(
                400, "The name belongs to an application service", Codes.EXCLUSIVE
            )

    @inlineCallbacks
    def register_user(
        self,
        localpart: Optional[str] = None,
        password_hash: Optional[str] = None,
        login: Optional[LoginDetails] = None,
        admin: bool = False,
        is_guest: bool = False,
        user_type: Optional[str] = None,
        display_name: Optional[str] = None,
        approved: bool = False,
        appservice_id: Optional[str] = None,
        proved: Proved = NOTHING,
    ) -> Steps[Dict[str, Any]]:
        """
        Make an account, and log it in if that is wanted: in one transaction.

        @param localpart: its name, or C{None} to have one made up.
        @param password_hash: C{None} for no local password.
        @param login: how to log it in, or C{None} not to.
        @param is_guest: whether it is a guest: then the name is a number.
        @param display_name: the name in its profile, or C{None} for no profile.
        @param approved: whether an administrator approves of it already.
        @param appservice_id: the application service that makes it, or C{None}.
        @param proved: what else it gets, or uses up.
        @return: fires with the answer to the client; errs with L{MatrixError}
            400 C{M_INVALID_USERNAME}, C{M_USER_IN_USE} or C{M_THREEPID_IN_USE},
            401 C{M_UNAUTHORIZED} if what was proved is no good any more; and,
            when the account is made, with L{NotApprovedError} if it was to be
            logged in and has to wait.
        """
        if localpart is None:
            localpart = made_up_name(is_guest)
        else:
            self._check_name(localpart, appservice_id)
        user_id = self._user_id(localpart)
        account = NewAccount(
            user_id=user_id,
            password_hash=password_hash,
            creation_ts=self._clock.time_msec() // 1000,
            admin=admin,
            is_guest=is_guest,
            user_type=user_type,
            display_name=display_name,
            approved=approved or is_guest or not self._require_approval,
            appservice_id=appservice_id,
            consent_version=proved.consent_version,
            threepids=proved.threepids,
            registration_token=proved.registration_token,
            session_id=proved.session_id,
            now_ms=self._clock.time_msec(),
        )
        if login is not None and not account.approved:
            yield self._store.create_user(account)
            raise NotApprovedError(user_id)
        prepared = self._logins.prepare(user_id, login) if login else None
        yield self._store.create_user(account, prepared)
        if prepared is None:
            return {"user_id": user_id, "home_server": self._hostname}
        return self._logins.answer(prepared)

    @inlineCallbacks
    def register(self, localpart: Optional[str] = None) -> Steps[Tuple[str, str]]:
        """
        See L{IRegistrationHandler.register}.
        """
        answer = yield self.register_user(localpart, login=LoginDetails())
        return answer["user_id"], answer["access_token"]

    def _user_id(self, localpart: str) -> str:
        return "@%s:%s" % (localpart, self._hostname)


def _refuse_taken(accounts: Dict[str, Any]) -> None:
    if accounts:
        raise MatrixError(400, "User ID already taken.", Codes.USER_IN_USE)


def made_up_name(is_guest: bool = False) -> str:
    """
    @return: a localpart that nobody has.  Names made of digits are the guests';
        the others are letters only.
    """
    alphabet = string.digits if is_guest else string.ascii_lowercase
    return "".join(secrets.choice(alphabet) for _ in range(16))
