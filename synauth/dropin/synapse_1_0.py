"""
L{AuthHandler}: the auth handler of Synapse 0.33.2 to 1.3, made of the same parts
as L{synauth.AuthHandler}.

What differs from the handler of 2016 stands here: the shape of C{check_auth}, the
exception for an unfinished flow, the names.  What differs between hosts and us is
in docs/dropin.rst.
"""

from collections import ChainMap
from functools import partial
from typing import Any, Callable, Dict, List, Optional, Tuple

from synauth.auth import interactive
from synauth.auth.hashpool import HashPool
from synauth.auth.interactive import Flows, InteractiveAuth, JsonDict
from synauth.auth.passwords import BcryptHasher, LocalPasswords
from synauth.auth.reauthentication import Reauthentication
from synauth.auth.sessions import MemorySessionStore
from synauth.auth.stages import Checkers, DummyStage, RecaptchaStage, ThreepidStage
from synauth.awaiting import Steps, fired
from synauth.constants import LoginType
from synauth.dropin.addresses import HostAddresses, PasswordResets
from synauth.dropin.answering import deferred_for_host, for_host
from synauth.dropin.errors import HostErrors
from synauth.dropin.hashing import ContextHashPool, HandlersOwnHashes
from synauth.dropin.limits import HostLimits
from synauth.dropin.logins import HostLogins, as_given
from synauth.dropin.providers import Providers, make_providers
from synauth.dropin.settings import RAISE, DropInSettings
from synauth.dropin.stages import AnyLoginStage, TermsStage
from synauth.dropin.tokens import HostTokens
from synauth.errors import InteractiveAuthIncompleteError
from synauth.interfaces import IHashPool, IStage
from synauth.providers.contexts import ContextCaller
from synauth.threepids import EMAIL, MSISDN

LoginResult = Tuple[Optional[str], Optional[Callable[[Any], Any]]]

# Says whether an argument was given.
_MISSING: Any = object()


