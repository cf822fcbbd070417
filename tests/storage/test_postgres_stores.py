"""
The stores' contracts, over PostgreSQL: without threads and as in the daemon.
"""

from synauth.testing.stores import (
    make_iaccountstore_tests,
    make_idevicestore_tests,
    make_iexternalidstore_tests,
    make_iprofilestore_tests,
    make_ithreepidstore_tests,
    make_itokenstore_tests,
    make_iuserinfostore_tests,
)
from tests.storage.fixtures import postgres_inline_store, postgres_store


class InlineAccountStoreTests(make_iaccountstore_tests(postgres_inline_store)):
    """
    Accounts, without threads.
    """


class InlineTokenStoreTests(make_itokenstore_tests(postgres_inline_store)):
    """
    Tokens, without threads.
    """


class InlineDeviceStoreTests(make_idevicestore_tests(postgres_inline_store)):
    """
    Devices, without threads.
    """


class AccountStoreTests(make_iaccountstore_tests(postgres_store)):
    """
    Accounts.
    """


class TokenStoreTests(make_itokenstore_tests(postgres_store)):
    """
    Tokens.
    """


class DeviceStoreTests(make_idevicestore_tests(postgres_store)):
    """
    Devices.
    """


class ProfileStoreTests(make_iprofilestore_tests(postgres_store)):
    """
    Profiles.
    """


class ThreepidStoreTests(make_ithreepidstore_tests(postgres_store)):
    """
    Addresses.
    """


class ExternalIdStoreTests(make_iexternalidstore_tests(postgres_store)):
    """
    Ids elsewhere.
    """


class UserInfoStoreTests(make_iuserinfostore_tests(postgres_store)):
    """
    What is known of accounts.
    """
