"""
From results to figures, and to the cells of a table.
"""

import itertools
import statistics
from typing import Any, Dict, List

from benchmarks.bench import Row
from benchmarks.load import Result, percentile


def side(results: List[Result]) -> Dict[str, Any]:
    """
    @return: the figures of one side of a row.
    """
    latencies = sorted(itertools.chain(*(r.latencies for r in results)))
    statuses: Dict[str, int] = {}
    for result in results:
        for status, times in result.statuses.items():
            statuses[str(status)] = statuses.get(str(status), 0) + times
    return {
        "per_second": statistics.median(r.rate for r in results),
        "p50_ms": percentile(latencies, 0.5) * 1000 if latencies else None,
        "p99_ms": percentile(latencies, 0.99) * 1000 if latencies else None,
        "max_ms": latencies[-1] * 1000 if latencies else None,
        "answers": len(latencies),
        "statuses": statuses,
        "limited": sum(r.limited for r in results),
        "generator_cpu": max(r.generator_cpu for r in results),
    }


def figures(row: Row) -> Dict[str, Any]:
    """
    @return: a row as JSON.  The ratio is the median over the rounds, each
        round's server against the floor that was measured next to it; where
        the pace is given, there is none.
    """
    floor = side(row.floor) if row.floor else {}
    floor["per_second"] = statistics.median(row.floor_rates)
    made = {
        "name": row.name,
        "server": side(row.server),
        "floor": floor,
    }
    if row.background:
        made["logins"] = side(row.background)
        return made
    ratios = [r.rate / f for r, f in zip(row.server, row.floor_rates)]
    made["ratio"] = statistics.median(ratios)
    made["ratio_lowest"], made["ratio_highest"] = min(ratios), max(ratios)
    return made


HEADS = ["", "/s", "p50 ms", "p99 ms", "floor /s", "p50 ms", "p99 ms"]
HEADS += ["ratio", "lowest", "highest", "generator"]


def cells(line: Dict[str, Any]) -> List[str]:
    """
    @param line: what L{figures} made.
    @return: the cells of the table.
    """

    def three(values: Dict[str, Any]) -> List[str]:
        made = ["%.1f" % (values["per_second"],)]
        for key in ("p50_ms", "p99_ms"):
            value = values.get(key)
            made.append("" if value is None else "%.2f" % (value,))
        return made

    keys = ("ratio", "ratio_lowest", "ratio_highest")
    ratios = ["%.3f" % (line[key],) if key in line else "" for key in keys]
    generator = "%.0f %%" % (100 * line["server"]["generator_cpu"],)
    return [line["name"], *three(line["server"]), *three(line["floor"])] + [
        *ratios,
        generator,
    ]
