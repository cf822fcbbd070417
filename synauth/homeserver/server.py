"""
The homeserver that the daemon embeds: it puts the parts together, and is the
host of L{synauth.AuthHandler}.
"""

from typing import Any, List, Optional, Tuple, cast

import attr
from zope.interface import implementer

from synauth.auth.audit import AuditLog
from synauth.auth.handler import AuthHandler
from synauth.auth.ratelimit import RateLimiter
from synauth.auth.settings import RateLimit
from synauth.auth.stages import ThreepidStage
from synauth.constants import LoginType
from synauth.homeserver.administration import Administration
from synauth.homeserver.application_services import load_application_services
from synauth.homeserver.clock import Clock
from synauth.homeserver.config.settings import HomeServerConfig
from synauth.homeserver.coordination import coordinate
from synauth.homeserver.deactivation import Deactivation
from synauth.homeserver.devices import DeviceHandler, NoPushers
from synauth.homeserver.health import Health
from synauth.homeserver.http_client import ModuleHttpClient, SimpleHttpClient
from synauth.homeserver.identity import IdentityHandler, IdentityServers
from synauth.homeserver.last_seen import LastSeen
from synauth.homeserver.logins import Logins
from synauth.homeserver.mails import Mails
from synauth.homeserver.passwords import Passwords
from synauth.homeserver.policies import Policies
from synauth.homeserver.registration import Registration
from synauth.homeserver.registration_proofs import RegistrationProofs
from synauth.homeserver.registration_stages import RegistrationTokenStage, TermsStage
from synauth.homeserver.smtp import Mailer
from synauth.homeserver.templates import Templates
from synauth.homeserver.ui_auth import UserInteractiveAuth
from synauth.homeserver.validation import ThreepidValidation
from synauth.interfaces import (
    IAuditLog,
    IDatabase,
    IDeviceHandler,
    IHandlers,
    IHashPool,
    IHomeServer,
    IMacaroonAuth,
    IModuleHttpClient,
    IPusherPool,
    ISimpleHttpClient,
    IStage,
)
from synauth.metrics.counting import (
    CountingAuditLog,
    CountingDatabase,
    RequestCounts,
)
from synauth.metrics.measures import Measures
from synauth.storage.datastore import DataStore
from synauth.threepids import MSISDN


@implementer(IHandlers)
@attr.s(frozen=True, slots=True, auto_attribs=True)
class Handlers:
    """
    The handlers that L{synauth.AuthHandler} asks a host for in a bundle.
    """

    identity_handler: IdentityHandler
    registration_handler: Registration


