"""
What goes into the database and what comes out of it.
"""

from typing import Optional, Tuple

import attr


@attr.s(frozen=True, slots=True, auto_attribs=True)
class ProvedAddress:
    """
    An address, and the proof that is used up by what becomes of it.

    @ivar validated_at: since when that is known, in ms.
    @ivar session_id: of the validation.
    @ivar client_secret: its secret.
    @ivar purpose: what becomes of it, one of L{synauth.threepids}.
    @ivar server: the identity server whose session it is, C{None} for ours.
    """

    medium: str
    address: str
    validated_at: int
    session_id: str
    client_secret: str = attr.ib(repr=False)
    purpose: str
    server: Optional[str] = None


@attr.s(frozen=True, slots=True, auto_attribs=True)
class NewAccount:
    """
    An account to be made.

    @ivar creation_ts: B{seconds} since the epoch, as the table has it.
    @ivar display_name: the name in its profile, C{None} for no profile.
    @ivar approved: false for one that an administrator has to approve of.
    @ivar appservice_id: the application service whose it is, or C{None}.
    @ivar consent_version: which version of the rules its owner agrees to, or
        C{None}.
    @ivar threepids: the addresses that it has.
    @ivar registration_token: the token that it is made with, or C{None}.
    @ivar session_id: the session that holds the token.
    @ivar now_ms: the time, where one of the above is there.
    """

    user_id: str
    password_hash: Optional[str] = attr.ib(repr=False)
    creation_ts: int
    admin: bool = False
    is_guest: bool = False
    user_type: Optional[str] = None
    display_name: Optional[str] = None
    approved: bool = True
    appservice_id: Optional[str] = None
    consent_version: Optional[str] = None
    threepids: Tuple[ProvedAddress, ...] = ()
    registration_token: Optional[str] = attr.ib(default=None, repr=False)
    session_id: str = ""
    now_ms: int = 0


@attr.s(frozen=True, slots=True, auto_attribs=True)
class Account:
    """
    An account as it stands.

    @ivar approved: whether an administrator has approved of it, where that was
        asked for.
    """

    user_id: str
    password_hash: Optional[str] = attr.ib(repr=False)
    admin: bool
    is_guest: bool
    deactivated: bool
    locked: bool
    suspended: bool
    approved: bool


@attr.s(frozen=True, slots=True, auto_attribs=True)
class NewLogin:
    """
    What a login leaves behind.

    @ivar device_id: C{None} for tokens without a device.
    @ivar display_name: the device's name if it is new.
    @ivar valid_until_ms: when the access token expires, or C{None}.
    @ivar refresh_expiry_ms: when the refresh token expires, or C{None}.
    @ivar session_expiry_ms: when no refresh helps any more, or C{None}.
    @ivar now_ms: the time of the login.
    @ivar ip: the client's address.
    @ivar user_agent: what the client calls itself.
    @ivar max_devices: how many devices the account may have then, or C{None}.
    @ivar password_hash: that of the password that was given, or C{None}.
    """

    user_id: str
    device_id: Optional[str]
    access_token: str = attr.ib(repr=False)
    now_ms: int
    display_name: Optional[str] = None
    valid_until_ms: Optional[int] = None
    refresh_token: Optional[str] = attr.ib(default=None, repr=False)
    refresh_expiry_ms: Optional[int] = None
    session_expiry_ms: Optional[int] = None
    ip: Optional[str] = None
    user_agent: Optional[str] = None
    max_devices: Optional[int] = None
    password_hash: Optional[str] = attr.ib(default=None, repr=False)


@attr.s(frozen=True, slots=True, auto_attribs=True)
class TokenInfo:
    """
    Whose an access token is.

    @ivar token_id: its row id.
    @ivar user_id: as whom its holder acts.
    @ivar token_owner: whose it is: somebody else where an administrator acts as
        a user.
    @ivar valid_until_ms: when it expires, or C{None}.
    @ivar deactivated: whether either account is; so with C{locked} and
        C{approved}.
    @ivar unused_successor: whether it came from a refresh and nobody has used
        it yet.
    """

    token_id: int
    user_id: str
    device_id: Optional[str]
    valid_until_ms: Optional[int]
    is_guest: bool
    deactivated: bool
    locked: bool
    suspended: bool
    approved: bool
    is_admin: bool
    token_owner: str
    unused_successor: bool


@attr.s(frozen=True, slots=True, auto_attribs=True)
class RefreshToken:
    """
    A refresh token.

    @ivar expiry_ms: when it expires, or C{None}.
    @ivar session_expiry_ms: when its whole session does, or C{None}.
    @ivar superseded: whether its successor, or that one's access token, was
        used: then it is not good any more.
    """

    token_id: int
    user_id: str
    device_id: Optional[str]
    expiry_ms: Optional[int]
    session_expiry_ms: Optional[int]
    superseded: bool


@attr.s(frozen=True, slots=True, auto_attribs=True)
class Rotation:
    """
    New tokens for an old refresh token.
    """

    old: RefreshToken
    access_token: str = attr.ib(repr=False)
    refresh_token: str = attr.ib(repr=False)
    valid_until_ms: Optional[int]
    refresh_expiry_ms: Optional[int]


@attr.s(frozen=True, slots=True, auto_attribs=True)
class EndedToken:
    """
    An access token that is no more.
    """

    user_id: str
    device_id: Optional[str]
    token_id: int
    token: str = attr.ib(repr=False)


@attr.s(frozen=True, slots=True, auto_attribs=True)
class Device:
    """
    A device of a user.

    @ivar last_seen_ms: or C{None}.
    """

    user_id: str
    device_id: str
    display_name: Optional[str]
    last_seen_ms: Optional[int]
    ip: Optional[str]
    user_agent: Optional[str]
