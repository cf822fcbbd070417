"""
Exceptions of Synapse's that synauth itself does not raise.
"""

from synauth.constants import Codes
from synauth.errors import MatrixError


class NotFoundError(MatrixError):
    """
    There is no such thing.
    """

    def __init__(self, msg: str = "Not found", errcode: str = Codes.NOT_FOUND) -> None:
        super().__init__(404, msg, errcode)


class RedirectException(MatrixError):
    """
    The answer is somewhere else.

    @ivar location: where.
    """

    def __init__(self, location: bytes, http_code: int = 302) -> None:
        super().__init__(http_code, "Redirect")
        self.location = location
        self.headers["Location"] = location.decode("ascii", "replace")
