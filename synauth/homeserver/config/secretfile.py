"""
Secrets that are kept in files of their own.
"""

from typing import Any, Dict

from synauth.homeserver.config.kinds import is_unset
from synauth.homeserver.config.table import Reading
from synauth.homeserver.config.yamlfile import Node

# Each secret that may have one, and the key that names the file.
SECRET_FILES = {
    "macaroon_secret_key": "macaroon_secret_key_path",
    "registration_shared_secret": "registration_shared_secret_path",
    "recaptcha_private_key": "recaptcha_private_key_path",
}

_MAX_BYTES = 64 * 1024


def read_secret_files(given: Dict[str, Any], root: Node, reading: Reading) -> None:
    """
    Put the contents of files where the secrets themselves would be.

    @param given: the values that were read; those of the secrets are added.
    @param root: the whole configuration.
    """
    for key, path_key in SECRET_FILES.items():
        path = given.get(path_key)
        if path is None:
            continue
        place = root.value[path_key].place
        if given.get(key) is not None:
            reading.refuse(place, path_key, "given besides %s, expected one" % (key,))
            continue
        try:
            with open(path, encoding="utf-8") as opened:
                secret = opened.read(_MAX_BYTES).strip()
        except (OSError, ValueError) as e:
            reason = getattr(e, "strerror", None) or "not UTF-8 text"
            problem = "the file %s cannot be read: %s" % (path, reason)
            reading.refuse(place, path_key, problem)
            continue
        if is_unset(secret):
            problem = "found no secret in the file %s, expected one" % (path,)
            reading.refuse(place, path_key, problem)
        else:
            given[key] = secret
