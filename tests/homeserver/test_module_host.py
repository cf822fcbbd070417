"""
Tests for L{synauth.homeserver.module_host}.
"""

from typing import Any

from twisted.trial.unittest import SynchronousTestCase
from twisted.web.resource import Resource
from zope.interface.verify import verifyObject

from synauth.errors import (
    AuthError,
    ConfigError,
    InvalidTokenError,
    MatrixError,
    UserLockedError,
)
from synauth.homeserver.module_host import ModuleHost
from synauth.interfaces import (
    ICallbacks,
    IClock,
    IFullModuleApi,
    IModuleHost,
    IModuleHttpClient,
)
from synauth.providers.module_api import ModuleApi
from tests.web.server import Server

ALICE = "@alice:example.org"


class ModuleHostTests(SynchronousTestCase):
    """
    L{ModuleHost}, on a real homeserver.
    """

    def setUp(self) -> None:
        """
        There is one account.
        """
        self.make()

    def make(self, **settings: Any) -> None:
        """
        Make a host of a server with these settings.
        """
        self.server = Server(**settings)
        self.server.add_user()
        self.host = ModuleHost(self.server.hs, str)

    def assert_error(self, deferred: Any, code: int, errcode: str) -> None:
        """
        A Deferred errs with this error.
        """
        error = self.failureResultOf(deferred, MatrixError).value
        self.assertEqual((error.code, error.errcode), (code, errcode))

    def test_interfaces(self) -> None:
        """
        It is what a C{ModuleApi} needs, and so is what it has.
        """
        verifyObject(IModuleHost, self.host)
        verifyObject(IClock, self.host.clock)
        verifyObject(ICallbacks, self.host.callbacks)
        verifyObject(IModuleHttpClient, self.host.http_client)
        verifyObject(IFullModuleApi, ModuleApi(self.host, "module"))

    def test_parts(self) -> None:
        """
        What it has is the server's.
        """
        self.make(public_baseurl="https://matrix.example.org/")
        hs = self.server.hs
        self.assertEqual(self.host.hostname, "example.org")
        self.assertEqual(self.host.public_baseurl, "https://matrix.example.org/")
        self.assertIs(self.host.callbacks, hs.auth_handler.callbacks)
        self.assertIs(self.host.store, hs.get_datastore())
        self.assertIs(self.host.reactor, self.server.reactor)
        self.assertIsNone(self.host.mailer)

    def test_accounts(self) -> None:
        """
        An account is found in whatever case, and made with a name.
        """
        find = self.host.check_user_exists
        self.assertEqual(self.successResultOf(find("@ALICE:example.org")), ALICE)
        self.assertIsNone(self.successResultOf(find("@bob:example.org")))
        made = self.host.register_user("bob", "Bob", admin=True)
        self.assertEqual(self.successResultOf(made), "@bob:example.org")
        info = self.successResultOf(self.host.store.get_userinfo("@bob:example.org"))
        profile = self.successResultOf(self.host.store.get_profile("bob"))
        self.assertEqual((info.admin, profile.display_name), (True, "Bob"))
        account = self.successResultOf(self.host.store.get_user("@bob:example.org"))
        self.assertIsNone(account.password_hash)

    def test_names(self) -> None:
        """
        A name that can't be had is refused.
        """
        self.assertIsNone(self.successResultOf(self.host.check_username("bob")))
        for ask in (self.host.check_username, self.host.register_user):
            self.assert_error(ask("alice"), 400, "M_USER_IN_USE")
            self.assert_error(ask("no name"), 400, "M_INVALID_USERNAME")

    def test_log_in(self) -> None:
        """
        A login is like any other, on the device that is named.
        """
        answer = self.successResultOf(self.host.log_in(ALICE, "PHONE", "My phone"))
        self.assertEqual((answer["user_id"], answer["device_id"]), (ALICE, "PHONE"))
        self.assertNotIn("refresh_token", answer)
        token = answer["access_token"]
        whoami = self.server.get("/v3/account/whoami", token=token)
        self.assertEqual(whoami.json["device_id"], "PHONE")
        device = self.successResultOf(self.host.store.get_device(ALICE, "PHONE"))
        self.assertEqual(device.display_name, "My phone")
        answer = self.successResultOf(self.host.log_in(ALICE, refreshable=True))
        self.assertIn("refresh_token", answer)

    def test_log_in_gates(self) -> None:
        """
        Nobody, and nobody whose account is closed, is logged in.
        """
        self.assert_error(self.host.log_in("@bob:example.org"), 404, "M_NOT_FOUND")
        self.server.change("locked", 1, ALICE)
        self.failureResultOf(self.host.log_in(ALICE), UserLockedError)
        self.server.change("deactivated", 1, ALICE)
        self.failureResultOf(self.host.log_in(ALICE), AuthError)

    def test_end_token(self) -> None:
        """
        A token ends with its device, also when it has expired, and once.
        """
        self.make(nonrefreshable_access_token_lifetime="1m")
        token = self.successResultOf(self.host.log_in(ALICE, "PHONE"))["access_token"]
        self.server.reactor.advance(61)
        self.assertIsNone(self.successResultOf(self.host.end_token(token)))
        device = self.host.store.get_device(ALICE, "PHONE")
        self.assertIsNone(self.successResultOf(device))
        self.failureResultOf(self.host.end_token(token), InvalidTokenError)

    def test_requester(self) -> None:
        """
        Who makes a request is known by its token; guests and those whose token
        has expired only where that is allowed.
        """
        self.make(nonrefreshable_access_token_lifetime="1m", allow_guest_access=True)
        guest = self.server.post("/v3/register?kind=guest").json["access_token"]
        alice = self.server.log_in(device_id="PHONE").json["access_token"]
        ask = self.host.get_requester
        requester = self.successResultOf(ask(alice))
        self.assertEqual((requester.user_id, requester.device_id), (ALICE, "PHONE"))
        self.assert_error(ask(guest), 403, "M_GUEST_ACCESS_FORBIDDEN")
        self.assertTrue(self.successResultOf(ask(guest, allow_guest=True)).is_guest)
        self.server.reactor.advance(61)
        self.assert_error(ask(alice), 401, "M_UNKNOWN_TOKEN")
        requester = self.successResultOf(ask(alice, allow_expired=True))
        self.assertEqual(requester.user_id, ALICE)

    def test_login_token(self) -> None:
        """
        A login token lets the user in, for as long as it was made for.
        """
        token = self.host.login_token(ALICE, 60000)
        body = {"type": "m.login.token", "token": token}
        answer = self.server.post("/v3/login", body)
        self.assertEqual(answer.json["user_id"], ALICE)
        self.server.reactor.advance(61)
        self.assertEqual(self.server.post("/v3/login", body).code, 403)

    def test_add_threepid(self) -> None:
        """
        An address is bound in its canonical form.
        """
        added = self.host.add_threepid(ALICE, "email", "Alice@Example.com", 1)
        self.assertIsNone(self.successResultOf(added))
        owner = self.host.store.get_user_id_by_threepid("email", "alice@example.com")
        self.assertEqual(self.successResultOf(owner), ALICE)

    def test_web_resources(self) -> None:
        """
        A resource is kept for when the server is put together; what is no path,
        or taken, is refused.
        """
        resource = Resource()
        self.host.register_web_resource("/_synapse/client/x", resource)
        self.assertEqual(self.host.resources, {"/_synapse/client/x": resource})
        for path in ("x", "", "/", "/x/", "//x", "/x//y", "/_synapse/client/x"):
            with self.assertRaises(ConfigError):
                self.host.register_web_resource(path, Resource())
        for nothing in (None, object(), Resource):
            with self.assertRaises(ConfigError) as raised:
                self.host.register_web_resource("/_synapse/client/y", nothing)
            self.assertIn("/_synapse/client/y", str(raised.exception))
        self.assertEqual(list(self.host.resources), ["/_synapse/client/x"])
