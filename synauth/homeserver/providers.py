"""
From C{password_providers} in the configuration to classes.
"""

import importlib
from typing import Any, List, Sequence, Tuple

from synauth.errors import ConfigError
from synauth.homeserver.config.settings import ProviderEntry


def load_password_providers(entries: Sequence[ProviderEntry]) -> List[Tuple[Any, Any]]:
    """
    Import the classes and let them read their configuration.

    @param entries: C{HomeServerConfig.password_providers}.
    @return: each class and what its C{parse_config} made of its configuration;
        a class without one gets it as it stands.
    @raise ConfigError: with every module that could not be loaded, and why,
        one a line.
    """
    loaded = []
    mistakes = []
    for entry in entries:
        try:
            loaded.append(_load(entry))
        except ConfigError as e:
            mistakes.append(str(e))
    if mistakes:
        raise ConfigError("\n".join(mistakes))
    return loaded


def _load(entry: ProviderEntry) -> Tuple[Any, Any]:
    module_name, _, class_name = entry.module.rpartition(".")
    if not module_name or not class_name:
        raise _error(entry, "module", "expected package.module.Class")
    try:
        module = importlib.import_module(module_name)
    except Exception as e:
        raise _error(entry, "module", "cannot be imported: %s" % (_words_of(e),))
    try:
        provider = getattr(module, class_name)
    except AttributeError:
        raise _error(entry, "module", "%s has no %s" % (module_name, class_name))
    if not callable(provider):
        raise _error(entry, "module", "not a class")
    parse_config = getattr(provider, "parse_config", None)
    if parse_config is None:
        return provider, entry.config
    try:
        return provider, parse_config(entry.config)
    except Exception as e:
        raise _error(entry, "config", "refused by its parse_config: %s" % _words_of(e))


def _error(entry: ProviderEntry, key: str, problem: str) -> ConfigError:
    return ConfigError("%s.%s: %s: %s" % (entry.where, key, entry.module, problem))


def _words_of(error: Exception) -> str:
    """
    An exception on one line.  A module that did not expect an exception often
    gets one whose text alone says nothing, as C{KeyError('uri')}.
    """
    text = " ".join(str(error).split())
    name = type(error).__name__
    return "%s: %s" % (name, text) if text else name
