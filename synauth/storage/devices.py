"""
Devices.
"""

from typing import Iterable, List, Optional

from twisted.enterprise.adbapi import Transaction
from twisted.internet.defer import Deferred
from zope.interface import implementer

from synauth.constants import Codes
from synauth.errors import StoreError
from synauth.interfaces import IDeviceStore
from synauth.storage.ending import end_tokens
from synauth.storage.records import Device, EndedToken, NewLogin
from synauth.storage.revocations import RemembersTokens
from synauth.storage.text import cleaned, require_storable, storable

_DEVICE = """
    SELECT user_id, device_id, display_name, last_seen, ip, user_agent
    FROM devices WHERE """


@implementer(IDeviceStore)
class DeviceStore(RemembersTokens):
    """
    Devices in a database.
    """

    def get_device(self, user_id: str, device_id: str) -> "Deferred[Optional[Device]]":
        """
        See L{IDeviceStore.get_device}.
        """
        return self._database.read(_get_device, user_id, device_id)

    def get_devices_by_user(self, user_id: str) -> "Deferred[List[Device]]":
        """
        See L{IDeviceStore.get_devices_by_user}.
        """
        return self._database.read(_get_devices, user_id)

    def update_device(
        self, user_id: str, device_id: str, display_name: Optional[str] = None
    ) -> "Deferred[bool]":
        """
        See L{IDeviceStore.update_device}.
        """
        return self._database.write(_update_device, user_id, device_id, display_name)

    def record_device_seen(
        self,
        user_id: str,
        device_id: str,
        seen_ms: int,
        ip: Optional[str],
        user_agent: Optional[str],
    ) -> "Deferred[None]":
        """
        See L{IDeviceStore.record_device_seen}.
        """
        return self._database.write(
            _record_seen, user_id, device_id, seen_ms, ip, user_agent
        )

    def store_device(
        self, user_id: str, device_id: str, display_name: Optional[str] = None
    ) -> "Deferred[bool]":
        """
        See L{IDeviceStore.store_device}.
        """
        return self._database.write(_store_device, user_id, device_id, display_name)

    def delete_devices(
        self, user_id: str, device_ids: Iterable[str]
    ) -> "Deferred[List[EndedToken]]":
        """
        See L{IDeviceStore.delete_devices}.
        """
        return self._write_about(user_id, _delete_devices, user_id, list(device_ids))

    def delete_all_devices(self, user_id: str) -> "Deferred[List[EndedToken]]":
        """
        See L{IDeviceStore.delete_all_devices}.
        """
        return self._write_about(user_id, _delete_all_devices, user_id)


def record_device(txn: Transaction, login: NewLogin) -> None:
    """
    Note that a device has logged in; make it if it is new.

    @param login: one with a device.
    @raise StoreError: 403 C{M_RESOURCE_LIMIT_EXCEEDED} if the account has as many
        as it may.
    """
    seen = (login.now_ms, cleaned(login.ip), cleaned(login.user_agent))
    txn.execute(
        "UPDATE devices SET last_seen = ?, ip = ?, user_agent = ?"
        " WHERE user_id = ? AND device_id = ?",
        seen + (login.user_id, login.device_id),
    )
    if txn.rowcount == 0:
        _require_room(txn, login)
        txn.execute(
            "INSERT INTO devices"
            " (last_seen, ip, user_agent, user_id, device_id, display_name)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            seen + (login.user_id, login.device_id, login.display_name),
        )


def _require_room(txn: Transaction, login: NewLogin) -> None:
    if login.max_devices is None:
        return
    txn.execute(
        "SELECT 1 FROM devices WHERE user_id = ? LIMIT 1 OFFSET ?",
        (login.user_id, login.max_devices - 1),
    )
    if txn.fetchone() is not None:
        raise StoreError(
            403,
            "This account has %d devices, as many as it may: log one of them out, or"
            " log in with the device_id of one" % (login.max_devices,),
            Codes.RESOURCE_LIMIT_EXCEEDED,
        ).because("too_many_devices")


def _get_device(txn: Transaction, user_id: str, device_id: str) -> Optional[Device]:
    if not (storable(user_id) and storable(device_id)):
        return None
    txn.execute(_DEVICE + "user_id = ? AND device_id = ?", (user_id, device_id))
    row = txn.fetchone()
    return None if row is None else Device(*row)


def _get_devices(txn: Transaction, user_id: str) -> List[Device]:
    if not storable(user_id):
        return []
    txn.execute(_DEVICE + "user_id = ? ORDER BY device_id", (user_id,))
    return [Device(*row) for row in txn.fetchall()]


def _update_device(
    txn: Transaction, user_id: str, device_id: str, display_name: Optional[str]
) -> bool:
    if display_name is not None:
        require_storable(display_name)
    if _get_device(txn, user_id, device_id) is None:
        return False
    if display_name is not None:
        txn.execute(
            "UPDATE devices SET display_name = ? WHERE user_id = ? AND device_id = ?",
            (display_name, user_id, device_id),
        )
    return True


def _record_seen(
    txn: Transaction,
    user_id: str,
    device_id: str,
    seen_ms: int,
    ip: Optional[str],
    user_agent: Optional[str],
) -> None:
    require_storable(user_id, device_id)
    txn.execute(
        "UPDATE devices SET last_seen = ?, ip = ?, user_agent = ?"
        " WHERE user_id = ? AND device_id = ?",
        (seen_ms, cleaned(ip), cleaned(user_agent), user_id, device_id),
    )


def _store_device(
    txn: Transaction, user_id: str, device_id: str, display_name: Optional[str]
) -> bool:
    require_storable(user_id, device_id, display_name)
    if _get_device(txn, user_id, device_id) is not None:
        return False
    txn.execute(
        "INSERT INTO devices (user_id, device_id, display_name) VALUES (?, ?, ?)",
        (user_id, device_id, display_name),
    )
    return True


def _delete_devices(
    txn: Transaction, user_id: str, device_ids: List[str]
) -> List[EndedToken]:
    ended: List[EndedToken] = []
    for device_id in device_ids:
        if storable(user_id) and storable(device_id):
            ended.extend(end_tokens(txn, user_id, device_id))
            txn.execute(
                "DELETE FROM devices WHERE user_id = ? AND device_id = ?",
                (user_id, device_id),
            )
    return ended


def _delete_all_devices(txn: Transaction, user_id: str) -> List[EndedToken]:
    if not storable(user_id):
        return []
    txn.execute("DELETE FROM devices WHERE user_id = ?", (user_id,))
    return end_tokens(txn, user_id)
