"""
Tests for L{synauth.web.threepids}.
"""

from typing import Any

from treq.testing import StubTreq
from twisted.web.resource import Resource

from synauth.providers.calling import ModuleFailure
from synauth.threepids import ADD_THREEPID, PASSWORD_RESET, REGISTRATION
from tests.web.accounts import (
    ALICE,
    BOB,
    AccountTestCase,
    Validation,
    password_auth,
)
from tests.web.client import NOON_S, Answer
from tests.web.modules import Module

NOON_MS = NOON_S * 1000
ADDRESS = "alice@example.com"


class ThreepidTestCase(AccountTestCase):
    """
    Alice, who has proved an address.
    """

    def serve(self, **settings: Any) -> None:
        """
        Let her prove it.
        """
        super().serve(**settings)
        self.validation = Validation(self.server, ADD_THREEPID)
        self.creds = self.validation.validate("1")

    def add(self, auth: Any = None, token: Any = None, **body: Any) -> Answer:
        """
        Ask for it.
        """
        if auth is not None:
            body["auth"] = auth
        return self.server.post("/v3/account/3pid/add", body, token=token or self.token)

    def addresses(self, token: Any = None) -> Any:
        """
        @return: the addresses of an account.
        """
        answer = self.server.get("/v3/account/3pid", token=token or self.token)
        return self.assertAnswered(answer)["threepids"]


class AddTests(ThreepidTestCase):
    """
    C{POST /account/3pid/add}.
    """

    def test_add(self) -> None:
        """
        A proved address is the account's after the password was given; the
        proof is spent.
        """
        session = self.assertChallenged(self.add(**self.creds))
        self.assertEqual(self.addresses(), [])
        self.assertEqual(self.assertAnswered(self.add(password_auth(session))), {})
        self.assertEqual(
            self.addresses(),
            [
                {
                    "medium": "email",
                    "address": ADDRESS,
                    "validated_at": NOON_MS,
                    "added_at": NOON_MS,
                }
            ],
        )
        self.assertTrue(self.validation.is_spent("1"))
        self.assertEqual(self.addresses(self.bob), [])
        self.assertEqual(
            self.audits(), [("success", "add_threepid", None, ALICE, None)]
        )
        self.assertAnswered(
            self.server.post(
                "/v3/login",
                {
                    "type": "m.login.password",
                    "identifier": {
                        "type": "m.id.thirdparty",
                        "medium": "email",
                        "address": "Alice@Example.com",
                    },
                    "password": "correct horse",
                },
            )
        )

    def test_proof_for_something_else(self) -> None:
        """
        A proof by which a password is reset, or somebody registers, adds nothing.
        """
        for number, purpose in enumerate((REGISTRATION, PASSWORD_RESET)):
            creds = Validation(self.server, purpose).validate("p%d" % number, "x@y.z")
            answer = self.add(password_auth(), **creds)
            self.assertRefused(answer, 400, "M_THREEPID_AUTH_FAILED")

    def test_not_proved(self) -> None:
        """
        Who has not proved it does not get it: no such session, one that nobody
        has confirmed, another's secret.
        """
        for wrong in ({"sid": "2"}, {"client_secret": "wrong"}):
            answer = self.add(password_auth(), **dict(self.creds, **wrong))
            self.assertRefused(answer, 400, "M_THREEPID_AUTH_FAILED")
        self.assertEqual(self.addresses(), [])

    def test_wrong_password(self) -> None:
        """
        A token alone does not add an address, with which a password could be
        set.
        """
        answer = self.add(password_auth(password="wrong"), **self.creds)
        self.assertChallenged(answer, "M_FORBIDDEN")
        answer = self.add(password_auth(user="bob"), **self.creds)
        self.assertRefused(answer, 403, "M_FORBIDDEN")
        self.assertEqual(self.addresses(), [])

    def test_suspended(self) -> None:
        """
        A suspended user may add an address, and remove none.
        """
        self.server.change("suspended", True, ALICE)
        self.assertAnswered(self.add(password_auth(), **self.creds))
        body = {"medium": "email", "address": ADDRESS}
        answer = self.server.post("/v3/account/3pid/delete", body, token=self.token)
        self.assertRefused(answer, 403, "M_USER_SUSPENDED")

    def test_in_use(self) -> None:
        """
        An address is one account's; the proof is not spent for nothing.
        """
        store = self.server.hs.get_datastore()
        store.user_add_threepid(BOB, "email", ADDRESS, 1, 2)
        answer = self.add(password_auth(), **self.creds)
        self.assertRefused(answer, 400, "M_THREEPID_IN_USE")
        self.assertFalse(self.validation.is_spent("1"))
        self.assertEqual(len(self.addresses(self.bob)), 1)

    def test_spent(self) -> None:
        """
        A proof is good once.
        """
        self.assertAnswered(self.add(password_auth(), **self.creds))
        answer = self.add(password_auth(), **self.creds)
        self.assertRefused(answer, 400, "M_THREEPID_AUTH_FAILED")

    def test_denied(self) -> None:
        """
        Modules and C{allowed_local_3pids} have their say.
        """
        module = Module(is_3pid_allowed=False)
        self.serve(modules=[module.entry])
        answer = self.add(password_auth(), **self.creds)
        self.assertRefused(answer, 403, "M_THREEPID_DENIED")
        self.assertEqual(
            module.questions("is_3pid_allowed"), [("email", ADDRESS, False)]
        )
        allowed = [{"medium": "email", "pattern": r".*@example\.org$"}]
        self.serve(allowed_local_3pids=allowed)
        answer = self.add(password_auth(), **self.creds)
        self.assertRefused(answer, 403, "M_THREEPID_DENIED")
        self.assertEqual(self.addresses(), [])

    def test_module_fails(self) -> None:
        """
        If a module can't say whether an address is allowed, it is not.
        """
        module = Module(is_3pid_allowed=RuntimeError("down"))
        self.serve(modules=[module.entry])
        answer = self.add(password_auth(), **self.creds)
        self.assertRefused(answer, 403, "M_THREEPID_DENIED")
        self.assertEqual(len(self.flushLoggedErrors(ModuleFailure)), 1)
        self.assertFalse(self.validation.is_spent("1"))

    def test_switched_off(self) -> None:
        """
        Where addresses can't be changed none is added or removed.
        """
        self.serve(enable_3pid_changes=False)
        answer = self.add(password_auth(), **self.creds)
        self.assertRefused(answer, 400, "M_FORBIDDEN")
        body = {"medium": "email", "address": ADDRESS}
        answer = self.server.post("/v3/account/3pid/delete", body, token=self.token)
        self.assertRefused(answer, 400, "M_FORBIDDEN")

    def test_wrong_types(self) -> None:
        """
        What can't be meant is refused before anybody has to authenticate.
        """
        for body, errcode in (
            ({"sid": "1"}, "M_MISSING_PARAM"),
            ({"client_secret": "1"}, "M_MISSING_PARAM"),
            ({"sid": 1, "client_secret": "1"}, "M_INVALID_PARAM"),
            ({"sid": "1", "client_secret": "a b"}, "M_INVALID_PARAM"),
            ({"sid": "x" * 256, "client_secret": "1"}, "M_INVALID_PARAM"),
        ):
            self.assertRefused(self.add(**body), 400, errcode)

    def test_older_name(self) -> None:
        """
        C{POST /account/3pid} does the same, and asks for the password as well.
        """
        path = "/v3/account/3pid"
        body = {"three_pid_creds": self.creds}
        session = self.assertChallenged(self.server.post(path, body, token=self.token))
        body = {"auth": password_auth(session)}
        self.assertAnswered(self.server.post(path, body, token=self.token))
        self.assertEqual(len(self.addresses()), 1)
        answer = self.server.post(path, {"three_pid_creds": 1}, token=self.token)
        self.assertRefused(answer, 400, "M_INVALID_PARAM")


