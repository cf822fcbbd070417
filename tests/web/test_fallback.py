"""
The pages of the stages.
"""

from typing import Any, Dict, List, Optional
from urllib.parse import urlencode

from treq.testing import StubTreq
from twisted.web.resource import Resource

from synauth.auth.stages import CallableStage
from synauth.web.routes import CLIENT_VERSIONS
from tests.web.client import Answer
from tests.web.documents import Document, document
from tests.web.server import PASSWORD, EndpointTestCase, Server

DUMMY, CAPTCHA = "m.login.dummy", "m.login.recaptcha"
OPEN: Dict[str, Any] = {
    "enable_registration": True,
    "enable_registration_without_verification": True,
}
WITH_CAPTCHA = {
    "enable_registration": True,
    "enable_registration_captcha": True,
    "recaptcha_public_key": "public",
    "recaptcha_private_key": "private",
    "recaptcha_siteverify_api": "http://captcha.example/verify",
}


class Siteverify(Resource):
    """
    A captcha's provider, who is content with C{solved}.
    """

    isLeaf = True

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0

    def render_POST(self, request: Any) -> bytes:
        """
        Judge an answer.
        """
        self.asked += 1
        good = request.args[b"response"] == [b"solved"]
        return b'{"success": true}' if good else b'{"success": false}'


class FallbackTestCase(EndpointTestCase):
    """
    A server, and a browser.
    """

    settings: Dict[str, Any] = OPEN

    def setUp(self) -> None:
        """
        Begin a registration.
        """
        super().setUp()
        self.provider = Siteverify()
        self.server = Server(treq=StubTreq(self.provider), **self.settings)
        self.session = self.begin()

    def begin(self) -> str:
        """
        @return: the session of a new registration.
        """
        answer = self.server.post("/v3/register", {"username": "bob", "password": "x"})
        session: str = answer.json["session"]
        return session

    def fetch(self, stage: str, session: Optional[str] = None) -> Answer:
        """
        Open the page of a stage.
        """
        query = urlencode({"session": session or self.session})
        return self.server.get("/v3/auth/%s/fallback/web?%s" % (stage, query))

    def page(self, stage: str) -> Document:
        """
        @return: the page of a stage, as it is at first.
        """
        answer = self.fetch(stage)
        self.assertEqual(answer.code, 200)
        return document(answer)

    def send(self, stage: str, address: str = "192.0.2.1", **fields: str) -> Answer:
        """
        Send the form of a stage.
        """
        fields.setdefault("session", self.session)
        return self.server.ask(
            "POST",
            "/v3/auth/%s/fallback/web" % stage,
            urlencode(fields).encode("ascii"),
            headers=(("Content-Type", "application/x-www-form-urlencoded"),),
            address=address,
        )

    def completed(self) -> Any:
        """
        @return: what a client is told that has been done.
        """
        sessions = self.server.hs.auth_handler.interactive.sessions
        return sorted(self.successResultOf(sessions.get(self.session)).creds)

    def assert_done(self, answer: Answer) -> None:
        """
        A page tells the client that the stage is done, both ways.
        """
        self.assertEqual(answer.code, 200)
        page = document(answer)
        self.assertEqual(page.title, "Thank you")
        script = page.one("script")
        self.assertIn("onAuthDone()", script.text)
        self.assertIn('"authDone"', script.text)
        nonce = "'nonce-%s'" % script.attributes["nonce"]
        self.assertIn(nonce, answer.headers["content-security-policy"])

    def assert_error(self, answer: Answer, code: int, error: str) -> None:
        """
        A page says what is wrong, and asks for nothing.
        """
        page = document(answer)
        self.assertEqual((answer.code, page.error), (code, error))
        self.assertEqual(page.all("form"), [])


