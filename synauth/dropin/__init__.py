"""
The handler of synauth inside a homeserver of others: docs/dropin.rst.

Nothing of the homeserver is imported before it is there.
"""

import sys
from typing import Any, Optional

from twisted.logger import Logger

from synauth.dropin.releases import UnknownHost, contract_of
from synauth.dropin.settings import DropInSettings

_log = Logger()


def install(homeserver_class: Any, settings: Optional[DropInSettings] = None) -> str:
    """
    Have a class of homeservers, and those derived from it, build our handler in
    place of their own::

        from synapse.server import HomeServer
        synauth.dropin.install(HomeServer)

    It has to be done before the homeserver is set up.

    @param homeserver_class: C{synapse.server.HomeServer} or one derived from it.
    @param settings: what would stand under C{synauth:} in homeserver.yaml; see
        L{synauth.dropin.settings.settings_of}.
    @return: the line that was logged: version and contract of the host.
    @raise UnknownHost: with that line, if the contract is not known: nothing was
        changed.
    """
    version = getattr(sys.modules.get("synapse"), "__version__", None)
    contract = contract_of(version)
    if contract is None:
        line = (
            "synauth does not know the contract of this homeserver, Synapse %s:"
            " its own auth handler stays" % (version,)
        )
        _log.error("{line}", line=line)
        raise UnknownHost(line)
    from synauth.dropin.synapse_1_0 import AuthHandler

    def build_auth_handler(hs: Any) -> AuthHandler:
        return AuthHandler(hs, settings)

    homeserver_class.build_auth_handler = build_auth_handler
    line = (
        "synauth is the auth handler of this homeserver, Synapse %s, by the contract"
        " of %s up to, not including, %s" % (version, contract.name, contract.before)
    )
    _log.info("{line}", line=line)
    return line
