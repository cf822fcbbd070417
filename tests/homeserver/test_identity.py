"""
Identity servers, over HTTP in memory.
"""

import json
from typing import Any, Optional

from treq.testing import StubTreq
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from synauth.errors import MatrixError
from synauth.homeserver.http_client import TIMEOUT, ModuleHttpClient
from synauth.homeserver.identity import OURS, IdentityServers
from synauth.threepids import Proof
from tests.homeserver.test_module_http_client import Answering

TRUSTED = "id.example.org"
GOOD = {"medium": "email", "address": "A@example.com", "validated_at": 1500000000000}


class IdentityServersTests(SynchronousTestCase):
    """
    L{IdentityServers}.
    """

    def setUp(self) -> None:
        self.resource = Answering()
        self.clock = Clock()
        self.treq = StubTreq(self.resource)
        client = ModuleHttpClient(self.treq, self.clock)
        self.servers = IdentityServers(
            lambda: client, [TRUSTED], "https://sms.example.org/"
        )

    def validated(self, body: Any, code: int = 200) -> Optional[Proof]:
        """
        @return: what an answer proves.
        """
        self.resource.body = (
            body if isinstance(body, bytes) else json.dumps(body).encode("ascii")
        )
        self.resource.code = code
        asked = self.servers.get_validated_3pid("https://" + TRUSTED, "s&d", "s=cret")
        self.treq.flush()
        proof: Optional[Proof] = self.successResultOf(asked)
        return proof

    def test_good(self) -> None:
        """
        What a server vouches for is believed, in its canonical form.
        """
        self.assertEqual(
            self.validated(GOOD), Proof("email", "a@example.com", 1500000000000)
        )
        request = self.resource.request
        self.assertEqual(request.method, b"GET")
        self.assertEqual(self.resource.header(b"Host"), [b"id.example.org"])
        self.assertEqual(
            request.uri,
            b"/_matrix/identity/api/v1/3pid/getValidated3pid"
            b"?sid=s%26d&client_secret=s%3Dcret",
        )

    def test_not_good(self) -> None:
        """
        An unknown session, an error and what is no answer prove nothing.
        """
        for body, code in (
            ({"errcode": "M_NO_VALID_SESSION"}, 404),
            (GOOD, 404),
            (GOOD, 302),
            ({}, 200),
            ([], 200),
            (None, 200),
            (b"nothing", 200),
            (b"\xff", 200),
            (b"[" * 5000, 200),
            (dict(GOOD, medium=1), 200),
            (dict(GOOD, medium="pigeon"), 200),
            (dict(GOOD, address=None), 200),
            (dict(GOOD, address="nobody"), 200),
            (dict(GOOD, validated_at="1500000000000"), 200),
            (dict(GOOD, validated_at=True), 200),
            (dict(GOOD, validated_at=0), 200),
            (dict(GOOD, validated_at=2**60), 200),
            (dict(GOOD, padding="x" * 6000000), 200),
        ):
            self.assertIsNone(self.validated(body, code), str(body)[:40])

    def test_silent(self) -> None:
        """
        A silent server is not waited for for ever.
        """
        self.resource.hanging = True
        asked = self.servers.get_validated_3pid("https://" + TRUSTED, "a", "b")
        self.treq.flush()
        self.assertNoResult(asked)
        self.clock.advance(TIMEOUT)
        self.assertIsNone(self.successResultOf(asked))

    def test_silent_delegate(self) -> None:
        """
        Nor is the one that sends messages; the client is told.
        """
        self.resource.hanging = True
        asked = self.servers.request_msisdn_token({"phone_number": "1"})
        self.treq.flush()
        self.clock.advance(TIMEOUT)
        error = self.failureResultOf(asked, MatrixError).value
        self.assertEqual((error.code, error.errcode), (400, "M_UNKNOWN"))

    def test_whose(self) -> None:
        """
        A server is asked if it is trusted, and never about a session of ours.
        """
        for medium, creds, server in (
            ("email", {"sid": "a", "id_server": TRUSTED}, "https://" + TRUSTED),
            ("email", {"sid": "a", "id_server": TRUSTED.upper()}, "https://" + TRUSTED),
            ("email", {"sid": OURS + "a", "id_server": TRUSTED}, None),
            ("email", {"sid": "a", "id_server": "evil.org"}, None),
            ("email", {"sid": "a", "id_server": TRUSTED + "@evil.org"}, None),
            ("email", {"sid": "a", "id_server": 5}, None),
            ("email", {"sid": "a"}, None),
            ("msisdn", {"sid": "a"}, "https://sms.example.org"),
            (
                "msisdn",
                {"sid": "a", "id_server": "evil.org"},
                "https://sms.example.org",
            ),
            ("msisdn", {"sid": OURS + "a"}, None),
        ):
            self.assertEqual(self.servers.server_for(medium, creds), server, creds)

    def bind(self, server: str, code: int = 200) -> Any:
        """
        @return: the Deferred of a binding.
        """
        self.resource.body, self.resource.code = b"{}", code
        bound = self.servers.bind(server, "sid", "s3cret", "@a:example.org", "tok")
        self.treq.flush()
        return bound

    def test_bind(self) -> None:
        """
        A trusted server publishes an address, with the client's own token there.
        """
        self.assertIsNone(self.successResultOf(self.bind(TRUSTED)))
        self.assertEqual(
            self.resource.request.uri,
            b"/_matrix/identity/v2/3pid/bind",
        )
        self.assertEqual(self.resource.header(b"Authorization"), [b"Bearer tok"])
        self.assertEqual(
            json.loads(self.resource.sent.decode("ascii")),
            {"sid": "sid", "client_secret": "s3cret", "mxid": "@a:example.org"},
        )

    def test_bind_refused(self) -> None:
        """
        Another is not even asked; a refusal is told without its words.
        """
        error = self.failureResultOf(self.bind("evil.org"), MatrixError).value
        self.assertEqual((error.code, error.errcode), (403, "M_SERVER_NOT_TRUSTED"))
        self.assertFalse(hasattr(self.resource, "request"))
        error = self.failureResultOf(self.bind(TRUSTED, 403), MatrixError).value
        self.assertEqual(error.code, 400)
