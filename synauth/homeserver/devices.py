"""
Devices, as L{synauth.AuthHandler} asks for them.
"""

import secrets
import string
from typing import Optional

from twisted.internet.defer import inlineCallbacks
from zope.interface import implementer

from synauth.awaiting import Steps
from synauth.interfaces import IDeviceHandler, IDeviceStore, IPusherPool


def new_device_id() -> str:
    """
    @return: an id for a device that did not bring one: ten capital letters.
    """
    return "".join(secrets.choice(string.ascii_uppercase) for _ in range(10))


@implementer(IDeviceHandler)
class DeviceHandler:
    """
    Keeps devices.

    @param store: an L{IDeviceStore}.
    """

    def __init__(self, store: IDeviceStore) -> None:
        self._store = store

    @inlineCallbacks
    def check_device_registered(
        self,
        user_id: str,
        device_id: Optional[str],
        initial_device_display_name: Optional[str] = None,
    ) -> Steps[str]:
        """
        See L{IDeviceHandler.check_device_registered}.
        """
        known = new_device_id() if device_id is None else device_id
        yield self._store.store_device(user_id, known, initial_device_display_name)
        return known


@implementer(IPusherPool)
class NoPushers:
    """
    An authentication server pushes nothing.
    """

    def remove_pushers_by_user(
        self, user_id: str, except_token_id: Optional[int] = None
    ) -> None:
        """
        See L{IPusherPool.remove_pushers_by_user}.
        """
