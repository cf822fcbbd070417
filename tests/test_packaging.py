"""
How the project is packaged and checked: the parts of it that are quickly
checked.  C{tests/check_packaging.py} has the others.
"""

import configparser
import importlib.util
import os
import re
import warnings
from typing import Any, Dict, List

from twisted.application.service import IServiceMaker
from twisted.plugin import getPlugins
from twisted.scripts.trial import Options
from twisted.trial.unittest import SynchronousTestCase

from tests import run

CONFIG = """
[trial]
packages = tests.one tests.two
random = 0
force-gc
"""


def load_tally() -> Any:
    """
    @return: the module C{.ci/tally.py}, which is in no package.
    """
    path = os.path.join(run.ROOT, ".ci", "tally.py")
    spec = importlib.util.spec_from_file_location("tally", path)
    module = importlib.util.module_from_spec(spec)  # type: ignore[arg-type]
    spec.loader.exec_module(module)  # type: ignore[union-attr]
    return module


def read(*path: str) -> str:
    """
    @return: the text of one of the project's files.
    """
    with open(os.path.join(run.ROOT, *path), encoding="utf-8") as source:
        return source.read()


class TrialConfiguration(SynchronousTestCase):
    """
    C{trial.cfg} and what turns it into arguments.
    """

    def test_known_options(self) -> None:
        """
        Every key of C{trial.cfg} is an option that trial knows, with a value
        if it takes one.
        """
        parser = configparser.ConfigParser(allow_no_value=True, interpolation=None)
        parser.read_string(read("trial.cfg"))
        self.assertEqual(["trial"], parser.sections())
        known = set(Options().longOpt)
        for name, value in parser["trial"].items():
            if name != "packages":
                self.assertIn(name if value is None else name + "=", known)

    def test_first_comment(self) -> None:
        """
        Its first words keep readers from looking it up in trial's manual.
        """
        comment = read("trial.cfg").partition("#\n")[0]
        self.assertTrue(comment.startswith("#"))
        self.assertIn("trial itself\n# reads no configuration file", comment)

    def test_arguments(self) -> None:
        """
        Without arguments, the configured packages are tested as configured.
        """
        self.assertEqual(
            ["--random=0", "--force-gc", "tests.one", "tests.two"],
            run.arguments(CONFIG, []),
        )

    def test_given_options(self) -> None:
        """
        The caller's options come later, so they win.
        """
        self.assertEqual(
            ["--random=0", "--force-gc", "--random=7", "tests.one", "tests.two"],
            run.arguments(CONFIG, ["--random=7"]),
        )

    def test_given_tests(self) -> None:
        """
        What the caller names is tested in the place of the configured packages.
        """
        self.assertEqual(
            ["--random=0", "--force-gc", "tests.three"],
            run.arguments(CONFIG, ["tests.three"]),
        )

    def test_bytes_warnings(self) -> None:
        """
        Text mixed with bytes is an error in synauth's code, told by its name
        and by its path, and in nobody else's.
        """
        with warnings.catch_warnings():
            warnings.resetwarnings()
            run.raise_bytes_warnings()
            own = os.path.join(run.ROOT, "synauth", "errors")
            for module in ("synauth", "synauth.auth.handler", own):
                with self.assertRaises(BytesWarning):
                    warnings.warn_explicit("x", BytesWarning, "f.py", 1, module)
            other = os.path.join(run.ROOT, "venv", "twisted", "python")
            with warnings.catch_warnings(record=True) as caught:
                for module in ("twisted.python", "synauthor", other):
                    warnings.warn_explicit("x", BytesWarning, "f.py", 1, module)
            self.assertEqual(3, len(caught))


