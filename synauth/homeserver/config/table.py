"""
What an option is, and how a mapping is read by a table of them.
"""

import difflib
from typing import Any, Callable, Dict, List, Optional, Sequence, Set

import attr

from synauth.errors import ConfigError
from synauth.homeserver.config.yamlfile import Node, Place

# Below this, two names are different names.
_NEAR_MISS = 0.85

_MAX_SHOWN = 60


@attr.s(frozen=True, slots=True, auto_attribs=True)
class Kind:
    """
    What the value of an option may be.

    @ivar expects: that, in words.
    @ivar read: called with a node, its name and a L{Reading}; gives the value
        or complains to the reading.
    @ivar secret: whether the value must never be shown.
    """

    expects: str
    read: Callable[[Node, str, "Reading"], Any]
    secret: bool = False


@attr.s(frozen=True, slots=True, auto_attribs=True)
class Option:
    """
    One key of a configuration.

    @ivar key: its name; a dot stands between a section and what is in it.
    @ivar kind: what it may be.
    @ivar default: what it is when it is not given, as it would be written;
        C{None} for nothing.
    @ivar doc: one sentence or two for an operator.
    @ivar nullable: whether C{null} may be written; always so where it is the
        default.
    """

    key: str
    kind: Kind
    default: Any
    doc: str
    nullable: bool = False

    def accepts_null(self) -> bool:
        """
        @return: whether C{null} may be written.
        """
        return self.nullable or self.default is None


@attr.s(frozen=True, slots=True, auto_attribs=True)
class UnusedKey:
    """
    A key that was passed over.

    @ivar key: its full name.
    @ivar place: where it stands.
    @ivar suggestion: the key of ours that was probably meant, or C{None}.
    """

    key: str
    place: Place
    suggestion: Optional[str] = None


def describe(value: Any, secret: bool) -> str:
    """
    Say what was found in the place of something else.

    @param value: a node's value.
    @param secret: whether only its type may be told.
    """
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true or false" if secret else str(value).lower()
    if isinstance(value, str):
        return "text" if secret else "the text %s" % (_shortened(value),)
    if isinstance(value, (int, float)):
        return "a number" if secret else "the number %s" % (_shortened(value),)
    return "a %s" % (type(value).__name__,)


def _shortened(value: Any) -> str:
    try:
        shown = repr(value)
    except ValueError:
        # Newer Pythons write no number of more than some thousand digits.
        return "of very many digits"
    return shown if len(shown) <= _MAX_SHOWN else shown[:_MAX_SHOWN] + "..."


class Reading:
    """
    One pass over a configuration: gathers every mistake and every key that is
    passed over.

    @ivar unused: the keys that were passed over.
    @ivar warnings: what is allowed but hardly meant.
    @ivar wrong: the keys that were complained about.
    """

    def __init__(self) -> None:
        self.unused: List[UnusedKey] = []
        self.warnings: List[str] = []
        self.wrong: Set[str] = set()
        self._mistakes: List[str] = []

    def expected(
        self, node: Node, key: str, expectation: str, secret: bool = False
    ) -> None:
        """
        Complain about a value.

        @param node: what was found.
        @param key: its full name.
        @param expectation: what should stand there.
        @param secret: whether only the type of what was found may be told.
        """
        found = describe(node.value, secret)
        self.refuse(node.place, key, "found %s, expected %s" % (found, expectation))

    def refuse(self, place: Place, key: str, problem: str) -> None:
        """
        Complain about anything else.
        """
        self.wrong.add(key)
        self._mistakes.append("%s: %s: %s" % (place, key, problem))

    def add_error(self, error: ConfigError) -> None:
        """
        Add the mistakes that somebody else found.
        """
        self._mistakes.append(str(error))

    def warn(self, place: Place, key: str, problem: str) -> None:
        """
        Remark on something that does not stop the start.
        """
        self.warnings.append("%s: %s: %s" % (place, key, problem))

    def finish(self) -> None:
        """
        @raise ConfigError: with all mistakes, if there are any, and the keys that
            are probably misspelt.
        """
        if not self._mistakes:
            return
        # What is misspelt is often why something else is missing.
        misspelt = [
            "%s: %s: passed over; did you mean %s?"
            % (each.place, each.key, each.suggestion)
            for each in self.unused
            if each.suggestion is not None and each.key not in self.wrong
        ]
        raise ConfigError("\n".join(self._mistakes + misspelt))

    def pass_over(self, node: Node, key: str, known: Sequence[str] = ()) -> None:
        """
        Remember a key that means nothing to us.

        @param known: the keys that would have meant something.
        """
        self.unused.append(UnusedKey(key, node.place, suggestion(key, known)))

    def mapping(
        self, node: Node, options: Sequence[Option], prefix: str = ""
    ) -> Dict[str, Any]:
        """
        Read a mapping by a table.

        @param node: a node whose value is a C{dict}.
        @param options: the table.
        @param prefix: what stands before the table's keys in a full name.
        @return: the values of the options that are given, by their keys in
            the table; one that is wrong is complained about and left out.
        """
        given: Dict[str, Any] = {}
        self._section(node, {o.key: o for o in options}, prefix, "", given)
        return given

    def _section(
        self,
        node: Node,
        options: Dict[str, Option],
        prefix: str,
        section: str,
        given: Dict[str, Any],
    ) -> None:
        for name, child in node.value.items():
            key = "%s%s" % (section, name)
            if key in options:
                given[key] = self.option(options[key], child, prefix + key)
            elif not any(known.startswith(key + ".") for known in options):
                self.pass_over(child, prefix + key, [prefix + k for k in options])
            elif isinstance(child.value, dict):
                self._section(child, options, prefix, key + ".", given)
            elif child.value is not None:
                self.expected(
                    child,
                    prefix + key,
                    "keys and values, indented, without a dash before them",
                    secret=True,
                )

    def option(self, option: Option, node: Node, name: str) -> Any:
        """
        Read one value.

        @param name: its full name.
        @return: the value; C{None} also where it was complained about.
        """
        if node.value is None and option.accepts_null():
            return None
        return option.kind.read(node, name, self)


def suggestion(key: str, known: Sequence[str]) -> Optional[str]:
    """
    Find what somebody probably meant.

    @param key: what was written.
    @param known: what could have been.
    @return: one of C{known}, or C{None}.
    """
    last = [name for name in known if name.rpartition(".")[2] == key]
    if len(last) == 1:
        return last[0]
    near = difflib.get_close_matches(key, known, n=1, cutoff=_NEAR_MISS)
    return near[0] if near else None
