"""
Devices, as the handler asks for them.
"""

from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from synauth.homeserver.devices import DeviceHandler, NoPushers, new_device_id
from synauth.interfaces import IDeviceHandler, IPusherPool
from synauth.storage.records import NewAccount
from tests.storage.fixtures import inline_store

ALICE = "@alice:example.org"


class DeviceHandlerTests(SynchronousTestCase):
    """
    L{DeviceHandler}.
    """

    def setUp(self) -> None:
        """
        Make an account.
        """
        self.store = inline_store(self)
        account = NewAccount(ALICE, None, 1500000000)
        self.successResultOf(self.store.create_user(account))
        self.handler = DeviceHandler(self.store)

    def name_of(self, device_id: str) -> object:
        """
        @return: a device's name.
        """
        device = self.successResultOf(self.store.get_device(ALICE, device_id))
        return device.display_name

    def test_interface(self) -> None:
        """
        It provides what it says that it provides.
        """
        verifyObject(IDeviceHandler, self.handler)

    def test_made(self) -> None:
        """
        A device that is not there is made; one that is keeps its name.
        """
        for name in ("Phone", "Other"):
            registered = self.handler.check_device_registered(ALICE, "PHONE", name)
            self.assertEqual(self.successResultOf(registered), "PHONE")
        self.assertEqual(self.name_of("PHONE"), "Phone")

    def test_made_up(self) -> None:
        """
        A device without an id gets one.
        """
        device_id = self.successResultOf(
            self.handler.check_device_registered(ALICE, None)
        )
        self.assertRegex(device_id, r"\A[A-Z]{10}\Z")
        self.assertIsNone(self.name_of(device_id))

    def test_ids(self) -> None:
        """
        No two devices get the same id.
        """
        self.assertEqual(len({new_device_id() for _ in range(100)}), 100)


class NoPushersTests(SynchronousTestCase):
    """
    L{NoPushers}.
    """

    def test_nothing(self) -> None:
        """
        There is nothing to remove, and that is no error.
        """
        pushers = NoPushers()
        verifyObject(IPusherPool, pushers)
        self.assertIsNone(pushers.remove_pushers_by_user(ALICE, 1))
