"""
Chromium without a screen, and a test case that has one.
"""

import base64
import shutil
import tempfile
from typing import Any, Callable, Dict, List, Optional

from tests.functional.daemon import QUICK, DaemonTestCase
from tests.modules.needs import needs_package, needs_server

try:
    from selenium import webdriver
    from selenium.webdriver.chrome.options import Options
    from selenium.webdriver.chrome.service import Service
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys
    from selenium.webdriver.support.ui import WebDriverWait
except ImportError:
    pass

PHONE, DESK = 360, 1280
HEIGHT = 740

PATIENCE_S = 20

# It has no screen, may be root's, and is to talk to nobody but the daemon.
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


class Chromium:
    """
    A browser with a new, empty profile.

    @ivar driver: selenium's.
    """

    def __init__(self) -> None:
        self._profile = tempfile.mkdtemp()
        options = Options()
        options.binary_location = shutil.which("chromium")
        for flag in FLAGS + ("--user-data-dir=" + self._profile,):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.driver = webdriver.Chrome(
            options=options, service=Service(shutil.which("chromedriver"))
        )
        self.resize(DESK)

    def close(self) -> None:
        """
        End it and forget its profile.
        """
        self.driver.quit()
        shutil.rmtree(self._profile, ignore_errors=True)

    def resize(self, width: int) -> None:
        """
        @param width: of the page, in pixels; that of a telephone makes it one.
        """
        self._command(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=HEIGHT,
            deviceScaleFactor=1,
            mobile=width == PHONE,
        )

    def darken(self, dark: bool) -> None:
        """
        Prefer dark pages, or light ones.
        """
        scheme = "dark" if dark else "light"
        feature = {"name": "prefers-color-scheme", "value": scheme}
        self._command("Emulation.setEmulatedMedia", features=[feature])

    def before_scripts(self, script: str) -> None:
        """
        Run a script at the start of each page, as an application does that
        shows pages in a window of its own.
        """
        self._command("Page.addScriptToEvaluateOnNewDocument", source=script)

    def picture(self, path: str) -> None:
        """
        Take a picture of the whole page.

        @param path: of a PNG.
        """
        taken = self._command("Page.captureScreenshot", captureBeyondViewport=True)
        with open(path, "wb") as stream:
            stream.write(base64.b64decode(taken["data"]))

    def open(self, url: str) -> None:
        """
        Go to an address.
        """
        self.driver.get(url)

    def run(self, script: str, *args: Any) -> Any:
        """
        @param script: the body of a function.
        @return: what it returns.
        """
        return self.driver.execute_script(script, *args)

    def find(self, selector: str) -> Any:
        """
        @return: the element of a CSS selector.
        """
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def wait(self, condition: Callable[["Chromium"], Any], what: str) -> Any:
        """
        Wait until something holds.

        @return: what the condition gave.
        """

        def holds(driver: Any) -> Any:
            return condition(self)

        return WebDriverWait(self.driver, PATIENCE_S).until(holds, what)

    def wait_for_title(self, title: str) -> None:
        """
        Wait for a page.
        """
        self.wait(lambda browser: browser.driver.title == title, title)

    def type(self, *texts: str) -> None:
        """
        Press keys, wherever the keyboard is.

        @param texts: each is followed by a Tab, but for the last one, which is
            followed by Enter.
        """
        for i, text in enumerate(texts):
            end = Keys.ENTER if i == len(texts) - 1 else Keys.TAB
            self.driver.switch_to.active_element.send_keys(text + end)

    def tab(self) -> Any:
        """
        Press Tab.

        @return: the element that has the keyboard now.
        """
        self.driver.switch_to.active_element.send_keys(Keys.TAB)
        return self.driver.switch_to.active_element

    def complaints(self) -> List[str]:
        """
        @return: what the browser did not like since the last call: errors of
            scripts, and what the page's policy kept it from.
        """
        return [
            entry["message"]
            for entry in self.driver.get_log("browser")
            if "favicon.ico" not in entry["message"]
        ]

    def too_wide(self) -> List[str]:
        """
        @return: what is cut off at the right edge, or makes the page scroll
            sideways.
        """
        found: List[str] = self.run(
            """
            var width = document.documentElement.clientWidth;
            return Array.prototype.filter.call(
                document.querySelectorAll("body *"),
                function (element) {
                    var box = element.getBoundingClientRect();
                    return box.width && (box.right > width + 0.5 || box.left < 0);
                }
            ).map(function (element) { return element.outerHTML.slice(0, 80); });
            """
        )
        return found

    def _command(self, name: str, **parameters: Any) -> Dict[str, Any]:
        answer: Dict[str, Any] = self.driver.execute_cdp_cmd(name, parameters)
        return answer


@needs_server("chromium")
@needs_server("chromedriver")
@needs_package("selenium")
class BrowserTestCase(DaemonTestCase):
    """
    A test with a browser and a daemon.

    @ivar browser: the L{Chromium}.
    """

    def setUp(self) -> None:
        """
        Start the browser.
        """
        self.browser = Chromium()
        self.addCleanup(self.browser.close)

    def serve(self, **settings: Any) -> str:
        """
        Start a daemon.

        @param settings: over those of L{QUICK}; C{None} takes one away.
        @return: its address, without a slash at the end.
        """
        config = dict(QUICK, **settings)
        config = {key: value for key, value in config.items() if value is not None}
        self.daemon = self.start(config)
        self.client = self.daemon.client()
        return "http://127.0.0.1:%d" % self.daemon.port()

    def begin(self, **params: Any) -> str:
        """
        Begin a registration.

        @return: its session.
        """
        answer = self.client.post("/_matrix/client/v3/register", params)
        self.assertEqual(answer.status, 401, answer.body)
        session: str = answer.body["session"]
        return session

    def finish(self, session: str) -> Any:
        """
        Ask whether a registration is complete, as a client does that has shown
        the pages.

        @return: the answer.
        """
        body = {"auth": {"session": session}}
        return self.client.post("/_matrix/client/v3/register", body)

    def assert_error(self, text: str) -> None:
        """
        The page complains.
        """
        found = self.browser.wait(
            lambda browser: browser.find("[role=alert]").text, "an error"
        )
        self.assertEqual(found, text)

    def assert_content(self) -> None:
        """
        The browser has nothing to complain of.
        """
        self.assertEqual(self.browser.complaints(), [])


def fallback(base: str, stage: str, session: Optional[str]) -> str:
    """
    @return: the address of the page of a stage.
    """
    path = "/_matrix/client/v3/auth/%s/fallback/web?session=%s"
    return base + path % (stage, session)
