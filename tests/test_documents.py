"""
Documents say what is so.
"""

import glob
import io
import os
import pkgutil
import re
from typing import List

from twisted.python.reflect import namedAny
from twisted.trial.unittest import SynchronousTestCase

import synauth
from synauth.homeserver.config.loading import load_config
from synauth.homeserver.config.options import OPTIONS
from tests.functional.test_readme import ROOT, code_blocks, read_document

try:
    from docutils.core import publish_doctree
except ImportError:
    publish_doctree = None  # type: ignore[assignment]


def documents() -> List[str]:
    """
    @return: README.rst and all of C{docs/}, from the top of the project.
    """
    found = glob.glob(os.path.join(ROOT, "docs", "*.rst"))
    return ["README.rst"] + ["docs/" + os.path.basename(path) for path in found]


class DocumentTests(SynchronousTestCase):
    """
    Of all documents, and of some in particular.
    """

    def test_index(self) -> None:
        """
        The index lists all documents.
        """
        listed = re.findall(r"<(\w+\.rst)>", read_document("docs/index.rst"))
        there = [name[len("docs/") :] for name in documents()[1:]]
        self.assertEqual(sorted(listed + ["index.rst"]), sorted(there))

    def test_links(self) -> None:
        """
        What a document links to beside it is there.
        """
        for name in documents():
            folder = os.path.dirname(os.path.join(ROOT, name))
            for link in re.findall(r"<([\w/.]+\.rst)>`", read_document(name)):
                self.assertTrue(os.path.exists(os.path.join(folder, link)), link)

    def test_names(self) -> None:
        """
        Every module, class or function that is named is there.
        """
        for name in documents():
            for dotted in re.findall(r"``(synauth(?:\.\w+)+)``", read_document(name)):
                if dotted not in OTHER_NAMES:
                    namedAny(dotted)

    def test_rooms(self) -> None:
        """
        The architecture has every package.
        """
        lines = read_document("docs/architecture.rst").splitlines()
        modules = pkgutil.walk_packages(synauth.__path__, "synauth.")
        packages = [name for _, name, is_package in modules if is_package]
        missing = [name for name in packages if "``%s``" % name not in lines]
        self.assertEqual(missing, [])

    def test_configurations(self) -> None:
        """
        Configurations that are shown are good ones, and none of their keys is
        passed over.
        """
        for name in documents():
            for language, block in code_blocks(read_document(name)):
                if language == "yaml":
                    path = self.mktemp()
                    with open(path, "w", encoding="utf-8") as stream:
                        stream.write(block)
                    self.assertEqual(load_config([path], {}, None).unused_keys, ())

    def test_markup(self) -> None:
        """
        All documents are good reStructuredText.
        """
        if publish_doctree is None:
            self.skipTest("docutils is not installed")
        for name in documents():
            warnings = io.StringIO()
            settings = {"syntax_highlight": "none", "warning_stream": warnings}
            publish_doctree(read_document(name), settings_overrides=settings)
            self.assertEqual(warnings.getvalue(), "", name)


# Names of logs, and of what there is to configure.
OTHER_NAMES = {"synauth.audit", "synauth.access"} | {option.key for option in OPTIONS}
