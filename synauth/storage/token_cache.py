"""
Whose an access token is, remembered, because every request asks.

What is remembered is right as long as it is forgotten in time: every write that
may end a user's tokens, or change what the account may do, makes all that
remember forget that user before the write is answered, see
L{synauth.storage.revocations}.
"""

from collections import OrderedDict
from typing import Any, Callable, Dict, Optional, Set

from twisted.internet.defer import Deferred, succeed

from synauth.storage.records import TokenInfo

MAX_TOKENS = 10000


class TokenCache:
    """
    The tokens that were asked for last.

    @param max_tokens: how many are kept; 0 for none.
    @param usable: whether what is remembered may be right; if not, the database
        is asked.
    @ivar hits: how often that was not needed.
    @ivar misses: how often it was.
    """

    def __init__(
        self,
        max_tokens: int = MAX_TOKENS,
        usable: Callable[[], bool] = lambda: True,
    ) -> None:
        self._max_tokens = max_tokens
        self._usable = usable
        self._infos: "OrderedDict[str, TokenInfo]" = OrderedDict()
        self._tokens_of: Dict[str, Set[str]] = {}
        self._forgotten = 0
        self.hits = 0
        self.misses = 0

    def __len__(self) -> int:
        return len(self._infos)

    def get(
        self, token: str, read: Callable[[str], "Deferred[Optional[TokenInfo]]"]
    ) -> "Deferred[Optional[TokenInfo]]":
        """
        @param token: what a client sent.
        @param read: asks the database.
        @return: fires with what is remembered, or with what the database says.
        """
        info = self._infos.get(token)
        if info is not None and self._usable():
            self._infos.move_to_end(token)
            self.hits += 1
            return succeed(info)
        self.misses += 1
        return read(token).addCallback(self._keep, token, self._forgotten)

    def forget(self, result: Any, user_id: str) -> Any:
        """
        Forget a user's tokens; to be added to a write as a callback and an
        errback.

        @return: C{result}.
        """
        self._forgotten += 1
        for token in list(self._tokens_of.get(user_id, ())):
            self._remove_from_index(token, self._infos.pop(token))
        return result

    def forget_all(self, result: Any) -> Any:
        """
        Forget everybody's tokens; used as L{forget}.

        @return: C{result}.
        """
        self._forgotten += 1
        self._infos.clear()
        self._tokens_of.clear()
        return result

    def _keep(
        self, info: Optional[TokenInfo], token: str, forgotten: int
    ) -> Optional[TokenInfo]:
        # What was read before a write can arrive behind it.  A token that has
        # to be marked as used must come by the database once more.
        if (
            info is not None
            and forgotten == self._forgotten
            and not info.unused_successor
        ):
            self._infos[token] = info
            for user_id in _whose(info):
                self._tokens_of.setdefault(user_id, set()).add(token)
            if len(self._infos) > self._max_tokens:
                self._remove_from_index(*self._infos.popitem(last=False))
        return info

    def _remove_from_index(self, token: str, info: TokenInfo) -> None:
        for user_id in _whose(info):
            tokens = self._tokens_of[user_id]
            tokens.discard(token)
            if not tokens:
                del self._tokens_of[user_id]


def _whose(info: TokenInfo) -> Set[str]:
    """
    @return: the users whose state decides about a token.
    """
    return {info.user_id, info.token_owner}
