"""
The requests that are measured, as bytes, and the account that they are made
with.
"""

import ipaddress
import itertools
import json
import secrets
from typing import Any, Callable, Dict, NamedTuple, Optional, Tuple
from urllib.parse import urlsplit

from benchmarks.answer import Answer, LoadError, ask, json_of

PREFIX = "/_matrix/client/v3"
_PLACE = "@@@@@@@@"


def loopback_address(base_url: str) -> Tuple[str, int]:
    """
    Read a base URL, and refuse every machine but this one.

    @param base_url: such as C{http://127.0.0.1:8008}.
    @return: the address and the port.
    @raise LoadError: if it is not plain HTTP to a loopback address.
    """
    try:
        parts = urlsplit(base_url)
        host, port = parts.hostname, parts.port or 80
    except ValueError as error:
        raise LoadError("%s is not a URL: %s" % (base_url, error)) from None
    if parts.scheme != "http" or not host or parts.path.strip("/"):
        raise LoadError("the base URL has to be of the form http://127.0.0.1:8008")
    if host == "localhost":
        host = "127.0.0.1"
    try:
        loopback = ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        raise LoadError("%s: only loopback addresses are measured" % (host,))
    return host, port


class Account(NamedTuple):
    """
    Whom the requests are for.
    """

    user: str
    password: Optional[str]
    token: str

    def __repr__(self) -> str:
        return "<Account %s>" % (self.user,)


class Requests:
    """
    Makes request bytes for one server.
    """

    def __init__(self, address: Tuple[str, int]) -> None:
        """
        @param address: host and port, for the C{Host} header.
        """
        host = "[%s]" % address[0] if ":" in address[0] else address[0]
        self._host = "%s:%d" % (host, address[1])

    def request(
        self,
        method: str,
        path: str,
        body: Optional[Dict[str, Any]] = None,
        token: Optional[str] = None,
    ) -> bytes:
        """
        @param path: with everything before it.
        @param body: sent as JSON.
        @param token: an access token.
        @return: the bytes of one request.
        """
        lines = ["%s %s HTTP/1.1" % (method, path), "Host: " + self._host]
        lines.append("User-Agent: synauth-benchmark")
        if token is not None:
            lines.append("Authorization: Bearer " + token)
        content = b""
        if body is not None:
            content = json.dumps(body).encode("ascii")
            lines.append("Content-Type: application/json")
            lines.append("Content-Length: %d" % (len(content),))
        return "\r\n".join(lines + ["", ""]).encode("ascii") + content

    def flows(self) -> bytes:
        """
        C{GET /login}.
        """
        return self.request("GET", PREFIX + "/login")

    def whoami(self, token: str) -> bytes:
        """
        C{GET /account/whoami}.
        """
        return self.request("GET", PREFIX + "/account/whoami", token=token)

    def challenges(
        self, path: Optional[str] = None, password: bool = True
    ) -> Callable[[], bytes]:
        """
        @param path: another path than that of C{POST /register}.
        @param password: whether a password comes along; a Synapse hashes it
            at once.
        @return: a function that gives registrations without C{auth}, each of
            another name.
        """
        name = "bench-%s-%s" % (secrets.token_hex(4), _PLACE)
        body = {"username": name}
        if password:
            body["password"] = secrets.token_urlsafe(12)
        whole = self.request("POST", path or PREFIX + "/register", body)
        head, tail = whole.split(_PLACE.encode("ascii"))
        numbers = itertools.count()
        return lambda: head + b"%08d" % next(numbers) + tail

    def logins(self, account: Account, devices: int) -> Callable[[], bytes]:
        """
        @param devices: how many devices take turns, so that the server's
            tables do not grow with the run.
        @return: a function that gives password logins.
        """
        made = [self.login(account, "BENCH%d" % (n,)) for n in range(devices)]
        return itertools.cycle(made).__next__

    def login(self, account: Account, device_id: str) -> bytes:
        """
        C{POST /login} with a password.
        """
        body = {
            "type": "m.login.password",
            "identifier": {"type": "m.id.user", "user": account.user},
            "password": account.password,
            "device_id": device_id,
        }
        return self.request("POST", PREFIX + "/login", body)


def _fields(answer: Answer, status: int, doing: str) -> Dict[str, Any]:
    try:
        fields = json_of(answer)
    except ValueError:
        fields = None
    if answer.status != status or not isinstance(fields, dict):
        error = fields.get("errcode") if isinstance(fields, dict) else "no JSON object"
        raise LoadError("%s: status %d (%s)" % (doing, answer.status, error))
    return fields


async def registered(address: Tuple[str, int], requests: Requests) -> Account:
    """
    Make an account as any client would.

    @raise LoadError: if the server does not let us.
    """
    user, password = "bench-" + secrets.token_hex(6), secrets.token_urlsafe(16)
    body: Dict[str, Any] = {"username": user, "password": password}
    path = PREFIX + "/register"
    challenge = _fields(
        await ask(address, requests.request("POST", path, body)), 401, "registration"
    )
    body["auth"] = {"type": "m.login.dummy", "session": challenge.get("session")}
    done = _fields(
        await ask(address, requests.request("POST", path, body)), 200, "registration"
    )
    return Account(user, password, done["access_token"])


async def logged_in(
    address: Tuple[str, int], requests: Requests, user: str, password: str
) -> Account:
    """
    Use an account that is there.

    @raise LoadError: if the server does not know it.
    """
    account = Account(user, password, "")
    request = requests.login(account, "BENCH")
    done = _fields(await ask(address, request), 200, "login")
    return account._replace(token=done["access_token"])
