"""
Macaroons.
"""

import json
from typing import Any, List

import pymacaroons
from pymacaroons.caveat import Caveat
from pymacaroons.serializers import JsonSerializer
from twisted.internet.task import Clock as ReactorClock
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from synauth.auth.tokens import (
    MacaroonTokens,
    deserialize,
    identity_of,
    is_unset,
)
from synauth.errors import AuthError
from synauth.homeserver.clock import Clock
from synauth.interfaces import IMacaroonAuth

ALICE = "@alice:example.org"
NOW_MS = 1500000000000


class TokenTestCase(SynchronousTestCase):
    """
    Tokens at a known time.
    """

    def setUp(self) -> None:
        """
        Make the tokens under test.
        """
        self.reactor = ReactorClock()
        self.reactor.advance(NOW_MS / 1000)
        self.key: Any = "the key"
        self.tokens = MacaroonTokens(
            lambda: "example.org", lambda: self.key, Clock(self.reactor)
        )

    def minted(self, type_string: str) -> str:
        """
        @return: a fresh token.
        """
        if type_string == "access":
            return self.tokens.access_token(ALICE, [], 3600000)
        if type_string == "login":
            return self.tokens.login_token(ALICE, 120000)
        return getattr(self.tokens, type_string + "_token")(ALICE)

    def assert_refused(self, token: Any, type_string: str) -> None:
        """
        Check that a token is refused in the one way in which all are.
        """
        error = self.assertRaises(AuthError, self.tokens.user_id_of, token, type_string)
        self.assertEqual((error.code, error.errcode), (403, "M_FORBIDDEN"))
        self.assertEqual((error.msg, error.reason), ("Invalid token", "invalid_token"))


def appended(token: str, *caveats: Any) -> str:
    """
    @return: the token, narrowed by its holder.
    """
    macaroon = pymacaroons.Macaroon.deserialize(token)
    for caveat in caveats:
        macaroon.add_first_party_caveat(caveat)
    return macaroon.serialize()


TYPES = ("access", "refresh", "login", "delete_pusher")