class PageTests(FallbackTestCase):
    """
    What is the same for every stage.
    """

    def test_prefixes(self) -> None:
        """
        A page is there at every prefix that clients use.
        """
        for version in CLIENT_VERSIONS:
            path = "/_matrix/client/%s/auth/%s/fallback/web?session=%s"
            answer = self.server.get(path % (version, DUMMY, self.session))
            self.assertEqual((answer.code, document(answer).title), (200, "Go on"))

    def test_form(self) -> None:
        """
        There is one form, with the session in it, which goes to where the page is,
        under whatever path a proxy shows that; and no script.
        """
        page = self.page(DUMMY)
        form = page.one("form")
        self.assertEqual(form.attributes["method"], "post")
        self.assertEqual(form.attributes["action"], "?")
        value = page.one("input", name_="session").attributes["value"]
        self.assertEqual(value, self.session)
        self.assertEqual(page.all("script"), [])

    def test_done(self) -> None:
        """
        What was done on the page counts for the client, who goes on without
        doing it again.
        """
        self.assert_done(self.send(DUMMY))
        body = {"auth": {"session": self.session}}
        answer = self.assertAnswered(self.server.post("/v3/register", body))
        self.assertEqual(answer["user_id"], "@bob:example.org")
        self.assertEqual(self.audits()[-2][:3], ("success", DUMMY, None))

    def test_twice(self) -> None:
        """
        A form that is sent twice, and a page that is opened once more, say the
        same again.
        """
        self.assert_done(self.send(DUMMY))
        self.assert_done(self.send(DUMMY))
        self.assert_done(self.fetch(DUMMY))

    def test_session_in_query(self) -> None:
        """
        The session may stand in the query of the form's address instead.
        """
        answer = self.server.ask(
            "POST",
            "/v3/auth/%s/fallback/web?session=%s" % (DUMMY, self.session),
            b"",
            headers=(("Content-Type", "application/x-www-form-urlencoded"),),
        )
        self.assert_done(answer)

    def test_wrong_addresses(self) -> None:
        """
        An unknown stage, a stage that is none of the session's, an unknown
        session and none at all each have a page that says so.
        """
        for answer in (
            self.fetch("m.login.unknown"),
            self.send("m.login.unknown"),
            self.fetch("%3Cscript%3E"),
        ):
            self.assert_error(answer, 404, "There is no such page")
        for answer in (self.fetch("m.login.password"), self.send("m.login.password")):
            self.assert_error(answer, 400, "Unknown authentication type")
        for answer in (self.fetch(DUMMY, "unknown"), self.send(DUMMY, session="x")):
            self.assert_error(answer, 400, "Unknown session")
        for answer in (
            self.server.get("/v3/auth/%s/fallback/web" % DUMMY),
            self.send(DUMMY, session=""),
        ):
            self.assert_error(answer, 400, "The session is missing")
        self.assertEqual(self.completed(), [])

    def test_finished(self) -> None:
        """
        A session that has made its account has no pages any more.
        """
        self.send(DUMMY)
        self.server.post("/v3/register", {"auth": {"session": self.session}})
        self.assert_error(self.fetch(DUMMY), 403, "The session was used already")

    def test_no_form(self) -> None:
        """
        What no browser sends is refused, on a page.
        """
        path = "/v3/auth/%s/fallback/web" % DUMMY
        self.assert_error(
            self.server.post(path, {"session": self.session}),
            415,
            "Only application/x-www-form-urlencoded is understood",
        )
        self.assertEqual(self.completed(), [])

    def test_other_methods(self) -> None:
        """
        Nothing but showing and sending is done there.
        """
        path = "/v3/auth/%s/fallback/web" % DUMMY
        self.assertRefused(self.server.ask("PUT", path), 405, "M_UNRECOGNIZED")

    def test_fault(self) -> None:
        """
        A fault of ours is a page that tells nothing, and is logged.
        """
        stages = self.server.hs.auth_handler.interactive.stages
        stages[DUMMY].check = None
        self.assert_error(self.send(DUMMY), 500, "Something went wrong on the server")
        self.assertEqual(len(self.flushLoggedErrors(TypeError)), 1)
        self.assertNotIn(self.session, self.logged())


