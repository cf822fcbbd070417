"""
The stores' contracts, all of them, over PostgreSQL.
"""

from typing import Any

from synauth.testing import stores
from synauth.testing.stores import make_itokenstore_tests
from tests.storage.fixtures import postgres_inline_store, postgres_store


class InlineTokenStoreTests(make_itokenstore_tests(postgres_inline_store)):
    """
    Tokens, without threads.
    """


def _tests_of(factory: str) -> Any:
    """
    @return: a factory's tests, over a database as the daemon has it.
    """
    name = factory[len("make_") :].replace("_tests", "_on_postgresql")
    made = getattr(stores, factory)(postgres_store)
    return type(name, (made,), {"__doc__": made.__doc__, "__module__": __name__})


# A store that is added is here without a word.
globals().update((tests.__name__, tests) for tests in map(_tests_of, stores.__all__))
