"""
Pages as a browser reads them, as far as Python can.
"""

from html.parser import HTMLParser
from typing import Any, Dict, List, Optional, Tuple

from tests.web.client import Answer

VOID = {"meta", "link", "input", "br", "img", "hr", "base", "area", "col", "wbr"}


class Element:
    """
    An element.

    @ivar name: its tag.
    @ivar attributes: by name; the empty text for one without a value.
    @ivar text: all text in it, that of its children too.
    """

    def __init__(self, name: str, attributes: Dict[str, str]) -> None:
        self.name = name
        self.attributes = attributes
        self.text = ""


class Document(HTMLParser):
    """
    A page.

    @ivar elements: in order.
    @ivar mistakes: what is not closed, or closed twice.
    """

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: List[Element] = []
        self.mistakes: List[str] = []
        self._open: List[Element] = []
        self.feed(html)
        self.close()
        self.mistakes += ["%s is open" % element.name for element in self._open]

    def handle_starttag(self, tag: str, attrs: List[Tuple[str, Optional[str]]]) -> None:
        """
        An element begins.
        """
        if len({name for name, _ in attrs}) != len(attrs):
            self.mistakes.append("%s has an attribute twice" % tag)
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.elements.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_endtag(self, tag: str) -> None:
        """
        An element ends.
        """
        if not self._open or self._open[-1].name != tag:
            self.mistakes.append("%s is closed wrongly" % tag)
        else:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        """
        There is text.
        """
        for element in self._open:
            element.text += data

    def all(self, name: str, **attributes: str) -> List[Element]:
        """
        @return: the elements of that name with those attributes; C{class_}
            stands for C{class}, and so on.
        """
        wanted = {key.rstrip("_"): value for key, value in attributes.items()}
        return [
            element
            for element in self.elements
            if element.name == name
            and all(element.attributes.get(k) == v for k, v in wanted.items())
        ]

    def one(self, name: str, **attributes: str) -> Element:
        """
        @return: the only one of them.
        """
        found = self.all(name, **attributes)
        assert len(found) == 1, "%d of %s %s" % (len(found), name, attributes)
        return found[0]

    @property
    def title(self) -> str:
        """
        What it is called.
        """
        return self.one("title").text

    @property
    def error(self) -> Optional[str]:
        """
        What it complains of.
        """
        found = self.all("p", role="alert")
        return found[0].text if found else None


def document(answer: Answer) -> Document:
    """
    @return: the page that was answered, which has all that belongs to one.
    """
    headers: Dict[str, Any] = answer.headers
    assert headers["content-type"] == "text/html; charset=utf-8", answer
    assert headers["x-frame-options"] == "DENY"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"
    assert headers["access-control-allow-origin"] == "*"
    assert "default-src 'none'" in headers["content-security-policy"]
    page = Document(answer.body.decode("utf-8"))
    assert not page.mistakes, page.mistakes
    return page
