"""
What is written for homeservers of today, in Synapse 1.0.0.
"""

from tests.modules.doorkeeping import make_doorkeeper_tests
from tests.modules.hosts import (
    as_provider,
    in_synapse,
    legacy_there_and_back,
    module_as_provider,
)
from tests.modules.needs import needs_package
from tests.modules.wordkeeping import make_wordkeeper_tests

_old = needs_package("matrix-synapse", "1.0.")


@_old
class WordkeeperTests(make_wordkeeper_tests(in_synapse, module_as_provider)):
    """
    A module, by L{synauth.CallbackModuleProvider}.
    """


@_old
class DoorkeeperTests(make_doorkeeper_tests(in_synapse, legacy_there_and_back)):
    """
    A legacy provider through both adapters.
    """


@_old
class UnadaptedDoorkeeperTests(make_doorkeeper_tests(in_synapse, as_provider)):
    """
    A legacy provider without synauth, so as to know what is to be expected.
    """
