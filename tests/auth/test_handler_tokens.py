"""
The tokens of L{AuthHandler}, as hosts call for them.
"""

from typing import Any, List

from synauth.auth.tokens import deserialize
from synauth.errors import AuthError
from synauth.testing.passwords import ALICE
from tests.auth.test_handler import NOW_MS, HandlerTestCase


class TokenTests(HandlerTestCase):
    """
    Tokens, as hosts call for them.
    """

    def caveats(self, token: str) -> List[str]:
        """
        @return: what a token says, but for its nonce.
        """
        said = [c.caveat_id for c in deserialize(token).caveats]
        return [c for c in said if not c.startswith("nonce = ")]

    def test_generate(self) -> None:
        """
        Each token has the caveats that it had in 2016.
        """
        base = ["gen = 1", "user_id = " + ALICE]
        handler = self.handler
        hour = "time < %d" % (NOW_MS + 3600000)
        for token, rest in (
            (handler.generate_access_token(ALICE), ["type = access", hour]),
            (
                handler.generate_access_token(ALICE, ["guest = true"], 5),
                ["type = access", "time < %d" % (NOW_MS + 5), "guest = true"],
            ),
            (
                handler.generate_access_token(
                    ALICE, extra_caveats=None, duration_in_ms=1000
                ),
                ["type = access", "time < %d" % (NOW_MS + 1000)],
            ),
            (handler.generate_refresh_token(ALICE), ["type = refresh"]),
            (
                handler.generate_short_term_login_token(ALICE),
                ["type = login", "time < %d" % (NOW_MS + 120000)],
            ),
            (
                handler.generate_short_term_login_token(ALICE, duration_in_ms=7),
                ["type = login", "time < %d" % (NOW_MS + 7)],
            ),
            (handler.generate_delete_pusher_token(ALICE), ["type = delete_pusher"]),
        ):
            self.assertEqual(self.caveats(token), base + rest)

    def assert_refused(self, token: Any) -> None:
        """
        Check that a login token is refused.
        """
        error = self.assertRaises(
            AuthError,
            self.handler.validate_short_term_login_token_and_get_user_id,
            token,
        )
        self.assertEqual(
            (error.code, error.errcode, error.msg),
            (403, "M_FORBIDDEN", "Invalid token"),
        )

    def test_login_token(self) -> None:
        """
        A login token logs in, for two minutes; nothing else does.
        """
        token = self.handler.generate_short_term_login_token(ALICE)
        validate = self.handler.validate_short_term_login_token_and_get_user_id
        self.hs.reactor.advance(119)
        self.assertEqual(validate(token), ALICE)
        self.hs.reactor.advance(1)
        self.assert_refused(token)
        for other in (
            self.handler.generate_access_token(ALICE),
            self.handler.generate_refresh_token(ALICE),
            self.handler.generate_delete_pusher_token(ALICE),
            "",
            "garbage",
            "\ud800",
            None,
            5,
        ):
            self.assert_refused(other)

    def test_the_host_has_a_say(self) -> None:
        """
        What the host's own check refuses, or takes for somebody else's, is
        refused, whatever it raises.
        """
        token = self.handler.generate_short_term_login_token(ALICE)
        ours = self.hs.get_auth()

        class HostAuth:
            get_user_id_from_macaroon = ours.get_user_id_from_macaroon

            def validate_macaroon(self, *args: Any) -> None:
                raise KeyError("no")

        class OthersAuth(HostAuth):
            def get_user_id_from_macaroon(self, macaroon: Any) -> str:
                return "@bob:example.org"

            def validate_macaroon(self, *args: Any) -> None:
                pass

        for auth in (HostAuth(), OthersAuth()):
            self.hs.get_auth = lambda: auth  # type: ignore # noqa: B023
            self.assert_refused(token)

    def test_unset_key(self) -> None:
        """
        Without a key the fault is the server's, and nobody is let in.
        """
        token = self.handler.generate_short_term_login_token(ALICE)
        for key in (None, "", "None", "null"):
            self.hs.config.macaroon_secret_key = key
            self.assertRaises(
                ValueError,
                self.handler.validate_short_term_login_token_and_get_user_id,
                token,
            )
            self.assertRaises(ValueError, self.handler.generate_access_token, ALICE)
