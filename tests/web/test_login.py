"""
Tests for L{synauth.web.login} and L{synauth.web.login_details}.
"""

from typing import Any

from twisted.internet.defer import succeed

from tests.web.server import NEVER_LIMITED, PASSWORD, EndpointTestCase, Server

ALICE = "@alice:example.org"
WRONG_TYPES = (None, True, 0, 1.5, [], {}, [[]], {"a": 1})


def limits(**kinds: Any) -> Any:
    """
    @param kinds: C{(per_second, burst_count)} by kind.
    @return: C{rc_login} with these limits and no others.
    """
    rates = dict.fromkeys(("address", "account", "failed_attempts"), NEVER_LIMITED)
    for kind, (per_second, burst_count) in kinds.items():
        rates[kind] = {"per_second": per_second, "burst_count": burst_count}
    return rates


class FlowTests(EndpointTestCase):
    """
    C{GET /login}.
    """

    def flows(self, **settings: Any) -> Any:
        """
        @return: the flows that a server with some settings offers.
        """
        return [f["type"] for f in Server(**settings).get("/v3/login").json["flows"]]

    def test_default(self) -> None:
        """
        A password and a token get in.
        """
        self.assertEqual(self.flows(), ["m.login.password", "m.login.token"])

    def test_no_passwords(self) -> None:
        """
        Where no password can be right, none is asked for.
        """
        for section in ({"enabled": False}, {"localdb_enabled": False}):
            self.assertEqual(self.flows(password_config=section), ["m.login.token"])
            answer = Server(password_config=section).log_in()
            self.assertRefused(answer, 400, "M_UNKNOWN")

    def test_provider_only(self) -> None:
        """
        A provider is a reason to ask for a password.
        """
        flows = self.flows(
            password_config={"localdb_enabled": False}, providers=[NeverProvider]
        )
        self.assertIn("m.login.password", flows)


class NeverProvider:
    """
    A password provider that knows nobody.
    """

    def __init__(self, config: Any, account_handler: Any) -> None:
        self.account_handler = account_handler

    def check_password(self, user_id: str, password: str) -> Any:
        """
        Never.
        """
        return succeed(False)


class SecretProvider(NeverProvider):
    """
    A password provider that knows one password and makes accounts for it.
    """

    def check_password(self, user_id: str, password: str) -> Any:
        """
        For who says the word.
        """
        if password != "open sesame":
            return succeed(False)
        made = self.account_handler.register(localpart=user_id[1:].split(":")[0])
        return made.addCallback(lambda _: True)


