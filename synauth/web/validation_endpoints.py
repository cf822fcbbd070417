"""
The rows about proofs of addresses in the table of all that is served
(L{synauth.web.endpoints}).
"""

from synauth.web.prefixes import SINCE_R0
from synauth.web.routes import ANYBODY, Group, Route

# Synapse's own place for its links; clients' logs know the other.
LINKS = ("/_synapse/client", "/_matrix/client/unstable")

VALIDATION: Group = tuple(
    Route("POST", SINCE_R0, path + "/requestToken", handler, ANYBODY, summary)
    for path, handler, summary in (
        (
            "/register/email",
            "request_token.register_email",
            "Sends a mail to the address of somebody who registers.",
        ),
        (
            "/register/msisdn",
            "request_token.register_msisdn",
            "Has a message sent to the telephone of somebody who registers.",
        ),
        (
            "/account/password/email",
            "request_token.password_email",
            "Sends the mail with which a password is reset.",
        ),
        (
            "/account/password/msisdn",
            "request_token.password_msisdn",
            "Has the message sent with which a password is reset.",
        ),
        (
            "/account/3pid/email",
            "request_token.add_email",
            "Sends a mail to an address that an account is to have.",
        ),
        (
            "/account/3pid/msisdn",
            "request_token.add_msisdn",
            "Has a message sent to a telephone that an account is to have.",
        ),
    )
) + (
    Route(
        "GET",
        LINKS[:1],
        "/password_reset/email/submit_token",
        "submit_token.confirm_reset",
        ANYBODY,
        "Where the link of a password reset leads: asks whether it is wanted.",
    ),
    Route(
        "POST",
        LINKS[:1],
        "/password_reset/email/submit_token",
        "submit_token.reset",
        ANYBODY,
        "It is: the address is validated.",
    ),
    Route(
        "GET",
        LINKS,
        "/registration/email/submit_token",
        "submit_token.registration",
        ANYBODY,
        "Validates the address of somebody who registers.",
    ),
    Route(
        "GET",
        LINKS,
        "/add_threepid/email/submit_token",
        "submit_token.add_threepid",
        ANYBODY,
        "Validates an address that an account is to have.",
    ),
    Route(
        "POST",
        LINKS,
        "/add_threepid/msisdn/submit_token",
        "request_token.submit_msisdn",
        ANYBODY,
        "Passes what came by telephone on to the identity server.",
    ),
)
