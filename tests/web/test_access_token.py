"""
Tests for L{synauth.web.access_token}.
"""

from typing import Any, Dict, Tuple

from twisted.trial.unittest import SynchronousTestCase

from synauth.web.access_token import access_token, optional_access_token
from synauth.web.request import SynauthRequest
from synauth.web.routes import Route
from tests.web.client import Answer, ask, site_of


def needed(request: SynauthRequest) -> Dict[str, Any]:
    """
    An endpoint that needs a token.
    """
    return {"token": access_token(request)}


def welcome(request: SynauthRequest) -> Dict[str, Any]:
    """
    An endpoint that wants to know whether there is a token.
    """
    return {"token": optional_access_token(request)}


class AccessTokenTests(SynchronousTestCase):
    """
    A token comes in the header or in the query.
    """

    site = site_of(
        Route("GET", ("",), "/needed", needed),
        Route("GET", ("",), "/welcome", welcome),
    )

    def ask(self, path: str, *headers: str) -> Answer:
        """
        @return: the answer to a request with these C{Authorization} headers.
        """
        lines: Tuple[Tuple[str, str], ...] = tuple(
            ("Authorization", value) for value in headers
        )
        return ask(self.site, "GET", path, headers=lines)

    def assertRefused(self, answer: Answer, error: str) -> None:
        """
        Assert that C{answer} says that there is no token.
        """
        self.assertEqual(answer.code, 401)
        self.assertEqual(answer.json, {"errcode": "M_MISSING_TOKEN", "error": error})

    def test_header(self) -> None:
        """
        The scheme is C{Bearer}, in any case.
        """
        for header in ("Bearer s3same", "bearer s3same", "BEARER s3same"):
            for path in ("/needed", "/welcome", "/needed?b=1"):
                self.assertEqual(self.ask(path, header).json, {"token": "s3same"})

    def test_query(self) -> None:
        """
        The query's is decoded.
        """
        for path in ("/needed", "/welcome"):
            answer = self.ask(path + "?a=b&access_token=s3same%2B%3D")
            self.assertEqual(answer.json, {"token": "s3same+="})

    def test_none(self) -> None:
        """
        Without one, an endpoint that needs it refuses.
        """
        for query in ("", "?", "?a=b", "?access_token=", "?access_token"):
            self.assertRefused(self.ask("/needed" + query), "Missing access token")
            self.assertEqual(self.ask("/welcome" + query).json, {"token": None})

    def test_several(self) -> None:
        """
        It is not guessed which one is meant.
        """
        for path in ("/needed", "/welcome"):
            for answer in (
                self.ask(path + "?access_token=a", "Bearer a"),
                self.ask(path, "Bearer a", "Bearer a"),
                self.ask(path + "?access_token=a&access_token=a"),
                self.ask(path + "?access_token=", "Bearer a"),
            ):
                self.assertRefused(answer, "More than one access token")

    def test_malformed(self) -> None:
        """
        A header of another shape is no token.
        """
        for header in (
            "",
            "Bearer",
            "Bearer ",
            "Bearer  s3same",
            "Bearer s3same more",
            "Bearer\ts3same",
            "s3same",
            "Basic s3same",
            "Bearer s\u00e9same",
        ):
            for path in ("/needed", "/welcome"):
                self.assertRefused(
                    self.ask(path, header), "Invalid Authorization header"
                )

    def test_query_not_utf8(self) -> None:
        """
        A token that is no text is refused.
        """
        answer = self.ask("/needed?access_token=%FF")
        self.assertEqual(
            (answer.code, answer.json["errcode"]), (400, "M_INVALID_PARAM")
        )
