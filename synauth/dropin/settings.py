"""
The C{synauth:} section of a host's homeserver.yaml, which the host itself passes
over.
"""

import os
from typing import Any, Callable, Dict, Iterable, List, Optional, Tuple

import attr
import yaml

from synauth.errors import ConfigError
from synauth.providers.reverse import CallbackModuleProvider

# What becomes of a login when a provider fails.
PASS_OVER = "pass_over"
RAISE = "raise"


@attr.s(frozen=True, slots=True, auto_attribs=True)
class DropInSettings:
    """
    What an operator can choose.

    @ivar modules: a class and its settings for each module, as a host has them
        for its password providers; they are asked before those.
    @ivar hash_threads: how many passwords are hashed at once; C{None} for one a
        processor.
    @ivar hash_queue: how many more may wait before a login is turned away.
    @ivar max_sessions: how many sessions of user-interactive authentication are
        kept.
    @ivar max_session_bytes: how large one of them may be.
    @ivar module_timeout: how long a provider or module may take, in seconds.
    @ivar canonical_ids: whether an id from a provider has to be that of an
        account, and counts as the account writes it.
    @ivar failing_providers: L{PASS_OVER} to ask the next one when a provider
        fails, L{RAISE} to have its error end the request.
    """

    modules: Tuple[Tuple[Any, Any], ...] = attr.ib(default=(), repr=False)
    hash_threads: Optional[int] = None
    hash_queue: int = 64
    max_sessions: int = 100000
    max_session_bytes: int = 65536
    module_timeout: float = 30.0
    canonical_ids: bool = True
    failing_providers: str = PASS_OVER


def settings_of(section: Any) -> DropInSettings:
    """
    @param section: what stands under C{synauth:}; C{None} for nothing.
    @raise ConfigError: with the key, what was found there and what is expected.
    """
    if section is None:
        return DropInSettings()
    if not isinstance(section, dict):
        raise _wrong("", section, "keys and values")
    found: Dict[str, Any] = {}
    for key, value in section.items():
        if key not in _READERS:
            raise ConfigError(
                "synauth.%s: there is no such key; expected one of %s"
                % (key, ", ".join(sorted(_READERS)))
            )
        found[key] = _READERS[key](key, value)
    return DropInSettings(**found)


def settings_in_files(paths: Iterable[str]) -> DropInSettings:
    """
    @param paths: of configuration files, or of directories of such: a later one
        replaces the section of those before it, as the host has it.
    @raise ConfigError: see L{settings_of}, and if a file can't be read.
    """
    section = None
    for path in _files(paths):
        try:
            with open(path, encoding="utf-8") as stream:
                content = yaml.safe_load(stream)
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise ConfigError("%s: %s" % (path, " ".join(str(error).split())))
        if isinstance(content, dict) and "synauth" in content:
            section = content["synauth"]
    return settings_of(section)


def _files(paths: Iterable[str]) -> List[str]:
    files: List[str] = []
    for path in paths:
        if os.path.isdir(path):
            inside = [os.path.join(path, name) for name in sorted(os.listdir(path))]
            # What is no file the host passes over too.
            files.extend(f for f in inside if f.endswith(".yaml") and os.path.isfile(f))
        else:
            files.append(path)
    return files


def _wrong(key: str, found: Any, expected: str) -> ConfigError:
    where = "synauth.%s" % key if key else "synauth"
    return ConfigError("%s: found %r, expected %s" % (where, found, expected))


def _count(key: str, value: Any) -> int:
    if type(value) is not int or value < 1:
        raise _wrong(key, value, "a number from 1 on")
    return value


def _length(key: str, value: Any) -> int:
    if type(value) is not int or value < 0:
        raise _wrong(key, value, "a number from 0 on")
    return value


def _seconds(key: str, value: Any) -> float:
    if type(value) not in (int, float) or not 0 < value < float("inf"):
        raise _wrong(key, value, "a number of seconds")
    return float(value)


def _switch(key: str, value: Any) -> bool:
    if type(value) is not bool:
        raise _wrong(key, value, "true or false")
    return value


def _failing(key: str, value: Any) -> str:
    if value not in (PASS_OVER, RAISE):
        raise _wrong(key, value, "%s or %s" % (PASS_OVER, RAISE))
    return str(value)


def _modules(key: str, value: Any) -> Tuple[Tuple[Any, Any], ...]:
    if not isinstance(value, list):
        raise _wrong(key, value, "a list of modules")
    return tuple(
        (CallbackModuleProvider, CallbackModuleProvider.parse_config(entry))
        for entry in value
    )


_READERS: Dict[str, Callable[[str, Any], Any]] = {
    "modules": _modules,
    "hash_threads": _count,
    "hash_queue": _length,
    "max_sessions": _count,
    "max_session_bytes": _count,
    "module_timeout": _seconds,
    "canonical_ids": _switch,
    "failing_providers": _failing,
}
