"""
The request: its body as it arrives, its answer as it leaves.

Two things differ from Twisted's own.  A body is bounded (L{MAX_BODY_BYTES})
and never parsed here, whatever its Content-Type says: clients send any.  And a
JSON answer is written in one piece, with the headers that every answer has put
together beforehand.
"""

from io import BytesIO
from typing import Any, Dict, List, Optional, Sequence, Tuple
from urllib.parse import unquote_to_bytes

from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.web.http import parse_qs
from twisted.web.server import Request

from synauth.constants import Codes
from synauth.errors import MatrixError
from synauth.request_ids import current
from synauth.web.response import (
    CORS_HEADERS,
    PRIVACY_HEADERS,
    SERVER,
    encode_json,
    header_lines,
    json_response,
    preflight_response,
)

MAX_BODY_BYTES = 64 * 1024

# A body that is too large is read to its end up to here, unkept, so that the
# client gets to read the answer; who sends even more is cut off.
MAX_DISCARDED_BYTES = MAX_BODY_BYTES + 1024 * 1024

_log = Logger()

_TOO_LARGE = encode_json(
    MatrixError(
        413,
        "The request body is larger than %d bytes" % MAX_BODY_BYTES,
        Codes.TOO_LARGE,
    ).error_dict()
)
_INTERNAL = encode_json(MatrixError(500, "Internal server error").error_dict())


FORM = b"application/x-www-form-urlencoded"


