"""
YAML whose every value knows the line that it stands on.
"""

import re
from typing import Any, Dict, Iterator, List, Optional, Tuple

import attr
import yaml

from synauth.errors import ConfigError

MAX_FILE_BYTES = 1024 * 1024

# libyaml's composer overruns the stack of a process at some ten thousand.
MAX_DEPTH = 100

# Counted after aliases are followed: a short file can be a very large value.
MAX_NODES = 100000

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_MERGE_TAG = "tag:yaml.org,2002:merge"

# The parser quotes names of aliases and tags, and that may be half a secret:
# "pepper: *hunter2" is an alias to it.
_QUOTED = re.compile(r"'[^']{2,}'")


@attr.s(frozen=True, slots=True, auto_attribs=True)
class Place:
    """
    Where something was written.

    @ivar source: the path of a file, or what else it came from.
    @ivar line: counted from one; C{None} for what is not in a file.
    """

    source: str
    line: Optional[int] = None

    def __str__(self) -> str:
        """
        @return: C{file:line}.
        """
        if self.line is None:
            return self.source
        return "%s:%d" % (self.source, self.line)


@attr.s(frozen=True, slots=True, auto_attribs=True)
class Node:
    """
    A value and where it was written.

    @ivar value: a C{dict} of nodes, a C{list} of nodes, or a scalar.
    """

    value: Any = attr.ib(repr=False)
    place: Place

    @classmethod
    def of(cls, value: Any, place: Place) -> "Node":
        """
        @param value: anything that YAML can hold.
        @param place: where all of it comes from.
        @return: the node of that value.
        """
        if isinstance(value, dict):
            return cls({k: cls.of(v, place) for k, v in value.items()}, place)
        if isinstance(value, (list, tuple)):
            return cls([cls.of(item, place) for item in value], place)
        return cls(value, place)

    def plain(self) -> Any:
        """
        @return: the value without the places.
        """
        if isinstance(self.value, dict):
            return {key: node.plain() for key, node in self.value.items()}
        if isinstance(self.value, list):
            return [node.plain() for node in self.value]
        return self.value


def read_yaml(path: str) -> Node:
    """
    Read a file whose top level is a mapping.

    @param path: the file.
    @return: its node; an empty file is an empty mapping.
    @raise ConfigError: if it can't be read or is not that, with every mistake
        on a line of its own.
    """
    text = _text_of(path)
    reader = _Reader(path)
    try:
        root = reader.read(text)
    except yaml.MarkedYAMLError as e:
        mark = e.problem_mark or e.context_mark
        raise reader.error(mark, "not valid YAML: %s" % (_words_of(e),))
    except yaml.reader.ReaderError as e:
        # Python's own reader counts characters, libyaml's counts bytes.
        line = text.encode("utf-8")[: e.position].count(b"\n") + 1
        place = Place(path, line)
        raise ConfigError("%s: not valid YAML: a forbidden character" % (place,))
    if root.value is None and not reader.mistakes:
        return Node({}, root.place)
    if not reader.mistakes and not isinstance(root.value, dict):
        reader.mistakes.append("%s: expected keys and values at top level" % root.place)
    if reader.mistakes:
        raise ConfigError("\n".join(reader.mistakes))
    return root


def _text_of(path: str) -> str:
    try:
        with open(path, "rb") as opened:
            content = opened.read(MAX_FILE_BYTES + 1)
    except (OSError, ValueError) as e:
        reason = getattr(e, "strerror", None) or str(e)
        raise ConfigError("%s: cannot be read: %s" % (path, reason))
    if len(content) > MAX_FILE_BYTES:
        raise ConfigError(
            "%s: larger than %d bytes, which no configuration is"
            % (path, MAX_FILE_BYTES)
        )
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as e:
        place = Place(path, content[: e.start].count(b"\n") + 1)
        raise ConfigError("%s: not UTF-8 text" % (place,))


def _words_of(error: yaml.MarkedYAMLError) -> str:
    problem = error.problem or error.context or "unreadable"
    return _QUOTED.sub("'...'", problem)


class _Reader:
    """
    Turns one text into nodes.

    @ivar mistakes: what was wrong on the way but did not end the reading.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._count = 0
        self.mistakes: List[str] = []

    def error(self, mark: Any, problem: str) -> ConfigError:
        """
        @param mark: the parser's mark, or C{None}.
        """
        return ConfigError("%s: %s" % (self._place(mark), problem))

    def read(self, text: str) -> Node:
        """
        @raise ConfigError: if it is larger than a configuration may be.
        @raise yaml.YAMLError: if it is not YAML.
        """
        depth = 0
        for event in yaml.parse(text, Loader=_Loader):
            if isinstance(event, yaml.CollectionStartEvent):
                depth += 1
                self._limit_depth(depth, event.start_mark)
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1
        loader = _Loader(text)
        try:
            root = loader.get_single_node()
            if root is None:
                return Node(None, Place(self._path, 1))
            return self._convert(loader, root, 1)
        finally:
            loader.dispose()

    def _place(self, mark: Any) -> Place:
        return Place(self._path, mark.line + 1 if mark is not None else None)

    def _limit_depth(self, depth: int, mark: Any) -> None:
        # An alias to what it stands in is endlessly deep.
        if depth > MAX_DEPTH:
            raise self.error(mark, "more than %d levels deep" % (MAX_DEPTH,))

    def _convert(self, loader: Any, raw: Any, depth: int) -> Node:
        self._count += 1
        if self._count > MAX_NODES:
            raise self.error(
                raw.start_mark,
                "more than %d values (are there aliases of aliases?)" % (MAX_NODES,),
            )
        self._limit_depth(depth, raw.start_mark)
        place = self._place(raw.start_mark)
        if isinstance(raw, yaml.MappingNode):
            return Node(self._mapping(loader, raw, depth), place)
        if isinstance(raw, yaml.SequenceNode):
            items = [self._convert(loader, item, depth + 1) for item in raw.value]
            return Node(items, place)
        return Node(self._scalar(loader, raw), place)

    def _scalar(self, loader: Any, raw: Any) -> Any:
        try:
            return loader.construct_object(raw)
        except (ValueError, yaml.constructor.ConstructorError):
            # An unknown !tag, or 2024-02-31: the text itself may be a secret.
            self.mistakes.append(
                "%s: a value that YAML cannot make sense of; put it in quotes"
                % (self._place(raw.start_mark),)
            )
            return None

    def _mapping(self, loader: Any, raw: Any, depth: int) -> Dict[Any, Node]:
        own: Dict[Any, Node] = {}
        inherited: Dict[Any, Node] = {}
        for raw_key, raw_value in raw.value:
            value = self._convert(loader, raw_value, depth + 1)
            place = self._place(raw_key.start_mark)
            if raw_key.tag == _MERGE_TAG:
                for key, node in self._merged(value):
                    inherited.setdefault(key, node)
            elif not isinstance(raw_key, yaml.ScalarNode):
                self.mistakes.append("%s: a key that is not one word" % (place,))
            else:
                key = self._scalar(loader, raw_key)
                if key in own:
                    self.mistakes.append("%s: %s: a second time" % (place, key))
                # The line of the key: its value may begin further down.
                own[key] = Node(value.value, place)
        inherited.update(own)
        return inherited

    def _merged(self, node: Node) -> Iterator[Tuple[Any, Node]]:
        parts = node.value if isinstance(node.value, list) else [node]
        for part in parts:
            if not isinstance(part.value, dict):
                self.mistakes.append("%s: <<: expected a mapping" % (part.place,))
                return
            for item in part.value.items():
                yield item
