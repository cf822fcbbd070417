"""
The pages of the stages, as somebody uses them whose client can't show them.
"""

import os

from tests.browser.captcha_provider import CaptchaProvider
from tests.browser.chromium import PHONE, BrowserTestCase, fallback
from tests.functional.test_shared_secret import SECRET, register

DUMMY, CAPTCHA = "m.login.dummy", "m.login.recaptcha"
TERMS, TOKEN = "m.login.terms", "m.login.registration_token"

RULES = """{% extends "base.html" %}
{% block title %}House rules {{ version }}{% endblock %}
{% block content %}<p>Be kind to each other.</p>{% endblock %}
"""

# With scripts that know of no nonce.
OWN_CAPTCHA = """{% extends "_base.html" %}
{% block title %}Our captcha{% endblock %}
{% block header %}
<script src="{% include 'script.html' %}" async defer></script>
<script>function captchaDone() { document.getElementById("own").submit(); }</script>
{% endblock %}
{% block body %}
<form id="own" method="post" action="{{ myurl }}">
<input type="hidden" name="session" value="{{ session }}">
<div class="g-recaptcha" data-sitekey="{{ sitekey }}" data-callback="captchaDone"></div>
</form>
{% endblock %}
"""

# What applications do: one shows the page in a view of its own, the other opens
# it in a window and listens.
APPLICATION = "window.onAuthDone = function () { window.name = 'told'; };"
OPENER = """
window.addEventListener("message", function (event) {
  document.title = "" + event.data;
});
window.open(arguments[0]);
"""


