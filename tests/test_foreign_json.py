"""
Tests for L{synauth.foreign_json}.
"""

import json
import subprocess
import sys
import time
from typing import Any

from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from synauth.foreign_json import MAX_DEPTH, is_too_deep, parse_foreign_json
from tests.functional.daemon import environment
from tests.properties import given

# A finalizer that needs some stack, run by a garbage collection at each depth
# that a parser may be at when it has next to none left.
_FINALIZED_DEEP_DOWN = """
import gc
from synauth.foreign_json import parse_foreign_json

class Finalized:
    def __init__(self):
        self.me = self

    def __del__(self):
        (lambda: (lambda: (lambda: (lambda: 1)())())())()

gc.disable()
for objects in range(900, 1010):
    Finalized()
    gc.set_threshold(gc.get_count()[0] + objects)
    gc.enable()
    try:
        parse_foreign_json(b"[" * 5000)
    except ValueError:
        pass
    gc.disable()
    gc.collect()
print("alive")
"""


def tower(depth: int, opening: bytes = b"[", closing: bytes = b"]") -> bytes:
    """
    @return: that many arrays, each in the next one.
    """
    return opening * depth + closing * depth


def depth_of(value: Any) -> int:
    """
    @return: how many arrays and objects stand within each other.
    """
    if isinstance(value, dict):
        value = list(value.values())
    if not isinstance(value, list):
        return 0
    return 1 + max(map(depth_of, value), default=0)


class DepthTests(SynchronousTestCase):
    """
    L{is_too_deep} counts what a parser would.
    """

    def test_limit(self) -> None:
        """
        As deep as the limit is fine, one more is not, whether it ever ends or not.
        """
        self.assertFalse(is_too_deep(tower(MAX_DEPTH)))
        self.assertTrue(is_too_deep(tower(MAX_DEPTH + 1)))
        self.assertTrue(is_too_deep(tower(MAX_DEPTH + 1, b'{"a":', b"}")))
        self.assertTrue(is_too_deep(b'[{"a":' * MAX_DEPTH))

    def test_wide(self) -> None:
        """
        What stands side by side is not deep.
        """
        self.assertFalse(is_too_deep(b"[" + b"[{}]," * 1000 + b"1]"))

    def test_strings(self) -> None:
        """
        Brackets in strings are text, whatever is escaped in those.
        """
        many = b"[" * (MAX_DEPTH + 1)
        for text in (many, b'\\"' + many, b"\\\\" + b"\\u005b" + many, b"\n" + many):
            self.assertFalse(is_too_deep(b'["' + text + b'"]'), text)
            self.assertFalse(is_too_deep(b'["' + text), text)
        self.assertTrue(is_too_deep(b'["\\\\"' + many))

    @given(
        st.recursive(
            st.one_of(st.none(), st.text('[]{}"\\a')),
            lambda inner: st.one_of(
                st.lists(inner), st.dictionaries(st.text('[]{}"\\'), inner)
            ),
        )
    )
    def test_any(self, value: Any) -> None:
        """
        Within a tower that just fits, any value is too deep if it is one at all.
        """
        text = tower(MAX_DEPTH - 1).replace(b"[]", b"[%s]", 1)
        text %= json.dumps(value).encode("ascii")
        self.assertEqual(is_too_deep(text), depth_of(value) > 1)

    def test_time(self) -> None:
        """
        It takes no longer than in proportion, whatever the text is.
        """
        brackets = b"[" * (MAX_DEPTH + 1)
        for hostile in (b'\\"', b'"\\', b'"', b"\\", b'"[', b"{}", b'"a"['):
            started = time.perf_counter()
            is_too_deep(hostile * 200000 + brackets)
            self.assertLess(time.perf_counter() - started, 2, hostile)


class ParseTests(SynchronousTestCase):
    """
    L{parse_foreign_json} parses, or says C{ValueError}.
    """

    def test_parsed(self) -> None:
        """
        JSON in UTF-8 is parsed.
        """
        self.assertEqual(
            parse_foreign_json('{"a": ["\u00e9", 1]}'.encode("utf-8")),
            {"a": ["\u00e9", 1]},
        )

    def test_refused(self) -> None:
        """
        What is not, or is too deep, is a C{ValueError}.
        """
        for text in (b"", b"{", b"\xff", b'"\xc3"', b"[" * 5000, tower(5000)):
            self.assertRaises(ValueError, parse_foreign_json, text)

    def test_no_abort(self) -> None:
        """
        A process survives towers of brackets, wherever garbage is collected.
        """
        output = subprocess.run(
            [sys.executable, "-c", _FINALIZED_DEEP_DOWN],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=environment(),
            timeout=60,
        ).stdout
        self.assertEqual(output.decode("utf-8", "replace").strip(), "alive")
