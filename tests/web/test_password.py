"""
Tests for L{synauth.web.password}.
"""

from typing import Any, Dict, Optional

from twisted.internet.defer import fail

from synauth.errors import DatabaseUnavailableError
from synauth.threepids import ADD_THREEPID, PASSWORD_RESET, REGISTRATION
from tests.web.accounts import (
    ALICE,
    BOB,
    EMAIL_STAGE,
    AccountTestCase,
    Validation,
    password_auth,
)
from tests.web.client import Answer
from tests.web.modules import PASSWORD as PASSWORD_FIELDS
from tests.web.modules import Module

PATH = "/v3/account/password"
NEW = "a new password"
CHANGED = ("success", "change_password", None, ALICE, None)


class ChangeTests(AccountTestCase):
    """
    C{POST /account/password} with a token.
    """

    def serve(self, **settings: Any) -> None:
        """
        Log alice in once more, with a refresh token.
        """
        super().serve(**settings)
        answer = self.server.log_in(device_id="LAPTOP", refresh_token=True)
        self.laptop = self.assertAnswered(answer)
        del self.events[:]

    def change(self, auth: Any = None, **body: Any) -> Answer:
        """
        Ask for it.
        """
        if auth is not None:
            body["auth"] = auth
        return self.server.post(PATH, body, token=self.token)

    def assertPassword(self, password: str, user: str = "alice") -> None:
        """
        Assert that a password is the one that is good.
        """
        for each in (NEW, "correct horse"):
            expected = 200 if each == password else 403
            answer = self.server.log_in(user, each, device_id="CHECK")
            self.assertEqual(answer.code, expected, each)

    def refresh(self) -> Answer:
        """
        Refresh the laptop's token.
        """
        return self.server.post(
            "/v3/refresh", {"refresh_token": self.laptop["refresh_token"]}
        )

    def test_change(self) -> None:
        """
        The password is another one; all other devices are logged out, with
        their refresh tokens, and the audit log names them.
        """
        session = self.assertChallenged(self.change(new_password=NEW))
        answer = self.change(password_auth(session), new_password=NEW)
        self.assertEqual(self.assertAnswered(answer), {})
        self.assertEqual(
            self.audits(), [CHANGED, ("success", "logout", None, ALICE, "LAPTOP")]
        )
        self.assertTrue(self.is_good(self.token))
        self.assertFalse(self.is_good(self.laptop["access_token"]))
        self.assertRefused(self.refresh(), 401, "M_UNKNOWN_TOKEN", soft_logout=False)
        devices = self.server.get("/v3/devices", token=self.token).json["devices"]
        self.assertEqual([each["device_id"] for each in devices], ["PHONE"])
        self.assertPassword(NEW)
        self.assertTrue(self.is_good(self.bob))
        self.assertPassword("correct horse", "bob")

    def test_keep_devices(self) -> None:
        """
        Other devices stay if that is wanted.
        """
        answer = self.change(password_auth(), new_password=NEW, logout_devices=False)
        self.assertAnswered(answer)
        self.assertEqual(self.audits(), [CHANGED])
        self.assertTrue(self.is_good(self.laptop["access_token"]))
        self.assertAnswered(self.refresh())
        self.assertPassword(NEW)

    def test_remembered(self) -> None:
        """
        What the first request wanted is remembered, but nowhere in the clear.
        """
        session = self.assertChallenged(
            self.change(new_password=NEW, logout_devices=False)
        )
        kept = self.server.hs.auth_handler.interactive.sessions
        self.assertNotIn(NEW, repr(vars(kept)))
        for name in ("_unproven", "_proven"):
            for each in getattr(kept, name).values():
                self.assertNotIn(NEW, repr((each.clientdict, each.sealed)))
        self.assertAnswered(self.change(password_auth(session)))
        self.assertTrue(self.is_good(self.laptop["access_token"]))
        self.assertPassword(NEW)

    def test_changed_wish(self) -> None:
        """
        The last request says what is wanted, if it says anything.
        """
        session = self.assertChallenged(
            self.change(new_password="something else", logout_devices=False)
        )
        self.assertAnswered(self.change(password_auth(session), new_password=NEW))
        self.assertFalse(self.is_good(self.laptop["access_token"]))
        self.assertPassword(NEW)

    def test_no_new_password(self) -> None:
        """
        Without a new password nothing happens, and it can be sent after that,
        in the same session.
        """
        session = self.assertChallenged(self.change())
        answer = self.change(password_auth(session))
        self.assertRefused(answer, 400, "M_MISSING_PARAM")
        self.assertTrue(self.is_good(self.laptop["access_token"]))
        answer = self.change({"session": session}, new_password=NEW)
        self.assertAnswered(answer)
        self.assertPassword(NEW)

    def test_wrong_password(self) -> None:
        """
        A wrong one changes nothing; nor does none, or somebody else's.
        """
        answer = self.change(password_auth(password="wrong"), new_password=NEW)
        self.assertChallenged(answer, "M_FORBIDDEN")
        auth = password_auth()
        del auth["password"]
        self.assertChallenged(self.change(auth, new_password=NEW), "M_MISSING_PARAM")
        answer = self.change(password_auth(user="bob"), new_password=NEW)
        self.assertRefused(answer, 403, "M_FORBIDDEN")
        self.assertPassword("correct horse")

    def test_wrong_types(self) -> None:
        """
        What can't be meant is refused before anybody has to authenticate.
        """
        for body in (
            {"new_password": 1},
            {"new_password": ""},
            {"new_password": "x" * 513},
            {"new_password": ["x"]},
            {"new_password": NEW, "logout_devices": "no"},
            {"new_password": NEW, "logout_devices": 0},
        ):
            self.assertRefused(self.change(**body), 400, "M_INVALID_PARAM")

    def test_policy(self) -> None:
        """
        A new password keeps to the rules.
        """
        self.serve(password_config={"policy": {"enabled": True, "minimum_length": 15}})
        answer = self.change(password_auth(), new_password=NEW)
        self.assertRefused(answer, 400, "M_PASSWORD_TOO_SHORT")
        self.assertAnswered(self.change(password_auth(), new_password=NEW + "!"))

    def test_recent(self) -> None:
        """
        A recent login is not enough for this.
        """
        self.serve(ui_auth={"session_timeout": "15s"})
        self.assertChallenged(self.change(new_password=NEW))

    def test_guest(self) -> None:
        """
        A guest has no password.
        """
        self.serve(allow_guest_access=True)
        token = self.server.post("/v3/register?kind=guest").json["access_token"]
        answer = self.server.post(PATH, {"new_password": NEW}, token=token)
        self.assertRefused(answer, 403, "M_GUEST_ACCESS_FORBIDDEN")

    def test_two_at_once(self) -> None:
        """
        Of two requests with one session one changes the password.
        """
        module = Module(on_logged_out=None)
        self.serve(modules=[module.entry])
        session = self.assertChallenged(self.change(new_password=NEW))
        answers = []

        def meanwhile(*args: Any) -> None:
            answers.append(self.change({"session": session}, new_password="third"))

        module.answers["on_logged_out"] = meanwhile
        self.assertAnswered(self.change(password_auth(session)))
        self.assertLimited(answers[0], 1000)
        answer = self.change({"session": session}, new_password="third")
        self.assertRefused(answer, 403, "M_UNKNOWN")
        self.assertPassword(NEW)

    def test_modules_hear(self) -> None:
        """
        Modules hear of the tokens that end, and not of the one that stays.
        """
        module = Module(on_logged_out=None)
        self.serve(modules=[module.entry])
        self.assertAnswered(self.change(password_auth(), new_password=NEW))
        self.assertEqual(
            module.questions("on_logged_out"),
            [(ALICE, "LAPTOP", self.laptop["access_token"])],
        )

    def test_password_elsewhere(self) -> None:
        """
        Whose password is a module's does not get a second one here.
        """
        module = Module("m", (PASSWORD_FIELDS,), check_auth=(ALICE, None))
        self.serve(modules=[module.entry])
        self.server.change("password_hash", None, ALICE)
        answer = self.change(password_auth(), new_password=NEW)
        self.assertRefused(answer, 403, "M_FORBIDDEN")

    def test_no_local_passwords(self) -> None:
        """
        Where no password is kept here none is changed.
        """
        module = Module("m", (PASSWORD_FIELDS,), check_auth=(ALICE, None))
        self.serve(modules=[module.entry], password_config={"localdb_enabled": False})
        answer = self.change(password_auth(), new_password=NEW)
        self.assertRefused(answer, 403, "M_FORBIDDEN")


