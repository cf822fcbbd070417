"""
The floor under the HTTP figures: the least that twisted.web can be asked to
do, in a process of its own.

C{GET /SIZE} and C{POST /SIZE} answer a JSON object of about SIZE bytes; a
C{POST}'s body is parsed as JSON, since no endpoint can do without that.  There
is no access log, no tree of resources and no check of anything.  Prints its
port, and ends when its standard input does, so that it can't outlive the script
that started it.
"""

import argparse
import contextlib
import json
import os
import subprocess
import sys
import threading
from typing import Iterator, List, Optional, Tuple

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


@contextlib.contextmanager
def running_floor(burn: int = 0, rounds: int = 12) -> Iterator[Tuple[str, int]]:
    """
    Run the floor in a child process.

    @param burn: how many of its threads do nothing but hash passwords.
    @param rounds: the cost of such a hash.
    @return: a context manager that gives its address.
    """
    command = [sys.executable, "-m", "benchmarks.floor"]
    command += ["--burn", str(burn), "--rounds", str(rounds)]
    child = subprocess.Popen(
        command,
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert child.stdin is not None and child.stdout is not None
    try:
        yield "127.0.0.1", int(child.stdout.readline())
    finally:
        child.stdin.close()
        child.stdout.close()
        try:
            child.wait(10)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def _burn(rounds: int, stopping: threading.Event) -> None:
    import bcrypt

    stored = bcrypt.hashpw(b"password", bcrypt.gensalt(rounds))
    while not stopping.is_set():
        bcrypt.checkpw(b"password", stored)


def main(argv: Optional[List[str]] = None) -> None:
    """
    Serve until standard input ends.
    """
    from twisted.internet import reactor, stdio
    from twisted.internet.protocol import Protocol
    from twisted.web.resource import Resource
    from twisted.web.server import Site

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--burn", type=int, default=0, help="threads that hash")
    parser.add_argument("--rounds", type=int, default=12, help="the cost of a hash")
    options = parser.parse_args(argv)

    class Floor(Resource):
        isLeaf = True

        def render(self, request):  # type: ignore[no-untyped-def]
            if request.method == b"POST":
                json.loads(request.content.read())
            # The object's own punctuation is 12 bytes.
            padding = "x" * max(0, int(request.postpath[0]) - 12)
            request.setHeader(b"Content-Type", b"application/json")
            return json.dumps({"floor": padding}).encode("ascii")

    class QuietSite(Site):
        def log(self, request):  # type: ignore[no-untyped-def]
            pass

    class Lifeline(Protocol):
        def connectionLost(self, reason=None):  # type: ignore[no-untyped-def]
            if reactor.running:
                reactor.stop()

    stopping = threading.Event()
    for _ in range(options.burn):
        threading.Thread(target=_burn, args=(options.rounds, stopping)).start()
    port = reactor.listenTCP(0, QuietSite(Floor()), interface="127.0.0.1")
    sys.stdout.write("%d\n" % (port.getHost().port,))
    sys.stdout.flush()
    stdio.StandardIO(Lifeline())
    reactor.run()
    stopping.set()


if __name__ == "__main__":
    main()
