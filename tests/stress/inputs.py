"""
Sends requests of every bad kind to the whole tree of resources, in memory.

No answer is a 5xx, none is missing, no traceback is logged, and the memory does
not grow with the number of requests.  Prints what it did; ends with status 1
and the shortest offending sequence if it found one.
"""

import argparse
import gc
import sys
import time
from typing import Callable, List, Optional

from hypothesis import HealthCheck, Phase, given, seed, settings

from benchmarks.daemon import resident_bytes
from tests.stress.requests import Sent, storms, words
from tests.stress.world import World

# Requests to one server; what one leaves behind is there for the next.
STORM = 25

# Storms to one run of hypothesis: it remembers what it has tried.
STORMS = 40

# In megabytes, from the first quarter of the run to its end.
MAX_GROWTH_MB = 64


def weather(storm: List[Sent]) -> None:
    """
    Send a storm to a new server.

    @raise AssertionError: if the server did not stand it.
    """
    world = World()
    try:
        for sent in storm:
            world.send(sent)
            if world.complaints:
                raise AssertionError(world.complaints[0] + "\n" + words(storm))
    finally:
        world.close()


def run(count: int, number: int, done: Callable[[], None]) -> None:
    """
    @param count: how many requests.
    @param number: the seed.
    @param done: called after each storm.
    @raise AssertionError: with the shortest offending storm.
    """

    storms_left = max(1, count // STORM)
    while storms_left > 0:
        _some(min(STORMS, storms_left), number, done)
        storms_left -= STORMS
        number += 1


def _some(count: int, number: int, done: Callable[[], None]) -> None:
    @seed(number)
    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate, Phase.shrink],
    )
    @given(storms(STORM))
    def rage(storm: List[Sent]) -> None:
        weather(storm)
        done()

    rage()


def main(argv: Optional[List[str]] = None) -> int:
    """
    @return: the exit status.
    """
    import os

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=100000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(argv)
    storms_done, memory = 0, []
    started = time.monotonic()
    quarter = max(1, options.requests // STORM // 4)

    def done() -> None:
        nonlocal storms_done
        storms_done += 1
        if storms_done % quarter == 0:
            gc.collect()
            memory.append(resident_bytes(os.getpid()) / 1e6)

    run(options.requests, options.seed, done)
    took = time.monotonic() - started
    shown = ", ".join("%.0f" % (each,) for each in memory)
    print(
        "%d requests in %.0f s; resident MB after each quarter: %s"
        % (storms_done * STORM, took, shown)
    )
    if memory and memory[-1] - memory[0] > MAX_GROWTH_MB:
        print("the memory grows")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
