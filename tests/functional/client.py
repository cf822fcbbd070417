"""
A client of the daemon: one request, one connection.
"""

import json
import socket
from http.client import HTTPConnection, HTTPResponse
from typing import Any, Dict, List, NamedTuple, Optional

from tests.specification import SPECIFICATION

TIMEOUT_S = 30

V3 = "/_matrix/client/v3"

PASSWORD = "wonderland-1"


class Answer(NamedTuple):
    """
    What the daemon answered.

    @ivar body: what its JSON says; C{None} if it is empty.
    @ivar headers: by their names in lower case.
    """

    status: int
    body: Any
    headers: Dict[str, str]


class Client:
    """
    Asks the daemon.

    @param port: where it listens.
    @param token: the access token to send.
    """

    def __init__(self, port: int, token: Optional[str] = None) -> None:
        self.port = port
        self.token = token

    def get(self, path: str) -> Answer:
        """
        C{GET} something.
        """
        return self.ask("GET", path)

    def post(self, path: str, body: Dict[str, Any]) -> Answer:
        """
        C{POST} a JSON object.
        """
        return self.ask("POST", path, json.dumps(body).encode("ascii"))

    def ask(self, method: str, path: str, body: Optional[bytes] = None) -> Answer:
        """
        Send a request.

        @raise OSError: or C{http.client.HTTPException}, if there is no answer.
        """
        headers = {"Content-Type": "application/json"}
        if self.token is not None:
            headers["Authorization"] = "Bearer " + self.token
        connection = HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT_S)
        try:
            connection.request(method, path, body, headers)
            answer = read_answer(connection.getresponse())
        finally:
            connection.close()
        if answer.headers.get("content-type") == "application/json":
            SPECIFICATION.check(method, path, answer.status, answer.body)
        return answer

    def connect(self) -> socket.socket:
        """
        @return: a connection, for what no well-behaved client would send.
        """
        return socket.create_connection(("127.0.0.1", self.port), TIMEOUT_S)

    def register(self, name: str, **more: Any) -> Answer:
        """
        Make an account, with L{PASSWORD} unless another is given.
        """
        body = {"username": name, "password": PASSWORD, "auth": _DUMMY}
        return self.post(V3 + "/register", dict(body, **more))

    def login(self, name: str, **more: Any) -> Answer:
        """
        Log in, with L{PASSWORD} unless another is given.
        """
        return self.post(V3 + "/login", dict(password_login(name), **more))

    def whoami(self, token: str) -> Answer:
        """
        Ask whose token this is.
        """
        return Client(self.port, token).get(V3 + "/account/whoami")


_DUMMY = {"type": "m.login.dummy"}


def password_login(name: str) -> Dict[str, Any]:
    """
    @return: the body of a login with L{PASSWORD}.
    """
    return {
        "type": "m.login.password",
        "identifier": {"type": "m.id.user", "user": name},
        "password": PASSWORD,
    }


def request_bytes(method: str, path: str, body: Dict[str, Any], *headers: str) -> bytes:
    """
    @param headers: whole lines.
    @return: a request with a JSON object, as it goes over the wire.
    """
    content = json.dumps(body)
    lines = ["%s %s HTTP/1.1" % (method, path), "Host: localhost"]
    lines += ["Content-Length: %d" % len(content), *headers]
    return ("\r\n".join(lines) + "\r\n\r\n" + content).encode("ascii")


def read_answer(response: HTTPResponse) -> Answer:
    """
    @param response: begun.
    """
    content = response.read()
    headers = {name.lower(): value for name, value in response.getheaders()}
    body = json.loads(content.decode("utf-8")) if content else None
    return Answer(response.status, body, headers)


def receive_answers(connection: socket.socket, number: int) -> List[Answer]:
    """
    @return: the next answers on a connection.
    """
    # Each response would read ahead into a buffer of its own.
    shared = _OneStream(connection)
    answers = []
    with shared.stream:
        for _ in range(number):
            response = HTTPResponse(shared)  # type: ignore[arg-type]
            response.begin()
            answers.append(read_answer(response))
    return answers


class _OneStream:
    """
    What C{HTTPResponse} needs of a socket, for several in a row.
    """

    def __init__(self, connection: socket.socket) -> None:
        self.stream = connection.makefile("rb")

    def makefile(self, mode: str) -> Any:
        """
        @return: the stream, as something that may be closed without harm.
        """
        return _Unclosed(self.stream)


class _Unclosed:
    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def close(self) -> None:
        """
        The next response goes on reading.
        """
