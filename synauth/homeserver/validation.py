"""
Who has which address (specification, "Adding Account Administrative Contact
Information").
"""

import re
import secrets
from typing import Any, Callable, List, Mapping, Optional, Tuple

from twisted.internet.defer import Deferred, inlineCallbacks, maybeDeferred
from twisted.logger import Logger
from zope.interface import implementer

from synauth.awaiting import Steps
from synauth.constants import Codes
from synauth.errors import MatrixError
from synauth.homeserver.identity import OURS, IdentityServers
from synauth.homeserver.mails import Mails, Purpose
from synauth.interfaces import IClock, IThreepidValidation
from synauth.storage.records import ProvedAddress
from synauth.storage.threepid_validation import KEPT_MS, Attempt
from synauth.threepids import EMAIL, Proof

_log = Logger()

# The specification's alphabet of what clients and servers make up here.
_OPAQUE = re.compile(r"[0-9a-zA-Z.=_-]{1,255}\Z")


def opaque(value: Any, key: str) -> str:
    """
    @param value: what a client sent as C{key}, such as a C{client_secret}.
    @return: the same.
    @raise MatrixError: 400 C{M_INVALID_PARAM} if the specification does not
        allow it, C{M_MISSING_PARAM} if it is not there.
    """
    if value is None:
        raise MatrixError(400, "Missing parameter '%s'" % key, Codes.MISSING_PARAM)
    if not isinstance(value, str) or not _OPAQUE.match(value):
        raise MatrixError(400, "Parameter '%s' is not valid" % key, Codes.INVALID_PARAM)
    return value


@implementer(IThreepidValidation)
class ThreepidValidation:
    """
    Validates by mail, and believes some identity servers.

    Mail goes out after a client was answered, which so learns nothing from how
    long that took; what becomes of it is in the log.  Of one that could not be
    sent the same attempt can be made again.

    @param store: an L{IThreepidValidationStore}.
    @param reactor: sends mail when a client was answered.
    @param clock: an L{IClock}.
    @param mails: C{None} where there is no mail.
    @param lifetime_ms: how long a link is good.
    @param servers: the identity servers.
    """

    def __init__(
        self,
        store: Any,
        reactor: Any,
        clock: IClock,
        mails: Optional[Mails],
        lifetime_ms: int,
        servers: IdentityServers,
    ) -> None:
        self._store = store
        self._reactor = reactor
        self._clock = clock
        self._mails = mails
        self._lifetime_ms = lifetime_ms
        self._servers = servers
        # Mails that are to be sent or being sent, and who waits for the last.
        self._unsent = 0
        self._waiting: List["Deferred[None]"] = []

    @inlineCallbacks
    def request_token(
        self,
        medium: str,
        address: str,
        client_secret: str,
        send_attempt: int,
        purpose: str,
        mail: Optional[Purpose],
        next_link: Optional[str] = None,
    ) -> Steps[str]:
        """
        See L{IThreepidValidation.request_token}.

        @return: errs with L{MatrixError} 400 if there is no mail, or the medium
            is another.
        """
        mails = self._mails
        if medium != EMAIL or mails is None:
            raise MatrixError(400, "Addresses of this kind can't be validated here")
        mails.mailer.require_room()
        now = self._clock.time_msec()
        attempt = Attempt(
            medium=medium,
            address=address,
            client_secret=client_secret,
            send_attempt=send_attempt,
            session_id=OURS + secrets.token_urlsafe(18),
            token=secrets.token_urlsafe(24),
            next_link=next_link,
            now_ms=now,
            expires_ms=now + self._lifetime_ms,
            purpose=purpose,
        )
        session_id, is_new = yield self._store.start_validation(attempt)
        if is_new and mail is not None:
            self._when_answered(self._send, mails, mail, attempt, session_id)
        return session_id

    def _when_answered(self, function: Callable[..., None], *args: Any) -> None:
        """
        Not before the answer is out: how long it takes to write a mail is
        nobody's business.
        """
        self._unsent += 1
        # What came from a thread is followed, in the same turn of the reactor, by
        # calls that are due; only then is written to sockets.  Hence twice.
        self._reactor.callLater(0, self._reactor.callLater, 0, function, *args)

    def _send(
        self, mails: Mails, purpose: Purpose, attempt: Attempt, session_id: str
    ) -> None:
        sent = maybeDeferred(
            mails.send,
            purpose,
            attempt.address,
            session_id,
            attempt.client_secret,
            attempt.token,
        )
        sent.addErrback(self._not_sent, session_id, attempt.send_attempt)
        sent.addBoth(self._one_less)

    def _one_less(self, result: Any) -> None:
        self._unsent -= 1
        if not self._unsent:
            waiting, self._waiting = self._waiting, []
            for all_sent in waiting:
                all_sent.callback(None)

    def all_sent(self) -> "Deferred[None]":
        """
        @return: a Deferred that fires when no mail of ours is under way, be it
            that it was sent or that it could not be.
        """
        all_sent: "Deferred[None]" = Deferred()
        if self._unsent:
            self._waiting.append(all_sent)
        else:
            all_sent.callback(None)
        return all_sent

    def _not_sent(
        self, failure: Any, session_id: str, send_attempt: int
    ) -> "Deferred[None]":
        # Not whom to: that somebody asked for an account is theirs to know.  And
        # what an operator's template trips over can be the link.
        why = "its text is not shown, for it may repeat what was to be sent"
        if failure.type.__module__.startswith(("synauth.", "twisted.internet.")):
            why = failure.getErrorMessage()[:200].replace("\n", " ")
        _log.error(
            "A mail could not be sent: {kind}: {why}",
            kind=failure.type.__name__,
            why=why,
        )
        forgotten = self._store.forget_attempt(session_id, send_attempt)
        forgotten.addErrback(
            lambda again: _log.failure("An attempt was not forgotten", again)
        )
        return forgotten

    @inlineCallbacks
    def proof_of(self, medium: str, creds: Any) -> Steps[Optional[Proof]]:
        """
        See L{IThreepidValidation.proof_of}.
        """
        sid, secret, server = self._parsed(medium, creds)
        if server is not None:
            proof = yield self._servers.get_validated_3pid(server, sid, secret)
            # One that is older may have been used, and forgotten.
            oldest = self._clock.time_msec() - KEPT_MS
            if proof is not None and proof.validated_at < oldest:
                proof = None
        else:
            proof = yield self._store.get_validation(
                sid, secret, self._clock.time_msec()
            )
        if proof is None or proof.medium != medium:
            return None
        return Proof(proof.medium, proof.address, proof.validated_at)

    def proved_address(
        self, medium: str, proof: Mapping[str, Any], purpose: str
    ) -> ProvedAddress:
        """
        See L{IThreepidValidation.proved_address}.
        """
        sid, secret, server = self._parsed(medium, proof["threepid_creds"])
        return ProvedAddress(
            medium,
            proof["address"],
            proof["validated_at"],
            sid,
            secret,
            purpose,
            server,
        )

    def _parsed(self, medium: str, creds: Any) -> Tuple[str, str, Optional[str]]:
        if not isinstance(creds, dict):
            raise MatrixError(
                400, "'threepid_creds' must be an object", Codes.INVALID_PARAM
            )
        sid = opaque(creds.get("sid"), "sid")
        secret = opaque(creds.get("client_secret"), "client_secret")
        return sid, secret, self._servers.server_for(medium, creds)
