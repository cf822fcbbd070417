"""
How the pages look, as far as a machine can tell.
"""

from tests.browser.chromium import DESK, PHONE, BrowserTestCase
from tests.browser.screenshots import PageServer


class LayoutTests(BrowserTestCase):
    """
    Every template that is a page.
    """

    def test_width(self) -> None:
        """
        Nothing is cut off, on a telephone or on a desk, and nobody has to
        scroll sideways.
        """
        server = PageServer()
        self.addCleanup(server.stop)
        for width in (PHONE, DESK):
            self.browser.resize(width)
            for number, (name, _) in enumerate(server.pages):
                self.browser.open(server.url(number))
                self.assertEqual(self.browser.too_wide(), [], (name, width))
                scrolls = self.browser.run(
                    "return document.documentElement.scrollWidth > innerWidth"
                )
                self.assertFalse(scrolls, (name, width))

    def test_touch(self) -> None:
        """
        What a finger has to hit is at least 44 pixels high, and text is never
        so small that a telephone zooms.
        """
        server = PageServer()
        self.addCleanup(server.stop)
        self.browser.resize(PHONE)
        for number, (name, _) in enumerate(server.pages):
            self.browser.open(server.url(number))
            found = self.browser.run(
                """
                return Array.prototype.map.call(
                    document.querySelectorAll("button, input:not([type=hidden])"),
                    function (element) {
                        return [
                            element.getBoundingClientRect().height,
                            parseFloat(getComputedStyle(element).fontSize)
                        ];
                    }
                );
                """
            )
            for height, size in found:
                self.assertGreaterEqual(height, 44, name)
                self.assertGreaterEqual(size, 16, name)
