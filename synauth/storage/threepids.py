"""
The addresses of accounts.  They are added by L{synauth.storage.accounts}.
"""

from typing import List, Optional

import attr
from twisted.enterprise.adbapi import Transaction
from twisted.internet.defer import Deferred
from zope.interface import implementer

from synauth.constants import Codes
from synauth.errors import StoreError
from synauth.interfaces import IDatabase, IThreepidStore
from synauth.storage.issuing import require_account, require_login
from synauth.storage.records import ProvedAddress
from synauth.storage.text import require_storable, storable
from synauth.storage.threepid_validation import spend


@attr.s(frozen=True, slots=True, auto_attribs=True)
class Threepid:
    """
    An address that is bound to an account.

    @ivar medium: C{"email"} or C{"msisdn"}.
    @ivar validated_at: when its owner proved that it is theirs, in ms.
    @ivar added_at: when it was bound, in ms.
    """

    medium: str
    address: str
    validated_at: int
    added_at: int


@implementer(IThreepidStore)
class ThreepidStore:
    """
    Addresses in a database.
    """

    _database: IDatabase

    def get_user_id_by_threepid(
        self, medium: str, address: str
    ) -> "Deferred[Optional[str]]":
        """
        See L{IThreepidStore.get_user_id_by_threepid}.
        """
        return self._database.read(get_user_id_by_threepid, medium, address)

    def user_get_threepids(self, user_id: str) -> "Deferred[List[Threepid]]":
        """
        See L{IThreepidStore.user_get_threepids}.
        """
        return self._database.read(_get_threepids, user_id)

    def add_threepid_unless_taken(
        self,
        user_id: str,
        proved: ProvedAddress,
        added_at: int,
        access_token_id: Optional[int] = None,
    ) -> "Deferred[bool]":
        """
        See L{IThreepidStore.add_threepid_unless_taken}.
        """
        return self._database.write(
            _add_unless_taken, user_id, proved, added_at, access_token_id
        )

    def user_delete_threepid(
        self, user_id: str, medium: str, address: str
    ) -> "Deferred[bool]":
        """
        See L{IThreepidStore.user_delete_threepid}.
        """
        return self._database.write(_delete_threepid, user_id, medium, address)


def get_user_id_by_threepid(
    txn: Transaction, medium: str, address: str
) -> Optional[str]:
    """
    See L{IThreepidStore.get_user_id_by_threepid}.
    """
    if not (storable(medium) and storable(address)):
        return None
    txn.execute(
        "SELECT user_id FROM user_threepids WHERE medium = ? AND address = ?",
        (medium, address),
    )
    row = txn.fetchone()
    return None if row is None else row[0]


def _get_threepids(txn: Transaction, user_id: str) -> List[Threepid]:
    if not storable(user_id):
        return []
    txn.execute(
        "SELECT medium, address, validated_at, added_at FROM user_threepids"
        " WHERE user_id = ? ORDER BY added_at, medium, address",
        (user_id,),
    )
    return [Threepid(*row) for row in txn.fetchall()]


def _add_unless_taken(
    txn: Transaction,
    user_id: str,
    proved: ProvedAddress,
    added_at: int,
    access_token_id: Optional[int],
) -> bool:
    medium, address = proved.medium, proved.address
    require_storable(medium, address)
    require_login(txn, access_token_id)
    require_account(txn, user_id)
    owner = get_user_id_by_threepid(txn, medium, address)
    if owner not in (None, user_id):
        return False
    if not spend(txn, proved, added_at):
        raise StoreError(
            400,
            "The address was proved for something else",
            Codes.THREEPID_AUTH_FAILED,
        )
    if owner is None:
        txn.execute(
            "INSERT INTO user_threepids"
            " (user_id, medium, address, validated_at, added_at)"
            " VALUES (?, ?, ?, ?, ?)",
            (user_id, medium, address, proved.validated_at, added_at),
        )
    else:
        txn.execute(
            "UPDATE user_threepids SET validated_at = ?"
            " WHERE medium = ? AND address = ?",
            (proved.validated_at, medium, address),
        )
    return True


def _delete_threepid(txn: Transaction, user_id: str, medium: str, address: str) -> bool:
    if not all(map(storable, (user_id, medium, address))):
        return False
    txn.execute(
        "DELETE FROM user_threepids WHERE user_id = ? AND medium = ? AND address = ?",
        (user_id, medium, address),
    )
    deleted: int = txn.rowcount
    return deleted > 0
