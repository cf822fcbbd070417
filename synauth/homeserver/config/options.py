"""
The table of options: what is parsed, what C{docs/configuration.rst} says and
what C{synauth generate-config} writes all come from here.
"""

from typing import Tuple

from synauth.homeserver.config.account import ACCOUNT
from synauth.homeserver.config.captcha import CAPTCHA
from synauth.homeserver.config.consent import CONSENT
from synauth.homeserver.config.database import DATABASE
from synauth.homeserver.config.kinds import (
    BASE_URL,
    BOOLEAN,
    DURATION,
    DURATION_OR_ZERO,
    NETWORK,
    PASSWORDS,
    PEPPER,
    POSITIVE_NUMBER,
    SECRET,
    SERVER_NAME,
    TEXT,
    URL,
    integer,
    list_of,
)
from synauth.homeserver.config.listeners import LISTENERS
from synauth.homeserver.config.logs import LOGS
from synauth.homeserver.config.mail import MAIL
from synauth.homeserver.config.modules import MODULES
from synauth.homeserver.config.registration import FLOWS
from synauth.homeserver.config.table import Option


def _rate(key: str, per_second: float, burst: int, what: str) -> Tuple[Option, Option]:
    return (
        Option(
            key + ".per_second",
            POSITIVE_NUMBER,
            per_second,
            "How many %s are allowed a second in the long run." % (what,),
        ),
        Option(
            key + ".burst_count",
            integer(1),
            burst,
            "How many %s are allowed at once before that counts." % (what,),
        ),
    )


