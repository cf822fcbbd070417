"""
The options about who may register, and how.
"""

from typing import Any, Mapping, Tuple

from synauth.homeserver.config.kinds import (
    BOOLEAN,
    POSITIVE_NUMBER,
    TEXT,
    integer,
    list_of,
    one_of,
)
from synauth.homeserver.config.table import Option, Reading
from synauth.homeserver.config.yamlfile import Node

FLOWS: Tuple[Option, ...] = (
    Option(
        "registration_requires_token",
        BOOLEAN,
        False,
        "Whether who registers has to have a token that an administrator has made.",
    ),
    Option(
        "registrations_require_3pid",
        list_of(one_of("email", "msisdn"), "a list of email and msisdn"),
        [],
        "The kinds of addresses that who registers has to prove.",
    ),
    Option(
        "disable_msisdn_registration",
        BOOLEAN,
        False,
        "Whether who registers is not asked for a telephone number.",
    ),
    Option(
        "inhibit_user_in_use_error",
        BOOLEAN,
        False,
        "Whether /register/available says of every name that it is free; who"
        " registers is told all the same.",
    ),
    Option(
        "app_service_config_files",
        list_of(TEXT, "a list of paths"),
        [],
        "The registrations of application services, each a YAML file.",
    ),
    Option(
        "rc_registration_token_validity.per_second",
        POSITIVE_NUMBER,
        0.1,
        "How many questions whether a registration token is good are answered to"
        " one address, a second in the long run; a wrong token in a registration is"
        " one.",
    ),
    Option(
        "rc_registration_token_validity.burst_count",
        integer(1),
        5,
        "How many of them are answered at once before that counts.",
    ),
)

# What keeps machines from registering.
_CHECKS = (
    "enable_registration_captcha",
    "registration_requires_token",
    "registrations_require_3pid",
)


def check_registration(values: Mapping[str, Any], root: Node, reading: Reading) -> None:
    """
    Complain about a registration that is open by mistake, and about one that
    nobody can finish.

    @param values: all values.
    @param root: the whole configuration.
    """
    required = values["registrations_require_3pid"] or ()
    possible = {
        "email": values["email.notif_from"] is not None
        or bool(values["trusted_third_party_id_servers"]),
        "msisdn": values["account_threepid_delegates.msisdn"] is not None
        or bool(values["trusted_third_party_id_servers"]),
    }
    for medium in required:
        if medium is not None and not possible[medium]:
            reading.refuse(
                root.value["registrations_require_3pid"].place,
                "registrations_require_3pid",
                "found %s, which nobody can prove: expected %s"
                % (medium, _PROOFS[medium]),
            )
    if values["disable_msisdn_registration"] and "msisdn" in required:
        reading.refuse(
            root.value["registrations_require_3pid"].place,
            "registrations_require_3pid",
            "found msisdn besides disable_msisdn_registration, expected one of them",
        )
    if not values["enable_registration"]:
        return
    doubtful = (*_CHECKS, "enable_registration_without_verification")
    if any(values[key] or key in reading.wrong for key in doubtful):
        return
    reading.refuse(
        root.value["enable_registration"].place,
        "enable_registration",
        "found true without a check of who registers, expected %s, or"
        " enable_registration_without_verification: true if really anybody may"
        % (", ".join(_CHECKS),),
    )


_PROOFS = {
    "email": "an email section, or trusted_third_party_id_servers",
    "msisdn": "account_threepid_delegates.msisdn, or trusted_third_party_id_servers",
}
