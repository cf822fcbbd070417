"""
Third-party ids.
"""

from typing import Any, Dict

from zope.interface import implementer

from synauth.interfaces import IIdentityHandler


@implementer(IIdentityHandler)
class NoIdentityServer:
    """
    No identity server is trusted, so nobody can vouch for an address.
    """

    def threepid_from_creds(self, creds: Dict[str, Any]) -> None:
        """
        See L{IIdentityHandler.threepid_from_creds}.
        """
