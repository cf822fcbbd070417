"""
The private parts of a homeserver that working modules reach for, behind the
C{_hs}, C{_auth_handler} and C{_store} of their L{ModuleApi
<synauth.providers.module_api.ModuleApi>}.

Names and arguments are Synapse's; what waits gives a Deferred, which is good for
C{yield} as well as for C{await}.
"""

import secrets
from typing import Any, Callable, Dict, Iterable, List, Optional, Tuple

from twisted.internet.defer import Deferred, inlineCallbacks
from twisted.internet.task import deferLater

from synauth.awaiting import Steps
from synauth.identifiers import UserID
from synauth.interfaces import IFullModuleApi, IModuleHost, IModuleHttpClient
from synauth.providers.userinfo import text_of


class Parts:
    """
    Some of what a homeserver's object of another name has.
    """

    def __init__(self, host: IModuleHost, api: IFullModuleApi) -> None:
        """
        @param host: what the daemon offers.
        @param api: the module's own.
        """
        self._host = host
        self._api = api

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(
            "synauth's %s has no %s: it has what working modules were seen to use"
            % (type(self).__name__, name)
        )


class Threepid(Dict[str, Any]):
    """
    An address: a dict in some homeservers and a record in others.
    """

    __getattr__ = dict.__getitem__


class ClockParts(Parts):
    """
    A homeserver's clock.
    """

    def time_msec(self) -> int:
        """
        @return: ms since the epoch.
        """
        now: int = self._host.clock.time_msec()
        return now

    def time(self) -> float:
        """
        @return: seconds since the epoch.
        """
        return self.time_msec() / 1000.0

    def sleep(self, seconds: float) -> "Deferred[None]":
        """
        @return: fires with C{None} after some seconds.
        """
        return deferLater(self._host.reactor, seconds, lambda: None)

    def call_later(
        self, delay: float, callback: Callable[..., Any], *args: Any, **kwargs: Any
    ) -> Any:
        """
        Call a function after some seconds.
        """
        return self._host.reactor.callLater(delay, callback, *args, **kwargs)

    def looping_call(
        self, f: Callable[..., Any], msec: float, *args: Any, **kwargs: Any
    ) -> None:
        """
        Call a function again and again.
        """
        self._api.looping_background_call(f, msec, *args, **kwargs)


class StoreParts(Parts):
    """
    A homeserver's database.
    """

    def runInteraction(
        self, desc: str, func: Callable[..., Any], *args: Any, **kwargs: Any
    ) -> "Deferred[Any]":
        """
        See L{synauth.interfaces.IModuleApi.run_db_interaction}.
        """
        return self._host.store.run_interaction(func, *args, **kwargs)

    def set_profile_displayname(
        self, user_id: Any, new_displayname: Optional[str]
    ) -> "Deferred[None]":
        """
        @param user_id: a localpart or, as in newer homeservers, a L{UserID}.
        """
        name = user_id.localpart if isinstance(user_id, UserID) else user_id
        return self._host.store.set_profile_displayname(name, new_displayname)

    def get_user_id_by_threepid(
        self, medium: str, address: str
    ) -> "Deferred[Optional[str]]":
        """
        See L{synauth.interfaces.IThreepidStore.get_user_id_by_threepid}.
        """
        return self._host.store.get_user_id_by_threepid(medium, address)

    def user_add_threepid(
        self,
        user_id: str,
        medium: str,
        address: str,
        validated_at: int,
        added_at: int,
    ) -> "Deferred[None]":
        """
        See L{synauth.interfaces.IAccountStore.user_add_threepid}.
        """
        return self._host.store.user_add_threepid(
            user_id, medium, address, validated_at, added_at
        )

    @inlineCallbacks
    def user_get_threepids(self, user_id: str) -> Steps[List[Threepid]]:
        """
        @return: fires with a list of L{Threepid}.
        """
        found = yield self._api.get_threepids_for_user(user_id)
        return [Threepid(threepid) for threepid in found]

    def user_delete_threepid(
        self, user_id: str, medium: str, address: str
    ) -> "Deferred[bool]":
        """
        See L{synauth.interfaces.IThreepidStore.user_delete_threepid}.
        """
        return self._host.store.user_delete_threepid(user_id, medium, address)

    def get_external_ids_by_user(self, mxid: str) -> "Deferred[List[Tuple[str, str]]]":
        """
        See L{synauth.interfaces.IExternalIdStore.get_external_ids_by_user}.
        """
        return self._host.store.get_external_ids_by_user(mxid)

    def get_user_by_external_id(
        self, auth_provider: str, external_id: str
    ) -> "Deferred[Optional[str]]":
        """
        See L{synauth.interfaces.IExternalIdStore.get_user_by_external_id}.
        """
        return self._host.store.get_user_by_external_id(auth_provider, external_id)