class CaptchaTests(FallbackTestCase):
    """
    The captcha.
    """

    settings = WITH_CAPTCHA

    def test_box(self) -> None:
        """
        The page has the provider's box, and loads the provider's script and
        nobody else's.
        """
        page = self.page(CAPTCHA)
        box = page.one("div")
        self.assertEqual(
            box.attributes,
            {
                "class": "captcha g-recaptcha",
                "data-sitekey": "public",
                "data-callback": "captchaDone",
            },
        )
        policy = self.fetch(CAPTCHA).headers["content-security-policy"]
        google = "https://www.google.com https://www.gstatic.com"
        self.assertIn("frame-src %s;" % google, policy)
        self.assertRegex(policy, "script-src 'nonce-[^']+' %s;" % google)
        own, providers = page.all("script")
        self.assertIn("function captchaDone()", own.text)
        self.assertEqual(
            providers.attributes["src"], "https://www.google.com/recaptcha/api.js"
        )

    def test_other_providers(self) -> None:
        """
        The script's address is enough to have the box of another provider.
        """
        for script, box, origin in (
            (
                "https://js.hcaptcha.com/1/api.js",
                "h-captcha",
                "https://*.hcaptcha.com;",
            ),
            (
                "https://challenges.cloudflare.com/turnstile/v0/api.js",
                "cf-turnstile",
                "frame-src https://challenges.cloudflare.com;",
            ),
            (
                "http://127.0.0.1:8/api.js",
                "g-recaptcha",
                "frame-src http://127.0.0.1:8;",
            ),
        ):
            settings = dict(WITH_CAPTCHA, synauth={"captcha": {"script_url": script}})
            self.server = Server(**settings)
            self.session = self.begin()
            page = self.page(CAPTCHA)
            self.assertEqual(page.all("script")[1].attributes["src"], script)
            self.assertEqual(page.one("div").attributes["class"], "captcha " + box)
            policy = self.fetch(CAPTCHA).headers["content-security-policy"]
            self.assertIn(origin, policy)

    def test_solved(self) -> None:
        """
        The answer is taken under the name that any of the providers gives it.
        """
        for field in (
            "g-recaptcha-response",
            "h-captcha-response",
            "cf-turnstile-response",
        ):
            self.session = self.begin()
            self.assert_done(self.send(CAPTCHA, **{field: "solved"}))
            self.assertEqual(self.completed(), [CAPTCHA])

    def test_not_solved(self) -> None:
        """
        The page comes again and says why; the provider is not asked about
        nothing.
        """
        for fields, error, reason, asked in (
            ({}, "Captcha response is required", "M_CAPTCHA_NEEDED", 0),
            (
                {"g-recaptcha-response": "wrong"},
                "The captcha was not solved",
                "wrong_captcha",
                1,
            ),
        ):
            answer = self.send(CAPTCHA, **fields)
            page = document(answer)
            self.assertEqual((answer.code, page.error), (200, error))
            session = page.one("input", name_="session").attributes["value"]
            self.assertEqual(session, self.session)
            self.assertEqual(self.audits(), [("refused", CAPTCHA, reason, None, None)])
            self.assertEqual(self.provider.asked, asked)
        self.assertEqual(self.completed(), [])

    def test_limit(self) -> None:
        """
        Who is wrong too often is told when to come back, on the page, and the
        provider is not asked; others go on.
        """
        limited = {"per_second": 0.5, "burst_count": 2}
        self.server = Server(
            treq=StubTreq(self.provider), **dict(WITH_CAPTCHA, rc_registration=limited)
        )
        self.session = self.begin()
        right = {"g-recaptcha-response": "solved"}
        wrong = {"g-recaptcha-response": "wrong"}
        for _ in range(2):
            self.assertEqual(self.send(CAPTCHA, **wrong).code, 200)
        answer = self.send(CAPTCHA, **right)
        self.assertEqual((answer.code, answer.headers["retry-after"]), (429, "2"))
        self.assertIn("Too many requests", document(answer).error or "")
        self.assertEqual(self.provider.asked, 2)
        self.assert_done(self.send(CAPTCHA, address="192.0.2.2", **right))

    def test_right_answers_are_free(self) -> None:
        """
        What is right does not count against an address.
        """
        limited = {"per_second": 0.001, "burst_count": 1}
        self.server = Server(
            treq=StubTreq(self.provider), **dict(WITH_CAPTCHA, rc_registration=limited)
        )
        for _ in range(3):
            self.session = self.begin()
            answer = self.send(CAPTCHA, **{"g-recaptcha-response": "solved"})
            self.assert_done(answer)


