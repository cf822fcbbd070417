"""
A server in memory with somebody in it, for storms of requests.
"""

import json
from typing import Any, Dict, List

from twisted.logger import LogLevel, globalLogPublisher

from tests.stress.requests import Sent
from tests.web.server import NEVER_LIMITED, PASSWORD, Server

# No answer may be further away than this.
PATIENCE_S = 120

DUMMY = {"type": "m.login.dummy"}


class World:
    """
    The server, and what a client of it knows.

    @ivar complaints: what was wrong with its answers, and what it logged that
        nobody wants to read.
    """

    def __init__(self, **settings: Any) -> None:
        self.complaints: List[str] = []
        globalLogPublisher.addObserver(self._hear)
        values: Dict[str, Any] = {
            "enable_registration": True,
            "enable_registration_without_verification": True,
            "registration_shared_secret": "shared",
            "allow_guest_access": True,
            "rc_registration": NEVER_LIMITED,
        }
        self.server = Server(**dict(values, **settings))
        self.known: Dict[str, str] = {"$SID": "no-such-sid", "$AS_TOKEN": "as-token"}
        for name in ("alice", "bob", "admin"):
            self.server.add_user(name)
        self.server.change("admin", 1, "@admin:example.org")
        alice = self.server.log_in(refresh_token=True, device_id="PHONE").json
        self.known["$TOKEN"] = alice["access_token"]
        self.known["$REFRESH"] = alice["refresh_token"]
        self.known["$DEVICE"] = alice["device_id"]
        self.known["$OTHER_TOKEN"] = self.server.log_in("bob").json["access_token"]
        self.known["$ADMIN_TOKEN"] = self.server.log_in("admin").json["access_token"]
        challenge = self.server.post("/v3/register", {"password": PASSWORD})
        self.known["$SESSION"] = challenge.json["session"]
        nonce = self.server.get("/_synapse/admin/v1/register")
        self.known["$NONCE"] = nonce.json["nonce"]

    def close(self) -> None:
        """
        Listen to the log no longer.
        """
        globalLogPublisher.removeObserver(self._hear)

    def _hear(self, event: Dict[str, Any]) -> None:
        if event.get("log_failure") or event.get("log_level") == LogLevel.critical:
            failure = event.get("log_failure")
            self.complaints.append(failure.getTraceback() if failure else repr(event))

    def send(self, sent: Sent) -> None:
        """
        Send a request, and see what comes of it.
        """
        body = sent.body
        path = sent.path
        headers = tuple((name, self._filled(value)) for name, value in sent.headers)
        for word, meaning in self.known.items():
            path = path.replace(word, meaning)
            if body is not None:
                body = body.replace(word.encode("ascii"), meaning.encode("ascii"))
        connection = self.server.connect(
            sent.method, path, body, headers=headers, address=sent.address
        )
        waited = 0
        while not connection.transport.value() and waited < PATIENCE_S:
            self.server.reactor.advance(1)
            waited += 1
        if not connection.transport.value():
            self.complaints.append("no answer to %r" % (sent,))
            return
        # What is no request at all is answered, with a body, before its method
        # is looked at.
        no_request = b"Not an HTTP request" in connection.transport.value()
        head_only = sent.method == "HEAD" and not no_request
        (answer,) = connection.answers(head_only)
        if answer.code >= 500:
            self.complaints.append("%d to %r" % (answer.code, sent))
        if answer.body and answer.headers.get("content-type") == "application/json":
            self._learn(json.loads(answer.body.decode("ascii")))

    def _filled(self, text: str) -> str:
        for word, meaning in self.known.items():
            text = text.replace(word, meaning)
        return text

    def _learn(self, body: Dict[str, Any]) -> None:
        for word, key in (
            ("$SESSION", "session"),
            ("$SID", "sid"),
            ("$NONCE", "nonce"),
        ):
            if isinstance(body.get(key), str):
                self.known[word] = body[key]
