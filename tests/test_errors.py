"""
What clients are told.
"""

from twisted.trial.unittest import SynchronousTestCase

from synauth.errors import (
    AuthError,
    InvalidTokenError,
    LimitExceededError,
    LoginError,
    MatrixError,
    StoreError,
    UserLockedError,
)


class ErrorTests(SynchronousTestCase):
    """
    The exceptions.
    """

    def test_bodies(self) -> None:
        """
        Each error has its status and its body.
        """
        for error, code, body in (
            (MatrixError(400, "No"), 400, {"errcode": "M_UNKNOWN", "error": "No"}),
            (LoginError(403, "No", "X"), 403, {"errcode": "X", "error": "No"}),
            (AuthError(403, "No"), 403, {"errcode": "M_FORBIDDEN", "error": "No"}),
            (StoreError(404, "No"), 404, {"errcode": "M_UNKNOWN", "error": "No"}),
            (
                InvalidTokenError(),
                401,
                {
                    "errcode": "M_UNKNOWN_TOKEN",
                    "error": "Unrecognised access token",
                    "soft_logout": False,
                },
            ),
            (
                InvalidTokenError("Old", soft_logout=True),
                401,
                {"errcode": "M_UNKNOWN_TOKEN", "error": "Old", "soft_logout": True},
            ),
            (
                UserLockedError(),
                401,
                {
                    "errcode": "M_USER_LOCKED",
                    "error": "This account has been locked",
                    "soft_logout": True,
                },
            ),
        ):
            self.assertEqual((error.code, error.error_dict()), (code, body))
            self.assertIsInstance(error, MatrixError)
            self.assertEqual(str(error), "%d: %s" % (code, body["error"]))
            self.assertEqual(error.headers, {})

    def test_reason(self) -> None:
        """
        What only the audit log may know is not sent.
        """
        error = LoginError(403, "No")
        self.assertEqual(error.reason, "refused")
        self.assertIs(error.because("unknown_user"), error)
        self.assertEqual(error.reason, "unknown_user")
        self.assertNotIn("unknown_user", repr(error.error_dict()) + str(error))
        self.assertEqual(LoginError(403, "No").reason, "refused")

    def test_limit(self) -> None:
        """
        When to come back is said in milliseconds and, rounded up, in seconds.
        """
        for ms, seconds in ((1, "1"), (1000, "1"), (1001, "2"), (0, "0")):
            error = LimitExceededError(ms)
            self.assertEqual(error.error_dict()["retry_after_ms"], ms)
            self.assertEqual(error.headers, {"Retry-After": seconds})
        error = LimitExceededError()
        self.assertEqual((error.code, error.headers), (429, {}))
        self.assertEqual(sorted(error.error_dict()), ["errcode", "error"])
        self.assertEqual(error.errcode, "M_LIMIT_EXCEEDED")
