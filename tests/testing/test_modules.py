"""
Tests for L{synauth.testing.modules}.
"""

import io
from typing import Any, Dict, List, Tuple

from twisted.internet.defer import Deferred
from twisted.logger import ILogObserver
from twisted.trial.unittest import SynchronousTestCase
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET
from zope.interface.verify import verifyObject

from synauth.errors import ConfigError, MatrixError
from synauth.providers.calling import ModuleFailure
from synauth.testing.modules import Events, ModuleTestHost

ALICE = "@alice:example.org"
WORD = "org.example.word"


class Words:
    """
    A module: each user has a word.
    """

    def __init__(self, config: Dict[str, str], api: Any) -> None:
        self.words = config
        self.api = api
        self.heard: List[Tuple[Any, ...]] = []
        api.register_password_auth_provider_callbacks(
            auth_checkers={(WORD, ("word",)): self.check_auth},
            check_3pid_auth=self.check_3pid_auth,
            on_logged_out=self.on_logged_out,
            get_displayname_for_registration=self.get_displayname,
        )

    async def check_auth(self, user: str, login_type: str, fields: Any) -> Any:
        """
        Somebody's own word is right, when it comes to mind.
        """
        await self.api.sleep(2)
        word = await self.api.defer_to_thread(self.words.get, user)
        if word == "fail":
            await self.api.defer_to_thread(int, "no number")
        if word == "silence":
            await Deferred()
        if fields["word"] == word:
            return self.api.get_qualified_user_id(user), None

    async def check_3pid_auth(self, medium: str, address: str, password: str) -> Any:
        """
        Everybody may use one word.
        """
        if password == "sesame":
            return self.api.get_qualified_user_id(address.partition("@")[0]), None

    async def on_logged_out(self, *args: Any) -> None:
        """
        Listen.
        """
        self.heard.append(args)

    async def get_displayname(self, results: Any, params: Any) -> str:
        """
        All are called the same.
        """
        return "Wordsmith"


class Words2016:
    """
    A legacy provider with a table of its own.
    """

    def __init__(self, config: Any, account_handler: Any) -> None:
        self.word = config
        self.account_handler = account_handler

    @staticmethod
    def parse_config(config: Dict[str, str]) -> str:
        """
        Need a word.
        """
        return config["word"]

    @staticmethod
    def get_db_schema_files() -> Any:
        """
        Have a table.
        """
        return [("words.sql", io.StringIO("CREATE TABLE words (word TEXT);"))]

    def check_password(self, user_id: str, password: str) -> Any:
        """
        Write it down, and compare.
        """

        def write(txn: Any) -> bool:
            txn.execute("INSERT INTO words (word) VALUES (?)", (password,))
            return password == self.word

        return self.account_handler.run_db_interaction("write", write)


