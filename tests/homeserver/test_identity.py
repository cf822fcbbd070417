"""
Third-party ids.
"""

from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from synauth.homeserver.identity import NoIdentityServer
from synauth.interfaces import IIdentityHandler


class NoIdentityServerTests(SynchronousTestCase):
    """
    L{NoIdentityServer}.
    """

    def test_nobody_vouches(self) -> None:
        """
        Whatever a client sends, nobody vouches for it.
        """
        handler = NoIdentityServer()
        verifyObject(IIdentityHandler, handler)
        for creds in ({}, {"sid": "1", "client_secret": "2", "id_server": "x"}):
            self.assertIsNone(handler.threepid_from_creds(creds))
