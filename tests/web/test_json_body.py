"""
Tests for L{synauth.web.json_body}.
"""

import json
from io import BytesIO
from typing import Any, Dict

from hypothesis import example
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from synauth.constants import Codes
from synauth.errors import MatrixError
from synauth.foreign_json import MAX_DEPTH
from synauth.web.json_body import (
    optional,
    parse_json,
    parse_json_object,
    required,
)
from synauth.web.request import SynauthRequest
from synauth.web.routes import Route
from tests.properties import given, settings
from tests.web.client import Answer, ask, site_of


def post(body: bytes, **options: Any) -> Answer:
    """
    @return: what an endpoint answers to C{body} that tells what it parsed.
    """

    def echo(request: SynauthRequest) -> Dict[str, Any]:
        return {"parsed": parse_json_object(request, **options)}

    return ask(site_of(Route("POST", ("",), "/", echo)), "POST", "/", body)


class _Request:
    """
    As much of a request as the parser looks at.
    """

    def __init__(self, body: bytes) -> None:
        self.content = BytesIO(body)


class ParseTests(SynchronousTestCase):
    """
    L{parse_json_object} takes an object, and nothing that is odd.
    """

    def assertParsed(self, body: bytes, expected: Dict[str, Any]) -> None:
        """
        Assert that C{body} is taken for C{expected}.
        """
        answer = post(body)
        self.assertEqual((answer.code, answer.json), (200, {"parsed": expected}))

    def assertRefused(self, body: bytes, errcode: str) -> None:
        """
        Assert that C{body} is a 400 with this code.
        """
        answer = post(body)
        self.assertEqual((answer.code, answer.json["errcode"]), (400, errcode))
        self.assertEqual(set(answer.json), {"errcode", "error"})
        self.assertIsInstance(answer.json["error"], str)

    def test_objects(self) -> None:
        """
        What is good is taken.
        """
        for body in [
            b"{}",
            b' \r\n\t{"a": [1, -2, 3.5, 1e3, true, false, null, "x", {}]} ',
            b'{"\\u00e9\\ud83d\\ude00": "\xc3\xa9\xf0\x9f\x98\x80\\u0000\x7f"}',
            b'{"a": {"a": 1}, "b": [{"a": 1}, {"a": 2}]}',
            b'{"a": 9223372036854775807, "b": -9223372036854775808}',
            b'{"": "\\\\ud800"}',
        ]:
            self.assertParsed(body, json.loads(body.decode("utf-8")))

    def test_not_json(self) -> None:
        """
        What no parser takes is not JSON.
        """
        for body in [
            b"",
            b" ",
            b"{",
            b"{]",
            b'{"a": 1,}',
            b"{'a': 1}",
            b"{a: 1}",
            b"{} {}",
            b"user=a&password=b",
            b'{"a": 01}',
            b'{"a": +1}',
            b'{"a": .5}',
            b'{"a": "\n"}',
            b'{"a": "\x00"}',
            b'{"a": "\\x"}',
            b'{"a": "\\u12"}',
            b"\x00",
            b"[" * 50,
        ]:
            self.assertRefused(body, "M_NOT_JSON")

    def test_encodings(self) -> None:
        """
        Only UTF-8 is read, and without a byte order mark.
        """
        for body in [
            b'{"a": "\xff"}',
            b'{"a": "\xed\xa0\x80"}',
            b'{"a": "\xc0\x80"}',
            b'\xef\xbb\xbf{"a": 1}',
            '{"a": 1}'.encode("utf-16"),
            '{"a": 1}'.encode("utf-16-le"),
            '{"a": 1}'.encode("utf-32"),
        ]:
            self.assertRefused(body, "M_NOT_JSON")

    def test_constants(self) -> None:
        """
        Python's words for numbers that are none are not JSON.
        """
        for word in (b"NaN", b"Infinity", b"-Infinity"):
            self.assertRefused(b'{"a": %b}' % word, "M_NOT_JSON")
            self.assertRefused(word, "M_NOT_JSON")

    def test_not_an_object(self) -> None:
        """
        Other JSON is not what was asked for.
        """
        for body in (b"[]", b"[{}]", b'"a"', b"1", b"1.5", b"null", b"true"):
            self.assertRefused(body, "M_BAD_JSON")

    def test_duplicate_keys(self) -> None:
        """
        A key may stand only once in an object, however it is written.
        """
        for body in [
            b'{"user": "a", "user": "b"}',
            b'{"user": "a", "\\u0075ser": "a"}',
            b'{"auth": [{"type": "a", "x": {}, "type": "a"}]}',
        ]:
            self.assertRefused(body, "M_BAD_JSON")

    def test_large_numbers(self) -> None:
        """
        Numbers that the database or JSON itself could not hold are refused,
        and quickly.
        """
        for number in [
            b"9223372036854775808",
            b"-9223372036854775809",
            b"9" * 5000,
            b"-" + b"9" * 65000,
            b"1e999",
            b"-1e999",
            b"9" * 5000 + b".5",
        ]:
            self.assertRefused(b'{"a": %b}' % number, "M_BAD_JSON")

    def test_depth(self) -> None:
        """
        There is a limit to nesting, far below where Python would give up.
        """
        for opening, closing in ((b"[", b"]"), (b'{"a":', b"}")):
            for depth in (MAX_DEPTH, MAX_DEPTH - 1):
                body = b"%b1%b" % (opening * depth, closing * depth)
                self.assertEqual(parse_json(body), json.loads(body.decode("ascii")))
                body = b"[[],%b]" % (
                    opening * (depth - 1) + b"1" + closing * (depth - 1)
                )
                self.assertEqual(parse_json(body), json.loads(body.decode("ascii")))
            for depth in (MAX_DEPTH, 500, 5000, 10000):
                body = b'{"a":%b1%b}' % (opening * depth, closing * depth)
                self.assertRefused(body, "M_BAD_JSON")

    def test_wide(self) -> None:
        """
        Many brackets side by side are no depth.
        """
        answer = post(b'{"a": [%b1]}' % (b"{}," * 10000))
        self.assertEqual(answer.code, 200)
        self.assertEqual(len(answer.json["parsed"]["a"]), 10001)

    def test_lone_surrogates(self) -> None:
        """
        Text that has no UTF-8 form is refused, in keys too, at any depth.
        """
        for body in [
            b'{"a": "\\ud800"}',
            b'{"a": "\\uDFFF"}',
            b'{"\\ud800": 1}',
            b'{"a": [{"b": ["\\ude00\\ud83d"]}]}',
            b'{"a": "\\ud83dx\\ude00"}',
        ]:
            self.assertRefused(body, "M_BAD_JSON")

    def test_allow_empty(self) -> None:
        """
        Where that is allowed, nothing at all counts as an empty object; other
        nonsense does not.
        """
        self.assertEqual(post(b"", allow_empty=True).json, {"parsed": {}})
        for body in (b" ", b"null"):
            self.assertEqual(post(body, allow_empty=True).code, 400)

    def test_again(self) -> None:
        """
        A body can be parsed more than once.
        """
        request: Any = _Request(b'{"a": 1}')
        self.assertEqual(parse_json_object(request), {"a": 1})
        self.assertEqual(parse_json_object(request), {"a": 1})


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(blacklist_categories=())),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=4), inner, max_size=4)
    ),
    max_leaves=20,
)


