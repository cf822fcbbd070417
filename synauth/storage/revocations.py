"""
Writes after which a token may not be good any more, or not for the same.

Whoever makes one is not answered before every process that remembers tokens has
forgotten those of the user.
"""

import json
import secrets
from typing import Any, Callable, Dict, List, Optional, Set, Tuple, TypeVar

from twisted.enterprise.adbapi import Transaction
from twisted.internet.defer import Deferred, inlineCallbacks
from twisted.logger import Logger

from synauth.awaiting import Steps
from synauth.interfaces import IDatabase
from synauth.storage.news import PATIENCE_S, News
from synauth.storage.text import storable
from synauth.storage.token_cache import MAX_TOKENS, TokenCache

T = TypeVar("T")

_log = Logger()

# A user id that is longer is nobody's, and a message has 8000 bytes.
_MAX_USER_ID = 1000


class LocalRevocations:
    """
    Where this process is the only one that remembers tokens.

    @param database: where to write.
    @param cache: the tokens.
    """

    def __init__(self, database: IDatabase, cache: TokenCache) -> None:
        self._database = database
        self._cache = cache

    def write(
        self, user_id: Optional[str], function: Callable[..., T], *args: Any
    ) -> "Deferred[T]":
        """
        Write what may end tokens of a user, or change what they are good for.

        @param user_id: C{None} if it can be anybody's.
        @return: see L{IDatabase.write}; it fires when all have forgotten.
        """
        return self._database.write(function, *args).addBoth(self._forget, user_id)

    def write_ending(
        self, user_id: str, function: Callable[..., List[Any]], *args: Any
    ) -> "Deferred[List[Any]]":
        """
        The same, for a function that gives the tokens that it has ended, and
        that changes nothing else of what is remembered.
        """
        return self.write(user_id, function, *args)

    def _forget(self, result: Any, user_id: Optional[str]) -> Any:
        if user_id is None:
            return self._cache.forget_all(result)
        return self._cache.forget(result, user_id)


class _UnderWay:
    """
    A revocation of this process that others may not have heard of.
    """

    def __init__(self) -> None:
        self.done: "Deferred[None]" = Deferred()
        self.heard: Set[str] = set()
        self.others: Optional[Set[str]] = None

    def look(self, patience: bool = True) -> None:
        """
        Be done if there is nobody left to wait for, or no patience.
        """
        complete = self.others is not None and self.heard >= self.others
        if not self.done.called and (complete or not patience):
            self.done.callback(None)


class SharedRevocations:
    """
    Where others remember tokens too.  The database tells them, in the transaction
    itself; each says that it has forgotten, and is waited for.  A process that
    does not say so for longer than it may go without news has stopped to
    remember anything.

    @param database: where to write.
    @param cache: the tokens.
    @param news: connects the processes.
    """

    def __init__(self, database: IDatabase, cache: TokenCache, news: News) -> None:
        self._database = database
        self._cache = cache
        self._news = news
        self._under_way: Dict[str, _UnderWay] = {}
        news.join(self._hear, lambda: self._cache.forget_all(None))

    def write(
        self, user_id: Optional[str], function: Callable[..., T], *args: Any
    ) -> "Deferred[T]":
        """
        See L{LocalRevocations.write}.
        """
        return self._write(True, user_id, function, args)

    def write_ending(
        self, user_id: str, function: Callable[..., List[Any]], *args: Any
    ) -> "Deferred[List[Any]]":
        """
        See L{LocalRevocations.write_ending}; nobody is told of nothing.
        """
        return self._write(False, user_id, function, args)

    @inlineCallbacks
    def _write(
        self,
        always: bool,
        user_id: Optional[str],
        function: Callable[..., T],
        args: Any,
    ) -> Steps[T]:
        revocation = secrets.token_hex(8)
        under_way = self._under_way[revocation] = _UnderWay()
        channel = self._news.channel
        try:
            try:
                told, result = yield self._database.write(
                    _write_and_tell,
                    channel,
                    always,
                    revocation,
                    user_id,
                    function,
                    args,
                )
            finally:
                self._forget(user_id)
            if told:
                yield self._wait(under_way)
        finally:
            del self._under_way[revocation]
        return result

    def _forget(self, user_id: Optional[str]) -> None:
        if user_id is None:
            self._cache.forget_all(None)
        else:
            self._cache.forget(None, user_id)

    @inlineCallbacks
    def _wait(self, under_way: _UnderWay) -> Steps[None]:
        """
        Wait until all processes have forgotten.
        """
        patience = self._news.later(PATIENCE_S, under_way.look, False)
        try:
            live = yield self._database.read(self._news.live)
            live.pop(self._news.name, None)
            under_way.others = set(live)
            under_way.look()
            yield under_way.done
        finally:
            if patience.active():
                patience.cancel()
        silent = under_way.others - under_way.heard
        if silent:
            _log.warn(
                "{count} other process(es) did not say that a user's tokens are"
                " forgotten, and are cut off from the news",
                count=len(silent),
            )
            pids = [live[name] for name in silent if live[name] is not None]
            yield self._database.read(self._news.end, pids)

    def _hear(self, message: str) -> Optional[str]:
        """
        Take a message of any process, this one's among them.

        @return: the reply.
        """
        revocation, name, user_id = json.loads(message)
        if name is None:
            self._forget(user_id)
            return json.dumps([revocation, self._news.name, None])
        under_way = self._under_way.get(revocation)
        if under_way is not None:
            under_way.heard.add(name)
            under_way.look()
        return None


def remembering(database: IDatabase) -> Tuple[TokenCache, Any]:
    """
    @return: what remembers tokens of a database, and what to write with, a
        L{LocalRevocations} or a L{SharedRevocations}.
    """
    news = database.news
    if news is not None:
        cache = TokenCache(usable=news.fresh)
        return cache, SharedRevocations(database, cache, news)
    # Where others write too and nobody tells, nothing is remembered.
    cache = TokenCache(0 if database.engine.shared else MAX_TOKENS)
    return cache, LocalRevocations(database, cache)


class RemembersTokens:
    """
    A store over a database whose tokens are remembered.
    """

    _database: IDatabase
    _cache: TokenCache
    _revocations: Any

    def _write_about(
        self, user_id: str, function: Callable[..., T], *args: Any
    ) -> "Deferred[T]":
        """
        Write what may end tokens of a user, or change what they are good for.
        """
        written: "Deferred[T]" = self._revocations.write(user_id, function, *args)
        return written


def _write_and_tell(
    txn: Transaction,
    channel: str,
    always: bool,
    revocation: str,
    user_id: Optional[str],
    function: Callable[..., Any],
    args: Any,
) -> Any:
    result = function(txn, *args)
    if not (always or result):
        return False, result
    if user_id is not None and not _can_be_told(user_id):
        return False, result
    txn.execute(
        "SELECT pg_notify(?, ?)", (channel, json.dumps([revocation, None, user_id]))
    )
    return True, result


def _can_be_told(user_id: str) -> bool:
    # Others are nobody's, and have no tokens.
    return len(user_id) <= _MAX_USER_ID and storable(user_id)