class OtherTests(ThreepidTestCase):
    """
    Deleting, binding and unbinding.
    """

    def test_delete(self) -> None:
        """
        An address is removed from the account of who asks, and of no other.
        """
        self.assertAnswered(self.add(password_auth(), **self.creds))
        body = {"medium": "email", "address": "ALICE@example.com"}
        for token, left in ((self.bob, 1), (self.token, 0), (self.token, 0)):
            answer = self.server.post("/v3/account/3pid/delete", body, token=token)
            self.assertEqual(
                self.assertAnswered(answer), {"id_server_unbind_result": "no-support"}
            )
            self.assertEqual(len(self.addresses()), left)

    def test_delete_wrong(self) -> None:
        """
        Medium and address are needed.
        """
        for path in ("delete", "unbind"):
            for body, errcode in (
                ({"medium": "email"}, "M_MISSING_PARAM"),
                ({"medium": "pigeon", "address": "x"}, "M_INVALID_PARAM"),
                ({"medium": "email", "address": 1}, "M_INVALID_PARAM"),
                (
                    {"medium": "email", "address": ADDRESS, "id_server": 1},
                    "M_INVALID_PARAM",
                ),
            ):
                answer = self.server.post(
                    "/v3/account/3pid/" + path, body, token=self.token
                )
                self.assertRefused(answer, 400, errcode)

    def test_unbind(self) -> None:
        """
        No identity server can be told; the account keeps the address.
        """
        body = {"medium": "email", "address": ADDRESS}
        answer = self.server.post("/v3/account/3pid/unbind", body, token=self.token)
        self.assertEqual(
            self.assertAnswered(answer), {"id_server_unbind_result": "no-support"}
        )

    def test_bind_untrusted(self) -> None:
        """
        A server that the configuration does not name is never asked.
        """
        body = dict(self.creds, id_server="169.254.0.1", id_access_token="t")
        answer = self.server.post("/v3/account/3pid/bind", body, token=self.token)
        self.assertRefused(answer, 403, "M_SERVER_NOT_TRUSTED")

    def test_bind(self) -> None:
        """
        A trusted one is told, with the user's own token there; what it refuses
        is refused.
        """

        class Bind(Resource):
            isLeaf = True
            seen: Any = None
            status = 200

            def render_POST(self, request: Any) -> bytes:
                authorization = request.getHeader(b"Authorization")
                self.seen = (request.path, authorization, request.content.read())
                request.setResponseCode(self.status)
                return b"{}"

        resource = Bind()
        self.serve(
            treq=StubTreq(resource), trusted_third_party_id_servers=["id.example"]
        )
        body = dict(self.creds, id_server="id.example", id_access_token="t")
        post = self.server.post
        answer = post("/v3/account/3pid/bind", body, token=self.token)
        self.assertEqual(self.assertAnswered(answer), {})
        path, authorization, content = resource.seen
        self.assertEqual(path, b"/_matrix/identity/v2/3pid/bind")
        self.assertEqual(authorization, b"Bearer t")
        self.assertIn(b'"@alice:example.org"', content)
        resource.status = 403
        answer = post("/v3/account/3pid/bind", body, token=self.token)
        self.assertRefused(answer, 400, "M_UNKNOWN")