class PasswordTests(EndpointTestCase):
    """
    C{m.login.password}.
    """

    def setUp(self) -> None:
        """
        Make a server with one user.
        """
        super().setUp()
        self.server = Server()
        self.server.add_user()

    def test_answer(self) -> None:
        """
        The answer has a token that works, and what else clients look for.
        """
        answer = self.server.log_in()
        body = self.assertAnswered(answer)
        self.assertEqual(
            set(body), {"user_id", "access_token", "device_id", "home_server"}
        )
        self.assertEqual(body["user_id"], ALICE)
        self.assertEqual(body["home_server"], "example.org")
        self.assertEqual(answer.headers["cache-control"], "no-store")
        who = self.server.get("/v3/account/whoami", token=body["access_token"])
        self.assertEqual(
            who.json,
            {"user_id": ALICE, "device_id": body["device_id"], "is_guest": False},
        )

    def test_well_known(self) -> None:
        """
        With a public address, the answer says it.
        """
        server = Server(public_baseurl="https://matrix.example.org/")
        server.add_user()
        base = {"base_url": "https://matrix.example.org/"}
        self.assertEqual(server.log_in().json["well_known"], {"m.homeserver": base})

    def test_names(self) -> None:
        """
        A user can be named by localpart or full id, in any case, new style or
        old; the old style wins.
        """
        for user in ("alice", ALICE, "ALICE", "@Alice:example.org"):
            self.assertEqual(self.server.log_in(user).json["user_id"], ALICE)
            body = {"type": "m.login.password", "password": PASSWORD, "user": user}
            self.assertEqual(self.server.post("/v3/login", body).code, 200)
        both = {
            "type": "m.login.password",
            "password": PASSWORD,
            "user": "alice",
            "identifier": {"type": "m.id.user", "user": "bob"},
        }
        self.assertAnswered(self.server.post("/v3/login", both))

    def test_foreign(self) -> None:
        """
        A user of another server is refused before anything is hashed.
        """
        hashed = self.server.pool.ran
        for user in ("@alice:other.example", "@alice:EXAMPLE.org"):
            self.assertRefused(self.server.log_in(user), 403, "M_FORBIDDEN")
        self.assertEqual(self.server.pool.ran, hashed)
        self.assertEqual(self.audits()[0][2], "foreign_user")

    def test_unknown_user(self) -> None:
        """
        An unknown user, one without a password here, and a wrong password
        cannot be told apart: same bytes, same work.
        """
        self.server.add_user("empty", None)
        seen = set()
        for user in ("alice", "nobody", "empty"):
            before = self.server.pool.ran
            answer = self.server.log_in(user, "wrong")
            self.assertRefused(answer, 403, "M_FORBIDDEN")
            headers = sorted(answer.headers.items())
            work = self.server.pool.ran - before
            seen.add((answer.body, tuple(headers), work))
        self.assertEqual(len(seen), 1, seen)

    def test_long_password(self) -> None:
        """
        A password of more than 512 characters is refused unhashed.
        """
        before = self.server.pool.ran
        for password in ("x" * 513, ""):
            answer = self.server.log_in("alice", password)
            self.assertRefused(answer, 403, "M_FORBIDDEN")
        self.assertEqual(self.server.pool.ran, before)

    def test_deactivated(self) -> None:
        """
        A deactivated user is told so, with the right password only.
        """
        self.server.change("deactivated", 1, ALICE)
        self.assertRefused(self.server.log_in(), 403, "M_USER_DEACTIVATED")
        wrong = self.server.log_in("alice", "wrong")
        self.assertRefused(wrong, 403, "M_FORBIDDEN")
        self.assertEqual(
            self.audits(),
            [
                ("refused", "m.login.password", "deactivated", ALICE, None),
                ("refused", "m.login.password", "wrong_password", ALICE, None),
            ],
        )

    def test_locked(self) -> None:
        """
        A locked user keeps what the client has.
        """
        self.server.change("locked", 1, ALICE)
        answer = self.server.log_in()
        self.assertRefused(answer, 401, "M_USER_LOCKED", soft_logout=True)

    def test_missing(self) -> None:
        """
        What is missing is named.
        """
        identifier = {"type": "m.id.user", "user": "alice"}
        whole = {
            "type": "m.login.password",
            "identifier": identifier,
            "password": PASSWORD,
        }
        for key in whole:
            body = {k: v for k, v in whole.items() if k != key}
            answer = self.server.post("/v3/login", body)
            self.assertIn(key, answer.json["error"])
            self.assertRefused(answer, 400, "M_MISSING_PARAM")
        for key in identifier:
            part = {k: v for k, v in identifier.items() if k != key}
            answer = self.server.post("/v3/login", dict(whole, identifier=part))
            self.assertRefused(answer, 400, "M_MISSING_PARAM")

    def test_unknown_kinds(self) -> None:
        """
        Unknown types of logins and identifiers are refused.
        """
        self.assertRefused(self.server.log_in(type="m.login.sso"), 400, "M_UNKNOWN")
        answer = self.server.log_in(identifier={"type": "x", "user": "alice"})
        self.assertRefused(answer, 400, "M_UNKNOWN")

    def test_wrong_types(self) -> None:
        """
        Nothing of a wrong type is taken for anything.
        """
        for value in WRONG_TYPES:
            for key in ("type", "password", "user", "identifier", "device_id"):
                if value is None and key in ("user", "device_id"):
                    continue
                body = {"type": "m.login.password", "password": PASSWORD}
                body.update({"identifier": {"type": "m.id.user", "user": "alice"}})
                answer = self.server.post("/v3/login", dict(body, **{key: value}))
                self.assertEqual(answer.code, 400, (key, value, answer.body))
            for key in ("refresh_token", "initial_device_display_name"):
                if value is not None and value is not True:
                    answer = self.server.log_in(**{key: value})
                    self.assertRefused(answer, 400, "M_INVALID_PARAM")
            for key in ("type", "user"):
                identifier = {"type": "m.id.user", "user": "alice"}
                identifier[key] = value
                answer = self.server.log_in(identifier=identifier)
                self.assertRefused(answer, 400, "M_INVALID_PARAM")

    def test_bad_names(self) -> None:
        """
        What is no user id is refused as such.
        """
        for user in ("", "@", "@a", "@:example.org", "a\0b", "x" * 300, "\u00e4" * 200):
            answer = self.server.log_in(user)
            self.assertRefused(answer, 400, "M_INVALID_PARAM")
        # It has no UTF-8 form.
        self.assertRefused(self.server.log_in("\ud800"), 400, "M_BAD_JSON")

    def test_provider(self) -> None:
        """
        A provider is asked, and can make the account.
        """
        server = Server(providers=[NeverProvider, SecretProvider])
        self.assertEqual(server.log_in("eve", "open sesame").code, 200)
        self.assertRefused(server.log_in("eve", "wrong"), 403, "M_FORBIDDEN")

    def test_localdb_disabled(self) -> None:
        """
        A password in the database gets nobody in where that is switched off.
        """
        server = Server(
            password_config={"localdb_enabled": False}, providers=[SecretProvider]
        )
        server.add_user()
        self.assertRefused(server.log_in(), 403, "M_FORBIDDEN")

    def test_vanished(self) -> None:
        """
        An account that goes while its password is checked is nobody's.
        """
        store = self.server.hs.get_datastore()
        self.patch(store, "get_user", lambda user_id: succeed(None))
        self.assertRefused(self.server.log_in(), 403, "M_FORBIDDEN")


