"""
Who makes a request.
"""

from twisted.internet.defer import Deferred, fail, inlineCallbacks

from synauth.account_state import account_gate, not_while_suspended
from synauth.awaiting import Steps
from synauth.constants import Codes
from synauth.errors import AuthError, MatrixError
from synauth.homeserver.application_services import ApplicationService
from synauth.homeserver.logins import Requester
from synauth.homeserver.server import HomeServer
from synauth.web.access_token import access_token
from synauth.web.auditing import user_agent
from synauth.web.query import query_arg
from synauth.web.request import SynauthRequest

_READING = (b"GET", b"HEAD")


def get_requester(
    hs: HomeServer,
    request: SynauthRequest,
    allow_guest: bool = False,
    even_expired: bool = False,
    even_locked: bool = False,
    even_suspended: bool = False,
) -> "Deferred[Requester]":
    """
    @param allow_guest: whether guests may do this.
    @param even_expired: whether a soft-logged-out client may.
    @param even_locked: whether the user of a locked account may.
    @param even_suspended: whether a suspended user may, though it is no C{GET}.
    @return: fires with who it is, by the request's access token; errs as
        L{access_token} and L{synauth.homeserver.logins.Logins.requester}, with
        403 C{M_GUEST_ACCESS_FORBIDDEN}, and with 403 C{M_USER_SUSPENDED}.
    """
    try:
        token = access_token(request)
    except MatrixError:
        return fail()
    service = hs.application_services.by_token(token)
    if service is not None:
        found = _user_of_service(hs, request, service, even_locked)
    else:
        found = hs.logins.requester(token, even_expired, even_locked)

    def check(requester: Requester) -> Requester:
        if not even_expired:
            # Who logs out is gone before anybody could look.
            hs.last_seen.note(requester, request.client_address(), user_agent(request))
        if requester.is_guest and not allow_guest:
            raise MatrixError(
                403, "Guests may not do this", Codes.GUEST_ACCESS_FORBIDDEN
            )
        if not even_suspended and request.method not in _READING:
            not_while_suspended(requester)
        return requester

    return found.addCallback(check)


@inlineCallbacks
def _user_of_service(
    hs: HomeServer,
    request: SynauthRequest,
    service: ApplicationService,
    even_locked: bool,
) -> Steps[Requester]:
    """
    @return: fires with whom an application service acts as: C{user_id} in the
        query, by default itself (application service API, "Identity
        assertion"); errs with 403 C{M_FORBIDDEN}.
    """
    user_id = query_arg(request, "user_id") or service.sender
    if not service.is_interested_in(user_id):
        raise AuthError(403, "The application service can't act as this user")
    account = yield hs.get_datastore().get_user(user_id)
    if account is None:
        if user_id != service.sender:
            raise AuthError(403, "The application service has no such user")
        return Requester(user_id, 0, None, False, service=service)
    account_gate(account, even_locked)
    return Requester(
        user_id, 0, None, False, suspended=account.suspended, service=service
    )


@inlineCallbacks
def require_admin(hs: HomeServer, request: SynauthRequest) -> Steps[Requester]:
    """
    @return: fires with who it is, an administrator of the server; errs as
        L{get_requester}, and with 403 C{M_FORBIDDEN}.
    """
    requester = yield get_requester(hs, request)
    not_while_suspended(requester)
    if not requester.is_admin:
        raise AuthError(403, "You are not a server admin")
    return requester
