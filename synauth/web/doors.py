"""
Where the daemon listens, and what is served there.
"""

from errno import EADDRINUSE
from typing import Any, Dict, List, Mapping, NamedTuple, Optional

from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IListeningPort
from twisted.web.resource import IResource

from synauth.awaiting import fired
from synauth.errors import ConfigError
from synauth.homeserver.config.settings import HomeServerConfig
from synauth.metrics.measures import Measures
from synauth.web.connections import Connections
from synauth.web.metrics import MetricsRoot
from synauth.web.server import SynauthSite


class Door(NamedTuple):
    """
    Where to listen.

    @ivar description: what it is called in messages; an endpoint description,
        unless there is a port.
    @ivar port: the port of a listener of the configuration.
    @ivar interface: its address.
    """

    description: str
    port: Optional[int] = None
    interface: str = ""


def make_sites(
    config: HomeServerConfig,
    root: IResource,
    reactor: Any,
    connections: Connections,
    measures: Optional[Measures] = None,
) -> Dict[Door, SynauthSite]:
    """
    @param measures: what is shown where there are metrics.
    @return: what is served, by where.
    """
    sites = {}
    common: Dict[str, Any] = {
        "access_log": config.access_log,
        "connections": connections,
        "requests": measures and measures.requests,
        "request_timeout_s": config.request_timeout / 1000,
    }
    for description in config.listen:
        sites[Door(description)] = SynauthSite(
            root,
            reactor,
            x_forwarded=config.listen_x_forwarded,
            trusted_proxies=config.trusted_proxies,
            **common,
        )
    exposition: Any = None
    if measures is not None:
        # Not before there is something to show.
        from synauth.metrics.exposing import make_exposition

        measures.connections = connections
        exposition = make_exposition(measures)
    for listener in config.listeners + config.metrics_listeners:
        served = root
        if exposition and listener.metrics:
            served = MetricsRoot(exposition, root if listener.clients else None)
        elif not listener.clients:
            continue
        # "::" first, see listen().
        for address in sorted(listener.bind_addresses, reverse=True):
            sites[_door(listener.port, address)] = SynauthSite(
                served,
                reactor,
                x_forwarded=listener.x_forwarded,
                trusted_proxies=config.trusted_proxies,
                **common,
            )
    return sites


def _door(port: int, address: str) -> Door:
    text = "[%s]:%d" if ":" in address else "%s:%d"
    return Door(text % (address, port), port, address)


def listen(reactor: Any, sites: Mapping[Door, SynauthSite]) -> List[IListeningPort]:
    """
    Open the doors.  That happens while the service is made: twistd has not
    gone into the background then, nor written its pid file, and who started it
    sees why it does not come up.  Nobody is served before the reactor runs.

    @param sites: what is served, by where.
    @return: the open doors.
    @raise ConfigError: if one can't be opened; then none is.
    """
    ports: List[IListeningPort] = []
    for door, site in sites.items():
        try:
            ports.append(_listen(reactor, door, site))
        except (CannotListenError, ConfigError) as error:
            if _is_open_already(door, sites, error):
                continue
            for port in ports:
                port.stopListening()
            if isinstance(error, ConfigError):
                raise
            raise ConfigError(
                "can't listen on %s: %s"
                % (door.description, _words_of(error.socketError))
            )
    return ports


def _listen(reactor: Any, door: Door, site: SynauthSite) -> IListeningPort:
    port: IListeningPort
    if door.port is not None:
        port = reactor.listenTCP(door.port, site, interface=door.interface)
        return port
    # Endpoints bring all of TLS along, a fifth of a small daemon's memory.
    from twisted.internet.endpoints import serverFromString

    try:
        endpoint = serverFromString(reactor, door.description)
    except (IndexError, KeyError) as error:
        # Twisted looks for the socket right here.
        raise ConfigError(
            "%s: there is no such socket: systemd hands one over, from a .socket unit"
            " (%s)" % (door.description, error)
        )
    except Exception as error:
        raise ConfigError(
            "%s: not a Twisted endpoint, such as tcp:8008:interface=127.0.0.1: %s"
            % (door.description, error)
        )
    try:
        port = fired(endpoint.listen(site))
    except (OSError, OverflowError) as error:
        # What Twisted does not take for its own kind of error.
        raise ConfigError(
            "can't listen on %s: %s" % (door.description, _words_of(error))
        )
    return port


def _is_open_already(
    door: Door, sites: Mapping[Door, SynauthSite], error: Exception
) -> bool:
    """
    On most systems a socket for all IPv6 addresses takes the IPv4 ones too,
    and configurations tend to name both.
    """
    return (
        isinstance(error, CannotListenError)
        and getattr(error.socketError, "errno", None) == EADDRINUSE
        and door == _door(error.port, "0.0.0.0")
        and _door(error.port, "::") in sites
    )


def _words_of(error: Any) -> str:
    return getattr(error, "strerror", None) or str(error)
