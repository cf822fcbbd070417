"""
A homeserver that has what Synapse 0.34 and 1.0 offer their auth handler, and
nothing else: what else a handler asks for is an AttributeError.
"""

import sys
from types import ModuleType, SimpleNamespace
from typing import Any, Callable, Dict, List, Optional, Tuple
from unittest.mock import patch

from twisted.internet.defer import Deferred, execute
from twisted.internet.task import Clock as ReactorClock

from synauth.auth.tokens import MacaroonTokens
from synauth.homeserver.clock import Clock
from synauth.identifiers import UserID
from tests.dropin.contexts import LogContexts

HOSTNAME = "example.org"
ALICE = "@alice:example.org"
PASSWORD = "correct horse"

# How a host's store can answer: tests of hosts have plain values.
STYLES = ("plain", "deferred", "late")


class SynapseError(RuntimeError):
    """
    The host's C{SynapseError}.
    """

    def __init__(self, code: int, msg: str, errcode: str = "M_UNKNOWN") -> None:
        super().__init__(msg)
        self.code = code
        self.msg = msg
        self.errcode = errcode

    def error_dict(self) -> Dict[str, Any]:
        """
        The body of the answer.
        """
        return {"errcode": self.errcode, "error": self.msg}


class LoginError(SynapseError):
    """
    The host's.
    """


class AuthError(SynapseError):
    """
    The host's.
    """


class StoreError(SynapseError):
    """
    The host's.
    """


class LimitExceededError(SynapseError):
    """
    The host's.
    """

    def __init__(
        self,
        code: int = 429,
        msg: str = "Too Many Requests",
        retry_after_ms: Optional[int] = None,
    ) -> None:
        super().__init__(code, msg, "M_LIMIT_EXCEEDED")
        self.retry_after_ms = retry_after_ms


class InteractiveAuthIncompleteError(Exception):
    """
    The host's.
    """

    def __init__(self, result: Dict[str, Any]) -> None:
        super().__init__("Interactive auth not yet complete")
        self.result = result


class ModuleApi:
    """
    The host's C{ModuleApi}, as far as it is called here.
    """

    def __init__(self, hs: Any, auth_handler: Any) -> None:
        self.hs = hs
        self._auth_handler = auth_handler

    def get_qualified_user_id(self, username: str) -> str:
        """
        The host's.
        """
        return username if username[0] == "@" else "@%s:%s" % (username, HOSTNAME)

    def check_user_exists(self, user_id: str) -> Any:
        """
        The host's.
        """
        return self._auth_handler.check_user_exists(user_id)


def synapse_modules(contexts: LogContexts, version: str = "1.0.0") -> Any:
    """
    @return: a patch that is started and stopped: a Synapse that can be imported.
    """
    names = ("synapse", "synapse.api", "synapse.api.errors", "synapse.util")
    names += ("synapse.util.logcontext", "synapse.module_api", "synapse.server")
    made: Dict[str, Any] = {name: ModuleType(name) for name in names}
    made["synapse"].__version__ = version
    for each in (SynapseError, LoginError, AuthError, StoreError, LimitExceededError):
        setattr(made["synapse.api.errors"], each.__name__, each)
    errors = made["synapse.api.errors"]
    errors.CodeMessageException = SynapseError
    errors.InteractiveAuthIncompleteError = InteractiveAuthIncompleteError
    made["synapse.module_api"].ModuleApi = ModuleApi
    made["synapse.server"].HomeServer = type("HomeServer", (), {})
    for name in ("run_in_background", "make_deferred_yieldable"):
        setattr(made["synapse.util.logcontext"], name, getattr(contexts, name))
    # Not there in these releases, but our own may be, from another test.
    made["synapse.logging.context"] = None
    return patch.dict(sys.modules, made)


