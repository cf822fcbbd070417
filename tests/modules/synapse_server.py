"""
A Synapse in a child process, of whatever version is installed.
"""

import base64
import json
import os
import sys
from typing import Any, Dict, Optional

from tests.functional.daemon import environment
from tests.modules.child import Child, accepts, free_port

_UNLIMITED = {"per_second": 100000, "burst_count": 100000}

# Clients only, on SQLite; every version knows these keys.
_CONFIGURATION: Dict[str, Any] = {
    "server_name": "example.org",
    "pid_file": "synapse.pid",
    "database": {"name": "sqlite3", "args": {"database": "homeserver.db"}},
    "media_store_path": "media",
    "uploads_path": "uploads",
    "report_stats": False,
    "trusted_key_servers": [],
    "suppress_key_server_warning": True,
    "signing_key_path": "signing.key",
    "macaroon_secret_key": "mock turtle",
    "form_secret": "gryphon",
    "bcrypt_rounds": 4,
    "rc_login": {
        "address": _UNLIMITED,
        "account": _UNLIMITED,
        "failed_attempts": _UNLIMITED,
    },
}


class SynapseServer:
    """
    A homeserver that listens on 127.0.0.1.

    @param directory: empty; everything is kept there.
    @param more: what else its configuration says.
    @param through: the module that starts it, if it is not started by itself.
    @ivar port: where it is.
    """

    def __init__(
        self, directory: str, more: Dict[str, Any], through: Optional[str] = None
    ) -> None:
        self.port = free_port()
        listener = {
            "port": self.port,
            "bind_addresses": ["127.0.0.1"],
            "type": "http",
            "tls": False,
            "resources": [{"names": ["client"], "compress": False}],
        }
        with open(os.path.join(directory, "signing.key"), "w") as stream:
            seed = base64.b64encode(os.urandom(32)).decode("ascii")
            stream.write("ed25519 key1 %s\n" % (seed.rstrip("="),))
        with open(os.path.join(directory, "homeserver.yaml"), "w") as stream:
            # JSON is YAML.
            json.dump({**_CONFIGURATION, "listeners": [listener], **more}, stream)
        self._child = Child(
            [sys.executable, "-m"]
            + ([] if through is None else [through])
            + ["synapse.app.homeserver", "-c", "homeserver.yaml"],
            directory,
            environment(),
        )

    def wait_until_ready(self) -> None:
        """
        Wait until it answers.
        """
        self._child.wait_until(lambda: accepts(self.port))

    def log(self) -> str:
        """
        @return: all that it has printed.
        """
        return self._child.log()

    def stop(self) -> None:
        """
        Stop it, unless it has ended.
        """
        self._child.stop()
