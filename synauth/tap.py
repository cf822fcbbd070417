"""
C{twistd synauth}: options, and the service that they describe.
"""

import sys
from typing import Any, List

from twisted.application.service import IService
from twisted.python import usage

from synauth.errors import ConfigError


class Options(usage.Options):
    """
    The command line.
    """

    synopsis = "[options]"
    longdesc = (
        "Serves the authentication endpoints of the Matrix client-server API."
        " Without a configuration: for the server name localhost, on"
        " 127.0.0.1:8008, with an SQLite database in ./synauth-data."
    )
    optParameters = [
        ["server-name", None, None, "The server name, as it stands in user ids."],
        ["data-dir", None, None, "Where the database and the signing key are."],
    ]
    optFlags = [
        [
            "enable-registration",
            None,
            "Let anybody register, without verification: for trying out.",
        ],
    ]
    compData = usage.Completions(
        optActions={"config": usage.CompleteFiles(), "data-dir": usage.CompleteDirs()}
    )

    def __init__(self) -> None:
        super().__init__()
        self.config_files: List[str] = []
        self.listen: List[str] = []

    def opt_config(self, path: str) -> None:
        """
        A homeserver.yaml; may be given several times, a later one wins.
        """
        self.config_files.append(path)

    opt_c = opt_config

    def opt_listen(self, endpoint: str) -> None:
        """
        Where to listen, as a Twisted endpoint (tcp:8008:interface=127.0.0.1);
        may be given several times; replaces the listeners of the configuration.
        X-Forwarded-For counts there if it does at all of those.
        """
        self.listen.append(endpoint)


def makeService(options: Options) -> IService:
    """
    Make the service.  Whatever is wrong with the configuration or its
    surroundings ends the process here, with a line that says what.

    @param options: the command line.
    @return: the service; what it needs on disk is there and is good.
    """
    from twisted.internet import reactor

    # Not before there is something to serve: twistd imports this module for
    # its help, too.
    from synauth.homeserver.service import make_service

    try:
        return make_service(
            options.config_files,
            {
                "server_name": options["server-name"],
                "enable_registration": bool(options["enable-registration"]) or None,
                "listen": options.listen or None,
            },
            options["data-dir"],
            reactor,
            options.parent,
        )
    except ConfigError as error:
        return exit_with(error)


def exit_with(error: Exception) -> Any:
    """
    End the process with status 1 and what went wrong, without a traceback.
    """
    sys.exit("\n".join("synauth: " + line for line in str(error).splitlines()))
