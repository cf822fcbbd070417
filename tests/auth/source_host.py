"""
A host that has what the handler of 2016 (source 000) asks its host for, with the
arguments that it gives there, and nothing else: no reactor either, for the source
hashes without threads and limits nobody's time.
"""

from typing import Any, Callable, Mapping

Signatures = Mapping[str, Callable[..., None]]

_STORE: Signatures = {
    "get_users_by_id_case_insensitive": lambda user_id: None,
    "user_set_password_hash": lambda user_id, password_hash: None,
    "user_delete_access_tokens": lambda user_id, except_token_id: None,
    "add_access_token_to_user": lambda user_id, token, device_id: None,
    "add_refresh_token_to_user": lambda user_id, token, device_id: None,
    "user_add_threepid": lambda user_id, medium, address, validated, added: None,
}
_AUTH: Signatures = {
    "get_user_id_from_macaroon": lambda macaroon: None,
    "validate_macaroon": lambda macaroon, kind, verify_expiry, user_id: None,
}
_DEVICES: Signatures = {
    "check_device_registered": lambda user_id, device_id, display_name: None
}
_HTTP: Signatures = {"post_urlencoded_get_json": lambda uri, args: None}
_IDENTITY: Signatures = {"threepid_from_creds": lambda creds: None}
_REGISTRATION: Signatures = {"register": lambda localpart: None}
_PUSHERS: Signatures = {"remove_pushers_by_user": lambda user_id, except_token_id: None}
_CLOCK: Signatures = {"time_msec": lambda: None}

_SETTINGS = (
    "bcrypt_rounds",
    "macaroon_secret_key",
    "password_pepper",
    "password_providers",
    "recaptcha_private_key",
    "recaptcha_public_key",
    "recaptcha_siteverify_api",
    "server_name",
)


class Part:
    """
    A part of a host of which only some methods can be reached.

    @param part: the whole of it.
    @param signatures: the methods, each with the arguments that it may get.
    """

    def __init__(self, part: Any, signatures: Signatures) -> None:
        self._part = part
        self._signatures = signatures

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name not in self._signatures:
            raise AttributeError(name)
        signature = self._signatures[name]

        def call(*args: Any, **kwargs: Any) -> Any:
            signature(*args, **kwargs)
            return getattr(self._part, name)(*args, **kwargs)

        return call


class Settings:
    """
    The settings that the source reads.

    @param config: those and others.
    """

    def __init__(self, config: Any) -> None:
        self._config = config

    def __getattr__(self, name: str) -> Any:
        if name not in _SETTINGS:
            raise AttributeError(name)
        return getattr(self._config, name)


class _Handlers:
    """
    The bundle of handlers.
    """

    def __init__(self, handlers: Any) -> None:
        self.identity_handler = Part(handlers.identity_handler, _IDENTITY)
        self.registration_handler = Part(handlers.registration_handler, _REGISTRATION)


class SourceHost:
    """
    The host.

    @param hs: a L{synauth.testing.hosts.MemoryHomeServer}, which answers.
    """

    def __init__(self, hs: Any) -> None:
        self.hostname = hs.hostname
        self.config = Settings(hs.config)
        self.get_auth = lambda: Part(hs.get_auth(), _AUTH)
        self.get_clock = lambda: Part(hs.get_clock(), _CLOCK)
        self.get_datastore = lambda: Part(hs.get_datastore(), _STORE)
        self.get_device_handler = lambda: Part(hs.get_device_handler(), _DEVICES)
        self.get_handlers = lambda: _Handlers(hs.get_handlers())
        self.get_pusherpool = lambda: Part(hs.get_pusherpool(), _PUSHERS)
        self.get_simple_http_client = lambda: Part(hs.get_simple_http_client(), _HTTP)
