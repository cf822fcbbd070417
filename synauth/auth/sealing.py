"""
Passwords that have to be kept for a while are kept sealed.
"""

import hashlib
import hmac
import json
from typing import Any, Dict, Optional, Tuple, Union

from nacl.secret import SecretBox
from nacl.utils import random

# The parameters of a request that hold a password (specification, POST
# /register and POST /account/password).
SECRET_PARAMS = frozenset(["password", "new_password"])


def derive_key(secret: Union[str, bytes], purpose: str) -> bytes:
    """
    Make a key of its own for each purpose out of a secret that all processes of
    a server have: HKDF with SHA-256 (RFC 5869).

    @param purpose: what the key is for.
    @return: 32 bytes.
    """
    if isinstance(secret, str):
        secret = secret.encode("utf-8")
    extracted = hmac.new(b"synauth", secret, hashlib.sha256).digest()
    info = purpose.encode("utf-8") + b"\x01"
    return hmac.new(extracted, info, hashlib.sha256).digest()


class Sealer:
    """
    Takes the passwords out of a request's parameters and puts them back.

    @param key: 32 bytes; by default made here and now, so that what was sealed
        dies with the process.
    """

    def __init__(self, key: Optional[bytes] = None) -> None:
        self._box = SecretBox(random(SecretBox.KEY_SIZE) if key is None else key)

    def seal(self, params: Dict[str, Any]) -> Tuple[Dict[str, Any], Optional[bytes]]:
        """
        @param params: a request's parameters; left as they are.
        @return: a copy without the passwords, and the passwords, sealed, or
            C{None} if there are none.
        """
        secrets = {k: params[k] for k in SECRET_PARAMS if k in params}
        if not secrets:
            return dict(params), None
        rest = {k: v for k, v in params.items() if k not in SECRET_PARAMS}
        plain = json.dumps(secrets, separators=(",", ":")).encode("ascii")
        return rest, bytes(self._box.encrypt(plain))

    def unseal(self, params: Dict[str, Any], sealed: Optional[bytes]) -> Dict[str, Any]:
        """
        @param params: parameters without passwords.
        @param sealed: what L{seal} gave.
        @return: the parameters as they were.
        """
        if sealed is None:
            return dict(params)
        secrets = json.loads(self._box.decrypt(sealed).decode("ascii"))
        return dict(params, **secrets)
