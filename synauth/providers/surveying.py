"""
What a module's source says about the API that it wants.

This reads, and does not run: it finds C{api.x} and C{self.account_handler.x} by
those names.  A module that calls its API something else, or asks C{getattr}, is
not seen through.
"""

import ast
import inspect
import sys
from typing import Any, Iterator, List, Tuple

from synauth.providers.private import Parts

# What modules call their ModuleApi; the second group on an object only, because
# as plain names these are imported modules.
_NAMES = {"api", "_api", "account_handler", "_account_handler"}
_MEMBER_NAMES = _NAMES | {"module_api", "_module_api"}

_UNKNOWN = object()


def missing_members(factory: Any, api: Any) -> List[Tuple[int, str]]:
    """
    Find what a module asks its API for in vain.

    @param factory: the module's class; the whole file that it stands in is
        looked at.
    @param api: what its API has.
    @return: the line, and what is asked for there, such as C{api.x}; C{[]} also
        where there is no source to look at.
    """
    try:
        source = inspect.getsource(sys.modules[factory.__module__])
        tree = ast.parse(source)
    except (AttributeError, KeyError, OSError, TypeError, SyntaxError):
        return []
    survey = _Survey(api)
    return sorted(set(survey.missing(tree)))


class _Survey:
    """
    Follows chains of attributes from a ModuleApi into the L{Parts} behind it.
    """

    def __init__(self, api: Any) -> None:
        self._api = api

    def missing(self, tree: ast.AST) -> Iterator[Tuple[int, str]]:
        """
        @return: line and expression.
        """
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute):
                owner = self._value(node.value)
                if owner is not _UNKNOWN and not hasattr(owner, node.attr):
                    yield node.lineno, _text(node)

    def _value(self, node: ast.AST) -> Any:
        if isinstance(node, ast.Name) and node.id in _NAMES:
            return self._api
        if isinstance(node, ast.Attribute):
            if node.attr in _MEMBER_NAMES and isinstance(node.value, ast.Name):
                return self._api
            owner = self._value(node.value)
            if owner is not _UNKNOWN:
                return _known(getattr(owner, node.attr, _UNKNOWN))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner = self._value(node.func.value)
            # These give another of the parts, and do nothing.
            if isinstance(owner, Parts) and node.func.attr.startswith("get_"):
                if not (node.args or node.keywords) and hasattr(owner, node.func.attr):
                    return _known(getattr(owner, node.func.attr)())
        return _UNKNOWN


def _known(value: Any) -> Any:
    return value if isinstance(value, Parts) else _UNKNOWN


def _text(node: ast.AST) -> str:
    if isinstance(node, ast.Attribute):
        return "%s.%s" % (_text(node.value), node.attr)
    if isinstance(node, ast.Call):
        return "%s()" % _text(node.func)
    return node.id if isinstance(node, ast.Name) else "..."
