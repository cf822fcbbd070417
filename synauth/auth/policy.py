"""
What a new password has to have (C{password_config.policy}).
"""

from typing import Optional

from synauth.auth.passwords import MAX_PASSWORD_LENGTH
from synauth.auth.settings import PasswordPolicy
from synauth.constants import Codes
from synauth.errors import MatrixError


def check_new_password(password: str, policy: Optional[PasswordPolicy]) -> None:
    """
    @param password: the password that somebody wants to have.
    @param policy: what is asked of it, or C{None}.
    @raise MatrixError: 400, with the code of the first rule that is not met.
    """
    if not password:
        raise MatrixError(400, "The password is empty", Codes.INVALID_PARAM)
    if len(password) > MAX_PASSWORD_LENGTH:
        raise MatrixError(
            400,
            "A password may have at most %d characters" % MAX_PASSWORD_LENGTH,
            Codes.INVALID_PARAM,
        )
    if policy is None:
        return
    if len(password) < policy.minimum_length:
        raise MatrixError(
            400,
            "The password must have at least %d characters" % policy.minimum_length,
            Codes.PASSWORD_TOO_SHORT,
        )
    rules = (
        (policy.require_digit, str.isdecimal, "digit", Codes.PASSWORD_NO_DIGIT),
        (policy.require_symbol, _is_symbol, "symbol", Codes.PASSWORD_NO_SYMBOL),
        (
            policy.require_uppercase,
            str.isupper,
            "upper-case letter",
            Codes.PASSWORD_NO_UPPERCASE,
        ),
        (
            policy.require_lowercase,
            str.islower,
            "lower-case letter",
            Codes.PASSWORD_NO_LOWERCASE,
        ),
    )
    for required, has, what, errcode in rules:
        if required and not any(has(character) for character in password):
            raise MatrixError(
                400, "The password must have at least one %s" % what, errcode
            )


def _is_symbol(character: str) -> bool:
    return not character.isalnum()
