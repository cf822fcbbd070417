"""
What users call themselves.
"""

from typing import Optional

import attr
from twisted.enterprise.adbapi import Transaction
from twisted.internet.defer import Deferred
from zope.interface import implementer

from synauth.interfaces import IDatabase, IProfileStore
from synauth.storage.text import require_storable, storable


@attr.s(frozen=True, slots=True, auto_attribs=True)
class Profile:
    """
    A profile; each half may be C{None}.
    """

    display_name: Optional[str]
    avatar_url: Optional[str]


@implementer(IProfileStore)
class ProfileStore:
    """
    Profiles in a database.
    """

    _database: IDatabase

    def get_profile(self, localpart: str) -> "Deferred[Optional[Profile]]":
        """
        See L{IProfileStore.get_profile}.
        """
        return self._database.read(_get_profile, localpart)

    def set_profile_displayname(
        self, localpart: str, displayname: Optional[str]
    ) -> "Deferred[None]":
        """
        See L{IProfileStore.set_profile_displayname}.
        """
        return self._database.write(_set, "displayname", localpart, displayname)

    def set_profile_avatar_url(
        self, localpart: str, avatar_url: Optional[str]
    ) -> "Deferred[None]":
        """
        See L{IProfileStore.set_profile_avatar_url}.
        """
        return self._database.write(_set, "avatar_url", localpart, avatar_url)


def _get_profile(txn: Transaction, localpart: str) -> Optional[Profile]:
    if not storable(localpart):
        return None
    txn.execute(
        "SELECT displayname, avatar_url FROM profiles WHERE user_id = ?", (localpart,)
    )
    row = txn.fetchone()
    return None if row is None else Profile(*row)


def _set(txn: Transaction, column: str, localpart: str, value: Optional[str]) -> None:
    require_storable(localpart, value)
    txn.execute(
        "UPDATE profiles SET %s = ? WHERE user_id = ?" % (column,), (value, localpart)
    )
    if txn.rowcount == 0:
        txn.execute(
            "INSERT INTO profiles (%s, user_id) VALUES (?, ?)" % (column,),
            (value, localpart),
        )
