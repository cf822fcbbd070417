"""
What a 2016 password provider gets to see of its homeserver (source 000,
C{_AccountHandler}).
"""

from typing import Any, Callable, Optional, Tuple

from twisted.internet.defer import Deferred

from synauth.awaiting import awaiting
from synauth.interfaces import IHomeServer


class _AccountHandler:
    """
    What a password provider is handed.

    @param hs: an L{IHomeServer}.
    @param check_user_exists: L{synauth.AuthHandler.check_user_exists}.
    """

    def __init__(
        self, hs: IHomeServer, check_user_exists: Callable[[str], "Deferred[Any]"]
    ) -> None:
        self.hs = hs
        self._check_user_exists = check_user_exists

    def check_user_exists(self, user_id: str) -> "Deferred[Optional[str]]":
        """
        @return: fires with the account's own user id, or C{None}.
        """
        return self._check_user_exists(user_id)

    def register(self, localpart: str) -> "Deferred[Tuple[str, str]]":
        """
        Make an account without a password.

        @return: fires with C{(user id, access token)}.
        """
        handler = self.hs.get_handlers().registration_handler
        return awaiting(handler.register, localpart=localpart)