class SynauthRequest(Request):
    """
    A request.

    @ivar query: what stands behind the C{?} of the URI, raw.
    @ivar path_values: what was found in the place of the C{{parameters}} of a
        route, still percent-decoded bytes.
    @ivar gone: whether the client went away before it was answered.
    @ivar endpoint: what is asked for, as it is called where requests are counted.
    @ivar received_at: when the request was complete, in seconds of the
        reactor's.
    @ivar request_id: what the log calls it by.
    """

    # Twisted declares these vaguely, or not at all.
    channel: Any
    site: Any
    content: BytesIO

    # Until the request is complete; one that is cut off never is.
    method: bytes = b"-"
    path: bytes = b"-"

    query: bytes = b""
    path_values: Tuple[bytes, ...] = ()
    endpoint = "other"
    gone = False
    received_at = 0.0
    request_id = "-"

    _args: Optional[Dict[bytes, List[bytes]]] = None
    _body_size = 0
    _too_large = False
    _cut_off = False
    _client_address: Optional[str] = None

    # --- The body arrives -----------------------------------------------------

    def gotLength(self, length: Optional[int]) -> None:
        """
        The headers are complete; decide whether the body is wanted.

        @param length: the declared length, C{None} for a chunked body.
        """
        # The channel is gone when the client is; what goes on needs the site.
        self.site = self.channel.site
        self.request_id = self.site.request_id_of(self)
        self.content = BytesIO()
        if length is None or length <= MAX_BODY_BYTES:
            return
        self._too_large = True
        if length > MAX_DISCARDED_BYTES:
            self._cut_off_client()
        elif self.requestHeaders.hasHeader(b"Expect"):
            # The client waits for our word before it sends: the channel must
            # not tell it to go on.
            self._cut_off_client()

    def handleContentChunk(self, data: bytes) -> None:
        """
        Keep a piece of the body, or drop it if it is not wanted.

        @param data: the piece.
        """
        self._body_size += len(data)
        if self._body_size > MAX_BODY_BYTES and not self._too_large:
            self._too_large = True
            self.content = BytesIO()
        if not self._too_large:
            self.content.write(data)
        elif self._body_size > MAX_DISCARDED_BYTES and not self._cut_off:
            self._cut_off_client()

    def _cut_off_client(self) -> None:
        """
        Answer before the request is complete, and read no more.
        """
        self._cut_off = True
        self.received_at = self.site.clock.seconds()
        self.requestHeaders.removeHeader(b"Expect")
        self.responseHeaders.setRawHeaders(b"Connection", [b"close"])
        self._write_json(413, _TOO_LARGE)
        self.site.log(self)
        self.channel.loseConnection()

    def requestReceived(self, command: bytes, path: bytes, version: bytes) -> None:
        """
        The request is complete.

        @param command: its method.
        @param path: its URI, with the query.
        @param version: its version of HTTP.
        """
        if self._cut_off:
            return
        self.received_at = self.site.clock.seconds()
        self.method, self.uri, self.clientproto = command, path, version
        self.path, _, self.query = path.partition(b"?")
        if self._too_large:
            self.channel.persistent = False
            self._finish_json(413, _TOO_LARGE)
            return
        self.content.seek(0)
        self.process()

    @property
    def args(self) -> Dict[bytes, List[bytes]]:
        """
        The arguments in the query and, of a form, in the body, as Twisted has
        them: for the resources of modules.  Our own endpoints look at the
        query only.
        """
        if self._args is None:
            encoded = [self.query]
            kind = self.getHeader(b"Content-Type") or b""
            if kind.split(b";")[0].strip().lower() == FORM and self.content:
                self.content.seek(0)
                encoded.append(self.content.read())
                # For whoever reads it by itself.
                self.content.seek(0)
            self._args = {}
            for text in encoded:
                for name, values in parse_qs(text, 1).items():
                    self._args.setdefault(name, []).extend(values)
        return self._args

    @args.setter
    def args(self, args: Any) -> None:
        # Twisted's own constructor.
        self._args = args

    def connectionLost(self, reason: Failure) -> None:
        """
        The client went away; whatever is being done for it goes on.

        @param reason: why.
        """
        self.gone = True
        super().connectionLost(reason)

    # --- The request is answered ----------------------------------------------

    def process(self) -> None:
        """
        Find the resource and have it render itself.
        """
        self.prepath = []
        segments = self.path[1:].split(b"/")
        if b"%" in self.path:
            segments = [unquote_to_bytes(segment) for segment in segments]
        self.postpath = segments
        before = current.set(self.request_id)
        try:
            self.render(self.site.getResourceFor(self))
        except BaseException:
            self.processingFailed(Failure())
        finally:
            current.reset(before)

    def answer(self, code: int, body: Dict[str, Any]) -> None:
        """
        Answer with JSON, and with what was given to C{setHeader} before.
        Nothing happens if the client has gone.

        @param code: the status.
        @param body: see L{encode_json}.
        """
        if not self.gone:
            self._finish_json(code, encode_json(body))

    def answer_error(self, error: MatrixError) -> None:
        """
        Answer with an error.

        @param error: a client's mistake, or our refusal.
        """
        for name, value in error.headers.items():
            self.setHeader(name.encode("ascii"), value.encode("ascii"))
        self.answer(error.code, error.error_dict())

    def answer_page(
        self, code: int, html: str, headers: Sequence[Tuple[bytes, bytes]]
    ) -> None:
        """
        Answer with a page.  Nothing happens if the client has gone.

        @param code: the status.
        @param html: the page.
        @param headers: what belongs to it.
        """
        if self.gone:
            return
        content = html.encode("utf-8")
        self.setResponseCode(code)
        for name, value in (*CORS_HEADERS, *headers):
            self.setHeader(name, value)
        self.setHeader(b"Content-Length", b"%d" % len(content))
        self.write(b"" if self.method == b"HEAD" else content)
        self.finish()

    def answer_preflight(self) -> None:
        """
        Answer a browser that asks whether it may make a request.
        """
        self._close_unless_persistent()
        self.startedWriting = 1
        self.code = 204
        self.channel.write(preflight_response(self.site.date(), self._extra()))
        self.finish()

    def processingFailed(self, reason: Failure) -> None:
        """
        Answer with an error.  What is not a L{MatrixError} is logged, and the
        client is told nothing of it.

        @param reason: what went wrong.
        """
        error = reason.value
        if isinstance(error, MatrixError) and not self.startedWriting:
            self.answer_error(error)
            return
        # Not the URI: there may be a token in its query.
        _log.failure(
            "{method!r} {path!r} failed",
            failure=reason,
            method=self.method,
            path=self.path,
            request_id=self.request_id,
        )
        if self.gone or self.finished:
            return
        if self.startedWriting:
            self.channel.loseConnection()
        else:
            self._finish_json(500, _INTERNAL)

    def write(self, data: bytes) -> None:
        """
        Write a part of an answer that is not JSON: a page's.

        @param data: the part.
        """
        if not self.startedWriting and not self.gone:
            self._close_unless_persistent()
            self.setHeader(b"Server", SERVER)
            self.setHeader(b"Date", self.site.date())
            for name, value in PRIVACY_HEADERS:
                if not self.responseHeaders.hasHeader(name):
                    self.setHeader(name, value)
        super().write(data)

    def _finish_json(self, code: int, body: bytes) -> None:
        self._close_unless_persistent()
        self._write_json(code, body)
        self.finish()

    def _write_json(self, code: int, body: bytes) -> None:
        """
        Past C{Request.write} and C{Headers}: they cost more than all the rest
        of a short answer.
        """
        send_body = self.method != b"HEAD"
        self.startedWriting = 1
        self.code = code
        self.sentLength = len(body) if send_body else 0
        self.channel.write(
            json_response(code, self.site.date(), self._extra(), body, send_body)
        )

    def _extra(self) -> bytes:
        return header_lines(self.responseHeaders.getAllRawHeaders())

    def _close_unless_persistent(self) -> None:
        if not self.channel.persistent:
            self.responseHeaders.setRawHeaders(b"Connection", [b"close"])

    # --- Who asks -------------------------------------------------------------

    def client_address(self) -> str:
        """
        @return: the client's IP address; see L{ClientAddresses}.
        """
        if self._client_address is None:
            self._client_address = self.site.addresses.address_of(
                self.client, self.requestHeaders
            )
        return self._client_address
