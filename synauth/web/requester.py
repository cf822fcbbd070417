"""
Who makes a request.
"""

from twisted.internet.defer import inlineCallbacks

from synauth.awaiting import Steps
from synauth.constants import Codes
from synauth.errors import MatrixError
from synauth.homeserver.logins import Requester
from synauth.homeserver.server import HomeServer
from synauth.web.access_token import access_token
from synauth.web.request import SynauthRequest


@inlineCallbacks
def get_requester(
    hs: HomeServer,
    request: SynauthRequest,
    allow_guest: bool = False,
    even_expired: bool = False,
    even_locked: bool = False,
) -> Steps[Requester]:
    """
    @param allow_guest: whether guests may do this.
    @param even_expired: whether a soft-logged-out client may.
    @param even_locked: whether the user of a locked account may.
    @return: fires with who it is, by the request's access token; errs as
        L{access_token} and L{synauth.homeserver.logins.Logins.requester}, and
        with 403 C{M_GUEST_ACCESS_FORBIDDEN}.
    """
    requester = yield hs.logins.requester(
        access_token(request), even_expired, even_locked
    )
    if requester.is_guest and not allow_guest:
        raise MatrixError(403, "Guests may not do this", Codes.GUEST_ACCESS_FORBIDDEN)
    return requester
