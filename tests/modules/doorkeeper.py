"""
A legacy password provider with all that one can have.
"""

import json
from typing import Any, Dict, List, Optional, Tuple

from twisted.internet.defer import Deferred, inlineCallbacks, succeed

from synauth.awaiting import Steps

RIDDLE = "org.example.riddle"


class Doorkeeper:
    """
    Lets one person in, by a password, an e-mail address or a riddle, and keeps
    a journal.

    @param config: what L{parse_config} gave.
    @param account_handler: the homeserver's C{ModuleApi}.
    """

    def __init__(self, config: Dict[str, str], account_handler: Any) -> None:
        self._config = config
        self._accounts = account_handler
        self._user_id = account_handler.get_qualified_user_id(config["localpart"])

    @staticmethod
    def parse_config(config: Dict[str, Any]) -> Dict[str, str]:
        """
        @raise ValueError: if anything is missing.
        """
        for key in ("localpart", "password", "email", "answer", "journal"):
            if not isinstance(config.get(key), str):
                raise ValueError("the doorkeeper needs to know the %s" % (key,))
        return dict(config)

    @inlineCallbacks
    def check_password(self, user_id: str, password: str) -> Steps[bool]:
        """
        Make the account when it is needed.
        """
        if (user_id, password) != (self._user_id, self._config["password"]):
            return False
        yield self._make_account()
        return True

    def get_supported_login_types(self) -> Dict[str, Tuple[str, ...]]:
        """
        @return: the riddle.
        """
        return {RIDDLE: ("answer",)}

    @inlineCallbacks
    def check_auth(
        self, username: str, login_type: str, login_dict: Dict[str, Any]
    ) -> Steps[Optional[Tuple[str, Any]]]:
        """
        Write the login down when it is done.
        """
        self._write("asked", username, login_type, sorted(login_dict))
        if login_dict["answer"] != self._config["answer"]:
            return None
        yield self._make_account()
        return self._user_id, self._logged_in

    @inlineCallbacks
    def check_3pid_auth(
        self, medium: str, address: str, password: str
    ) -> Steps[Optional[str]]:
        """
        An id alone, without a callback.
        """
        known = ("email", self._config["email"], self._config["password"])
        if (medium, address, password) != known:
            return None
        yield self._make_account()
        user_id: str = self._user_id
        return user_id

    def on_logged_out(
        self, user_id: str, device_id: Optional[str], access_token: str
    ) -> "Deferred[None]":
        """
        Write it down.
        """
        self._write("out", user_id, device_id, access_token)
        return succeed(None)

    @inlineCallbacks
    def _make_account(self) -> Steps[None]:
        if not (yield self._accounts.check_user_exists(self._user_id)):
            yield self._accounts.register(localpart=self._config["localpart"])

    def _logged_in(self, response: Any) -> "Deferred[None]":
        self._write(
            "in", response["user_id"], response["device_id"], response["access_token"]
        )
        return succeed(None)

    def _write(self, *entry: Any) -> None:
        with open(self._config["journal"], "a", encoding="utf-8") as journal:
            journal.write(json.dumps(entry) + "\n")


def read_journal(path: str) -> List[List[Any]]:
    """
    @return: what a doorkeeper has written down.
    """
    with open(path, encoding="utf-8") as journal:
        return [json.loads(line) for line in journal]
