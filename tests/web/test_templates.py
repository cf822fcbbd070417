"""
All templates of pages at once: whatever is put into them stays text, and they
are usable by everybody, as far as a machine can tell.
"""

import os
import re
from typing import Any, Dict, Iterator, List, Tuple

import jinja2
from jinja2 import meta
from twisted.trial.unittest import SynchronousTestCase

from synauth.homeserver.templates import OURS, Templates
from synauth.web.page import make_page
from tests.web.documents import Document, Element

PAYLOAD = "\"'><script>alert(1)</script><b onload=x>&\u2028{{ 7*7 }}javascript:x"

# In these a browser is told where to go or what to load; only the server itself
# chooses that.
CHOSEN = {"a": "href", "form": "action", "script": "src"}

# What is put between quotes in a style sheet or a script, or is its whole line,
# is not made of values at all; this is the only value in such elements' tags.
NONCE = "nonce"


def template_names() -> List[str]:
    """
    @return: the templates of pages and of the HTML parts of mails.
    """
    return sorted(name for name in os.listdir(OURS) if name.endswith(".html"))


def read(name: str) -> str:
    """
    @return: a template as it was written.
    """
    with open(os.path.join(OURS, name), encoding="utf-8") as stream:
        return stream.read()


def variables(name: str) -> Iterator[str]:
    """
    @return: the variables of a template and of those that it is made of.
    """
    tree = jinja2.Environment().parse(read(name))
    yield from meta.find_undeclared_variables(tree) - {"self"}
    for other in meta.find_referenced_templates(tree):
        if other is not None:
            yield from variables(other)


def render(name: str, value: str) -> str:
    """
    @return: a template with the same value for all that it is told.
    """
    values = dict.fromkeys(variables(name), value)
    nonce = values.pop(NONCE, None)
    always = {"server_name": values.pop("server_name", "")}
    templates = Templates(None, **always)
    if nonce is None:
        return templates.render(name, **values)
    return make_page(templates, name, **values).html


def page_names() -> Iterator[str]:
    """
    @return: the templates that are pages by themselves.
    """
    for name in template_names():
        if NONCE in set(variables(name)) and "{% block title %}" in read(name):
            if name != "base.html":
                yield name


def pages() -> Iterator[Tuple[str, Document]]:
    """
    @return: the name of each template that is a page by itself, and the page.
    """
    for name in page_names():
        yield name, Document(render(name, "some text"))


class PayloadTests(SynchronousTestCase):
    """
    Values that want to be more than text.
    """

    def skeleton(self, html: str) -> List[Any]:
        """
        @return: the elements, and which attributes each has.
        """
        found = Document(html)
        self.assertEqual(found.mistakes, [])
        return [(e.name, sorted(e.attributes)) for e in found.elements]

    def test_payload(self) -> None:
        """
        With a script in every variable a template has the same elements as
        with a word there, with the same attributes, and the same scripts.
        """
        for name in template_names():
            harmless, hostile = render(name, "word"), render(name, PAYLOAD)
            self.assertEqual(self.skeleton(harmless), self.skeleton(hostile), name)
            scripts = [
                [
                    e.text
                    for e in Document(html).all("script") + Document(html).all("style")
                ]
                for html in (harmless, hostile)
            ]
            self.assertEqual(scripts[0], scripts[1], name)
            self.assertNotIn("<script>alert", hostile, name)
            self.assertNotIn("49", re.sub(r'nonce="[^"]*"', "", hostile), name)

    def test_every_variable_is_seen(self) -> None:
        """
        The test above does put its payload there.
        """
        for name in ("error.html", "recaptcha.html", "terms.html", "password.html"):
            self.assertIn("&lt;script&gt;alert(1)", render(name, PAYLOAD), name)
        expected = {"session", "myurl", "error", "nonce", "server_name"}
        expected |= {"sitekey", "script_url", "box_class"}
        self.assertEqual(set(variables("recaptcha.html")), expected)

    def test_unescaped(self) -> None:
        """
        No template takes its values for markup, and none has a handler or a
        style in an attribute, which no browser would obey.
        """
        for name in template_names():
            for word in ("|safe", "| safe", "autoescape", "Markup", " style=", " on"):
                if word == " on":
                    self.assertIsNone(re.search(r"<[^>]*\son\w+=", read(name)), name)
                elif word != " style=" or NONCE in set(variables(name)):
                    self.assertNotIn(word, read(name), name)

    def test_nonces(self) -> None:
        """
        Each script and style bears the nonce of its page.
        """
        for name, page in pages():
            elements = page.all("script") + page.all("style")
            nonces = {element.attributes.get("nonce") for element in elements}
            self.assertEqual(len(nonces), 1, name)
            self.assertRegex(str(nonces.pop()), r"[\w-]{22}", name)


