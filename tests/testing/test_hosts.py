"""
The homeserver in memory.
"""

from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from synauth.errors import MatrixError
from synauth.interfaces import (
    IAuthStore,
    IClock,
    IDeviceHandler,
    IHandlerConfig,
    IHandlers,
    IHomeServer,
    IIdentityHandler,
    IMacaroonAuth,
    IPusherPool,
    IRegistrationHandler,
    ISimpleHttpClient,
)
from synauth.testing.hosts import STYLES, MemoryHomeServer, in_style
from synauth.testing.passwords import ALICE


class MemoryHomeServerTests(SynchronousTestCase):
    """
    The host that these tests use.
    """

    def test_interfaces(self) -> None:
        """
        It provides what L{AuthHandler} needs, in each style.
        """
        for style in STYLES:
            hs = MemoryHomeServer(style)
            for interface, provider in (
                (IHomeServer, hs),
                (IHandlerConfig, hs.config),
                (IClock, hs.get_clock()),
                (IAuthStore, hs.get_datastore()),
                (IDeviceHandler, hs.get_device_handler()),
                (IHandlers, hs.get_handlers()),
                (IIdentityHandler, hs.get_handlers().identity_handler),
                (IRegistrationHandler, hs.get_handlers().registration_handler),
                (ISimpleHttpClient, hs.get_simple_http_client()),
                (IMacaroonAuth, hs.get_auth()),
                (IPusherPool, hs.get_pusherpool()),
            ):
                verifyObject(interface, provider)

    def test_unknown_style(self) -> None:
        """
        There are three styles.
        """
        self.assertRaises(ValueError, MemoryHomeServer, "callback")
        self.assertRaises(ValueError, in_style, "callback", dict)

    def test_devices(self) -> None:
        """
        A device that has no id gets one, and a known one keeps its name.
        """
        devices = MemoryHomeServer().devices
        made = devices.check_device_registered(ALICE, None, "New")
        self.assertEqual(devices.devices, {(ALICE, made): "New"})
        devices.check_device_registered(ALICE, made, "Other")
        self.assertEqual(devices.devices, {(ALICE, made): "New"})

    def test_registration(self) -> None:
        """
        An account that has no name gets one; a name that is taken is refused.
        """
        hs = MemoryHomeServer()
        registration = hs.get_handlers().registration_handler
        made, _ = registration.register()
        self.assertIn(made, hs.store.users)
        localpart = made[1:].split(":")[0].upper()
        error = self.assertRaises(MatrixError, registration.register, localpart)
        self.assertEqual((error.code, error.errcode), (400, "M_USER_IN_USE"))

    def test_tokens_of_a_device(self) -> None:
        """
        Tokens of one device can be ended alone.
        """
        store = MemoryHomeServer().store
        for device_id in ("A", "B"):
            store.add_access_token_to_user(ALICE, "token", device_id)
        store.user_delete_access_tokens(ALICE, device_id="A")
        self.assertEqual(store.access_tokens, [(2, ALICE, "token", "B")])