@implementer(IHomeServer)
class HomeServer:
    """
    All that the endpoints need.

    @param config: the settings; with a C{macaroon_secret_key}.
    @param reactor: time, threads and connections.
    @param database: an L{IDatabase} that has been prepared.
    @param treq: what stands in for the treq module in tests.
    @param hash_pool: where passwords are hashed; threads of its own by default.
    @ivar auth_handler: the L{AuthHandler}.
    @ivar logins: makes, finds, renews and ends logins.
    @ivar passwords: changes passwords.
    @ivar deactivation: ends accounts.
    @ivar last_seen: notes which devices are here.
    @ivar ui_auth: has users authenticate once more.
    @ivar registration: makes accounts.
    @ivar administration: what administrators do with accounts.
    @ivar mails: writes mails; C{None} where there is no mail.
    @ivar identity_servers: those that are trusted.
    @ivar validation: the L{synauth.interfaces.IThreepidValidation}.
    @ivar token_questions: limits what an address asks about registration tokens.
    @ivar registration_proofs: what somebody who registers has proved.
    @ivar application_services: the L{ApplicationServices}.
    @ivar templates: the L{Templates} of mails and pages.
    @ivar policies: the L{Policies}, rules that users agree to.
    @ivar audit: the L{synauth.interfaces.IAuditLog}.
    @ivar coordination: what the processes of the server agree on.
    @ivar measures: what is counted, L{Measures}; C{None} where metrics are off.
    @ivar health: whether requests are well placed here.
    """

    def __init__(
        self,
        config: HomeServerConfig,
        reactor: Any,
        database: IDatabase,
        treq: Any = None,
        hash_pool: Optional[IHashPool] = None,
    ) -> None:
        self.config = config
        self.hostname = config.server_name
        self.audit: IAuditLog = AuditLog()
        counting = config.enable_metrics
        if counting:
            self.audit = CountingAuditLog(self.audit, self._is_audited)
            database = CountingDatabase(database, reactor)
        self.application_services = load_application_services(
            config.app_service_config_files, self.hostname
        )
        self.templates = Templates(
            config.custom_template_directory, server_name=self.hostname
        )
        self.policies = Policies(config.user_consent, server_name=self.hostname)
        self._limiters: List[Tuple[str, Any]] = []
        self._reactor = reactor
        self._treq = treq
        self._clock = Clock(reactor)
        self._store = DataStore(database, self._clock)
        self.health = Health(database, reactor)
        self._device_handler = DeviceHandler(self._store)
        self.coordination = coordinate(config, database, self._clock)
        self.auth_handler = AuthHandler(
            self,
            hash_pool,
            self.audit,
            self.coordination.sessions,
            self.coordination.failed_attempts,
        )
        self.measures = self._measured(database) if counting else None
        self._manage_accounts()
        self._validate_addresses()
        self._add_stages()

    def _manage_accounts(self) -> None:
        config = self.config
        self.logins = Logins(
            self._store,
            self.auth_handler.macaroons,
            self._clock,
            config,
            self.auth_handler.callbacks,
        )
        self.passwords = Passwords(
            self._store,
            self.auth_handler,
            self.logins,
            self.get_pusherpool(),
            config,
            self._clock,
        )
        self.deactivation = Deactivation(
            self._store, self.logins, self.get_pusherpool()
        )
        self.last_seen = LastSeen(self._store, self._clock)
        self.ui_auth = UserInteractiveAuth(
            self.hostname,
            self.auth_handler,
            self._store,
            self._clock,
            config,
            self.rate_limiter(config.rc_login_failed_attempts, "ui_auth"),
        )
        self.registration = Registration(
            self.hostname,
            self._store,
            self.logins,
            self._clock,
            self.application_services,
            config.require_approval_for_new_accounts,
        )
        self.administration = Administration(self)

    def _validate_addresses(self) -> None:
        config = self.config
        self.mails = self._make_mails()
        self.identity_servers = IdentityServers(
            self.get_module_http_client,
            config.trusted_third_party_id_servers,
            config.msisdn_delegate,
        )
        self.validation = ThreepidValidation(
            self._store,
            self._reactor,
            self._clock,
            self.mails,
            config.email.validation_token_lifetime if config.email else 0,
            self.identity_servers,
        )

        self.registration_proofs = RegistrationProofs(
            config, self.validation, self.auth_handler.callbacks
        )

    def _add_stages(self) -> None:
        """
        Add the stages that the handler of 2016 did not have.
        """
        consent = self.config.user_consent
        interactive = self.auth_handler.interactive
        self.token_questions = self.rate_limiter(
            self.config.rc_registration_token_validity, "rc_registration_token_validity"
        )
        stages: List[IStage] = [
            ThreepidStage(LoginType.MSISDN, MSISDN, self),
            RegistrationTokenStage(
                self._store, interactive.sessions, self._clock, self.token_questions
            ),
        ]
        if consent is not None:
            stages.append(TermsStage(consent, self.config.public_baseurl))
        interactive.stages.update((stage.type, stage) for stage in stages)

    def _make_mails(self) -> Optional[Mails]:
        email, base_url = self.config.email, self.config.public_baseurl
        if email is None or base_url is None:
            return None
        mailer = Mailer(email, self._reactor, self._clock)
        return Mails(email, base_url, self.templates, mailer)

    def _measured(self, database: Any) -> Measures:
        handler, coordination = self.auth_handler, self.coordination
        sessions = handler.interactive.sessions
        self._limiters += [
            ("rc_login.failed_attempts", coordination.failed_attempts),
            ("rc_login.failed_attempts", coordination.failed_threepid_attempts),
        ]
        return Measures(
            requests=RequestCounts(),
            audit=cast(CountingAuditLog, self.audit),
            database=database,
            hash_pool=handler.hash_pool,
            caller=handler.caller,
            token_cache=self._store.token_cache,
            limiters=lambda: self._limiters,
            sessions=lambda: len(sessions) if hasattr(sessions, "__len__") else None,
        )

    def _is_audited(self, method: str) -> bool:
        handler = self.auth_handler
        return (
            method in handler.interactive.stages
            or method in handler.callbacks.login_types()
            or method in handler.caller.calls
        )

    def rate_limiter(self, rate: RateLimit, name: str) -> RateLimiter:
        """
        @param name: what it limits, for whoever counts what was refused.
        @return: a limiter of its own, on this server's clock.
        """
        limiter = RateLimiter(self._clock, rate.per_second, rate.burst_count)
        self._limiters.append((name, limiter))
        return limiter

    def get_datastore(self) -> DataStore:
        """
        See L{IHomeServer.get_datastore}.
        """
        return self._store

    def get_clock(self) -> Clock:
        """
        See L{IHomeServer.get_clock}.
        """
        return self._clock

    def get_reactor(self) -> Any:
        """
        See L{IHomeServer.get_reactor}.
        """
        return self._reactor

    def get_device_handler(self) -> IDeviceHandler:
        """
        See L{IHomeServer.get_device_handler}.
        """
        return self._device_handler

    def get_handlers(self) -> IHandlers:
        """
        See L{IHomeServer.get_handlers}.
        """
        return Handlers(IdentityHandler(self.validation), self.registration)

    def get_simple_http_client(self) -> ISimpleHttpClient:
        """
        See L{IHomeServer.get_simple_http_client}.
        """
        return SimpleHttpClient(self._the_treq(), self._reactor)

    def get_module_http_client(self) -> IModuleHttpClient:
        """
        @return: outgoing HTTP for modules.
        """
        return ModuleHttpClient(self._the_treq(), self._reactor)

    def _the_treq(self) -> Any:
        if self._treq is None:
            # It is large, and most servers ask nobody anything.
            import treq

            self._treq = treq
        return self._treq

    def get_auth(self) -> IMacaroonAuth:
        """
        See L{IHomeServer.get_auth}.
        """
        return self.auth_handler.macaroons

    def get_pusherpool(self) -> IPusherPool:
        """
        See L{IHomeServer.get_pusherpool}.
        """
        return NoPushers()
