"""
Tests of L{synauth.providers.recognising}.
"""

from typing import Any

from twisted.trial.unittest import SynchronousTestCase
from zope.interface import providedBy
from zope.interface.verify import verifyObject

from synauth.interfaces import (
    IChecks3pidAuth,
    IChecksAuth,
    IChecksPassword,
    IHasSchema,
    IHearsOfLogouts,
    ILegacyProviderFactory,
    IParsesConfig,
)
from synauth.providers.recognising import OF_PROVIDERS, mark, recognise


class Everything:
    """
    A provider that can do all that there is.
    """

    def __init__(self, config: Any = None, account_handler: Any = None) -> None:
        self.config = config

    @staticmethod
    def parse_config(config: Any) -> Any:
        """
        Takes anything.
        """
        return config

    @classmethod
    def get_db_schema_files(cls) -> Any:
        """
        Has none.
        """
        return []

    def check_password(self, user_id: str, password: str) -> Any:
        """
        Knows nobody.
        """

    def get_supported_login_types(self) -> Any:
        """
        Has none.
        """
        return {}

    def check_auth(self, username: str, login_type: str, login_dict: Any) -> Any:
        """
        Knows nobody.
        """

    def check_3pid_auth(self, medium: str, address: str, password: str) -> Any:
        """
        Knows nobody.
        """

    def on_logged_out(self, user_id: str, device_id: Any, access_token: str) -> Any:
        """
        Does nothing.
        """


class Slotted:
    """
    A provider that nothing can be added to.
    """

    __slots__ = ("seen",)

    def check_password(self, user_id: str, password: str) -> bool:
        """
        Knows everybody.
        """
        return password == "right"


class Guarded(type):
    """
    Classes that nothing can be added to.
    """

    def __setattr__(cls, name: str, value: Any) -> None:
        raise AttributeError(name)


class MarkTests(SynchronousTestCase):
    """
    L{mark} finds out what a provider can do.
    """

    def test_everything(self) -> None:
        """
        Each ability is found, and the provider stays itself.
        """
        provider = Everything()
        self.assertIs(mark(provider), provider)
        for interface in OF_PROVIDERS:
            verifyObject(interface, provider)

    def test_single(self) -> None:
        """
        Each ability is found alone.
        """
        for interface, names in (
            (IChecksPassword, ["check_password"]),
            (IChecksAuth, ["check_auth", "get_supported_login_types"]),
            (IChecks3pidAuth, ["check_3pid_auth"]),
            (IHearsOfLogouts, ["on_logged_out"]),
        ):
            provider = type("Provider", (), dict.fromkeys(names, print))()
            self.assertEqual(list(providedBy(mark(provider))), [interface])

    def test_halves(self) -> None:
        """
        One half of an ability, or what can't be called, is no ability.
        """
        for attributes in (
            {},
            {"check_auth": print},
            {"get_supported_login_types": print},
            {"check_auth": print, "get_supported_login_types": {"x": ()}},
            {"check_password": None, "on_logged_out": "x"},
        ):
            provider = mark(type("Provider", (), attributes)())
            self.assertEqual(list(providedBy(provider)), [])

    def test_single_instance(self) -> None:
        """
        What one provider can do says nothing about others of its class.
        """
        one, other = Slotless(), Slotless()
        one.check_password = print
        self.assertTrue(IChecksPassword.providedBy(mark(one)))
        self.assertFalse(IChecksPassword.providedBy(mark(other)))

    def test_twice(self) -> None:
        """
        What has been marked can be marked again.
        """
        provider = mark(mark(Everything()))
        self.assertEqual(len(list(providedBy(provider))), len(OF_PROVIDERS))

    def test_slots(self) -> None:
        """
        A provider that can't be marked is stood in for, with all that it has.
        """
        provider = Slotted()
        marked = mark(provider)
        self.assertTrue(IChecksPassword.providedBy(marked))
        self.assertFalse(IChecksAuth.providedBy(marked))
        self.assertIs(marked.check_password("u", "right"), True)
        self.assertRaises(AttributeError, getattr, marked, "check_auth")


class Slotless:
    """
    A provider that finds out late what it can do.
    """

    check_password: Any


class RecogniseTests(SynchronousTestCase):
    """
    L{recognise} finds out what a class can do.
    """

    def test_everything(self) -> None:
        """
        Each ability is found, and the class stays itself.
        """
        self.assertIs(recognise(Everything), Everything)
        for interface in (IParsesConfig, IHasSchema, ILegacyProviderFactory):
            self.assertTrue(interface.providedBy(Everything))
        self.assertFalse(IParsesConfig.providedBy(Everything()))
        self.assertFalse(IChecksPassword.providedBy(Everything))

    def test_nothing(self) -> None:
        """
        A class without either makes providers all the same.
        """
        found = list(providedBy(recognise(type("Provider", (), {}))))
        self.assertIn(ILegacyProviderFactory, found)
        self.assertNotIn(IParsesConfig, found)
        self.assertNotIn(IHasSchema, found)

    def test_subclass(self) -> None:
        """
        What a class inherits is its own.
        """
        self.assertTrue(IHasSchema.providedBy(recognise(type("P", (Everything,), {}))))

    def test_guarded(self) -> None:
        """
        A class that can't be marked is stood in for: it can be called, and is
        named as before.
        """
        provider_class = Guarded("Provider", (Everything,), {"__module__": "a.b"})
        marked = recognise(provider_class)
        self.assertTrue(IHasSchema.providedBy(marked))
        self.assertTrue(ILegacyProviderFactory.providedBy(marked))
        provider = marked(config=1, account_handler=2)
        self.assertIsInstance(provider, provider_class)
        self.assertEqual((marked.__module__, marked.__name__), ("a.b", "Provider"))
        self.assertEqual(marked.parse_config(1), 1)
