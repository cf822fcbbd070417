"""
What somebody who registers has proved, and what becomes of it.
"""

from typing import Any, Dict, Optional, Tuple

import attr
from twisted.internet.defer import inlineCallbacks

from synauth.awaiting import Steps
from synauth.constants import Codes, LoginType
from synauth.errors import MatrixError
from synauth.homeserver.config.settings import HomeServerConfig
from synauth.homeserver.validation import ThreepidValidation
from synauth.interfaces import ICallbacks
from synauth.providers.calling import CouldNotAsk
from synauth.storage.records import ProvedAddress
from synauth.threepids import EMAIL, MSISDN, REGISTRATION

_MEDIA = ((LoginType.EMAIL_IDENTITY, EMAIL), (LoginType.MSISDN, MSISDN))


@attr.s(frozen=True, slots=True, auto_attribs=True)
class Proved:
    """
    What a new account gets, or uses up, besides its name and its password.

    @ivar threepids: its addresses.
    @ivar consent_version: the rules that its owner agreed to, or C{None}.
    @ivar registration_token: or C{None}.
    @ivar session_id: the session that holds it.
    """

    threepids: Tuple[ProvedAddress, ...] = ()
    consent_version: Optional[str] = None
    registration_token: Optional[str] = attr.ib(default=None, repr=False)
    session_id: str = ""


class RegistrationProofs:
    """
    Looks at the credentials of a completed session.

    @param config: the settings.
    @param validation: knows whose sessions those of addresses are.
    @param callbacks: the modules, which may not want an address.
    """

    def __init__(
        self,
        config: HomeServerConfig,
        validation: ThreepidValidation,
        callbacks: ICallbacks,
    ) -> None:
        self._config = config
        self._validation = validation
        self._callbacks = callbacks

    @inlineCallbacks
    def gather(self, creds: Dict[str, Any], session_id: str) -> Steps[Proved]:
        """
        @param creds: what each stage proved.
        @param session_id: the session.
        @return: fires with a L{Proved}; errs with L{MatrixError} 403
            C{M_THREEPID_DENIED} if an account can't have an address.
        """
        threepids = []
        for stage, medium in _MEDIA:
            if stage in creds:
                proof = creds[stage]
                yield self.check_allowed(medium, proof["address"], True)
                threepids.append(
                    self._validation.proved_address(medium, proof, REGISTRATION)
                )
        return Proved(
            tuple(threepids),
            creds.get(LoginType.TERMS),
            creds.get(LoginType.REGISTRATION_TOKEN),
            session_id,
        )

    @inlineCallbacks
    def check_allowed(
        self, medium: str, address: str, registration: bool
    ) -> Steps[None]:
        """
        Whether an account can have an address at all.

        @param address: in its canonical form.
        @param registration: whether it is for a new account.
        @return: fires with C{None}; errs with L{MatrixError} 403
            C{M_THREEPID_DENIED}, also if a module can't be asked.
        """
        allowed = self._config.allows_threepid(medium, address)
        if allowed:
            try:
                allowed = yield self._callbacks.is_3pid_allowed(
                    medium, address, registration
                )
            except CouldNotAsk:
                # It has been logged.
                allowed = False
        if not allowed:
            raise MatrixError(
                403,
                "Addresses of this kind are not allowed here",
                Codes.THREEPID_DENIED,
            )
