"""
How long twistd -n synauth takes from the start of its process to its first
answer to GET /_matrix/client/versions, and how much memory it has then.

Each run starts it twice: with an empty data directory, where it makes its
database, and again with what is there by then.
"""

import os
import sys

if not __package__:
    # As a script: not this file's folder, whose http.py would hide Python's.
    sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

import argparse
import statistics
import tempfile
from typing import Any, Dict, List, Optional

from benchmarks.answer import LoadError
from benchmarks.daemon import resident_bytes, running_daemon
from benchmarks.report import machine, number, table, write_json

KINDS = ("first start", "later start")


def measure(runs: int) -> List[Dict[str, Any]]:
    """
    @return: the figures of each kind of start.
    """
    seconds: Dict[str, List[float]] = {kind: [] for kind in KINDS}
    resident: Dict[str, List[int]] = {kind: [] for kind in KINDS}
    for _ in range(runs):
        with tempfile.TemporaryDirectory() as directory:
            for kind in KINDS:
                with running_daemon(directory) as daemon:
                    seconds[kind].append(daemon.first_answer)
                    resident[kind].append(resident_bytes(daemon.pid))
    return [
        {
            "name": kind,
            "first_answer_s": statistics.median(seconds[kind]),
            "first_answer_slowest_s": max(seconds[kind]),
            "resident_mb": statistics.median(resident[kind]) / 1e6,
            "resident_highest_mb": max(resident[kind]) / 1e6,
        }
        for kind in KINDS
    ]


HEADS = ["", "first answer s", "slowest", "resident MB", "highest"]


def cells(line: Dict[str, Any]) -> List[str]:
    """
    @param line: of L{measure}.
    @return: the cells of the table.
    """
    return [
        line["name"],
        "%.3f" % (line["first_answer_s"],),
        "%.3f" % (line["first_answer_slowest_s"],),
        "%.1f" % (line["resident_mb"],),
        "%.1f" % (line["resident_highest_mb"],),
    ]


def main(argv: Optional[List[str]] = None) -> int:
    """
    Measure and print.

    @return: the exit status.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--runs", type=number(int, 1, 100), default=7, help="how many (%(default)s)"
    )
    parser.add_argument("--json", metavar="FILE", help="write the figures there too")
    options = parser.parse_args(argv)
    try:
        lines = measure(options.runs)
    except LoadError as error:
        sys.stderr.write("startup.py: %s\n" % (error,))
        return 1
    print(table(HEADS, [cells(line) for line in lines]))
    write_json(options.json, {"machine": machine(), "rows": lines})
    return 0


if __name__ == "__main__":
    sys.exit(main())
