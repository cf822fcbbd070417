"""
Tests for C{on_logged_out}: modules hear of every token that ends.
"""

from typing import Any, List, Tuple

from twisted.internet.defer import Deferred

from synauth.providers.calling import ModuleFailure
from tests.web.modules import OWN, Module, checker
from tests.web.server import EndpointTestCase, Server

ALICE = "@alice:example.org"
TOLD = "on_logged_out"


class LogoutModulesTests(EndpointTestCase):
    """
    A module is told about the end of tokens.
    """

    def setUp(self) -> None:
        """
        Make a server with a module that listens, and alice.
        """
        super().setUp()
        self.module = Module(on_logged_out=None)
        self.serve(self.module)

    def serve(self, *modules: Module, **settings: Any) -> None:
        """
        Make a server with modules.
        """
        self.server = Server(modules=[m.entry for m in modules], **settings)
        self.server.add_user()

    def log_in(self, device_id: str, **more: Any) -> str:
        """
        @return: an access token of alice's.
        """
        answer = self.server.log_in(device_id=device_id, **more)
        token: str = self.assertAnswered(answer)["access_token"]
        return token

    def told(self) -> List[Tuple[Any, ...]]:
        """
        @return: what the module heard since the last call.
        """
        told = self.module.questions(TOLD)
        del self.module.asked[:]
        return told

    def test_logout(self) -> None:
        """
        A logout is told with user, device and token, which is good for nothing
        any more.
        """
        phone, laptop = self.log_in("PHONE"), self.log_in("LAPTOP")
        codes: List[int] = []

        def listen(user_id: str, device_id: str, token: str) -> None:
            codes.append(self.server.get("/v3/account/whoami", token=token).code)

        self.module.answers[TOLD] = listen
        self.assertAnswered(self.server.post("/v3/logout", token=phone))
        self.assertEqual(self.told(), [(ALICE, "PHONE", phone)])
        self.assertEqual(codes, [401])
        answer = self.server.get("/v3/account/whoami", token=laptop)
        self.assertAnswered(answer)

    def test_logout_all(self) -> None:
        """
        Of all tokens at once, each is told.
        """
        tokens = [(ALICE, name, self.log_in(name)) for name in ("PHONE", "LAPTOP")]
        self.assertAnswered(self.server.post("/v3/logout/all", token=tokens[0][2]))
        self.assertEqual(sorted(self.told()), sorted(tokens))

    def test_login_on_the_same_device(self) -> None:
        """
        A login that takes the place of an older one ends that.
        """
        old = self.log_in("PHONE")
        self.assertEqual(self.told(), [])
        self.log_in("PHONE")
        self.assertEqual(self.told(), [(ALICE, "PHONE", old)])

    def test_refused_login(self) -> None:
        """
        A login that comes to nothing ends nothing.
        """
        self.log_in("PHONE")
        self.server.log_in(password="wrong", device_id="PHONE")
        self.server.post("/v3/logout", token="not a token")
        self.assertEqual(self.told(), [])

    def test_refresh(self) -> None:
        """
        That a token is put in the place of another one is no logout; the
        logout is then that of the token that is in use.
        """
        answer = self.server.log_in(device_id="PHONE", refresh_token=True)
        refresh_token = self.assertAnswered(answer)["refresh_token"]
        for _ in range(3):
            answer = self.server.post("/v3/refresh", {"refresh_token": refresh_token})
            body = self.assertAnswered(answer)
            refresh_token = body["refresh_token"]
            token = body["access_token"]
            self.assertAnswered(self.server.get("/v3/account/whoami", token=token))
        self.assertEqual(self.told(), [])
        self.server.post("/v3/logout", token=token)
        self.assertIn((ALICE, "PHONE", token), self.told())

    def test_invalidate_access_token(self) -> None:
        """
        A module that ends a token, ends a login.
        """
        token = self.log_in("PHONE")
        api = self.module.api
        self.successResultOf(api.invalidate_access_token(token))
        self.assertEqual(self.told(), [(ALICE, "PHONE", token)])
        answer = self.server.get("/v3/account/whoami", token=token)
        self.assertRefused(answer, 401, "M_UNKNOWN_TOKEN", soft_logout=False)

    def test_without_a_device(self) -> None:
        """
        A token without a device is told of with C{None} for it.
        """
        token = self.log_in("PHONE")
        self.successResultOf(
            self.server.database.write(
                lambda txn: txn.execute("UPDATE access_tokens SET device_id = NULL")
            )
        )
        self.assertAnswered(self.server.post("/v3/logout", token=token))
        self.assertEqual(self.told(), [(ALICE, None, token)])

    def test_waits(self) -> None:
        """
        The request waits for the modules, one after the other; what they say
        makes no difference.
        """
        waiting: "Deferred[Any]" = Deferred()
        first = Module("first", on_logged_out=lambda *args: waiting)
        self.serve(first, self.module)
        token = self.log_in("PHONE")
        connection = self.server.connect("POST", "/v3/logout", {}, token=token)
        self.assertEqual((connection.answers(), self.told()), ([], []))
        waiting.callback("whatever")
        (answer,) = connection.answers()
        self.assertEqual(self.assertAnswered(answer), {})
        self.assertEqual(self.told(), [(ALICE, "PHONE", token)])

    def test_failures(self) -> None:
        """
        One module's failure is no other's, and not the user's; nor is it if one
        takes too long.
        """
        failing = Module("failing", on_logged_out=RuntimeError("down"))
        slow = Module("slow", on_logged_out=lambda *args: Deferred())
        self.serve(failing, slow, self.module)
        token = self.log_in("PHONE")
        connection = self.server.connect("POST", "/v3/logout", {}, token=token)
        self.server.reactor.advance(10)
        (answer,) = connection.answers()
        self.assertAnswered(answer)
        self.assertEqual(self.told(), [(ALICE, "PHONE", token)])
        self.assertEqual(len(self.flushLoggedErrors(ModuleFailure)), 2)
        self.assertNotIn(token, self.logged())

    def test_all_modules(self) -> None:
        """
        Modules that did not let a user in hear of it too, in order.
        """
        order: List[str] = []

        def listening(name: str) -> Module:
            return Module(name, on_logged_out=lambda *args: order.append(name))

        self.serve(checker((ALICE, None), OWN), listening("a"), listening("b"))
        self.server.post("/v3/logout", token=self.log_in("PHONE"))
        self.assertEqual(order, ["a", "b"])