class DeviceTests(EndpointTestCase):
    """
    What a login says about its device.
    """

    def setUp(self) -> None:
        """
        Make a server with one user.
        """
        super().setUp()
        self.server = Server()
        self.server.add_user()

    def test_same_device(self) -> None:
        """
        A second login on a device keeps the device, and its name, and ends the
        first one's token.
        """
        first = self.server.log_in(
            device_id="PHONE", initial_device_display_name="Mine"
        ).json
        other = self.server.log_in().json
        second = self.server.log_in(
            device_id="PHONE", initial_device_display_name="Other"
        ).json
        self.assertEqual(second["device_id"], "PHONE")
        old = self.server.get("/v3/account/whoami", token=first["access_token"])
        self.assertRefused(old, 401, "M_UNKNOWN_TOKEN", soft_logout=False)
        for body in (other, second):
            who = self.server.get("/v3/account/whoami", token=body["access_token"])
            self.assertEqual(who.json["device_id"], body["device_id"])
        device = self.successResultOf(
            self.server.hs.get_datastore().get_device(ALICE, "PHONE")
        )
        self.assertEqual(device.display_name, "Mine")

    def test_too_many(self) -> None:
        """
        A script that makes a device of each login is told, where there is a limit,
        and what to do instead.
        """
        self.server = Server(synauth={"max_devices": 2})
        self.server.add_user()
        ids = [self.server.log_in().json["device_id"] for _ in range(2)]
        answer = self.server.log_in()
        self.assertRefused(answer, 403, "M_RESOURCE_LIMIT_EXCEEDED")
        self.assertIn("device_id", answer.json["error"])
        self.assertEqual(self.server.log_in(device_id=ids[0]).code, 200)
        self.assertEqual(self.audits()[2][2], "too_many_devices")

    def test_new_device(self) -> None:
        """
        Without a device id each login is a device of its own.
        """
        ids = {self.server.log_in().json["device_id"] for _ in range(3)}
        self.assertEqual(len(ids), 3)

    def test_bounds(self) -> None:
        """
        Device ids that are empty, huge or cannot be kept are refused; a long
        name is cut; a hostile user agent is no reason to refuse.
        """
        for device_id in ("", "x" * 513, "a\0b"):
            answer = self.server.log_in(device_id=device_id)
            self.assertRefused(answer, 400, "M_INVALID_PARAM")
        answer = self.server.post(
            "/v3/login",
            {
                "type": "m.login.password",
                "user": "alice",
                "password": PASSWORD,
                "device_id": "x" * 512,
                "initial_device_display_name": "n" * 1000,
            },
            headers=(("User-Agent", "\u00e4" * 5000),),
        )
        self.assertAnswered(answer)
        device = self.successResultOf(
            self.server.hs.get_datastore().get_device(ALICE, "x" * 512)
        )
        self.assertEqual(device.display_name, "n" * 100)
        self.assertEqual(len(device.user_agent), 255)

    def test_refresh_token(self) -> None:
        """
        A client that knows how to refresh gets a token for it.
        """
        body = self.assertAnswered(self.server.log_in(refresh_token=True))
        self.assertEqual(body["expires_in_ms"], 5 * 60 * 1000)
        self.assertIsInstance(body["refresh_token"], str)


