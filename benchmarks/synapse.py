"""
Runs a Synapse for a measurement, from a virtualenv that has one.
"""

import base64
import contextlib
import os
import secrets
import subprocess
from typing import Any, Dict, Iterator

from benchmarks.answer import LoadError
from benchmarks.daemon import CONFIG, Daemon, running


def version_of(python: str) -> str:
    """
    @param python: the interpreter of a virtualenv.
    @return: the version of the Synapse in it.
    @raise LoadError: if there is none.
    """
    try:
        output = subprocess.check_output(
            [python, "-c", "import synapse; print(synapse.__version__)"],
            stderr=subprocess.DEVNULL,
        )
    except (OSError, subprocess.CalledProcessError):
        raise LoadError("%s: there is no Synapse in this virtualenv" % (python,))
    return output.decode("ascii").strip()


def _configuration(
    directory: str, database: Dict[str, Any], bcrypt_rounds: int
) -> Dict[str, Any]:
    """
    As much as possible the same as synauth's, and nothing that would keep a
    Synapse from its work: it serves clients only, and logs warnings only.
    """
    key = os.path.join(directory, "signing.key")
    with open(key, "w") as stream:
        seed = base64.b64encode(os.urandom(32)).decode("ascii")
        stream.write("ed25519 key1 %s\n" % (seed.rstrip("="),))
    log_config = os.path.join(directory, "log.yaml")
    with open(log_config, "w") as stream:
        stream.write("version: 1\nroot: {level: WARNING}\n")
    return dict(
        CONFIG,
        bcrypt_rounds=bcrypt_rounds,
        database=database,
        media_store_path=os.path.join(directory, "media"),
        signing_key_path=key,
        log_config=log_config,
        pid_file=os.path.join(directory, "pid"),
        macaroon_secret_key=secrets.token_hex(16),
        form_secret=secrets.token_hex(16),
        report_stats=False,
        trusted_key_servers=[],
        suppress_key_server_warning=True,
    )


@contextlib.contextmanager
def running_synapse(
    python: str, directory: str, database: Dict[str, Any], bcrypt_rounds: int
) -> Iterator[Daemon]:
    """
    @param python: the interpreter of a virtualenv.
    @param directory: empty; everything is kept there.
    @param database: C{database} of its configuration.
    @return: a context manager that gives a L{Daemon}.
    @raise LoadError: if it does not start.
    """
    command = [python, "-m", "synapse.app.homeserver", "-c"]
    config = _configuration(directory, database, bcrypt_rounds)
    with running(command, directory, config) as daemon:
        yield daemon
