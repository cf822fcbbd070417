"""
What is known of an account, for those who manage accounts.
"""

from typing import Optional

import attr
from twisted.enterprise.adbapi import Transaction
from twisted.internet.defer import Deferred
from zope.interface import implementer

from synauth.interfaces import IUserInfoStore
from synauth.storage.administration import change_account
from synauth.storage.issuing import is_approved
from synauth.storage.revocations import RemembersTokens
from synauth.storage.text import storable


@attr.s(frozen=True, slots=True, auto_attribs=True)
class StoredUserInfo:
    """
    An account, without its secrets.

    @ivar creation_ts: B{seconds} since the epoch.
    """

    user_id: str
    creation_ts: int
    user_type: Optional[str]
    admin: bool
    is_guest: bool
    deactivated: bool
    approved: bool
    locked: bool
    suspended: bool


@implementer(IUserInfoStore)
class UserInfoStore(RemembersTokens):
    """
    Accounts in a database, seen from outside.
    """

    def get_userinfo(self, user_id: str) -> "Deferred[Optional[StoredUserInfo]]":
        """
        See L{IUserInfoStore.get_userinfo}.
        """
        return self._database.read(_get_userinfo, user_id)

    def set_server_admin(self, user_id: str, admin: bool) -> "Deferred[None]":
        """
        See L{IUserInfoStore.set_server_admin}.
        """
        return self._write_about(
            user_id, change_account, user_id, {"admin": bool(admin)}
        ).addCallback(lambda ended: None)


def _get_userinfo(txn: Transaction, user_id: str) -> Optional[StoredUserInfo]:
    if not storable(user_id):
        return None
    txn.execute(
        "SELECT name, creation_ts, user_type, admin, is_guest, deactivated,"
        " approved, locked, suspended FROM users WHERE name = ?",
        (user_id,),
    )
    row = txn.fetchone()
    if row is None:
        return None
    states = [*row[3:6], is_approved(row[6]), *row[7:]]
    return StoredUserInfo(row[0], row[1] or 0, row[2], *map(bool, states))