class TokenTests(EndpointTestCase):
    """
    C{m.login.token}.
    """

    def setUp(self) -> None:
        """
        Make a server with one user and a token.
        """
        super().setUp()
        self.server = Server()
        self.server.add_user()
        handler = self.server.hs.auth_handler
        self.token = handler.generate_short_term_login_token(ALICE)

    def log_in(self, token: Any) -> Any:
        """
        @return: the answer to a login with a token.
        """
        return self.server.post("/v3/login", {"type": "m.login.token", "token": token})

    def test_good(self) -> None:
        """
        It logs in whom it is for.
        """
        self.assertEqual(self.log_in(self.token).json["user_id"], ALICE)
        self.assertEqual(self.audits()[0][:2], ("success", "m.login.token"))

    def test_once(self) -> None:
        """
        It is good for one login; a repeat is refused like any bad token.
        """
        self.assertAnswered(self.log_in(self.token))
        self.audits()
        repeat = self.log_in(self.token)
        bad = self.log_in("x")
        self.assertEqual((repeat.code, repeat.body), (bad.code, bad.body))
        self.assertRefused(repeat, 403, "M_FORBIDDEN")
        self.assertEqual(
            self.audits(),
            [("refused", "m.login.token", "invalid_token", None, None)] * 2,
        )

    def test_not_used_up(self) -> None:
        """
        Who has to come back later, or said something wrong about the device, comes
        with the same token.
        """
        self.server = Server(
            rc_login={"account": {"per_second": 0.1, "burst_count": 1}},
        )
        self.server.add_user()
        self.token = self.server.hs.auth_handler.generate_short_term_login_token(ALICE)
        body = {"type": "m.login.token", "token": self.token, "device_id": "a\0b"}
        answer = self.server.post("/v3/login", body)
        self.assertRefused(answer, 400, "M_INVALID_PARAM")
        self.assertEqual(self.server.log_in().code, 200)
        self.assertEqual(self.log_in(self.token).code, 429)
        self.server.reactor.advance(10)
        self.assertAnswered(self.log_in(self.token))

    def test_expired(self) -> None:
        """
        It is good for two minutes.
        """
        self.server.reactor.advance(119)
        self.assertEqual(self.log_in(self.token).code, 200)
        self.server.reactor.advance(2)
        self.assertRefused(self.log_in(self.token), 403, "M_FORBIDDEN")

    def test_bad(self) -> None:
        """
        Nothing else does for one.
        """
        handler = self.server.hs.auth_handler
        for token in (
            self.token[:-2],
            self.token + "A",
            "",
            "x",
            "\0",
            "\u00e4",
            handler.generate_access_token(ALICE),
            handler.generate_short_term_login_token("@nobody:example.org"),
        ):
            self.assertRefused(self.log_in(token), 403, "M_FORBIDDEN")
        for value in WRONG_TYPES:
            self.assertRefused(self.log_in(value), 400, "M_INVALID_PARAM")

    def test_missing(self) -> None:
        """
        It has to be there.
        """
        answer = self.server.post("/v3/login", {"type": "m.login.token"})
        self.assertRefused(answer, 400, "M_MISSING_PARAM")


