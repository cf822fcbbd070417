"""
Tests of L{synauth.providers.legacy_host}.
"""

from typing import Any, Dict, List

from twisted.internet.defer import Deferred, inlineCallbacks, succeed
from twisted.logger import globalLogPublisher
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from synauth.awaiting import awaiting
from synauth.interfaces import IModuleApi
from synauth.providers.legacy_host import LegacyHostApi, host_of
from tests.providers.asking import ALICE
from tests.providers.hosting import AccountHandler, LaterAccountHandler


class Store:
    """
    A homeserver's database.
    """

    def __init__(self, ids: Any) -> None:
        self.ids = ids

    def get_users_by_id_case_insensitive(self, user_id: str) -> "Deferred[Any]":
        """
        @return: fires with ids and password hashes.
        """
        return succeed(self.ids)


class LegacyHostApiTests(SynchronousTestCase):
    """
    L{LegacyHostApi} makes of an old homeserver what a module knows.
    """

    def setUp(self) -> None:
        """
        There is a homeserver of each age.
        """
        self.registered: Dict[str, Any] = {}
        self.host, self.later = AccountHandler(), LaterAccountHandler()
        self.api = LegacyHostApi(self.host, self.registered.update)
        self.later_api = LegacyHostApi(self.later, self.registered.update)
        self.logged: List[Dict[str, Any]] = []
        globalLogPublisher.addObserver(self.logged.append)
        self.addCleanup(globalLogPublisher.removeObserver, self.logged.append)

    def test_interface(self) -> None:
        """
        It is what modules expect, on both.
        """
        verifyObject(IModuleApi, self.api)
        verifyObject(IModuleApi, self.later_api)

    def test_surroundings(self) -> None:
        """
        Server name, base URL and HTTP client are the host's.
        """
        for api in (self.api, self.later_api):
            self.assertEqual(api.server_name, "example.org")
            self.assertEqual(api.public_baseurl, "https://example.org/")
        self.assertIs(self.api.http_client, self.host.hs.http_client)
        self.assertEqual(self.later_api.http_client, "its own")

    def test_base_url_elsewhere(self) -> None:
        """
        The newest of the old hosts have their base URL in another place.
        """

        class Config:
            class server:
                public_baseurl = "https://elsewhere/"

        self.host.hs.config = Config  # type: ignore[assignment, misc]
        self.assertEqual(self.api.public_baseurl, "https://elsewhere/")
        del self.host.hs
        self.assertIsNone(self.api.public_baseurl)
        self.assertIsNone(host_of(self.host))

    def test_callbacks(self) -> None:
        """
        Callbacks are handed on.
        """
        self.api.register_password_auth_provider_callbacks(on_logged_out=1)
        self.assertEqual(self.registered, {"on_logged_out": 1})

    def test_check_user_exists(self) -> None:
        """
        An account is found by its full id and by its localpart, and what finds
        it can be awaited and yielded.
        """

        async def awaited() -> Any:
            return await self.api.check_user_exists("Alice")

        @inlineCallbacks
        def yielded() -> Any:
            found = yield self.api.check_user_exists("@Alice:example.org")
            return found

        self.assertEqual(self.successResultOf(awaiting(awaited)), ALICE)
        self.assertEqual(self.successResultOf(yielded()), ALICE)
        self.assertIsNone(self.successResultOf(self.api.check_user_exists("x")))

    def test_find_account(self) -> None:
        """
        An account is found by its id: exactly this one, or the only one that
        differs in upper and lower case.  Synapse's limit of logins is left
        alone where the database can be reached.
        """
        both = {"@carol:example.org": "hash", "@Carol:example.org": None}
        for host, api in ((self.host, self.api), (self.later, self.later_api)):
            found = api.find_account("@ALICE:example.org")
            self.assertEqual(self.successResultOf(found), ALICE)
            self.assertEqual(len(host.calls), 1)
            for ids, expected in (
                ({ALICE: "hash"}, ALICE),
                (both, "@Carol:example.org"),
                ({"@CAROL:example.org": 1, "@carol:example.org": 2}, None),
                ({}, None),
            ):
                hs: Any = host_of(host)
                hs.get_datastore = lambda ids=ids: Store(ids)
                found = api.find_account("@Carol:example.org")
                self.assertEqual(self.successResultOf(found), expected)
            self.assertEqual(len(host.calls), 1)
            hs.get_datastore = object
            found = api.find_account("@ALICE:example.org")
            self.assertEqual(self.successResultOf(found), ALICE)

    def test_find_account_in_another_database(self) -> None:
        """
        A database that can't be asked, as the one that synauth's own modules
        see, is not.
        """
        hs: Any = host_of(self.host)
        hs.get_datastore = object
        found = self.api.find_account("@ALICE:example.org")
        self.assertEqual(self.successResultOf(found), ALICE)
        self.assertEqual(len(self.host.calls), 1)

    def test_register(self) -> None:
        """
        An account is made with a session; what the host can't do is warned of.
        """
        made = self.api.register("carol", displayname="Carol", emails=["c@x"])
        self.assertEqual(
            self.successResultOf(made),
            ("@carol:example.org", "token of @carol:example.org"),
        )
        self.assertEqual(
            [event["name"] for event in self.logged], ["displayname", "emails"]
        )

    def test_register_user(self) -> None:
        """
        An account is made without a session, also where the host makes both.
        """
        made = self.api.register_user("carol", admin=True)
        self.assertEqual(self.successResultOf(made), "@carol:example.org")
        self.assertEqual(
            self.host.calls,
            [("invalidate_access_token", "token of @carol:example.org")],
        )
        self.assertIn("without admin", self.logged[0]["log_format"])

    def test_later_register_user(self) -> None:
        """
        Where the host can do it itself, it does, as far as it can.
        """
        made = self.later_api.register_user("carol", "Carol", ["c@x"], admin=True)
        self.assertEqual(self.successResultOf(made), "@carol:example.org")
        self.assertEqual(
            self.later.calls, [("register_user", "carol", "Carol", ["c@x"])]
        )
        self.assertEqual([event["name"] for event in self.logged], ["admin"])

    def test_takes_anything(self) -> None:
        """
        A host that takes any keyword gets them all.
        """
        self.host.register = lambda localpart, **wishes: wishes  # type: ignore
        made = self.api.register("carol", emails=["c@x"])
        self.assertEqual(self.successResultOf(made), {"emails": ["c@x"]})

    def test_database(self) -> None:
        """
        A module gets at the host's database.
        """
        ran = self.api.run_db_interaction("why", lambda *a, **k: (a, k), 1, x=2)
        self.assertEqual(self.successResultOf(ran), ("why", (("txn", 1), {"x": 2})))

    def test_other_members(self) -> None:
        """
        What only some hosts have is there if it is; what is not is missed in
        words.
        """
        self.assertEqual(self.later_api.looping_background_call(), "looping")
        error = self.assertRaises(
            AttributeError, getattr, self.api, "looping_background_call"
        )
        self.assertIn("looping_background_call", str(error))
        self.assertIn("legacy homeserver", str(error))
        bare = LegacyHostApi.__new__(LegacyHostApi)
        self.assertRaises(AttributeError, getattr, bare, "anything")

    def test_other_callbacks(self) -> None:
        """
        Callbacks of other kinds are taken, and warned of.
        """
        self.api.register_spam_checker_callbacks(check_event_for_spam=1)
        self.assertEqual(self.logged[0]["name"], "register_spam_checker_callbacks")
        self.assertEqual(self.logged[0]["callbacks"], "check_event_for_spam")
