"""
The options about modules and password providers.
"""

from typing import Any, Optional, Tuple

from synauth.homeserver.config.kinds import DURATION, TEXT
from synauth.homeserver.config.settings import ProviderEntry
from synauth.homeserver.config.table import Kind, Option, Reading
from synauth.homeserver.config.yamlfile import Node

_LDAP = "ldap_auth_provider.LdapAuthProvider"

# What a homeserver has had under another name.
_RENAMED = {"synapse.util.ldap_auth_provider.LdapAuthProvider": _LDAP}


def _read_entries(node: Node, key: str, reading: Reading) -> Any:
    if not isinstance(node.value, list):
        reading.expected(node, key, ENTRIES.expects, secret=True)
        return None
    return tuple(
        _read_entry(item, "%s[%d]" % (key, i), reading)
        for i, item in enumerate(node.value)
    )


def _read_entry(node: Node, name: str, reading: Reading) -> Optional[ProviderEntry]:
    if not isinstance(node.value, dict):
        expectation = "a mapping with module and config"
        reading.expected(node, name, expectation, secret=True)
        return None
    module = node.value.get("module")
    config = node.value.get("config", Node({}, node.place))
    for key, child in node.value.items():
        if key not in ("module", "config"):
            known = [name + ".module", name + ".config"]
            reading.pass_over(child, "%s.%s" % (name, key), known)
    if module is None:
        reading.refuse(node.place, name + ".module", "missing, expected a class")
        return None
    dotted = TEXT.read(module, name + ".module", reading)
    return ProviderEntry(
        module=_RENAMED.get(dotted, dotted),
        config=config.plain(),
        where="%s: %s" % (module.place, name),
    )


def _read_ldap(node: Node, key: str, reading: Reading) -> Optional[ProviderEntry]:
    enabled = node.value.get("enabled") if isinstance(node.value, dict) else None
    if not isinstance(node.value, dict) or not (
        enabled is None or isinstance(enabled.value, bool)
    ):
        reading.expected(node, key, LDAP_CONFIG.expects, secret=True)
        return None
    if enabled is None or not enabled.value:
        return None
    return ProviderEntry(_LDAP, node.plain(), "%s: %s" % (node.place, key))


def _read_timeouts(node: Node, key: str, reading: Reading) -> Any:
    if not isinstance(node.value, dict):
        reading.expected(node, key, TIMEOUTS.expects)
        return None
    return {
        str(name): DURATION.read(child, "%s.%s" % (key, name), reading)
        for name, child in node.value.items()
    }


ENTRIES = Kind("a list of mappings with module and config", _read_entries, secret=True)
LDAP_CONFIG = Kind(
    "a mapping with enabled: true or false, and the settings of the provider",
    _read_ldap,
    secret=True,
)
TIMEOUTS = Kind("a mapping of dotted class names and times", _read_timeouts)

MODULES: Tuple[Option, ...] = (
    Option(
        "modules",
        ENTRIES,
        [],
        "The modules, each with module, a dotted class name, and config, what that"
        " class is given.  They are asked in this order, before all"
        " password_providers.",
        nullable=True,
    ),
    Option(
        "password_providers",
        ENTRIES,
        [],
        "Providers of the older kind, each with module, a dotted class name, and"
        " config, what that class is given.",
        nullable=True,
    ),
    Option(
        "ldap_config",
        LDAP_CONFIG,
        None,
        "The oldest way to write a provider: with enabled: true it is the first of"
        " the password_providers, of the class " + _LDAP + ".",
    ),
    Option(
        "synauth.module_timeout",
        DURATION,
        "10s",
        "How long a module may take to answer; then the next one is asked.",
    ),
    Option(
        "synauth.module_timeouts",
        TIMEOUTS,
        {},
        "The same for single modules, by their dotted class names.",
        nullable=True,
    ),
)
