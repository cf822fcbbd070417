"""
A homeserver for the tests of what modules are handed.
"""

import sys
from typing import Any

import attr
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from synauth.homeserver.config import load_config
from synauth.homeserver.module_host import ModuleHost
from synauth.homeserver.server import HomeServer
from synauth.providers.module_api import ModuleApi
from synauth.testing.database import InlineDatabase

HOSTNAME = "example.org"
ALICE = "@alice:example.org"
NOW_MS = 1500000000000


def forget_synapse() -> None:
    """
    As if nobody had ever imported any of it.
    """
    for name in list(sys.modules):
        if name.partition(".")[0] == "synapse":
            del sys.modules[name]


class SameThreads(Clock):
    """
    A clock that is its own pool of threads, of which there are none.
    """

    def getThreadPool(self) -> Any:
        """
        @return: this object.
        """
        return self

    def callFromThread(self, function: Any, *args: Any, **kwargs: Any) -> None:
        """
        Call it.
        """
        function(*args, **kwargs)

    def callInThreadWithCallback(
        self, on_result: Any, function: Any, *args: Any, **kwargs: Any
    ) -> None:
        """
        Call it, and pass its result on.
        """
        on_result(True, function(*args, **kwargs))


class ApiTestCase(SynchronousTestCase):
    """
    A homeserver in memory, with an account, and the API of a module.

    @ivar host: an L{ModuleHost}.
    @ivar api: a L{ModuleApi}.
    """

    def setUp(self) -> None:
        """
        Make them.
        """
        self.addCleanup(forget_synapse)
        config = attr.evolve(
            load_config([], {"server_name": HOSTNAME}, None),
            macaroon_secret_key="secret",
            public_baseurl="https://example.org/",
        )
        database = InlineDatabase()
        self.addCleanup(database.close)
        self.reactor = SameThreads()
        self.reactor.advance(NOW_MS / 1000)
        self.hs = HomeServer(config, self.reactor, database)
        self.host = ModuleHost(self.hs, lambda request: request.token)
        self.api: Any = ModuleApi(self.host, "my.Module")
        self.get(self.api.register_user("alice", "Alice"))

    def get(self, deferred: Any) -> Any:
        """
        @return: the result of a Deferred, asked for with C{await}.
        """
        return self.successResultOf(deferred)
