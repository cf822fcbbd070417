"""
The exceptions that end at a client: each carries an HTTP status, an
C{errcode} of the specification and a sentence for a person.

Whatever else escapes from a request is a fault of ours and is answered with a
500 that tells nothing.
"""

from typing import Any, Dict, Mapping, Optional

from synauth.constants import Codes


class MatrixError(Exception):
    """
    An answer to a request that can't be served.

    @ivar code: the HTTP status.
    @ivar msg: what a person is told.
    @ivar errcode: what a client is told.
    @ivar reason: a word for the audit log that says more than a client may
        know (C{"unknown_user"}, C{"wrong_password"}); never sent.
    @ivar additional_fields: what a client is told besides.
    @ivar headers: extra response headers.
    """

    reason: str = "refused"

    def __init__(
        self,
        code: int,
        msg: str,
        errcode: str = Codes.UNKNOWN,
        additional_fields: Optional[Mapping[str, Any]] = None,
        headers: Optional[Mapping[str, str]] = None,
    ) -> None:
        super().__init__("%d: %s" % (code, msg))
        self.code = code
        self.msg = msg
        self.errcode = errcode
        self.additional_fields = dict(additional_fields or {})
        self.headers: Dict[str, str] = dict(headers or {})

    def because(self, reason: str) -> "MatrixError":
        """
        Say, for the audit log only, why this error was raised.

        @param reason: one word, such as C{"wrong_password"}.
        @return: this error, so that C{raise LoginError(...).because(...)}
            reads well.
        """
        self.reason = reason
        return self

    def audit_reason(self) -> str:
        """
        @return: C{reason}, or the C{errcode} where nobody gave a better word.
        """
        return self.errcode if self.reason == MatrixError.reason else self.reason

    def error_dict(self) -> Dict[str, Any]:
        """
        @return: the body of the response, as the specification's standard
            error response has it.
        """
        return dict(self.additional_fields, errcode=self.errcode, error=self.msg)


class LoginError(MatrixError):
    """
    Somebody could not be authenticated.  Within user-interactive
    authentication it is merged into the 401 (source 000).
    """


class AuthError(MatrixError):
    """
    The caller is known, or claims to be, and may not do this.
    """

    def __init__(self, code: int, msg: str, errcode: str = Codes.FORBIDDEN) -> None:
        super().__init__(code, msg, errcode)


class InteractiveAuthIncompleteError(MatrixError):
    """
    User-interactive authentication is not finished: 401, whose body asks for
    the rest of it.

    @ivar session_id: the session to go on with.
    @ivar result: the body.
    """

    reason = "incomplete"

    def __init__(self, session_id: str, result: Dict[str, Any]) -> None:
        super().__init__(401, "User-interactive authentication is not finished")
        self.session_id = session_id
        self.result = result

    def error_dict(self) -> Dict[str, Any]:
        """
        @return: the challenge (specification, "User-Interactive Authentication
            API").
        """
        return self.result


class StoreError(MatrixError):
    """
    The database has no such thing, or has it already.
    """


class PasswordChangedError(StoreError):
    """
    An account has another password than a moment ago, when it was checked: to a
    client, the one that it gave is wrong.
    """

    reason = "wrong_password"

    def __init__(self) -> None:
        super().__init__(403, "Invalid password", Codes.FORBIDDEN)


class DatabaseUnavailableError(MatrixError):
    """
    The database can't be asked at the moment, or it is not known whether it has
    done what it was asked: 503, come back later.

    @param retry_after_s: when, in seconds from now.
    """

    reason = "database_unavailable"

    def __init__(self, retry_after_s: int) -> None:
        super().__init__(
            503,
            "The server is too busy or can't reach its database, please try again"
            " later",
            headers={"Retry-After": "%d" % (retry_after_s,)},
        )


class InvalidTokenError(AuthError):
    """
    An access token that is unknown, has ended or has expired.

    @ivar soft_logout: whether the client may come back as the same device
        (specification, "Soft logout").
    """

    def __init__(
        self, msg: str = "Unrecognised access token", soft_logout: bool = False
    ) -> None:
        super().__init__(401, msg, Codes.UNKNOWN_TOKEN)
        self.soft_logout = soft_logout

    def error_dict(self) -> Dict[str, Any]:
        """
        @return: the standard error and C{soft_logout}.
        """
        return dict(super().error_dict(), soft_logout=self.soft_logout)


class UserLockedError(AuthError):
    """
    The account is locked: 401, with C{soft_logout} so that a client keeps its
    data (specification, "Account locking").
    """

    reason = "locked"

    def __init__(self) -> None:
        super().__init__(401, "This account has been locked", Codes.USER_LOCKED)

    def error_dict(self) -> Dict[str, Any]:
        """
        @return: the standard error and C{soft_logout}.
        """
        return dict(super().error_dict(), soft_logout=True)


class NotApprovedError(AuthError):
    """
    No administrator has approved of the account yet: 403, with the medium by
    which its user will hear of it, which is none (MSC3866).

    @ivar user_id: the account, where it is told that it was made; or C{None}.
    """

    reason = "unapproved"

    def __init__(self, user_id: Optional[str] = None) -> None:
        super().__init__(
            403,
            "This account is pending approval by a server administrator.",
            Codes.USER_AWAITING_APPROVAL,
        )
        self.additional_fields["approval_notice_medium"] = "org.matrix.msc3866.none"
        self.user_id = user_id


class LimitExceededError(MatrixError):
    """
    Too many requests; come back later.

    @ivar retry_after_ms: when, in milliseconds from now, or C{None}.
    """

    reason = "rate_limited"

    def __init__(
        self,
        retry_after_ms: Optional[int] = None,
        msg: str = "Too many requests, please try again later",
    ) -> None:
        super().__init__(429, msg, Codes.LIMIT_EXCEEDED)
        self.retry_after_ms = retry_after_ms
        if retry_after_ms is not None:
            self.headers["Retry-After"] = "%d" % (-(-retry_after_ms // 1000),)

    def error_dict(self) -> Dict[str, Any]:
        """
        @return: the standard error and, where it is known,
            C{retry_after_ms}.
        """
        body = super().error_dict()
        if self.retry_after_ms is not None:
            body["retry_after_ms"] = self.retry_after_ms
        return body


class HttpResponseException(Exception):
    """
    Another server answered with an error status.

    @ivar code: the status.
    @ivar msg: the words that came with it.
    @ivar response: the body, C{bytes}.
    """

    def __init__(self, code: int, msg: str, response: bytes) -> None:
        super().__init__("%d: %s" % (code, msg))
        self.code = code
        self.msg = msg
        self.response = response


class ConfigError(Exception):
    """
    A mistake in the configuration, in words that its author can act on.  It
    stops the start; it never reaches a client and needs no traceback.
    """
