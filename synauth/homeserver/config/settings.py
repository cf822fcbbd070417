"""
The configuration as the rest of synauth sees it.
"""

from typing import Any, Mapping, Optional, Pattern, Sequence, Tuple

import attr

from synauth.auth.settings import HandlerOptions, PasswordPolicy, RateLimit
from synauth.homeserver.config.captcha import CaptchaBox
from synauth.homeserver.config.consent import UserConsent
from synauth.homeserver.config.kinds import Network
from synauth.homeserver.config.table import UnusedKey


@attr.s(frozen=True, slots=True, auto_attribs=True)
class Listener:
    """
    Where to serve HTTP.

    @ivar port: 0 for one that is free.
    @ivar x_forwarded: whether X-Forwarded-For is looked at.
    @ivar clients: whether it is for clients.
    @ivar metrics: whether it is for metrics.
    """

    port: int
    bind_addresses: Tuple[str, ...]
    x_forwarded: bool = False
    clients: bool = True
    metrics: bool = False


@attr.s(frozen=True, slots=True, auto_attribs=True)
class Database:
    """
    The database.

    @ivar name: the engine.
    @ivar args: the engine's arguments; of SQLite C{"database"} is the file.
    @ivar allow_unsafe_locale: whether PostgreSQL may order text by a locale.
    """

    name: str
    args: Mapping[str, Any] = attr.ib(repr=False)
    allow_unsafe_locale: bool = False

    @property
    def where(self) -> str:
        """
        Which database that is, for a person.
        """
        name = self.args.get("database") or self.args.get("dbname")
        host = self.args.get("host")
        return "%s at %s" % (name, host) if host else str(name)


@attr.s(frozen=True, slots=True, auto_attribs=True)
class ProviderEntry:
    """
    A module or a password provider, not imported yet.

    @ivar module: the dotted name of a class.
    @ivar config: what its C{parse_config} takes.
    @ivar where: file, line and key of it.
    """

    module: str
    config: Any = attr.ib(repr=False)
    where: str


@attr.s(frozen=True, slots=True, auto_attribs=True)
class LoginViaExistingSession:
    """
    Whether a user who is logged in can log in another client.

    @ivar require_ui_auth: whether the user has to authenticate for it.
    @ivar token_timeout: for how long the token is good, in ms.
    """

    enabled: bool
    require_ui_auth: bool
    token_timeout: int


@attr.s(frozen=True, slots=True, auto_attribs=True)
class EmailConfig:
    """
    How mail is sent.

    @ivar tlsname: the name that the mail server's certificate has to be for.
    @ivar validation_token_lifetime: in ms.
    @ivar subjects: by their keys in the configuration.
    """

    smtp_host: str
    smtp_port: int
    smtp_user: Optional[str]
    smtp_pass: Optional[str] = attr.ib(repr=False)
    force_tls: bool
    require_transport_security: bool
    enable_tls: bool
    tlsname: str
    notif_from: str
    app_name: str
    validation_token_lifetime: int
    subjects: Mapping[str, str]


@attr.s(frozen=True, slots=True, auto_attribs=True)
class AllowedThreepid:
    """
    Addresses that accounts can have.

    @ivar pattern: matches from an address's beginning.
    """

    medium: str
    pattern: Pattern[str]


