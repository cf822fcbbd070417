"""
Registration by the shared secret, from the client's side.
"""

import hashlib
import hmac
import json
import urllib.error
import urllib.request
from http.client import HTTPException
from typing import Any, Dict, Optional

from synauth.cli.terminal import CommandError
from synauth.foreign_json import parse_foreign_json

_PATH = "/_synapse/admin/v1/register"
_TIMEOUT_S = 20
_MAX_BYTES = 64 * 1024


def register(
    url: str,
    secret: str,
    user: str,
    password: str,
    admin: bool,
    user_type: Optional[str],
) -> str:
    """
    Make an account.  Waits for the server.

    @param url: where the server is.
    @param secret: its shared secret.
    @param user: the localpart.
    @param admin: whether it is an administrator's.
    @param user_type: the account's type, or C{None}.
    @return: the user id.
    @raise CommandError: if it was not made.
    """
    if not url.startswith(("http://", "https://")):
        raise CommandError("%s: not an http:// or https:// address" % (url,))
    endpoint = url.rstrip("/") + _PATH
    nonce = _call(endpoint, None).get("nonce")
    if not isinstance(nonce, str):
        raise CommandError("%s: not the answer of a homeserver" % (endpoint,))
    body = {
        "nonce": nonce,
        "username": user,
        "password": password,
        "admin": admin,
        "mac": mac(secret, nonce, user, password, admin, user_type),
    }
    if user_type is not None:
        body["user_type"] = user_type
    return str(_call(endpoint, body).get("user_id"))


def mac(
    secret: str,
    nonce: str,
    user: str,
    password: str,
    admin: bool,
    user_type: Optional[str],
) -> str:
    """
    @return: the proof that one knows the secret.
    @raise CommandError: if what was typed is not text.
    """
    fields = [nonce, user, password, "admin" if admin else "notadmin"]
    if user_type is not None:
        fields.append(user_type)
    try:
        message = "\0".join(fields).encode("utf-8")
        key = secret.encode("utf-8")
    except UnicodeEncodeError:
        raise CommandError("The name, password or secret is not valid Unicode text.")
    return hmac.new(key, message, hashlib.sha1).hexdigest()


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """
    A password goes to the server that was named and to no other.
    """

    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        """
        @return: C{None}: not followed.
        """


# Nor does it go through a proxy that the environment happens to name.
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect())


def _call(endpoint: str, body: Optional[Dict[str, Any]]) -> Dict[str, Any]:
    """
    @param body: what to post; C{None} to get.
    @return: what was answered.
    """
    data = None if body is None else json.dumps(body).encode("ascii")
    try:
        request = urllib.request.Request(
            endpoint, data=data, headers={"Content-Type": "application/json"}
        )
        with _opener.open(request, timeout=_TIMEOUT_S) as response:
            content = response.read(_MAX_BYTES)
    except urllib.error.HTTPError as e:
        with e:
            raise _refusal(endpoint, e)
    except (OSError, ValueError, HTTPException) as e:
        reason = getattr(e, "reason", None) or e
        raise CommandError("%s: cannot be reached: %s" % (endpoint, reason))
    answer = _json_object(content)
    if answer is None:
        raise CommandError("%s: not the answer of a homeserver" % (endpoint,))
    return answer


def _refusal(endpoint: str, error: urllib.error.HTTPError) -> CommandError:
    answer = _json_object(error.read(_MAX_BYTES)) or {}
    if error.code == 403 and answer.get("errcode") == "M_FORBIDDEN":
        hint = " (is that the server's registration_shared_secret?)"
    else:
        hint = ""
    return CommandError(
        "%s: refused: %d %s %s%s"
        % (
            endpoint,
            error.code,
            answer.get("errcode", error.reason),
            answer.get("error", ""),
            hint,
        )
    )


def _json_object(content: bytes) -> Optional[Dict[str, Any]]:
    try:
        answer = parse_foreign_json(content)
    except ValueError:
        return None
    return answer if isinstance(answer, dict) else None
