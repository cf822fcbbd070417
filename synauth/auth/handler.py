"""
L{AuthHandler}: the authentication handler that Matrix homeservers had in 2016
(source 000), with its names, its arguments, its results and its errors.

It does nothing itself.  What it is made of stands in the other modules of
L{synauth.auth}; where it differs from its model on purpose, docs/differences.rst
says so.
"""

from functools import partial
from typing import Any, List, Optional

import attr
from twisted.internet.defer import Deferred, inlineCallbacks

from synauth.auth import interactive
from synauth.auth.account_handler import _AccountHandler
from synauth.auth.hashpool import HashPool
from synauth.auth.interactive import CheckResult, Flows, InteractiveAuth, JsonDict
from synauth.auth.login import Authenticator, LimitedAuthenticator, invalid_password
from synauth.auth.minting import TokenMinting
from synauth.auth.passwords import BcryptHasher, LocalPasswords
from synauth.auth.ratelimit import RateLimiter
from synauth.auth.sessions import SESSION_EXPIRE_MS, MemorySessionStore, Operation
from synauth.auth.settings import HandlerOptions
from synauth.auth.stages import (
    Checkers,
    DummyStage,
    LoginStage,
    RecaptchaStage,
    ThreepidStage,
)
from synauth.auth.tokens import MacaroonTokens
from synauth.awaiting import Steps, awaiting, fired
from synauth.constants import Codes, LoginType
from synauth.errors import MatrixError
from synauth.interfaces import (
    IAuditLog,
    IAuthenticator,
    IHashPool,
    IHomeServer,
    IRateLimiter,
    ISessionStore,
    IStage,
)
from synauth.providers.callbacks import ModuleCallbacks
from synauth.providers.calling import Caller
from synauth.providers.legacy import register_legacy
from synauth.reactors import reactor_of
from synauth.threepids import EMAIL


