"""
The configuration: C{homeserver.yaml} and the command line.
"""

from synauth.homeserver.config.loading import load_config
from synauth.homeserver.config.settings import (
    Database,
    HomeServerConfig,
    Listener,
    ProviderEntry,
)
from synauth.homeserver.config.table import UnusedKey

__all__ = [
    "Database",
    "HomeServerConfig",
    "Listener",
    "ProviderEntry",
    "UnusedKey",
    "load_config",
]
