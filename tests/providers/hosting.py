"""
A homeserver of the past, as far as a password provider sees it.
"""

from typing import Any, Callable, List, Optional, Tuple

from twisted.internet.defer import Deferred, succeed
from twisted.internet.task import Clock

from synauth.identifiers import qualify
from tests.providers.asking import HOSTNAME, Accounts


class Host:
    """
    What stands behind an C{account_handler}.
    """

    hostname = HOSTNAME

    class config:
        """
        Its settings.
        """

        public_baseurl = "https://example.org/"

    def __init__(self) -> None:
        self.clock = Clock()
        self.http_client = object()

    def get_reactor(self) -> Clock:
        """
        @return: a clock.
        """
        return self.clock

    def get_simple_http_client(self) -> Any:
        """
        @return: something.
        """
        return self.http_client


class AccountHandler:
    """
    What Synapse 0.34 hands its password providers.

    @ivar accounts: the L{Accounts}.
    @ivar calls: what has been asked for.
    """

    def __init__(self) -> None:
        self.hs = Host()
        self.accounts = Accounts()
        self.calls: List[Tuple[Any, ...]] = []

    def get_qualified_user_id(self, username: str) -> str:
        """
        @return: a full id.
        """
        return qualify(username, HOSTNAME)

    def check_user_exists(self, user_id: str) -> "Deferred[Optional[str]]":
        """
        @return: fires with the account's own id.
        """
        self.calls.append(("check_user_exists", user_id))
        return self.accounts.find(user_id)

    def register(self, localpart: str) -> "Deferred[Tuple[str, str]]":
        """
        Make an account.
        """
        user_id = qualify(localpart, HOSTNAME)
        self.accounts.ids.append(user_id)
        return succeed((user_id, "token of " + user_id))

    def invalidate_access_token(self, access_token: str) -> "Deferred[None]":
        """
        End a token.
        """
        self.calls.append(("invalidate_access_token", access_token))
        return succeed(None)

    def run_db_interaction(
        self, desc: str, func: Callable[..., Any], *args: Any, **kwargs: Any
    ) -> "Deferred[Any]":
        """
        Run it without a database.
        """
        return succeed((desc, func("txn", *args, **kwargs)))


class LaterAccountHandler(AccountHandler):
    """
    What later releases hand them.
    """

    def __init__(self) -> None:
        super().__init__()
        self._hs = self.__dict__.pop("hs")
        self.http_client = "its own"

    async def register_user(
        self,
        localpart: str,
        displayname: Optional[str] = None,
        emails: Optional[List[str]] = None,
    ) -> str:
        """
        Make an account, with a name.
        """
        self.calls.append(("register_user", localpart, displayname, emails))
        return qualify(localpart, HOSTNAME)

    def looping_background_call(self) -> str:
        """
        Something that not all have.
        """
        return "looping"