class OtherStageTests(FallbackTestCase):
    """
    Stages of which only the page is looked at here.
    """

    TOKEN, TERMS = "m.login.registration_token", "m.login.terms"
    EMAIL = "m.login.email.identity"

    def setUp(self) -> None:
        """
        Have a session that asks for all of them.
        """
        super().setUp()
        self.told: List[Any] = []
        handler = self.server.hs.auth_handler
        flow = [self.TOKEN, self.TERMS, self.EMAIL]
        for stage in flow:
            handler.interactive.stages[stage] = CallableStage(stage, self.check)
        asked = handler.check_auth([flow], {}, "192.0.2.1", ("POST", "/nobodys"))
        self.session = self.successResultOf(asked)[3]

    def check(self, authdict: Any, clientip: str) -> bool:
        """
        Be content with everything but the token C{wrong}.
        """
        self.told.append(authdict)
        return authdict.get("token") != "wrong"

    def test_token(self) -> None:
        """
        A token is asked for; spaces around it were not meant.
        """
        field = self.page(self.TOKEN).one("input", name_="token")
        self.assertEqual(field.attributes["maxlength"], "64")
        wrong = document(self.send(self.TOKEN, token="wrong"))
        self.assertEqual(wrong.error, "That was not right")
        self.assertEqual(
            wrong.one("input", name_="token").attributes["aria-describedby"], "error"
        )
        self.assert_done(self.send(self.TOKEN, token=" fBVFdqVE\t"))
        expected = [
            {"session": self.session, "token": token} for token in ("wrong", "fBVFdqVE")
        ]
        self.assertEqual(self.told, expected)

    def test_terms(self) -> None:
        """
        The rules are a link away, and need no more than a button.
        """
        link = self.page(self.TERMS).one("a").attributes
        self.assertEqual(link["href"], "/_matrix/consent?v=")
        self.assertEqual((link["target"], link["rel"]), ("_blank", "noopener"))
        self.assert_done(self.send(self.TERMS))
        self.assertEqual(self.told, [{"session": self.session}])

    def test_email(self) -> None:
        """
        Only the client can take this stage; the page says what to do, leads
        back to the client, and completes nothing.
        """
        page = self.page(self.EMAIL)
        self.assertIn("Open the link in it", page.one("main").text)
        self.assert_done(self.send(self.EMAIL, threepid_creds="{}"))
        self.assertEqual((self.told, self.completed()), ([], []))


