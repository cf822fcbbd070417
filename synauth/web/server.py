"""
The site, and what a connection to it speaks.

Nothing here writes a query string to a log: an access token may stand in it.
"""

from typing import Any, List, Optional, Sequence

from twisted.internet.interfaces import IReactorTime
from twisted.internet.protocol import connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.web.http import HTTPChannel, Request, datetimeToString
from twisted.web.resource import IResource
from twisted.web.server import Site

from synauth.errors import MatrixError
from synauth.metrics.counting import RequestCounts
from synauth.request_ids import RequestIds, given_id
from synauth.web.client_address import ClientAddresses, Network
from synauth.web.connections import Connections
from synauth.web.request import SynauthRequest
from synauth.web.response import encode_json, json_response

REQUEST_TIMEOUT_S = 60

_SPACES = frozenset(b" \t")

_access_log = Logger(namespace="synauth.access")

_BAD_REQUEST = encode_json(MatrixError(400, "Not an HTTP request").error_dict())
_TOO_SLOW = encode_json(
    MatrixError(408, "The request took too long to arrive").error_dict()
)


class SynauthChannel(HTTPChannel):
    """
    A connection that speaks HTTP/1.1.
    """

    # Set by the site; the transport is never None while data arrives.
    site: "SynauthSite"
    transport: Any

    # Whether a part of a request is there.
    _arriving = False

    _host: Any = None

    def getHost(self) -> Any:
        """
        @return: our side of the connection.  Each request wants to know, and each
            time it would be a call of the system's.
        """
        if self._host is None:
            self._host = super().getHost()
        return self._host

    def connectionMade(self) -> None:
        """
        Somebody has connected.
        """
        super().connectionMade()
        self.site.connections.opened(self)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """
        The connection is no more.

        @param reason: why.
        """
        super().connectionLost(reason)
        self.site.connections.closed(self)

    def dataReceived(self, data: bytes) -> None:
        """
        @param data: what the client sends.
        """
        # Twisted 19.2 would not count the time before the end of a line.
        self.resetTimeout()
        super().dataReceived(data)

    def resetTimeout(self) -> None:
        """
        Something has arrived.  Twisted would begin to wait anew each time; here
        the time is for the whole request, from its first byte on.
        """
        if not self._arriving:
            self._arriving = self.timeOut is not None
            super().resetTimeout()

    def allContentReceived(self) -> None:
        """
        The request is complete.
        """
        self._arriving = False
        super().allContentReceived()

    def timeoutConnection(self) -> None:
        """
        The request has not come, or not to its end.
        """
        if self._arriving:
            self.transport.write(
                json_response(
                    408, self.site.date(), b"Connection: close\r\n", _TOO_SLOW
                )
            )
        super().timeoutConnection()

    def loseConnection(self) -> None:
        """
        Close the connection when all is written; and if the client does not take
        it, without that.
        """
        if self._abortingCall is None:
            self._abortingCall = self.callLater(
                self.abortTimeout, self.forceAbortClient
            )
        super().loseConnection()

    def checkPersistence(self, request: Request, version: bytes) -> bool:
        """
        @param request: one whose headers are there.
        @param version: its version of HTTP.
        @return: whether another one may follow.
        """
        return not self.site.connections.draining and bool(
            super().checkPersistence(request, version)
        )

    def end_with_request(self) -> None:
        """
        Close the connection when the request that it serves is answered.  One
        that has none may still bring one.
        """
        if self.requests:
            self.persistent = False

    def _respondToBadRequestAndDisconnect(self) -> None:
        """
        Say in JSON what Twisted says without words.
        """
        self.transport.write(
            json_response(400, self.site.date(), b"Connection: close\r\n", _BAD_REQUEST)
        )
        self.loseConnection()

    def lineReceived(self, line: bytes) -> None:
        """
        A line of a request's head has arrived.

        @param line: it, without its end.  One that goes on with the header of
            the line before is refused (RFC 9112, section 5.2): Twisteds of some
            years ago fail over it.
        """
        if line and line[0] in _SPACES:
            self._respondToBadRequestAndDisconnect()
        else:
            super().lineReceived(line)

    def headerReceived(self, line: bytes) -> bool:
        """
        A header has arrived.

        @param line: the whole of it.
        @return: whether it is a good one.
        """
        try:
            return bool(super().headerReceived(line))
        except ValueError:
            # Newer Pythons don't make a number of a Content-Length with
            # thousands of digits.
            self._respondToBadRequestAndDisconnect()
            return False

    def lineLengthExceeded(self, line: bytes) -> None:
        """
        Say why the connection ends.

        @param line: what is longer than Twisted lets a line be.
        """
        self._respondToBadRequestAndDisconnect()


