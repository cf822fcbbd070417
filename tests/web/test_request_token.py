"""
Tests for L{synauth.web.request_token}.
"""

import json
from typing import Any, Dict, List, Optional

import attr
from treq.testing import StringStubbingResource, StubTreq
from twisted.internet.defer import Deferred, succeed

from synauth.homeserver.identity import OURS
from synauth.homeserver.mails import ADD_THREEPID, PASSWORD_RESET, REGISTRATION
from tests.web.accounts import ALICE, AccountTestCase
from tests.web.client import Answer

ADDRESS = "new@example.com"
NUMBER = {"country": "GB", "phone_number": "07700 900123"}
MSISDN = "447700900123"

REGISTER = "/v3/register/%s/requestToken"
ADD = "/v3/account/3pid/%s/requestToken"
PASSWORD = "/v3/account/password/%s/requestToken"

DELEGATE = "https://id.example.org"

MAIL: Dict[str, Any] = {
    "public_baseurl": "https://example.org/",
    "email": {"smtp_host": "127.0.0.1", "notif_from": "Us <us@example.org>"},
    "enable_registration": True,
    "enable_registration_without_verification": True,
    "request_token_inhibit_3pid_errors": False,
    "rc_3pid_validation": {"per_second": 100000, "burst_count": 100000},
}


class Mailer:
    """
    Keeps mails.

    @ivar sent: recipient, subject, text.
    """

    def __init__(self) -> None:
        self.sent: List[Any] = []

    def require_room(self) -> None:
        """
        There is.
        """

    def send_email(
        self, recipient: str, subject: str, html: str, text: str
    ) -> "Deferred[None]":
        """
        See L{synauth.interfaces.IMailer.send_email}.
        """
        self.sent.append((recipient, subject, text))
        return succeed(None)


class RequestTokenTestCase(AccountTestCase):
    """
    A server that sends mail, and asks an identity server for telephones.

    @ivar mailer: what it sent.
    @ivar asked: what the identity server was asked: path and body.
    @ivar replies: what it answers: status and body.
    """

    def serve(self, **settings: Any) -> None:
        """
        Serve, with mail.
        """
        self.asked: List[Any] = []
        self.replies: List[Any] = []

        def reply(method: Any, url: Any, params: Any, headers: Any, data: Any) -> Any:
            asked = url.decode("ascii") if isinstance(url, bytes) else url
            self.asked.append((asked, json.loads(data.decode("ascii"))))
            code, body = self.replies.pop(0)
            return (
                code,
                {},
                body if isinstance(body, bytes) else json.dumps(body).encode("ascii"),
            )

        stub = StubTreq(StringStubbingResource(reply))
        self.addCleanup(stub.flush)
        super().serve(**dict(MAIL, treq=stub, **settings))
        self.stub = stub
        self.mailer = Mailer()
        if self.server.hs.mails is not None:
            self.server.hs.mails.mailer = self.mailer  # type: ignore[assignment]

    def give(self, address: str, user_id: str = ALICE, medium: str = "email") -> None:
        """
        Have somebody own an address.
        """
        store = self.server.hs.get_datastore()
        self.successResultOf(store.user_add_threepid(user_id, medium, address, 1, 2))

    def request(self, path: str, **more: Any) -> Answer:
        """
        Ask for a token, by mail if C{path} says so.
        """
        body: Dict[str, Any] = {"client_secret": "s3cret", "send_attempt": 1}
        body.update({"email": ADDRESS} if "email" in path else NUMBER)
        body.update(more)
        body = {key: value for key, value in body.items() if value is not None}
        answer = self.server.post(path, body)
        self.server.reactor.pump([0, 0])
        return answer

    def mails(self) -> List[str]:
        """
        @return: to whom mail was sent since the last time.
        """
        sent, self.mailer.sent = self.mailer.sent, []
        self.texts = [text for _, _, text in sent]
        return [recipient for recipient, _, _ in sent]


