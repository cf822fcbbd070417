"""
Third-party addresses inside a host.
"""

from typing import Any, Dict

from twisted.internet.defer import Deferred, inlineCallbacks

from synauth.awaiting import Steps, awaiting
from synauth.constants import Codes
from synauth.errors import MatrixError
from synauth.threepids import EMAIL


class HostAddresses:
    """
    Binds addresses to accounts, in the host's database.

    @param hs: the homeserver; its parts are asked for when they are needed.
    """

    def __init__(self, hs: Any) -> None:
        self._hs = hs

    def add(
        self, user_id: str, medium: str, address: str, validated_at: int
    ) -> "Deferred[Any]":
        """
        See L{synauth.dropin.synapse_1_0.AuthHandler.add_threepid}.
        """
        return awaiting(
            self._hs.get_datastore().user_add_threepid,
            user_id,
            medium,
            _lowered(medium, address),
            validated_at,
            self._hs.get_clock().time_msec(),
        )

    @inlineCallbacks
    def delete(
        self, user_id: str, medium: str, address: str, **more: Any
    ) -> Steps[Any]:
        """
        See L{synauth.dropin.synapse_1_0.AuthHandler.delete_threepid}.

        @param more: what else the identity handler is told of the address.
        """
        address = _lowered(medium, address)
        threepid = dict(more, medium=medium, address=address)
        handler = self._hs.get_handlers().identity_handler
        unbound = yield awaiting(handler.try_unbind_threepid, user_id, threepid)
        delete = self._hs.get_datastore().user_delete_threepid
        yield awaiting(delete, user_id, medium, address)
        return unbound


class PasswordResets:
    """
    Who has proved to have an e-mail address, when a password is to be reset:
    from 0.99.5 on the host itself may have sent the mail.  It stands in for the
    host and its identity handler before a L{synauth.auth.stages.ThreepidStage}.

    @param hs: the homeserver.
    """

    def __init__(self, hs: Any) -> None:
        self._hs = hs
        self.identity_handler = self

    def get_handlers(self) -> "PasswordResets":
        """
        @return: what has an C{identity_handler}.
        """
        return self

    def threepid_from_creds(self, creds: Dict[str, Any]) -> "Deferred[Any]":
        """
        @return: fires with a dict of C{medium}, C{address} and C{validated_at},
            or with C{None}; errs with L{MatrixError} 400 if no password is
            reset by mail.
        """
        behaviour = self._hs.config.email_password_reset_behaviour
        if behaviour == "remote":
            identity_handler = self._hs.get_handlers().identity_handler
            return awaiting(identity_handler.threepid_from_creds, creds)
        return self._from_database(behaviour, creds)

    @inlineCallbacks
    def _from_database(self, behaviour: str, creds: Dict[str, Any]) -> Steps[Any]:
        if behaviour != "local":
            raise MatrixError(400, "Password resets are not enabled on this homeserver")
        for key in ("client_secret", "sid"):
            if not isinstance(creds.get(key), str):
                raise MatrixError(400, "No %s in creds" % key, Codes.MISSING_PARAM)
        store = self._hs.get_datastore()
        found = yield awaiting(
            store.get_threepid_validation_session,
            "email",
            creds["client_secret"],
            sid=creds["sid"],
            validated=True,
        )
        if not found:
            return None
        yield awaiting(store.delete_threepid_session, creds["sid"])
        return {key: found[key] for key in ("medium", "address", "validated_at")}


def _lowered(medium: str, address: str) -> str:
    return address.lower() if medium == EMAIL else address
