"""
L{AuthHandler}: the authentication handler that Matrix homeservers had in 2016
(source 000), with its names, its arguments, its results and its errors.

It does nothing itself.  What it is made of stands in the other modules of
L{synauth.auth}; where it differs from its model on purpose, docs/differences.rst
says so.
"""

from typing import Any, List, Optional, Tuple

import attr
from twisted.internet.defer import Deferred, inlineCallbacks
from twisted.logger import Logger

from synauth.auth import interactive, sessions
from synauth.auth.account_handler import _AccountHandler
from synauth.auth.hashpool import HashPool
from synauth.auth.interactive import CheckResult, Flows, InteractiveAuth, JsonDict
from synauth.auth.login import LimitedPasswords, PasswordLogin
from synauth.auth.passwords import BcryptHasher, LocalPasswords
from synauth.auth.ratelimit import RateLimiter
from synauth.auth.sessions import MemorySessionStore, Operation
from synauth.auth.settings import HandlerOptions
from synauth.auth.stages import (
    Checkers,
    DummyStage,
    EmailIdentityStage,
    PasswordStage,
    RecaptchaStage,
    invalid_password,
)
from synauth.auth.tokens import MacaroonTokens, deserialize, invalid_token
from synauth.awaiting import Steps, awaiting, fired
from synauth.constants import Codes
from synauth.errors import MatrixError
from synauth.interfaces import IHashPool, IHomeServer, IPasswordChecker, IStage

_log = Logger()

ACCESS_TOKEN_MS = 60 * 60 * 1000
LOGIN_TOKEN_MS = 2 * 60 * 1000


