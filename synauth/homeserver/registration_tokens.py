"""
What registration tokens are called.
"""

import re
import secrets
import string

MAX_TOKEN_LENGTH = 64

# The specification's alphabet.
_ALPHABET = string.ascii_letters + string.digits + "._~-"
_TOKEN = re.compile(r"[A-Za-z0-9._~-]{1,%d}\Z" % MAX_TOKEN_LENGTH)

DEFAULT_LENGTH = 16
MAX_USES = 2**31 - 1


def made_up_token(length: int = DEFAULT_LENGTH) -> str:
    """
    @return: a token that nobody can guess, from 16 characters up.
    """
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


def is_token(token: str) -> bool:
    """
    @return: whether a token can have this name.
    """
    return _TOKEN.match(token) is not None
