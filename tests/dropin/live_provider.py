"""
A legacy provider as they were written in 2018, with a login type of its own.  It
answers straight from the reactor, as they did.
"""

import json
from typing import Any, Dict

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater

LOGIN_TYPE = "org.example.riddle"


class Riddler:
    """
    Lets in who knows the answer.

    @param config: C{answer}, and C{heard}: the file that logouts are written to.
    """

    def __init__(self, config: Dict[str, str], account_handler: Any) -> None:
        self._config = config
        self._account_handler = account_handler

    @staticmethod
    def parse_config(config: Dict[str, str]) -> Dict[str, str]:
        """
        See source 002.
        """
        return config

    def get_supported_login_types(self) -> Dict[str, Any]:
        """
        See source 002.
        """
        return {LOGIN_TYPE: ("answer",)}

    def check_auth(
        self, username: str, login_type: str, login_dict: Dict[str, Any]
    ) -> "Deferred[Any]":
        """
        See source 002.
        """
        knows = login_dict["answer"] == self._config["answer"]
        user_id = self._account_handler.get_qualified_user_id(username)
        return deferLater(reactor, 0.01, lambda: user_id if knows else None)

    def on_logged_out(
        self, user_id: str, device_id: Any, access_token: str
    ) -> "Deferred[Any]":
        """
        See source 002.
        """
        with open(self._config["heard"], "a", encoding="utf-8") as stream:
            stream.write(json.dumps([user_id, device_id]) + "\n")
        return deferLater(reactor, 0.01, lambda: None)