class PasswordTests(FallbackTestCase):
    """
    The password of a user who is asked once more.
    """

    PASSWORD = "m.login.password"

    def setUp(self) -> None:
        """
        Ask somebody.
        """
        super().setUp()
        self.user = self.server.add_user()
        self.session = self.ask()
        self.audits()

    def ask(self, user: Optional[str] = None) -> str:
        """
        @return: a session whose only flow is the password: nobody's, or that of
            a user who wants to remove devices.
        """
        if user is not None:
            token = self.server.log_in(user).json["access_token"]
            body = {"devices": ["A"]}
            answer = self.server.post("/v3/delete_devices", body, token=token)
            self.token = token
            return str(answer.json["session"])
        checked = self.server.hs.auth_handler.check_auth(
            [[self.PASSWORD]], {}, "192.0.2.1", ("POST", "/nobodys")
        )
        session: str = self.successResultOf(checked)[3]
        return session

    def test_asked(self) -> None:
        """
        The page asks who it is, and for the password.
        """
        page = self.page(self.PASSWORD)
        names = [element.attributes["name"] for element in page.all("input")]
        self.assertEqual(names, ["session", "user", "password"])
        answer = self.send(self.PASSWORD, user=" alice ", password=PASSWORD)
        self.assert_done(answer)
        self.assertEqual(self.completed(), [self.PASSWORD])

    def test_known(self) -> None:
        """
        Where the server knows who it is it does not ask, and takes nobody
        else's word.
        """
        self.server.add_user("mallory", "other")
        self.session = self.ask(self.user)
        self.audits()
        page = self.page(self.PASSWORD)
        self.assertIn(self.user, page.one("form").text)
        answer = self.send(self.PASSWORD, user="mallory", password="other")
        self.assertEqual(document(answer).error, "Invalid password")
        self.assertEqual(
            self.audits(),
            [("refused", self.PASSWORD, "wrong_password", self.user, None)],
        )
        self.assert_done(self.send(self.PASSWORD, password=PASSWORD))
        body = {"auth": {"session": self.session}}
        answer = self.server.post("/v3/delete_devices", body, token=self.token)
        self.assertEqual(self.assertAnswered(answer), {})

    def test_purpose(self) -> None:
        """
        The page says what the password is for: who sends a link to such a page
        to somebody else is seen through.
        """
        for method, path, words in (
            ("POST", "/v3/delete_devices", "sign devices out of your account"),
            ("POST", "/r0/delete_devices?x=1", "sign devices out of your account"),
            ("DELETE", "/v3/devices/A", "sign a device out of your account"),
            ("POST", "/unstable/account/password", "change your password"),
            ("POST", "/v3/account/deactivate", "end your account, for good"),
            ("POST", "/v3/account/3pid/add", "add an address to your account"),
            ("POST", "/v1/login/get_token", "sign another device in to your account"),
            ("POST", "/v3/else", "do something with your account"),
            ("POST", "", "do something with your account"),
        ):
            operation = (method, "/_matrix/client" + path)
            asked = self.server.hs.auth_handler.check_auth(
                [[self.PASSWORD]], {}, "192.0.2.1", operation
            )
            self.session = self.successResultOf(asked)[3]
            text = self.page(self.PASSWORD).one("main").text
            self.assertIn("wants to %s." % words, text)

    def test_wrong(self) -> None:
        """
        A wrong password, none and nobody are refused alike, on the same page;
        the password does not come back.
        """
        for fields in (
            {"user": "alice", "password": "wrong-one"},
            {"user": "nobody", "password": "wrong-one"},
        ):
            answer = self.send(self.PASSWORD, **fields)
            self.assertEqual(answer.code, 200)
            self.assertEqual(document(answer).error, "Invalid password")
            self.assertNotIn(b"wrong-one", answer.body)
        for fields in ({}, {"user": "alice"}, {"password": PASSWORD}):
            self.assertEqual(self.send(self.PASSWORD, **fields).code, 200)
        self.assertEqual(self.completed(), [])

    def test_limit(self) -> None:
        """
        Wrong passwords are limited by address as those of logins are.
        """
        limited = {"per_second": 0.5, "burst_count": 2}
        never = {"per_second": 1000, "burst_count": 1000}
        self.server = Server(
            rc_login={"address": limited, "account": never, "failed_attempts": never},
            **OPEN,
        )
        self.server.add_user()
        self.session = self.ask()
        fields = {"user": "alice", "password": "wrong"}
        codes = [self.send(self.PASSWORD, **fields).code for _ in range(3)]
        self.assertEqual(codes, [200, 200, 429])
