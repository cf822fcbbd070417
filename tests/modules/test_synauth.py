"""
Providers and modules of ours in the daemon, as they are and through the
adapters: what holds in the homeservers that they were written for has to hold
here.
"""

from tests.modules.doorkeeping import make_doorkeeper_tests
from tests.modules.hosts import (
    as_module,
    as_provider,
    in_synauth,
    legacy_as_module,
    legacy_there_and_back,
    module_as_provider,
    module_there_and_back,
)
from tests.modules.wordkeeping import make_wordkeeper_tests


class DoorkeeperTests(make_doorkeeper_tests(in_synauth, as_provider)):
    """
    A legacy provider as one.
    """


class DoorkeeperAsModuleTests(make_doorkeeper_tests(in_synauth, legacy_as_module)):
    """
    A legacy provider as a module.
    """


class DoorkeeperThereAndBackTests(
    make_doorkeeper_tests(in_synauth, legacy_there_and_back)
):
    """
    A legacy provider through both adapters.
    """


class WordkeeperTests(make_wordkeeper_tests(in_synauth, as_module)):
    """
    A module as one.
    """


class WordkeeperAsProviderTests(make_wordkeeper_tests(in_synauth, module_as_provider)):
    """
    A module as a legacy provider.
    """


class WordkeeperThereAndBackTests(
    make_wordkeeper_tests(in_synauth, module_there_and_back)
):
    """
    A module through both adapters.
    """
