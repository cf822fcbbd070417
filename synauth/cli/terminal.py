"""
Where a command asks and answers.
"""

import getpass
import sys
from typing import Callable, TextIO

import attr


class CommandError(Exception):
    """
    A command can't do what it was asked to, in words for whoever asked.
    """


@attr.s(frozen=True, slots=True, auto_attribs=True)
class Terminal:
    """
    The terminal that a command was typed at.

    @ivar stdout: for what was asked for.
    @ivar stderr: for what went wrong.
    @ivar read_line: asks for a line, as C{input} does.
    @ivar read_secret: asks for one without showing it, as C{getpass} does.
    """

    stdout: TextIO = attr.ib(factory=lambda: sys.stdout)
    stderr: TextIO = attr.ib(factory=lambda: sys.stderr)
    read_line: Callable[[str], str] = input
    read_secret: Callable[[str], str] = getpass.getpass

    def say(self, text: str) -> None:
        """
        Print a result.
        """
        self.stdout.write(text + "\n")

    def complain(self, text: str) -> None:
        """
        Print what went wrong, or what is worth a second look.
        """
        self.stderr.write(text + "\n")

    def ask(self, prompt: str) -> str:
        """
        @return: a line, without blanks around it.
        @raise CommandError: if nobody answers.
        """
        try:
            return self.read_line(prompt).strip()
        except EOFError:
            raise CommandError("No answer to: %s" % (prompt.strip(),))

    def ask_secret(self, prompt: str) -> str:
        """
        @return: a line that was not shown.
        @raise CommandError: if nobody answers or the answer is empty.
        """
        try:
            secret = self.read_secret(prompt)
        except EOFError:
            raise CommandError("No answer to: %s" % (prompt.strip(),))
        if not secret:
            raise CommandError("It can't be empty.")
        return secret

    def ask_new_password(self) -> str:
        """
        @return: a password that was typed twice.
        @raise CommandError: if it was not the same twice, or empty.
        """
        password = self.ask_secret("Password: ")
        if self.ask_secret("Password again: ") != password:
            raise CommandError("The two passwords are not the same.")
        return password
