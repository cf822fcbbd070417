"""
The doors, and how they are closed: who has been let in is served.
"""

import os
import select
import signal
from contextlib import suppress
from typing import Any, Callable, List

from twisted.application.service import Service
from twisted.internet.defer import Deferred, gatherResults, maybeDeferred, succeed
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IListeningPort, IReadDescriptor
from twisted.logger import Logger
from twisted.python.failure import Failure

from synauth.homeserver.health import Health

_log = Logger()

# How long an answer to whoever is refused at the end may take, in seconds.
LAST_WORDS_S = 1

# How often a door is looked at before it is closed.
MAX_LET_IN = 1000


def on_signals(function: Callable[[], None]) -> None:
    """
    Have what stops a process call something instead.

    @param function: is called in a signal handler.
    """
    for number in (signal.SIGTERM, signal.SIGINT):
        # Not in the main thread, it is not ours to say.
        with suppress(ValueError):
            signal.signal(number, lambda *_: function())


def close_door(port: Any) -> "Deferred[None]":
    """
    Stop listening, in this very turn of the reactor: C{stopListening} would let the
    system connect clients until the next, only to reset them.

    @param port: an C{IListeningPort}.
    @return: a Deferred that fires when it is closed.
    """
    if not IReadDescriptor.providedBy(port):
        return maybeDeferred(port.stopListening)
    _let_in_who_waits(port)
    port.connectionLost(Failure(ConnectionDone()))
    return succeed(None)


def _let_in_who_waits(port: Any) -> None:
    """
    Accept the connections that the system has made already.
    """
    waiting = select.poll()
    waiting.register(port.fileno(), select.POLLIN)
    for _ in range(MAX_LET_IN):
        if not waiting.poll(0):
            return
        port.doRead()


class ListenerService(Service):
    """
    Keeps the doors that L{synauth.web.doors.listen} has opened.

    When it is stopped nobody else is let in, and what is in hand is finished, for
    some time.  Then the passwords that still wait to be checked are refused, so
    that those clients come back to whoever takes our place, and what remains is
    cut off.  A second signal does not wait for that time.

    @param reactor: the time.
    @param ports: the doors.
    @param connections: who has been let in, the
        L{Connections<synauth.web.connections.Connections>}.
    @param health: is told that we are not ready any more.
    @param hash_pool: where passwords are checked, a
        L{HashPool<synauth.auth.hashpool.HashPool>}.
    @param timeout_s: how long work in hand may take, in seconds.
    @param afterwards: gives a Deferred that fires when what was left to do for
        clients that had been answered is done.
    @param on_signals: has the next signal call a function.
    """

    def __init__(
        self,
        reactor: Any,
        ports: List[IListeningPort],
        connections: Any,
        health: Health,
        hash_pool: Any,
        timeout_s: float,
        afterwards: Callable[[], "Deferred[Any]"],
        on_signals: Callable[[Callable[[], None]], None] = on_signals,
    ) -> None:
        self._reactor = reactor
        self._ports = ports
        self._connections = connections
        self._health = health
        self._hash_pool = hash_pool
        self._timeout_s = timeout_s
        self._afterwards = afterwards
        self._on_signals = on_signals
        self._limit: Any = None
        self._refusing = False
        self._finished: "Deferred[None]" = Deferred()

    def startService(self) -> None:
        """
        Say where they are.
        """
        super().startService()
        for port in self._ports:
            _log.info("synauth listens on {where}", where=where(port.getHost()))

    def stopService(self) -> "Deferred[Any]":
        """
        @return: a Deferred that fires when nobody is served any more.
        """
        super().stopService()
        self._health.stop()
        _log.info(
            "Stopping: {open} connections are open, what is in hand may take {limit} s",
            open=len(self._connections),
            limit=self._timeout_s,
        )
        waiting = [maybeDeferred(close_door, port) for port in self._ports]
        waiting.append(self._connections.drain())
        done: "Deferred[Any]" = gatherResults(waiting, consumeErrors=True)
        done.addCallback(lambda _: self._afterwards())
        done.addErrback(lambda failure: _log.failure("Stopping failed", failure))
        done.addCallback(self._finish)
        self._limit = self._reactor.callLater(self._timeout_s, self._refuse)
        self._on_signals(lambda: self._reactor.callFromThread(self._refuse))
        return self._finished

    def _refuse(self) -> None:
        if self._finished.called or self._refusing:
            return
        self._refusing = True
        _log.warn(
            "{open} connections are still open: refusing what waits",
            open=len(self._connections),
        )
        self._hash_pool.refuse()
        if self._limit.active():
            self._limit.cancel()
        self._limit = self._reactor.callLater(LAST_WORDS_S, self._cut_off)

    def _cut_off(self) -> None:
        self._connections.abort()
        self._finish(None)

    def _finish(self, result: Any) -> None:
        if self._finished.called:
            return
        if self._limit is not None and self._limit.active():
            self._limit.cancel()
        self._finished.callback(None)


def where(address: Any) -> str:
    """
    @param address: an C{IAddress}.
    @return: it, for a person.
    """
    if not hasattr(address, "port"):
        return os.fsdecode(address.name)
    host = "[%s]" % address.host if ":" in address.host else address.host
    return "http://%s:%d" % (host, address.port)
