"""
The options that several scripts take, each with its bounds.
"""

import argparse
import sys
from typing import Any, Callable, Dict, List, Optional, Tuple

from benchmarks.answer import LoadError
from benchmarks.report import machine, number, table, write_json

_BOUNDED: Dict[str, Tuple[Callable[[str], Any], float, float, Any, str]] = {
    "seconds": (float, 0.05, 60, 3.0, "of a slice"),
    "rounds": (int, 1, 20, 5, "of slices"),
    "concurrency": (int, 1, 256, 16, "connections"),
    "pace": (float, 1, 10**4, 100.0, "whoami requests a second during logins"),
    "bcrypt-rounds": (int, 4, 16, 12, "the cost of a hash"),
}


def parser_of(doc: Optional[str], *names: str) -> argparse.ArgumentParser:
    """
    @param doc: what the script is for.
    @param names: of the options that it takes besides C{--json}.
    """
    parser = argparse.ArgumentParser(description=doc)
    for name in names:
        kind, lowest, highest, default, what = _BOUNDED[name]
        parser.add_argument(
            "--" + name,
            type=number(kind, lowest, highest),
            default=default,
            help="%s (%%(default)s)" % (what,),
        )
    parser.add_argument("--json", metavar="FILE", help="write the figures there too")
    return parser


def run(
    script: str,
    measure: Callable[[], List[Dict[str, Any]]],
    heads: List[str],
    cells: Callable[[Dict[str, Any]], List[str]],
    json_path: Optional[str],
) -> int:
    """
    Measure, and print a table.

    @param measure: gives the figures, a line each.
    @return: the exit status.
    """
    try:
        lines = measure()
    except LoadError as error:
        sys.stderr.write("%s: %s\n" % (script, error))
        return 1
    print(table(heads, [cells(line) for line in lines]))
    write_json(json_path, {"machine": machine(), "rows": lines})
    return 0
