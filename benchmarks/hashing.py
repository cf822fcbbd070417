"""
The floor under the login figures: C{bcrypt.checkpw}, and nothing else, on all
cores.
"""

import queue
import threading
import time

import bcrypt

_PASSWORD = b"correct horse battery staple"


def seconds_per_check(rounds: int) -> float:
    """
    @param rounds: the cost of the hash.
    @return: how long one check takes when nothing else runs.
    """
    stored = bcrypt.hashpw(_PASSWORD, bcrypt.gensalt(rounds))
    started = time.perf_counter()
    bcrypt.checkpw(_PASSWORD, stored)
    return time.perf_counter() - started


def check_many(count: int, threads: int, rounds: int) -> float:
    """
    Check passwords as fast as the machine can: bcrypt lets go of the
    interpreter's lock, so threads are as good as processes.

    @param count: how many.
    @param threads: on how many threads.
    @param rounds: the cost of the hash.
    @return: seconds from the first to the last.
    """
    stored = bcrypt.hashpw(_PASSWORD, bcrypt.gensalt(rounds))
    work: "queue.Queue[int]" = queue.Queue()
    for number in range(count):
        work.put(number)

    def checks() -> None:
        while True:
            try:
                work.get_nowait()
            except queue.Empty:
                return
            bcrypt.checkpw(_PASSWORD, stored)

    workers = [threading.Thread(target=checks) for _ in range(threads)]
    started = time.perf_counter()
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return time.perf_counter() - started
