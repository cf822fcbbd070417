"""
Identity servers (identity service API, v1): they are asked only where the
configuration names them.
"""

from typing import Any, Callable, Dict, Mapping, Optional, Sequence

import attr
from twisted.internet.defer import Deferred, inlineCallbacks
from twisted.logger import Logger
from zope.interface import implementer

from synauth.awaiting import Steps
from synauth.constants import Codes
from synauth.errors import HttpResponseException, MatrixError
from synauth.interfaces import IIdentityHandler, IModuleHttpClient, IThreepidValidation
from synauth.threepids import EMAIL, MSISDN, Proof, canonical

_log = Logger()

# Session ids that this server makes up begin so; no identity server is asked
# about them, and none of theirs can be one of ours.
OURS = "m."

_API = "/_matrix/identity/api/v1"


class IdentityServers:
    """
    Those that the configuration trusts.

    @param get_client: gives the L{IModuleHttpClient} when one is asked.
    @param trusted: their host names.
    @param delegate: the address of the one that validates telephone numbers, or
        C{None}.
    """

    def __init__(
        self,
        get_client: Callable[[], IModuleHttpClient],
        trusted: Sequence[str] = (),
        delegate: Optional[str] = None,
    ) -> None:
        self._get_client = get_client
        self._trusted = frozenset(trusted)
        self.delegate = None if delegate is None else delegate.rstrip("/")

    @property
    def knows_telephones(self) -> bool:
        """
        Whether somebody could vouch for a telephone number.
        """
        return self.delegate is not None or bool(self._trusted)

    def server_for(self, medium: str, creds: Mapping[str, Any]) -> Optional[str]:
        """
        @param creds: a client's, with a C{sid} that is text.
        @return: the address of the server whose session it is, C{None} if it
            is ours.
        """
        if creds["sid"].startswith(OURS):
            return None
        named = creds.get("id_server")
        if isinstance(named, str) and named.lower() in self._trusted:
            return "https://" + named.lower()
        return self.delegate if medium == MSISDN else None

    @inlineCallbacks
    def get_validated_3pid(
        self, server: str, sid: str, client_secret: str
    ) -> Steps[Optional[Proof]]:
        """
        Ask a server whether an address was validated.

        @param server: from L{server_for}.
        @return: fires with a L{Proof}, or with C{None} if the server
            does not say so, or can't be asked.
        """
        try:
            answer = yield self._get_client().get_json(
                server + _API + "/3pid/getValidated3pid",
                {"sid": sid, "client_secret": client_secret},
            )
        except HttpResponseException as error:
            _log.info(
                "{server} vouches for nothing: {code}", server=server, code=error.code
            )
            return None
        except Exception as error:
            _log.error("{server} can't be asked: {why}", server=server, why=str(error))
            return None
        return _proof_in(answer)

    @inlineCallbacks
    def bind(
        self, server: str, sid: str, client_secret: str, user_id: str, token: str
    ) -> Steps[None]:
        """
        Have a server publish whose an address is (identity service API, v2).

        @param server: the host that the client named.
        @param token: the client's access token there.
        @return: fires with C{None}; errs with L{MatrixError} 403
            C{M_SERVER_NOT_TRUSTED} if it is not one of ours, and 400 if it
            refuses or can't be asked.
        """
        if server.lower() not in self._trusted:
            raise MatrixError(
                403, "The identity server is not trusted", Codes.SERVER_NOT_TRUSTED
            )
        yield self._posted(
            "https://%s/_matrix/identity/v2/3pid/bind" % (server.lower(),),
            {"sid": sid, "client_secret": client_secret, "mxid": user_id},
            {"Authorization": "Bearer " + token},
        )

    @inlineCallbacks
    def request_msisdn_token(self, body: Dict[str, Any]) -> Steps[str]:
        """
        Have the delegate send a token to a telephone.

        @param body: what the client sent, checked.
        @return: fires with the session's id; errs with L{MatrixError} with what
            the delegate refuses, and 400 if it can't be asked.
        """
        answer = yield self._post("/validate/msisdn/requestToken", body)
        sid = answer.get("sid") if isinstance(answer, dict) else None
        if not isinstance(sid, str) or not 0 < len(sid) <= 255 or sid.startswith(OURS):
            _log.error("{server} gives no session id", server=self.delegate)
            raise _unreachable()
        return sid

    @inlineCallbacks
    def submit_msisdn_token(
        self, sid: str, client_secret: str, token: str
    ) -> Steps[bool]:
        """
        Pass on what came by telephone.

        @return: fires with whether it was right; errs as
            L{request_msisdn_token}.
        """
        body = {"sid": sid, "client_secret": client_secret, "token": token}
        answer = yield self._post("/validate/msisdn/submitToken", body)
        return isinstance(answer, dict) and answer.get("success") is True

    def _post(self, path: str, body: Dict[str, Any]) -> "Deferred[Any]":
        return self._posted("%s%s%s" % (self.delegate, _API, path), body, None)

    @inlineCallbacks
    def _posted(self, url: str, body: Dict[str, Any], headers: Any) -> Steps[Any]:
        try:
            answer = yield self._get_client().post_json_get_json(url, body, headers)
        except HttpResponseException as error:
            _log.info("{url} refuses: {code}", url=url, code=error.code)
            raise MatrixError(400, "The identity server refused this")
        except Exception as error:
            _log.error("{url} can't be asked: {why}", url=url, why=str(error))
            raise _unreachable()
        return answer


def _unreachable() -> MatrixError:
    return MatrixError(400, "The identity server can't be asked", Codes.UNKNOWN)


def _proof_in(answer: Any) -> Optional[Proof]:
    """
    @return: what an answer vouches for; C{None} unless all of it is as it
        should be.
    """
    if not isinstance(answer, dict):
        return None
    medium, address = answer.get("medium"), answer.get("address")
    validated_at = answer.get("validated_at")
    if not (isinstance(medium, str) and isinstance(address, str)):
        return None
    if type(validated_at) is not int or not 0 < validated_at < 2**53:
        return None
    try:
        return Proof(medium, canonical(medium, address), validated_at)
    except MatrixError:
        return None


@implementer(IIdentityHandler)
class IdentityHandler:
    """
    Says which address a client has proved, to this server or to an identity
    server that it trusts.

    @param validation: the L{IThreepidValidation}.
    """

    def __init__(self, validation: IThreepidValidation) -> None:
        self._validation = validation

    @inlineCallbacks
    def threepid_from_creds(
        self, creds: Dict[str, Any]
    ) -> Steps[Optional[Dict[str, Any]]]:
        """
        See L{IIdentityHandler.threepid_from_creds}.  Errs with L{MatrixError}
        400 if C{creds} are not what they should be.
        """
        for medium in (EMAIL, MSISDN):
            proof = yield self._validation.proof_of(medium, creds)
            if proof is not None:
                return attr.asdict(proof)
        return None
