"""
Tests for L{tests.specification}.
"""

import os
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tests.specification import Draft202012Validator, Specification
from tests.web.client import Connection
from tests.web.server import Server

CLIENT = "/_matrix/client/"

ERROR = """
type: object
properties:
  errcode: {type: string}
required: [errcode]
"""

THINGS = """
paths:
  /things/{id}:
    get:
      responses:
        "200":
          content:
            application/json:
              schema:
                allOf:
                  - $ref: definitions/thing.yaml
                  - {type: object, properties: {big: {type: boolean}}}
                examples: {x: {$ref: nowhere.yaml}}
        "401":
          content:
            application/json:
              schema: {$ref: "#/components/challenge"}
        "429": {description: Too many.}
  /things/all:
    get:
      responses:
        "200": {description: Nothing.}
components:
  challenge: {type: object, required: [flows]}
servers:
  - variables: {basePath: {default: /_matrix/client/v3}}
"""

THING = """
type: object
required: [name]
properties:
  name: {type: string}
  example: {type: integer}
"""


class SpecificationTests(SynchronousTestCase):
    """
    Answers are held against schemas.
    """

    def setUp(self) -> None:
        """
        Write a small specification.
        """
        if Draft202012Validator is None:
            self.skipTest("jsonschema is not installed")
        folder = self.mktemp()
        os.makedirs(os.path.join(folder, "definitions", "errors"))
        for name, text in (
            ("things.yaml", THINGS),
            ("definitions/thing.yaml", THING),
            ("definitions/errors/error.yaml", ERROR),
        ):
            with open(os.path.join(folder, name), "w", encoding="ascii") as stream:
                stream.write(text)
        self.specification = Specification(folder)

    def refused(self, *args: Any) -> str:
        """
        @return: why an answer does not conform.
        """
        return str(self.assertRaises(AssertionError, self.specification.check, *args))

    def test_good(self) -> None:
        """
        What conforms is counted, under every version of the API.
        """
        for version in ("r0", "v1", "v3", "unstable", "api/v1"):
            path = CLIENT + version + "/things/1?a=b"
            self.specification.check("GET", path, 200, {"name": "x", "big": True})
        self.assertEqual(
            self.specification.summary(),
            "checked 5 responses against the specification",
        )

    def test_bad(self) -> None:
        """
        What does not is refused, with the reason.
        """
        path = CLIENT + "v3/things/1"
        for body, word in (
            ({}, "name"),
            ({"name": 1}, "string"),
            ({"name": "x", "big": 1}, "boolean"),
            ([], "object"),
            (None, "object"),
        ):
            self.assertIn(word, self.refused("GET", path, 200, body))

    def test_errors(self) -> None:
        """
        An error for which there is no schema is a standard one; a 401 may be
        that, or what is written.
        """
        check = self.specification.check
        path = CLIENT + "v3/things/1"
        for status in (401, 403, 429, 500):
            check("GET", path, status, {"errcode": "M_UNKNOWN"})
        check("GET", path, 401, {"flows": []})
        check("POST", "/_synapse/admin/v1/x", 404, {"errcode": "M_NOT_FOUND"})
        self.assertEqual(self.specification.checked, 6)
        for status in (401, 403, 429):
            self.refused("GET", path, status, {"error": "x"})
        self.refused("POST", "/_synapse/admin/v1/x", 404, {"flows": []})

    def test_status(self) -> None:
        """
        A success that the endpoint does not have is refused.
        """
        self.assertIn("202", self.refused("GET", CLIENT + "v3/things/1", 202, {}))

    def test_nothing_to_check(self) -> None:
        """
        Nothing is said of other endpoints' successes, of answers without a
        schema and of what is no answer to a client.
        """
        check = self.specification.check
        check("GET", CLIENT + "v3/others", 200, {})
        check("PUT", CLIENT + "v3/things/1", 200, {})
        check("GET", CLIENT + "v3/things/all", 200, {})
        check("HEAD", CLIENT + "v3/things/1", 200, None)
        check("GET", "/_synapse/client/module", 400, "no")
        self.assertEqual(self.specification.checked, 0)

    def test_nulls(self) -> None:
        """
        In a device null stands for what is not known; nowhere else does it.
        """
        folder = self.specification._directory or ""
        with open(os.path.join(folder, "more.yaml"), "w", encoding="ascii") as stream:
            stream.write(THINGS.replace("/things/", "/devices/"))
        specification = Specification(folder)
        body = {"name": "x", "big": None}
        specification.check("GET", CLIENT + "v3/devices/1", 200, body)
        self.refused("GET", CLIENT + "v3/things/1", 200, body)

    def test_nowhere(self) -> None:
        """
        Without a specification nothing is checked, and that is said; where
        there should be one, there has to be.
        """
        specification = Specification(None)
        specification.check("GET", CLIENT + "v3/login", 200, None)
        self.assertEqual(
            specification.summary(),
            "checked no response against the specification:"
            " SYNAUTH_MATRIX_SPEC is not set",
        )
        self.assertRaises(ValueError, Specification, self.mktemp())

    def test_connection(self) -> None:
        """
        The answers that a test sees are checked, each once and each against its
        own request.
        """
        seen = []

        class Noting:
            def check(self, *args: Any) -> None:
                seen.append(args[:3])

        server = Server()
        connection = Connection(server.site, specification=Noting())
        connection.request("GET", CLIENT + "versions")
        connection.answers()
        connection.request("GET", "/nowhere")
        connection.answers()
        connection.answers()
        self.assertEqual(
            seen, [("GET", CLIENT + "versions", 200), ("GET", "/nowhere", 404)]
        )

    def test_wrong_answer(self) -> None:
        """
        A server that answers something wrong fails its test.
        """
        with open(
            os.path.join(self.mktemp_directory(), "login.yaml"), "w", encoding="ascii"
        ) as stream:
            stream.write(THINGS.replace("/things/all", "/login"))
            folder = os.path.dirname(stream.name)
        os.makedirs(os.path.join(folder, "definitions", "errors"))
        for name, text in (("thing.yaml", THING), ("errors/error.yaml", ERROR)):
            with open(
                os.path.join(folder, "definitions", name), "w", encoding="ascii"
            ) as stream:
                stream.write(text.replace("errcode", "code"))
        connection = Connection(Server().site, specification=Specification(folder))
        connection.request("GET", CLIENT + "v3/account/whoami")
        self.assertRaises(AssertionError, connection.answers)

    def mktemp_directory(self) -> str:
        """
        @return: a new directory.
        """
        path: str = self.mktemp()
        os.makedirs(path)
        return path