class FakeStore:
    """
    The host's database.

    @ivar users: password hashes by user id.
    @ivar tokens: C{(user id, device id)} by token.
    @ivar devices: C{(user id, device id)}.
    @ivar calls: what was changed: the method and its arguments.
    @ivar validated: what was proved by mail, by C{sid}.
    """

    def __init__(self, answer: Callable[..., Any]) -> None:
        self._answer = answer
        self.users: Dict[str, Any] = {}
        self.tokens: Dict[str, Tuple[str, Optional[str]]] = {}
        self.devices: List[Tuple[str, str]] = []
        self.calls: List[Any] = []
        self.validated: Dict[str, Any] = {}

    def get_users_by_id_case_insensitive(self, user_id: str) -> Any:
        """
        The host's.
        """
        found = {u: h for u, h in self.users.items() if u.lower() == user_id.lower()}
        return self._answer(lambda: found)

    def get_device(self, user_id: str, device_id: str) -> Any:
        """
        The host's.
        """

        def find() -> Any:
            if (user_id, device_id) not in self.devices:
                raise StoreError(404, "No row found")
            return {"user_id": user_id, "device_id": device_id}

        return self._answer(find)

    def add_access_token_to_user(
        self, user_id: str, token: str, device_id: Optional[str] = None
    ) -> Any:
        """
        The host's.
        """
        return self._answer(lambda: self.tokens.update({token: (user_id, device_id)}))

    def delete_access_token(self, token: str) -> Any:
        """
        The host's.
        """
        return self._answer(lambda: self.tokens.pop(token, None) and None)

    def user_delete_access_tokens(
        self,
        user_id: str,
        except_token_id: Optional[int] = None,
        device_id: Optional[str] = None,
    ) -> Any:
        """
        The host's; the row of a token is its length.
        """

        def delete() -> Any:
            ended = [
                (token, len(token), device)
                for token, (owner, device) in self.tokens.items()
                if owner == user_id
                and len(token) != except_token_id
                and device_id in (None, device)
            ]
            for token, _, _ in ended:
                del self.tokens[token]
            return ended

        return self._answer(delete)

    def user_add_threepid(self, *args: Any) -> Any:
        """
        The host's.
        """
        return self._answer(lambda: self.calls.append(("add_threepid", *args)))

    def user_delete_threepid(self, *args: Any) -> Any:
        """
        The host's.
        """
        return self._answer(lambda: self.calls.append(("delete_threepid", *args)))

    def get_threepid_validation_session(
        self, medium: str, client_secret: str, sid: str, validated: bool
    ) -> Any:
        """
        The host's, from 1.0 on.
        """
        found = self.validated.get(sid)
        return self._answer(
            lambda: found if found and found["client_secret"] == client_secret else None
        )

    def delete_threepid_session(self, sid: str) -> Any:
        """
        The host's, from 1.0 on.
        """
        return self._answer(lambda: self.validated.pop(sid) and None)


class FakeAuth:
    """
    The host's C{hs.get_auth()}.

    @ivar blocked: raised at whoever is to be let in.
    """

    def __init__(self, host: "FakeHost") -> None:
        self._host = host
        self.blocked: Optional[Exception] = None
        self.macaroons = MacaroonTokens(lambda: HOSTNAME, lambda: "key", host.clock)
        self.get_user_id_from_macaroon = self.macaroons.get_user_id_from_macaroon

    def validate_macaroon(
        self, macaroon: Any, type: str, verify_expiry: bool, user_id: str
    ) -> None:
        """
        The host's.
        """
        self.macaroons.validate_macaroon(macaroon, type, verify_expiry, user_id)

    def check_auth_blocking(self, user_id: Optional[str] = None) -> Any:
        """
        The host's.
        """

        def check() -> None:
            if self.blocked is not None:
                raise self.blocked

        return self._host.answer(check)

    def get_user_by_access_token(self, token: str, rights: str = "access") -> Any:
        """
        The host's.
        """

        def find() -> Any:
            if token not in self._host.store.tokens:
                raise AuthError(401, "Unrecognised access token", "M_UNKNOWN_TOKEN")
            user_id, device_id = self._host.store.tokens[token]
            return {
                "user": UserID.from_string(user_id),
                "token_id": len(token),
                "device_id": device_id,
                "is_guest": False,
            }

        return self._host.answer(find)


