"""
Putting the handler into a homeserver.
"""

import os
import subprocess
import sys
from types import SimpleNamespace
from typing import Any, List

from twisted.trial.unittest import SynchronousTestCase

from synauth.dropin import install
from synauth.dropin.__main__ import config_paths, main
from synauth.dropin.releases import UnknownHost, contract_of
from synauth.dropin.settings import DropInSettings, settings_in_files, settings_of
from synauth.errors import ConfigError
from synauth.providers.reverse import CallbackModuleProvider
from tests.dropin.contexts import LogContexts
from tests.dropin.host import FakeHost, synapse_modules
from tests.functional.daemon import environment

MODULE = {"module": "tests.modules.wordkeeper.Wordkeeper", "config": {"alice": "x"}}


class ReleaseTests(SynchronousTestCase):
    """
    Which homeservers there is a handler for.
    """

    def test_known(self) -> None:
        """
        Each release from 0.33.2 to 1.3 has a contract.
        """
        for version, name in (
            ("0.33.2", "0.33.2"),
            ("0.34.1.1", "0.33.2"),
            ("0.99.2", "0.33.2"),
            ("0.99.3", "0.99.3"),
            ("1.0.0", "0.99.3"),
            ("1.1.0rc1", "0.99.3"),
            ("1.2.0", "1.2"),
            ("1.3.1", "1.2"),
        ):
            contract = contract_of(version)
            assert contract is not None, version
            self.assertEqual(name, contract.name, version)

    def test_unknown(self) -> None:
        """
        What is older or newer, or no version, has none.
        """
        for version in ("0.33.1", "0.18.4", "1.4.0", "1.98.0", "2", "", "x", None, 1):
            self.assertIsNone(contract_of(version), version)


class InstallTests(SynchronousTestCase):
    """
    L{install}.
    """

    def host(self, version: str) -> LogContexts:
        """
        Let there be a Synapse until the test is over.
        """
        contexts = LogContexts()
        modules = synapse_modules(contexts, version)
        modules.start()
        self.addCleanup(modules.stop)
        return contexts

    def test_installed(self) -> None:
        """
        The builder makes our handler, for derived classes too, with the
        settings that were given; the line says version and contract.
        """
        contexts = self.host("1.0.0")
        base = type("HomeServer", (FakeHost,), {})
        derived = type("SynapseHomeServer", (base,), {})
        line = install(base, DropInSettings(max_sessions=5))
        self.assertIn("Synapse 1.0.0", line)
        self.assertIn("0.99.3", line)
        made: Any = derived
        handler = made(contexts).build_auth_handler()
        self.assertEqual("synauth.dropin.synapse_1_0", type(handler).__module__)
        self.assertEqual(5, handler._sessions._max_sessions)

    def test_refused(self) -> None:
        """
        A host that is not known keeps its builder, and is told so.
        """
        self.host("1.4.0")
        homeserver = SimpleNamespace(build_auth_handler="its own")
        with self.assertRaises(UnknownHost) as raised:
            install(homeserver)
        self.assertIn("Synapse 1.4.0", str(raised.exception))
        self.assertEqual("its own", homeserver.build_auth_handler)

    def test_nothing_imported(self) -> None:
        """
        Nothing of a Synapse is imported before there is one.
        """
        program = (
            "import sys, synauth.dropin, synauth.dropin.synapse_1_0;"
            "sys.exit(any(n.split('.')[0] == 'synapse' for n in sys.modules))"
        )
        ended = subprocess.run([sys.executable, "-c", program], env=environment())
        self.assertEqual(0, ended.returncode)


