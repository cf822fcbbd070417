"""
synauth: the authentication half of a Matrix homeserver, on Twisted.

The public names are imported when they are asked for: a homeserver that wants
one adapter needs not load the rest.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, List

if TYPE_CHECKING:
    from synauth.auth.handler import AuthHandler
    from synauth.providers.legacy import LegacyProviderModule
    from synauth.providers.reverse import CallbackModuleProvider

__all__ = ["AuthHandler", "CallbackModuleProvider", "LegacyProviderModule"]

_HOMES = {
    "AuthHandler": "synauth.auth.handler",
    "CallbackModuleProvider": "synauth.providers.reverse",
    "LegacyProviderModule": "synauth.providers.legacy",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError("module %r has no attribute %r" % (__name__, name))
    found = getattr(import_module(_HOMES[name]), name)
    globals()[name] = found
    return found


def __dir__() -> List[str]:
    return sorted([*globals(), *__all__])
