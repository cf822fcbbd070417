"""
A load generator that leaves the machine to the server.

It shares the cores with what it measures, so it does as little as it can:
request bytes are made beforehand, of an answer only the status and the length
are looked at, and there is no coroutine or object per request.
"""

import asyncio
import gc
import time
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Sequence, Tuple

from benchmarks.answer import GRACE, LoadError, parse_answer, retry_after

# A server that drops this many connections is not worth measuring.
MAX_BROKEN = 100


def percentile(sorted_values: Sequence[float], share: float) -> float:
    """
    @param sorted_values: at least one value.
    @param share: between 0 and 1.
    @return: the smallest value that this share of the values does not exceed.
    """
    rank = -(-len(sorted_values) * share // 1)
    return sorted_values[max(0, int(rank) - 1)]


class Result(NamedTuple):
    """
    What a run came to.

    @ivar latencies: seconds from sending to the last byte, one an answer.
    @ivar statuses: how many answers had which status; 429s that were tried
        again are not among them.
    @ivar limited: how many 429s were waited for.
    @ivar elapsed: seconds from the first request to the last answer.
    @ivar generator_cpu: the share of one core that the generator itself used.
    """

    latencies: List[float]
    statuses: Dict[int, int]
    limited: int
    elapsed: float
    generator_cpu: float

    @property
    def rate(self) -> float:
        """
        Answers per second.
        """
        return len(self.latencies) / self.elapsed if self.latencies else 0.0


class Load:
    """
    A number of connections with one request in flight each.

    Without a rate every connection sends its next request as soon as it has
    its answer (a closed loop, for requests per second).  With one, requests
    are due at fixed times, and one that could not be sent in time because the
    answer before it was late counts from when it was due (for latency).
    """

    def __init__(
        self,
        address: Tuple[str, int],
        next_request: Callable[[], bytes],
        concurrency: int,
        seconds: float,
        count: int,
        rate: Optional[float] = None,
    ) -> None:
        """
        @param address: host and port.
        @param next_request: gives the bytes of the next request.
        @param concurrency: how many connections.
        @param seconds: when to stop sending.
        @param count: how many requests are sent at most.
        @param rate: requests per second over all connections, or C{None} for a
            closed loop.
        """
        self._address = address
        self._next_request = next_request
        self._concurrency = concurrency
        self._seconds = seconds
        self._left = count
        self._rate = rate
        self._active = 0
        self._broken = 0
        self._latencies: List[float] = []
        self._statuses: Dict[int, int] = {}
        self._limited = 0

    async def run(self) -> Result:
        """
        Connect, send, and wait for the last answer.

        @raise LoadError: if the server can't be measured.
        """
        loop = asyncio.get_running_loop()
        self._done = loop.create_future()
        connections = [_Connection(self) for _ in range(self._concurrency)]
        try:
            for connection in connections:
                await loop.create_connection(lambda c=connection: c, *self._address)
            return await self._measured(connections)
        except OSError as error:
            raise LoadError(
                "no connection to %s:%d: %s" % (*self._address, error)
            ) from None
        except asyncio.TimeoutError:
            raise LoadError("no answer within %d s" % (GRACE,)) from None
        finally:
            for connection in connections:
                connection.close()

    async def _measured(self, connections: "List[_Connection]") -> Result:
        gc.collect()
        gc.disable()
        try:
            cpu = time.process_time()
            started = self._last = time.perf_counter()
            self.deadline = started + self._seconds
            self._active = len(connections)
            for number, connection in enumerate(connections):
                if self._rate is None:
                    connection.begin(started, 0.0)
                else:
                    phase = number / self._rate
                    connection.begin(started + phase, len(connections) / self._rate)
            await asyncio.wait_for(self._done, self._seconds + GRACE)
            cpu = time.process_time() - cpu
        finally:
            gc.enable()
        elapsed = max(self._last - started, 1e-9)
        return Result(
            self._latencies, self._statuses, self._limited, elapsed, cpu / elapsed
        )

    def take(self) -> Optional[bytes]:
        """
        @return: the next request, or C{None} if the connection is to stop.
        """
        if self._left <= 0 or time.perf_counter() >= self.deadline:
            return None
        self._left -= 1
        return self._next_request()

    def answered(self, status: int, since: float) -> None:
        """
        Note an answer.

        @param since: when its request was due.
        """
        self._last = now = time.perf_counter()
        self._latencies.append(now - since)
        self._statuses[status] = self._statuses.get(status, 0) + 1

    def limited(self) -> None:
        """
        Note a 429 that will be tried again.
        """
        self._limited += 1

    def finished(self) -> None:
        """
        Note that a connection has stopped.
        """
        self._active -= 1
        if self._active == 0 and not self._done.done():
            self._done.set_result(None)

    def failed(self, error: LoadError) -> None:
        """
        Give up.
        """
        if not self._done.done():
            self._done.set_exception(error)

    def lost(self, connection: "_Connection") -> None:
        """
        Replace a connection that the server has closed.
        """
        self._broken += 1
        if self._broken > MAX_BROKEN:
            self.failed(LoadError("the server keeps closing connections"))
            return
        opening = asyncio.ensure_future(
            asyncio.get_running_loop().create_connection(
                lambda: connection, *self._address
            )
        )
        opening.add_done_callback(self._opened)

    def _opened(self, opening: "asyncio.Future[Any]") -> None:
        if opening.cancelled() or opening.exception() is not None:
            self.failed(LoadError("the server closed a connection and takes no new"))


class _Connection(asyncio.Protocol):
    """
    One connection; it sends when L{Load} lets it.
    """

    _transport: Optional[asyncio.Transport] = None
    _timer: Optional[asyncio.TimerHandle] = None
    _request: Optional[bytes] = None

    def __init__(self, load: Load) -> None:
        self._load = load
        self._buffer = b""
        self._closing = False

    def begin(self, due: float, interval: float) -> None:
        """
        Start to send.

        @param due: when the first request is due.
        @param interval: seconds from one due time to the next, 0 for at once.
        """
        self._due = due
        self._interval = interval
        self._next()

    def close(self) -> None:
        """
        Drop the connection.
        """
        self._closing = True
        if self._timer is not None:
            self._timer.cancel()
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """
        A new connection takes up what a lost one had in hand.
        """
        self._transport = transport  # type: ignore[assignment]
        if self._request is not None:
            self._send()

    def connection_lost(self, exc: Optional[Exception]) -> None:
        """
        Ask for another connection, unless this is the end.
        """
        self._transport = None
        self._buffer = b""
        if not self._closing:
            self._load.lost(self)

    def data_received(self, data: bytes) -> None:
        """
        Take a piece of an answer.
        """
        self._buffer = data = self._buffer + data if self._buffer else data
        try:
            answer = parse_answer(data)
        except (LoadError, ValueError) as error:
            self._load.failed(LoadError(str(error)))
            return
        if answer is None:
            return
        self._buffer = b""
        if answer.status == 429:
            self._wait(retry_after(answer))
            return
        self._request = None
        self._load.answered(answer.status, self._since)
        self._next()

    def _wait(self, seconds: float) -> None:
        self._load.limited()
        if time.perf_counter() + seconds >= self._load.deadline:
            self._stop()
        else:
            self._timer = asyncio.get_running_loop().call_later(seconds, self._send)

    def _stop(self) -> None:
        self._request = None
        self._closing = True
        self._load.finished()

    def _next(self) -> None:
        ahead = self._due - time.perf_counter() if self._interval else 0.0
        if ahead > 0:
            # What the timer is late by is the generator's fault, not the
            # server's, so the clock starts when it fires.
            self._timer = asyncio.get_running_loop().call_later(ahead, self._fire)
        else:
            self._start(self._due if self._interval else time.perf_counter())

    def _fire(self) -> None:
        self._start(time.perf_counter())

    def _start(self, since: float) -> None:
        request = self._load.take()
        if request is None:
            self._stop()
            return
        self._since = since
        self._due += self._interval
        self._request = request
        self._send()

    def _send(self) -> None:
        if self._transport is not None and self._request is not None:
            self._transport.write(self._request)
