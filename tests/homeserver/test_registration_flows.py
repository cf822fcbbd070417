"""
Tests for L{synauth.homeserver.registration_flows} and what is refused at the
start.
"""

import itertools
import os
from typing import Any, Dict, List

from twisted.trial.unittest import SynchronousTestCase

from synauth.errors import ConfigError
from synauth.homeserver.config import load_config
from synauth.homeserver.registration_flows import registration_flows

EMAIL = "m.login.email.identity"
MSISDN = "m.login.msisdn"
DUMMY = "m.login.dummy"

MAIL: Dict[str, Any] = {
    "email": {"notif_from": "us@example.org"},
    "public_baseurl": "https://example.org/",
}
DELEGATE = {"account_threepid_delegates": {"msisdn": "https://id.example/"}}


def flows(*parts: Dict[str, Any], **settings: Any) -> List[List[str]]:
    """
    @return: the flows of a configuration.
    """
    for part in parts:
        settings.update(part)
    return registration_flows(load_config([], settings, None))


class FlowTests(SynchronousTestCase):
    """
    The ways to register.
    """

    def test_addresses(self) -> None:
        """
        What can be proved can be given, and what is required has to be.
        """
        both = [MSISDN, EMAIL]
        for parts, settings, expected in (
            ((), {}, [[DUMMY]]),
            ((MAIL,), {}, [[DUMMY], [EMAIL]]),
            ((DELEGATE,), {}, [[DUMMY], [MSISDN]]),
            ((MAIL, DELEGATE), {}, [[DUMMY], [EMAIL], [MSISDN], both]),
            ((MAIL,), {"registrations_require_3pid": ["email"]}, [[EMAIL]]),
            (
                (MAIL, DELEGATE),
                {"registrations_require_3pid": ["email"]},
                [[EMAIL], both],
            ),
            (
                (MAIL, DELEGATE),
                {"registrations_require_3pid": ["msisdn"]},
                [[MSISDN], both],
            ),
            (
                (MAIL, DELEGATE),
                {"registrations_require_3pid": ["email", "msisdn"]},
                [both],
            ),
            (
                (MAIL, DELEGATE),
                {"disable_msisdn_registration": True},
                [[DUMMY], [EMAIL]],
            ),
            (
                (),
                {"trusted_third_party_id_servers": ["id.example"]},
                [[DUMMY], [EMAIL], [MSISDN], both],
            ),
        ):
            self.assertEqual(flows(*parts, **settings), expected, settings)

    def test_first_stages(self) -> None:
        """
        Token, captcha and rules stand before, in this order, in each flow.
        """
        folder = self.mktemp()
        os.makedirs(folder)
        options = (
            ("m.login.registration_token", {"registration_requires_token": True}),
            (
                "m.login.recaptcha",
                {
                    "enable_registration_captcha": True,
                    "recaptcha_public_key": "p",
                    "recaptcha_private_key": "s",
                },
            ),
            (
                "m.login.terms",
                {
                    "user_consent": {
                        "template_dir": folder,
                        "version": "1",
                        "require_at_registration": True,
                    }
                },
            ),
        )
        for chosen in itertools.product((False, True), repeat=3):
            taken = [each for each, yes in zip(options, chosen) if yes]
            first = [stage for stage, _ in taken]
            found = flows(MAIL, *(part for _, part in taken))
            self.assertEqual(found, [first + [DUMMY], first + [EMAIL]])


class RefusalTests(SynchronousTestCase):
    """
    What nobody can have meant.
    """

    def refused(self, **settings: Any) -> str:
        """
        @return: the message.
        """
        return str(self.assertRaises(ConfigError, load_config, [], settings, None))

    def test_open(self) -> None:
        """
        Registration without any check is refused unless it is asked for.
        """
        path = self.mktemp()
        with open(path, "w") as stream:
            stream.write("enable_registration: true\n")
        error = self.assertRaises(ConfigError, load_config, [path], {}, None)
        self.assertIn(path + ":1: enable_registration: found true", str(error))
        self.assertIn("enable_registration_without_verification", str(error))
        for name in ("registration_requires_token",):
            with open(path, "a") as stream:
                stream.write("%s: true\n" % name)
            load_config([path], {}, None)

    def test_impossible(self) -> None:
        """
        An address that nobody can prove can't be required.
        """
        for medium in ("email", "msisdn"):
            said = self.refused(registrations_require_3pid=[medium])
            self.assertIn(
                "registrations_require_3pid: found %s, which nobody can prove" % medium,
                said,
            )
        said = self.refused(
            registrations_require_3pid=["msisdn"],
            disable_msisdn_registration=True,
            **DELEGATE,
        )
        self.assertIn("besides disable_msisdn_registration", said)
        said = self.refused(registrations_require_3pid=["pigeon"])
        self.assertIn("registrations_require_3pid[0]", said)
