"""
Tests for L{synauth.homeserver.config.yamlfile}.
"""

import os

import yaml

from synauth.errors import ConfigError
from synauth.homeserver.config import yamlfile
from synauth.homeserver.config.yamlfile import (
    MAX_FILE_BYTES,
    Node,
    Place,
    read_yaml,
)
from tests.homeserver.config.files import ConfigFiles


class ReadTests(ConfigFiles):
    """
    What is in a file, and where.
    """

    def test_plain(self) -> None:
        """Without its places, a node is what YAML says."""
        node = read_yaml(self.write("a: 1\nb: [x, {c: null}]\n8: yes\n"))
        self.assertEqual(node.plain(), {"a": 1, "b": ["x", {"c": None}], 8: True})

    def test_lines(self) -> None:
        """A value under a key has the line of the key, an item its own."""
        path = self.write("a:\n\n  b: 1\nc:\n  - x\n  - y\n")
        top = read_yaml(path).value
        self.assertEqual(top["a"].place, Place(path, 1))
        self.assertEqual(top["a"].value["b"].place, Place(path, 3))
        self.assertEqual(
            [str(item.place) for item in top["c"].value], [path + ":5", path + ":6"]
        )

    def test_empty(self) -> None:
        """Nothing, and nothing but comments and marks, is an empty mapping."""
        for content in ("", "# nothing\n", "---\n", "null\n", "\ufeff"):
            self.assertEqual(read_yaml(self.write(content)).plain(), {})

    def test_of(self) -> None:
        """A node of plain values gives them back, from the place it was told."""
        value = {"a": [1, {"b": None}]}
        node = Node.of(value, Place("here"))
        self.assertEqual(node.plain(), value)
        self.assertEqual(str(node.value["a"].value[1].place), "here")

    def test_aliases(self) -> None:
        """Aliases and merged mappings are followed; what is written wins."""
        node = read_yaml(
            self.write(
                "one: &one {a: 1, b: 2}\n"
                "two: {<<: *one, b: 3}\n"
                "three: {<<: [{a: 4}, *one], c: *one}\n"
            )
        )
        self.assertEqual(node.plain()["two"], {"a": 1, "b": 3})
        self.assertEqual(node.plain()["three"], {"a": 4, "b": 2, "c": {"a": 1, "b": 2}})