class EmailTests(RequestTokenTestCase):
    """
    By mail.
    """

    def test_sent(self) -> None:
        """
        Each purpose has its own mail, with a link of its own.
        """
        self.give("alice@example.com")
        for path, address, purpose in (
            (REGISTER, ADDRESS, REGISTRATION),
            (ADD, ADDRESS, ADD_THREEPID),
            (PASSWORD, "alice@example.com", PASSWORD_RESET),
        ):
            secret = "secret.%d" % len(path)
            answer = self.request(path % "email", email=address, client_secret=secret)
            body = self.assertAnswered(answer)
            self.assertEqual(list(body), ["sid"])
            self.assertTrue(body["sid"].startswith(OURS))
            self.assertEqual(self.mails(), [address])
            (text,) = self.texts
            self.assertIn("https://example.org/%s?" % purpose.path.lstrip("/"), text)
            self.assertIn("client_secret=" + secret, text)
            self.assertIn("sid=" + body["sid"], text)

    def test_canonical(self) -> None:
        """
        Mail goes to the address as it is compared.
        """
        self.assertAnswered(self.request(ADD % "email", email="New@EXAMPLE.com"))
        self.assertEqual(self.mails(), ["new@example.com"])

    def test_again(self) -> None:
        """
        One attempt makes one mail, a later one another, of the same session;
        another secret, or address, is another session.
        """
        path = REGISTER % "email"
        first = self.assertAnswered(self.request(path))["sid"]
        self.assertEqual(self.assertAnswered(self.request(path))["sid"], first)
        self.assertEqual(self.mails(), [ADDRESS])
        again = self.assertAnswered(self.request(path, send_attempt=2))["sid"]
        self.assertEqual(again, first)
        self.assertEqual(self.mails(), [ADDRESS])
        self.assertAnswered(self.request(path, send_attempt=1))
        self.assertEqual(self.mails(), [])
        for more in ({"client_secret": "other"}, {"email": "x@example.com"}):
            self.assertNotEqual(self.assertAnswered(self.request(path, **more)), first)

    def test_in_use(self) -> None:
        """
        What has an account can't be registered or added, and only what has can
        have a new password.
        """
        self.give(ADDRESS)
        for path in (REGISTER, ADD):
            answer = self.request(path % "email", email=ADDRESS.upper())
            self.assertRefused(answer, 400, "M_THREEPID_IN_USE")
        answer = self.request(PASSWORD % "email", email="nobody@example.com")
        self.assertRefused(answer, 400, "M_THREEPID_NOT_FOUND")
        self.assertEqual(self.mails(), [])

    def test_inhibited(self) -> None:
        """
        Or nobody can tell: the owner of what is in use is told by mail that
        somebody tried, and nobody is sent what is of no use.
        """
        self.serve(request_token_inhibit_3pid_errors=True)
        self.give(ADDRESS)
        sids = set()
        for path, more in (
            (REGISTER, {}),
            (ADD, {"client_secret": "b"}),
            (PASSWORD, {"email": "nobody@example.com"}),
        ):
            body = self.assertAnswered(self.request(path % "email", **more))
            self.assertTrue(body["sid"].startswith(OURS))
            sids.add(body["sid"])
        self.assertEqual(len(sids), 3)
        self.assertEqual(self.mails(), [ADDRESS])
        self.assertNotIn("submit_token", self.texts[0])

    def test_denied(self) -> None:
        """
        The configuration says which addresses accounts can have; passwords of
        others can still be reset.
        """
        allowed = [{"medium": "email", "pattern": r".*@example\.org$"}]
        self.serve(allowed_local_3pids=allowed)
        for path in (REGISTER, ADD):
            answer = self.request(path % "email")
            self.assertRefused(answer, 403, "M_THREEPID_DENIED")
        self.give(ADDRESS)
        self.assertAnswered(self.request(PASSWORD % "email"))
        self.assertEqual(self.mails(), [ADDRESS])

    def test_wrong(self) -> None:
        """
        What can't be right is refused, and sends nothing.
        """
        for more, errcode in (
            ({"client_secret": None}, "M_MISSING_PARAM"),
            ({"client_secret": ""}, "M_INVALID_PARAM"),
            ({"client_secret": "a b"}, "M_INVALID_PARAM"),
            ({"client_secret": "a\x00"}, "M_INVALID_PARAM"),
            ({"client_secret": "a" * 256}, "M_INVALID_PARAM"),
            ({"client_secret": 5}, "M_INVALID_PARAM"),
            ({"send_attempt": None}, "M_MISSING_PARAM"),
            ({"send_attempt": "1"}, "M_INVALID_PARAM"),
            ({"send_attempt": True}, "M_INVALID_PARAM"),
            ({"send_attempt": -1}, "M_INVALID_PARAM"),
            ({"send_attempt": 2**31}, "M_INVALID_PARAM"),
            ({"email": None}, "M_MISSING_PARAM"),
            ({"email": 7}, "M_INVALID_PARAM"),
            ({"email": ["a@example.com"]}, "M_INVALID_PARAM"),
            ({"email": "nobody"}, "M_INVALID_PARAM"),
            ({"email": "a@b@c"}, "M_INVALID_PARAM"),
            ({"email": "a\x00@example.com"}, "M_INVALID_PARAM"),
            ({"email": "a@example.com\r\nBcc: x@example.com"}, "M_INVALID_PARAM"),
            ({"email": "a" * 500 + "@example.com"}, "M_INVALID_PARAM"),
            ({"next_link": 1}, "M_INVALID_PARAM"),
        ):
            for path in (REGISTER, ADD, PASSWORD):
                answer = self.request(path % "email", **more)
                self.assertRefused(answer, 400, errcode)
        self.assertEqual(self.mails(), [])

    def test_next_link(self) -> None:
        """
        A link leads on to where this server is, or where its operator says.
        """
        inside = "https://example.org/x?y=z"
        outside = "https://app.example.com/"
        bad = [outside, "javascript:alert(1)", "https://example.org@evil.org/", "/x"]
        bad += ["https://evil.org\\@example.org/", "https://example.org:0/"]
        bad += ["https://example.org/" + "x" * 2000, "https://example.org/\n", "//"]
        bad += ["ftp://example.org/", "https://", "https://[::1"]
        path = ADD % "email"
        for link in bad:
            answer = self.request(path, next_link=link)
            self.assertRefused(answer, 400, "M_INVALID_PARAM")
        self.assertAnswered(self.request(path, next_link=inside))
        self.serve(next_link_domain_whitelist=["app.example.com"])
        self.assertAnswered(self.request(path, next_link=outside))
        self.assertRefused(self.request(path, next_link=inside), 400, "M_INVALID_PARAM")
        self.serve(next_link_domain_whitelist=[])
        self.assertRefused(self.request(path, next_link=inside), 400, "M_INVALID_PARAM")

    def test_not_here(self) -> None:
        """
        What is switched off is said.
        """
        hs = self.server.hs
        hs.config = attr.evolve(hs.config, password_localdb_enabled=False)
        answer = self.request(PASSWORD % "email")
        self.assertRefused(answer, 403, "M_FORBIDDEN")
        self.serve(email=None)
        for path in (REGISTER, ADD, PASSWORD):
            answer = self.request(path % "email")
            self.assertRefused(answer, 400, "M_UNKNOWN")
        for path, settings, code in (
            (REGISTER, {"enable_registration": False}, 403),
            (ADD, {"enable_3pid_changes": False}, 400),
        ):
            self.serve(**settings)
            self.assertRefused(self.request(path % "email"), code, "M_FORBIDDEN")
        self.assertEqual(self.mails(), [])

    def test_limits(self) -> None:
        """
        One address on the net, and one address, has so many.
        """
        self.serve(rc_3pid_validation={"per_second": 0.01, "burst_count": 2})
        for count in range(3):
            answer = self.request(
                ADD % "email", email="a%d@example.com" % count, client_secret="a"
            )
        self.assertEqual(
            (answer.code, answer.json["errcode"]), (429, "M_LIMIT_EXCEEDED")
        )
        self.assertEqual(answer.json["retry_after_ms"], 100000)
        self.assertEqual(self.mails(), ["a0@example.com", "a1@example.com"])
        body = {"client_secret": "b", "email": "x@example.com"}
        for count in range(3):
            answer = self.server.post(
                ADD % "email",
                dict(body, send_attempt=count),
                address="198.51.100.%d" % count,
            )
        self.assertEqual(answer.code, 429)


