"""
Accounts.
"""

from typing import Dict, Optional

from twisted.enterprise.adbapi import Transaction
from twisted.internet.defer import Deferred
from zope.interface import implementer

from synauth.constants import Codes
from synauth.errors import StoreError
from synauth.identifiers import UserID
from synauth.interfaces import IAccountStore, IDatabase, IEngine
from synauth.storage.issuing import get_account, record_login
from synauth.storage.records import Account, NewAccount, NewLogin, ProvedAddress
from synauth.storage.registration_tokens import use_registration_token
from synauth.storage.text import require_storable, storable
from synauth.storage.threepid_validation import spend


@implementer(IAccountStore)
class AccountStore:
    """
    Accounts in a database.
    """

    _database: IDatabase

    def create_user(
        self, account: NewAccount, login: Optional[NewLogin] = None
    ) -> "Deferred[None]":
        """
        See L{IAccountStore.create_user}.
        """
        return self._database.write(_create_user, self._database.engine, account, login)

    def get_user(self, user_id: str) -> "Deferred[Optional[Account]]":
        """
        See L{IAccountStore.get_user}.
        """
        return self._database.read(get_account, user_id)

    def get_users_by_id_case_insensitive(
        self, user_id: str
    ) -> "Deferred[Dict[str, Optional[str]]]":
        """
        See L{IAccountStore.get_users_by_id_case_insensitive}.
        """
        return self._database.read(_get_users_by_id_case_insensitive, user_id)

    def user_set_password_hash(
        self, user_id: str, password_hash: Optional[str]
    ) -> "Deferred[None]":
        """
        See L{IAccountStore.user_set_password_hash}.
        """
        return self._database.write(_set_password_hash, user_id, password_hash)

    def replace_password_hash(
        self, user_id: str, old_hash: str, new_hash: str
    ) -> "Deferred[bool]":
        """
        See L{IAccountStore.replace_password_hash}.
        """
        return self._database.write(_replace_password_hash, user_id, old_hash, new_hash)

    def user_add_threepid(
        self,
        user_id: str,
        medium: str,
        address: str,
        validated_at: int,
        added_at: int,
    ) -> "Deferred[None]":
        """
        See L{IAccountStore.user_add_threepid}.
        """
        return self._database.write(
            _add_threepid, user_id, medium, address, validated_at, added_at
        )


def _create_user(
    txn: Transaction,
    engine: IEngine,
    account: NewAccount,
    login: Optional[NewLogin],
) -> None:
    require_storable(
        account.user_id,
        account.password_hash,
        account.user_type,
        account.display_name,
    )
    if _get_users_by_id_case_insensitive(txn, account.user_id):
        raise StoreError(400, "User ID already taken.", Codes.USER_IN_USE)
    txn.execute(
        "INSERT INTO users (name, password_hash, creation_ts, admin, is_guest,"
        " user_type, deactivated, approved, appservice_id, consent_version,"
        " consent_ts) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            account.user_id,
            account.password_hash,
            account.creation_ts,
            int(account.admin),
            int(account.is_guest),
            account.user_type,
            0,
            account.approved,
            account.appservice_id,
            account.consent_version,
            account.now_ms if account.consent_version is not None else None,
        ),
    )
    if account.registration_token is not None:
        use_registration_token(
            txn, account.registration_token, account.session_id, account.now_ms
        )
    for threepid in account.threepids:
        _bind(txn, account, threepid)
    if account.display_name is not None:
        txn.execute(
            "INSERT INTO profiles (user_id, displayname) VALUES (?, ?)",
            (UserID.from_string(account.user_id).localpart, account.display_name),
        )
    if login is not None:
        record_login(txn, engine, login)


def _bind(txn: Transaction, account: NewAccount, threepid: ProvedAddress) -> None:
    """
    Use a proof up and give a new account its address.
    """
    if not spend(txn, threepid, account.now_ms):
        raise StoreError(
            401, "The address was proved for something else", Codes.UNAUTHORIZED
        )
    txn.execute(
        "SELECT user_id FROM user_threepids WHERE medium = ? AND address = ?",
        (threepid.medium, threepid.address),
    )
    if txn.fetchone() is not None:
        raise StoreError(400, "The address is in use already", Codes.THREEPID_IN_USE)
    _add_threepid(
        txn,
        account.user_id,
        threepid.medium,
        threepid.address,
        threepid.validated_at,
        account.now_ms,
    )


def _get_users_by_id_case_insensitive(
    txn: Transaction, user_id: str
) -> Dict[str, Optional[str]]:
    if not storable(user_id):
        return {}
    txn.execute(
        "SELECT name, password_hash FROM users WHERE lower(name) = lower(?)",
        (user_id,),
    )
    return dict(txn.fetchall())


def _set_password_hash(
    txn: Transaction, user_id: str, password_hash: Optional[str]
) -> None:
    require_storable(user_id, password_hash)
    txn.execute(
        "UPDATE users SET password_hash = ? WHERE name = ?", (password_hash, user_id)
    )
    if txn.rowcount == 0:
        raise StoreError(404, "Unknown user", Codes.NOT_FOUND)


def _replace_password_hash(
    txn: Transaction, user_id: str, old_hash: str, new_hash: str
) -> bool:
    require_storable(user_id, old_hash, new_hash)
    txn.execute(
        "UPDATE users SET password_hash = ? WHERE name = ? AND password_hash = ?",
        (new_hash, user_id, old_hash),
    )
    replaced: int = txn.rowcount
    return replaced > 0


def _add_threepid(
    txn: Transaction,
    user_id: str,
    medium: str,
    address: str,
    validated_at: int,
    added_at: int,
) -> None:
    require_storable(user_id, medium, address)
    binding = (user_id, validated_at, added_at, medium, address)
    txn.execute(
        "UPDATE user_threepids SET user_id = ?, validated_at = ?, added_at = ?"
        " WHERE medium = ? AND address = ?",
        binding,
    )
    if txn.rowcount == 0:
        txn.execute(
            "INSERT INTO user_threepids"
            " (user_id, validated_at, added_at, medium, address)"
            " VALUES (?, ?, ?, ?, ?)",
            binding,
        )
