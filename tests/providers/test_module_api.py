"""
What a module is handed.
"""

import os
from typing import Any, List

from twisted.internet.defer import ensureDeferred, inlineCallbacks, succeed
from twisted.web.resource import Resource
from zope.interface.verify import verifyObject

from synauth.errors import ConfigError, MatrixError
from synauth.homeserver.module_host import ModuleHost
from synauth.identifiers import UserID
from synauth.interfaces import IFullModuleApi, IModuleApi, IModuleHost
from synauth.providers.module_api import NEVER_CALLED, ModuleApi
from synauth.providers.userinfo import ProfileInfo, create_requester
from tests.providers.modulehosts import ALICE, HOSTNAME, NOW_MS, ApiTestCase


class MemberTests(ApiTestCase):
    """
    L{ModuleApi} as a whole.
    """

    def test_interface(self) -> None:
        """
        It provides what it says that it provides, and so does its host.
        """
        verifyObject(IModuleApi, self.api)
        verifyObject(IFullModuleApi, self.api)
        verifyObject(IModuleHost, self.host)

    def test_surroundings(self) -> None:
        """
        It says where it is.
        """
        self.assertEqual(self.api.server_name, HOSTNAME)
        self.assertEqual(self.api.public_baseurl, "https://example.org/")
        self.assertIs(self.api.should_run_background_tasks(), True)
        self.assertIsNone(self.api.worker_name)
        self.assertEqual(self.api.clock.time_msec(), NOW_MS)
        self.assertTrue(self.api.http_client.post_urlencoded_get_json)

    def test_unknown(self) -> None:
        """
        A member that there is not is missed in words, and as Python does it.
        """
        error = self.assertRaises(AttributeError, getattr, self.api, "get_state")
        self.assertIn("synauth's ModuleApi has no get_state", str(error))
        self.assertIn("my.Module", str(error))
        self.assertIs(hasattr(self.api, "get_state"), False)
        unmade = ModuleApi.__new__(ModuleApi)
        error = self.assertRaises(AttributeError, getattr, unmade, "_host")
        self.assertIn("_host", str(error))

    def test_never_called(self) -> None:
        """
        Callbacks of families that are not ours are taken, with one warning.
        """
        from twisted.logger import globalLogPublisher

        events: List[Any] = []
        globalLogPublisher.addObserver(events.append)
        self.addCleanup(globalLogPublisher.removeObserver, events.append)
        for name in NEVER_CALLED:
            for _ in range(2):
                getattr(self.api, name)(anything=print)
        warned = [e["registrar"] for e in events if "registrar" in e]
        self.assertEqual(sorted(warned), sorted(NEVER_CALLED))

    def test_callbacks(self) -> None:
        """
        Callbacks are registered in the module's name; unknown ones are not.
        """
        checkers = {("my.type", ("word",)): print}
        self.api.register_password_auth_provider_callbacks(auth_checkers=checkers)
        self.assertEqual(self.host.callbacks.login_types(), {"my.type": ("word",)})
        error = self.assertRaises(
            TypeError,
            self.api.register_password_auth_provider_callbacks,
            check_otp=print,
        )
        self.assertIn("my.Module registers check_otp", str(error))
        other = {("my.type", ("other",)): print}
        error = self.assertRaises(
            ConfigError,
            ModuleApi(self.host, "b.Other").register_password_auth_provider_callbacks,
            auth_checkers=other,
        )
        self.assertIn("my.Module", str(error))
        self.assertIn("b.Other", str(error))

    def test_awaited_and_yielded(self) -> None:
        """
        What waits can be awaited and yielded.
        """

        async def awaits() -> Any:
            return await self.api.check_user_exists(ALICE)

        @inlineCallbacks
        def yields() -> Any:
            found = yield self.api.check_user_exists(ALICE)
            return found

        self.assertEqual(self.get(ensureDeferred(awaits())), ALICE)
        self.assertEqual(self.get(yields()), ALICE)