class CommandLineTests(SynchronousTestCase):
    """
    C{python -m synauth.dropin}.
    """

    def test_config_paths(self) -> None:
        """
        The files are those that the homeserver will read.
        """
        for arguments, paths in (
            (["-c", "a.yaml"], ["a.yaml"]),
            (["--config-path", "a", "--config-path=b", "-D"], ["a", "b"]),
            (["--generate-keys"], []),
        ):
            self.assertEqual(paths, config_paths(arguments))

    def test_generating(self) -> None:
        """
        A file that the homeserver is told to make need not be there yet.
        """
        there = os.path.abspath(self.mktemp())
        with open(there, "w", encoding="utf-8"):
            pass
        arguments = ["-c", there + ".none", "-c", there, "-H", "example.org"]
        self.assertEqual([there], config_paths([*arguments, "--generate-config"]))
        for keys in (arguments, [*arguments, "--generate-keys"]):
            self.assertEqual([there + ".none", there], config_paths(keys))

    def test_usage(self) -> None:
        """
        Without a module it says how it is called.
        """
        for arguments in ([], ["-c", "homeserver.yaml"]):
            self.assertEqual(2, main(arguments))

    def test_starts(self) -> None:
        """
        It installs the handler and runs the module under its own name and with
        its own arguments.
        """
        modules = synapse_modules(LogContexts())
        modules.start()
        self.addCleanup(modules.stop)
        self.addCleanup(setattr, sys, "argv", sys.argv)
        installed: List[Any] = []
        path = os.path.abspath(self.mktemp())
        with open(path, "w", encoding="utf-8") as stream:
            stream.write("synauth: {hash_queue: 3}")
        main(
            ["tests.dropin.started", "-c", path],
            lambda homeserver, settings: installed.append(settings),
        )
        self.assertEqual([DropInSettings(hash_queue=3)], installed)
        from tests.dropin import seen

        self.assertEqual([["-c", path]], seen.ARGUMENTS)

    def test_unknown_host(self) -> None:
        """
        A host that is not known is not started.
        """
        modules = synapse_modules(LogContexts(), "1.4.0")
        modules.start()
        self.addCleanup(modules.stop)
        self.assertEqual(1, main(["tests.dropin.started"]))


class SettingsTests(SynchronousTestCase):
    """
    The C{synauth:} section.
    """

    def test_nothing(self) -> None:
        """
        There need be none.
        """
        self.assertEqual(DropInSettings(), settings_of(None))
        self.assertEqual(DropInSettings(), settings_of({}))
        self.assertEqual(DropInSettings(), settings_in_files([]))

    def test_read(self) -> None:
        """
        Everything that is known is read.
        """
        section = {
            "hash_threads": 2,
            "hash_queue": 0,
            "max_sessions": 10,
            "max_session_bytes": 100,
            "module_timeout": 2,
            "canonical_ids": False,
            "failing_providers": "raise",
        }
        self.assertEqual(
            DropInSettings((), 2, 0, 10, 100, 2.0, False, "raise"), settings_of(section)
        )

    def test_modules(self) -> None:
        """
        A module is loaded, through the adapter.
        """
        ((factory, config),) = settings_of({"modules": [MODULE]}).modules
        self.assertIs(CallbackModuleProvider, factory)
        self.assertEqual(MODULE["module"], config.name)

    def test_mistakes(self) -> None:
        """
        A mistake is told with its key, what was found and what is expected.
        """
        for section, words in (
            (5, "synauth: found 5, expected keys and values"),
            ({"x": 1}, "synauth.x: there is no such key; expected one of canonical"),
            ({"hash_threads": 0}, "synauth.hash_threads: found 0, expected a number"),
            ({"hash_queue": True}, "synauth.hash_queue: found True, expected a number"),
            ({"module_timeout": 0}, "synauth.module_timeout: found 0, expected"),
            ({"canonical_ids": 1}, "synauth.canonical_ids: found 1, expected true or"),
            ({"failing_providers": []}, "synauth.failing_providers: found [], exp"),
            ({"modules": {}}, "synauth.modules: found {}, expected a list of modules"),
            ({"modules": [{"module": "no.Such"}]}, "config.module: no.Such"),
        ):
            with self.assertRaises(ConfigError) as raised:
                settings_of(section)
            self.assertIn(words, str(raised.exception))

    def test_files(self) -> None:
        """
        A later file replaces the section of an earlier one; of a directory all
        files that end in .yaml count, by name; a file that can't be read is told.
        """
        folder = os.path.abspath(self.mktemp())
        os.makedirs(os.path.join(folder, "e.yaml"))
        for name, text in (
            ("a.yaml", "synauth: {hash_queue: 1, max_sessions: 9}"),
            ("b.yaml", "synauth: {hash_queue: 2}"),
            ("c.yaml", "server_name: example.org"),
            ("d.txt", "synauth: {hash_queue: 4}"),
            ("bad", "{"),
        ):
            with open(os.path.join(folder, name), "w", encoding="utf-8") as stream:
                stream.write(text)
        self.assertEqual(DropInSettings(hash_queue=2), settings_in_files([folder]))
        for name in ("bad", "none"):
            path = os.path.join(folder, name)
            with self.assertRaises(ConfigError) as raised:
                settings_in_files([path])
            self.assertIn(path, str(raised.exception))
