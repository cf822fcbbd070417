"""
The rules that users agree to.
"""

import os
from typing import Any

from synauth.errors import ConfigError
from tests.web.client import Answer
from tests.web.documents import document
from tests.web.server import EndpointTestCase, Server

RULES = """<!DOCTYPE html><title>Rules {{ version }} of {{ server_name }}</title>
<style>p { color: red }</style><p>{{ public_version }}{{ has_consented }}</p>
{% if not public_version %}<form></form>{% endif %}"""


class ConsentTests(EndpointTestCase):
    """
    C{GET /_matrix/consent}.
    """

    def directory(self, **versions: str) -> str:
        """
        @return: a directory with these versions of the rules.
        """
        path = os.path.abspath(self.mktemp())
        os.makedirs(os.path.join(path, "en"))
        for version, rules in versions.items():
            name = os.path.join(path, "en", version.replace("_", ".") + ".html")
            with open(name, "w", encoding="utf-8") as stream:
                stream.write(rules)
        return path

    def serve(self, version: Any = "1.0", **versions: str) -> Server:
        """
        @return: a server with these rules.
        """
        directory = self.directory(**versions)
        consent = {"template_dir": directory, "version": version}
        return Server(user_consent=consent)

    def assert_none(self, answer: Answer) -> None:
        """
        A page says that there are no such rules.
        """
        self.assertEqual(answer.code, 404)
        self.assertEqual(document(answer).error, "There are no such rules")

    def test_versions(self) -> None:
        """
        Every version is there for everybody, old ones too; without a word it
        is the one in force.
        """
        server = self.serve("2.0", **{"1_0": RULES, "2_0": RULES})
        for query, version in (("?v=1.0", "1.0"), ("?v=2.0", "2.0"), ("", "2.0")):
            answer = server.get("/_matrix/consent" + query)
            page = document(answer)
            self.assertEqual(
                (answer.code, page.title), (200, "Rules %s of example.org" % version)
            )
            self.assertEqual(page.one("p").text, "TrueFalse")
            self.assertEqual(page.all("form"), [])

    def test_styles(self) -> None:
        """
        Rules keep their own styles; scripts in them are not obeyed.
        """
        answer = self.serve(**{"1_0": RULES}).get("/_matrix/consent?v=1.0")
        policy = answer.headers["content-security-policy"]
        self.assertIn("style-src 'unsafe-inline';", policy)
        self.assertRegex(policy, "script-src 'nonce-[^' ]+';")

    def test_like_ours(self) -> None:
        """
        Rules may look like the other pages.
        """
        rules = (
            '{% extends "base.html" %}{% block title %}Rules{% endblock %}'
            "{% block content %}<p>Be kind.</p>{% endblock %}"
        )
        page = document(self.serve(**{"1_0": rules}).get("/_matrix/consent"))
        self.assertEqual(
            (page.title, page.one("html").attributes["lang"]), ("Rules", "en")
        )
        self.assertIn("Be kind.", page.one("main").text)

    def test_unknown(self) -> None:
        """
        Nothing but a version leads anywhere.
        """
        server = self.serve(**{"1_0": RULES})
        for version in ("2.0", "../en/1.0", "..%2Fen%2F1.0", "1.0.html", "", "%00"):
            self.assert_none(server.get("/_matrix/consent?v=" + version))
        bad = server.get("/_matrix/consent?v=%ff")
        self.assertEqual(bad.code, 400)
        self.assertIn("not valid UTF-8", document(bad).error or "")

    def test_none(self) -> None:
        """
        A server need not have rules.
        """
        for query in ("", "?v=1.0"):
            self.assert_none(Server().get("/_matrix/consent" + query))

    def test_read_at_start(self) -> None:
        """
        What is wrong with the rules keeps the server from starting; later no
        file is read.
        """
        for version, rules, expected in (
            ("2.0", RULES, "user_consent.version: there is no 2.0.html in "),
            ("1.0", "{% if %}", "en/1.0.html: "),
        ):
            error = self.assertRaises(
                ConfigError, self.serve, version, **{"1_0": rules}
            )
            self.assertIn(expected, str(error))
        consent = {"template_dir": "/nowhere", "version": "1.0"}
        error = self.assertRaises(ConfigError, Server, user_consent=consent)
        self.assertIn("/nowhere", str(error))

        directory = self.directory(**{"1_0": RULES})
        server = Server(user_consent={"template_dir": directory, "version": "1.0"})
        os.remove(os.path.join(directory, "en", "1.0.html"))
        self.assertEqual(server.get("/_matrix/consent").code, 200)