class MsisdnTests(RequestTokenTestCase):
    """
    By telephone, through an identity server.
    """

    def serve(self, **settings: Any) -> None:
        """
        Serve, with a delegate.
        """
        settings.setdefault("account_threepid_delegates", {"msisdn": DELEGATE})
        super().serve(**settings)

    def ask(self, path: str, reply: Any = (200, {"sid": "abc"}), **more: Any) -> Answer:
        """
        Ask for a token while the identity server answers so.
        """
        self.replies = [reply]
        body: Dict[str, Any] = dict(NUMBER, client_secret="s3cret", send_attempt=1)
        body.update(more)
        connection = self.server.connect("POST", path % "msisdn", body)
        self.stub.flush()
        (answer,) = connection.answers()
        return answer

    def test_passed_on(self) -> None:
        """
        The identity server is asked what the client asked, and nothing else.
        """
        self.give(MSISDN, medium="msisdn")
        for path, number in ((REGISTER, "07700 900124"), (ADD, "07700 900125")) + (
            (PASSWORD, NUMBER["phone_number"]),
        ):
            body = self.assertAnswered(
                self.ask(path, phone_number=number, unknown="not passed on")
            )
            self.assertEqual(body["sid"], "abc")
            self.assertEqual(
                body["submit_url"],
                "https://example.org/_matrix/client/unstable/add_threepid/msisdn"
                "/submit_token",
            )
            ((url, asked),) = self.asked
            del self.asked[:]
            self.assertEqual(
                url,
                DELEGATE + "/_matrix/identity/api/v1/validate/msisdn/requestToken",
            )
            self.assertEqual(
                asked,
                {
                    "client_secret": "s3cret",
                    "send_attempt": 1,
                    "country": "GB",
                    "phone_number": number,
                },
            )

    def test_in_use(self) -> None:
        """
        As by mail.
        """
        self.give(MSISDN, medium="msisdn")
        for path in (REGISTER, ADD):
            self.assertRefused(self.ask(path), 400, "M_THREEPID_IN_USE")
        answer = self.ask(PASSWORD, phone_number="07700 900999")
        self.assertRefused(answer, 400, "M_THREEPID_NOT_FOUND")
        self.assertEqual(self.asked, [])

    def test_inhibited(self) -> None:
        """
        What stands in for a session is always the same one, and no identity server
        hears of it.
        """
        self.serve(request_token_inhibit_3pid_errors=True)
        self.give(MSISDN, medium="msisdn")
        sids = [self.assertAnswered(self.ask(ADD))["sid"] for _ in range(2)]
        self.assertEqual(sids[0], sids[1])
        other = self.assertAnswered(self.ask(ADD, client_secret="x"))["sid"]
        self.assertNotEqual(other, sids[0])
        self.assertEqual(self.asked, [])

    def test_refused(self) -> None:
        """
        A refusal, and what is no answer, is the client's to know, but for its
        words.
        """
        for reply in (
            (400, {"errcode": "M_X", "error": "<script>"}),
            (500, b"oops"),
            (200, b"not JSON"),
            (200, b"[" * 5000),
            (200, {}),
            (200, {"sid": ""}),
            (200, {"sid": 7}),
            (200, {"sid": OURS + "x"}),
            (200, []),
            (302, {"sid": "abc"}),
            (200, b'{"sid": "%s"}' % (b"x" * 2000000)),
        ):
            answer = self.ask(ADD, reply, client_secret="s3cret")
            self.assertRefused(answer, 400, "M_UNKNOWN")
            self.assertNotIn(b"script", answer.body)

    def test_wrong(self) -> None:
        """
        A number that is none is refused before anybody is asked.
        """
        for more, errcode in (
            ({"country": 1}, "M_INVALID_PARAM"),
            ({"country": "XX"}, "M_INVALID_PARAM"),
            ({"phone_number": ""}, "M_INVALID_PARAM"),
            ({"phone_number": "1"}, "M_INVALID_PARAM"),
            ({"phone_number": None}, "M_MISSING_PARAM"),
            ({"phone_number": "0" * 5000}, "M_INVALID_PARAM"),
        ):
            body: Dict[str, Any] = dict(NUMBER, client_secret="a", send_attempt=1)
            body.update(more)
            body = {key: value for key, value in body.items() if value is not None}
            answer = self.server.post(ADD % "msisdn", body)
            self.assertRefused(answer, 400, errcode)
        self.assertEqual(self.asked, [])

    def test_no_delegate(self) -> None:
        """
        Without one there are no telephones.
        """
        self.serve(account_threepid_delegates={})
        for path in (REGISTER, ADD, PASSWORD):
            answer = self.server.post(
                path % "msisdn", dict(NUMBER, client_secret="a", send_attempt=1)
            )
            self.assertRefused(answer, 400, "M_UNKNOWN")
        answer = self.server.post(
            "/_matrix/client/unstable/add_threepid/msisdn/submit_token",
            {"sid": "a", "client_secret": "b", "token": "c"},
        )
        self.assertRefused(answer, 400, "M_UNKNOWN")

    def submit(self, reply: Any, body: Optional[Dict[str, Any]] = None) -> Answer:
        """
        Pass on what came by telephone.
        """
        self.replies = [reply]
        connection = self.server.connect(
            "POST",
            "/_matrix/client/unstable/add_threepid/msisdn/submit_token",
            body or {"sid": "abc", "client_secret": "s3cret", "token": "123456"},
        )
        self.stub.flush()
        (answer,) = connection.answers()
        return answer

    def test_submitted(self) -> None:
        """
        What came by telephone is passed on, and the answer told.
        """
        for reply, success in (
            ({"success": True}, True),
            ({"success": False}, False),
            ({"success": "yes"}, False),
            ([], False),
        ):
            answer = self.submit((200, reply))
            self.assertEqual(self.assertAnswered(answer), {"success": success})
        url, asked = self.asked[0]
        self.assertEqual(
            url, DELEGATE + "/_matrix/identity/api/v1/validate/msisdn/submitToken"
        )
        self.assertEqual(
            asked, {"sid": "abc", "client_secret": "s3cret", "token": "123456"}
        )
        self.assertRefused(self.submit((403, {})), 400, "M_UNKNOWN")

    def test_submit_wrong(self) -> None:
        """
        What can't be right is not passed on.
        """
        good = {"sid": "abc", "client_secret": "s3cret", "token": "1"}
        for key in good:
            body = {name: value for name, value in good.items() if name != key}
            self.assertRefused(self.submit(None, body), 400, "M_MISSING_PARAM")
            self.assertRefused(
                self.submit(None, dict(good, **{key: 1})), 400, "M_INVALID_PARAM"
            )
        self.assertEqual(self.asked, [])

    def test_guesses(self) -> None:
        """
        Wrong ones count against whoever tries, right ones do not.
        """
        self.serve(rc_registration={"per_second": 0.01, "burst_count": 3})
        for _ in range(5):
            self.assertAnswered(self.submit((200, {"success": True})))
        codes = [self.submit((200, {"success": False})).code for _ in range(5)]
        self.assertEqual(codes, [200, 200, 200, 429, 429])
