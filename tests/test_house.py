"""
Rules of the house that a machine can check, over the files as they stand.

Each check is a function from one file to its offences, so that each is also
tried on something that offends.
"""

import ast
import os
import re
from typing import Callable, Iterator, List, Tuple, Union

from twisted.trial.unittest import SynchronousTestCase

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

# What belongs to the project, besides the files at the top.
FOLDERS = (
    ".ci",
    "benchmarks",
    "contrib",
    "docs",
    "newsfragments",
    "synauth",
    "tests",
    "twisted",
)
MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 60

# Put together here so that this file does not offend itself.
FOREIGN = re.compile(
    "|".join(
        [
            r"(?<![\w.-])/" + folder + r"(?![\w.-])"
            for folder in ("wor" + "k", "tmp/" + "v", "ro" + "ot", "opt/" + "pypi")
        ]
        + [r"\bpypi\." + "org", "python" + "hosted"]
    )
)

Function = (ast.FunctionDef, ast.AsyncFunctionDef)
Definition = Union[ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef]
Check = Callable[[str, ast.Module], Iterator[str]]


def project_files() -> Iterator[str]:
    """
    @return: the paths, from the top of the project, of all of its text files.
    """
    for name in os.listdir(ROOT):
        if os.path.isfile(os.path.join(ROOT, name)) and name[0] != ".":
            yield name
    for folder in FOLDERS:
        for parent, folders, files in os.walk(os.path.join(ROOT, folder)):
            folders[:] = [f for f in folders if f != "__pycache__"]
            for name in files:
                if not name.endswith((".pyc", "dropin.cache")):
                    yield os.path.relpath(os.path.join(parent, name), ROOT)


def read(path: str) -> str:
    """
    @param path: from the top of the project.
    """
    with open(os.path.join(ROOT, path), encoding="utf-8") as source:
        return source.read()


def modules(folder: str) -> Iterator[Tuple[str, ast.Module]]:
    """
    @return: path and syntax tree of each module under a folder.
    """
    for path in project_files():
        if path.startswith(folder + os.sep) and path.endswith(".py"):
            yield path, ast.parse(read(path), path)


def imported(tree: ast.AST) -> Iterator[str]:
    """
    @return: the full names of what a module imports, wherever it does so.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield "%s.%s" % (node.module, alias.name)


def within(name: str, package: str) -> bool:
    """
    @return: whether a dotted name is a package or something in it.
    """
    return name == package or name.startswith(package + ".")


def dotted(node: ast.AST) -> str:
    """
    @return: C{a.b.c} for an expression that reads so, else an empty string.
    """
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return "%s.%s" % (dotted(node.value), node.attr)
    return ""


def clocks_and_dice(path: str, tree: ast.Module) -> Iterator[str]:
    """
    Time and randomness come in through the constructor.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = dotted(node.func)
            if name in ("time.time", "time.sleep") or re.search(
                r"\bdate(time)?\.(now|utcnow|today)$", name
            ):
                yield "%s:%d calls %s" % (path, node.lineno, name)
    for name in imported(tree):
        if within(name, "random") or name in ("time.time", "time.sleep"):
            yield "%s imports %s" % (path, name)


def early_reactor(path: str, tree: ast.Module) -> Iterator[str]:
    """
    The reactor is a constructor's argument; only the tap may fetch it.
    """
    if path == os.path.join("synauth", "tap.py"):
        return
    for node in tree.body:
        for name in imported(node):
            if not isinstance(node, (Function, ast.ClassDef)) and within(
                name, "twisted.internet.reactor"
            ):
                yield "%s:%d imports the reactor" % (path, node.lineno)


def long_functions(path: str, tree: ast.Module) -> Iterator[str]:
    """
    A function that is longer than a screen is several.
    """
    for node in ast.walk(tree):
        if isinstance(node, Function):
            last = max(getattr(child, "lineno", 0) for child in ast.walk(node))
            if last - node.lineno >= MAX_FUNCTION_LINES:
                yield "%s:%d %s is too long" % (path, node.lineno, node.name)