@attr.s(frozen=True, slots=True, auto_attribs=True)
class HomeServerConfig:
    """
    All settings, checked.  Names are those of a homeserver's configuration,
    where it has them; lifetimes are milliseconds or C{None}.

    @ivar public_baseurl: ends with a slash, or C{None}.
    @ivar metrics_listeners: those of the listeners that are for metrics alone.
    @ivar listen: endpoint strings from the command line; if there are any,
        they stand in the place of C{listeners}.
    @ivar listen_x_forwarded: whether X-Forwarded-For counts there: where the
        listeners that they replace all have C{x_forwarded}.
    @ivar password_pepper: the empty string for none.
    @ivar password_policy: C{None} where there are no rules.
    @ivar macaroon_secret_key: C{None} if there is none: see
        L{synauth.homeserver.signing_key}.
    @ivar refreshable_access_token_lifetime: C{None} for no refresh tokens.
    @ivar user_consent: C{None} if there are no rules to agree to.
    @ivar email: C{None} where there is no mail.
    @ivar msisdn_delegate: the identity server that validates telephone numbers.
    @ivar modules: each a L{ProviderEntry}.
    @ivar password_providers: the same, C{ldap_config} among them.
    @ivar module_timeout: how long a module may take, in ms.
    @ivar module_timeouts: the same, by the modules' names.
    @ivar sessions: C{"memory"} or C{"database"}.
    @ivar log_format: C{"text"} or C{"json"}.
    @ivar hash_threads: C{None} for one a processor.
    @ivar unused_keys: what was passed over.
    @ivar warnings: what is allowed but hardly meant, a sentence each.
    """

    server_name: str
    public_baseurl: Optional[str]
    listeners: Tuple[Listener, ...]
    metrics_listeners: Tuple[Listener, ...]
    listen: Tuple[str, ...]
    listen_x_forwarded: bool
    trusted_proxies: Tuple[Network, ...]
    custom_template_directory: Optional[str]
    data_dir: str
    database: Database

    bcrypt_rounds: int
    password_enabled: bool
    password_only_for_reauth: bool
    password_localdb_enabled: bool
    password_pepper: str = attr.ib(repr=False)
    password_policy: Optional[PasswordPolicy]
    modules: Sequence[ProviderEntry]
    password_providers: Sequence[Any]
    module_timeout: int
    module_timeouts: Mapping[str, int]

    macaroon_secret_key: Optional[str] = attr.ib(repr=False)
    session_lifetime: Optional[int]
    refreshable_access_token_lifetime: Optional[int]
    refresh_token_lifetime: Optional[int]
    nonrefreshable_access_token_lifetime: Optional[int]
    expire_access_token: bool

    ui_auth_session_timeout: int
    enable_set_displayname: bool
    enable_3pid_changes: bool

    email: Optional[EmailConfig]
    request_token_inhibit_3pid_errors: bool
    next_link_domain_whitelist: Optional[Tuple[str, ...]]
    trusted_third_party_id_servers: Tuple[str, ...]
    msisdn_delegate: Optional[str]
    allowed_local_3pids: Optional[Tuple[AllowedThreepid, ...]]
    login_via_existing_session: LoginViaExistingSession

    enable_registration: bool
    enable_registration_without_verification: bool
    require_approval_for_new_accounts: bool
    registration_requires_token: bool
    registrations_require_3pid: Tuple[str, ...]
    disable_msisdn_registration: bool
    inhibit_user_in_use_error: bool
    app_service_config_files: Tuple[str, ...]
    registration_shared_secret: Optional[str] = attr.ib(repr=False)
    allow_guest_access: bool
    enable_registration_captcha: bool
    recaptcha_public_key: Optional[str]
    recaptcha_private_key: Optional[str] = attr.ib(repr=False)
    recaptcha_siteverify_api: str
    captcha_box: CaptchaBox
    user_consent: Optional[UserConsent]

    rc_login_address: RateLimit
    rc_login_account: RateLimit
    rc_login_failed_attempts: RateLimit
    rc_registration: RateLimit
    rc_3pid_validation: RateLimit
    rc_registration_token_validity: RateLimit
    sessions: str
    log_format: str
    access_log: bool
    max_connections: int
    max_connections_per_address: int
    request_timeout: int
    stop_timeout: int
    enable_metrics: bool
    hash_threads: Optional[int]
    hash_queue: int
    max_devices: Optional[int]
    max_sessions: int
    max_session_bytes: int

    unused_keys: Tuple[UnusedKey, ...]
    warnings: Tuple[str, ...]

    def allows_threepid(self, medium: str, address: str) -> bool:
        """
        @param address: in its canonical form.
        @return: whether an account can have it (C{allowed_local_3pids}).
        """
        if self.allowed_local_3pids is None:
            return True
        return any(
            allowed.medium == medium and allowed.pattern.match(address)
            for allowed in self.allowed_local_3pids
        )

    @property
    def handler_options(self) -> HandlerOptions:
        """
        @return: what L{synauth.AuthHandler} is told beyond what source 000 has.
        """
        return HandlerOptions(
            local_passwords=self.password_localdb_enabled,
            hash_threads=self.hash_threads,
            hash_queue=self.hash_queue,
            max_sessions=self.max_sessions,
            max_session_bytes=self.max_session_bytes,
            failed_attempts=self.rc_login_failed_attempts,
            module_timeout=self.module_timeout / 1000,
            module_timeouts={
                name: timeout / 1000 for name, timeout in self.module_timeouts.items()
            },
        )
