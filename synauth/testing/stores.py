"""
What the stores' contracts mean, as factories of tests.

Each factory takes a I{fixture}, a function that is given the test case and
gives the store under test, or a Deferred of it.  The store provides all of
L{IAccountStore}, L{ITokenStore} and L{IDeviceStore}, as they share a database;
each factory looks at one of them.  What comes out is a class to inherit from::

    class MyTokenStoreTests(make_itokenstore_tests(make_my_store)):
        pass
"""

from synauth.testing.accountstore import make_iaccountstore_tests
from synauth.testing.administrationstore import make_iadministrationstore_tests
from synauth.testing.changestore import (
    make_iaccountchangestore_tests,
)
from synauth.testing.devicestore import make_idevicestore_tests
from synauth.testing.modulestores import (
    make_iexternalidstore_tests,
    make_iprofilestore_tests,
    make_ithreepidstore_tests,
    make_iuserinfostore_tests,
)
from synauth.testing.registrationtokens import make_iregistrationtokenstore_tests
from synauth.testing.tokenstore import make_itokenstore_tests
from synauth.testing.validations import make_ithreepidvalidationstore_tests

__all__ = [
    "make_iaccountchangestore_tests",
    "make_iaccountstore_tests",
    "make_iadministrationstore_tests",
    "make_idevicestore_tests",
    "make_iexternalidstore_tests",
    "make_iprofilestore_tests",
    "make_iregistrationtokenstore_tests",
    "make_ithreepidstore_tests",
    "make_ithreepidvalidationstore_tests",
    "make_itokenstore_tests",
    "make_iuserinfostore_tests",
]
