"""
Proofs of addresses, where none can be had.
"""

from typing import Any, Dict, Optional

from twisted.internet.defer import Deferred, succeed
from zope.interface import implementer

from synauth.interfaces import IThreepidValidation
from synauth.threepids import Proof


@implementer(IThreepidValidation)
class NoValidation:
    """
    Nobody proves anything.
    """

    def proof_of(
        self, medium: str, creds: Dict[str, Any]
    ) -> "Deferred[Optional[Proof]]":
        """
        See L{IThreepidValidation.proof_of}.
        """
        return succeed(None)

    def spend(self, sid: str) -> "Deferred[bool]":
        """
        See L{IThreepidValidation.spend}.
        """
        return succeed(False)