class MacaroonTokensTests(TokenTestCase):
    """
    L{MacaroonTokens}.
    """

    def caveats(self, token: str) -> List[str]:
        """
        @return: what a token says.
        """
        return [c.caveat_id for c in deserialize(token).caveats]

    def test_interface(self) -> None:
        """
        It provides what it says that it provides.
        """
        verifyObject(IMacaroonAuth, self.tokens)

    def test_caveats(self) -> None:
        """
        Each token says whom and what it is for, and for how long.
        """
        base = ["gen = 1", "user_id = " + ALICE]
        for type_string, time in (
            ("access", ["time < 1500003600000"]),
            ("refresh", []),
            ("login", ["time < 1500000120000"]),
            ("delete_pusher", []),
        ):
            said = self.caveats(self.minted(type_string))
            nonces = [c for c in said if c.startswith("nonce = ")]
            self.assertEqual(len(nonces), type_string != "delete_pusher")
            self.assertEqual(
                said, base + ["type = " + type_string] + time + nonces, type_string
            )

    def test_location_and_identifier(self) -> None:
        """
        The macaroon names the server, and the key.
        """
        macaroon = deserialize(self.minted("access"))
        self.assertEqual(
            (macaroon.location, macaroon.identifier), ("example.org", "key")
        )

    def test_extra_caveats(self) -> None:
        """
        A host's own caveats come last, and are not ours to believe.
        """
        token = self.tokens.access_token(ALICE, ["guest = true", "x = y"], 1000)
        self.assertEqual(self.caveats(token)[-2:], ["guest = true", "x = y"])
        self.assert_refused(token, "access")

    def test_no_expiry(self) -> None:
        """
        An access token need not expire.
        """
        token = self.tokens.access_token(ALICE, [], None)
        self.assertNotIn("time", " ".join(self.caveats(token)))
        self.reactor.advance(10**9)
        self.assertEqual(self.tokens.user_id_of(token, "access"), ALICE)

    def test_unique(self) -> None:
        """
        No two access or refresh tokens of a user are the same, even if they
        are made at the same time.
        """
        for type_string in ("access", "refresh"):
            self.assertNotEqual(self.minted(type_string), self.minted(type_string))

    def test_good(self) -> None:
        """
        A token is good for its own type, and for no other.
        """
        for made in TYPES:
            token = self.minted(made)
            for wanted in TYPES + ("guest", ""):
                if wanted == made:
                    self.assertEqual(self.tokens.user_id_of(token, wanted), ALICE)
                else:
                    self.assert_refused(token, wanted)

    def test_user_ids_with_separators(self) -> None:
        """
        A user id that looks like a caveat stays a user id.
        """
        for user_id in ("@a = b:c", "@time < 5:c", "@gen = 1:c", "@\u00e4:c"):
            token = self.tokens.login_token(user_id, 1000)
            self.assertEqual(self.tokens.user_id_of(token, "login"), user_id)

    def test_another_user(self) -> None:
        """
        A host that asks about another user is told no.
        """
        macaroon = deserialize(self.minted("login"))
        self.assertRaises(
            AuthError,
            self.tokens.validate_macaroon,
            macaroon,
            "login",
            True,
            "@bob:example.org",
        )

    def test_no_user(self) -> None:
        """
        A macaroon without a user is nobody's.
        """
        macaroon = pymacaroons.Macaroon("example.org", "key", "the key")
        self.assertRaises(AuthError, self.tokens.get_user_id_from_macaroon, macaroon)
        self.assert_refused(macaroon.serialize(), "login")

    def test_expiry(self) -> None:
        """
        A token expires to the millisecond, for those who ask.
        """
        token = self.minted("login")
        self.reactor.advance(119.999)
        self.assertEqual(self.tokens.user_id_of(token, "login"), ALICE)
        self.reactor.advance(0.001)
        self.assert_refused(token, "login")
        self.tokens.validate_macaroon(deserialize(token), "login", False, ALICE)

    def test_wrong_key(self) -> None:
        """
        A token that another key has signed is not good.
        """
        tokens = [(t, self.minted(t)) for t in TYPES]
        self.key = b"another key"
        for type_string, token in tokens:
            self.assert_refused(token, type_string)
        self.key = b"the key"
        for type_string, token in tokens:
            self.assertEqual(self.tokens.user_id_of(token, type_string), ALICE)

    def test_unset_key(self) -> None:
        """
        Without a key nothing is made and nothing is believed.
        """
        token = self.minted("login")
        for key in (None, "", b"", " ", "None", "null", b"None", b"null", "null\n"):
            self.key = key
            self.assertIs(is_unset(key), True)
            for type_string in TYPES:
                error = self.assertRaises(ValueError, self.minted, type_string)
                self.assertIn("macaroon_secret_key", str(error))
            self.assertRaises(ValueError, self.tokens.user_id_of, token, "login")
        for key in ("x", b"\xff", "none of it"):
            self.assertIs(is_unset(key), False)


class DeviceTests(TokenTestCase):
    """
    Whose device a refresh token was for.
    """

    def test_device(self) -> None:
        """
        It is told again as it was, of a token that is as it was.
        """
        for device_id in ("PHONE", "a = b", "\u00c4 < 1\n", "x" * 512):
            token = self.tokens.refresh_token(ALICE, device_id)
            self.assertEqual(self.tokens.device_of(token), (ALICE, device_id))
            self.assertEqual(self.tokens.user_id_of(token, "refresh"), ALICE)
            for caveat in ("device_id = OTHER", "nonce = x", "user_id = @bob:b"):
                changed = appended(token, caveat)
                self.assertIsNone(self.tokens.device_of(changed))
                self.assert_refused(changed, "refresh")

    def test_no_device(self) -> None:
        """
        Of a token without a device, of another kind or under another key, and of
        what is none at all, nothing is told.
        """
        found = [self.minted(kind) for kind in ("refresh", "access", "login")]
        found += ["", "garbage", "\ud800"]
        other = self.tokens.refresh_token(ALICE, "PHONE")
        self.key = "another key"
        for token in [*found, other]:
            self.assertIsNone(self.tokens.device_of(token))


