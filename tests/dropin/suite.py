"""
The host's own test suite with our handler in it: C{python -m tests.dropin.suite
FOLDER [TEST...]}.

C{FOLDER} has the source distribution of the release that is installed.  Its tests run
with its own handler and with ours, at the same time, and what passes with its own has
to pass with ours.  Tests that differ are run again, alone, with each: what waits for
a busy machine is not held against anybody, and is said.
"""

import glob
import json
import os
import subprocess
import sys
import tarfile
import time
from typing import Any, Dict, List, Tuple

OWN = "-"
OURS = "synauth.dropin.synapse_1_0.AuthHandler"

Ended = Dict[str, str]

_HERE = os.path.dirname(os.path.abspath(__file__))


def unpack(folder: str) -> str:
    """
    Unpack the tests of the source distribution.

    @return: the folder that they are in.
    """
    (archive,) = glob.glob(os.path.join(folder, "matrix-synapse-*.tar.gz"))
    top = os.path.basename(archive)[: -len(".tar.gz")]
    with tarfile.open(archive) as tar:
        wanted = [
            member
            for member in tar.getmembers()
            if member.name.startswith(top + "/tests/")
        ]
        tar.extractall(folder, wanted)
    return os.path.join(folder, top)


def start(top: str, handler: str, names: List[str]) -> "Running":
    """
    Start tests.

    @param handler: L{OWN}, or the full name of a class.
    """
    return Running(top, handler, names)


class Running:
    """
    Tests that run in a process of their own.
    """

    def __init__(self, top: str, handler: str, names: List[str]) -> None:
        word = "own" if handler == OWN else "ours"
        self._result = os.path.join(os.path.dirname(top), word + ".json")
        if os.path.exists(self._result):
            os.remove(self._result)
        root = os.path.dirname(os.path.dirname(_HERE))
        self._output = self._result + ".out"
        with open(self._output, "wb") as output:
            self._process = subprocess.Popen(
                [sys.executable, os.path.join(_HERE, "suite_child.py")]
                + [self._result, handler, *names],
                cwd=top,
                env=dict(os.environ, PYTHONPATH=root),
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def ended(self) -> Ended:
        """
        Wait for it.

        @return: how each test ended.
        """
        self._process.wait()
        if not os.path.exists(self._result):
            with open(self._output, encoding="utf-8", errors="replace") as output:
                raise AssertionError("no result:\n" + output.read()[-5000:])
        with open(self._result, encoding="utf-8") as result:
            found: Ended = json.load(result)
        return found

    def said(self) -> str:
        """
        @return: what it has printed.
        """
        with open(self._output, encoding="utf-8", errors="replace") as output:
            return output.read()


def both(top: str, handler: str, names: List[str]) -> Tuple[Ended, Ended, str]:
    """
    Run tests with the host's own handler and with another.

    @return: how they ended with each, and what the second run printed.
    """
    own, ours = start(top, OWN, names), start(top, handler, names)
    return own.ended(), ours.ended(), ours.said()


def worse(own: Ended, ours: Ended) -> List[str]:
    """
    @return: the tests that passed with the host's own handler alone.
    """
    return sorted(
        name
        for name, word in own.items()
        if word == "passed" and ours.get(name) != "passed"
    )


def passed(ended: Ended) -> int:
    """
    @return: how many tests passed.
    """
    return sum(1 for word in ended.values() if word == "passed")


def main(folder: str, names: List[str]) -> int:
    """
    @return: the exit status.
    """
    started = time.monotonic()
    top = unpack(os.path.abspath(folder))
    own, ours, said = both(top, OURS, names)
    first = worse(own, ours)
    again: Tuple[Any, Any, str] = ({}, {}, "")
    if first:
        again = both(top, OURS, first)
    differences = [name for name in first if again[1].get(name) != "passed"]
    print("%s with its own handler:" % (os.path.basename(top),), _counted(own))
    print("with ours:", _counted(ours))
    for name in first:
        print(
            "%s: %s with ours"
            % (name, "fails" if name in differences else "in the second run passes")
        )
    for name in sorted(set(ours) - set(own)):
        print("%s: not there with its own" % (name,))
    if differences:
        print(again[2][-10000:])
    better = sum(1 for name, word in ours.items() if word == "passed" != own.get(name))
    print(
        "%d pass with its own, %d of these with ours, %d differences;"
        " %d pass with ours alone; %d s"
        % (
            passed(own),
            passed(own) - len(differences),
            len(differences),
            better,
            time.monotonic() - started,
        )
    )
    print("Ran %d tests" % (passed(own),))
    counts = "successes=%d" % (passed(own) - len(differences),)
    if differences or not passed(own):
        print("FAILED (failures=%d, %s)" % (len(differences) or 1, counts))
        return 1
    print("PASSED (%s)" % (counts,))
    return 0


def _counted(ended: Ended) -> str:
    words = list(ended.values())
    return ", ".join("%d %s" % (words.count(word), word) for word in sorted(set(words)))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:] or ["tests"]))
