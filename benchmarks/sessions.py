"""
What sessions of user-interactive authentication cost: time per save and memory
per session, with a thousand, a hundred thousand and a million of them alive.

Each size has a process of its own, so that neither its memory nor its garbage
collections mix with another's.  The processes are filled first and then take
turns, a batch each, while the others sleep.
"""

import os
import sys

if not __package__:
    # As a script: not this file's folder, whose http.py would hide Python's.
    sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

import argparse
import contextlib
import gc
import multiprocessing
import random
import statistics
import time
from typing import Any, Dict, Iterator, List, Optional, Tuple

from benchmarks.daemon import resident_bytes
from benchmarks.report import machine, number, table, write_json

OPERATION = ("POST", "/_matrix/client/v3/register")

# Operations a batch.  Few enough that those that are made in one batch, and
# removed after it, do not make a store of a thousand a much larger one.
BATCH = 200


class Clock:
    """
    The time, as the store wants it.
    """

    def time_msec(self) -> int:
        """
        @return: milliseconds.
        """
        return int(time.monotonic() * 1000)


def parameters(serial: int) -> Dict[str, Any]:
    """
    @return: what a client that registers sends; no two share a string.
    """
    return {
        "username": "somebody%08d" % (serial,),
        "password": "correct horse %08d" % (serial,),
        "initial_device_display_name": "Element on Linux %08d" % (serial,),
        "inhibit_login": False,
    }


class Filled:
    """
    A store with so many sessions in it.
    """

    def __init__(self, size: int) -> None:
        from synauth.auth.sessions import MemorySessionStore

        # The list of ids has its full size before memory is looked at first;
        # the ids themselves are the store's own.
        self._ids = [""] * size
        self._serial = 0
        gc.collect()
        before = resident_bytes(os.getpid())
        self._store = MemorySessionStore(Clock(), max_sessions=size + BATCH)
        for place in range(size):
            self._ids[place] = self._create()
        gc.collect()
        self.bytes = resident_bytes(os.getpid()) - before

    def _create(self) -> str:
        self._serial += 1
        made = self._store.create(OPERATION, parameters(self._serial))
        session_id: str = made.result.id
        return session_id

    def new(self) -> float:
        """
        @return: nanoseconds for each of a batch of new sessions, saved with
            their parameters; afterwards they are removed again.
        """
        prepared = [parameters(self._serial + n) for n in range(BATCH)]
        create, made = self._store.create, []
        started = time.perf_counter()
        for params in prepared:
            made.append(create(OPERATION, params))
        took = time.perf_counter() - started
        for session in made:
            self._store.remove(session.result.id)
        return took / BATCH * 1e9

    def old(self) -> float:
        """
        @return: nanoseconds for each of a batch of sessions, chosen at random
            beforehand, to be fetched and saved with new parameters.
        """
        chosen = [random.choice(self._ids) for _ in range(BATCH)]
        prepared = [parameters(n) for n in range(BATCH)]
        get, save = self._store.get, self._store.set_clientdict
        started = time.perf_counter()
        for session_id, params in zip(chosen, prepared):
            session = get(session_id).result
            save(session.id, params)
        return (time.perf_counter() - started) / BATCH * 1e9


def serve(size: int, pipe: Any) -> None:
    """
    Be the process of one size: fill a store, then do what is asked for.
    """
    filled = Filled(size)
    pipe.send(filled.bytes)
    while True:
        try:
            wanted = pipe.recv()
        except EOFError:
            return
        pipe.send(filled.new() if wanted == "new" else filled.old())


@contextlib.contextmanager
def running(size: int) -> Iterator[Tuple[Any, int]]:
    """
    Run the process of one size.

    @return: a context manager that gives the pipe to it, and the memory that
        its sessions take.
    """
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    child = context.Process(target=serve, args=(size, theirs), daemon=True)
    child.start()
    theirs.close()
    try:
        yield ours, ours.recv()
    finally:
        ours.close()
        child.join(30)
        if child.is_alive():
            child.terminate()
            child.join()


def measure(sizes: List[int], batches: int) -> List[Dict[str, Any]]:
    """
    @return: the figures of each size.  A ratio is the median over the batches,
        each against the smallest size's batch of the same turn.
    """
    with contextlib.ExitStack() as stack:
        children = [stack.enter_context(running(size)) for size in sizes]
        times: Dict[str, List[List[float]]] = {}
        for what in ("new", "old"):
            times[what] = [[] for _ in sizes]
            for _ in range(batches):
                for place, (pipe, _memory) in enumerate(children):
                    pipe.send(what)
                    times[what][place].append(pipe.recv())
    lines = []
    for place, size in enumerate(sizes):
        line: Dict[str, Any] = {"sessions": size}
        line["bytes_per_session"] = children[place][1] / size
        for what, taken in times.items():
            ratios = [a / b for a, b in zip(taken[place], taken[0])]
            line[what + "_ns"] = statistics.median(taken[place])
            line[what + "_slowest_batch_ns"] = max(taken[place])
            line[what + "_ratio"] = statistics.median(ratios)
        lines.append(line)
    return lines


HEADS = ["sessions", "new ns", "ratio", "slowest", "old ns", "ratio", "slowest"]
HEADS += ["bytes each"]


def cells(line: Dict[str, Any]) -> List[str]:
    """
    @param line: of L{measure}.
    @return: the cells of the table.
    """
    made = ["%d" % (line["sessions"],)]
    for what in ("new", "old"):
        made.append("%.0f" % (line[what + "_ns"],))
        made.append("%.2f" % (line[what + "_ratio"],))
        made.append("%.0f" % (line[what + "_slowest_batch_ns"],))
    return made + ["%.0f" % (line["bytes_per_session"],)]


def main(argv: Optional[List[str]] = None) -> int:
    """
    Measure and print.

    @return: the exit status.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--sizes",
        type=number(int, 1, 2 * 10**6),
        nargs="+",
        default=[10**3, 10**5, 10**6],
        help="how many sessions (%(default)s)",
    )
    parser.add_argument(
        "--batches",
        type=number(int, 1, 10000),
        default=200,
        help="of %d operations each (%%(default)s)" % (BATCH,),
    )
    parser.add_argument("--json", metavar="FILE", help="write the figures there too")
    options = parser.parse_args(argv)
    lines = measure(sorted(options.sizes), options.batches)
    print(table(HEADS, [cells(line) for line in lines]))
    write_json(options.json, {"machine": machine(), "rows": lines})
    return 0


if __name__ == "__main__":
    sys.exit(main())