def undocumented(path: str, tree: ast.Module) -> Iterator[str]:
    """
    Everything public says what it is.  What implements an interface is
    documented there, and an overload by what it is an overload of.
    """
    if not ast.get_docstring(tree):
        yield "%s has no docstring" % (path,)
    todo: List[Tuple[Union[ast.Module, ast.ClassDef], bool]] = [(tree, False)]
    while todo:
        parent, implements = todo.pop()
        for node in parent.body:
            if not isinstance(node, (Function, ast.ClassDef)):
                continue
            if node.name.startswith("_"):
                continue
            if isinstance(node, ast.ClassDef):
                todo.append((node, _is_decorated(node, "implementer")))
            elif implements or _is_decorated(node, "setter", "overload"):
                continue
            if not ast.get_docstring(node):
                yield "%s:%d %s has no docstring" % (path, node.lineno, node.name)


def _is_decorated(node: Definition, *names: str) -> bool:
    decorators = [d.func if isinstance(d, ast.Call) else d for d in node.decorator_list]
    return any(dotted(d).split(".")[-1] in names for d in decorators)


def undocumented_tests(path: str, tree: ast.Module) -> Iterator[str]:
    """
    Every test says in a sentence what holds.
    """
    for node in ast.walk(tree):
        if isinstance(node, Function) and node.name.startswith("test_"):
            if not ast.get_docstring(node):
                yield "%s:%d %s has no docstring" % (path, node.lineno, node.name)


def wrong_way(path: str, tree: ast.Module) -> Iterator[str]:
    """
    Web knows auth, auth knows interfaces, nothing knows web.
    """
    module = path[: -len(".py")].replace(os.sep, ".")
    forbidden = []
    if within(module, "synauth.auth"):
        forbidden += ["synauth.homeserver", "synauth.web", "synauth.tap"]
    if within(module, "synauth.storage"):
        forbidden += ["synauth.auth", "synauth.homeserver"]
    makers = ("synauth.web", "synauth.homeserver.service", "synauth.tap")
    makers += ("synauth.testing.modules", "synauth.cli.print_proxy")
    if not any(within(module, maker) for maker in makers):
        forbidden.append("synauth.web")
    for name in imported(tree):
        if any(within(name, package) for package in forbidden):
            yield "%s imports %s" % (path, name)


class HouseRules(SynchronousTestCase):
    """
    The project keeps its own rules.
    """

    def assertKept(self, check: Check, *folders: str) -> None:
        """
        Assert that no module under some folders offends.
        """
        offences = [
            offence
            for folder in folders
            for path, tree in modules(folder)
            for offence in check(path, tree)
        ]
        self.assertEqual([], offences)

    def test_clocks_and_dice(self) -> None:
        """
        The package reads no clock and throws no dice of its own.
        """
        self.assertKept(clocks_and_dice, "synauth")

    def test_early_reactor(self) -> None:
        """
        Importing the package, its tap aside, installs no reactor.
        """
        self.assertKept(early_reactor, "synauth", "twisted")

    def test_long_functions(self) -> None:
        """
        Functions fit on a screen.
        """
        self.assertKept(long_functions, "synauth", "tests", "benchmarks")

    def test_long_files(self) -> None:
        """
        Modules are short.
        """
        long_ones = [
            path
            for path, _ in modules("synauth")
            if read(path).count("\n") > MAX_FILE_LINES
        ]
        self.assertEqual([], long_ones)

    def test_telling_names(self) -> None:
        """
        No module is named for holding anything and everything.
        """
        vague = {"utils", "util", "helpers", "helper", "common", "misc"}
        names = [
            path
            for path in project_files()
            if vague.intersection(re.split(r"[./\\_]", path.lower()))
            and path.startswith(("synauth", "tests"))
        ]
        self.assertEqual([], names)

    def test_undocumented(self) -> None:
        """
        Everything public has a docstring.
        """
        self.assertKept(undocumented, "synauth", "benchmarks")

    def test_undocumented_tests(self) -> None:
        """
        Every test has a docstring.
        """
        self.assertKept(undocumented_tests, "tests")

    def test_wrong_way(self) -> None:
        """
        Imports go the one way that the architecture draws.
        """
        self.assertKept(wrong_way, "synauth")

    def test_plugin_imports(self) -> None:
        """
        The file that every C{twistd} of the machine imports only imports what
        it is made of.
        """
        plugin = os.path.join("twisted", "plugins", "synauth_plugin.py")
        self.assertEqual(
            ["twisted.application.service.ServiceMaker"],
            list(imported(ast.parse(read(plugin)))),
        )

    def test_foreign_places(self) -> None:
        """
        No file names a place on the machine that it was written on.
        """
        offences = [
            "%s:%d" % (path, number)
            for path in project_files()
            for number, line in enumerate(read(path).splitlines(), 1)
            if FOREIGN.search(line)
        ]
        self.assertEqual([], offences)


