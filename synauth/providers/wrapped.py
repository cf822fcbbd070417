"""
What an adapter is told about the module that it wraps.
"""

import importlib
from typing import Any, Dict

import attr

from synauth.errors import ConfigError


@attr.s(frozen=True, slots=True, auto_attribs=True)
class Wrapped:
    """
    A module or a provider that is yet to be made.

    @ivar name: the dotted name of its class.
    @ivar factory: its class.
    @ivar config: what its C{parse_config} made of its settings; the settings
        as they stand if it has none.
    @ivar options: the adapter's own settings.
    """

    name: str
    factory: Any
    config: Any = attr.ib(repr=False)
    options: Dict[str, Any] = attr.ib(factory=dict)

    def make(self, *args: Any, **kwargs: Any) -> Any:
        """
        Call the class.

        @raise ConfigError: if it does not want to.
        """
        try:
            return self.factory(*args, **kwargs)
        except Exception as e:
            raise ConfigError("%s: cannot be made: %s" % (self.name, words_of(e)))


def wrapped(adapter: str, config: Any, *options: str) -> Wrapped:
    """
    Import what an adapter is to wrap, and let it read its settings.

    @param adapter: the adapter's name, for messages.
    @param config: its settings: C{{"module": dotted name, "config": settings}}.
    @param options: what may be among them besides.
    @raise ConfigError: with the key and what is wrong with it.
    """
    if not isinstance(config, dict):
        raise ConfigError(
            "%s: config: expected the keys module and config, found %s"
            % (adapter, "nothing" if config is None else type(config).__name__)
        )
    unknown = sorted(str(key) for key in set(config) - {"module", "config", *options})
    if unknown:
        raise ConfigError("%s: config: unknown: %s" % (adapter, ", ".join(unknown)))
    name = config.get("module")
    where = "%s: config.module" % adapter
    factory = imported(where, name)
    settings = config.get("config")
    settings = {} if settings is None else settings
    parse_config = getattr(factory, "parse_config", None)
    if callable(parse_config):
        try:
            settings = parse_config(settings)
        except Exception as e:
            raise ConfigError(
                "%s: config.config: refused by the parse_config of %s: %s"
                % (adapter, name, words_of(e))
            )
    return Wrapped(
        str(name), factory, settings, {key: config.get(key) for key in options}
    )


def words_of(error: BaseException) -> str:
    """
    @return: an exception on one line, with its type: the text alone often says
        nothing, as that of C{KeyError("uri")}.
    """
    text = " ".join(str(error).split())
    return "%s: %s" % (type(error).__name__, text) if text else type(error).__name__


def imported(where: str, name: Any) -> Any:
    """
    Import a class.

    @param where: what stands before each message.
    @param name: its dotted name.
    @raise ConfigError: if there is none of that name.
    """
    if not isinstance(name, str):
        raise ConfigError("%s: expected package.module.Class" % where)
    module_name, _, class_name = name.rpartition(".")
    if not module_name or not class_name or module_name.startswith("."):
        raise ConfigError("%s: %s: expected package.module.Class" % (where, name))
    try:
        module = importlib.import_module(module_name)
    except Exception as e:
        raise ConfigError("%s: %s: cannot be imported: %s" % (where, name, words_of(e)))
    try:
        factory = getattr(module, class_name)
    except AttributeError:
        raise ConfigError(
            "%s: %s: %s has no %s" % (where, name, module_name, class_name)
        )
    if not callable(factory):
        raise ConfigError("%s: %s: not a class" % (where, name))
    return factory
