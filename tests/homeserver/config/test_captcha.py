"""
The options of the page that shows a captcha.
"""

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from synauth.errors import ConfigError
from synauth.homeserver.config import load_config
from synauth.homeserver.config.captcha import CaptchaBox


class CaptchaTests(SynchronousTestCase):
    """
    C{synauth.captcha}.
    """

    def box(self, **captcha: Any) -> CaptchaBox:
        """
        @return: what a configuration comes to.
        """
        return load_config([], {"synauth": {"captcha": captcha}}, None).captcha_box

    def test_defaults(self) -> None:
        """
        Without a word it is reCAPTCHA, as at Synapse.
        """
        expected = CaptchaBox(
            "https://www.google.com/recaptcha/api.js",
            "g-recaptcha",
            ("https://www.google.com", "https://www.gstatic.com"),
        )
        self.assertEqual(load_config([], {}, None).captcha_box, expected)

    def test_given(self) -> None:
        """
        What is given goes before what is known of a provider.
        """
        url = "https://js.hcaptcha.com/1/api.js"
        box = self.box(script_url=url, box_class="own", origins=["https://a.example"])
        self.assertEqual(box, CaptchaBox(url, "own", ("https://a.example",)))
        self.assertEqual(self.box(script_url=url, origins=[]).origins, ())

    def test_own_provider(self) -> None:
        """
        A provider that nobody knows is taken for one that speaks reCAPTCHA's
        protocol, and serves everything from one place.
        """
        box = self.box(script_url="http://127.0.0.1:8080/api.js")
        self.assertEqual(box.box_class, "g-recaptcha")
        self.assertEqual(box.origins, ("http://127.0.0.1:8080",))

    def test_refused(self) -> None:
        """
        What could change the meaning of a header or of a page is refused.
        """
        for key, value in (
            ("script_url", "javascript:alert(1)"),
            ("script_url", "https://a.example"),
            ("script_url", "https://a.example; script-src *"),
            ("script_url", "https://user@a.example/api.js"),
            ("script_url", "https://a.example:99999999/api.js"),
            ("script_url", 5),
            ("box_class", "a b"),
            ("box_class", ""),
            ("box_class", 5),
            ("origins", "https://a.example"),
            ("origins", ["https://a.example; x"]),
            ("origins", ["https://a.example/path"]),
            ("origins", ["*"]),
            ("origins", [5]),
        ):
            error = self.assertRaises(ConfigError, self.box, **{key: value})
            self.assertIn("synauth.captcha." + key, str(error))