class LimitTests(EndpointTestCase):
    """
    C{rc_login}.
    """

    def test_address(self) -> None:
        """
        An address has so many logins, right or wrong; others have their own.
        """
        server = Server(rc_login=limits(address=(0.5, 2)))
        server.add_user()
        server.log_in("alice", "wrong")
        self.assertAnswered(server.log_in())
        before = server.pool.ran
        self.assertLimited(server.log_in(), 2000)
        self.assertEqual(server.pool.ran, before)
        self.assertEqual(self.audits()[-1][2:4], ("rate_limited", ALICE))
        body = {"type": "m.login.password", "user": "alice", "password": PASSWORD}
        other = server.post("/v3/login", body, address="192.0.2.2")
        self.assertAnswered(other)
        server.reactor.advance(2)
        self.assertAnswered(server.log_in())

    def test_account(self) -> None:
        """
        An account has so many logins; wrong passwords do not count.
        """
        server = Server(rc_login=limits(account=(0.1, 2)))
        server.add_user()
        server.add_user("bob")
        for _ in range(3):
            server.log_in("alice", "wrong")
        self.assertAnswered(server.log_in())
        self.assertAnswered(server.log_in("ALICE"))
        before = server.pool.ran
        self.assertLimited(server.log_in("@Alice:example.org"), 10000)
        self.assertEqual(server.pool.ran, before)
        self.assertAnswered(server.log_in("bob"))
        server.reactor.advance(10)
        self.assertAnswered(server.log_in())

    def test_old_account(self) -> None:
        """
        An account with capitals in its name, as old servers have them, has the
        same limit.
        """
        server = Server(rc_login=limits(account=(0.1, 1)))
        server.add_user("Old")
        self.assertAnswered(server.log_in("Old"))
        before = server.pool.ran
        self.assertLimited(server.log_in("old"), 10000)
        self.assertEqual(server.pool.ran, before)

    def test_failed_attempts(self) -> None:
        """
        After so many wrong passwords the right one has to wait too; right ones
        do not count.
        """
        server = Server(rc_login=limits(failed_attempts=(0.25, 2)))
        server.add_user()
        for _ in range(4):
            self.assertAnswered(server.log_in())
        for _ in range(2):
            wrong = server.log_in("Alice", "wrong")
            self.assertRefused(wrong, 403, "M_FORBIDDEN")
        before = server.pool.ran
        self.assertLimited(server.log_in(), 4000)
        self.assertEqual(server.pool.ran, before)
        server.reactor.advance(4)
        self.assertAnswered(server.log_in())

    def test_unknown_user(self) -> None:
        """
        An account that does not exist is limited like one that does.
        """
        server = Server(rc_login=limits(failed_attempts=(0.25, 1)))
        server.log_in("nobody", "wrong")
        self.assertLimited(server.log_in("nobody", "wrong"), 4000)

    def test_malformed(self) -> None:
        """
        What is no login is no attempt.
        """
        server = Server(rc_login=limits(address=(0.5, 1)))
        server.add_user()
        for body in (b"", b"[]", {"type": 1}, {"type": "x"}):
            self.assertEqual(server.post("/v3/login", body).code, 400)
        self.assertAnswered(server.log_in())


class AuditTests(EndpointTestCase):
    """
    What the audit log has of logins.
    """

    def test_outcomes(self) -> None:
        """
        Each attempt is there once, with whom it was for and why not, and no
        secret with it.
        """
        server = Server()
        server.add_user()
        secret = "hunter2-\u00e4"
        server.log_in("alice", secret, device_id="PHONE")
        server.log_in("nobody", secret)
        server.log_in(7)
        server.post("/v3/login", {"type": "m.login.token", "token": "s3cret"})
        answer = server.log_in(device_id="PHONE", refresh_token=True).json
        for hidden in (
            secret,
            "hunter2",
            "s3cret",
            PASSWORD,
            answer["access_token"],
            answer["refresh_token"],
        ):
            self.assertNotIn(hidden, self.logged())
        self.assertEqual(
            self.audits(),
            [
                ("refused", "m.login.password", "wrong_password", ALICE, "PHONE"),
                (
                    "refused",
                    "m.login.password",
                    "wrong_password",
                    "@nobody:example.org",
                    None,
                ),
                ("refused", "m.login.password", "M_INVALID_PARAM", None, None),
                ("refused", "m.login.token", "invalid_token", None, None),
                ("success", "m.login.password", None, ALICE, "PHONE"),
            ],
        )