class AuthHandler:
    """
    Who is this user, may they in, and with which token do they come back.

    @param hs: the homeserver it lives in, an L{IHomeServer}.
    @param hash_pool: the L{IHashPool} to hash passwords on; threads of its own
        by default.
    @ivar SESSION_EXPIRE_MS: how long a session of user-interactive
        authentication is kept after its last use, in milliseconds.
    @ivar checkers: the stages as functions C{checker(authdict, clientip)} by
        their type; a host may put in its own.
    @ivar interactive: the L{InteractiveAuth} behind L{check_auth}.
    @ivar passwords: the L{IPasswordChecker} that all doors share.
    @ivar hasher: the L{synauth.interfaces.IPasswordHasher}.
    @ivar macaroons: the L{MacaroonTokens}.
    """

    SESSION_EXPIRE_MS = sessions.SESSION_EXPIRE_MS

    def __init__(self, hs: IHomeServer, hash_pool: Optional[IHashPool] = None) -> None:
        config = hs.config
        options = _options_of(config)
        self.hs = hs
        self.store = hs.get_datastore()
        self.clock = hs.get_clock()
        self.device_handler = hs.get_device_handler()
        self.bcrypt_rounds = config.bcrypt_rounds
        self.hash_pool = hash_pool or HashPool(
            hs.get_reactor, options.hash_threads, options.hash_queue
        )
        self.hasher = BcryptHasher(
            self.hash_pool, self.bcrypt_rounds, lambda: config.password_pepper
        )
        self.local_passwords = LocalPasswords(self.store, self.hasher)
        self.macaroons = MacaroonTokens(
            lambda: config.server_name, lambda: config.macaroon_secret_key, self.clock
        )
        account_handler = _AccountHandler(hs, self.check_user_exists)
        self.password_providers = [
            provider(config=settings, account_handler=account_handler)
            for provider, settings in config.password_providers
        ]
        self.passwords: IPasswordChecker = PasswordLogin(
            self.password_providers, self.local_passwords, options.local_passwords
        )
        if options.failed_attempts is not None:
            limiter = RateLimiter(self.clock, *attr.astuple(options.failed_attempts))
            self.passwords = LimitedPasswords(self.passwords, limiter)
        stages: List[IStage] = [
            PasswordStage(hs.hostname, self.passwords),
            RecaptchaStage(hs),
            EmailIdentityStage(hs),
            DummyStage(),
        ]
        self.sessions = MemorySessionStore(
            self.clock,
            self.SESSION_EXPIRE_MS,
            options.max_sessions,
            options.max_session_bytes,
        )
        self.interactive = InteractiveAuth({s.type: s for s in stages}, self.sessions)
        self.checkers = Checkers(self.interactive.stages)

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
        proved = yield self.passwords.check_password(user_id, password)
        if proved is None:
            raise invalid_password()
        return proved

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
        yield awaiting(self.store.user_delete_access_tokens, user_id, except_token_id)
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

    # --- tokens

    @inlineCallbacks
    def get_login_tuple_for_user_id(
        self,
        user_id: str,
        device_id: Optional[str] = None,
        initial_display_name: Optional[str] = None,
    ) -> Steps[Tuple[str, str]]:
        """
        Log in a user who has been authenticated.

        @param user_id: the account's own user id.
        @param device_id: the device, or C{None} for tokens without one.
        @param initial_display_name: the device's name if it has to be made
            again.
        @return: fires with C{(access token, refresh token)}.
        """
        access_token = yield self.issue_access_token(user_id, device_id)
        refresh_token = yield self.issue_refresh_token(user_id, device_id)
        if device_id is not None:
            # A DELETE may have removed the device since it was registered, and
            # there must be no live token without its device.
            yield awaiting(
                self.device_handler.check_device_registered,
                user_id,
                device_id,
                initial_display_name,
            )
        return access_token, refresh_token

    @inlineCallbacks
    def issue_access_token(
        self, user_id: str, device_id: Optional[str] = None
    ) -> Steps[str]:
        """
        Make an access token and remember it.

        @return: fires with the token.
        """
        token = self.generate_access_token(user_id)
        yield awaiting(self.store.add_access_token_to_user, user_id, token, device_id)
        return token

    @inlineCallbacks
    def issue_refresh_token(
        self, user_id: str, device_id: Optional[str] = None
    ) -> Steps[str]:
        """
        Make a refresh token and remember it.

        @return: fires with the token.
        """
        token = self.generate_refresh_token(user_id)
        yield awaiting(self.store.add_refresh_token_to_user, user_id, token, device_id)
        return token

    def generate_access_token(
        self,
        user_id: str,
        extra_caveats: Optional[List[str]] = None,
        duration_in_ms: int = ACCESS_TOKEN_MS,
    ) -> str:
        """
        @param extra_caveats: first-party caveats to add.
        @param duration_in_ms: how long it is good for.
        @return: an access token that nobody knows of yet.
        """
        return self.macaroons.access_token(user_id, extra_caveats or [], duration_in_ms)

    def generate_refresh_token(self, user_id: str) -> str:
        """
        @return: a refresh token that nobody knows of yet.
        """
        return self.macaroons.refresh_token(user_id)

    def generate_short_term_login_token(
        self, user_id: str, duration_in_ms: int = LOGIN_TOKEN_MS
    ) -> str:
        """
        @param duration_in_ms: how long it is good for; two minutes unless told.
        @return: a token for C{m.login.token}.
        """
        return self.macaroons.login_token(user_id, duration_in_ms)

    def generate_delete_pusher_token(self, user_id: str) -> str:
        """
        @return: a token for a link that removes a pusher.
        """
        return self.macaroons.delete_pusher_token(user_id)

    def validate_short_term_login_token_and_get_user_id(self, login_token: str) -> str:
        """
        @param login_token: what a client sent.
        @return: whom it logs in.
        @raise synauth.errors.AuthError: 403 C{M_FORBIDDEN} if it is not good.
        """
        # Ours is the stricter look at the caveats; the host may know more.
        user_id = self.macaroons.user_id_of(login_token, "login")
        auth_api = self.hs.get_auth()
        try:
            macaroon = deserialize(login_token)
            if auth_api.get_user_id_from_macaroon(macaroon) == user_id:
                auth_api.validate_macaroon(macaroon, "login", True, user_id)
                return user_id
        except Exception as error:
            _log.debug("The host refuses a login token: {error}", error=error)
        raise invalid_token()


def _options_of(config: Any) -> HandlerOptions:
    """
    @return: what the host chose; a 2016 configuration has no such thing.
    """
    options = getattr(config, "handler_options", None)
    return options if isinstance(options, HandlerOptions) else HandlerOptions()