PIECES = '{ } [ ] , : "a" "a":1 1 -0 1e5 1e999 NaN null "\\ud800" \\ \ufeff'.split(" ")


class FuzzTests(SynchronousTestCase):
    """
    Whatever comes: a sound object, or a refusal.
    """

    def check(self, body: bytes) -> None:
        """
        Assert that C{body} has one of the two.
        """
        request: Any = _Request(body)
        try:
            parsed = parse_json_object(request)
        except MatrixError as error:
            self.assertEqual(error.code, 400)
            self.assertIn(error.errcode, (Codes.NOT_JSON, Codes.BAD_JSON))
        else:
            self.assertIs(type(parsed), dict)
            again = json.dumps(parsed, allow_nan=False, ensure_ascii=False)
            self.assertEqual(json.loads(again.encode("utf-8").decode("utf-8")), parsed)

    @settings(max_examples=200)
    @given(st.binary(max_size=200))
    @example(b'{"a": ' + b"[" * 30000)
    @example(b'{"a": ' + b'{"a":' * 12000)
    def test_bytes(self, body: bytes) -> None:
        """
        Any bytes.
        """
        self.check(body)

    @settings(max_examples=200)
    @given(json_values, st.booleans())
    def test_json(self, value: Any, ascii_only: bool) -> None:
        """
        Anything that Python would call JSON.
        """
        text = json.dumps({"a": value}, ensure_ascii=ascii_only)
        self.check(text.encode("utf-8", "surrogatepass"))

    @settings(max_examples=200)
    @given(
        st.lists(
            st.sampled_from(PIECES),
            max_size=30,
        )
    )
    def test_pieces(self, pieces: Any) -> None:
        """
        Pieces of JSON in any order.
        """
        self.check("".join(pieces).encode("utf-8"))


class GetterTests(SynchronousTestCase):
    """
    L{required} and L{optional} take a parameter only as what it should be.
    """

    body = {
        "text": "a",
        "number": 1,
        "flag": True,
        "object": {},
        "array": [],
        "null": None,
        "float": 1.5,
    }
    types = {"text": str, "number": int, "flag": bool, "object": dict, "array": list}

    def assertInvalid(self, getter: Any, key: str, type_: Any, words: str) -> None:
        """
        Assert that C{key} is refused as C{type_}.
        """
        error = self.assertRaises(MatrixError, getter, self.body, key, type_)
        self.assertEqual((error.code, error.errcode), (400, Codes.INVALID_PARAM))
        self.assertEqual(error.msg, "Parameter '%s' must be %s" % (key, words))

    def test_right_type(self) -> None:
        """
        A parameter of the right type is given as it is.
        """
        for key, type_ in self.types.items():
            for getter in (required, optional):
                self.assertIs(getter(self.body, key, type_), self.body[key])

    def test_wrong_type(self) -> None:
        """
        One of any other type is refused; C{true} is no number, C{1} no flag.
        """
        words = {
            str: "a string",
            int: "an integer",
            bool: "true or false",
            dict: "an object",
            list: "an array",
        }
        for key in self.body:
            for type_ in words:
                if key == "null" or self.types.get(key) is type_:
                    continue
                for getter in (required, optional):
                    self.assertInvalid(getter, key, type_, words[type_])

    def test_missing(self) -> None:
        """
        A parameter that has to be there and is not is named.
        """
        error = self.assertRaises(MatrixError, required, self.body, "password", str)
        self.assertEqual((error.code, error.errcode), (400, Codes.MISSING_PARAM))
        self.assertEqual(error.msg, "Missing parameter 'password'")

    def test_default(self) -> None:
        """
        A parameter that need not be there has a default, which stands for
        C{null} too.
        """
        for key in ("password", "null"):
            self.assertIsNone(optional(self.body, key, str))
            self.assertEqual(optional(self.body, key, str, "x"), "x")
            self.assertIs(optional(self.body, key, bool, False), False)
        self.assertIs(optional({"a": False}, "a", bool, True), False)

    def test_null_required(self) -> None:
        """
        C{null} is not what was required.
        """
        self.assertInvalid(required, "null", str, "a string")
