"""
A whole server in memory for the endpoints' tests: real SQL, real hashes, real
HTTP bytes; no threads, no sockets, and a clock that the test moves.
"""

import json
import os
from typing import Any, Dict, List, Optional, Tuple

import attr
from twisted.internet.address import IPv4Address
from twisted.logger import formatEvent, globalLogPublisher
from twisted.trial.unittest import SynchronousTestCase

from synauth.awaiting import fired
from synauth.homeserver.config import load_config
from synauth.homeserver.server import HomeServer
from synauth.homeserver.service import add_modules
from synauth.providers.loading import load_class
from synauth.storage.engines import POSTGRES, make_engine
from synauth.storage.records import NewAccount
from synauth.testing.database import InlineDatabase
from synauth.testing.passwords import InlineHashPool
from synauth.web.api import make_root
from synauth.web.server import SynauthSite
from tests.specification import SPECIFICATION
from tests.storage.postgresql import emptied_database
from tests.web.client import NOON_S, Answer, Connection

try:
    from twisted.internet.testing import MemoryReactorClock
except ImportError:  # Twisted 19.2
    from twisted.test.proto_helpers import MemoryReactorClock

PASSWORD = "correct horse"
NEVER_LIMITED = {"per_second": 1000, "burst_count": 1000}
SETTINGS = {
    "server_name": "example.org",
    "bcrypt_rounds": 4,
    "macaroon_secret_key": "the signing key",
    "rc_login": {
        "address": NEVER_LIMITED,
        "account": NEVER_LIMITED,
        "failed_attempts": NEVER_LIMITED,
    },
    "rc_registration": NEVER_LIMITED,
}


class Server:
    """
    A server.

    @ivar reactor: its clock stands still.
    @ivar database: the L{InlineDatabase}.
    @ivar pool: counts the hashes.
    @ivar hs: the L{HomeServer}.
    @ivar site: what it serves.
    """

    def __init__(
        self,
        treq: Any = None,
        providers: Any = (),
        pool: Any = None,
        modules: Any = (),
        **settings: Any,
    ) -> None:
        """
        @param treq: what stands in for treq.
        @param providers: password providers: classes.
        @param pool: the L{IHashPool}.
        @param modules: by name, each made with its settings (C{None}) and a
            L{synauth.providers.module_api.ModuleApi}: pairs.
        @param settings: the configuration's, over L{SETTINGS}.
        """
        config = load_config([], dict(SETTINGS, **settings), None)
        config = attr.evolve(
            config,
            password_providers=[(provider, {}) for provider in providers],
            # The command line can't say null.
            **{key: None for key, value in settings.items() if value is None},
        )
        self.reactor = MemoryReactorClock()
        self.reactor.advance(NOON_S)
        self.database = make_inline_database()
        self.pool = pool or InlineHashPool()
        self.hs = HomeServer(config, self.reactor, self.database, treq, self.pool)
        resources = add_modules(
            self.hs,
            [load_class(made, name, name, None, False) for name, made in modules],
        )
        self.site = SynauthSite(make_root(self.hs, resources), self.reactor)

    def connect(
        self,
        method: str,
        path: str,
        body: Any = None,
        token: Optional[str] = None,
        headers: Tuple[Tuple[str, str], ...] = (),
        address: str = "192.0.2.1",
    ) -> Connection:
        """
        Send a request.

        @param path: with the query; C{/v3} for that of the client-server API.
        @param body: raw, or what is made JSON of.
        @param address: the client's.
        @return: the connection that it was sent on.
        """
        if path.startswith("/v3"):
            path = "/_matrix/client" + path
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode("ascii")
        if token is not None:
            headers += (("Authorization", "Bearer " + token),)
        connection = Connection(
            self.site, IPv4Address("TCP", address, 4321), SPECIFICATION
        )
        connection.request(method, path, body, headers)
        return connection

    def ask(self, method: str, path: str, body: Any = None, **more: Any) -> Answer:
        """
        See L{connect}.

        @return: the answer, which has to come at once.
        """
        connection = self.connect(method, path, body, **more)
        (answer,) = connection.answers(head_only=method == "HEAD")
        return answer

    def post(self, path: str, body: Any = None, **more: Any) -> Answer:
        """
        See L{ask}.
        """
        return self.ask("POST", path, {} if body is None else body, **more)

    def get(self, path: str, **more: Any) -> Answer:
        """
        See L{ask}.
        """
        return self.ask("GET", path, **more)

    def add_user(
        self, localpart: str = "alice", password: Optional[str] = PASSWORD
    ) -> str:
        """
        Make an account.

        @return: its user id.
        """
        hashes: List[Optional[str]] = []
        if password is None:
            hashes.append(None)
        else:
            self.hs.auth_handler.hash(password).addCallback(hashes.append)
        user_id = "@%s:example.org" % localpart
        account = NewAccount(user_id, hashes[0], NOON_S)
        self.hs.get_datastore().create_user(account).addErrback(_raise)
        return user_id

    def log_in(
        self, user: str = "alice", password: str = PASSWORD, **more: Any
    ) -> Answer:
        """
        Log in with a password.

        @param more: further parameters.
        """
        body = {"type": "m.login.password", "password": password}
        body["identifier"] = {"type": "m.id.user", "user": user}
        return self.post("/v3/login", dict(body, **more))

    def change(self, column: str, value: Any, user_id: str) -> None:
        """
        Change an account behind the server's back.
        """
        if type(value) is int:
            # Of these columns some are BOOLEAN, where a number is none.
            value = bool(value)
        written = self.database.write(
            lambda txn: txn.execute(
                "UPDATE users SET %s = ? WHERE name = ?" % column, (value, user_id)
            )
        )
        fired(written)


