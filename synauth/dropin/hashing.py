"""
Passwords inside a host: the threads are ours, the log context is the host's, and
C{hash} and C{validate_hash} can be replaced by the host's tests.
"""

from typing import Any, Callable, Optional, Union

from twisted.internet.defer import Deferred
from zope.interface import implementer

from synauth.awaiting import awaiting
from synauth.interfaces import IHashPool, IPasswordHasher
from synauth.providers.contexts import in_context_of_host


@implementer(IHashPool)
class ContextHashPool:
    """
    A pool whose answers come in the log context of who asked.

    @param pool: does the work.
    """

    def __init__(self, pool: IHashPool) -> None:
        self._pool = pool

    def run(self, function: Callable[..., Any], *args: Any) -> "Deferred[Any]":
        """
        See L{IHashPool.run}.
        """
        return in_context_of_host(self._pool.run, function, *args)


@implementer(IPasswordHasher)
class HandlersOwnHashes:
    """
    Hashes by whatever C{hash} and C{validate_hash} a handler has at that moment.

    @param handler: the handler.
    """

    def __init__(self, handler: Any) -> None:
        self._handler = handler

    def hash(self, password: str) -> "Deferred[str]":
        """
        See L{IPasswordHasher.hash}.
        """
        return awaiting(self._handler.hash, password)

    def verify(
        self, password: str, stored_hash: Union[str, bytes, None]
    ) -> "Deferred[bool]":
        """
        See L{IPasswordHasher.verify}.
        """
        return awaiting(self._handler.validate_hash, password, stored_hash)

    def needs_rehash(self, stored_hash: Optional[Union[str, bytes]]) -> bool:
        """
        @return: C{False}: the database is the host's, and a worker can't write.
        """
        return False
