"""
C{python -m tests.browser.screenshots DIRECTORY}: a picture of each template that
is a page, on a telephone and on a desk, light and dark, for somebody to look at.

The pages are those of the templates, each with an error and without, served as
the daemon serves them; only their values are made up.
"""

import os
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, Dict, Iterator, List, Tuple

from synauth.homeserver.templates import Templates
from synauth.web.page import make_page
from tests.browser.chromium import DESK, PHONE, Chromium
from tests.web.test_templates import page_names, variables

# As long as they get.
VALUES: Dict[str, Any] = {
    "session": "0123456789abcdefghijklmn",
    "user": "@a-rather-long-name.of-somebody:matrix.subdomain.example.org",
    "terms_url": "https://matrix.example.org/_matrix/consent?v=1.0",
    "failure_reason": "This link is not valid any more, or was used already.",
    "link": "https://matrix.example.org/" + "x" * 120,
    "server_name": "matrix.subdomain.example.org",
    "description": "end your account, for good",
    "password": True,
    "box_class": "g-recaptcha",
    "script_url": "about:blank",
    "sitekey": "public",
    "myurl": "/",
}
ERROR = "Too many requests, please try again later"


def pages() -> Iterator[Tuple[str, Dict[str, Any]]]:
    """
    @return: what each picture is of: its name and the values of the template.
    """
    for name in page_names():
        wanted = set(variables(name))
        values = {key: VALUES.get(key, key) for key in wanted - {"nonce", "error"}}
        if name == "error.html":
            yield name, dict(values, error=ERROR)
            continue
        yield name, values
        if "error" in wanted:
            yield name, dict(values, error=ERROR)


class _Handler(BaseHTTPRequestHandler):
    served: List[Tuple[str, Dict[str, Any]]] = []

    def do_GET(self) -> None:
        """
        The page of that number.
        """
        number = self.path[1:]
        if not number.isdigit():
            self.send_error(404)
            return
        name, values = self.served[int(number)]
        values = dict(values)
        always = {"server_name": values.pop("server_name")}
        page = make_page(Templates(None, **always), name, **values)
        self.send_response(200)
        for header, value in page.headers:
            self.send_header(header.decode("ascii"), value.decode("ascii"))
        self.end_headers()
        self.wfile.write(page.html.encode("utf-8"))

    def log_message(self, format: str, *args: Any) -> None:
        """
        Nothing is logged.
        """


class PageServer:
    """
    Serves L{pages} until it is stopped.

    @ivar pages: what it serves; each at its number.
    """

    def __init__(self) -> None:
        self.pages = list(pages())
        handler = type("Handler", (_Handler,), {"served": self.pages})
        self._server = HTTPServer(("127.0.0.1", 0), handler)
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    def url(self, number: int) -> str:
        """
        @return: the address of a page.
        """
        return "http://127.0.0.1:%d/%d" % (self._server.server_port, number)

    def stop(self) -> None:
        """
        End the thread.
        """
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def take(directory: str) -> List[str]:
    """
    Take all pictures.

    @return: their paths.
    """
    os.makedirs(directory, exist_ok=True)
    server, browser = PageServer(), Chromium()
    taken = []
    try:
        for number, (name, values) in enumerate(server.pages):
            for width, dark in ((PHONE, False), (PHONE, True), (DESK, False)):
                browser.resize(width)
                browser.darken(dark)
                browser.open(server.url(number))
                words = [name[: -len(".html")]] + ["error"] * ("error" in values)
                words += [str(width)] + ["dark"] * dark
                taken.append(os.path.join(directory, "-".join(words) + ".png"))
                browser.picture(taken[-1])
    finally:
        browser.close()
        server.stop()
    return taken


if __name__ == "__main__":
    print("\n".join(take(sys.argv[1])))