class AccessTests(SynchronousTestCase):
    """
    What a screen reader, a keyboard and a telephone need.
    """

    def test_document(self) -> None:
        """
        A page has a language, a title that is its heading too, a main part, and
        the width of the screen.
        """
        for name, page in pages():
            self.assertEqual(page.one("html").attributes.get("lang"), "en", name)
            self.assertTrue(page.title.strip(), name)
            self.assertEqual(page.one("h1").text, page.title, name)
            page.one("main")
            viewport = page.one("meta", name_="viewport").attributes["content"]
            self.assertEqual(viewport, "width=device-width, initial-scale=1", name)

    def test_labels(self) -> None:
        """
        Each field has a label of its own, with words in it, and each button has
        words.
        """
        fields = 0
        for name, page in pages():
            for field in self.shown_fields(page):
                label = page.one("label", for_=field.attributes["id"])
                self.assertTrue(label.text.strip(), name)
                fields += 1
            for button in page.all("button"):
                self.assertTrue(button.text.strip(), name)
        self.assertGreaterEqual(fields, 2)

    def shown_fields(self, page: Document) -> List[Element]:
        """
        @return: what somebody can write into.
        """
        inputs = page.all("input") + page.all("select") + page.all("textarea")
        return [field for field in inputs if field.attributes.get("type") != "hidden"]

    def test_order(self) -> None:
        """
        The keyboard goes through a page in the order in which it is written,
        from the top: nothing asks for another order, or is there twice.
        """
        for name, page in pages():
            ids = [e.attributes["id"] for e in page.elements if "id" in e.attributes]
            self.assertEqual(len(ids), len(set(ids)), name)
            for element in page.elements:
                self.assertNotIn("tabindex", element.attributes, name)
                self.assertNotIn("autofocus", element.attributes, name)
                for attribute in ("for", "aria-describedby"):
                    if attribute in element.attributes:
                        self.assertIn(element.attributes[attribute], ids, name)

    def test_autocomplete(self) -> None:
        """
        A password manager is told which password is meant, or that none is.
        """
        for name, page in pages():
            for field in self.shown_fields(page):
                self.assertIn("autocomplete", field.attributes, name)


class ColourTests(SynchronousTestCase):
    """
    The style sheet's colours, which are all variables.
    """

    TEXT = (
        ("text", "card"),
        ("text", "ground"),
        ("quiet", "card"),
        ("accent", "card"),
        ("on-accent", "accent"),
        ("alarm", "on-alarm"),
    )
    # The edges of fields, and what shows where the keyboard is.
    PARTS = (("line", "card"), ("accent", "card"), ("alarm", "card"))

    def palettes(self) -> List[Dict[str, str]]:
        """
        @return: the colours for light and for dark.
        """
        sheet = read("style.css")
        found = [
            dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", block))
            for block in re.findall(r":root \{([^}]*)\}", sheet)
        ]
        self.assertEqual(len(found), 2)
        self.assertEqual(set(found[0]), set(found[1]))
        return found

    def contrast(self, one: str, other: str) -> float:
        """
        @return: the contrast ratio of two colours (WCAG 2.1, 1.4.3).
        """
        bright, dark = sorted((luminance(one), luminance(other)), reverse=True)
        return (bright + 0.05) / (dark + 0.05)

    def test_formula(self) -> None:
        """
        The formula is right at its ends.
        """
        self.assertAlmostEqual(self.contrast("#000000", "#ffffff"), 21)
        self.assertAlmostEqual(self.contrast("#777777", "#ffffff"), 4.478, 2)

    def test_contrast(self) -> None:
        """
        Text has the contrast that level AA asks for, 4.5; what is no text 3.
        """
        for colours in self.palettes():
            for pairs, least in ((self.TEXT, 4.5), (self.PARTS, 3.0)):
                for one, other in pairs:
                    found = self.contrast(colours[one], colours[other])
                    self.assertGreaterEqual(found, least, (one, other, colours))

    def test_all_colours_are_variables(self) -> None:
        """
        There is no colour that the test above does not see.
        """
        rules = re.sub(r":root \{[^}]*\}", "", read("style.css"))
        self.assertEqual(re.findall(r"#[0-9a-fA-F]{3,8}\b|rgb|hsl", rules), [])
        used = set(re.findall(r"var\(--([\w-]+)\)", rules))
        tested = {colour for pair in self.TEXT + self.PARTS for colour in pair}
        self.assertEqual(used, tested)

    def test_focus(self) -> None:
        """
        Where the keyboard is can be seen.
        """
        sheet = read("style.css")
        self.assertRegex(sheet, r":focus-visible \{ outline: 3px solid var\(--accent\)")
        self.assertNotIn("outline: none", sheet)
        self.assertNotIn("outline: 0", sheet)


def luminance(colour: str) -> float:
    """
    @param colour: as C{#rrggbb}.
    @return: its relative luminance.
    """
    weights = (0.2126, 0.7152, 0.0722)
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels
    ]
    return sum(weight * channel for weight, channel in zip(weights, linear))
