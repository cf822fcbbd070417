"""
All connections of a daemon: how many there may be, and their end.
"""

from collections import Counter
from typing import Any, Dict, Optional, Sequence
from typing import Counter as CounterType

from twisted.internet.defer import Deferred
from twisted.logger import Logger

from synauth.auth.ratelimit import address_key
from synauth.web.client_address import Network, parse_address

_log = Logger()

# What is said of refused connections is said this often, in seconds.
SAID_EVERY_S = 60

# When the daemon stops, a connection without a request is kept for so long, in
# seconds: a request may be on its way already.
GRACE_S = 0.5

# No limit, for whoever serves in memory.
_ANY_NUMBER = 2**31


class Connections:
    """
    Counts connections through whatever door, and refuses those beyond its
    limits.

    A refused one is closed before a byte is read of it, which is all that can
    be afforded when there are too many.

    @ivar refused: how many connections were.
    @ivar draining: whether no connection is to outlive its request.
    """

    def __init__(
        self,
        reactor: Any,
        at_once: int = _ANY_NUMBER,
        per_address: int = _ANY_NUMBER,
        exempt: Sequence[Network] = (),
    ) -> None:
        """
        @param reactor: the time.
        @param at_once: how many there may be.
        @param per_address: how many from one IPv4 address, or the /64 of an
            IPv6 one.
        @param exempt: whom C{per_address} is not for: reverse proxies, through
            which everybody comes.
        """
        self._reactor = reactor
        self._at_once = at_once
        self._per_address = per_address
        self._exempt = tuple(exempt)
        # What each is counted under.
        self._channels: Dict[Any, Optional[str]] = {}
        self._of_address: CounterType[str] = Counter()
        self.refused = 0
        self._refused_unsaid = 0
        self._say_at = float("-inf")
        self.draining = False
        self._drained: Optional["Deferred[None]"] = None

    def __len__(self) -> int:
        return len(self._channels)

    def admits(self, peer: Any) -> bool:
        """
        @param peer: who connects, an C{IAddress}.
        @return: whether there is room for one more of his.
        """
        key = self._key(peer)
        if len(self._channels) < self._at_once and (
            key is None or self._of_address[key] < self._per_address
        ):
            return True
        self.refused += 1
        self._refused_unsaid += 1
        now = self._reactor.seconds()
        if now >= self._say_at:
            self._say_at = now + SAID_EVERY_S
            _log.warn(
                "Connections are refused: {open} are open, {refused} were refused"
                " since this was last said, the last from {peer}",
                open=len(self._channels),
                refused=self._refused_unsaid,
                peer=getattr(peer, "host", "a Unix socket"),
            )
            self._refused_unsaid = 0
        return False

    def opened(self, channel: Any) -> None:
        """
        @param channel: a connection that was admitted.
        """
        key = self._channels[channel] = self._key(channel.transport.getPeer())
        if key is not None:
            self._of_address[key] += 1

    def closed(self, channel: Any) -> None:
        """
        @param channel: one that is no more.
        """
        key = self._channels.pop(channel)
        if key is not None:
            self._of_address[key] -= 1
            if not self._of_address[key]:
                del self._of_address[key]
        if self._drained is not None and not self._channels:
            drained, self._drained = self._drained, None
            drained.callback(None)

    def drain(self) -> "Deferred[None]":
        """
        Have every connection end when its request has been answered; those that
        have none are closed L{GRACE_S} from now.

        @return: a Deferred that fires when there is none any more.
        """
        self.draining = True
        drained: "Deferred[None]" = Deferred()
        if not self._channels:
            drained.callback(None)
            return drained
        self._drained = drained
        for channel in list(self._channels):
            channel.end_with_request()
        self._reactor.callLater(GRACE_S, self._close_idle)
        return drained

    def abort(self) -> None:
        """
        Cut all connections.
        """
        for channel in list(self._channels):
            channel.transport.abortConnection()

    def _close_idle(self) -> None:
        for channel in list(self._channels):
            if not channel.requests:
                channel.loseConnection()

    def _key(self, peer: Any) -> Optional[str]:
        """
        @return: what to count a client under; C{None} for one that is not
            counted.
        """
        address = parse_address(getattr(peer, "host", ""))
        if address is None or any(address in network for network in self._exempt):
            return None
        return address_key(str(address))
