"""
Homeservers that take modules and providers, and how they are told to.
"""

import hashlib
import hmac
from typing import Any, Callable, Dict

from tests.functional.client import Client
from tests.functional.daemon import QUICK, DaemonTestCase
from tests.modules.synapse_server import SynapseServer

_SECRET = "the queen of hearts"
_REGISTER = "/_synapse/admin/v1/register"

Config = Dict[str, Any]

# Starts a homeserver with this besides its usual configuration, until the test
# is over.
Host = Callable[[DaemonTestCase, Config], Client]

# What the configuration has to say for an entry of a module or provider.
Place = Callable[[Config], Config]


def in_synauth(case: DaemonTestCase, config: Config) -> Client:
    """
    A L{Host}: the daemon.
    """
    secret = {"registration_shared_secret": _SECRET}
    return case.start(dict(QUICK, **dict(secret, **config))).client()


def in_synapse(case: DaemonTestCase, config: Config) -> Client:
    """
    A L{Host}: the Synapse that is installed.
    """
    secret = {"registration_shared_secret": _SECRET}
    synapse = SynapseServer(case.make_directory(), dict(secret, **config))
    case.addCleanup(synapse.stop)
    synapse.wait_until_ready()
    return Client(synapse.port)


def as_module(entry: Config) -> Config:
    """
    A L{Place}: a module with callbacks.
    """
    return {"modules": [entry]}


def as_provider(entry: Config) -> Config:
    """
    A L{Place}: a legacy password provider.
    """
    return {"password_providers": [entry]}


def legacy_as_module(entry: Config) -> Config:
    """
    A L{Place}: a legacy provider that has become a module.
    """
    return as_module({"module": "synauth.LegacyProviderModule", "config": entry})


def module_as_provider(entry: Config) -> Config:
    """
    A L{Place}: a module that has become a legacy provider.
    """
    return as_provider({"module": "synauth.CallbackModuleProvider", "config": entry})


def legacy_there_and_back(entry: Config) -> Config:
    """
    A L{Place}: a legacy provider that has become a module, and a legacy
    provider again.
    """
    return module_as_provider(legacy_as_module(entry)["modules"][0])


def module_there_and_back(entry: Config) -> Config:
    """
    A L{Place}: a module that has become a legacy provider, and a module again.
    """
    return legacy_as_module(module_as_provider(entry)["password_providers"][0])


def make_account(client: Client, name: str, password: str) -> None:
    """
    Make an account by the shared secret, as all of these homeservers let one.
    """
    nonce = client.get(_REGISTER).body["nonce"]
    said = "\0".join([nonce, name, password, "notadmin"]).encode("utf-8")
    mac = hmac.new(_SECRET.encode("utf-8"), said, hashlib.sha1).hexdigest()
    body = {"nonce": nonce, "username": name, "password": password, "mac": mac}
    answer = client.post(_REGISTER, dict(body, admin=False))
    if answer.status != 200:
        raise AssertionError(answer)