class SynauthSite(Site):
    """
    Serves a tree of resources.

    @ivar clock: the reactor.
    @ivar addresses: tells where requests come from.
    """

    protocol = SynauthChannel  # type: ignore[assignment]
    displayTracebacks = False
    # The daemon says by itself where it listens.
    noisy = False

    def __init__(
        self,
        resource: IResource,
        reactor: IReactorTime,
        x_forwarded: bool = False,
        trusted_proxies: Sequence[Network] = (),
        access_log: bool = False,
        connections: Optional[Connections] = None,
        requests: Optional[RequestCounts] = None,
        request_timeout_s: float = REQUEST_TIMEOUT_S,
    ) -> None:
        """
        @param resource: the root.
        @param reactor: for the time, and time limits.
        @param x_forwarded: whether C{X-Forwarded-For} is looked at.
        @param trusted_proxies: whose C{X-Forwarded-For} is believed.
        @param access_log: whether each answer is logged, at level info and
            without its query, under C{synauth.access}.
        @param connections: how many there may be; any number by default.
        @param requests: counts them; C{None} if nobody does.
        @param request_timeout_s: how long a request may take to arrive, and a
            connection may wait for one, in seconds.
        """
        super().__init__(
            resource, SynauthRequest, timeout=request_timeout_s, reactor=reactor
        )
        self.connections = Connections(reactor) if connections is None else connections
        self.clock = reactor
        self.addresses = ClientAddresses(x_forwarded, trusted_proxies)
        self._log_requests = access_log
        self._requests = requests
        self._request_ids = RequestIds()
        self._date = b""
        self._date_s = -1

    def buildProtocol(self, addr: Any) -> Any:
        """
        @param addr: who connects.
        @return: what serves him; C{None} if there are too many.
        """
        if not self.connections.admits(addr):
            return None
        return super().buildProtocol(addr)

    def startFactory(self) -> None:
        """
        Twisted opens its access log here and wakes up once a second to keep
        the time for it.  We have no use for either.
        """

    def acceptableProtocols(self) -> List[bytes]:
        """
        @return: what is agreed on with a client over TLS: never HTTP/2, which
            L{SynauthChannel} does not speak.
        """
        return [b"http/1.1"]

    def date(self) -> bytes:
        """
        @return: the value of a C{Date} header.
        """
        now_s = int(self.clock.seconds())
        if now_s != self._date_s:
            self._date_s = now_s
            self._date = datetimeToString(now_s)
        return self._date

    def request_id_of(self, request: SynauthRequest) -> str:
        """
        @param request: one whose headers are complete.
        @return: what a reverse proxy that is trusted calls it, in
            C{X-Request-ID}; else an id of ours.
        """
        said = self.addresses.said_by_proxy(
            b"X-Request-ID", request.client, request.requestHeaders
        )
        return said and given_id(said) or self._request_ids.make()

    def log(self, request: SynauthRequest) -> None:  # type: ignore[override]
        """
        Count and log an answer, if that is wanted.

        @param request: the request; its query is not logged.
        """
        if self._requests is not None:
            self._requests.add(
                request.endpoint,
                request.method,
                request.code,
                self.clock.seconds() - request.received_at,
            )
        if self._log_requests:
            _access_log.info(
                "{address} {method} {path} {status} {length}B {duration_ms}ms",
                address=request.client_address(),
                method=_printable(request.method),
                path=_printable(request.path),
                status=request.code,
                length=request.sentLength,
                duration_ms=round(1000 * (self.clock.seconds() - request.received_at)),
                request_id=request.request_id,
            )


def _printable(raw: bytes) -> str:
    """
    @return: C{raw} in printable ASCII, the rest as escapes.
    """
    return repr(raw)[2:-1]
