"""
What a legacy provider can do.  Providers in the wild declare nothing: here it
is looked at what they have, once, and they are marked with the interfaces that
it amounts to.  Everything else asks the interfaces.
"""

from typing import Any, List

from zope.interface import alsoProvides
from zope.interface.interface import InterfaceClass

from synauth.interfaces import (
    IChecks3pidAuth,
    IChecksAuth,
    IChecksPassword,
    IHasSchema,
    IHearsOfLogouts,
    ILegacyProviderFactory,
    IParsesConfig,
)

OF_CLASSES = (IParsesConfig, IHasSchema)
OF_PROVIDERS = (IChecksPassword, IChecksAuth, IChecks3pidAuth, IHearsOfLogouts)


class _StandIn:
    """
    Stands in for what can't be marked (it has C{__slots__}, or guards its
    attributes).
    """

    def __init__(self, original: Any) -> None:
        self._original = original
        self.__module__ = getattr(original, "__module__", type(original).__module__)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._original, name)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._original(*args, **kwargs)


def recognise(provider_class: Any) -> Any:
    """
    Mark the class of a legacy provider with what it can do before there is a
    provider: L{IParsesConfig}, L{IHasSchema}.

    @return: the class, or what stands in for it if it can't be marked; it
        provides L{ILegacyProviderFactory} in any case.
    """
    abilities = [ILegacyProviderFactory, *_abilities(provider_class, OF_CLASSES)]
    return _marked(provider_class, abilities)


def mark(provider: Any) -> Any:
    """
    Mark a legacy provider with what it can do.  Where an ability takes two
    methods, one of them alone counts for nothing.

    @return: the provider, or what stands in for it if it can't be marked.
    """
    return _marked(provider, _abilities(provider, OF_PROVIDERS))


def _abilities(candidate: Any, interfaces: Any) -> List[InterfaceClass]:
    return [
        interface
        for interface in interfaces
        if all(callable(getattr(candidate, name, None)) for name in interface)
    ]


def _marked(candidate: Any, interfaces: List[InterfaceClass]) -> Any:
    try:
        alsoProvides(candidate, *interfaces)
    except (AttributeError, TypeError):
        candidate = _StandIn(candidate)
        alsoProvides(candidate, *interfaces)
    return candidate
