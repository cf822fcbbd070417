"""
What users do to their accounts as a whole: another password, an end.
"""

from typing import List, Optional, Tuple

import attr
from twisted.enterprise.adbapi import Transaction
from twisted.internet.defer import Deferred
from zope.interface import implementer

from synauth.constants import Codes
from synauth.errors import StoreError
from synauth.identifiers import UserID
from synauth.interfaces import IAccountChangeStore
from synauth.storage.ending import end_tokens
from synauth.storage.issuing import require_account, require_login
from synauth.storage.records import EndedToken, ProvedAddress
from synauth.storage.revocations import RemembersTokens
from synauth.storage.text import require_storable, storable
from synauth.storage.threepid_validation import spend
from synauth.storage.threepids import get_user_id_by_threepid


@attr.s(frozen=True, slots=True, auto_attribs=True)
class Deactivated:
    """
    What ended with an account.

    @ivar ended: its tokens.
    @ivar threepids: its addresses: C{(medium, address)}.
    """

    ended: List[EndedToken]
    threepids: List[Tuple[str, str]]


@implementer(IAccountChangeStore)
class AccountChangeStore(RemembersTokens):
    """
    Changes of accounts in a database, each in one transaction.
    """

    def change_password(
        self,
        user_id: str,
        password_hash: str,
        end_logins: bool = True,
        except_token_id: Optional[int] = None,
        except_device_id: Optional[str] = None,
        even_locked: bool = False,
    ) -> "Deferred[List[EndedToken]]":
        """
        See L{IAccountChangeStore.change_password}.
        """
        return self._write_about(
            user_id,
            _change_password,
            user_id,
            password_hash,
            end_logins,
            except_token_id,
            except_device_id,
            even_locked,
        )

    def reset_password(
        self,
        user_id: str,
        password_hash: str,
        end_logins: bool,
        proved: ProvedAddress,
        now_ms: int,
    ) -> "Deferred[List[EndedToken]]":
        """
        See L{IAccountChangeStore.reset_password}.
        """
        return self._write_about(
            user_id,
            _reset_password,
            user_id,
            password_hash,
            end_logins,
            proved,
            now_ms,
        )

    def deactivate_account(
        self, user_id: str, erase: bool = False, access_token_id: Optional[int] = None
    ) -> "Deferred[Deactivated]":
        """
        See L{IAccountChangeStore.deactivate_account}.
        """
        return self._write_about(user_id, _deactivate, user_id, erase, access_token_id)


def _change_password(
    txn: Transaction,
    user_id: str,
    password_hash: str,
    end_logins: bool,
    except_token_id: Optional[int],
    except_device_id: Optional[str],
    even_locked: bool,
) -> List[EndedToken]:
    require_storable(password_hash)
    require_login(txn, except_token_id)
    # A deactivated account must not get a password again.
    require_account(txn, user_id, even_locked)
    txn.execute(
        "UPDATE users SET password_hash = ? WHERE name = ?", (password_hash, user_id)
    )
    if not end_logins:
        return []
    _delete_devices_but(txn, user_id, except_device_id)
    return end_tokens(txn, user_id, except_token_id=except_token_id)


def _reset_password(
    txn: Transaction,
    user_id: str,
    password_hash: str,
    end_logins: bool,
    proved: ProvedAddress,
    now_ms: int,
) -> List[EndedToken]:
    if get_user_id_by_threepid(txn, proved.medium, proved.address) != user_id:
        raise StoreError(403, "The address is not the account's", Codes.FORBIDDEN)
    if not spend(txn, proved, now_ms):
        raise StoreError(
            403, "The proof of the address was used already", Codes.FORBIDDEN
        )
    return _change_password(txn, user_id, password_hash, end_logins, None, None, False)


def _delete_devices_but(
    txn: Transaction, user_id: str, device_id: Optional[str]
) -> None:
    if device_id is None:
        txn.execute("DELETE FROM devices WHERE user_id = ?", (user_id,))
    else:
        txn.execute(
            "DELETE FROM devices WHERE user_id = ? AND device_id <> ?",
            (user_id, device_id),
        )


def _deactivate(
    txn: Transaction, user_id: str, erase: bool, access_token_id: Optional[int]
) -> Deactivated:
    require_login(txn, access_token_id)
    if not storable(user_id):
        raise _unknown_user()
    txn.execute(
        "UPDATE users SET deactivated = ?, password_hash = NULL WHERE name = ?",
        (1, user_id),
    )
    if txn.rowcount == 0:
        raise _unknown_user()
    txn.execute(
        "SELECT medium, address FROM user_threepids WHERE user_id = ?"
        " ORDER BY medium, address",
        (user_id,),
    )
    threepids = [(medium, address) for medium, address in txn.fetchall()]
    txn.execute("DELETE FROM user_threepids WHERE user_id = ?", (user_id,))
    ended = end_tokens(txn, user_id)
    _delete_devices_but(txn, user_id, None)
    if erase:
        _erase(txn, user_id)
    return Deactivated(ended, threepids)


def _erase(txn: Transaction, user_id: str) -> None:
    txn.execute(
        "DELETE FROM profiles WHERE user_id = ?",
        (UserID.from_string(user_id).localpart,),
    )
    txn.execute("SELECT 1 FROM erased_users WHERE user_id = ?", (user_id,))
    if txn.fetchone() is None:
        txn.execute("INSERT INTO erased_users (user_id) VALUES (?)", (user_id,))


def _unknown_user() -> StoreError:
    return StoreError(404, "Unknown user", Codes.NOT_FOUND)