class AuthHandlerParts(Parts):
    """
    A homeserver's handler of authentication.
    """

    def check_user_exists(self, user_id: str) -> "Deferred[Optional[str]]":
        """
        See L{synauth.interfaces.IModuleApi.check_user_exists}.
        """
        return self._host.check_user_exists(user_id)

    def add_threepid(
        self, user_id: str, medium: str, address: str, validated_at: int
    ) -> "Deferred[None]":
        """
        See L{synauth.AuthHandler.add_threepid}.
        """
        return self._host.add_threepid(user_id, medium, address, validated_at)

    def delete_threepid(
        self,
        user_id: str,
        medium: str,
        address: str,
        id_server: Optional[str] = None,
    ) -> "Deferred[bool]":
        """
        Take an address off an account.

        @param id_server: passed over: no identity server was ever told.
        @return: fires with whether it was there.
        """
        if medium == "email":
            address = address.lower()
        return self._host.store.user_delete_threepid(user_id, medium, address)

    def delete_access_token(self, access_token: str) -> "Deferred[None]":
        """
        See L{synauth.interfaces.IModuleHost.end_token}.
        """
        return self._host.end_token(access_token)


class RegistrationHandlerParts(Parts):
    """
    A homeserver's maker of accounts.
    """

    def register_user(
        self,
        localpart: str,
        default_display_name: Optional[str] = None,
        bind_emails: Iterable[str] = (),
        admin: bool = False,
    ) -> "Deferred[str]":
        """
        See L{synauth.interfaces.IModuleApi.register_user}.
        """
        return self._api.register_user(
            localpart, default_display_name, bind_emails, admin
        )

    def check_username(self, localpart: str) -> "Deferred[None]":
        """
        See L{synauth.interfaces.IFullModuleApi.check_username}.
        """
        return self._host.check_username(localpart)


class ProfileHandlerParts(Parts):
    """
    A homeserver's keeper of profiles.

    @ivar store: a L{StoreParts}.
    """

    def __init__(self, host: IModuleHost, api: IFullModuleApi) -> None:
        super().__init__(host, api)
        self.store = StoreParts(host, api)

    def set_displayname(
        self,
        target_user: UserID,
        requester: Any,
        new_displayname: str,
        by_admin: bool = False,
        deactivation: bool = False,
    ) -> "Deferred[None]":
        """
        @param requester: who asks: passed over, a module may do it.
        """
        return self._api.set_displayname(target_user, new_displayname)


class DeviceHandlerParts(Parts):
    """
    A homeserver's keeper of devices.
    """

    @inlineCallbacks
    def check_device_registered(
        self,
        user_id: str,
        device_id: Optional[str],
        initial_device_display_name: Optional[str] = None,
    ) -> Steps[str]:
        """
        See L{synauth.interfaces.IDeviceHandler.check_device_registered}.
        """
        known = device_id or secrets.token_hex(5).upper()
        yield self._host.store.store_device(
            text_of(user_id), known, initial_device_display_name
        )
        return known


class DataStores:
    """
    The databases of a homeserver: there is one.
    """

    def __init__(self, main: StoreParts) -> None:
        self.main = main


class HomeServerParts(Parts):
    """
    A homeserver.
    """

    @property
    def hostname(self) -> str:
        """
        @return: the server name.
        """
        name: str = self._host.hostname
        return name

    def get_clock(self) -> ClockParts:
        """
        @return: the time.
        """
        return ClockParts(self._host, self._api)

    def get_reactor(self) -> Any:
        """
        @return: the reactor.
        """
        return self._host.reactor

    def get_proxied_http_client(self) -> IModuleHttpClient:
        """
        @return: outgoing HTTP.
        """
        return self._host.http_client

    get_simple_http_client = get_proxied_http_client

    def get_registration_handler(self) -> RegistrationHandlerParts:
        """
        @return: the maker of accounts.
        """
        return RegistrationHandlerParts(self._host, self._api)

    def get_profile_handler(self) -> ProfileHandlerParts:
        """
        @return: the keeper of profiles.
        """
        return ProfileHandlerParts(self._host, self._api)

    def get_device_handler(self) -> DeviceHandlerParts:
        """
        @return: the keeper of devices.
        """
        return DeviceHandlerParts(self._host, self._api)

    def get_auth_handler(self) -> AuthHandlerParts:
        """
        @return: the handler of authentication.
        """
        return AuthHandlerParts(self._host, self._api)

    def get_datastore(self) -> StoreParts:
        """
        @return: the database.
        """
        return StoreParts(self._host, self._api)

    def get_datastores(self) -> DataStores:
        """
        @return: the databases, as newer homeservers have them.
        """
        return DataStores(self.get_datastore())
