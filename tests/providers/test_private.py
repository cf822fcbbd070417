"""
The private parts that working modules reach for.
"""

from typing import Any, List

from synauth.identifiers import UserID
from tests.providers.modulehosts import ALICE, HOSTNAME, NOW_MS, ApiTestCase


class PrivatePartsTests(ApiTestCase):
    """
    L{synauth.providers.private}.
    """

    def test_homeserver(self) -> None:
        """
        The homeserver is there under both names, with its parts.
        """
        hs = self.api._hs
        self.assertIs(self.api.hs, hs)
        self.assertEqual(hs.hostname, HOSTNAME)
        self.assertIs(hs.get_reactor(), self.reactor)
        for client in (hs.get_proxied_http_client(), hs.get_simple_http_client()):
            self.assertTrue(client.post_urlencoded_get_json)

    def test_unknown(self) -> None:
        """
        What is not there is missed in words.
        """
        error = self.assertRaises(AttributeError, getattr, self.api._hs, "get_state")
        self.assertIn("synauth's HomeServerParts has no get_state", str(error))

    def test_clock(self) -> None:
        """
        The clock tells the time, waits and calls.
        """
        clock = self.api._hs.get_clock()
        self.assertEqual((clock.time_msec(), clock.time()), (NOW_MS, NOW_MS / 1000))
        calls: List[Any] = []
        slept = clock.sleep(1)
        clock.call_later(1, calls.append, "later")
        clock.looping_call(calls.append, 1000, "looping")
        self.reactor.advance(1)
        self.assertIsNone(self.get(slept))
        self.assertEqual(sorted(calls), ["later", "looping"])

    def test_registration_handler(self) -> None:
        """
        An account is made.
        """
        handler = self.api._hs.get_registration_handler()
        self.get(handler.check_username("bob"))
        made = handler.register_user(localpart="bob", admin=True)
        self.assertEqual(self.get(made), "@bob:example.org")
        self.assertIs(self.get(self.api.is_user_admin("@bob:example.org")), True)

    def test_profile_handler(self) -> None:
        """
        A name is set through the handler and through its store, by either kind
        of id.
        """
        handler = self.api._hs.get_profile_handler()
        user = UserID("alice", HOSTNAME)
        for name, done in (
            ("A1", lambda: handler.set_displayname(user, None, "A1", True)),
            ("A2", lambda: handler.store.set_profile_displayname("alice", "A2")),
            ("A3", lambda: handler.store.set_profile_displayname(user, "A3")),
        ):
            self.get(done())
            profile = self.get(self.api.get_profile_for_user("alice"))
            self.assertEqual(profile.display_name, name)

    def test_threepids(self) -> None:
        """
        Addresses come and go; each is a dict and a record.
        """
        store = self.api._hs.get_profile_handler().store
        handler = self.api._auth_handler
        self.get(store.user_add_threepid(ALICE, "email", "a@b", 1, 2))
        self.get(handler.add_threepid(ALICE, "email", "C@d", 3))
        found = self.get(self.api._store.user_get_threepids(ALICE))
        self.assertEqual([t["address"] for t in found], ["a@b", "c@d"])
        self.assertEqual(found[0].validated_at, 1)
        self.assertEqual(self.get(store.get_user_id_by_threepid("email", "a@b")), ALICE)
        self.assertIs(self.get(store.user_delete_threepid(ALICE, "email", "a@b")), True)
        gone = handler.delete_threepid(ALICE, "email", "C@D")
        self.assertIs(self.get(gone), True)
        gone = handler.delete_threepid(ALICE, "msisdn", "1", "id.example")
        self.assertIs(self.get(gone), False)
        self.assertEqual(self.get(store.user_get_threepids(ALICE)), [])

    def test_store(self) -> None:
        """
        External ids are found, and SQL is run, on every way to the database.
        """
        self.get(self.api.record_user_external_id("oidc", "1", ALICE))
        hs = self.api._hs
        for store in (self.api._store, hs.get_datastore(), hs.get_datastores().main):
            found = store.get_external_ids_by_user(ALICE)
            self.assertEqual(self.get(found), [("oidc", "1")])
            found = store.get_user_by_external_id("oidc", "1")
            self.assertEqual(self.get(found), ALICE)
            self.assertEqual(self.get(store.runInteraction("x", lambda txn: 5)), 5)

    def test_auth_handler(self) -> None:
        """
        Accounts are found and tokens ended.
        """
        handler = self.api._hs.get_auth_handler()
        self.assertEqual(self.get(handler.check_user_exists(ALICE)), ALICE)
        token = self.get(self.api.register_device(ALICE))[1]
        self.get(handler.delete_access_token(token))
        found = self.get(self.host.store.get_user_by_access_token(token))
        self.assertIsNone(found)

    def test_device_handler(self) -> None:
        """
        A device is made, under a name of its own if it has none.
        """
        handler = self.api._hs.get_device_handler()
        for wanted in ("D", None):
            made = self.get(handler.check_device_registered(ALICE, wanted, "Phone"))
            self.assertIn(wanted, (made, None))
            kept = self.get(self.host.store.get_device(ALICE, made))
            self.assertEqual(kept.display_name, "Phone")
