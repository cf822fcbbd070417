"""
Tests of L{synauth.LegacyProviderModule}.
"""

from typing import Any, Dict, List

from twisted.internet.defer import succeed
from twisted.logger import globalLogPublisher

from synauth import LegacyProviderModule
from synauth.awaiting import awaiting
from synauth.errors import ConfigError
from synauth.identifiers import qualify
from tests.providers.asking import ALICE, HOSTNAME, PASSWORD, AskingTestCase


class Api:
    """
    What a homeserver of today hands its modules, as far as the adapter needs
    it.
    """

    def __init__(self) -> None:
        self.registered: Dict[str, Any] = {}

    def get_qualified_user_id(self, username: str) -> str:
        """
        See L{synauth.interfaces.IModuleApi.get_qualified_user_id}.
        """
        return qualify(username, HOSTNAME)

    def register_password_auth_provider_callbacks(self, **callbacks: Any) -> None:
        """
        Keep the callbacks.
        """
        self.registered.update(callbacks)


class Keeper:
    """
    A legacy provider, as they are in the wild.
    """

    def __init__(self, config: Any, account_handler: Any) -> None:
        self.config = config
        self.account_handler = account_handler

    @staticmethod
    def parse_config(config: Any) -> Any:
        """
        Wants a password.
        """
        return config["password"]

    def check_password(self, user_id: str, password: str) -> Any:
        """
        There is one password for all.
        """
        return succeed(password == self.config)


class SchemaKeeper(Keeper):
    """
    A provider with tables.
    """

    @staticmethod
    def get_db_schema_files() -> Any:
        """
        Has none after all.
        """
        return []


class LegacyProviderModuleTests(AskingTestCase):
    """
    L{LegacyProviderModule} is a module.
    """

    def make(self, provider: Any, settings: Any) -> Any:
        """
        @return: the module, and what it was handed.
        """
        api = Api()
        name = "%s.%s" % (__name__, provider.__name__)
        config = LegacyProviderModule.parse_config({"module": name, "config": settings})
        return LegacyProviderModule(config, api), api  # type: ignore[arg-type]

    def test_login(self) -> None:
        """
        Its callbacks are the provider's methods; the provider is made with its
        settings and with the API.
        """
        module, api = self.make(Keeper, {"password": "right"})
        self.assertIs(module.provider.account_handler, api)
        check = api.registered["auth_checkers"][PASSWORD]
        for password, expected in (("right", (ALICE, None)), ("wrong", None)):
            answer = awaiting(check, "alice", PASSWORD[0], {"password": password})
            self.assertEqual(self.successResultOf(answer), expected)

    def test_refused(self) -> None:
        """
        Settings that the provider refuses are refused, and so is a class that
        is no provider's.
        """
        error = self.assertRaises(ConfigError, self.make, Keeper, {})
        self.assertIn("synauth.LegacyProviderModule: config.config", str(error))
        error = self.assertRaises(ConfigError, self.make, Api, {})
        self.assertIn(__name__ + ".Api: cannot be made: TypeError", str(error))

    def test_schema(self) -> None:
        """
        Of tables that it can't make the log warns.
        """
        logged: List[Dict[str, Any]] = []
        globalLogPublisher.addObserver(logged.append)
        self.addCleanup(globalLogPublisher.removeObserver, logged.append)
        self.make(SchemaKeeper, {"password": "x"})
        self.assertIn("get_db_schema_files", logged[0]["log_format"])
        self.make(Keeper, {"password": "x"})
        self.assertEqual(len(logged), 1)
