"""
What the measurements share at their ends: bounded arguments, tables for people,
JSON for programs.
"""

import argparse
import json
import os
import platform
from typing import Any, Callable, Dict, List, Optional, Sequence

import bcrypt

import twisted


def cores() -> int:
    """
    @return: how many cores this process may use.
    """
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1


def machine() -> Dict[str, Any]:
    """
    @return: what the figures depend on besides the code.
    """
    return {
        "cores": cores(),
        "architecture": platform.machine(),
        "system": platform.system(),
        "python": platform.python_version(),
        "twisted": twisted.__version__,
        "bcrypt": bcrypt.__version__,
    }


def number(kind: Callable[[str], Any], lowest: float, highest: float) -> Any:
    """
    @return: an argparse type that takes numbers within bounds.
    """

    def parse(text: str) -> Any:
        value = kind(text)
        if not lowest <= value <= highest:
            raise argparse.ArgumentTypeError(
                "has to be between %g and %g" % (lowest, highest)
            )
        return value

    return parse


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """
    @param heads: the columns' names.
    @param rows: as many cells each; the first is set left, the others right.
    @return: lines of text.
    """
    lines: List[Sequence[str]] = [heads, *rows]
    widths = [max(len(line[n]) for line in lines) for n in range(len(heads))]
    text = []
    for line in lines:
        cells = [line[0].ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(line[1:], widths[1:])]
        text.append("  ".join(cells).rstrip())
    text.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(text)


def write_json(path: Optional[str], figures: Dict[str, Any]) -> None:
    """
    @param path: where to, or C{None} for nowhere.
    @param figures: anything JSON.
    """
    if path is not None:
        with open(path, "w") as stream:
            json.dump(figures, stream, indent=2, sort_keys=True)
            stream.write("\n")
