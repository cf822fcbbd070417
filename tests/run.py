"""
Runs the tests as C{trial.cfg} says: C{python -b -m tests.run [trial's
arguments]}.

Under C{python -b}, text compared with bytes or formatted as text is an error
in synauth's own code.
"""

import configparser
import faulthandler
import os
import re
import sys
import warnings
from typing import List

from twisted.scripts import trial

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def arguments(config: str, given: List[str]) -> List[str]:
    """
    Turn a configuration into trial's command line.

    @param config: the text of C{trial.cfg}.
    @param given: arguments of the caller's; they come after those of the
        configuration, so they win.  An option and its value have to be one
        word (C{--reporter=text}): a word without a dash names something to
        test.
    @return: the arguments.  The configured packages are only among them if
        C{given} names nothing to test.
    """
    parser = configparser.ConfigParser(
        allow_no_value=True, interpolation=None, default_section=""
    )
    parser.read_string(config)
    options = dict(parser["trial"])
    packages = options.pop("packages").split()
    configured = [
        "--" + name if value is None else "--%s=%s" % (name, value)
        for name, value in options.items()
    ]
    named = any(not argument.startswith("-") for argument in given)
    return configured + given + ([] if named else packages)


def raise_bytes_warnings() -> None:
    """
    Make C{BytesWarning} an error in the code of this project.

    Trial collects the warnings of a test and gives them out again afterwards,
    with the file's path for the module's name; hence the two alternatives.
    """
    own_files = re.escape(os.path.join(ROOT, "synauth") + os.sep)
    warnings.filterwarnings(
        "error", category=BytesWarning, module=r"synauth\b|" + own_files
    )


def main() -> None:
    """
    Run trial from the project's own folder.
    """
    # A crash of the interpreter or a C library is to say where it was.
    faulthandler.enable()
    os.chdir(ROOT)
    with open("trial.cfg", encoding="utf-8") as config:
        sys.argv[1:] = arguments(config.read(), sys.argv[1:])
    raise_bytes_warnings()
    try:
        trial.run()
    finally:
        # Not before, or its module would be another one than the tests'.
        from tests.specification import SPECIFICATION

        print(SPECIFICATION.summary())


if __name__ == "__main__":
    main()