class AuthHandler(TokenMinting):
    """
    Who is this user, may they in, and with which token do they come back.

    @param hs: the homeserver it lives in, an L{IHomeServer}.
    @param hash_pool: the L{IHashPool} to hash passwords on; threads of its own
        by default.
    @param audit: where modules that fail are recorded.
    @param sessions: where the sessions of user-interactive authentication are;
        in memory by default.
    @param failed_attempts: counts wrong passwords, where this process does not
        do that by itself.
    @ivar SESSION_EXPIRE_MS: how long a session of user-interactive
        authentication is kept after its last use, in milliseconds.
    @ivar checkers: the stages as functions C{checker(authdict, clientip)} by
        their type; a host may put in its own.
    @ivar interactive: the L{InteractiveAuth} behind L{check_auth}.
    @ivar caller: calls the modules.
    @ivar callbacks: what the modules have registered, a L{ModuleCallbacks}.
    @ivar authenticator: the L{IAuthenticator} that all doors share.
    @ivar unlimited: the same without a limit on failed attempts.
    @ivar failed_attempts: that limit, an L{IRateLimiter} by lower-cased user id,
        or C{None}.
    @ivar hasher: the L{synauth.interfaces.IPasswordHasher}.
    @ivar macaroons: the L{MacaroonTokens}.
    """

    SESSION_EXPIRE_MS = SESSION_EXPIRE_MS

    def __init__(
        self,
        hs: IHomeServer,
        hash_pool: Optional[IHashPool] = None,
        audit: Optional[IAuditLog] = None,
        sessions: Optional[ISessionStore] = None,
        failed_attempts: Optional[IRateLimiter] = None,
    ) -> None:
        config = hs.config
        options = _options_of(config)
        get_reactor = partial(reactor_of, hs)
        self.hs = hs
        self.store = hs.get_datastore()
        self.clock = hs.get_clock()
        self.device_handler = hs.get_device_handler()
        self.bcrypt_rounds = config.bcrypt_rounds
        self.hash_pool = hash_pool or HashPool(
            get_reactor, options.hash_threads, options.hash_queue
        )
        self.hasher = BcryptHasher(
            self.hash_pool, self.bcrypt_rounds, lambda: config.password_pepper
        )
        self.local_passwords = LocalPasswords(self.store, self.hasher)
        self.macaroons = MacaroonTokens(
            lambda: config.server_name, lambda: config.macaroon_secret_key, self.clock
        )
        self.password_providers = self._make_providers()
        self.caller = Caller(
            get_reactor, options.module_timeout, options.module_timeouts, audit
        )
        self.callbacks = ModuleCallbacks(
            hs.hostname, self.caller, self.check_user_exists
        )
        for provider in self.password_providers:
            register_legacy(self.callbacks, provider, hs.hostname)
        self.unlimited = Authenticator(
            hs.hostname, self.callbacks, self.local_passwords, options.local_passwords
        )
        self.authenticator: IAuthenticator = self.unlimited
        self.failed_attempts = self._limiter(options, failed_attempts)
        if self.failed_attempts is not None:
            self.authenticator = LimitedAuthenticator(
                hs.hostname, self.unlimited, self.failed_attempts
            )
        stages: List[IStage] = [
            LoginStage(LoginType.PASSWORD, hs.hostname, self.authenticator),
            RecaptchaStage(hs),
            ThreepidStage(LoginType.EMAIL_IDENTITY, EMAIL, hs),
            DummyStage(),
        ]
        self.sessions = self._session_store(options) if sessions is None else sessions
        self.interactive = InteractiveAuth({s.type: s for s in stages}, self.sessions)
        self.checkers = Checkers(self.interactive.stages)
        self.offer_login_types()

    def _session_store(self, options: HandlerOptions) -> ISessionStore:
        return MemorySessionStore(
            self.clock,
            self.SESSION_EXPIRE_MS,
            options.max_sessions,
            options.max_session_bytes,
        )

    def _limiter(
        self, options: HandlerOptions, given: Optional[IRateLimiter]
    ) -> Optional[IRateLimiter]:
        if given is not None or options.failed_attempts is None:
            return given
        return RateLimiter(self.clock, *attr.astuple(options.failed_attempts))

    def _make_providers(self) -> List[Any]:
        account_handler = _AccountHandler(self.hs, self.check_user_exists)
        return [
            provider(config=settings, account_handler=account_handler)
            for provider, settings in self.hs.config.password_providers
        ]

    def offer_login_types(self) -> None:
        """
        Make a stage of every login type that a module has registered.
        """
        for type in self.callbacks.login_types():
            self.interactive.stages.setdefault(
                type, LoginStage(type, self.hs.hostname, self.authenticator)
            )

    # --- user-interactive authentication

    def check_auth(
        self,
        flows: Flows,
        clientdict: Optional[JsonDict],
        clientip: str,
        operation: Optional[Operation] = None,
    ) -> "Deferred[CheckResult]":
        """
        Ask for authentication, or take one step of it.

        @param flows: the ways to authenticate: lists of stage types.  One of
            them has to be completed, its stages in any order.
        @param clientdict: the body of the request; C{auth} is taken out of it.
        @param clientip: the client's address.
        @param operation: C{(method, path)} of the request.  A session that was
            begun with one is good for no other (403 C{M_UNKNOWN}), and is
            claimed when it is complete: finish or release it, see
            L{synauth.interfaces.ISessionStore}.  Without one, as a 2016 host
            calls it, an unknown session id makes a new session.
        @return: fires with C{(authed, creds or answer, params, session id)}:
            when C{authed}, what each stage proved, else the body of the 401;
            C{params} are those of this request or, if it has none, those that
            the session remembers.  It errs with L{LoginError} 400
            C{M_UNRECOGNIZED} for an unknown stage, with what an
            C{m.login.email.identity} stage erred with, and with
            L{MatrixError} 400 for what is not of the right type.
        """
        return self.interactive.check_auth(flows, clientdict, clientip, operation)

    def add_oob_auth(
        self, stagetype: str, authdict: JsonDict, clientip: str
    ) -> "Deferred[bool]":
        """
        Complete a stage out of band, as a fallback page does.

        @param stagetype: the type of the stage.
        @param authdict: what the stage needs, and C{session}.
        @param clientip: the client's address.
        @return: fires with whether it was completed; errs with L{LoginError}
            400 C{M_MISSING_PARAM} without a known stage or a session, and with
            what the stage errs with.
        """
        return self.interactive.add_oob_auth(stagetype, authdict, clientip)

    def get_session_id(self, clientdict: Optional[JsonDict]) -> Optional[str]:
        """
        @param clientdict: the body of a request.
        @return: the session id that the client sent, or C{None}.
        """
        return interactive.session_id_of(clientdict)

    def set_session_data(self, session_id: str, key: str, value: Any) -> None:
        """
        Keep something with a session that the client neither sees nor changes.

        @param session_id: as L{check_auth} gave it.
        @param key: the name to find it by.
        @param value: anything.
        @raise MatrixError: 400 if there is no such session, 413 if it is full.
        """
        fired(self.sessions.set_data(session_id, key, value))

    def get_session_data(self, session_id: str, key: str, default: Any = None) -> Any:
        """
        @param session_id: as L{check_auth} gave it.
        @param key: the name it was kept by.
        @param default: the answer if there is nothing.
        @return: what L{set_session_data} kept.
        """
        session = fired(self.sessions.get(session_id))
        return default if session is None else session.serverdict.get(key, default)

    # --- passwords

    @inlineCallbacks
    def validate_password_login(self, user_id: str, password: str) -> Steps[str]:
        """
        @param user_id: a full user id, as typed.
        @param password: the password.
        @return: fires with the account's own user id; errs with L{LoginError}
            403 C{M_FORBIDDEN}.
        """
        proved = yield self.authenticator.authenticate(
            user_id, LoginType.PASSWORD, {"password": password}
        )
        if proved is None:
            raise invalid_password()
        return proved.user_id

    _check_password = validate_password_login

    @inlineCallbacks
    def check_user_exists(self, user_id: str) -> Steps[Optional[str]]:
        """
        @param user_id: a full user id, in any case.
        @return: fires with the account's own user id, or C{None} if there is
            not exactly one match.
        """
        found = yield self.local_passwords.find(user_id)
        return found and found[0]

    def hash(self, password: str) -> "Deferred[str]":
        """
        @param password: the password.
        @return: fires with its hash; see
            L{synauth.interfaces.IPasswordHasher.hash}.
        """
        return self.hasher.hash(password)

    def validate_hash(
        self, password: str, stored_hash: Optional[str]
    ) -> "Deferred[bool]":
        """
        @param password: the password.
        @param stored_hash: a hash, or C{None}.
        @return: fires with whether they belong together.
        """
        return self.hasher.verify(password, stored_hash)

    @inlineCallbacks
    def set_password(
        self, user_id: str, newpassword: str, requester: Any = None
    ) -> Steps[None]:
        """
        Change a password, and end every other token and pusher of the user.

        @param user_id: the account's own user id.
        @param newpassword: the password.
        @param requester: who asks; the token of its C{access_token_id} stays.
        @return: fires with C{None}; errs with L{MatrixError} 404
            C{M_NOT_FOUND} if there is no such account.
        """
        password_hash = yield self.hash(newpassword)
        except_token_id = requester.access_token_id if requester else None
        try:
            yield awaiting(self.store.user_set_password_hash, user_id, password_hash)
        except Exception as error:
            # A host has its own class for this.
            if getattr(error, "code", None) == 404:
                raise MatrixError(404, "Unknown user", Codes.NOT_FOUND)
            raise
        ended = yield awaiting(
            self.store.user_delete_access_tokens, user_id, except_token_id
        )
        for each in ended or ():
            # A 2016 host's store gives nothing.
            yield self.callbacks.on_logged_out(user_id, each.device_id, each.token)
        yield awaiting(
            self.hs.get_pusherpool().remove_pushers_by_user, user_id, except_token_id
        )

    @inlineCallbacks
    def add_threepid(
        self, user_id: str, medium: str, address: str, validated_at: int
    ) -> Steps[None]:
        """
        Bind an address to an account.

        @param user_id: the account's own user id.
        @param medium: C{"email"}, whose address is lower-cased, or another.
        @param address: the address.
        @param validated_at: when it was validated, in milliseconds.
        @return: fires with C{None}.
        """
        if medium == "email":
            address = address.lower()
        yield awaiting(
            self.store.user_add_threepid,
            user_id,
            medium,
            address,
            validated_at,
            self.clock.time_msec(),
        )


def _options_of(config: Any) -> HandlerOptions:
    """
    @return: what the host chose; a 2016 configuration has no such thing.
    """
    options = getattr(config, "handler_options", None)
    return options if isinstance(options, HandlerOptions) else HandlerOptions()