class ResetTests(AccountTestCase):
    """
    C{POST /account/password} without a token.
    """

    flows = [{"stages": [EMAIL_STAGE]}]

    def serve(self, **settings: Any) -> None:
        """
        Give alice an address.
        """
        super().serve(**settings)
        self.validation = Validation(self.server, PASSWORD_RESET)
        store = self.server.hs.get_datastore()
        store.user_add_threepid(ALICE, "email", "alice@example.com", 1, 2)

    def reset(
        self, creds: Optional[Dict[str, str]] = None, session: Any = None, **body: Any
    ) -> Answer:
        """
        Ask for it.
        """
        if creds is not None:
            body["auth"] = {"type": EMAIL_STAGE, "threepid_creds": creds}
            if session is not None:
                body["auth"]["session"] = session
        return self.server.post(PATH, body)

    def test_reset(self) -> None:
        """
        The owner of an address gets another password, and all devices are
        logged out; the proof is spent.
        """
        session = self.assertChallenged(self.reset(new_password=NEW), flows=self.flows)
        creds = self.validation.validate("1")
        self.assertAnswered(self.reset(creds, session))
        self.assertEqual(
            self.audits(), [CHANGED, ("success", "logout", None, ALICE, "PHONE")]
        )
        self.assertTrue(self.validation.is_spent("1"))
        self.assertFalse(self.is_good(self.token))
        self.assertTrue(self.is_good(self.bob))
        self.assertAnswered(self.server.log_in(password=NEW))
        self.assertRefused(self.server.log_in(), 403, "M_FORBIDDEN")

    def test_at_once(self) -> None:
        """
        All may be sent in one request, and devices may stay; the oldest SDK
        sends the word C{None} for a token.
        """
        creds = self.validation.validate("1")
        body = {
            "auth": {"type": EMAIL_STAGE, "threepid_creds": creds},
            "new_password": NEW,
            "logout_devices": False,
        }
        self.assertAnswered(self.server.post(PATH, body, token="None"))
        self.assertTrue(self.is_good(self.token))
        self.assertAnswered(self.server.log_in(password=NEW))

    def test_written_otherwise(self) -> None:
        """
        An address has one form, in however it was proved.
        """
        creds = self.validation.validate("1", "Alice@Example.COM")
        self.assertAnswered(self.reset(creds, new_password=NEW))

    def test_not_validated(self) -> None:
        """
        A session that nobody has confirmed proves nothing; nor does a wrong
        secret.
        """
        creds = self.validation.validate("1")
        for wrong in ({"sid": "2"}, {"client_secret": "wrong"}):
            answer = self.reset(dict(creds, **wrong), new_password=NEW)
            self.assertEqual(
                (answer.code, answer.json["errcode"]), (401, "M_UNAUTHORIZED")
            )
        self.assertAnswered(self.server.log_in())

    def test_password_is_no_way(self) -> None:
        """
        Without a token no password counts, nor any other stage.
        """
        for auth in (password_auth(), {"type": "m.login.dummy"}):
            answer = self.server.post(PATH, {"auth": auth, "new_password": NEW})
            self.assertRefused(answer, 400, "M_UNRECOGNIZED")

    def test_address_of_nobody(self) -> None:
        """
        A proved address that no account has resets nothing.
        """
        creds = self.validation.validate("1", "nobody@example.com")
        answer = self.reset(creds, new_password=NEW)
        self.assertRefused(answer, 404, "M_NOT_FOUND")
        self.assertFalse(self.validation.is_spent("1"))

    def test_no_new_password(self) -> None:
        """
        Without a new password nothing happens, and the proof is still good.
        """
        creds = self.validation.validate("1")
        answer = self.reset(creds)
        self.assertRefused(answer, 400, "M_MISSING_PARAM")
        self.assertFalse(self.validation.is_spent("1"))
        self.assertAnswered(self.reset(creds, new_password=NEW))

    def test_proof_is_spent(self) -> None:
        """
        A proof resets one password, though two sessions hold it.
        """
        creds = self.validation.validate("1")
        session = self.assertChallenged(self.reset(), flows=self.flows)
        self.reset(creds, session)
        self.assertAnswered(self.reset(creds, new_password=NEW))
        body = {"auth": {"session": session}, "new_password": "third"}
        self.assertRefused(self.server.post(PATH, body), 403, "M_FORBIDDEN")
        self.assertAnswered(self.server.log_in(password=NEW))

    def test_proof_for_something_else(self) -> None:
        """
        A proof for registering, or for adding an address, resets nobody's password:
        when it was asked for, nobody had the address.
        """
        for number, purpose in enumerate((REGISTRATION, ADD_THREEPID)):
            creds = Validation(self.server, purpose).validate(str(number))
            answer = self.reset(creds, new_password=NEW)
            self.assertRefused(answer, 403, "M_FORBIDDEN")
        self.assertAnswered(self.server.log_in())

    def test_not_done(self) -> None:
        """
        A proof is not used up by what did not come about.
        """
        creds = self.validation.validate("1")
        store = self.server.hs.get_datastore()
        reset = store.reset_password
        store.reset_password = lambda *args: fail(DatabaseUnavailableError(1))
        self.assertEqual(self.reset(creds, new_password=NEW).code, 503)
        store.reset_password = reset
        self.assertAnswered(self.reset(creds, new_password=NEW))

    def test_address_changed_hands(self) -> None:
        """
        The account that counts is the one that has the address at the end.
        """
        creds = self.validation.validate("1")
        session = self.assertChallenged(self.reset(), flows=self.flows)
        self.reset(creds, session)
        store = self.server.hs.get_datastore()
        store.user_add_threepid(BOB, "email", "alice@example.com", 1, 2)
        body = {"auth": {"session": session}, "new_password": NEW}
        self.assertAnswered(self.server.post(PATH, body))
        self.assertAnswered(self.server.log_in("bob", NEW))
        self.assertAnswered(self.server.log_in("alice"))

    def test_account_state(self) -> None:
        """
        A locked account is given no new password.
        """
        creds = self.validation.validate("1")
        self.server.change("locked", True, ALICE)
        answer = self.reset(creds, new_password=NEW)
        self.assertRefused(answer, 401, "M_USER_LOCKED", soft_logout=True)
        self.assertFalse(self.validation.is_spent("1"))
        self.assertEqual(
            self.audits()[-1], ("refused", "change_password", "locked", ALICE, None)
        )

    def test_deactivated_meanwhile(self) -> None:
        """
        An account that has ended has no address, and gets no password.
        """
        creds = self.validation.validate("1")
        session = self.assertChallenged(self.reset(), flows=self.flows)
        self.reset(creds, session)
        self.server.hs.deactivation.deactivate(ALICE)
        body = {"auth": {"session": session}, "new_password": NEW}
        self.assertRefused(self.server.post(PATH, body), 404, "M_NOT_FOUND")

    def test_session_of_a_token(self) -> None:
        """
        A session that a user has begun with a token is not completed without
        one by an address.
        """
        answer = self.server.post(PATH, {}, token=self.token)
        session = self.assertChallenged(answer)
        answer = self.reset(self.validation.validate("1"), session, new_password=NEW)
        self.assertRefused(answer, 403, "M_UNKNOWN")
        self.assertFalse(self.validation.is_spent("1"))
