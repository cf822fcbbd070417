"""
How Python comes to find the names.
"""

import importlib.util
import sys
from contextlib import contextmanager
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, Iterator, Mapping, Optional

from synauth.providers.compat.names import synapse_modules

# Python quotes it where a name is not found.
_ORIGIN = "a stand-in of synauth's with what authentication modules import"


class _StandIn(ModuleType):
    """
    A module of ours under a name of Synapse's.
    """


@contextmanager
def provide_synapse_names() -> Iterator[None]:
    """
    While this context lasts, C{import synapse} and the like work without a
    Synapse, and give classes of ours; where there is a Synapse nothing happens.
    What we do not have raises C{ImportError}.

    Afterwards the names that we have are still there, because modules import
    inside functions too; other names of Synapse's are then as unknown as
    anywhere.
    """
    if _is_installed():
        yield
        return
    if "synapse" not in sys.modules:
        _install(synapse_modules())
    finder = _Refusing()
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)


def _is_installed() -> bool:
    found = sys.modules.get("synapse")
    if found is not None:
        return not isinstance(found, _StandIn)
    spec = importlib.util.find_spec("synapse")
    # Any folder of that name beside the configuration is a namespace package.
    return spec is not None and spec.has_location


def _install(contents: Mapping[str, Mapping[str, Any]]) -> None:
    # A package comes before what is in it.
    for name in sorted(contents):
        module = _StandIn(name)
        module.__file__ = "<%s>" % _ORIGIN
        module.__path__ = []
        module.__spec__ = ModuleSpec(name, None, origin=_ORIGIN, is_package=True)
        vars(module).update(contents[name])
        sys.modules[name] = module
        parent, _, child = name.rpartition(".")
        if parent:
            setattr(sys.modules[parent], child, module)


class _Refusing:
    """
    A finder that says why a name is not there.
    """

    def find_spec(
        self, name: str, path: Any = None, target: Any = None
    ) -> Optional[ModuleSpec]:
        """
        @raise ImportError: for what is Synapse's.
        """
        if name.partition(".")[0] == "synapse":
            raise ImportError(
                "%s: no Synapse is installed, and synauth stands in for the parts"
                " that authentication modules import only" % name,
                name=name,
            )
        return None
