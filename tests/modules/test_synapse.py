"""
What is written for old homeservers, in a Synapse of today.
"""

from tests.modules.doorkeeping import make_doorkeeper_tests
from tests.modules.hosts import (
    as_provider,
    in_synapse,
    legacy_as_module,
    module_there_and_back,
)
from tests.modules.needs import needs_package
from tests.modules.wordkeeping import make_wordkeeper_tests

_current = needs_package("matrix-synapse", "1.1")


@_current
class DoorkeeperTests(make_doorkeeper_tests(in_synapse, legacy_as_module)):
    """
    A legacy provider, by L{synauth.LegacyProviderModule}.
    """


@_current
class UnadaptedDoorkeeperTests(make_doorkeeper_tests(in_synapse, as_provider)):
    """
    A legacy provider without synauth, so as to know what is to be expected.
    """


@_current
class WordkeeperTests(make_wordkeeper_tests(in_synapse, module_there_and_back)):
    """
    A module that answers with bare ids, which Synapse itself can't take,
    through both adapters.
    """
