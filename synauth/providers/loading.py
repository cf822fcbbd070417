"""
From C{modules} and C{password_providers} in the configuration to modules that
have registered their callbacks.

In two steps: L{load_modules} while the configuration is read, before there is a
database; L{build_modules} when the daemon is otherwise complete.
"""

from typing import Any, Callable, Iterable, List, Sequence, Tuple

import attr
from twisted.logger import Logger

from synauth.errors import ConfigError
from synauth.interfaces import IModuleHost
from synauth.providers.compat import provide_synapse_names
from synauth.providers.legacy import legacy_callbacks
from synauth.providers.module_api import ModuleApi
from synauth.providers.recognising import recognise
from synauth.providers.wrapped import imported, words_of

_log = Logger()


@attr.s(frozen=True, slots=True, auto_attribs=True)
class LoadedModule:
    """
    A class that was imported, with what its C{parse_config} made of its
    settings.

    @ivar name: its dotted name, as configured: what messages call it.
    @ivar where: file, line and key of its entry.
    @ivar config: the settings as they stand if it has no C{parse_config}.
    @ivar is_legacy: whether it stands under C{password_providers}.
    """

    name: str
    where: str
    factory: Any
    config: Any = attr.ib(repr=False)
    is_legacy: bool

    def error(self, key: str, problem: Any) -> ConfigError:
        """
        @param key: C{"module"} or C{"config"}.
        """
        return ConfigError("%s.%s: %s: %s" % (self.where, key, self.name, problem))


@attr.s(frozen=True, slots=True, auto_attribs=True)
class BuiltModule:
    """
    A module at work.

    @ivar loaded: the L{LoadedModule} that it was made of.
    @ivar instance: what its class made.
    @ivar api: its own L{ModuleApi}.
    """

    loaded: LoadedModule
    instance: Any
    api: ModuleApi


def load_modules(
    modules: Iterable[Any], password_providers: Iterable[Any]
) -> List[LoadedModule]:
    """
    Import the classes and let them read their settings.

    @param modules: the entries of that name: each has C{module} (a dotted
        name), C{config} and C{where} (file, line and key).
    @param password_providers: the same for legacy providers, which come behind
        the modules, whatever the order of the keys.
    @raise ConfigError: with every one that could not be loaded, and why, one a
        line.
    """
    loaded: List[LoadedModule] = []
    mistakes: List[str] = []
    with provide_synapse_names():
        for entries, is_legacy in ((modules, False), (password_providers, True)):
            for entry in entries:
                try:
                    loaded.append(_load(entry, is_legacy))
                except ConfigError as error:
                    mistakes.append(str(error))
    if mistakes:
        raise ConfigError("\n".join(mistakes))
    return loaded


def _load(entry: Any, is_legacy: bool) -> LoadedModule:
    factory = imported(entry.where + ".module", entry.module)
    return load_class(factory, entry.module, entry.where, entry.config, is_legacy)


def load_class(
    factory: Any, name: str, where: str, settings: Any, is_legacy: bool
) -> LoadedModule:
    """
    Let a class read its settings.

    @param name: what messages call it.
    @param where: where its settings are from.
    @param settings: C{None} for none.
    @param is_legacy: whether it is the class of a legacy provider.
    @raise ConfigError: if it refuses them.
    """
    if is_legacy:
        factory = recognise(factory)
    settings = {} if settings is None else settings
    loaded = LoadedModule(name, where, factory, settings, is_legacy)
    parse_config = getattr(factory, "parse_config", None)
    if parse_config is None:
        return loaded
    try:
        return attr.evolve(loaded, config=parse_config(settings))
    except (Exception, SystemExit) as error:
        problem = "refused by its parse_config: %s" % _reason(error)
        raise loaded.error("config", problem)


def module_schemas(
    loaded: Iterable[LoadedModule],
) -> List[Tuple[str, List[Tuple[str, str]]]]:
    """
    Collect the tables that modules keep.

    @return: the full name of each class that has any, with its files: what
        L{synauth.storage.module_schemas.apply_module_schemas} takes.
    @raise ConfigError: if a class does not give them.
    """
    schemas = []
    with provide_synapse_names():
        for each in loaded:
            get_files = getattr(each.factory, "get_db_schema_files", None)
            if get_files is not None:
                schemas.append((_full_name(each), _files(each, get_files)))
    return schemas


def _full_name(loaded: LoadedModule) -> str:
    # Where a class is from, not where it was found: so do homeservers.
    return "%s.%s" % (loaded.factory.__module__, loaded.factory.__name__)


def _files(loaded: LoadedModule, get_files: Callable[[], Any]) -> List[Tuple[str, str]]:
    try:
        return [(str(name), _text(stream.read())) for name, stream in get_files()]
    except (Exception, SystemExit) as error:
        problem = "get_db_schema_files fails: %s" % words_of(error)
        raise loaded.error("module", problem)


def _text(content: Any) -> str:
    return content.decode("utf-8") if isinstance(content, bytes) else str(content)


def build_modules(
    loaded: Sequence[LoadedModule],
    host: IModuleHost,
    make_api: Callable[[IModuleHost, str], Any] = ModuleApi,
) -> List[BuiltModule]:
    """
    Make the modules, each with an API of its own, and register their callbacks.

    @param make_api: makes that of the host and the module's name.
    @raise ConfigError: for the first that can't be made or registered.
    """
    built = []
    with provide_synapse_names():
        for each in loaded:
            api = make_api(host, each.name)
            built.append(BuiltModule(each, _build(each, host, api), api))
            _log.info("Module {module} is loaded", module=each.name)
    return built


def _build(loaded: LoadedModule, host: IModuleHost, api: Any) -> Any:
    try:
        if not loaded.is_legacy:
            return loaded.factory(loaded.config, api)
        provider = loaded.factory(config=loaded.config, account_handler=api)
        host.callbacks.register(
            loaded.name,
            **legacy_callbacks(
                loaded.name, provider, api.get_qualified_user_id, host.hostname
            ),
        )
        return provider
    except (Exception, SystemExit) as error:
        raise loaded.error("module", "cannot be loaded: %s" % _reason(error))


def _reason(error: BaseException) -> str:
    """
    A module's own words, if it found them for its operator.
    """
    if isinstance(error, ConfigError):
        # Modules give a second argument to Synapse's: where it is.
        return " ".join(str(error.args[0] if error.args else error).split())
    return words_of(error)
