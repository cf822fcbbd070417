"""
What a module can ask and do about accounts.
"""

from typing import Any, Dict, Iterable, List, Optional, Tuple

from twisted.internet.defer import Deferred, inlineCallbacks

from synauth.awaiting import Steps
from synauth.identifiers import UserID, qualify
from synauth.interfaces import IModuleHost
from synauth.providers.userinfo import ProfileInfo, UserInfo, text_of


class AccountMembers:
    """
    The members of L{synauth.interfaces.IFullModuleApi} about accounts.
    """

    _host: IModuleHost

    def get_qualified_user_id(self, username: str) -> str:
        """
        See L{synauth.interfaces.IModuleApi.get_qualified_user_id}.
        """
        return qualify(username, self._host.hostname)

    def is_mine(self, id: Any) -> bool:
        """
        See L{synauth.interfaces.IFullModuleApi.is_mine}.
        """
        # As Synapse does: what is no id at all is nobody's.
        return text_of(id).partition(":")[2] == self._host.hostname

    def check_user_exists(self, user_id: str) -> "Deferred[Optional[str]]":
        """
        See L{synauth.interfaces.IModuleApi.check_user_exists}.
        """
        return self._host.check_user_exists(
            self.get_qualified_user_id(text_of(user_id))
        )

    def check_username(self, username: str) -> "Deferred[None]":
        """
        See L{synauth.interfaces.IFullModuleApi.check_username}.
        """
        return self._host.check_username(username)

    @inlineCallbacks
    def register_user(
        self,
        localpart: str,
        displayname: Optional[str] = None,
        emails: Optional[Iterable[str]] = None,
        admin: bool = False,
    ) -> Steps[str]:
        """
        See L{synauth.interfaces.IModuleApi.register_user}.  Without a display
        name the user is called by the localpart.

        @param emails: addresses that the module knows to be the user's.
        """
        name = localpart if displayname is None else displayname
        user_id = yield self._host.register_user(localpart, name, admin)
        for email in emails or ():
            yield self._host.add_threepid(
                user_id, "email", email, self._host.clock.time_msec()
            )
        return user_id

    @inlineCallbacks
    def register(
        self,
        localpart: str,
        displayname: Optional[str] = None,
        emails: Optional[Iterable[str]] = None,
    ) -> Steps[Tuple[str, str]]:
        """
        See L{synauth.interfaces.IModuleApi.register}.
        """
        user_id = yield self.register_user(localpart, displayname, emails)
        login = yield self._host.log_in(user_id)
        return user_id, login["access_token"]

    @inlineCallbacks
    def get_userinfo_by_id(self, user_id: str) -> Steps[Optional[UserInfo]]:
        """
        See L{synauth.interfaces.IFullModuleApi.get_userinfo_by_id}.
        """
        found = yield self._host.store.get_userinfo(text_of(user_id))
        if found is None:
            return None
        return UserInfo(
            user_id=UserID.from_string(found.user_id),
            creation_ts=found.creation_ts,
            user_type=found.user_type,
            is_admin=found.admin,
            is_guest=found.is_guest,
            is_deactivated=found.deactivated,
            approved=found.approved,
            locked=found.locked,
            suspended=found.suspended,
        )

    @inlineCallbacks
    def is_user_admin(self, user_id: str) -> Steps[bool]:
        """
        See L{synauth.interfaces.IFullModuleApi.is_user_admin}.
        """
        found = yield self._host.store.get_userinfo(text_of(user_id))
        return found is not None and found.admin

    def set_user_admin(self, user_id: str, admin: bool) -> "Deferred[None]":
        """
        See L{synauth.interfaces.IFullModuleApi.set_user_admin}.
        """
        return self._host.store.set_server_admin(text_of(user_id), admin)

    @inlineCallbacks
    def get_profile_for_user(self, localpart: str) -> Steps[ProfileInfo]:
        """
        See L{synauth.interfaces.IFullModuleApi.get_profile_for_user}.
        """
        found = yield self._host.store.get_profile(localpart)
        if found is None:
            return ProfileInfo(None, None)
        return ProfileInfo(found.avatar_url, found.display_name)

    def set_displayname(
        self, user_id: UserID, new_displayname: str, deactivation: bool = False
    ) -> "Deferred[None]":
        """
        See L{synauth.interfaces.IFullModuleApi.set_displayname}.
        """
        user = UserID.from_string(text_of(user_id))
        # An empty name is how a client says that it wants none.
        return self._host.store.set_profile_displayname(
            user.localpart, new_displayname or None
        )

    @inlineCallbacks
    def get_threepids_for_user(self, user_id: str) -> Steps[List[Dict[str, Any]]]:
        """
        See L{synauth.interfaces.IFullModuleApi.get_threepids_for_user}.
        """
        found = yield self._host.store.user_get_threepids(text_of(user_id))
        return [
            {
                "medium": threepid.medium,
                "address": threepid.address,
                "validated_at": threepid.validated_at,
                "added_at": threepid.added_at,
            }
            for threepid in found
        ]

    def record_user_external_id(
        self, auth_provider_id: str, remote_user_id: str, registered_user_id: str
    ) -> "Deferred[None]":
        """
        See L{synauth.interfaces.IFullModuleApi.record_user_external_id}.
        """
        return self._host.store.record_user_external_id(
            auth_provider_id, remote_user_id, registered_user_id
        )
