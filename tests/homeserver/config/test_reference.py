"""
Tests for L{synauth.homeserver.config.reference}.
"""

import os
import re
import subprocess
import sys

import attr
import yaml

import synauth
from synauth.homeserver.config import load_config
from synauth.homeserver.config.options import OPTIONS
from synauth.homeserver.config.reference import reference, sample_config
from tests.homeserver.config.files import ConfigFiles

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(synauth.__file__)))
DOCUMENT = os.path.join(ROOT, "docs", "configuration.rst")
HIDDEN = ("macaroon_secret_key", "registration_shared_secret")


class ReferenceTests(ConfigFiles):
    """
    C{docs/configuration.rst}.
    """

    def test_document(self) -> None:
        """The page is what the table says."""
        with open(DOCUMENT, encoding="utf-8") as opened:
            self.assertEqual(opened.read(), reference())

    def test_module(self) -> None:
        """The command that stands in the page prints it."""
        printed = subprocess.check_output(
            [sys.executable, "-m", "synauth.homeserver.config"],
            env=dict(os.environ, PYTHONPATH=ROOT, PYTHONIOENCODING="utf-8"),
        )
        self.assertEqual(printed.decode("utf-8"), reference())

    def test_complete(self) -> None:
        """Every option is there with a sentence, in plain ASCII."""
        page = reference()
        page.encode("ascii")
        for option in OPTIONS:
            self.assertIn("\n``%s``\n    " % (option.key,), page)
            self.assertTrue(option.doc.endswith("."), option.key)


class SampleTests(ConfigFiles):
    """
    The C{homeserver.yaml} to begin with.
    """

    def test_as_printed(self) -> None:
        """It is accepted, with nothing passed over, and changes only the names."""
        config = self.load(sample_config("example.com", "/srv/data: #1"))
        self.assertEqual(config.unused_keys, ())
        self.assertEqual(config.warnings, ())
        self.assertGreaterEqual(len(config.macaroon_secret_key or ""), 64)
        self.assertGreaterEqual(len(config.registration_shared_secret or ""), 64)
        self.assertEqual(
            attr.evolve(config, **dict.fromkeys(HIDDEN)),
            load_config([], {"server_name": "example.com"}, "/srv/data: #1"),
        )

    def test_uncommented(self) -> None:
        """With every default uncommented it means the same."""
        sample = sample_config("example.com", "data")
        whole = re.sub(r"(?m)^#(?! )|^#(?=  )", "", sample)
        self.assertEqual(self.load(whole), self.load(sample))
        found = yaml.safe_load(whole)
        for option in OPTIONS:
            value = found
            for name in option.key.split("."):
                value = value[name]

    def test_fresh_secrets(self) -> None:
        """No two have the same secrets."""
        first, second = (
            self.load(sample_config("example.com", "data")) for _ in range(2)
        )
        for name in HIDDEN:
            self.assertNotEqual(getattr(first, name), getattr(second, name))
