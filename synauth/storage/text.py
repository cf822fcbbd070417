"""
What text a database can hold: neither a lone surrogate, which has no UTF-8
form, nor a NUL, which PostgreSQL refuses.
"""

from typing import Optional

from synauth.constants import Codes
from synauth.errors import MatrixError


def storable(text: str) -> bool:
    """
    @return: whether the database can hold it, and so, whether there is any
        point in looking for it.
    """
    try:
        return b"\0" not in text.encode("utf-8")
    except UnicodeEncodeError:
        return False


def require_storable(*texts: Optional[str]) -> None:
    """
    @raise MatrixError: 400 C{M_INVALID_PARAM} if one can't be stored.
    """
    for text in texts:
        if text is not None and not storable(text):
            raise MatrixError(
                400, "Text holds characters that cannot be kept", Codes.INVALID_PARAM
            )


def cleaned(text: Optional[str]) -> Optional[str]:
    """
    For what nobody chose to send, such as a C{User-Agent}: a login must not
    fail for it.

    @return: the text, with what can't be stored replaced by question marks.
    """
    if text is None:
        return None
    return text.encode("utf-8", "replace").decode("utf-8").replace("\0", "?")
