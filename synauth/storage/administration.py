"""
Accounts, as an administrator looks through them and changes them.
"""

from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

import attr
from twisted.enterprise.adbapi import Transaction
from twisted.internet.defer import Deferred
from zope.interface import implementer

from synauth.constants import Codes
from synauth.errors import MatrixError, StoreError
from synauth.interfaces import IAdministrationStore, IClock, IEngine
from synauth.storage.ending import end_puppets
from synauth.storage.issuing import insert_access_token, require_account
from synauth.storage.records import EndedToken
from synauth.storage.revocations import RemembersTokens
from synauth.storage.text import require_storable, storable
from synauth.storage.user_list import ListedUser, UserQuery, get_users_paginate

# What an administrator may change.
COLUMNS = ("admin", "locked", "suspended", "approved", "user_type")


@attr.s(frozen=True, slots=True, auto_attribs=True)
class AccountDetails:
    """
    What only an administrator asks of an account.

    @ivar consent_ts: in ms, or C{None}.
    @ivar last_seen_ts: when any of its devices was, in ms, or C{None}.
    """

    appservice_id: Optional[str]
    consent_version: Optional[str]
    consent_ts: Optional[int]
    last_seen_ts: Optional[int]
    shadow_banned: bool
    erased: bool


@implementer(IAdministrationStore)
class AdministrationStore(RemembersTokens):
    """
    Accounts in a database, for administrators.
    """

    _clock: IClock

    def get_users_paginate(
        self, query: UserQuery
    ) -> "Deferred[Tuple[List[ListedUser], int]]":
        """
        See L{IAdministrationStore.get_users_paginate}.
        """
        return self._database.read(get_users_paginate, query)

    def get_account_details(self, user_id: str) -> "Deferred[Optional[AccountDetails]]":
        """
        See L{IAdministrationStore.get_account_details}.
        """
        return self._database.read(_get_account_details, user_id)

    def change_account(
        self, user_id: str, changes: Mapping[str, Any]
    ) -> "Deferred[List[EndedToken]]":
        """
        See L{IAdministrationStore.change_account}.
        """
        return self._write_about(user_id, change_account, user_id, dict(changes))

    def reactivate_account(self, user_id: str) -> "Deferred[None]":
        """
        See L{IAdministrationStore.reactivate_account}.
        """
        return self._write_about(user_id, _reactivate_account, user_id)

    def replace_external_ids(
        self, user_id: str, external_ids: Sequence[Tuple[str, str]]
    ) -> "Deferred[None]":
        """
        See L{IAdministrationStore.replace_external_ids}.
        """
        return self._database.write(_replace_external_ids, user_id, list(external_ids))

    def replace_threepids(
        self, user_id: str, threepids: Sequence[Tuple[str, str]]
    ) -> "Deferred[List[Tuple[str, str]]]":
        """
        See L{IAdministrationStore.replace_threepids}.
        """
        return self._database.write(
            _replace_threepids, user_id, list(threepids), self._clock.time_msec()
        )

    def add_puppet_token(
        self, owner: str, user_id: str, token: str, valid_until_ms: Optional[int]
    ) -> "Deferred[None]":
        """
        See L{IAdministrationStore.add_puppet_token}.
        """
        return self._write_about(
            owner,
            _add_puppet_token,
            self._database.engine,
            owner,
            user_id,
            token,
            valid_until_ms,
            self._clock.time_msec(),
        )


def _get_account_details(txn: Transaction, user_id: str) -> Optional[AccountDetails]:
    if not storable(user_id):
        return None
    txn.execute(
        "SELECT appservice_id, consent_version, consent_ts,"
        " (SELECT MAX(last_seen) FROM devices WHERE devices.user_id = users.name),"
        " shadow_banned,"
        " EXISTS (SELECT 1 FROM erased_users WHERE erased_users.user_id = users.name)"
        " FROM users WHERE name = ?",
        (user_id,),
    )
    row = txn.fetchone()
    return None if row is None else AccountDetails(*row[:4], *map(bool, row[4:]))


