"""
A server in memory with somebody in it, for storms of requests.
"""

import json
import os
import shutil
import tempfile
from typing import Any, Dict, List

from treq.testing import StubTreq
from twisted.logger import LogLevel, globalLogPublisher
from twisted.web.resource import Resource

from tests.stress.requests import Sent
from tests.web.server import NEVER_LIMITED, PASSWORD, Server

# No answer may be further away than this.
PATIENCE_S = 120

DUMMY = {"type": "m.login.dummy"}


SERVICE = """
id: irc
as_token: as-token
hs_token: hs-token
url: null
sender_localpart: irc
namespaces: {users: [{regex: "@irc_.*", exclusive: true}]}
"""


class Nonsense(Resource):
    """
    What every other server answers.
    """

    isLeaf = True

    def render(self, request: Any) -> bytes:
        """
        Answer with something, and now and then with nothing of use.
        """
        length = len(request.uri)
        if length % 3 == 0:
            request.setResponseCode(400 + length % 200)
        return (b"{", b"[]", b'{"success": true, "sid": "7"}', b"null")[length % 4]


def everything(folder: str) -> Dict[str, Any]:
    """
    @param folder: where files may be made.
    @return: a configuration in which all that there is is switched on.
    """
    os.mkdir(os.path.join(folder, "en"))
    for name, text in (("en/1.html", "Rules"), ("irc.yaml", SERVICE)):
        with open(os.path.join(folder, name), "w", encoding="utf-8") as stream:
            stream.write(text)
    return {
        "enable_registration": True,
        "enable_registration_without_verification": True,
        "registration_shared_secret": "shared",
        "allow_guest_access": True,
        "rc_registration": NEVER_LIMITED,
        "rc_3pid_validation": NEVER_LIMITED,
        "rc_registration_token_validity": NEVER_LIMITED,
        "public_baseurl": "https://example.org/",
        "email": {"notif_from": "Us <us@example.org>"},
        "account_threepid_delegates": {"msisdn": "https://id.example"},
        "trusted_third_party_id_servers": ["id.example"],
        "user_consent": {"template_dir": folder, "version": "1"},
        "login_via_existing_session": {"enabled": True},
        "app_service_config_files": [os.path.join(folder, "irc.yaml")],
        "recaptcha_public_key": "public",
        "recaptcha_private_key": "private",
    }


class World:
    """
    The server, and what a client of it knows.

    @ivar complaints: what was wrong with its answers, and what it logged that
        nobody wants to read.
    """

    def __init__(self, **settings: Any) -> None:
        self.complaints: List[str] = []
        globalLogPublisher.addObserver(self._hear)
        self._folder = tempfile.mkdtemp()
        values = dict(everything(self._folder), **settings)
        self.server = Server(treq=StubTreq(Nonsense()), **values)
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
        self.server.post(
            "/_synapse/admin/v1/registration_tokens/new",
            {"token": "a-registration-token", "uses_allowed": 1},
            token=self.known["$ADMIN_TOKEN"],
        )

    def close(self) -> None:
        """
        Listen to the log no longer.
        """
        globalLogPublisher.removeObserver(self._hear)
        shutil.rmtree(self._folder)

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
