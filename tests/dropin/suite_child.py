"""
Runs tests of the host that is installed, and writes down how each ended: C{python
suite_child.py RESULT HANDLER TEST...}.

It is started as a file in the folder that has the host's own C{tests}, which stand in
the place of ours.  C{HANDLER} is C{-} for the host's own, or the full name of a class
in its place: where it is ours, its generators are checked as the host's are, for
they are made after the host's tests have replaced C{inlineCallbacks}.
"""

import importlib
import json
import os
import sys
from typing import Any, Dict, List

sys.path[0] = os.getcwd()

from twisted.trial import reporter, runner  # noqa: E402


class Notes(reporter.Reporter):
    """
    Notes how each test ended.

    @cvar ended: the word for it by the test's name.
    """

    ended: Dict[str, str] = {}

    def _note(self, word: str, test: Any) -> None:
        name = test.id()
        if self.ended.get(name, "passed") == "passed":
            self.ended[name] = word

    def addSuccess(self, test: Any) -> None:
        """
        See C{IReporter}.
        """
        super().addSuccess(test)
        self._note("passed", test)

    def addError(self, test: Any, error: Any) -> None:
        """
        See C{IReporter}.
        """
        super().addError(test, error)
        self._note("failed", test)

    def addFailure(self, test: Any, fail: Any) -> None:
        """
        See C{IReporter}.
        """
        super().addFailure(test, fail)
        self._note("failed", test)

    def addSkip(self, test: Any, reason: Any) -> None:
        """
        See C{IReporter}.
        """
        super().addSkip(test, reason)
        self._note("skipped", test)


def put_in(name: str) -> None:
    """
    Put a class in the place of the host's handler.
    """
    importlib.import_module("tests")
    handlers: Any = importlib.import_module("synapse.handlers.auth")
    server: Any = importlib.import_module("synapse.server")
    from synauth.dropin import install

    print(install(server.HomeServer))
    module, _, attribute = name.rpartition(".")
    if attribute not in ("", "AuthHandler") and os.path.isfile(module):
        # A file of ours, which is not in reach as a module of "tests".
        spec: Any = importlib.util.spec_from_file_location("substitute", module)
        loaded: Any = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(loaded)
        found = getattr(loaded, attribute)
        server.HomeServer.build_auth_handler = lambda hs: found(hs)
    else:
        found = getattr(importlib.import_module(module), attribute)
    # Two of its test modules make one by themselves.
    handlers.AuthHandler = found


def main(result: str, handler: str, names: List[str]) -> None:
    """
    @param result: where to write.
    """
    if handler != "-":
        put_in(handler)
    suite = runner.TestLoader().loadByNames(names, True)
    trial = runner.TrialRunner(
        Notes, workingDirectory=result + ".trial", stream=sys.stdout
    )
    trial.run(suite)
    with open(result, "w", encoding="utf-8") as stream:
        json.dump(Notes.ended, stream)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