class ModuleTestHostTests(SynchronousTestCase):
    """
    L{ModuleTestHost}.
    """

    def host(self, *args: Any, **kwargs: Any) -> ModuleTestHost:
        """
        @return: a host that is closed after the test.
        """
        host = ModuleTestHost(*args, **kwargs)
        self.addCleanup(host.close)
        return host

    def words(self, **words: str) -> ModuleTestHost:
        """
        @return: a host with L{Words}, and alice.
        """
        host = self.host(modules=[(Words, words)])
        host.register_user("alice")
        return host

    def test_interface(self) -> None:
        """
        What listens to the log is what the log expects.
        """
        verifyObject(ILogObserver, Events())

    def test_own_login_type(self) -> None:
        """
        A login of a module's own type, whatever the module waits for.
        """
        host = self.words(alice="red")
        self.assertEqual(
            host.login_types(), ["m.login.password", WORD, "m.login.token"]
        )
        answer = host.log_in("alice", type=WORD, word="red", device_id="PHONE")
        self.assertEqual((answer.code, answer.body["user_id"]), (200, ALICE))
        self.assertEqual(host.devices(ALICE), ["PHONE"])
        self.assertEqual(host.log_in("alice", type=WORD, word="blue").code, 403)
        self.assertEqual(
            host.log_in("alice", type=WORD).body["errcode"], "M_MISSING_PARAM"
        )
        self.assertEqual(host.failures, {})

    def test_no_user(self) -> None:
        """
        A client can say too little.
        """
        answer = self.words(alice="red").log_in(type=WORD, word="red")
        self.assertEqual(
            (answer.code, answer.body["errcode"]), (400, "M_MISSING_PARAM")
        )

    def test_threepid(self) -> None:
        """
        A login by an address: as the module or as the host has it.
        """
        host = self.words()
        login = host.log_in(threepid=("email", "alice@x.org"), password="sesame")
        self.assertEqual(login.body["user_id"], ALICE)
        bob = host.register_user("bob", "a password")
        host.bind(bob, "email", "bob@example.org")
        login = host.log_in(
            threepid=("email", "Bob@example.org"), password="a password"
        )
        self.assertEqual(login.body["user_id"], bob)

    def test_logout(self) -> None:
        """
        Logouts are told to the module.
        """
        host = self.words(alice="red")
        tokens = [
            host.log_in("alice", type=WORD, word="red", device_id=name).body[
                "access_token"
            ]
            for name in ("A", "B", "C")
        ]
        (words,) = host.modules
        self.assertEqual(host.log_out(tokens[0]).code, 200)
        self.assertEqual(words.heard, [(ALICE, "A", tokens[0])])
        host.log_out(tokens[1], everywhere=True)
        self.assertEqual(len(words.heard), 3)
        self.assertEqual(host.devices(ALICE), [])
        self.assertEqual(host.log_out(tokens[2]).code, 401)

    def test_registration(self) -> None:
        """
        A client can register; the module has its say.
        """
        host = self.words()
        answer = host.register(username="bob")
        self.assertEqual(answer.body["user_id"], "@bob:example.org")
        self.assertEqual(host.display_name("bob"), "Wordsmith")
        self.assertIsNone(host.display_name("alice"))
        self.assertEqual(host.accounts(), [ALICE, "@bob:example.org"])

    def test_failures(self) -> None:
        """
        What fails, and what takes too long, is there to be seen.
        """
        host = self.words(alice="fail", bob="silence")
        for user in ("alice", "bob"):
            self.assertEqual(host.log_in(user, type=WORD, word="x").code, 403)
        name = __name__ + ".Words"
        self.assertEqual(host.failures, {name: 2})
        self.assertEqual(len(self.flushLoggedErrors(ModuleFailure)), 2)
        formats = [event.get("log_format") for event in host.events]
        self.assertIn("{module} could not be asked", formats)

    def test_legacy(self) -> None:
        """
        A legacy provider, by its dotted name, with its table.
        """
        host = self.host(
            password_providers=[(__name__ + ".Words2016", {"word": "red"})],
            server_name="matrix.test",
        )
        host.register_user("alice", "local", admin=True)
        for password, code in (("red", 200), ("local", 200), ("blue", 403)):
            self.assertEqual(host.log_in("alice", password).code, code)
        words = host.hs.get_datastore().run_interaction(_words)
        self.assertEqual(host.wait(words), ["red", "local", "blue"])
        self.assertEqual(host.accounts(), ["@alice:matrix.test"])

    def test_order(self) -> None:
        """
        Modules come first.
        """
        host = self.host([(Words, {})], [(Words2016, {"word": "red"})])
        self.assertEqual([type(module) for module in host.modules], [Words, Words2016])

    def test_can_not_be_loaded(self) -> None:
        """
        What can't be loaded is named, with the reason; nothing stays behind.
        """
        for entries, word in (
            ({"modules": ["no.such.Module"]}, "no.such.Module"),
            ({"modules": [object]}, "cannot be loaded"),
            ({"password_providers": [Words2016]}, "parse_config"),
            ({"password_providers": [Words2016]}, "password_providers[0]"),
        ):
            with self.assertRaises(ConfigError) as raised:
                ModuleTestHost(**entries)
            self.assertIn(word, str(raised.exception))

    def test_request(self) -> None:
        """
        A resource of a module's is asked like any other.
        """

        class Slow(Resource):
            isLeaf = True

            def render_GET(self, request: Any) -> int:
                request.write(b"wait")
                host.clock.callLater(3, request.write, b"ed")
                host.clock.callLater(4, request.finish)
                return NOT_DONE_YET

        def load(config: Any, api: Any) -> None:
            api.register_web_resource("/slow", Slow())

        host = self.host(modules=[load])
        self.assertEqual(host.request("GET", "/slow?x=1").content, b"waited")
        self.assertEqual(host.request("GET", "/fast").code, 404)

    def test_wait(self) -> None:
        """
        Waiting gives the result, or raises; it does not take forever.
        """
        host = self.host()
        self.assertEqual(host.wait(host.hs.registration.check_username("bob")), None)
        with self.assertRaises(MatrixError):
            host.wait(host.hs.registration.check_username("no name"))
        with self.assertRaises(AssertionError):
            host.wait(Deferred())


def _words(txn: Any) -> List[str]:
    txn.execute("SELECT word FROM words")
    return [row[0] for row in txn.fetchall()]
