"""
A client in memory for the web tests: what it sends goes through the site's own
protocol, byte for byte, and what it is told comes back parsed.
"""

import json
from typing import Any, Dict, List, Optional, Tuple

import attr
from twisted.internet.address import IPv4Address
from twisted.internet.error import ConnectionDone
from twisted.internet.task import Clock
from twisted.python.failure import Failure

from synauth.web.routes import Route, build_root
from synauth.web.server import SynauthSite

try:
    from twisted.internet.testing import StringTransport
except ImportError:  # Twisted 19.2
    from twisted.test.proto_helpers import StringTransport

NOON_S = 1500000000


@attr.s(frozen=True, auto_attribs=True)
class Answer:
    """
    A response.

    @ivar headers: by lower-case name; several of one name are joined with
        commas.
    """

    code: int
    headers: Dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """
        The body, which has to be JSON.
        """
        return json.loads(self.body.decode("utf-8"))


def site_of(*routes: Route, **options: Any) -> SynauthSite:
    """
    @param routes: what it serves.
    @param options: L{SynauthSite}'s.
    @return: a site on a clock that stands still at L{NOON_S}.
    """
    clock = Clock()
    clock.advance(NOON_S)
    return SynauthSite(build_root(routes), clock, **options)


class Connection:
    """
    A connection to a site.

    @ivar transport: the site's side of it.
    @ivar protocol: the site's protocol.
    """

    def __init__(
        self, site: SynauthSite, peer: Any = None, specification: Any = None
    ) -> None:
        """
        @param site: whom it is to.
        @param peer: the client's address, an C{IAddress}.
        @param specification: what the answers have to conform to, a
            L{tests.specification.Specification}, or C{None}.
        """
        self._specification = specification
        self._requests: List[Tuple[str, str]] = []
        self._checked = 0
        peer = peer or IPv4Address("TCP", "192.0.2.1", 4321)
        self.transport = StringTransport(peerAddress=peer)
        self.protocol = site.buildProtocol(peer)
        self.protocol.makeConnection(self.transport)

    def send(self, data: bytes) -> None:
        """
        Send bytes, in one piece.
        """
        self.protocol.dataReceived(data)

    def request(
        self,
        method: str,
        path: str,
        body: Optional[bytes] = None,
        headers: Tuple[Tuple[str, str], ...] = (),
    ) -> None:
        """
        Send a request.

        @param path: with the query.
        """
        lines = ["%s %s HTTP/1.1" % (method, path), "Host: localhost"]
        lines += ["%s: %s" % header for header in headers]
        if body is not None:
            lines.append("Content-Length: %d" % len(body))
        head = "\r\n".join(lines) + "\r\n\r\n"
        self._requests.append((method, path))
        self.send(head.encode("utf-8") + (body or b""))

    def answers(self, head_only: bool = False) -> List[Answer]:
        """
        @param head_only: whether they are the answers to HEADs.
        @return: what was answered so far; nothing may be left over.
        """
        data, answers = self.transport.value(), []
        while data:
            head, _, data = data.partition(b"\r\n\r\n")
            lines = head.decode("ascii").split("\r\n")
            headers: Dict[str, str] = {}
            for line in lines[1:]:
                name, _, value = line.partition(": ")
                name = name.lower()
                headers[name] = (
                    headers[name] + "," + value if name in headers else value
                )
            length = 0 if head_only else int(headers.get("content-length", 0))
            assert len(data) >= length, "an answer is incomplete"
            code = int(lines[0].split(" ")[1])
            answers.append(Answer(code, headers, data[:length]))
            data = data[length:]
        self._check(answers)
        return answers

    def _check(self, answers: List[Answer]) -> None:
        """
        Hold what has come since the last time against the specification, where
        it is the answer to a whole request, and JSON.
        """
        # Or somebody has sent bytes as well, and who knows what they asked.
        if self._specification is None or len(answers) > len(self._requests):
            return
        todo = list(zip(self._requests, answers))[self._checked :]
        self._checked = len(answers)
        for (method, path), answer in todo:
            if answer.headers.get("content-type") == "application/json":
                body = answer.json if method != "HEAD" else None
                self._specification.check(method, path, answer.code, body)

    @property
    def closed(self) -> bool:
        """
        Whether the site has closed the connection.
        """
        return self.transport.disconnecting

    def lose(self) -> None:
        """
        Have the client go away.
        """
        self.protocol.connectionLost(Failure(ConnectionDone()))


def ask(
    site: SynauthSite,
    method: str,
    path: str,
    body: Optional[bytes] = None,
    headers: Tuple[Tuple[str, str], ...] = (),
    peer: Any = None,
) -> Answer:
    """
    One request on a connection of its own, answered at once.

    @return: the answer.
    """
    connection = Connection(site, peer)
    connection.request(method, path, body, headers)
    (answer,) = connection.answers(head_only=method == "HEAD")
    return answer
