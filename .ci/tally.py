"""
Adds up what the tox environments came to.

Called with the file that C{tox --result-json} wrote and the names of the
environments that had to run.  Prints once more what failed, a line for each
environment and, last and alone, C{N passed, N failed}; exits with 1 if anything
failed or nothing passed.

An environment that runs trial counts as its tests, any other as one check.
"""

import json
import re
import sys
from typing import Any, Dict, List, Tuple

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_SUMMARY = re.compile(r"^(?:PASSED|FAILED)(?: \((.*)\))?\s*$", re.MULTILINE)
_COUNT = re.compile(r"(\w+)=(\d+)")
_GOOD = ("successes", "expectedFailures")
_BAD = ("failures", "errors", "unexpectedSuccesses")

# Above what failed trial draws a line.
_FAILURES = re.compile(r"^={60,}$", re.MULTILINE)
_MAX_LINES = 120


def _count(output: str) -> Tuple[int, int]:
    """
    Read trial's closing lines.

    @return: how many tests passed and failed, as far as C{output} says.
    """
    counts: Dict[str, int] = {}
    for summary in _SUMMARY.findall(_COLOUR.sub("", output)):
        for name, number in _COUNT.findall(summary):
            counts[name] = counts.get(name, 0) + int(number)
    return (
        sum(counts.get(name, 0) for name in _GOOD),
        sum(counts.get(name, 0) for name in _BAD),
    )


def tally(environment: Dict[str, Any]) -> Tuple[int, int]:
    """
    @param environment: one of tox's C{testenvs}; empty if it did not run.
    @return: how many of its tests or checks passed and failed.  A failure that
        no test accounts for is one.
    """
    commands: List[Dict[str, Any]] = environment.get("test") or []
    broken = any(command["retcode"] for command in commands)
    tests = [c for c in commands if any(w.startswith("tests.") for w in c["command"])]
    passed = failed = 0
    for command in tests:
        good, bad = _count(command["output"])
        passed += good
        failed += bad
    unaccounted = (broken and not failed) or not (commands and (passed or not tests))
    if unaccounted:
        failed += 1
    elif not tests:
        passed += 1
    return passed, failed


def complaints(environment: Dict[str, Any]) -> List[str]:
    """
    @param environment: as for L{tally}.
    @return: the last lines of what those of its commands said that failed; of
        trial, from the first test that did.
    """
    lines: List[str] = []
    commands = environment.get("setup", []) + environment.get("test", [])
    for command in commands:
        if command["retcode"]:
            said = _COLOUR.sub("", command["output"] + command.get("err", ""))
            found = _FAILURES.search(said)
            lines += said[found.start() if found else 0 :].splitlines()[-_MAX_LINES:]
    return lines


def main(path: str, wanted: List[str]) -> int:
    """
    @return: the exit status.
    """
    with open(path, encoding="utf-8") as result:
        environments = json.load(result)["testenvs"]
    for name in wanted:
        for line in complaints(environments.get(name) or {}):
            print("%s| %s" % (name, line))
    total_passed = total_failed = 0
    for name in wanted:
        passed, failed = tally(environments.get(name) or {})
        print("%s: %d passed, %d failed" % (name, passed, failed))
        total_passed += passed
        total_failed += failed
    print("%d passed, %d failed" % (total_passed, total_failed))
    return 0 if total_passed and not total_failed else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
