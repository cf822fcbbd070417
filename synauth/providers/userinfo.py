"""
What modules are told about accounts: Synapse's records, by their names there.
"""

from typing import Any, Optional

import attr

from synauth.identifiers import UserID


@attr.s(frozen=True, slots=True, auto_attribs=True)
class UserInfo:
    """
    An account.

    @ivar appservice_id: always C{None}, as are C{consent_version} and
        C{consent_server_notice_sent}: synauth has no such thing.
    @ivar creation_ts: B{seconds} since the epoch.
    @ivar is_shadow_banned: always C{False}.
    """

    user_id: UserID
    creation_ts: int
    user_type: Optional[str]
    is_admin: bool
    is_guest: bool
    is_deactivated: bool
    approved: bool
    locked: bool
    suspended: bool
    appservice_id: Optional[str] = None
    consent_server_notice_sent: Optional[str] = None
    consent_version: Optional[str] = None
    is_shadow_banned: bool = False


@attr.s(frozen=True, slots=True, auto_attribs=True)
class ProfileInfo:
    """
    What somebody calls themselves; C{None} for what they have not said.
    """

    avatar_url: Optional[str]
    display_name: Optional[str]


@attr.s(frozen=True, slots=True, auto_attribs=True)
class Requester:
    """
    Who makes a request.

    @ivar authenticated_entity: who proved to be whom; the user's own id unless
        somebody acts for them.
    """

    user: UserID
    access_token_id: Optional[int] = None
    is_guest: bool = False
    device_id: Optional[str] = None
    authenticated_entity: Optional[str] = None


def create_requester(
    user_id: Any,
    access_token_id: Optional[int] = None,
    is_guest: bool = False,
    *args: Any,
    device_id: Optional[str] = None,
    authenticated_entity: Optional[str] = None,
    **kwargs: Any,
) -> Requester:
    """
    Make a L{Requester}.

    @param user_id: a full id, as text or as a L{UserID}.
    @param args: what Synapse knows besides; passed over, as C{kwargs}.
    """
    if not isinstance(user_id, UserID):
        user_id = UserID.from_string(user_id)
    return Requester(
        user_id,
        access_token_id,
        bool(is_guest),
        device_id,
        authenticated_entity or user_id.to_string(),
    )


def text_of(user_id: Any) -> str:
    """
    @param user_id: as text or as a L{UserID}.
    @return: the id as text.
    """
    return user_id.to_string() if isinstance(user_id, UserID) else user_id
