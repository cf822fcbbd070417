"""
Starts a homeserver, or one of its workers, with our handler in it::

    python -m synauth.dropin synapse.app.homeserver --config-path homeserver.yaml

What stands behind the name of the module is for that module.
"""

import argparse
import os
import runpy
import sys
from importlib import import_module
from typing import Any, Callable, List, Optional, Sequence

from synauth.dropin import install
from synauth.dropin.releases import UnknownHost
from synauth.dropin.settings import settings_in_files
from synauth.errors import ConfigError


def config_paths(arguments: Sequence[str]) -> List[str]:
    """
    @param arguments: those of the homeserver.
    @return: the configuration files and directories that they name, in order, but
        not those that the homeserver is told to make first.
    """
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("-c", "--config-path", action="append", default=[])
    parser.add_argument("--generate-config", action="store_true")
    # Some of what can be abbreviated to the same is another argument.
    parser.add_argument("--generate-keys", action="store_true")
    found = parser.parse_known_args(list(arguments))[0]
    paths: List[str] = found.config_path
    if found.generate_config:
        return [path for path in paths if os.path.exists(path)]
    return paths


def main(
    arguments: Optional[Sequence[str]] = None, put_in: Callable[..., Any] = install
) -> int:
    """
    @param arguments: the module of the homeserver, and its arguments.
    @param put_in: puts the handler in.
    @return: the exit status, when the homeserver has ended.
    """
    arguments = sys.argv[1:] if arguments is None else arguments
    if not arguments or arguments[0].startswith("-"):
        print((__doc__ or "").strip(), file=sys.stderr)
        return 2
    try:
        settings = settings_in_files(config_paths(arguments[1:]))
        put_in(import_module("synapse.server").HomeServer, settings)
    except (ConfigError, UnknownHost, ImportError) as error:
        print(error, file=sys.stderr)
        return 1
    sys.argv = list(arguments)
    runpy.run_module(arguments[0], run_name="__main__", alter_sys=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