GROUPS: Tuple[Tuple[str, Tuple[Option, ...]], ...] = (
    (
        "The server",
        (
            Option(
                "server_name",
                SERVER_NAME,
                "localhost",
                "What stands after the colon in user ids; it can't be changed"
                " once there are accounts.",
            ),
            Option(
                "public_baseurl",
                BASE_URL,
                None,
                "Where clients reach the server; told to them in login answers.",
            ),
            Option(
                "listeners",
                LISTENERS,
                [{"port": 8008, "bind_addresses": ["127.0.0.1"]}],
                "Where the server listens.",
            ),
            Option(
                "trusted_proxies",
                list_of(NETWORK, "a list of IP addresses and networks"),
                ["127.0.0.0/8", "::1"],
                "The reverse proxies whose X-Forwarded-For is believed, where a"
                " listener has x_forwarded.",
            ),
            Option(
                "enable_metrics",
                BOOLEAN,
                False,
                "Whether there are metrics for Prometheus, at a listener of type"
                " metrics, or one whose resources name them.",
            ),
            Option(
                "synauth.max_connections",
                integer(1, 1000000),
                1000,
                "How many connections may be open; further ones are closed at once.",
            ),
            Option(
                "synauth.max_connections_per_address",
                integer(1, 1000000),
                100,
                "How many of them may come from one IPv4 address, or from the /64 of"
                " an IPv6 one; trusted_proxies may have any number.",
            ),
            Option(
                "synauth.request_timeout",
                DURATION,
                "60s",
                "How long a request may take to arrive, and how long a connection may"
                " wait for one.",
            ),
            Option(
                "synauth.stop_timeout",
                DURATION_OR_ZERO,
                "10s",
                "How long the daemon, told to stop, works on what it has begun.",
            ),
            Option(
                "templates.custom_template_directory",
                TEXT,
                None,
                "A directory of your own templates of mails and pages, by"
                " Synapse's names; what is not in it is synauth's.",
            ),
            Option(
                "synauth.data_dir",
                TEXT,
                "./synauth-data",
                "The directory of the database and of generated keys; it is"
                " made if need be.",
            ),
        ),
    ),
    ("The database", DATABASE),
    ("The log", LOGS),
    (
        "Passwords",
        (
            Option(
                "bcrypt_rounds",
                integer(4, 31),
                12,
                "The cost of a password hash; each step doubles it.  Older"
                " hashes that cost less are renewed at the next login.",
            ),
            Option(
                "password_config.enabled",
                PASSWORDS,
                True,
                "Whether anybody can log in with a password; only_for_reauth for"
                " those alone who are logged in and have to authenticate again.",
            ),
            Option(
                "password_config.localdb_enabled",
                BOOLEAN,
                True,
                "Whether passwords are looked up in the server's own database"
                " too, and not only at password providers.",
            ),
            Option(
                "password_config.pepper",
                PEPPER,
                None,
                "Appended to every password before it is hashed; if it is"
                " changed, no password is good any more.",
            ),
            Option(
                "password_config.policy.enabled",
                BOOLEAN,
                False,
                "Whether new passwords have to keep to the rules below.",
            ),
            Option(
                "password_config.policy.minimum_length",
                integer(0, 512),
                0,
                "How many characters a new password has at least.",
            ),
        )
        + tuple(
            Option(
                "password_config.policy.require_" + key,
                BOOLEAN,
                False,
                "Whether a new password has to have %s." % (what,),
            )
            for key, what in (
                ("digit", "a digit"),
                ("symbol", "a character that is neither letter nor digit"),
                ("lowercase", "a lower-case letter"),
                ("uppercase", "an upper-case letter"),
            )
        ),
    ),
    ("Modules", MODULES),
    (
        "Tokens",
        (
            Option(
                "macaroon_secret_key",
                SECRET,
                None,
                "Signs tokens.  Without one the server makes one and keeps it"
                " in the data directory.",
            ),
            Option(
                "macaroon_secret_key_path",
                TEXT,
                None,
                "A file that holds macaroon_secret_key.",
            ),
            Option(
                "session_lifetime",
                DURATION,
                None,
                "How long a login lasts at most; null for no end.",
            ),
            Option(
                "refreshable_access_token_lifetime",
                DURATION,
                "5m",
                "How long the access token of a client with a refresh token"
                " lasts; null for no refresh tokens at all.",
                nullable=True,
            ),
            Option(
                "refresh_token_lifetime",
                DURATION,
                None,
                "How long a refresh token is good if it is not used.",
            ),
            Option(
                "nonrefreshable_access_token_lifetime",
                DURATION,
                None,
                "How long the access token of a client without a refresh token"
                " lasts; null for no end.",
            ),
            Option(
                "expire_access_token",
                BOOLEAN,
                False,
                "The key of 2016: true gives nonrefreshable_access_token_lifetime"
                " one hour unless that is set.",
            ),
        ),
    ),
    ("Ways to register", FLOWS),
    ("Accounts", ACCOUNT),
    ("E-mail and telephone numbers", MAIL),
    (
        "Registration",
        (
            Option(
                "enable_registration",
                BOOLEAN,
                False,
                "Whether anybody may make an account; needs a captcha, a token, an"
                " address that has to be proved, or"
                " enable_registration_without_verification.",
            ),
            Option(
                "enable_registration_without_verification",
                BOOLEAN,
                False,
                "Whether registration may be open without any check.",
            ),
            Option(
                "experimental_features.msc3866.require_approval_for_new_accounts",
                BOOLEAN,
                False,
                "Whether an administrator has to approve of a new account before"
                " anybody can use it.",
            ),
            Option(
                "registration_shared_secret",
                SECRET,
                None,
                "Who knows it can make accounts, administrators too, even where"
                " registration is off.",
            ),
            Option(
                "registration_shared_secret_path",
                TEXT,
                None,
                "A file that holds registration_shared_secret.",
            ),
            Option(
                "allow_guest_access",
                BOOLEAN,
                False,
                "Whether accounts without a name and a password can be had.",
            ),
            Option(
                "enable_registration_captcha",
                BOOLEAN,
                False,
                "Whether registration asks for a captcha; needs both keys.",
            ),
            Option(
                "recaptcha_public_key", TEXT, None, "The captcha's key for clients."
            ),
            Option(
                "recaptcha_private_key",
                SECRET,
                None,
                "The captcha's key for the server.",
            ),
            Option(
                "recaptcha_private_key_path",
                TEXT,
                None,
                "A file that holds recaptcha_private_key.",
            ),
            Option(
                "recaptcha_siteverify_api",
                URL,
                "https://www.google.com/recaptcha/api/siteverify",
                "Where a client's answer to the captcha is verified.",
            ),
        ),
    ),
    ("The captcha on a page", CAPTCHA),
    ("Rules that users agree to", CONSENT),
    (
        "Limits",
        _rate("rc_login.address", 0.003, 5, "logins from one address")
        + _rate("rc_login.account", 0.003, 5, "logins to one account")
        + _rate("rc_login.failed_attempts", 0.17, 3, "failed logins to one account")
        + _rate("rc_registration", 0.17, 3, "registrations from one address")
        + (
            Option(
                "synauth.hash_threads",
                integer(1, 256),
                None,
                "How many passwords are hashed at a time; by default as many as"
                " there are processors.",
            ),
            Option(
                "synauth.hash_queue",
                integer(1),
                64,
                "How many passwords may wait to be hashed; whoever comes then is"
                " told to come back later.",
            ),
            Option(
                "synauth.max_devices",
                integer(1),
                None,
                "How many devices an account may have; a login that would make one"
                " more is refused, and told so. Any number, if not set.",
            ),
            Option(
                "synauth.max_sessions",
                integer(1),
                100000,
                "How many user-interactive authentications may be under way;"
                " beyond that the oldest is dropped.",
            ),
            Option(
                "synauth.max_session_bytes",
                integer(1024),
                16384,
                "How large what one of them remembers may be.",
            ),
        ),
    ),
)

OPTIONS: Tuple[Option, ...] = tuple(
    option for _, options in GROUPS for option in options
)