class ChecksBite(SynchronousTestCase):
    """
    The checks see what they are there to see.
    """

    def assertOffends(self, check: Check, path: str, *sources: str) -> None:
        """
        Assert that a check finds fault with each of some modules.
        """
        for source in sources:
            found = list(check(os.path.join(*path.split("/")), ast.parse(source)))
            self.assertTrue(found, source)

    def assertPasses(self, check: Check, path: str, *sources: str) -> None:
        """
        Assert that a check finds no fault with some modules.
        """
        for source in sources:
            found = list(check(os.path.join(*path.split("/")), ast.parse(source)))
            self.assertEqual([], found, source)

    def test_clocks_and_dice(self) -> None:
        """
        Each way to the system's clock or a weak generator is seen.
        """
        self.assertOffends(
            clocks_and_dice,
            "synauth/a.py",
            "x = time.time()",
            "x = datetime.datetime.now()",
            "def f():\n    return datetime.utcnow()",
            "import random",
            "from random import choice",
            "from time import time",
            "time.sleep(1)",
        )
        self.assertPasses(
            clocks_and_dice, "synauth/a.py", "import secrets\nx = clock.time_msec()"
        )

    def test_early_reactor(self) -> None:
        """
        The reactor may be fetched inside a function, and by the tap.
        """
        early = "from twisted.internet import reactor"
        late = "def main():\n    from twisted.internet import reactor"
        self.assertOffends(early_reactor, "synauth/a.py", early, "if x:\n    " + early)
        self.assertPasses(early_reactor, "synauth/a.py", late)
        self.assertPasses(early_reactor, "synauth/tap.py", early)

    def test_long_functions(self) -> None:
        """
        The limit is a function of sixty lines.
        """
        fits = "def f():\n" + "    pass\n" * (MAX_FUNCTION_LINES - 1)
        self.assertPasses(long_functions, "synauth/a.py", fits)
        self.assertOffends(long_functions, "synauth/a.py", fits + "    pass\n")

    def test_undocumented(self) -> None:
        """
        A method needs a docstring unless an interface has it.
        """
        method = "'''A.'''\n%s\nclass C:\n    '''C.'''\n    def m(self):\n        pass"
        self.assertOffends(
            undocumented,
            "synauth/a.py",
            "x = 1",
            "'''A.'''\ndef f():\n    pass",
            "'''A.'''\nclass C:\n    pass",
            method % ("",),
        )
        self.assertPasses(undocumented, "synauth/a.py", method % ("@implementer(I)",))

    def test_undocumented_tests(self) -> None:
        """
        A test without a docstring is seen wherever it stands.
        """
        self.assertOffends(
            undocumented_tests,
            "tests/a.py",
            "class T:\n    def test_it(self):\n        pass",
            "def f():\n    class T:\n        def test_it(self):\n            pass",
        )

    def test_wrong_way(self) -> None:
        """
        The core knows no homeserver, and nobody knows the web.
        """
        web = "from synauth.web.login import LoginResource"
        self.assertOffends(
            wrong_way,
            "synauth/auth/a.py",
            web,
            "from synauth import web",
            "import synauth.homeserver",
            "def f():\n    from synauth.homeserver.service import make",
        )
        self.assertOffends(wrong_way, "synauth/homeserver/config.py", web)
        self.assertPasses(wrong_way, "synauth/homeserver/service.py", web)
        self.assertPasses(wrong_way, "synauth/web/server.py", web)
        self.assertPasses(wrong_way, "synauth/testing/modules.py", web)
        self.assertPasses(wrong_way, "synauth/auth/a.py", "import synauth.webby")

    def test_foreign_places(self) -> None:
        """
        A private folder is told from a public one with a similar name.
        """
        for text in ("cd /wor" + "k/main", "'/ro" + "ot'", "https://pypi." + "org/x"):
            self.assertTrue(FOREIGN.search(text), text)
        for text in ("a/wor" + "k", "/workers", "/var/lib/synauth", "/rooted"):
            self.assertFalse(FOREIGN.search(text), text)
