"""
A terminal for tests.
"""

import io
from typing import List

from synauth.cli import main
from synauth.cli.terminal import Terminal


class TypedTerminal:
    """
    A terminal at which somebody has typed ahead.

    @ivar typed: what is answered, in order; after that the input ends.
    @ivar prompts: what was asked.
    """

    def __init__(self, *typed: str) -> None:
        self.typed = list(typed)
        self.prompts: List[str] = []
        self.stdout = io.StringIO()
        self.stderr = io.StringIO()

    def run(self, *argv: str) -> int:
        """
        Run a command at this terminal.

        @return: its exit status.
        """
        terminal = Terminal(self.stdout, self.stderr, self._answer, self._answer)
        return main(argv, terminal)

    def _answer(self, prompt: str) -> str:
        self.prompts.append(prompt)
        if not self.typed:
            raise EOFError()
        return self.typed.pop(0)