class Tally(SynchronousTestCase):
    """
    C{.ci/tally.py} adds up what the environments came to.
    """

    def setUp(self) -> None:
        """
        Load it.
        """
        module = load_tally()
        self.tally = module.tally
        self.complaints = module.complaints

    def command(self, output: str, retcode: int = 0, tests: bool = True) -> Dict:
        """
        @return: a command as tox reports it.
        """
        words = ["python", "-m", "tests.run"] if tests else ["ruff", "check"]
        return {"command": words, "output": output, "retcode": retcode}

    def assertTally(self, passed: int, failed: int, commands: List[Dict]) -> None:
        """
        Assert what an environment with some commands comes to.
        """
        self.assertEqual((passed, failed), self.tally({"test": commands}))

    def test_passed(self) -> None:
        """
        Successes and failures that were expected have passed; skipped tests
        have done neither.
        """
        summary = "Ran 9 tests\n\nPASSED (skips=1, expectedFailures=2, successes=6)\n"
        self.assertTally(8, 0, [self.command(summary)])

    def test_failed(self) -> None:
        """
        Failures and errors have failed, and are not counted twice for the
        command's exit status.
        """
        summary = "\nFAILED (failures=2, errors=1, successes=6)\n"
        self.assertTally(6, 3, [self.command(summary, retcode=1)])

    def test_nothing_ran(self) -> None:
        """
        A run without a test is a failure.
        """
        self.assertTally(0, 1, [self.command("Ran 0 tests\n\nPASSED\n")])

    def test_broken_off(self) -> None:
        """
        A run that does not come to its summary is a failure.
        """
        self.assertTally(0, 1, [self.command("Segmentation fault", retcode=-11)])

    def test_other_command_failed(self) -> None:
        """
        What fails after the tests have passed is one failure.
        """
        commands = [
            self.command("\nPASSED (successes=6)\n"),
            self.command("total 80%", retcode=2, tests=False),
        ]
        self.assertTally(6, 1, commands)

    def test_checks(self) -> None:
        """
        An environment without tests is one check.
        """
        good = self.command("All checks passed!", tests=False)
        bad = self.command("E501", retcode=1, tests=False)
        self.assertTally(1, 0, [good, good])
        self.assertTally(0, 1, [good, bad])

    def test_did_not_run(self) -> None:
        """
        An environment that could not be made, say without its interpreter, is
        a failure.
        """
        self.assertEqual((0, 1), self.tally({}))
        self.assertTally(0, 1, [])

    def test_complaints(self) -> None:
        """
        Of what failed the reasons are said once more, and not all else.
        """
        failed = "Ran\n" + "=" * 79 + "\n[FAIL]\nwhy\n\nFAILED (failures=1)\n"
        environment = {
            "setup": [self.command("no such package", retcode=1, tests=False)],
            "test": [
                self.command(failed, retcode=1),
                self.command("PASSED (successes=1)\n"),
                dict(self.command("\n" * 200, retcode=1, tests=False), err="E501"),
            ],
        }
        said = self.complaints(environment)
        self.assertEqual(said[:4], ["no such package", "=" * 79, "[FAIL]", "why"])
        self.assertNotIn("PASSED (successes=1)", said)
        self.assertEqual(said[-1], "E501")
        self.assertLess(len(said), 150)
        self.assertEqual(self.complaints({}), [])

    def test_colours(self) -> None:
        """
        A summary counts in colour, too, and with a terminal's line ends.
        """
        summary = "\x1b[32mPASSED\x1b[0m (successes=6)\r\n"
        self.assertTally(6, 0, [self.command(summary)])

    def test_words_in_a_log(self) -> None:
        """
        Only trial's own summary is counted, not a line that quotes one.
        """
        output = "it said PASSED (successes=9)\n\nPASSED (successes=1)\n"
        self.assertTally(1, 0, [self.command(output)])


class Layout(SynchronousTestCase):
    """
    What would harm an installation is not there.
    """

    def test_no_package_of_twisteds(self) -> None:
        """
        Twisted's namespace holds the plugin and no C{__init__.py}, which would
        take the place of Twisted's own.
        """
        found = [
            os.path.relpath(os.path.join(folder, name), run.ROOT)
            for folder, _, names in os.walk(os.path.join(run.ROOT, "twisted"))
            for name in names
            if name.endswith(".py")
        ]
        plugin = os.path.join("twisted", "plugins", "synauth_plugin.py")
        self.assertEqual([plugin], found)

    def test_plugin(self) -> None:
        """
        Twisted finds the plugin, and it names a module that is there.
        """
        (maker,) = [p for p in getPlugins(IServiceMaker) if p.tapname == "synauth"]
        self.assertEqual("synauth.tap", maker.module)
        self.assertTrue(os.path.exists(os.path.join(run.ROOT, "synauth", "tap.py")))

    def test_lowest_versions(self) -> None:
        """
        What is tested as the lowest versions is what setup.py admits.
        """
        admitted = re.findall(r'"([\w.-]+)(?:\[\w+\])?>=([\d.]+)[";]', read("setup.py"))
        self.assertGreater(len(admitted), 9)
        tested = dict(
            re.findall(r"^([\w.-]+)==([\d.]+)$", read("tests", "lowest.txt"), re.M)
        )
        for name, version in admitted:
            self.assertEqual(
                version.split("."),
                tested[name].split(".")[: version.count(".") + 1],
                name,
            )

    def test_news_fragments(self) -> None:
        """
        Every news fragment is of a type that the release notes have.
        """
        types = re.findall(r'^directory = "(\w+)"$', read("pyproject.toml"), re.M)
        types.remove("newsfragments")
        for name in os.listdir(os.path.join(run.ROOT, "newsfragments")):
            if name not in ("README.rst", ".gitignore"):
                self.assertRegex(name, r"^(\d+|\+[\w-]+)\.(%s)\.rst$" % "|".join(types))
