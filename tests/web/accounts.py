"""
What the tests of the account's endpoints start from.
"""

from typing import Any, Dict, List, Optional

from synauth.homeserver.identity import OURS
from synauth.storage.threepid_validation import Attempt
from synauth.threepids import canonical
from tests.web.client import Answer
from tests.web.server import PASSWORD, EndpointTestCase, Server

ALICE = "@alice:example.org"
BOB = "@bob:example.org"
PASSWORD_FLOWS = [{"stages": ["m.login.password"]}]


def password_auth(
    session: Optional[str] = None, user: str = "alice", password: str = PASSWORD
) -> Dict[str, Any]:
    """
    @return: an C{auth} object.
    """
    auth: Dict[str, Any] = {
        "type": "m.login.password",
        "identifier": {"type": "m.id.user", "user": user},
        "password": password,
    }
    if session is not None:
        auth["session"] = session
    return auth


class AccountTestCase(EndpointTestCase):
    """
    Alice and bob, who are logged in.

    @ivar server: where.
    @ivar token: alice's, of her device PHONE.
    @ivar bob: bob's token.
    """

    def setUp(self) -> None:
        """
        Make the server.
        """
        super().setUp()
        self.serve()

    def serve(self, **settings: Any) -> None:
        """
        Have a server with some settings.
        """
        self.server = Server(**settings)
        for localpart in ("alice", "bob"):
            self.server.add_user(localpart)
        self.token = self.log_in(device_id="PHONE")
        self.bob = self.log_in("bob", device_id="BOBS")

    def log_in(self, user: str = "alice", **more: Any) -> str:
        """
        @return: an access token.
        """
        body = self.assertAnswered(self.server.log_in(user, **more))
        del self.events[:]
        token: str = body["access_token"]
        return token

    def is_good(self, token: str) -> bool:
        """
        @return: whether an access token is somebody's.
        """
        return self.server.get("/v3/account/whoami", token=token).code == 200

    def assertChallenged(
        self, answer: Answer, errcode: Optional[str] = None, flows: Any = PASSWORD_FLOWS
    ) -> str:
        """
        Assert that an answer asks for an authentication, and says nothing
        else.

        @param errcode: that of a stage that failed.
        @return: the session.
        """
        body = answer.json
        self.assertEqual(answer.code, 401, answer.body)
        session: str = body.pop("session")
        if errcode is not None:
            self.assertIsInstance(body.pop("error"), str)
            self.assertEqual(body.pop("errcode"), errcode)
        # What was completed is said from the second answer on.
        self.assertEqual(body.pop("completed", []), [])
        self.assertEqual(body, {"flows": flows, "params": {}})
        return session


EMAIL_STAGE = "m.login.email.identity"


class Validation:
    """
    Proves addresses to a server, as the owner of a mailbox would.

    @param server: the server.
    @param purpose: what for.
    """

    def __init__(self, server: Server, purpose: str) -> None:
        self._purpose = purpose
        self._store = server.hs.get_datastore()
        self._now_ms = server.hs.get_clock().time_msec()

    def validate(
        self, sid: str, address: str = "alice@example.com", medium: str = "email"
    ) -> Dict[str, str]:
        """
        Have an address proved.

        @return: what a client knows of it.
        """
        creds = {"sid": OURS + sid, "client_secret": "secret" + sid}
        self._store.start_validation(
            Attempt(
                medium=medium,
                address=canonical(medium, address),
                client_secret=creds["client_secret"],
                send_attempt=1,
                session_id=creds["sid"],
                token="token" + sid,
                next_link=None,
                now_ms=self._now_ms,
                expires_ms=self._now_ms + 1000,
                purpose=self._purpose,
            )
        )
        self._store.validate(
            creds["sid"], creds["client_secret"], "token" + sid, self._now_ms
        )
        return creds

    def is_spent(self, sid: str) -> bool:
        """
        @return: whether a proof was used up.
        """
        found: List[Any] = []
        self._store.get_validation(
            OURS + sid, "secret" + sid, self._now_ms
        ).addCallback(found.append)
        return found == [None]