class AuthHandler:
    """
    What a homeserver of these releases asks of its auth handler, and no more.

    Nothing of the host but its clock, its store and its settings is touched while
    this is made: the rest may be under construction.

    @param hs: the homeserver.
    @param settings: what the operator chose.
    @param hash_pool: where passwords are hashed; threads of its own by default.
    @ivar checkers: the stages as functions C{checker(authdict, clientip)} by
        their type; a host may put in its own.
    @ivar errors: the host's exceptions.
    """

    def __init__(
        self,
        hs: Any,
        settings: Optional[DropInSettings] = None,
        hash_pool: Optional[IHashPool] = None,
    ) -> None:
        settings = DropInSettings() if settings is None else settings
        config = hs.config
        self.hs = hs
        self.errors = HostErrors()
        pool = hash_pool or HashPool(
            hs.get_reactor, settings.hash_threads, settings.hash_queue
        )
        self._hasher = BcryptHasher(
            ContextHashPool(pool), config.bcrypt_rounds, lambda: config.password_pepper
        )
        self._local = LocalPasswords(hs.get_datastore(), HandlersOwnHashes(self))
        self._limits = HostLimits(config, hs.get_clock())
        self._providers = self._make_providers(settings)
        self._logins = HostLogins(
            hs.hostname, config, self._limits, self._providers, self._local
        )
        self._tokens = HostTokens(hs, self.errors, self._providers, self._limits)
        self._addresses = HostAddresses(hs)
        self._sessions = MemorySessionStore(
            hs.get_clock(),
            max_sessions=settings.max_sessions,
            max_session_bytes=settings.max_session_bytes,
            reading_is_use=True,
        )
        self._make_stages()

    def _make_providers(self, settings: DropInSettings) -> Providers:
        hs = self.hs
        passing = (Exception,) if settings.failing_providers == RAISE else ()
        caller = partial(
            ContextCaller, hs.get_reactor, passing=passing or self.errors.answers
        )
        limit = settings.module_timeout
        modules = [
            (partial(make, caller=caller(config.options["timeout"] or limit)), config)
            for make, config in settings.modules
        ]
        return Providers(
            hs.hostname,
            caller(limit),
            self._find_account if settings.canonical_ids else as_given,
            make_providers(hs, self, [*modules, *hs.config.password_providers]),
        )

    def _make_stages(self) -> None:
        hs = self.hs
        stages: List[IStage] = [
            RecaptchaStage(hs),
            ThreepidStage(LoginType.EMAIL_IDENTITY, EMAIL, hs),
            ThreepidStage(LoginType.MSISDN, MSISDN, hs),
            DummyStage(),
            TermsStage(hs.config),
        ]
        self._interactive = self._interactive_auth({s.type: s for s in stages})
        self.checkers = Checkers(self._interactive.stages)
        resets: Any = PasswordResets(hs)
        by_mail = ThreepidStage(LoginType.EMAIL_IDENTITY, EMAIL, resets)
        self._resetting = self._interactive_auth(
            ChainMap({by_mail.type: by_mail}, self._interactive.stages)
        )
        self._reauthentication = Reauthentication(
            hs.hostname, self._interactive, self._find_account, self._limits.unanswered
        )

    def _interactive_auth(self, stages: Any) -> InteractiveAuth:
        return InteractiveAuth(
            stages,
            self._sessions,
            lambda type: AnyLoginStage(type, self._logins.login),
            self.errors.merged,
        )

    def _find_account(self, user_id: str) -> Any:
        return self._local.find(user_id).addCallback(lambda found: found and found[0])

    # --- user-interactive authentication

    @deferred_for_host
    def check_auth(
        self,
        flows: Flows,
        clientdict: Optional[JsonDict],
        clientip: str,
        password_servlet: bool = False,
    ) -> Steps[Tuple[JsonDict, JsonDict, str]]:
        """
        Ask for authentication, or take one step of it.

        @param flows: lists of stage types, one of which has to be completed.
        @param clientdict: the body of the request; C{auth} is taken out of it.
        @param clientip: the client's address.
        @param password_servlet: whether a password is to be reset.
        @return: a Deferred of C{(creds, params, session id)}: what each stage
            proved, and the parameters of this request, or the remembered ones
            if it has none.  It errs with the host's
            C{InteractiveAuthIncompleteError} while something is left to do.
        """
        asked = self._resetting if password_servlet else self._interactive
        authed, result, params, session_id = yield asked.check_auth(
            flows, clientdict, clientip
        )
        if not authed:
            raise InteractiveAuthIncompleteError(session_id, result)
        return result, params, session_id

    @deferred_for_host
    def validate_user_via_ui_auth(
        self, requester: Any, request_body: JsonDict, clientip: str
    ) -> Steps[JsonDict]:
        """
        Have a user who has a token authenticate once more.

        @param requester: who asks, with C{user}.
        @param request_body: the body of the request; C{auth} is taken out of it.
        @param clientip: the client's address.
        @return: a Deferred of the parameters of the request; it errs as
            L{check_auth}, and with the host's C{AuthError} 403 for anybody else.
        """
        params, _ = yield self._reauthentication.validate(
            requester.user.to_string(),
            self._logins.types,
            request_body,
            clientip,
            None,
        )
        return params

    @deferred_for_host
    def add_oob_auth(
        self, stagetype: str, authdict: JsonDict, clientip: str
    ) -> Steps[bool]:
        """
        Complete a stage out of band, as a fallback page does.

        @return: a Deferred of whether it was completed; see
            L{synauth.AuthHandler.add_oob_auth}.
        """
        completed = yield self._interactive.add_oob_auth(stagetype, authdict, clientip)
        return completed

    def get_session_id(self, clientdict: Optional[JsonDict]) -> Optional[str]:
        """
        @param clientdict: the body of a request.
        @return: the session id that the client sent, or C{None}.
        """
        return interactive.session_id_of(clientdict)

    @for_host
    def set_session_data(self, session_id: str, key: str, value: Any) -> None:
        """
        Keep something with a session that the client neither sees nor changes.
        Nothing is kept with a session that is not there.
        """
        if fired(self._sessions.get(session_id)) is not None:
            fired(self._sessions.set_data(session_id, key, value))

    def get_session_data(self, session_id: str, key: str, default: Any = None) -> Any:
        """
        @return: what L{set_session_data} kept, or C{default}.
        """
        session = fired(self._sessions.get(session_id))
        return default if session is None else session.serverdict.get(key, default)

    # --- logins

    def get_supported_login_types(self) -> List[str]:
        """
        @return: the types of L{validate_login}.
        """
        return list(self._logins.types)

    @deferred_for_host
    def validate_login(
        self, username: str, login_submission: Dict[str, Any]
    ) -> Steps[LoginResult]:
        """
        @param username: a localpart or a full id, as the client sent it.
        @param login_submission: the body of the request.
        @return: a Deferred of the account's own id, and of a function to call
            with the answer to the login, or C{None}.  It errs with the host's
            C{LoginError} 403 for everybody else.
        """
        vouched = yield self._logins.login(username, login_submission)
        return vouched.user_id, self._providers.callback_for_host(vouched)

    @deferred_for_host
    def check_password_provider_3pid(
        self, medium: str, address: str, password: str
    ) -> Steps[LoginResult]:
        """
        Ask the providers whose address and password these are.

        @return: a Deferred as that of L{validate_login}; of C{(None, None)} if
            they don't know.
        """
        vouched = yield self._logins.login_by_threepid(medium, address, password)
        if vouched is None:
            return None, None
        return vouched.user_id, self._providers.callback_for_host(vouched)

    @for_host
    def ratelimit_login_per_account(self, user_id: str) -> None:
        """
        Count a login.

        @raise Exception: the host's C{LimitExceededError}.
        """
        self._limits.count_login(user_id)

    @deferred_for_host
    def check_user_exists(self, user_id: str) -> Steps[Optional[str]]:
        """
        @param user_id: a full user id, in any case.
        @return: a Deferred of the account's own id, or of C{None}.
        """
        self._limits.count_look_up(user_id)
        found = yield self._find_account(user_id)
        return found

    # --- tokens

    @deferred_for_host
    def get_access_token_for_user_id(
        self,
        user_id: str,
        device_id: Optional[str] = None,
        valid_until_ms: Optional[int] = None,
    ) -> Steps[str]:
        """
        Log somebody in.

        @param user_id: who it is; not looked at.
        @param device_id: a device that is there already.
        @param valid_until_ms: when the token ends, where the host's database
            knows such a thing (from 1.2 on).
        @return: a Deferred of a new token; it errs with the host's
            C{StoreError} 400 if the device is gone, and with its
            C{ResourceLimitError}.
        """
        token = yield self._tokens.log_in(user_id, device_id, valid_until_ms)
        return token

    @deferred_for_host
    def issue_access_token(
        self, user_id: str, device_id: Optional[str] = None
    ) -> Steps[str]:
        """
        @return: a Deferred of a new token.
        """
        token = yield self._tokens.issue(user_id, device_id)
        return token

    @deferred_for_host
    def validate_short_term_login_token_and_get_user_id(
        self, login_token: str
    ) -> Steps[str]:
        """
        @return: a Deferred of whom it was made for; it errs with the host's
            C{AuthError} 403 if it is not good.
        """
        user_id = yield self._tokens.user_of_login_token(login_token)
        return user_id

    @deferred_for_host
    def delete_access_token(self, access_token: str) -> Steps[None]:
        """
        End a token and its pushers, and tell the providers.
        """
        yield self._tokens.end(access_token)

    @deferred_for_host
    def delete_access_tokens_for_user(
        self,
        user_id: str,
        except_token_id: Optional[int] = None,
        device_id: Optional[str] = None,
    ) -> Steps[None]:
        """
        End all tokens of a user or of a device, and their pushers, and tell the
        providers.

        @param except_token_id: the row of a token that stays.
        """
        yield self._tokens.end_all(user_id, except_token_id, device_id)

    # --- addresses

    @deferred_for_host
    def add_threepid(
        self, user_id: str, medium: str, address: str, validated_at: int
    ) -> Steps[None]:
        """
        Bind an address to an account; that of an e-mail is lower-cased.
        """
        yield self._addresses.add(user_id, medium, address, validated_at)

    @deferred_for_host
    def delete_threepid(
        self,
        user_id: str,
        medium: str,
        address: str,
        id_server: Optional[str] = _MISSING,
    ) -> Steps[bool]:
        """
        Unbind an address, at the identity server and then here.

        @param id_server: the identity server to ask; hosts of before 0.99.4
            don't name one.
        @return: a Deferred of what the identity handler answered.
        """
        more = {} if id_server is _MISSING else {"id_server": id_server}
        unbound = yield self._addresses.delete(user_id, medium, address, **more)
        return unbound

    # --- passwords

    @deferred_for_host
    def hash(self, password: str) -> Steps[str]:
        """
        @return: a Deferred of the hash; see
            L{synauth.interfaces.IPasswordHasher.hash}.
        """
        hashed = yield self._hasher.hash(password)
        return hashed

    @deferred_for_host
    def validate_hash(self, password: str, stored_hash: Any) -> Steps[bool]:
        """
        @param stored_hash: text or bytes, or C{None}, which costs the same.
        @return: a Deferred of whether they belong together.
        """
        matches = yield self._hasher.verify(password, stored_hash)
        return matches
