"""
What C{README.rst} tells people to type.
"""

import json
import re
import shutil
import subprocess
from typing import Any, List, Tuple

from tests.functional.daemon import PATIENCE_S, ROOT, DaemonTestCase, environment

_BLOCK = re.compile(r"^\.\. code-block:: (\w+)\n\n((?:    .*\n|\n)+)", re.MULTILINE)

# Printed after each command.
_MARK = "--- that was it ---"


def read_document(name: str) -> str:
    """
    @param name: from the top of the project.
    """
    with open(ROOT + "/" + name, encoding="utf-8") as stream:
        return stream.read()


def code_blocks(text: str) -> List[Tuple[str, str]]:
    """
    @return: language and content of each.
    """
    return [
        (language, re.sub(r"^    ", "", block, flags=re.MULTILINE).strip())
        for language, block in _BLOCK.findall(text)
    ]


def shape(answer: Any, example: Any) -> Any:
    """
    @return: an answer, with the example's own text for tokens and device ids,
        as far as they are of the same kind.
    """
    same = dict(answer)
    for key in ("access_token", "refresh_token", "device_id"):
        if key in example and isinstance(answer.get(key), str):
            shown = example[key]
            start = shown.split("...")[0] if "..." in shown else ""
            if answer[key].startswith(start):
                same[key] = shown
    return same


class SessionTests(DaemonTestCase):
    """
    The session with curl.
    """

    if shutil.which("curl") is None:
        skip = "curl is not installed"

    def test_session(self) -> None:
        """
        Each command, typed as it stands there, is answered as it stands there.
        """
        section = read_document("README.rst").split("\nA session\n")[1]
        blocks = code_blocks(section.split("\nWhat it is for\n")[0])
        self.assertEqual([language for language, _ in blocks], ["sh", "json"] * 6)
        commands = [text for language, text in blocks if language == "sh"]
        examples = [json.loads(text) for language, text in blocks if language != "sh"]

        daemon = self.start(None, None, "--enable-registration")
        typed = ("\necho; echo '%s'\n" % _MARK).join(commands)
        self.assertIn("127.0.0.1:8008", typed)
        printed = subprocess.run(
            ["sh", "-e", "-c", typed.replace(":8008", ":%d" % daemon.port())],
            cwd=self.make_directory(),
            env=dict(environment(), no_proxy="127.0.0.1"),
            stdout=subprocess.PIPE,
            universal_newlines=True,
            timeout=PATIENCE_S,
        ).stdout
        answers = [json.loads(answer) for answer in printed.split(_MARK)]
        self.assertEqual(len(answers), len(examples))
        for answer, example in zip(answers, examples):
            self.assertEqual(shape(answer, example), example)
        # The device of the login is the one that whoami tells of.
        self.assertEqual(answers[2]["device_id"], answers[1]["device_id"])

    def test_two_commands(self) -> None:
        """
        The first command starts the daemon as the session needs it, and the
        second one runs a module that is there.
        """
        (_, run), (_, test) = code_blocks(read_document("README.rst"))[:2]
        self.assertTrue(run.endswith("/twistd -n synauth --enable-registration"), run)
        self.assertTrue(test.endswith("/python -b -m tests.run"), test)
