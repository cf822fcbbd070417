"""
Tests for C{/register} with modules: who they say a new user is.
"""

from typing import Any, Optional

from treq.testing import StringStubbingResource, StubTreq
from twisted.internet.defer import Deferred

from synauth.providers.calling import ModuleFailure
from tests.web.modules import Module
from tests.web.server import EndpointTestCase, Server

USERNAME = "get_username_for_registration"
DISPLAYNAME = "get_displayname_for_registration"
DUMMY = {"type": "m.login.dummy"}


class RegistrationModulesTests(EndpointTestCase):
    """
    C{get_username_for_registration} and C{get_displayname_for_registration}.
    """

    def serve(self, *modules: Module) -> None:
        """
        Make a server with modules.
        """
        self.server = Server(
            modules=[module.entry for module in modules],
            enable_registration=True,
            enable_registration_without_verification=True,
        )

    def register(self, **params: Any) -> Any:
        """
        @return: the answer to a registration, all in one request.
        """
        body = dict({"password": "a password", "auth": DUMMY}, **params)
        return self.server.post("/v3/register", body)

    def display_name(self, localpart: str) -> Optional[str]:
        """
        @return: what stands in a profile.
        """
        stored = self.server.hs.get_datastore().get_profile(localpart)
        profile = self.successResultOf(stored)
        return None if profile is None else profile.display_name

    def assertNobody(self, *localparts: str) -> None:
        """
        Assert that no such account was made.
        """
        store = self.server.hs.get_datastore()
        for localpart in localparts:
            stored = store.get_user("@%s:example.org" % localpart)
            self.assertIsNone(self.successResultOf(stored))

    def test_asked(self) -> None:
        """
        They are asked once, when all stages are done, about what each stage
        proved and what the client wants, without C{auth} and the password.
        """
        module = Module(**{USERNAME: None, DISPLAYNAME: None})
        self.serve(module)
        params = {"username": "alice", "device_id": "PHONE", "org.example.x": [1]}
        first = self.register(auth={}, **params)
        self.assertEqual((first.code, module.asked), (401, []))
        auth = dict(DUMMY, session=first.json["session"])
        answer = self.assertAnswered(self.register(auth=auth, **params))
        self.assertEqual(answer["user_id"], "@alice:example.org")
        results = {"m.login.dummy": True}
        self.assertEqual(
            module.asked, [(USERNAME, results, params), (DISPLAYNAME, results, params)]
        )
        again = self.register(auth=auth, **params)
        self.assertEqual(self.assertAnswered(again)["user_id"], "@alice:example.org")
        self.assertEqual(len(module.asked), 2)

    def test_names(self) -> None:
        """
        What they say goes before what the user wants; the localpart is
        lower-cased, the display name stays as it is.
        """
        module = Module(**{USERNAME: "Chosen", DISPLAYNAME: "Chosen \u00c9lu"})
        self.serve(module)
        answer = self.assertAnswered(self.register(username="alice"))
        self.assertEqual(answer["user_id"], "@chosen:example.org")
        self.assertEqual(self.display_name("chosen"), "Chosen \u00c9lu")
        self.assertNobody("alice")

    def test_order(self) -> None:
        """
        The first name counts, and nobody is asked after it.
        """
        modules = [
            Module(name, **{USERNAME: answer, DISPLAYNAME: answer})
            for name, answer in (("a", None), ("b", "bob"), ("c", "carol"))
        ]
        self.serve(*modules)
        answer = self.assertAnswered(self.register())
        self.assertEqual(answer["user_id"], "@bob:example.org")
        self.assertEqual(self.display_name("bob"), "bob")
        self.assertEqual([len(module.asked) for module in modules], [2, 2, 0])

    def test_nobody_says(self) -> None:
        """
        If nobody wants a name, the user's own is taken, and is the display name
        as well.
        """
        self.serve(Module(**{USERNAME: None, DISPLAYNAME: None}))
        answer = self.assertAnswered(self.register(username="Alice"))
        self.assertEqual(answer["user_id"], "@alice:example.org")
        self.assertEqual(self.display_name("alice"), "alice")

    def test_made_up(self) -> None:
        """
        Where not even the user wants one, a name is made up.
        """
        for modules in ([], [Module(**{USERNAME: None, DISPLAYNAME: None})]):
            self.serve(*modules)
            user_id = self.assertAnswered(self.register())["user_id"]
            localpart = user_id[1:].partition(":")[0]
            self.assertRegex(localpart, "^[a-z]+$")
            self.assertEqual(self.display_name(localpart), localpart)

    def test_invalid(self) -> None:
        """
        What can't be a localpart is an error, and no account comes of it.
        """
        module = Module(**{USERNAME: None})
        self.serve(module)
        self.server.add_user("bob")
        for name, errcode in (
            ("", "M_INVALID_USERNAME"),
            ("with space", "M_INVALID_USERNAME"),
            ("_bridge", "M_INVALID_USERNAME"),
            ("x" * 256, "M_INVALID_USERNAME"),
            ("12345", "M_INVALID_USERNAME"),
            ("BOB", "M_USER_IN_USE"),
        ):
            module.answers[USERNAME] = name
            self.assertRefused(self.register(username="alice"), 400, errcode)
        self.assertNobody("alice", "_bridge")

    def test_no_text(self) -> None:
        """
        What is no text is no name.
        """
        module = Module(**{USERNAME: 5, DISPLAYNAME: ["x"]})
        self.serve(module)
        answer = self.assertAnswered(self.register(username="alice"))
        self.assertEqual(answer["user_id"], "@alice:example.org")
        self.assertEqual(self.display_name("alice"), "alice")
        self.assertIn("module answered " + USERNAME, self.logged())

    def test_fails(self) -> None:
        """
        If a module can't be asked, nobody is registered, and the client can ask
        again in the same session.
        """
        for kind in (USERNAME, DISPLAYNAME):
            module = Module(**{kind: RuntimeError("the directory is down")})
            self.serve(module)
            session = self.register(auth={}, username="alice").json["session"]
            auth = dict(DUMMY, session=session)
            answer = self.register(auth=auth, username="alice")
            self.assertRefused(answer, 500, "M_UNKNOWN")
            self.assertNotIn(b"directory", answer.body)
            self.assertTrue(self.flushLoggedErrors(ModuleFailure))
            self.flushLoggedErrors()
            self.assertNobody("alice")
            module.answers[kind] = None
            answer = self.register(auth={"session": session}, username="alice")
            body = self.assertAnswered(answer)
            self.assertEqual(body["user_id"], "@alice:example.org")

    def test_waits(self) -> None:
        """
        They are waited for, and asked one after the other.
        """
        waiting: "Deferred[str]" = Deferred()
        module = Module(**{USERNAME: lambda *args: waiting, DISPLAYNAME: "Al"})
        self.serve(module)
        body = {"password": "a password", "auth": DUMMY}
        connection = self.server.connect("POST", "/v3/register", body)
        self.assertEqual((len(module.asked), connection.answers()), (1, []))
        waiting.callback("alice")
        (answer,) = connection.answers()
        self.assertEqual(self.assertAnswered(answer)["user_id"], "@alice:example.org")
        self.assertEqual(self.display_name("alice"), "Al")

    def test_captcha(self) -> None:
        """
        Each stage of the flow is among the results.
        """

        def verify(*request: Any) -> Any:
            return 200, {}, b'{"success": true}'

        module = Module(**{USERNAME: None})
        self.server = Server(
            modules=[module.entry],
            treq=StubTreq(StringStubbingResource(verify)),
            enable_registration=True,
            enable_registration_captcha=True,
            recaptcha_public_key="the public key",
            recaptcha_private_key="the private key",
        )
        captcha = {"type": "m.login.recaptcha", "response": "solved"}
        answer = self.register(auth=captcha)
        self.assertEqual((answer.code, module.asked), (401, []))
        session = answer.json["session"]
        self.assertAnswered(self.register(auth=dict(DUMMY, session=session)))
        ((_, results, _),) = module.asked
        self.assertEqual(results, {"m.login.recaptcha": True, "m.login.dummy": True})

    def test_not_for_modules(self) -> None:
        """
        Nobody is asked about accounts that a module makes, or an administrator.
        """
        module = Module(**{USERNAME: "chosen", DISPLAYNAME: "Chosen"})
        self.serve(module)
        made = module.api.register_user("bob", "Bob")
        self.assertEqual(self.successResultOf(made), "@bob:example.org")
        self.server.add_user("carol")
        self.assertEqual(self.display_name("bob"), "Bob")
        self.assertEqual(module.asked, [])

    def test_guests(self) -> None:
        """
        A guest's name is the server's affair.
        """
        module = Module(**{USERNAME: "alice", DISPLAYNAME: "Alice"})
        self.server = Server(modules=[module.entry], allow_guest_access=True)
        answer = self.server.post("/v3/register?kind=guest")
        self.assertRegex(self.assertAnswered(answer)["user_id"], "^@[0-9]+:")
        self.assertEqual(module.asked, [])
