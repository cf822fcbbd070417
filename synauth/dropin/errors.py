"""
Errors of synauth as the host's own: a host answers an error that only looks like
one of its own with a 500.
"""

from importlib import import_module
from typing import Any, Tuple, Type

from twisted.python.failure import Failure

from synauth.errors import (
    AuthError,
    InteractiveAuthIncompleteError,
    LimitExceededError,
    LoginError,
    MatrixError,
    StoreError,
)


class HostErrors:
    """
    The host's exceptions, found when this is made and not before.

    @ivar classes: the host's C{synapse.api.errors}.
    @ivar merged: what a stage of user-interactive authentication raises if the
        client may try again.
    @ivar answers: what the host answers a client with.
    """

    def __init__(self) -> None:
        self.classes: Any = import_module("synapse.api.errors")
        self.merged: Tuple[Any, ...] = (LoginError, self.classes.LoginError)
        self.answers: Tuple[Type[Exception], ...] = (
            self.classes.CodeMessageException,
            self.classes.InteractiveAuthIncompleteError,
        )

    def translated(self, error: MatrixError) -> Exception:
        """
        @return: the host's exception that says the same.
        """
        made: Exception
        if isinstance(error, InteractiveAuthIncompleteError):
            made = self.classes.InteractiveAuthIncompleteError(error.result)
        elif isinstance(error, LimitExceededError):
            made = self.classes.LimitExceededError(
                msg=error.msg, retry_after_ms=error.retry_after_ms
            )
        else:
            made = self._class_for(error)(error.code, error.msg, errcode=error.errcode)
        return made

    def _class_for(self, error: MatrixError) -> Any:
        if isinstance(error, LoginError):
            return self.classes.LoginError
        if isinstance(error, StoreError):
            return self.classes.StoreError
        if isinstance(error, AuthError):
            return self.classes.AuthError
        return self.classes.SynapseError

    def raise_as_hosts(self, failure: Failure) -> Failure:
        """
        An errback: what the host raised itself stays as it is.
        """
        if isinstance(failure.value, MatrixError):
            raise self.translated(failure.value)
        return failure
