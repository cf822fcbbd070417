"""
Tests of L{benchmarks.load}.
"""

import asyncio
import itertools
from typing import Any, List, Optional, Tuple

from twisted.trial.unittest import SynchronousTestCase

from benchmarks.answer import LoadError
from benchmarks.load import Load, Result, percentile

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
LATER = b"HTTP/1.1 429 Slow\r\nContent-Length: 20\r\n\r\n" + b'{"retry_after_ms":1}'


class Script(asyncio.Protocol):
    """
    A server that gives scripted answers: bytes, or C{None} to hang up.
    """

    def __init__(self, answers: "itertools.cycle[Optional[bytes]]") -> None:
        self._answers = answers

    def connection_made(self, transport: Any) -> None:
        """
        Keep the transport.
        """
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """
        Each piece is one request: the generator never has two in flight.
        """
        answer = next(self._answers)
        if answer is None:
            self._transport.close()
        else:
            self._transport.write(answer)


def run(answers: List[Optional[bytes]], **changed: Any) -> Tuple[Result, int]:
    """
    Put a load on a scripted server.

    @return: the result, and how many requests were taken from the source.
    """
    taken = itertools.count()

    def source() -> bytes:
        next(taken)
        return b"GET / HTTP/1.1\r\n\r\n"

    async def both() -> Result:
        script = itertools.cycle(answers)
        server = await asyncio.get_running_loop().create_server(
            lambda: Script(script), "127.0.0.1", 0
        )
        values = dict({"concurrency": 3, "seconds": 10.0, "count": 20}, **changed)
        try:
            address = server.sockets[0].getsockname()[:2]
            return await Load(address, source, **values).run()
        finally:
            server.close()

    return asyncio.run(both()), next(taken)


class LoadTests(SynchronousTestCase):
    """
    What a run counts.
    """

    def test_count(self) -> None:
        """
        As many requests as were asked for are sent and answered.
        """
        result, taken = run([OK])
        self.assertEqual((result.statuses, taken), ({200: 20}, 20))
        self.assertEqual(len(result.latencies), 20)
        self.assertGreater(min(result.latencies), 0)
        self.assertAlmostEqual(result.rate, 20 / result.elapsed)

    def test_seconds(self) -> None:
        """
        A run ends at its time.
        """
        result, taken = run([OK], seconds=0.05, count=10**9)
        self.assertEqual(result.statuses, {200: taken})
        self.assertLess(result.elapsed, 5)

    def test_retries(self) -> None:
        """
        What was refused as too much is sent again, as the same request, and
        counts once.
        """
        result, taken = run([LATER, OK])
        self.assertEqual((result.statuses, taken), ({200: 20}, 20))
        self.assertEqual(result.limited, 20)

    def test_refused_for_ever(self) -> None:
        """
        A server that always refuses has a rate of nothing; the run ends.
        """
        result, _ = run([LATER], seconds=0.05)
        self.assertEqual((result.statuses, result.rate), ({}, 0.0))

    def test_reconnects(self) -> None:
        """
        A connection that the server closed is replaced, and its request sent
        again.
        """
        result, taken = run([OK, OK, None])
        self.assertEqual((result.statuses, taken), ({200: 20}, 20))

    def test_always_closed(self) -> None:
        """
        A server that only ever hangs up is given up.
        """
        error = self.assertRaises(LoadError, run, [None])
        self.assertIn("keeps closing", str(error))

    def test_not_http(self) -> None:
        """
        A server of another protocol is given up.
        """
        self.assertRaises(LoadError, run, [b"220 smtp\r\n\r\n"])

    def test_nobody_there(self) -> None:
        """
        No server is one clear error.
        """
        load = Load(("127.0.0.1", 1), lambda: b"", 1, 1.0, 1)
        error = self.assertRaises(LoadError, asyncio.run, load.run())
        self.assertIn("no connection to 127.0.0.1:1", str(error))

    def test_pace(self) -> None:
        """
        At a given rate, requests go out no faster than that.
        """
        result, _ = run([OK], rate=200.0, count=20)
        self.assertEqual(result.statuses, {200: 20})
        # 20 requests are due over 19 gaps of 5 ms.
        self.assertGreaterEqual(result.elapsed, 0.09)


class PercentileTests(SynchronousTestCase):
    """
    Percentiles.
    """

    def test_values(self) -> None:
        """
        A percentile is one of the values.
        """
        hundred = [float(n) for n in range(1, 101)]
        for share, value in ((0.5, 50.0), (0.99, 99.0), (1.0, 100.0), (0.0, 1.0)):
            self.assertEqual(percentile(hundred, share), value)
        self.assertEqual(percentile([7.0], 0.99), 7.0)