def make_inline_database() -> InlineDatabase:
    """
    @return: an empty database, in memory, or, if C{SYNAUTH_TEST_DATABASE} is
        C{psycopg2}, on a PostgreSQL server: then only the last one is good.
    """
    if os.environ.get("SYNAUTH_TEST_DATABASE") != POSTGRES:
        return InlineDatabase()
    while _made:
        _made.pop().close()
    _made.append(InlineDatabase(engine=make_engine(POSTGRES, emptied_database())))
    return _made[-1]


_made: List[InlineDatabase] = []


def _raise(failure: Any) -> None:
    failure.raiseException()


class EndpointTestCase(SynchronousTestCase):
    """
    Watches what is logged, and knows the shape of errors.

    @ivar events: all that was logged.
    """

    def setUp(self) -> None:
        """
        Listen to the log.
        """
        self.events: List[Dict[str, Any]] = []
        globalLogPublisher.addObserver(self.events.append)
        self.addCleanup(globalLogPublisher.removeObserver, self.events.append)

    def audits(self) -> List[Tuple[Any, ...]]:
        """
        @return: the audit log since the last call: outcome, method, reason,
            user id, device id.
        """
        keys = ("outcome", "method", "reason", "user_id", "device_id")
        found = [
            tuple(event[key] for key in keys)
            for event in self.events
            if event.get("log_namespace") == "synauth.audit"
        ]
        del self.events[:]
        return found

    def logged(self) -> str:
        """
        @return: all that was logged, with every field.
        """
        return "\n".join(formatEvent(e) + repr(e) for e in self.events)

    def assertRefused(
        self, answer: Answer, code: int, errcode: str, **more: Any
    ) -> Dict[str, Any]:
        """
        Assert that an answer is an error of the specification's shape, with
        nothing in its body but what is said.

        @param more: what is in it besides C{errcode} and C{error}.
        @return: the body.
        """
        body: Dict[str, Any] = answer.json
        self.assertEqual(
            (answer.code, body.get("errcode")), (code, errcode), answer.body
        )
        self.assertEqual(answer.headers["content-type"], "application/json")
        self.assertEqual(answer.headers["access-control-allow-origin"], "*")
        self.assertIsInstance(body.pop("error"), str)
        self.assertEqual(body, dict(more, errcode=errcode))
        return body

    def assertLimited(self, answer: Answer, retry_after_ms: int) -> None:
        """
        Assert that an answer tells when to come back.
        """
        self.assertRefused(
            answer, 429, "M_LIMIT_EXCEEDED", retry_after_ms=retry_after_ms
        )
        self.assertEqual(
            answer.headers["retry-after"], str((retry_after_ms + 999) // 1000)
        )

    def assertAnswered(self, answer: Answer) -> Any:
        """
        Assert that an answer is a success.

        @return: its body.
        """
        self.assertEqual(answer.code, 200, answer.body)
        return answer.json
