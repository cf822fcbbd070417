"""
What L{IDeviceStore} means.
"""

from typing import Any

from twisted.internet.defer import gatherResults, inlineCallbacks

from synauth.interfaces import IDeviceStore
from synauth.storage.records import Device
from synauth.testing.storecase import (
    ALICE,
    BOB,
    NOW_MS,
    UNSTORABLE,
    Fixture,
    Steps,
    StoreTestCase,
    login_of,
    made,
)


def make_idevicestore_tests(fixture: Fixture) -> Any:
    """
    @return: the tests of L{IDeviceStore}: a class to inherit from.
    """
    return made(DeviceStoreTests, fixture)


class DeviceStoreTests(StoreTestCase):
    """
    See L{make_idevicestore_tests}.
    """

    interface = IDeviceStore

    @inlineCallbacks
    def test_store_device(self) -> Steps:
        """
        A device is made once; a second time changes nothing.
        """
        new = yield self.store.store_device(ALICE, "DEVICE", "Ph\u00f6ne \U0001f4f1")
        self.assertIs(new, True)
        new = yield self.store.store_device(ALICE, "DEVICE", "other")
        self.assertIs(new, False)
        device = yield self.store.get_device(ALICE, "DEVICE")
        self.assertEqual(
            device,
            Device(ALICE, "DEVICE", "Ph\u00f6ne \U0001f4f1", None, None, None),
        )

    @inlineCallbacks
    def test_store_device_at_once(self) -> Steps:
        """
        Of several that make one device at the same time one makes it.
        """
        made_new = yield gatherResults(
            [self.store.store_device(ALICE, "DEVICE") for _ in range(5)]
        )
        self.assertEqual(sorted(made_new), [False] * 4 + [True])

    @inlineCallbacks
    def test_device_of_login(self) -> Steps:
        """
        A login makes its device, with where it came from.
        """
        yield self.store.add_login(
            login_of("token", display_name="Phone", ip="::1", user_agent="nio")
        )
        device = yield self.store.get_device(ALICE, "DEVICE")
        self.assertEqual(device, Device(ALICE, "DEVICE", "Phone", NOW_MS, "::1", "nio"))

    @inlineCallbacks
    def test_device_of_second_login(self) -> Steps:
        """
        A login on a device that exists keeps its name and changes the rest.
        """
        yield self.store.store_device(ALICE, "DEVICE", "Phone")
        yield self.store.add_login(login_of("token", display_name="other", ip="::2"))
        device = yield self.store.get_device(ALICE, "DEVICE")
        self.assertEqual(device, Device(ALICE, "DEVICE", "Phone", NOW_MS, "::2", None))

    @inlineCallbacks
    def test_too_many_devices(self) -> Steps:
        """
        Where an account may have so many devices, a login that would make one more
        is refused and leaves nothing behind; on one that is there it is not.
        """
        yield self.store.store_device(BOB, "BOBS")
        for number in range(2):
            name = "D%d" % number
            yield self.store.add_login(login_of(name, device_id=name, max_devices=2))
        yield self.assert_refused(
            self.store.add_login(login_of("more", device_id="E", max_devices=2)),
            403,
            "M_RESOURCE_LIMIT_EXCEEDED",
        )
        yield self.assert_tokens("D0 D1", "more")
        yield self.store.add_login(login_of("again", device_id="D1", max_devices=2))
        # The limit may have been higher before.
        yield self.assert_refused(
            self.store.add_login(login_of("more", device_id="E", max_devices=1)),
            403,
            "M_RESOURCE_LIMIT_EXCEEDED",
        )
        yield self.store.delete_devices(ALICE, ["D0"])
        yield self.store.add_login(login_of("more", device_id="E", max_devices=2))
        yield self.assert_tokens("again more", "D0 D1")

    @inlineCallbacks
    def test_unknown_device(self) -> Steps:
        """
        Nothing is found for a device that does not exist, that is somebody
        else's, or that could not be kept.
        """
        yield self.store.store_device(ALICE, "DEVICE")
        for user_id, device_id in [
            (ALICE, "OTHER"),
            (ALICE, "device"),
            (BOB, "DEVICE"),
        ]:
            found = yield self.store.get_device(user_id, device_id)
            self.assertIsNone(found)
        for text in UNSTORABLE:
            for user_id, device_id in [(ALICE, text), (text, "DEVICE")]:
                found = yield self.store.get_device(user_id, device_id)
                self.assertIsNone(found)

    @inlineCallbacks
    def test_store_unstorable(self) -> Steps:
        """
        A device id or name that can't be kept is the client's mistake.
        """
        for text in UNSTORABLE:
            for args in [(text, "D"), (ALICE, text), (ALICE, "D", text)]:
                yield self.assert_refused(
                    self.store.store_device(*args), 400, "M_INVALID_PARAM"
                )

    @inlineCallbacks
    def test_devices_by_user(self) -> Steps:
        """
        All devices of a user are found, by their ids, and nobody else's.
        """
        for device_id in ("B", "A"):
            yield self.store.store_device(ALICE, device_id)
        yield self.store.store_device(BOB, "C")
        found = yield self.store.get_devices_by_user(ALICE)
        self.assertEqual([each.device_id for each in found], ["A", "B"])
        self.assertEqual(found[0], Device(ALICE, "A", None, None, None, None))
        for user_id in ("@nobody:example.org",) + UNSTORABLE:
            found = yield self.store.get_devices_by_user(user_id)
            self.assertEqual(found, [])

    @inlineCallbacks
    def test_update_device(self) -> Steps:
        """
        A device is given another name, or none and keeps it; it is told
        whether there is one.
        """
        yield self.store.store_device(ALICE, "DEVICE", "Phone")
        for name, expected in ((None, "Phone"), ("\u00c4", "\u00c4"), ("", "")):
            found = yield self.store.update_device(ALICE, "DEVICE", name)
            self.assertIs(found, True)
            device = yield self.store.get_device(ALICE, "DEVICE")
            self.assertEqual(device.display_name, expected)
        for user_id, device_id in ((BOB, "DEVICE"), (ALICE, "NONE"), (ALICE, "a\0")):
            found = yield self.store.update_device(user_id, device_id, "x")
            self.assertIs(found, False)
        for text in UNSTORABLE:
            yield self.assert_refused(
                self.store.update_device(ALICE, "DEVICE", text), 400, "M_INVALID_PARAM"
            )

    @inlineCallbacks
    def test_record_device_seen(self) -> Steps:
        """
        Where a device was seen last is kept, without what no database can
        hold; a device that is gone is not made again.
        """
        yield self.store.store_device(ALICE, "DEVICE", "Phone")
        yield self.store.record_device_seen(ALICE, "DEVICE", NOW_MS, "::1", "n\0io")
        device = yield self.store.get_device(ALICE, "DEVICE")
        self.assertEqual(
            device, Device(ALICE, "DEVICE", "Phone", NOW_MS, "::1", device.user_agent)
        )
        self.assertNotIn("\0", device.user_agent)
        yield self.store.record_device_seen(ALICE, "GONE", NOW_MS, "::1", None)
        found = yield self.store.get_devices_by_user(ALICE)
        self.assertEqual([each.device_id for each in found], ["DEVICE"])

    @inlineCallbacks
    def test_delete_devices(self) -> Steps:
        """
        A device goes with its access and refresh tokens, and those tokens are
        named; other devices, and devices of that name of others, stay.
        """
        yield self.store.add_login(login_of("one", "r1"))
        yield self.store.add_login(login_of("two", "r2", device_id="SECOND"))
        yield self.store.add_login(login_of("bob", "rbob", user_id=BOB))
        ended = yield self.store.delete_devices(ALICE, ["DEVICE", "DEVICE", "NONE"])
        self.assertEqual(
            [(each.user_id, each.device_id, each.token) for each in ended],
            [(ALICE, "DEVICE", "one")],
        )
        yield self.assert_tokens("two bob", "one")
        yield self.assert_refresh_tokens("r2 rbob", "r1")
        for user_id, device_id in [(ALICE, "SECOND"), (BOB, "DEVICE")]:
            device = yield self.store.get_device(user_id, device_id)
            self.assertIsNotNone(device)
        device = yield self.store.get_device(ALICE, "DEVICE")
        self.assertIsNone(device)

    @inlineCallbacks
    def test_delete_devices_midway_through_refresh(self) -> Steps:
        """
        A device goes with both generations of its tokens while it is not known
        which of them its client holds.
        """
        yield self.store.add_login(login_of("one", "r1"))
        yield self.rotate("r1", "two", "r2")
        ended = yield self.store.delete_devices(ALICE, ["DEVICE"])
        self.assertEqual(sorted(each.token for each in ended), ["one", "two"])
        yield self.assert_tokens("", "one two")
        yield self.assert_refresh_tokens("", "r1 r2")

    @inlineCallbacks
    def test_delete_no_devices(self) -> Steps:
        """
        Ids of no device are passed over.
        """
        yield self.store.add_login(login_of("one"))
        for device_ids in ([], ["NONE"], list(UNSTORABLE)):
            ended = yield self.store.delete_devices(ALICE, device_ids)
            self.assertEqual(ended, [])
        ended = yield self.store.delete_devices("\ud800", ["DEVICE"])
        self.assertEqual(ended, [])
        yield self.assert_tokens("one")

    @inlineCallbacks
    def test_delete_all_devices(self) -> Steps:
        """
        All devices of a user go, and all tokens, also those without a device;
        other users keep theirs.
        """
        yield self.store.add_login(login_of("one", "r1"))
        yield self.store.add_login(login_of("two", "r2", device_id=None))
        yield self.store.add_login(login_of("bob", "rbob", user_id=BOB))
        ended = yield self.store.delete_all_devices(ALICE)
        self.assertEqual(sorted(each.token for each in ended), ["one", "two"])
        yield self.assert_tokens("bob", "one two")
        yield self.assert_refresh_tokens("rbob", "r1 r2")
        device = yield self.store.get_device(ALICE, "DEVICE")
        self.assertIsNone(device)
        device = yield self.store.get_device(BOB, "DEVICE")
        self.assertIsNotNone(device)

    @inlineCallbacks
    def test_delete_all_devices_of_nobody(self) -> Steps:
        """
        A user without devices has none to remove.
        """
        for user_id in ("@nobody:example.org",) + UNSTORABLE:
            ended = yield self.store.delete_all_devices(user_id)
            self.assertEqual(ended, [])
