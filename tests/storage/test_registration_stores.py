"""
The contracts of what is kept for registration, over all databases.
"""

from synauth.testing.stores import (
    make_iregistrationtokenstore_tests,
    make_ithreepidvalidationstore_tests,
)
from tests.storage.fixtures import (
    inline_store,
    postgres_inline_store,
    postgres_store,
    threaded_store,
)


class InlineRegistrationTokenStoreTests(
    make_iregistrationtokenstore_tests(inline_store)
):
    """
    Registration tokens, without threads.
    """


class ThreadedRegistrationTokenStoreTests(
    make_iregistrationtokenstore_tests(threaded_store)
):
    """
    Registration tokens in a file.
    """


class InlinePostgresRegistrationTokenStoreTests(
    make_iregistrationtokenstore_tests(postgres_inline_store)
):
    """
    Registration tokens on a server, without threads.
    """


class PostgresRegistrationTokenStoreTests(
    make_iregistrationtokenstore_tests(postgres_store)
):
    """
    Registration tokens on a server.
    """


class InlineValidationStoreTests(make_ithreepidvalidationstore_tests(inline_store)):
    """
    Proofs, without threads.
    """


class ThreadedValidationStoreTests(make_ithreepidvalidationstore_tests(threaded_store)):
    """
    Proofs in a file.
    """


class InlinePostgresValidationStoreTests(
    make_ithreepidvalidationstore_tests(postgres_inline_store)
):
    """
    Proofs on a server, without threads.
    """


class PostgresValidationStoreTests(make_ithreepidvalidationstore_tests(postgres_store)):
    """
    Proofs on a server.
    """
