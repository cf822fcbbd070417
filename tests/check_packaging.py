"""
What pip makes of synauth, in virtualenvs made for the purpose.

Takes minutes and needs a package index, so its name keeps it out of the tests
that trial finds by itself; C{tox -e packaging} runs it.
"""

import functools
import glob
import os
import re
import shutil
import subprocess
import sys
import tarfile
import venv
import zipfile
from typing import List, Set

from twisted.trial.unittest import SynchronousTestCase

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PLUGIN = "twisted/plugins/synauth_plugin.py"


def output(*command: str) -> str:
    """
    Run a command from the top of the file system, where nothing is found that
    is not installed.

    @return: what it printed.
    @raise RuntimeError: with what it printed, if it failed.
    """
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    result = subprocess.run(
        command,
        cwd="/",
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        universal_newlines=True,
    )
    if result.returncode:
        raise RuntimeError("%s: %s" % (" ".join(command), result.stdout))
    return result.stdout


@functools.lru_cache(maxsize=None)
def built(suffix: str) -> str:
    """
    @param suffix: C{.whl} or C{.tar.gz}.
    @return: the path of the wheel or source distribution; the wheel is built
        from the source distribution.
    """
    folder = os.path.abspath("dist")
    if not os.path.isdir(folder):
        # A build writes into the tree that it builds, so it gets one of its own.
        left_over = (".[!c]*", "_trial_temp*", "*.egg-info", "build", "dist", "venv")
        ignore = shutil.ignore_patterns(*left_over)
        shutil.copytree(ROOT, "copy", ignore=ignore)
        copy = os.path.abspath("copy")
        output(sys.executable, "-m", "build", "--quiet", "--outdir", folder, copy)
    (path,) = glob.glob(os.path.join(folder, "*" + suffix))
    return path


def shipped(folder: str, suffix: str) -> Set[str]:
    """
    @return: the paths, from the top of the project, of the files in a folder
        that have a suffix.
    """
    found = glob.glob(os.path.join(ROOT, folder, "**", "*" + suffix), recursive=True)
    return {os.path.relpath(path, ROOT).replace(os.sep, "/") for path in found}


class Virtualenv:
    """
    A bare virtualenv: nothing but Python and pip in it.
    """

    def __init__(self, folder: str) -> None:
        self._bin = os.path.join(os.path.abspath(folder), "bin")
        venv.create(folder, with_pip=True)

    def run(self, program: str, *args: str) -> str:
        """
        Run a program that is installed here.

        @return: what it printed.
        """
        return output(os.path.join(self._bin, program), *args)

    def pip(self, *args: str) -> str:
        """
        @return: what pip printed.
        """
        return self.run("python", "-m", "pip", *args)

    def applications(self) -> List[str]:
        """
        @return: what C{twistd} offers to run here.
        """
        listing = self.run("twistd", "--help").partition("Commands:")[2]
        return re.findall(r"^ {4}([\w-]+)", listing, re.MULTILINE)


class Archives(SynchronousTestCase):
    """
    What is in the archives that are published.
    """

    def test_wheel(self) -> None:
        """
        The wheel holds the package with its data and one file of Twisted's
        namespace, and nothing that would land beside them.
        """
        with zipfile.ZipFile(built(".whl")) as wheel:
            names = set(wheel.namelist())
        package = {n for n in names if not re.match(r"synauth-[^/]*\.dist-info/", n)}
        self.assertEqual(
            shipped("synauth", ".py")
            | shipped("synauth", ".sql")
            | shipped("synauth/templates", ""),
            {n for n in package if n.startswith("synauth/")} - {"synauth/py.typed"},
        )
        self.assertTrue(shipped("synauth/storage/schema", ".sql"))
        self.assertIn("synauth/py.typed", names)
        self.assertEqual({PLUGIN}, {n for n in package if not n.startswith("synauth/")})
        self.assertTrue([n for n in names if n.endswith("/LICENSE")])

    def test_source_distribution(self) -> None:
        """
        The source distribution holds what it takes to test and package synauth
        again, and nothing that was left behind by a run.
        """
        with tarfile.open(built(".tar.gz")) as archive:
            names = {name.partition("/")[2] for name in archive.getnames()}
        wanted = {"LICENSE", "README.rst", "setup.py", "tox.ini", "trial.cfg", PLUGIN}
        wanted |= shipped("tests", ".py") | shipped("docs", ".rst")
        self.assertEqual(set(), wanted - names)
        self.assertTrue(shipped("docs", ".rst"))
        self.assertEqual([], [n for n in names if n.endswith((".pyc", "dropin.cache"))])


class Installation(SynchronousTestCase):
    """
    What an operator has after C{pip install}.
    """

    def assertInstalled(self, virtualenv: Virtualenv) -> None:
        """
        Assert that each way to start synauth is there, and C{twistd}'s others.
        """
        applications = virtualenv.applications()
        self.assertIn("synauth", applications)
        self.assertIn("web", applications)
        usage = virtualenv.run("twistd", "-n", "synauth", "--help")
        self.assertIn("--config", usage)
        self.assertIn("--listen", usage)
        self.assertNotIn("Unhandled Error", usage)
        self.assertIn("register-user", virtualenv.run("synauth", "--help"))
        version = os.path.basename(built(".whl")).split("-")[1]
        self.assertEqual(
            "synauth %s\n" % (version,), virtualenv.run("synauth", "--version")
        )

    def assertTwistedUnharmed(self, virtualenv: Virtualenv) -> None:
        """
        Assert that synauth is gone and Twisted's own plugins are not.
        """
        applications = virtualenv.applications()
        self.assertNotIn("synauth", applications)
        self.assertIn("web", applications)
        self.assertIn("--path", virtualenv.run("twistd", "web", "--help"))

    def test_wheel(self) -> None:
        """
        The wheel installs into a bare virtualenv, works there, and leaves
        Twisted as it was.
        """
        virtualenv = Virtualenv(self.mktemp())
        virtualenv.pip("install", "--quiet", built(".whl"))
        self.assertInstalled(virtualenv)
        virtualenv.pip("uninstall", "--yes", "synauth")
        self.assertTwistedUnharmed(virtualenv)

    def test_editable(self) -> None:
        """
        So does an editable install, without further options, of what the
        source distribution holds.
        """
        with tarfile.open(built(".tar.gz")) as archive:
            archive.extractall("unpacked")
        (checkout,) = glob.glob(os.path.abspath(os.path.join("unpacked", "*")))
        virtualenv = Virtualenv(self.mktemp())
        virtualenv.pip("install", "--quiet", "--editable", checkout)
        self.assertInstalled(virtualenv)
        where = virtualenv.run("python", "-c", "import synauth; print(synauth)")
        self.assertIn(checkout, where)
        virtualenv.pip("uninstall", "--yes", "synauth")
        self.assertTwistedUnharmed(virtualenv)
