"""
The C{twistd} script, without a search for where it is installed; measured, if
coverage is being measured.

    python -m tests.functional.twistd -n synauth ...
"""

import sys

from twisted.scripts.twistd import run


def save_coverage_at_shutdown() -> None:
    """
    Write down what coverage has seen.  Newer versions of twistd end by the
    signal that stopped them, which is too sudden for coverage to do it itself.
    """
    from coverage import Coverage
    from twisted.internet import reactor

    measured = Coverage.current()
    if measured is not None:
        reactor.addSystemEventTrigger(  # type: ignore[attr-defined]
            "after", "shutdown", measured.save
        )


if __name__ == "__main__":
    if "coverage" in sys.modules:
        save_coverage_at_shutdown()
    run()
