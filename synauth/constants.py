"""
The names that the Matrix specification gives to things: login types, error
codes, identifier types.  Nothing here is invented by synauth.
"""


class LoginType:
    """
    Login and user-interactive authentication types (client-server API,
    "Authentication types").
    """

    PASSWORD = "m.login.password"
    TOKEN = "m.login.token"
    RECAPTCHA = "m.login.recaptcha"
    EMAIL_IDENTITY = "m.login.email.identity"
    MSISDN = "m.login.msisdn"
    DUMMY = "m.login.dummy"
    TERMS = "m.login.terms"
    REGISTRATION_TOKEN = "m.login.registration_token"
    APPLICATION_SERVICE = "m.login.application_service"


class IdentifierType:
    """
    The C{type} of an C{identifier} object (client-server API, "Identifier
    types").
    """

    USER = "m.id.user"
    THIRDPARTY = "m.id.thirdparty"
    PHONE = "m.id.phone"


class Codes:
    """
    The C{errcode} values that synauth answers with (client-server API,
    "Standard error response").
    """

    UNRECOGNIZED = "M_UNRECOGNIZED"
    UNAUTHORIZED = "M_UNAUTHORIZED"
    FORBIDDEN = "M_FORBIDDEN"
    BAD_JSON = "M_BAD_JSON"
    NOT_JSON = "M_NOT_JSON"
    USER_IN_USE = "M_USER_IN_USE"
    INVALID_USERNAME = "M_INVALID_USERNAME"
    NOT_FOUND = "M_NOT_FOUND"
    UNKNOWN = "M_UNKNOWN"
    MISSING_TOKEN = "M_MISSING_TOKEN"
    UNKNOWN_TOKEN = "M_UNKNOWN_TOKEN"
    LIMIT_EXCEEDED = "M_LIMIT_EXCEEDED"
    RESOURCE_LIMIT_EXCEEDED = "M_RESOURCE_LIMIT_EXCEEDED"
    CAPTCHA_NEEDED = "M_CAPTCHA_NEEDED"
    MISSING_PARAM = "M_MISSING_PARAM"
    INVALID_PARAM = "M_INVALID_PARAM"
    TOO_LARGE = "M_TOO_LARGE"
    GUEST_ACCESS_FORBIDDEN = "M_GUEST_ACCESS_FORBIDDEN"
    THREEPID_AUTH_FAILED = "M_THREEPID_AUTH_FAILED"
    THREEPID_DENIED = "M_THREEPID_DENIED"
    THREEPID_IN_USE = "M_THREEPID_IN_USE"
    THREEPID_NOT_FOUND = "M_THREEPID_NOT_FOUND"
    SERVER_NOT_TRUSTED = "M_SERVER_NOT_TRUSTED"
    EXCLUSIVE = "M_EXCLUSIVE"
    USER_DEACTIVATED = "M_USER_DEACTIVATED"
    USER_LOCKED = "M_USER_LOCKED"
    USER_SUSPENDED = "M_USER_SUSPENDED"
    # Of a proposal that never became part of it; what Synapse says.
    USER_AWAITING_APPROVAL = "ORG.MATRIX.MSC3866_USER_AWAITING_APPROVAL"
    WEAK_PASSWORD = "M_WEAK_PASSWORD"
    PASSWORD_TOO_SHORT = "M_PASSWORD_TOO_SHORT"
    PASSWORD_NO_DIGIT = "M_PASSWORD_NO_DIGIT"
    PASSWORD_NO_UPPERCASE = "M_PASSWORD_NO_UPPERCASE"
    PASSWORD_NO_LOWERCASE = "M_PASSWORD_NO_LOWERCASE"
    PASSWORD_NO_SYMBOL = "M_PASSWORD_NO_SYMBOL"