class StageTests(BrowserTestCase):
    """
    One page after the other.
    """

    def assert_done(self) -> None:
        """
        The page says so.
        """
        self.browser.wait_for_title("Thank you")
        self.assert_content()

    def test_keyboard(self) -> None:
        """
        The keyboard alone gets somebody through; the application is told, and
        the client goes on from there.
        """
        base = self.serve()
        session = self.begin(username="bob", password="wonderland-1")
        self.browser.before_scripts(APPLICATION)
        self.browser.open(fallback(base, DUMMY, session))
        button = self.browser.tab()
        self.assertEqual(button.text, "Go on")
        outline = button.value_of_css_property("outline-width")
        self.assertEqual(outline, "3px")
        self.browser.type("")
        self.assert_done()
        self.assertEqual(self.browser.run("return window.name"), "told")
        self.assertEqual(self.finish(session).body["user_id"], "@bob:example.org")

    def test_opener(self) -> None:
        """
        An application that opened the page in a window of its own is told too.
        """
        base = self.serve()
        session = self.begin(username="bob", password="wonderland-1")
        self.browser.open("about:blank")
        first = self.browser.driver.current_window_handle
        self.browser.run(OPENER, fallback(base, DUMMY, session))
        (other,) = set(self.browser.driver.window_handles) - {first}
        self.browser.driver.switch_to.window(other)
        self.browser.wait_for_title("Go on")
        self.browser.find("button").click()
        self.browser.wait_for_title("Thank you")
        self.browser.driver.switch_to.window(first)
        self.browser.wait_for_title("authDone")

    def test_captcha(self) -> None:
        """
        The provider's script runs, its answer is verified, and a wrong one
        brings the page back.
        """
        provider = CaptchaProvider()
        self.addCleanup(provider.stop)
        base = self.serve(
            enable_registration_without_verification=None, **provider.settings()
        )
        session = self.begin(username="bob", password="wonderland-1")
        self.browser.resize(PHONE)
        self.browser.open(fallback(base, CAPTCHA, session))
        self.browser.wait(lambda browser: browser.find("#solve"), "the box")
        self.assertIn("public", self.browser.find("#solve").text)
        self.browser.run("window.answerOfTest = 'wrong'")
        self.browser.find("#solve").click()
        self.assert_error("The captcha was not solved")
        self.browser.wait(lambda browser: browser.find("#solve"), "the box again")
        self.browser.find("#solve").click()
        self.assert_done()
        expected = [
            {"secret": "private", "response": answer, "remoteip": "127.0.0.1"}
            for answer in ("wrong", "solved")
        ]
        self.assertEqual(provider.asked, expected)

        self.take_dummy(base, session)

    def test_unknown_session(self) -> None:
        """
        A link that is too old leads to a page that says so.
        """
        base = self.serve()
        self.browser.open(fallback(base, DUMMY, "too-old"))
        self.assert_error("Unknown session")

    def test_script_in_address(self) -> None:
        """
        What an address says is not obeyed, whatever it is.
        """
        base = self.serve()
        script = "%22%3E%3Cscript%3Edocument.title='obeyed'%3C/script%3E"
        self.browser.open(fallback(base, DUMMY, script))
        self.assert_error("Unknown session")
        self.assertEqual(self.browser.driver.title, "This did not work")

    def test_terms(self) -> None:
        """
        The rules can be read, on a page of their own, and agreed to; the
        client goes on from there.
        """
        rules = self.make_directory()
        os.mkdir(os.path.join(rules, "en"))
        with open(os.path.join(rules, "en", "1.0.html"), "w") as stream:
            stream.write(RULES)
        base = self.serve(
            user_consent={
                "template_dir": rules,
                "version": "1.0",
                "require_at_registration": True,
            },
        )
        session = self.begin(username="bob", password="wonderland-1")
        self.browser.resize(PHONE)
        self.browser.open(fallback(base, TERMS, session))
        first = self.browser.driver.current_window_handle
        self.browser.find("a").click()
        (other,) = set(self.browser.driver.window_handles) - {first}
        self.browser.driver.switch_to.window(other)
        self.browser.wait_for_title("House rules 1.0")
        self.browser.driver.close()
        self.browser.driver.switch_to.window(first)
        self.browser.find("button").click()
        self.assert_done()
        self.take_dummy(base, session)

    def test_registration_token(self) -> None:
        """
        A wrong token brings the page back, the right one leads on.
        """
        base = self.serve(
            registration_requires_token=True, registration_shared_secret=SECRET
        )
        nonce = self.client.get("/_synapse/admin/v1/register").body["nonce"]
        admin = register(self.client, nonce, SECRET, admin=True).body["access_token"]
        made = self.daemon.client(admin).post(
            "/_synapse/admin/v1/registration_tokens/new", {"token": "come-in"}
        )
        self.assertEqual(made.status, 200, made.body)
        session = self.begin(username="bob", password="wonderland-1")
        self.browser.open(fallback(base, TOKEN, session))
        self.assertEqual(self.browser.tab().get_attribute("id"), "token")
        self.browser.type("let-me-in")
        self.browser.wait(lambda browser: browser.find(".error"), "an error")
        self.browser.tab()
        self.browser.type("come-in")
        self.assert_done()
        self.take_dummy(base, session)

    def take_dummy(self, base: str, session: str) -> None:
        """
        Only the dummy stage is left.
        """
        self.browser.open(fallback(base, DUMMY, session))
        self.browser.find("button").click()
        self.assert_done()
        self.assertEqual(self.finish(session).body["user_id"], "@bob:example.org")

    def test_operators_own(self) -> None:
        """
        A page that was written for Synapse works as it is: its script runs,
        one that comes with a value does not.
        """
        templates = self.make_directory()
        with open(os.path.join(templates, "recaptcha.html"), "w") as stream:
            stream.write(OWN_CAPTCHA)
        provider = CaptchaProvider()
        self.addCleanup(provider.stop)
        settings = provider.settings()
        script = settings["synauth"]["captcha"]["script_url"]
        with open(os.path.join(templates, "script.html"), "w") as stream:
            stream.write(script)
        base = self.serve(
            enable_registration_without_verification=None,
            templates={"custom_template_directory": templates},
            **settings,
        )
        session = self.begin(username="bob", password="wonderland-1")
        self.browser.open(fallback(base, CAPTCHA, session))
        self.assertEqual(self.browser.driver.title, "Our captcha")
        self.browser.wait(lambda browser: browser.find("#solve"), "the box")
        self.browser.find("#solve").click()
        self.assert_done()