class AccountTests(ApiTestCase):
    """
    Accounts.
    """

    def test_ids(self) -> None:
        """
        Ids are made of localparts and told apart by their servers.
        """
        self.assertEqual(self.api.get_qualified_user_id("bob"), "@bob:example.org")
        self.assertEqual(self.api.get_qualified_user_id("@b:x"), "@b:x")
        for user, mine in (
            (ALICE, True),
            (UserID("x", HOSTNAME), True),
            ("@alice:other.org", False),
            ("alice", False),
        ):
            self.assertIs(self.api.is_mine(user), mine)

    def test_check_user_exists(self) -> None:
        """
        An account is found by localpart and id, in its own spelling.
        """
        for name in ("alice", ALICE, "@ALICE:example.org", "Alice"):
            self.assertEqual(self.get(self.api.check_user_exists(name)), ALICE)
        for name in ("bob", "@alice:other.org", ""):
            self.assertIsNone(self.get(self.api.check_user_exists(name)))

    def test_check_username(self) -> None:
        """
        A name that is free is good; one that is taken or none is not.
        """
        self.assertIsNone(self.get(self.api.check_username("bob")))
        for name, errcode in (
            ("alice", "M_USER_IN_USE"),
            ("Bad name", "M_INVALID_USERNAME"),
        ):
            failed = self.failureResultOf(self.api.check_username(name), MatrixError)
            self.assertEqual(failed.value.errcode, errcode)

    def test_register_user(self) -> None:
        """
        An account is made with name, addresses and rank.
        """
        made = self.api.register_user("bob", emails=["Bob@Example.org"], admin=True)
        self.assertEqual(self.get(made), "@bob:example.org")
        self.assertEqual(
            self.get(self.api.get_threepids_for_user("@bob:example.org")),
            [
                {
                    "medium": "email",
                    "address": "bob@example.org",
                    "validated_at": NOW_MS,
                    "added_at": NOW_MS,
                }
            ],
        )
        self.assertIs(self.get(self.api.is_user_admin("@bob:example.org")), True)
        self.assertEqual(
            self.get(self.api.get_profile_for_user("bob")), ProfileInfo(None, "bob")
        )
        failed = self.failureResultOf(self.api.register_user("bob"), MatrixError)
        self.assertEqual(failed.value.errcode, "M_USER_IN_USE")

    def test_register(self) -> None:
        """
        The older way makes a session as well.
        """
        user_id, token = self.get(self.api.register("bob", "B", ["b@x"]))
        found = self.get(self.host.store.get_user_by_access_token(token))
        self.assertEqual((user_id, found.user_id), ("@bob:example.org",) * 2)

    def test_userinfo(self) -> None:
        """
        What is known of an account is told with a parsed id.
        """
        found = self.get(self.api.get_userinfo_by_id(ALICE))
        self.assertEqual(found.user_id, UserID("alice", HOSTNAME))
        self.assertEqual(found.creation_ts, NOW_MS // 1000)
        self.assertEqual(
            (found.is_admin, found.is_guest, found.is_deactivated), (False,) * 3
        )
        self.assertIsNone(self.get(self.api.get_userinfo_by_id("@bob:example.org")))

    def test_admin(self) -> None:
        """
        Rank is given and taken; nobody has none.
        """
        for admin in (True, False):
            self.get(self.api.set_user_admin(ALICE, admin))
            self.assertIs(self.get(self.api.is_user_admin(ALICE)), admin)
        self.assertIs(self.get(self.api.is_user_admin("@bob:example.org")), False)

    def test_displayname(self) -> None:
        """
        A name is changed, and taken away.
        """
        user = UserID("alice", HOSTNAME)
        for name, kept in (("Al", "Al"), ("", None)):
            self.get(self.api.set_displayname(user_id=user, new_displayname=name))
            profile = self.get(self.api.get_profile_for_user("alice"))
            self.assertEqual(profile.display_name, kept)
        nobody = self.get(self.api.get_profile_for_user("bob"))
        self.assertEqual(nobody, ProfileInfo(None, None))

    def test_external_id(self) -> None:
        """
        Who somebody is elsewhere is remembered.
        """
        self.get(self.api.record_user_external_id("oidc", "1", ALICE))
        store = self.host.store
        self.assertEqual(self.get(store.get_user_by_external_id("oidc", "1")), ALICE)

    def test_requester(self) -> None:
        """
        A requester acts for itself unless it is said who does.
        """
        requester = create_requester(ALICE, 5, True, device_id="D")
        self.assertEqual(
            (requester.user, requester.authenticated_entity, requester.device_id),
            (UserID("alice", HOSTNAME), ALICE, "D"),
        )
        other = create_requester(requester.user, authenticated_entity="@a:b")
        self.assertEqual(other.authenticated_entity, "@a:b")


class SurroundingsTests(ApiTestCase):
    """
    The process around a module.
    """

    def test_run_db_interaction(self) -> None:
        """
        A function is given a cursor and its arguments.
        """

        def names(txn: Any, least: str, most: str) -> Any:
            txn.execute(
                "SELECT name FROM users WHERE name BETWEEN ? AND ?", (least, most)
            )
            return [name for (name,) in txn]

        found = self.api.run_db_interaction("names", names, "@", most="@b")
        self.assertEqual(self.get(found), [ALICE])

    def test_sleep(self) -> None:
        """
        It sleeps as long as it is told to.
        """
        slept = self.api.sleep(2)
        self.reactor.advance(1.9)
        self.assertNoResult(slept)
        self.reactor.advance(0.1)
        self.assertIsNone(self.get(slept))

    def test_defer_to_thread(self) -> None:
        """
        A function is called with its arguments.
        """
        self.assertEqual(self.get(self.api.defer_to_thread(divmod, 7, 2)), (3, 1))

    def test_looping_call(self) -> None:
        """
        A function is called again and again, also after it has failed.
        """
        calls: List[Any] = []

        async def call(*args: Any, **kwargs: Any) -> None:
            calls.append((args, kwargs))
            raise KeyError("x")

        self.api.looping_background_call(call, 1000, 1, desc="calls", two=2)
        self.assertEqual(calls, [])
        self.reactor.pump([1, 1])
        self.assertEqual(calls, [((1,), {"two": 2})] * 2)
        self.assertEqual(len(self.flushLoggedErrors(KeyError)), 2)

    def test_background_process(self) -> None:
        """
        The result comes back; a failure is logged and is nothing.
        """
        run = self.api.run_as_background_process
        self.assertEqual(self.get(run("x", succeed, 5)), 5)
        self.assertIsNone(self.get(run("x", lambda: 1 // 0)))
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)

    def test_mail(self) -> None:
        """
        Mail goes to the host's mailer; without one it is said so.
        """
        args = ("a@b", "Subject", "<p>", "text")
        failed = self.failureResultOf(self.api.send_mail(*args), ConfigError)
        self.assertIn("my.Module wants to send mail", str(failed.value))
        sent: List[Any] = []

        class Mailer:
            def send_email(self, *args: Any) -> Any:
                sent.append(args)
                return succeed(None)

        self.host.mailer = Mailer()  # type: ignore[assignment]
        self.get(self.api.send_mail(*args))
        self.assertEqual(sent, [args])

    def test_templates(self) -> None:
        """
        Templates are read from the module's directory, and escape.
        """
        folder = self.mktemp()
        os.makedirs(folder)
        for name, text in (("a.html", "<{{ x }}>"), ("b.txt", "{{ x }}")):
            with open(os.path.join(folder, name), "w") as opened:
                opened.write(text)
        page, plain = self.api.read_templates(["a.html", "b.txt"], folder)
        self.assertEqual(page.render(x="<"), "<&lt;>")
        self.assertEqual(plain.render(x="<"), "<")
        for where in (folder, None):
            error = self.assertRaises(
                ConfigError, self.api.read_templates, ["c.html"], where
            )
            self.assertIn("my.Module: the template c.html", str(error))

    def test_web_resource(self) -> None:
        """
        A resource is left with the host.
        """
        self.assertIsInstance(self.host, ModuleHost)
        resource = Resource()
        self.api.register_web_resource("/_synapse/client/my", resource)
        self.assertIs(self.host.resources["/_synapse/client/my"], resource)