def change_account(
    txn: Transaction, user_id: str, changes: Dict[str, Any]
) -> List[EndedToken]:
    """
    See L{IAdministrationStore.change_account}.
    """
    require_storable(user_id, changes.get("user_type"))
    values = dict(changes)
    for column in values:
        if column not in COLUMNS:
            raise ValueError("%s is not changed here" % (column,))
    if "admin" in values:
        values["admin"] = int(values["admin"])
    txn.execute("SELECT 1 FROM users WHERE name = ?", (user_id,))
    if txn.fetchone() is None:
        raise StoreError(404, "User not found", Codes.NOT_FOUND)
    if values:
        txn.execute(
            "UPDATE users SET %s WHERE name = ?"
            % ", ".join("%s = ?" % (column,) for column in values),
            [*values.values(), user_id],
        )
    # Who is no administrator any more acts as nobody else either.
    return [] if changes.get("admin", True) else end_puppets(txn, user_id)


def _reactivate_account(txn: Transaction, user_id: str) -> None:
    require_storable(user_id)
    txn.execute("UPDATE users SET deactivated = ? WHERE name = ?", (0, user_id))
    if txn.rowcount == 0:
        raise StoreError(404, "User not found", Codes.NOT_FOUND)
    txn.execute("DELETE FROM erased_users WHERE user_id = ?", (user_id,))


def _replace_external_ids(
    txn: Transaction, user_id: str, external_ids: List[Tuple[str, str]]
) -> None:
    require_storable(user_id, *(text for pair in external_ids for text in pair))
    for pair in external_ids:
        txn.execute(
            "SELECT user_id FROM user_external_ids"
            " WHERE auth_provider = ? AND external_id = ?",
            pair,
        )
        row = txn.fetchone()
        if row is not None and row[0] != user_id:
            raise StoreError(409, "External id is already in use.")
    txn.execute("DELETE FROM user_external_ids WHERE user_id = ?", (user_id,))
    for pair in sorted(set(external_ids)):
        txn.execute(
            "INSERT INTO user_external_ids (auth_provider, external_id, user_id)"
            " VALUES (?, ?, ?)",
            (*pair, user_id),
        )


def _replace_threepids(
    txn: Transaction, user_id: str, threepids: List[Tuple[str, str]], now_ms: int
) -> List[Tuple[str, str]]:
    require_storable(user_id, *(text for pair in threepids for text in pair))
    for pair in threepids:
        txn.execute(
            "SELECT user_id FROM user_threepids WHERE medium = ? AND address = ?", pair
        )
        row = txn.fetchone()
        if row is not None and row[0] != user_id:
            raise MatrixError(
                409, "Third-party id is already in use.", Codes.THREEPID_IN_USE
            )
    txn.execute(
        "SELECT medium, address FROM user_threepids WHERE user_id = ?", (user_id,)
    )
    bound = {(medium, address) for medium, address in txn.fetchall()}
    removed = sorted(bound - set(threepids))
    for pair in removed:
        txn.execute("DELETE FROM user_threepids WHERE medium = ? AND address = ?", pair)
    for pair in sorted(set(threepids) - bound):
        txn.execute(
            "INSERT INTO user_threepids"
            " (user_id, medium, address, validated_at, added_at)"
            " VALUES (?, ?, ?, ?, ?)",
            (user_id, *pair, now_ms, now_ms),
        )
    return removed


def _add_puppet_token(
    txn: Transaction,
    engine: IEngine,
    owner: str,
    user_id: str,
    token: str,
    valid_until_ms: Optional[int],
    now_ms: int,
) -> None:
    require_storable(token)
    require_account(txn, owner)
    require_account(txn, user_id)
    insert_access_token(
        txn,
        engine,
        owner,
        None,
        token,
        now_ms,
        valid_until_ms,
        puppets_user_id=user_id,
    )
