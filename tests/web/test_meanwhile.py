"""
What was begun before an account changed, and comes to its end afterwards.
"""

from typing import Any, List

from twisted.internet.defer import Deferred, execute
from zope.interface import implementer

from synauth.interfaces import IHashPool
from synauth.threepids import ADD_THREEPID, PASSWORD_RESET
from tests.web.accounts import (
    ALICE,
    EMAIL_STAGE,
    AccountTestCase,
    Validation,
    password_auth,
)
from tests.web.modules import PASSWORD as PASSWORD_FIELDS
from tests.web.modules import Module

CHANGE = "/v3/account/password"
OWNERS = "the owner's new one"
THIEFS = "the thief's new one"


@implementer(IHashPool)
class HoldingPool:
    """
    Hashes at once, but what it is to hold.

    @ivar held: what it holds.
    """

    def __init__(self) -> None:
        self.holding = False
        self.held: List[Any] = []

    def run(self, function: Any, *args: Any) -> "Deferred[Any]":
        """
        See L{IHashPool.run}.
        """
        if not self.holding:
            return execute(function, *args)
        held: "Deferred[Any]" = Deferred()
        self.held.append(held)
        return held.addCallback(lambda _: function(*args))

    def go_on(self) -> None:
        """
        Hash what was held.
        """
        held, self.held = self.held, []
        for each in held:
            each.callback(None)


class MeanwhileTests(AccountTestCase):
    """
    C{token} is that of a thief, who knows the password too; C{owners} is the
    owner's.
    """

    def serve(self, **settings: Any) -> None:
        """
        Log the owner in.
        """
        self.pool = HoldingPool()
        super().serve(pool=self.pool, **settings)
        self.owners = self.log_in(device_id="OWNER")

    def hold(self, method: str, path: str, body: Any, token: Any = None) -> Any:
        """
        Send a request whose hash takes long.

        @return: the connection.
        """
        self.pool.holding = True
        connection = self.server.connect(method, path, body, token)
        self.pool.holding = False
        self.assertEqual(connection.answers(), [])
        return connection

    def throw_out(self) -> None:
        """
        The owner changes the password, and so logs the thief out.
        """
        body = {"new_password": OWNERS, "auth": password_auth()}
        self.assertAnswered(self.server.post(CHANGE, body, token=self.owners))
        self.assertFalse(self.is_good(self.token))

    def test_change(self) -> None:
        """
        Who is logged out while a new password is hashed does not set it.
        """
        hashing = self.server.hs.passwords.hash
        waiting: "Deferred[None]" = Deferred()
        self.patch(
            self.server.hs.passwords,
            "hash",
            lambda password: waiting.addCallback(lambda _: hashing(password)),
        )
        body = {"new_password": THIEFS, "auth": password_auth()}
        connection = self.server.connect("POST", CHANGE, body, self.token)
        self.assertEqual(connection.answers(), [])
        self.server.hs.passwords.hash = hashing
        self.throw_out()
        waiting.callback(None)
        (answer,) = connection.answers()
        self.assertRefused(answer, 401, "M_UNKNOWN_TOKEN", soft_logout=False)
        self.assertTrue(self.is_good(self.owners))
        self.assertAnswered(self.server.log_in(password=OWNERS))
        self.assertEqual(self.server.log_in(password=THIEFS).code, 403)

    def test_add_address(self) -> None:
        """
        Nor does an address of theirs become the account's.
        """
        creds = Validation(self.server, ADD_THREEPID).validate("1", "thief@example.com")
        waiting: "Deferred[None]" = Deferred()
        self.patch(
            self.server.hs.registration_proofs, "check_allowed", lambda *_: waiting
        )
        connection = self.server.connect(
            "POST",
            "/v3/account/3pid/add",
            dict(creds, auth=password_auth()),
            self.token,
        )
        self.throw_out()
        waiting.callback(None)
        (answer,) = connection.answers()
        self.assertRefused(answer, 401, "M_UNKNOWN_TOKEN", soft_logout=False)
        found = self.server.get("/v3/account/3pid", token=self.owners).json
        self.assertEqual(found, {"threepids": []})

    def test_login(self) -> None:
        """
        A login whose password was right when it was looked at is refused like any
        wrong password when it is not any more.
        """
        body = dict(password_auth(), device_id="THIEF")
        connection = self.hold("POST", "/v3/login", body)
        self.throw_out()
        self.audits()
        self.pool.go_on()
        (answer,) = connection.answers()
        wrong = self.server.log_in(password="wrong")
        self.assertEqual((answer.code, answer.body), (wrong.code, wrong.body))
        self.assertEqual(self.audits()[0][:3], ("refused", *WRONG))
        devices = self.server.get("/v3/devices", token=self.owners).json["devices"]
        self.assertEqual([each["device_id"] for each in devices], ["OWNER"])

    def test_login_with_renewed_hash(self) -> None:
        """
        One whose hash was only renewed meanwhile is none of these.
        """
        connection = self.hold("POST", "/v3/login", password_auth())
        hashed = self.successResultOf(self.server.hs.auth_handler.hash("correct horse"))
        self.server.change("password_hash", hashed, ALICE)
        self.pool.go_on()
        (answer,) = connection.answers()
        self.assertAnswered(answer)

    def test_reset(self) -> None:
        """
        An address that its owner removes while a password is hashed resets none.
        """
        creds = Validation(self.server, PASSWORD_RESET).validate("1")
        store = self.server.hs.get_datastore()
        store.user_add_threepid(ALICE, "email", "alice@example.com", 1, 2)
        auth = {"type": EMAIL_STAGE, "threepid_creds": creds}
        body = {"new_password": THIEFS, "auth": auth}
        connection = self.hold("POST", CHANGE, body)
        address = {"medium": "email", "address": "alice@example.com"}
        self.assertAnswered(
            self.server.post("/v3/account/3pid/delete", address, token=self.owners)
        )
        self.pool.go_on()
        (answer,) = connection.answers()
        self.assertRefused(answer, 403, "M_FORBIDDEN")
        self.assertAnswered(self.server.log_in())


WRONG = ("m.login.password", "wrong_password")


class UnansweredTests(AccountTestCase):
    """
    A module that can't be asked.
    """

    def test_guesses(self) -> None:
        """
        It is no way to guess at a local password without a limit, for who has a
        token; nor does it keep the user from logging in.
        """
        module = Module("m", (PASSWORD_FIELDS,), check_auth=None)
        self.serve(
            modules=[module.entry],
            rc_login={"failed_attempts": {"per_second": 0.1, "burst_count": 3}},
        )
        module.answers["check_auth"] = ValueError("down")
        body = {"devices": ["X"], "auth": password_auth(password="wrong")}
        answers = [
            self.server.post("/v3/delete_devices", body, token=self.token).code
            for _ in range(5)
        ]
        self.assertEqual(answers, [401] * 3 + [429] * 2)
        self.assertAnswered(self.server.log_in())
        self.server.reactor.advance(10)
        body["auth"] = password_auth()
        for _ in range(3):
            answer = self.server.post("/v3/delete_devices", body, token=self.token)
            self.assertAnswered(answer)
        self.flushLoggedErrors()
