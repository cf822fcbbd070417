"""
Templates of mails and pages.
"""

import os

from twisted.trial.unittest import SynchronousTestCase

from synauth.errors import ConfigError
from synauth.homeserver.templates import OURS, Templates

PAYLOAD = "<script>alert(1)</script>"


class TemplatesTests(SynchronousTestCase):
    """
    L{Templates}, with an operator's own directory.
    """

    def directory(self, **files: str) -> str:
        """
        @return: a directory with these files, C{_} for the dot.
        """
        path = self.mktemp()
        os.makedirs(path)
        for name, text in files.items():
            with open(os.path.join(path, name.replace("_", ".")), "w") as stream:
                stream.write(text)
        return path

    def test_ours(self) -> None:
        """
        All of ours are templates.
        """
        templates = Templates()
        self.assertIn("body", templates.render("style.css"))

    def test_operators_own(self) -> None:
        """
        What the operator has goes before ours; what not is ours.
        """
        templates = Templates(self.directory(style_css="own {{ server_name }}"))
        self.assertEqual("own ", templates.render("style.css"))
        templates = Templates(self.directory(other_html="x"), server_name="here")
        self.assertIn("body", templates.render("style.css"))
        self.assertEqual("x", templates.render("other.html"))

    def test_no_directory(self) -> None:
        """
        A directory that is none is told: nobody is to wonder where the own pages
        are.
        """
        path = self.mktemp()
        error = self.assertRaises(ConfigError, Templates, path)
        self.assertEqual(
            str(error),
            "templates.custom_template_directory: %s is not a directory" % (path,),
        )

    def test_escaping(self) -> None:
        """
        Values are escaped in a page, and only there.
        """
        templates = Templates(self.directory(a_html="{{ it }}", a_txt="{{ it }}"))
        self.assertEqual(
            "&lt;script&gt;alert(1)&lt;/script&gt;",
            templates.render("a.html", it=PAYLOAD),
        )
        self.assertEqual(PAYLOAD, templates.render("a.txt", it=PAYLOAD))

    def test_nonces(self) -> None:
        """
        Scripts and styles that stand in an operator's template bear the nonce
        of the page, once; what comes with a value does not.
        """
        own = (
            "<style>p{}</style><script src='x' async></script><SCRIPT\n>y</SCRIPT>"
            "<script nonce='{{ nonce }}'></script><scripted>{{ it }}"
        )
        templates = Templates(self.directory(a_html=own, a_txt=own))
        self.assertEqual(
            templates.render("a.html", nonce="N", it="<script>"),
            '<style nonce="N">p{}</style><script nonce="N" src=\'x\' async></script>'
            "<SCRIPT nonce=\"N\"\n>y</SCRIPT><script nonce='N'></script><scripted>"
            "&lt;script&gt;",
        )
        self.assertIn("<style>p{}</style>", templates.render("a.html", it=""))
        self.assertIn("<style>p{}</style>", templates.render("a.txt", nonce="N"))

    def test_like_synapses(self) -> None:
        """
        A page that was written for Synapse finds the one that it extends.
        """
        path = self.mktemp()
        os.makedirs(path)
        with open(os.path.join(path, "terms.html"), "w") as stream:
            stream.write(
                '{% extends "_base.html" %}{% block title %}Our terms{% endblock %}'
                "{% block header %}<script>x()</script>{% endblock %}"
                "{% block body %}<form>{{ session }}</form>{% endblock %}"
            )
        page = Templates(path).render("terms.html", nonce="N", session="a<b")
        self.assertIn("<title>Our terms</title>", page)
        self.assertIn('<script nonce="N">x()</script>', page)
        self.assertIn("<form>a&lt;b</form>", page)
        self.assertIn("body {", page)

    def test_mistake(self) -> None:
        """
        A template that is none stops the start, and is named.
        """
        path = self.directory(style_css="{% if %}")
        error = self.assertRaises(ConfigError, Templates, path)
        self.assertIn("the template style.css in " + path, str(error))

    def test_read_once(self) -> None:
        """
        After the start no file is read.
        """
        path = self.directory(style_css="one")
        templates = Templates(path)
        os.remove(os.path.join(path, "style.css"))
        self.assertEqual("one", templates.render("style.css"))

    def test_all_are_there(self) -> None:
        """
        The folder holds nothing but templates.
        """
        self.assertEqual(
            [],
            [
                n
                for n in os.listdir(OURS)
                if not n.endswith((".html", ".txt", ".css", ".js"))
            ],
        )
