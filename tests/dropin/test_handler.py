"""
L{synauth.dropin.synapse_1_0.AuthHandler} in hosts of each kind.
"""

from tests.dropin.checks import HandlerChecks


class PlainHostTests(HandlerChecks):
    """
    A host whose database answers at once, as stand-ins in its tests do.
    """

    style = "plain"


class DeferredHostTests(HandlerChecks):
    """
    A host whose database gives Deferreds that have fired.
    """

    style = "deferred"


class LateHostTests(HandlerChecks):
    """
    A host as it is at work.
    """

    style = "late"


class OldHostTests(HandlerChecks):
    """
    A host of 2018.
    """

    style = "late"
    version = "0.34.1.1"


# They are for the classes above.
del HandlerChecks
