"""
Tests for L{synauth.web.query}.
"""

from typing import Any, Dict

from twisted.trial.unittest import SynchronousTestCase

from synauth.web.query import MAX_ARGS, query_arg, query_args
from synauth.web.request import SynauthRequest
from synauth.web.routes import Route
from tests.web.client import Answer, ask, site_of


def tell(request: SynauthRequest) -> Dict[str, Any]:
    """
    An endpoint that tells what it finds under C{a}.
    """
    return {"first": query_arg(request, "a"), "all": query_args(request, "a")}


def get(query: str) -> Answer:
    """
    @return: what the endpoint answers.
    """
    return ask(site_of(Route("GET", ("",), "/", tell)), "GET", "/" + query)


class QueryTests(SynchronousTestCase):
    """
    The query is read from the URI.
    """

    def test_values(self) -> None:
        """
        Values are decoded, in order; an empty one is one.
        """
        for query, expected in [
            ("", []),
            ("?", []),
            ("?b=1", []),
            ("?a=1", ["1"]),
            ("?a=1&b=2&a=3", ["1", "3"]),
            ("?a", [""]),
            ("?a=", [""]),
            ("?&&a=1&", ["1"]),
            ("?a=x+y%20z%2B%26", ["x y z+&"]),
            ("?%61=%C3%A9", ["\u00e9"]),
            ("?a=1=2?3", ["1=2?3"]),
            ("?a=1;b=2", ["1;b=2"]),
            ("?a=%zz%", ["%zz%"]),
            ("?a=%00", ["\x00"]),
        ]:
            answer = get(query)
            first = expected[0] if expected else None
            self.assertEqual(answer.code, 200)
            self.assertEqual(answer.json, {"first": first, "all": expected})

    def test_not_utf8(self) -> None:
        """
        A value that is not UTF-8 is refused where it is looked at, and only
        there.
        """
        answer = get("?a=%FF")
        self.assertEqual(answer.code, 400)
        self.assertEqual(
            answer.json,
            {
                "errcode": "M_INVALID_PARAM",
                "error": "Query parameter 'a' is not valid UTF-8",
            },
        )
        self.assertEqual(get("?b=%FF&%FF=1&a=1").json["all"], ["1"])

    def test_too_many(self) -> None:
        """
        A query of a few thousand arguments is not looked through.
        """
        self.assertEqual(len(get("?" + "&".join(["a=1"] * MAX_ARGS)).json["all"]), 100)
        answer = get("?" + "&".join(["a=1"] * (MAX_ARGS + 1)))
        self.assertEqual(answer.code, 400)
        self.assertEqual(
            answer.json,
            {"errcode": "M_INVALID_PARAM", "error": "Too many query parameters"},
        )

    def test_body(self) -> None:
        """
        A form in the body is not the query.
        """
        site = site_of(Route("POST", ("",), "/", tell))
        answer = ask(
            site,
            "POST",
            "/",
            b"a=1",
            (("Content-Type", "application/x-www-form-urlencoded"),),
        )
        self.assertEqual(answer.json, {"first": None, "all": []})
