"""
Tests for L{synauth.web.deactivate}.
"""

from typing import Any

from tests.web.accounts import ALICE, BOB, AccountTestCase, password_auth
from tests.web.client import Answer
from tests.web.modules import PASSWORD as PASSWORD_FIELDS
from tests.web.modules import Module

PATH = "/v3/account/deactivate"
SUCCESS = {"id_server_unbind_result": "success"}


class DeactivateTests(AccountTestCase):
    """
    C{POST /account/deactivate}.
    """

    def deactivate(self, auth: Any = None, **more: Any) -> Answer:
        """
        Ask for it.
        """
        body = dict(more) if auth is None else dict(more, auth=auth)
        return self.server.post(PATH, body, token=self.token)

    def test_deactivate(self) -> None:
        """
        The account ends with all of its tokens, and every way in is refused.
        """
        laptop = self.server.log_in(device_id="LAPTOP", refresh_token=True).json
        session = self.assertChallenged(self.deactivate())
        self.audits()
        answer = self.deactivate(password_auth(session))
        self.assertEqual(self.assertAnswered(answer), SUCCESS)
        self.assertEqual(
            self.audits(), [("success", "deactivate", None, ALICE, "PHONE")]
        )
        for token in (self.token, laptop["access_token"]):
            answer = self.server.get("/v3/account/whoami", token=token)
            self.assertRefused(answer, 401, "M_UNKNOWN_TOKEN", soft_logout=False)
        answer = self.server.post(
            "/v3/refresh", {"refresh_token": laptop["refresh_token"]}
        )
        self.assertRefused(answer, 401, "M_UNKNOWN_TOKEN", soft_logout=False)
        self.assertRefused(self.server.log_in(), 403, "M_FORBIDDEN")
        self.assertTrue(self.is_good(self.bob))

    def test_later_ways_in(self) -> None:
        """
        Who is vouched for by a module, or has a login token, is told that the
        account has ended.
        """
        module = Module("m", (PASSWORD_FIELDS,), check_auth=(ALICE, None))
        self.serve(modules=[module.entry])
        handler = self.server.hs.auth_handler
        login_token = handler.generate_short_term_login_token(ALICE)
        self.assertAnswered(self.deactivate(password_auth()))
        self.assertRefused(self.server.log_in(), 403, "M_USER_DEACTIVATED")
        body = {"type": "m.login.token", "token": login_token}
        answer = self.server.post("/v3/login", body)
        self.assertRefused(answer, 403, "M_USER_DEACTIVATED")

    def test_name_stays_taken(self) -> None:
        """
        Nobody gets the name again.
        """
        self.assertAnswered(self.deactivate(password_auth()))
        deferred = self.server.hs.registration.check_username("alice")
        self.assertEqual(self.failureResultOf(deferred).value.errcode, "M_USER_IN_USE")

    def test_address(self) -> None:
        """
        Addresses are forgotten; that the identity servers forget them can't be
        promised.
        """
        store = self.server.hs.get_datastore()
        store.user_add_threepid(ALICE, "email", "alice@example.com", 1, 2)
        answer = self.deactivate(password_auth())
        self.assertEqual(
            self.assertAnswered(answer), {"id_server_unbind_result": "no-support"}
        )
        found = store.get_user_id_by_threepid("email", "alice@example.com")
        self.assertIsNone(self.successResultOf(found))

    def test_erase(self) -> None:
        """
        The profile goes if that is wanted; the wish is remembered from the
        first request on, if the last one says nothing else.
        """
        store = self.server.hs.get_datastore()
        store.set_profile_displayname("alice", "Alice")
        session = self.assertChallenged(self.deactivate(erase=True))
        self.assertAnswered(self.deactivate(password_auth(session)))
        self.assertIsNone(self.successResultOf(store.get_profile("alice")))

    def test_do_not_erase(self) -> None:
        """
        It stays otherwise.
        """
        store = self.server.hs.get_datastore()
        store.set_profile_displayname("alice", "Alice")
        session = self.assertChallenged(self.deactivate(erase=True))
        self.assertAnswered(self.deactivate(password_auth(session), erase=False))
        self.assertIsNotNone(self.successResultOf(store.get_profile("alice")))

    def test_wrong_types(self) -> None:
        """
        What is no wish is a mistake, and nothing ends.
        """
        for key, value in (("erase", 1), ("erase", "true"), ("id_server", 1)):
            answer = self.deactivate(password_auth(), **{key: value})
            self.assertRefused(answer, 400, "M_INVALID_PARAM")
        self.assertTrue(self.is_good(self.token))

    def test_not_authenticated(self) -> None:
        """
        Without the user's own password nothing ends.
        """
        self.assertRefused(self.server.post(PATH), 401, "M_MISSING_TOKEN")
        wrong = password_auth(password="wrong")
        self.assertChallenged(self.deactivate(wrong), "M_FORBIDDEN")
        answer = self.deactivate(password_auth(user="bob"))
        self.assertRefused(answer, 403, "M_FORBIDDEN")
        answer = self.deactivate({"type": "m.login.dummy"})
        self.assertRefused(answer, 400, "M_UNRECOGNIZED")
        self.assertTrue(self.is_good(self.token))

    def test_recent(self) -> None:
        """
        A recent login is not enough for this.
        """
        self.serve(ui_auth={"session_timeout": "15s"})
        self.assertChallenged(self.deactivate())

    def test_suspended(self) -> None:
        """
        A suspended user may go.
        """
        self.server.change("suspended", True, ALICE)
        self.assertAnswered(self.deactivate(password_auth()))

    def test_twice(self) -> None:
        """
        A repeat finds no token any more; an account that ended by another way
        meanwhile has none either.
        """
        session = self.assertChallenged(self.deactivate())
        self.server.hs.deactivation.deactivate(ALICE)
        answer = self.deactivate(password_auth(session))
        self.assertRefused(answer, 401, "M_UNKNOWN_TOKEN", soft_logout=False)

    def test_modules_hear(self) -> None:
        """
        Modules hear of each token that ends.
        """
        module = Module(on_logged_out=None)
        self.serve(modules=[module.entry])
        self.assertAnswered(self.deactivate(password_auth()))
        self.assertEqual(
            module.questions("on_logged_out"), [(ALICE, "PHONE", self.token)]
        )

    def test_core(self) -> None:
        """
        An administrator's tools end accounts by the same function.
        """
        deactivate = self.server.hs.deactivation.deactivate
        self.assertIs(self.successResultOf(deactivate(BOB, True)), True)
        self.assertFalse(self.is_good(self.bob))
        self.assertIs(self.successResultOf(deactivate(BOB)), True)
        error = self.failureResultOf(deactivate("@nobody:example.org")).value
        self.assertEqual((error.code, error.errcode), (404, "M_NOT_FOUND"))
