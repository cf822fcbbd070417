"""
A homeserver in memory for whoever writes a module or a legacy provider, and
wants to see what it does: real SQL, real HTTP, no threads, no sockets, and a
clock that moves only while somebody waits.

In a test case::

    def setUp(self):
        self.host = ModuleTestHost(modules=[(MyModule, {"key": "value"})])
        self.addCleanup(self.host.close)

    def test_login(self):
        self.host.register_user("alice")
        answer = self.host.log_in("alice", type="my.type", my_field="x")
        self.assertEqual(answer.code, 200)
"""

import json
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple, Union

import attr
from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred
from twisted.logger import ILogObserver, globalLogPublisher
from twisted.python.failure import Failure
from zope.interface import implementer

from synauth.constants import LoginType
from synauth.homeserver.config import load_config
from synauth.homeserver.module_host import ModuleHost
from synauth.homeserver.server import HomeServer
from synauth.providers.compat import provide_synapse_names
from synauth.providers.loading import (
    LoadedModule,
    build_modules,
    load_class,
    module_schemas,
)
from synauth.providers.wrapped import imported
from synauth.storage.module_schemas import apply_to_connection
from synauth.testing.database import InlineDatabase
from synauth.testing.passwords import InlineHashPool
from synauth.web.access_token import access_token
from synauth.web.api import make_root
from synauth.web.server import SynauthSite

try:
    from twisted.internet.testing import MemoryReactorClock, StringTransport
except ImportError:  # Twisted 19.2
    from twisted.test.proto_helpers import MemoryReactorClock, StringTransport

# A class or its dotted name, alone or with its settings.
Entry = Union[Any, Tuple[Any, Any]]

# In seconds: how long the host waits for an answer, on its own clock.
PATIENCE = 60

_NEVER_LIMITED = {"per_second": 1000, "burst_count": 1000}
_NOON_S = 1500000000


class InlineReactor(MemoryReactorClock):
    """
    A reactor that opens nothing: its clock is moved by hand, and what is meant
    for a thread is done at once.
    """

    def getThreadPool(self) -> "InlineReactor":
        """
        @return: itself, as far as C{deferToThreadPool} can tell.
        """
        return self

    def callInThreadWithCallback(
        self,
        onResult: Callable[..., Any],
        func: Callable[..., Any],
        *args: Any,
        **kw: Any,
    ) -> None:
        """
        Do the work of a thread.
        """
        try:
            result = func(*args, **kw)
        except Exception:
            onResult(False, Failure())
        else:
            onResult(True, result)

    def callFromThread(self, f: Callable[..., Any], *args: Any, **kw: Any) -> None:
        """
        Do what a thread wants to have done.
        """
        f(*args, **kw)


@implementer(ILogObserver)
class Events(List[Dict[str, Any]]):
    """
    What was logged, in order.
    """

    def __call__(self, event: Dict[str, Any]) -> None:
        self.append(event)


@attr.s(frozen=True, slots=True, auto_attribs=True)
class Answer:
    """
    What a client is answered.

    @ivar code: the HTTP status.
    @ivar content: the bytes of the body.
    """

    code: int
    content: bytes = attr.ib(repr=False)

    @property
    def body(self) -> Dict[str, Any]:
        """
        The body, which has to be JSON.
        """
        body: Dict[str, Any] = json.loads(self.content.decode("utf-8"))
        return body


