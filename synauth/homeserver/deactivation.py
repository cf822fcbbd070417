"""
The end of an account.
"""

from typing import Any, Optional

from twisted.internet.defer import inlineCallbacks

from synauth.awaiting import Steps, awaiting
from synauth.homeserver.logins import Logins
from synauth.interfaces import IPusherPool


class Deactivation:
    """
    Takes every way in from a user, for good.

    @param store: an L{IAccountChangeStore}.
    @param logins: tells the modules which tokens have ended.
    @param pushers: an L{IPusherPool}.
    """

    def __init__(self, store: Any, logins: Logins, pushers: IPusherPool) -> None:
        self._store = store
        self._logins = logins
        self._pushers = pushers

    @inlineCallbacks
    def deactivate(
        self, user_id: str, erase: bool = False, access_token_id: Optional[int] = None
    ) -> Steps[bool]:
        """
        End an account: its password, tokens, devices and addresses, in one
        transaction.  Nothing happens to one that has ended already, but that it
        can still be erased.

        @param user_id: the account's own id.
        @param erase: whether its profile goes too, and it is noted that what
            the user wrote is to be forgotten.
        @param access_token_id: the login that asks, if it is a login; see
            L{synauth.interfaces.IAccountChangeStore}.
        @return: fires with whether all of its addresses were removed from the
            identity servers too: only if it had none, for nobody knows which
            servers have heard of them.  It errs with
            L{synauth.errors.StoreError} 404 if there is no such account.
        """
        deactivated = yield self._store.deactivate_account(
            user_id, erase, access_token_id
        )
        yield awaiting(self._pushers.remove_pushers_by_user, user_id)
        yield self._logins.tell_ended(deactivated.ended)
        return not deactivated.threepids
