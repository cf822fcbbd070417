"""
Whether an account may be used: the one question after every way in, at every
use of a token and at every refresh.
"""

from typing import Any

from synauth.constants import Codes
from synauth.errors import AuthError, NotApprovedError, UserLockedError


def account_gate(account: Any, even_locked: bool = False) -> None:
    """
    Let an account through, or say why not.

    A suspended one passes: its user may look around, and is stopped at what
    would change something, see L{not_while_suspended}.

    @param account: has C{deactivated}, C{locked} and C{approved}: an
        L{Account<synauth.storage.records.Account>} or a
        L{TokenInfo<synauth.storage.records.TokenInfo>}.
    @param even_locked: whether one may that is locked or waits to be approved,
        because all that is asked for is a way out.
    @raise AuthError: 403 C{M_USER_DEACTIVATED}.
    @raise NotApprovedError: 403.
    @raise UserLockedError: 401.
    """
    if account.deactivated:
        raise AuthError(
            403, "This account has been deactivated", Codes.USER_DEACTIVATED
        ).because("deactivated")
    if even_locked:
        return
    if not account.approved:
        raise NotApprovedError()
    if account.locked:
        raise UserLockedError()


def not_while_suspended(account: Any) -> None:
    """
    Stop a suspended user from changing anything.

    @param account: has C{suspended}.
    @raise AuthError: 403 C{M_USER_SUSPENDED}.
    """
    if account.suspended:
        raise AuthError(
            403, "This account has been suspended", Codes.USER_SUSPENDED
        ).because("suspended")