class FakeHost:
    """
    The host.

    @ivar reactor: its time stands still until it is told to go on.
    @ivar style: how its database answers, one of L{STYLES}.
    """

    def __init__(self, contexts: LogContexts, style: str = "plain") -> None:
        self.contexts = contexts
        self.style = style
        self.hostname = HOSTNAME
        self.reactor = ReactorClock()
        self.reactor.advance(1500000000)
        self.clock = Clock(self.reactor)
        self.store = FakeStore(self.answer)
        self.auth = FakeAuth(self)
        self.pushers: List[Any] = []
        self.posted: List[Any] = []
        self.captcha: Any = {"success": True}
        self.unbound: Any = True
        self.unbinding: List[Any] = []
        self.addresses: Dict[str, Any] = {}
        self.is_built = False
        self.config = SimpleNamespace(
            bcrypt_rounds=4,
            password_pepper="",
            password_enabled=True,
            password_providers=[],
            recaptcha_siteverify_api="https://captcha.example/siteverify",
            recaptcha_private_key="private",
            recaptcha_public_key="public",
            user_consent_version="1",
            user_consent_policy_name="Rules",
            public_baseurl="https://example.org/",
            email_password_reset_behaviour="local",
        )

    def answer(self, function: Callable[[], Any]) -> Any:
        """
        Answer in the host's style, and by its rule of log contexts.
        """
        if self.style == "plain":
            return function()
        if self.style == "deferred":
            return execute(function)
        late: "Deferred[Any]" = Deferred()
        self.reactor.callLater(0.01, late.callback, None)
        late.addCallback(lambda _: function())
        return self.contexts.make_deferred_yieldable(late)

    def get_datastore(self) -> FakeStore:
        """
        The host's.
        """
        return self.store

    def get_clock(self) -> Clock:
        """
        The host's.
        """
        return self.clock

    def get_reactor(self) -> ReactorClock:
        """
        The host's.
        """
        return self.reactor

    def get_auth(self) -> FakeAuth:
        """
        The host's.
        """
        return self.auth

    def get_macaroon_generator(self) -> Any:
        """
        The host's.
        """
        macaroons = self.auth.macaroons
        return SimpleNamespace(
            generate_access_token=lambda user: macaroons.access_token(user, [], None)
        )

    def get_pusherpool(self) -> Any:
        """
        The host's.
        """

        def remove(user_id: str, token_ids: Any) -> Any:
            return self.answer(lambda: self.pushers.append((user_id, tuple(token_ids))))

        return SimpleNamespace(remove_pushers_by_access_token=remove)

    def get_simple_http_client(self) -> Any:
        """
        The host's.
        """

        def post(uri: str, args: Any) -> Any:
            self.posted.append((uri, args))
            return execute(lambda: self.captcha)

        return SimpleNamespace(post_urlencoded_get_json=post)

    def get_handlers(self) -> Any:
        """
        The host's; not before the handler is there.
        """
        self._after_building()

        def unbind(user_id: str, threepid: Any) -> Any:
            self.unbinding.append((user_id, threepid))
            return self.answer(lambda: self.unbound)

        identity = SimpleNamespace(
            threepid_from_creds=lambda creds: self.answer(
                lambda: self.addresses.get(creds.get("sid"))
            ),
            try_unbind_threepid=unbind,
        )
        return SimpleNamespace(identity_handler=identity)

    def get_device_handler(self) -> Any:
        """
        The host's, which asks for the auth handler.
        """
        self._after_building()
        return SimpleNamespace()

    def _after_building(self) -> None:
        if not self.is_built:
            raise ValueError("Cyclic dependency while building auth_handler")