class ModuleTestHost:
    """
    A homeserver with modules.  Every method that asks it something returns when
    it has answered; meanwhile the clock moves, for at most L{PATIENCE} seconds.

    @ivar modules: what the classes made, in the order of loading: the modules
        first, then the legacy providers.
    @ivar events: all events of C{twisted.logger} since the beginning.
    @ivar clock: the reactor, with C{advance(seconds)}.
    @ivar hs: the L{HomeServer} behind it all.
    """

    def __init__(
        self,
        modules: Sequence[Entry] = (),
        password_providers: Sequence[Entry] = (),
        treq: Any = None,
        **settings: Any,
    ) -> None:
        """
        @param modules: each a class or its dotted name, or C{(class, config)}.
        @param password_providers: the same, for legacy providers.
        @param treq: what stands in for treq behind the C{http_client}, such as
            a C{treq.testing.StubTreq}.
        @param settings: keys of C{homeserver.yaml}, such as
            C{server_name="matrix.test"}; there are no limits of rates unless
            they set some, and everybody may register.
        @raise synauth.errors.ConfigError: if one can't be loaded.
        """
        self.events = Events()
        config = load_config([], dict(_settings(), **settings), None)
        self.clock = InlineReactor()
        self.clock.advance(_NOON_S)
        self._database = InlineDatabase()
        self.hs = HomeServer(config, self.clock, self._database, treq, InlineHashPool())
        globalLogPublisher.addObserver(self.events)
        try:
            with provide_synapse_names():
                loaded = [
                    _loaded("%s[%d]" % (key, i), entry, is_legacy)
                    for key, entries, is_legacy in (
                        ("modules", modules, False),
                        ("password_providers", password_providers, True),
                    )
                    for i, entry in enumerate(entries)
                ]
            self._site = self._load(loaded)
        except Exception:
            self.close()
            raise

    def _load(self, loaded: List[LoadedModule]) -> SynauthSite:
        apply_to_connection(
            self._database.engine, self._database.connection, module_schemas(loaded)
        )
        host = ModuleHost(self.hs, access_token)
        self.modules = [built.instance for built in build_modules(loaded, host)]
        self.hs.auth_handler.offer_login_types()
        return SynauthSite(make_root(self.hs, host.resources), self.clock)

    def close(self) -> None:
        """
        Stop listening to the log, and forget the database.
        """
        globalLogPublisher.removeObserver(self.events)
        self._database.close()

    # --- what clients do

    def request(
        self,
        method: str,
        path: str,
        body: Optional[Mapping[str, Any]] = None,
        token: Optional[str] = None,
    ) -> Answer:
        """
        Send a request.

        @param path: with the query; C{/v3/login} is short for
            C{/_matrix/client/v3/login}.
        @param token: an access token.
        """
        if path.startswith("/v3/"):
            path = "/_matrix/client" + path
        content = b"" if body is None else json.dumps(body).encode("ascii")
        # With 1.0 the answer comes in one piece, and ends with the connection.
        lines = ["%s %s HTTP/1.0" % (method, path), "Host: localhost"]
        lines.append("Content-Length: %d" % len(content))
        if token is not None:
            lines.append("Authorization: Bearer " + token)
        head = "\r\n".join(lines) + "\r\n\r\n"
        transport = StringTransport(peerAddress=IPv4Address("TCP", "192.0.2.1", 4321))
        channel = self._site.buildProtocol(transport.getPeer())
        channel.makeConnection(transport)
        channel.dataReceived(head.encode("utf-8") + content)
        self._wait_until(lambda: transport.disconnecting, "%s %s" % (method, path))
        status, _, sent = transport.value().partition(b"\r\n")
        return Answer(int(status.split()[1]), sent.partition(b"\r\n\r\n")[2])

    def login_types(self) -> List[str]:
        """
        @return: what clients are offered, in order.
        """
        return [flow["type"] for flow in self.request("GET", "/v3/login").body["flows"]]

    def log_in(
        self,
        user: Optional[str] = None,
        password: Optional[str] = None,
        type: str = LoginType.PASSWORD,
        threepid: Optional[Tuple[str, str]] = None,
        **fields: Any,
    ) -> Answer:
        """
        Log in.

        @param user: a localpart or a full id.
        @param threepid: instead of it, a medium and an address.
        @param fields: what the login type needs, and what else clients send,
            such as C{device_id}.
        """
        body = dict(fields, type=type)
        if password is not None:
            body["password"] = password
        if threepid is not None:
            medium, address = threepid
            body["identifier"] = {
                "type": "m.id.thirdparty",
                "medium": medium,
                "address": address,
            }
        elif user is not None:
            body["identifier"] = {"type": "m.id.user", "user": user}
        return self.request("POST", "/v3/login", body)

    def register(self, password: str = "a new password", **params: Any) -> Answer:
        """
        Register an account as a client does, through all steps; modules are
        asked for its names.

        @param params: such as C{username}.
        """
        body = dict(params, password=password, auth={"type": LoginType.DUMMY})
        return self.request("POST", "/v3/register", body)

    def log_out(self, token: str, everywhere: bool = False) -> Answer:
        """
        Log out.

        @param token: the access token.
        @param everywhere: whether all devices of the user are meant.
        """
        path = "/v3/logout/all" if everywhere else "/v3/logout"
        return self.request("POST", path, {}, token)

    # --- what an administrator does

    def register_user(
        self, localpart: str, password: Optional[str] = None, **more: Any
    ) -> str:
        """
        Make an account.

        @param password: one that is kept here, or C{None} for none.
        @param more: such as C{admin=True} or C{display_name="Alice"}.
        @return: the user id.
        """
        password_hash = None
        if password is not None:
            password_hash = self.wait(self.hs.auth_handler.hash(password))
        answer = self.wait(
            self.hs.registration.register_user(localpart, password_hash, **more)
        )
        user_id: str = answer["user_id"]
        return user_id

    def bind(self, user_id: str, medium: str, address: str) -> None:
        """
        Give an address to an account.
        """
        self.wait(
            self.hs.auth_handler.add_threepid(
                user_id, medium, address, self.hs.get_clock().time_msec()
            )
        )

    # --- what there is to see

    @property
    def failures(self) -> Dict[str, int]:
        """
        How often each module could not be asked, by its name.
        """
        return dict(self.hs.auth_handler.caller.failures)

    def accounts(self) -> List[str]:
        """
        @return: all user ids.
        """
        return self._column("SELECT name FROM users ORDER BY name")

    def devices(self, user_id: str) -> List[str]:
        """
        @return: the ids of a user's devices.
        """
        return self._column(
            "SELECT device_id FROM devices WHERE user_id = ? ORDER BY device_id",
            user_id,
        )

    def display_name(self, localpart: str) -> Optional[str]:
        """
        @return: what a user is called.
        """
        profile = self.wait(self.hs.get_datastore().get_profile(localpart))
        return None if profile is None else profile.display_name

    def wait(self, waiting: "Deferred[Any]") -> Any:
        """
        @return: what a Deferred fires with.
        @raise Exception: what it errs with.
        """
        results: List[Any] = []
        waiting.addBoth(results.append)
        self._wait_until(lambda: results, "the Deferred")
        if hasattr(results[0], "raiseException"):
            results[0].raiseException()
        return results[0]

    def _wait_until(self, is_done: Callable[[], Any], what: str) -> None:
        for _ in range(PATIENCE):
            if is_done():
                return
            self.clock.advance(1)
        assert is_done(), "%s: no answer within %d seconds" % (what, PATIENCE)

    def _column(self, query: str, *args: Any) -> List[str]:
        rows = self._database.connection.cursor().execute(query, args)
        return [row[0] for row in rows]


def _settings() -> Dict[str, Any]:
    return {
        "server_name": "example.org",
        "bcrypt_rounds": 4,
        "macaroon_secret_key": "a key for tests",
        "enable_registration": True,
        "enable_registration_without_verification": True,
        "rc_login": dict.fromkeys(
            ("address", "account", "failed_attempts"), _NEVER_LIMITED
        ),
        "rc_registration": _NEVER_LIMITED,
    }


def _loaded(where: str, entry: Entry, is_legacy: bool) -> LoadedModule:
    factory, settings = entry if isinstance(entry, tuple) else (entry, None)
    if isinstance(factory, str):
        name, factory = factory, imported(where + ".module", factory)
    else:
        name = "%s.%s" % (factory.__module__, factory.__qualname__)
    return load_class(factory, name, where, settings, is_legacy)
