"""
Who users are elsewhere.
"""

from typing import List, Optional, Tuple

from twisted.enterprise.adbapi import Transaction
from twisted.internet.defer import Deferred
from zope.interface import implementer

from synauth.errors import StoreError
from synauth.interfaces import IDatabase, IExternalIdStore
from synauth.storage.text import require_storable, storable


@implementer(IExternalIdStore)
class ExternalIdStore:
    """
    External ids in a database.
    """

    _database: IDatabase

    def record_user_external_id(
        self, auth_provider: str, external_id: str, user_id: str
    ) -> "Deferred[None]":
        """
        See L{IExternalIdStore.record_user_external_id}.
        """
        return self._database.write(_record, auth_provider, external_id, user_id)

    def get_external_ids_by_user(
        self, user_id: str
    ) -> "Deferred[List[Tuple[str, str]]]":
        """
        See L{IExternalIdStore.get_external_ids_by_user}.
        """
        return self._database.read(_get_external_ids, user_id)

    def get_user_by_external_id(
        self, auth_provider: str, external_id: str
    ) -> "Deferred[Optional[str]]":
        """
        See L{IExternalIdStore.get_user_by_external_id}.
        """
        return self._database.read(_get_user, auth_provider, external_id)


def _record(
    txn: Transaction, auth_provider: str, external_id: str, user_id: str
) -> None:
    require_storable(auth_provider, external_id, user_id)
    owner = _get_user(txn, auth_provider, external_id)
    if owner is None:
        txn.execute(
            "INSERT INTO user_external_ids (auth_provider, external_id, user_id)"
            " VALUES (?, ?, ?)",
            (auth_provider, external_id, user_id),
        )
    elif owner != user_id:
        raise StoreError(400, "That external id is another user's already")


def _get_external_ids(txn: Transaction, user_id: str) -> List[Tuple[str, str]]:
    if not storable(user_id):
        return []
    txn.execute(
        "SELECT auth_provider, external_id FROM user_external_ids"
        " WHERE user_id = ? ORDER BY auth_provider, external_id",
        (user_id,),
    )
    return [
        (auth_provider, external_id) for auth_provider, external_id in txn.fetchall()
    ]


def _get_user(txn: Transaction, auth_provider: str, external_id: str) -> Optional[str]:
    if not (storable(auth_provider) and storable(external_id)):
        return None
    txn.execute(
        "SELECT user_id FROM user_external_ids"
        " WHERE auth_provider = ? AND external_id = ?",
        (auth_provider, external_id),
    )
    row = txn.fetchone()
    return None if row is None else row[0]
