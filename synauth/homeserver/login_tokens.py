"""
Login tokens, as far as they stand in the database: each is good once, in all
processes and whichever ends meanwhile, and some only as long as the login that
asked for them.
"""

from typing import Optional

from twisted.internet.defer import Deferred, inlineCallbacks

from synauth.auth.tokens import identity_of, is_revocable
from synauth.awaiting import Steps
from synauth.interfaces import IClock, IDatabase
from synauth.storage.login_tokens import (
    add_login_token,
    prune_login_tokens,
    use_login_token,
)
from synauth.storage.spent import prune_spent, spend

# How many rows are removed in one transaction, and in one call.
_BATCH = 200
_BATCHES = 25


class LoginTokens:
    """
    What is known of login tokens.

    @param database: an open one.
    @param clock: an L{IClock}.
    """

    def __init__(self, database: IDatabase, clock: IClock) -> None:
        self._database = database
        self._clock = clock

    def add(self, token: str, access_token_id: int) -> "Deferred[Optional[int]]":
        """
        Make a revocable token good, until the login that asked for it ends.

        @param token: a new one.
        @param access_token_id: the row of the access token that asked for it.
        @return: fires with until when it is good, in ms, at the latest; with
            C{None} if that login has ended: then it is not.
        """
        signature, expires = identity_of(token)
        return self._database.write(
            add_login_token, access_token_id, signature.hex(), expires
        )

    def spend(self, token: str) -> "Deferred[bool]":
        """
        @param token: a login token that is good, as far as it says itself.
        @return: fires with whether it is, this once.
        """
        signature, expires = identity_of(token)
        if is_revocable(token):
            return self._database.write(
                use_login_token, signature.hex(), self._clock.time_msec()
            )
        return self._database.write(spend, "login " + signature.hex(), expires)

    @inlineCallbacks
    def prune(self) -> Steps[None]:
        """
        Forget what is not good any more anyway, a bounded number of rows.
        """
        for forget in (prune_spent, prune_login_tokens):
            for _ in range(_BATCHES):
                pruned = yield self._database.write(
                    forget, self._clock.time_msec(), _BATCH
                )
                if pruned < _BATCH:
                    break
