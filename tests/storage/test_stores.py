"""
The stores' contracts, over both databases.
"""

from typing import Any, Type

from twisted.internet.defer import succeed
from twisted.trial.reporter import TestResult
from twisted.trial.runner import TestLoader
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from synauth.interfaces import IAuthStore
from synauth.storage.datastore import DataStore
from synauth.testing.stores import (
    make_iaccountstore_tests,
    make_idevicestore_tests,
    make_itokenstore_tests,
)
from tests.storage.fixtures import (
    SteadyClock,
    inline_database,
    inline_store,
    threaded_store,
)


class InlineAccountStoreTests(make_iaccountstore_tests(inline_store)):
    """
    Accounts, without threads.
    """


class InlineTokenStoreTests(make_itokenstore_tests(inline_store)):
    """
    Tokens, without threads.
    """


class InlineDeviceStoreTests(make_idevicestore_tests(inline_store)):
    """
    Devices, without threads.
    """


class ThreadedAccountStoreTests(make_iaccountstore_tests(threaded_store)):
    """
    Accounts in a file.
    """


class ThreadedTokenStoreTests(make_itokenstore_tests(threaded_store)):
    """
    Tokens in a file.
    """


class ThreadedDeviceStoreTests(make_idevicestore_tests(threaded_store)):
    """
    Devices in a file.
    """


class AuthStoreTests(SynchronousTestCase):
    """
    What a host offers.
    """

    def test_interface(self) -> None:
        """
        The store is what the handler asks of a host.
        """
        verifyObject(IAuthStore, inline_store(self))


class ForgetfulStore(DataStore):
    """
    A store that breaks each contract in one place.
    """

    def replace_password_hash(self, user_id: str, old_hash: str, new_hash: str) -> Any:
        """
        Never does.
        """
        return succeed(False)

    def mark_access_token_as_used(self, user_id: str, token_id: int) -> Any:
        """
        Never does.
        """
        return succeed(None)

    def delete_all_devices(self, user_id: str) -> Any:
        """
        Keeps the devices.
        """
        return self.user_delete_access_tokens(user_id)


class MethodlessStore(DataStore):
    """
    A store that lacks a method of each contract.
    """

    get_user = get_refresh_token = get_device = None  # type: ignore[assignment]


class FactoryTests(SynchronousTestCase):
    """
    The factories' tests can fail.
    """

    def failures(self, factory: Any, store_type: Type[DataStore]) -> set:
        """
        Run a factory's tests.

        @return: the names of those that failed.
        """

        def fixture(case: SynchronousTestCase) -> DataStore:
            return store_type(inline_database(case), SteadyClock())

        result = TestResult()
        TestLoader().loadClass(factory(fixture)).run(result)
        self.flushLoggedErrors()
        self.assertGreater(result.testsRun, 5)
        return {
            case.id().rsplit(".", 1)[1] for case, _ in result.failures + result.errors
        }

    def test_broken_behaviour(self) -> None:
        """
        A store that does not do what it says fails where it does not, and only
        there.
        """
        for factory, expected in [
            (make_iaccountstore_tests, {"test_replace_password_hash"}),
            (
                make_itokenstore_tests,
                {"test_successors_access_token_is_used"},
            ),
            (make_idevicestore_tests, {"test_delete_all_devices"}),
        ]:
            self.assertEqual(self.failures(factory, ForgetfulStore), expected)

    def test_missing_method(self) -> None:
        """
        A store that lacks a method does not provide the interface.
        """
        for factory in (
            make_iaccountstore_tests,
            make_itokenstore_tests,
            make_idevicestore_tests,
        ):
            failed = self.failures(factory, MethodlessStore)
            self.assertIn("test_interface", failed)