class AppendedCaveatTests(TokenTestCase):
    """
    What a holder appends to a token.
    """

    def test_appended(self) -> None:
        """
        Nothing may be appended, whatever it is.
        """
        for caveat in (
            "user_id = @bob:example.org",
            "user_id = " + ALICE,
            "type = access",
            "type = login",
            "gen = 1",
            "gen = 2",
            "time < 9999999999999",
            "time < 1",
            "time < \u00b2",
            "time < -1",
            "time < " + "9" * 5000,
            "time < 9999999999999.0",
            "time = 9999999999999",
            "time ",
            "guest = true",
            "nonce = again",
            "",
            " ",
            " = ",
            "garbage",
            "\u2603",
            "user_id=@bob:example.org",
        ):
            for type_string in TYPES:
                token = appended(self.minted(type_string), caveat)
                self.assert_refused(token, type_string)

    def test_appended_bytes(self) -> None:
        """
        A caveat that is not even text is refused like any other.
        """
        for caveat in (b"\xff\xfe", b"time < \xff"):
            macaroon = deserialize(self.minted("login"))
            macaroon.caveats.append(Caveat(caveat))
            self.assert_refused(macaroon.serialize(), "login")

    def test_third_party(self) -> None:
        """
        There is no third party that anybody trusts.
        """
        macaroon = deserialize(self.minted("login"))
        macaroon.add_third_party_caveat("other.example", "their key", "user_id = x")
        self.assert_refused(macaroon.serialize(), "login")

    def test_missing_expiry(self) -> None:
        """
        A login token without an end is none, though the key has signed it.
        """
        macaroon = self.tokens.base_macaroon(ALICE)
        macaroon.add_first_party_caveat("type = login")
        self.assert_refused(macaroon.serialize(), "login")
        macaroon.add_first_party_caveat("time < \u00b2")
        self.assert_refused(macaroon.serialize(), "login")

    def test_removed(self) -> None:
        """
        Nothing may be taken away, or come in another order.
        """
        macaroon = deserialize(self.minted("login"))
        macaroon.caveats = macaroon.caveats[:-1]
        self.assert_refused(macaroon.serialize(), "login")
        macaroon = deserialize(self.minted("login"))
        macaroon.caveats = macaroon.caveats[::-1]
        self.assert_refused(macaroon.serialize(), "login")

    def test_changed(self) -> None:
        """
        A caveat that was rewritten breaks the signature.
        """
        macaroon = deserialize(self.minted("login"))
        macaroon.caveats[1].caveat_id = "user_id = @bob:example.org"
        self.assert_refused(macaroon.serialize(), "login")


class GarbageTests(TokenTestCase):
    """
    What is no token.
    """

    def test_garbage(self) -> None:
        """
        Whatever a client sends is refused like a token that is not good.
        """
        good = self.minted("login")
        for token in (
            "",
            " ",
            "garbage",
            "x" * 100000,
            "A" * 100000,
            "\u2603",
            "\ud800",
            "\0",
            good[:-1],
            good[: len(good) // 2],
            good + "x" * 40,
            good.swapcase(),
            "{}",
            "[]",
            "null",
            "{" * 10000,
            "[" * 100000,
            None,
            5,
            [],
            {},
            b"\xff",
        ):
            self.assert_refused(token, "login")

    def test_json(self) -> None:
        """
        The other forms of a macaroon are read as carefully.
        """
        good = deserialize(self.minted("login"))
        text = good.serialize(JsonSerializer())
        for caveats in ([{"cid": 5}], [5], {}, [{"cid": None}], [{}], None, "x"):
            self.assert_refused(
                json.dumps(dict(json.loads(text), caveats=caveats)), "login"
            )
        version_2 = pymacaroons.Macaroon(
            location="example.org",
            identifier="key",
            key="the key",
            version=pymacaroons.MACAROON_V2,
        )
        for caveat in ("gen = 1", "user_id = " + ALICE, "type = login", "time < 1"):
            version_2.add_first_party_caveat(caveat)
        self.assert_refused(version_2.serialize(), "login")
        version_2.caveats.append(Caveat(b"\xff", version=pymacaroons.MACAROON_V2))
        self.assert_refused(version_2.serialize(), "login")


class IdentityTests(TokenTestCase):
    """
    L{identity_of}.
    """

    def test_identity(self) -> None:
        """
        A token is the same in whichever form it is written, and no other is,
        though it be made in the same moment.
        """
        token = self.minted("login")
        known, expiry = identity_of(token)
        self.assertEqual(expiry, 1500000120000)
        self.assertEqual(self.tokens.user_id_of(token + "=", "login"), ALICE)
        self.assertEqual(identity_of(token + "="), (known, expiry))
        self.assertNotEqual(identity_of(self.minted("login"))[0], known)