class MistakeTests(ConfigFiles):
    """
    What is wrong with a file, and where.
    """

    def test_unreadable(self) -> None:
        """A file that is not there, or is a directory, is named with why."""
        os.mkdir("folder")
        for path, reason in (
            ("missing.yaml", "No such file or directory"),
            ("folder", "Is a directory"),
        ):
            error = self.assertRaises(ConfigError, read_yaml, path)
            self.assertEqual(str(error), "%s: cannot be read: %s" % (path, reason))

    def test_nul_in_path(self) -> None:
        """A path that can't be one is no traceback either."""
        error = self.assertRaises(ConfigError, read_yaml, "a\0b")
        self.assertIn("cannot be read", str(error))

    def test_broken(self) -> None:
        """Broken YAML is told with the line where it breaks."""
        for content, line in (
            ("a: 1\nb: [1, 2\nc: 3\n", 3),
            ("a: 1\n b: 2\n", 2),
            ("a: 'x\n", 2),
            ("a: %x\n", 1),
            ("a: *nobody\n", 1),
            ("a: 1\n---\nb: 2\n", 2),
        ):
            mistakes = self.mistakes(content)
            self.assertEqual(len(mistakes), 1, mistakes)
            expected = "FILE:%d: not valid YAML: " % (line,)
            self.assertTrue(mistakes[0].startswith(expected), mistakes)

    def test_forbidden_character(self) -> None:
        """A control character is told with its line, also behind an umlaut."""
        for content in ("a: \u00e4\nb: \0\n", "a: \u00e4\u00e4\u00e4\nb: \x07\n"):
            self.assertEqual(
                self.mistakes(content),
                ["FILE:2: not valid YAML: a forbidden character"],
            )

    def test_not_utf8(self) -> None:
        """Bytes that are no UTF-8 are told with their line."""
        self.assertEqual(
            self.mistakes(b"a: 1\nb: \xff\xfe\n"), ["FILE:2: not UTF-8 text"]
        )

    def test_top_level(self) -> None:
        """A list or a word at top level is not a configuration."""
        for content in ("- server_name: x\n", "server_name\n"):
            self.assertEqual(
                self.mistakes(content),
                ["FILE:1: expected keys and values at top level"],
            )

    def test_duplicate_keys(self) -> None:
        """A key that stands twice is a mistake at any depth, all at once."""
        self.assertEqual(
            self.mistakes("a: 1\nb: {c: 1, c: 2}\na: 2\n"),
            ["FILE:2: c: a second time", "FILE:3: a: a second time"],
        )

    def test_odd_key(self) -> None:
        """A list or a mapping can't be a key."""
        self.assertEqual(
            self.mistakes("? [a, b]\n: 1\n"), ["FILE:1: a key that is not one word"]
        )

    def test_values_without_sense(self) -> None:
        """A date that is none, or a tag that nobody knows, is told with its line."""
        for value in ("2024-02-31", "!secret hunter2", "!!int x", "="):
            self.assertEqual(
                self.mistakes("a: 1\nb: %s\n" % (value,)),
                ["FILE:2: a value that YAML cannot make sense of; put it in quotes"],
            )

    def test_merge_of_nothing(self) -> None:
        """Only a mapping can be merged into one."""
        for value in ("1", "[1, 2]"):
            self.assertEqual(
                self.mistakes("a:\n  <<: %s\n" % (value,)),
                ["FILE:2: <<: expected a mapping"],
            )

    def test_too_large(self) -> None:
        """A file that is far too large is not even parsed."""
        mistakes = self.mistakes("#" * (MAX_FILE_BYTES + 1))
        self.assertEqual(
            mistakes,
            ["FILE: larger than 1048576 bytes, which no configuration is"],
        )

    def test_bomb(self) -> None:
        """A short file whose aliases make it enormous is refused at once."""
        lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
        for i in range(1, 12):
            aliases = ", ".join(["*a%d" % (i - 1,)] * 10)
            lines.append("a%d: &a%d [%s]" % (i, i, aliases))
        mistakes = self.mistakes("\n".join(lines))
        self.assertEqual(len(mistakes), 1)
        self.assertIn("more than 100000 values", mistakes[0])

    def test_bomb_of_merges(self) -> None:
        """The same with merged mappings."""
        lines = ["a0: &a0 {x: 1}"]
        for i in range(1, 12):
            aliases = ", ".join(["*a%d" % (i - 1,)] * 10)
            lines.append("a%d: &a%d {<<: [%s]}" % (i, i, aliases))
        mistakes = self.mistakes("\n".join(lines))
        self.assertIn("more than 100000 values", mistakes[0])

    def test_endless(self) -> None:
        """An alias to what it stands in is refused."""
        for content in ("a: &a [*a]\n", "a: &a {b: *a}\n"):
            self.assertEqual(
                self.mistakes(content), ["FILE:1: more than 100 levels deep"]
            )

    def test_deep(self) -> None:
        """Nesting that would overrun the composer's stack is refused before."""
        for content in ("a: " + "[" * 200000, "a: " + "{b: " * 100000):
            (mistake,) = self.mistakes(content)
            # PyYAML has a limit of its own since 6.0.4.
            self.assertRegex(
                mistake,
                "^FILE:1: (more than 100 levels deep"
                "|not valid YAML: exceeded maximum nesting depth)$",
            )

    def test_secrets_in_broken_yaml(self) -> None:
        """What a broken line holds is not repeated: it may be a secret."""
        for loader in (yamlfile._Loader, yaml.SafeLoader):
            self.patch(yamlfile, "_Loader", loader)
            for value in ("*hunter2", "!h!hunter2 x", "&a *hunter2", "'hunter2"):
                mistakes = self.mistakes("password_config:\n  pepper: %s\n" % (value,))
                self.assertEqual(len(mistakes), 1)
                self.assertTrue(mistakes[0].startswith("FILE:"), mistakes)
                self.assertNotIn("hunter2", mistakes[0])
