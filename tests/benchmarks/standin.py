"""
A stand-in for a homeserver, just true enough to be measured: it answers the
endpoints that C{benchmarks/http.py} asks, hashes with bcrypt at the lowest
cost, and refuses every third login as one too many.

Run as a program it prints its port and ends when its standard input does.
"""

import itertools
import json
import sys
from typing import Any, Dict, Tuple

import bcrypt
from twisted.internet import reactor, stdio
from twisted.internet.protocol import Protocol
from twisted.web.resource import Resource
from twisted.web.server import Site

Answer = Tuple[int, Dict[str, Any]]


class StandIn(Resource):
    """
    One account, whatever it is called.
    """

    isLeaf = True

    def __init__(self) -> None:
        Resource.__init__(self)
        self._hash = b""
        self._logins = itertools.count(1)

    def render(self, request: Any) -> bytes:
        """
        Answer in JSON.
        """
        content = request.content.read()
        body = json.loads(content) if content else {}
        name = request.method + b" " + request.path[len("/_matrix/client/v3") :]
        status, answer = {
            b"GET /login": self._flows,
            b"GET /account/whoami": self._whoami,
            b"POST /register": self._register,
            b"POST /login": self._login,
        }[name](request, body)
        request.setResponseCode(status)
        return json.dumps(answer).encode("ascii")

    def _flows(self, request: Any, body: Dict[str, Any]) -> Answer:
        return 200, {"flows": [{"type": "m.login.password"}]}

    def _whoami(self, request: Any, body: Dict[str, Any]) -> Answer:
        if request.getHeader(b"Authorization") != b"Bearer token":
            return 401, {"errcode": "M_UNKNOWN_TOKEN"}
        return 200, {"user_id": "@somebody:localhost"}

    def _register(self, request: Any, body: Dict[str, Any]) -> Answer:
        if "auth" not in body:
            return 401, {"session": "s", "flows": [{"stages": ["m.login.dummy"]}]}
        password = body["password"].encode("ascii")
        self._hash = bcrypt.hashpw(password, bcrypt.gensalt(4))
        return 200, {"access_token": "token"}

    def _login(self, request: Any, body: Dict[str, Any]) -> Answer:
        if next(self._logins) % 3 == 0:
            return 429, {"errcode": "M_LIMIT_EXCEEDED", "retry_after_ms": 1}
        if not bcrypt.checkpw(body["password"].encode("ascii"), self._hash):
            return 403, {"errcode": "M_FORBIDDEN"}
        return 200, {"access_token": "token"}


class Lifeline(Protocol):
    """
    Ends the program.
    """

    def connectionLost(self, reason: Any = None) -> None:
        """
        Whoever started us is gone.
        """
        if reactor.running:
            reactor.stop()


if __name__ == "__main__":
    listening = reactor.listenTCP(0, Site(StandIn()), interface="127.0.0.1")
    sys.stdout.write("%d\n" % (listening.getHost().port,))
    sys.stdout.flush()
    stdio.StandardIO(Lifeline())
    reactor.run()
