"""
What did a person write into a YAML file, and where?

The file becomes a tree of nodes with marks. Every scalar stays text, as people wrote it: YAML would read `on` as true,
`10:00` as 600 and `2024-01-15` as a date. What YAML cannot read, or reads as something nobody meant, is a `Fault`:

>>> node = read_nodes("at: 10:00")
>>> plain(node)
{'at': '10:00'}
>>> read_nodes("when: >= 97%")[0].wanted
'text that starts with `>` needs quotes round it: ">= 97%"'
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from watchkeeper.manual.yaml_faults import Fault, Mark, TooMuch, grammar_faults

MOST_CHARACTERS = 2_000_000
MOST_NODES = 100_000
DEEPEST = 40

Parser: Any = getattr(
    yaml, "CSafeLoader", yaml.SafeLoader
)  # the same events, ten times as fast, where libyaml is there

_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(slots=True, kw_only=True)
class Node:
    """
    One piece of the tree: a scalar has `text`, a list `items`, a group of keys `pairs` (key node, value node).
    """

    mark: Mark
    text: str | None = None
    empty: bool = False  # a key with nothing behind it
    verbatim: Mark | None = None  # where the first character of `text` stands, when it stands there as it is
    items: list["Node"] | None = None
    pairs: dict[str, tuple["Node", "Node"]] | None = None
    height: int = 0  # levels below this one


def read_nodes(text: str, file: str = "manual.yaml") -> Node | list[Fault]:
    """
    The tree of one YAML document, or every fault that could be found (YAML stops at the first that breaks its grammar).
    """
    text = text.removeprefix("\ufeff")
    if early := _before_yaml(text, file):
        return [early]
    builder = _Builder(file=file, source=text)
    try:
        node = builder.document(yaml.parse(text, Loader=Parser))
    except yaml.MarkedYAMLError as error:
        return [*builder.faults, *grammar_faults(error, text, file)]
    except yaml.YAMLError as error:
        return [*builder.faults, Fault(mark=Mark(file=file, line=1, column=1), found="no YAML", wanted=str(error))]
    return builder.faults or node


def plain(node: Node) -> Any:
    """
    The tree as dict, list, str and None (nothing written).
    """
    if node.pairs is not None:
        return {key: plain(value) for key, (_, value) in node.pairs.items()}
    if node.items is not None:
        return [plain(item) for item in node.items]
    return None if node.empty else node.text


def _before_yaml(text: str, file: str) -> Fault | None:
    if len(text) > MOST_CHARACTERS:
        mark = Mark(file=file, line=1, column=1)
        return Fault(mark=mark, found=f"{len(text)} characters", wanted=f"at most {MOST_CHARACTERS} in one file")
    if odd := _UNPRINTABLE.search(text):
        before = text[: odd.start()]
        mark = Mark(file=file, line=before.count("\n") + 1, column=odd.start() - (before.rfind("\n") + 1) + 1)
        return Fault(mark=mark, found=f"the character U+{ord(odd[0]):04X}", wanted="readable text")
    return None


@dataclass(slots=True, kw_only=True)
class _Builder:
    """
    Turns the parser's events into nodes and notes each fault on the way.
    """

    file: str
    source: str
    faults: list[Fault] = field(default_factory=list)
    anchors: dict[str, Node | None] = field(default_factory=dict)
    count: int = 0

    def document(self, events: Iterator[Any]) -> Node:
        next(events)  # the stream begins
        root: Node | None = None
        for event in events:
            if isinstance(event, yaml.StreamEndEvent):
                break
            if root is not None:
                self._fault(self._mark(event), "a second document (`---`)", "one document in a file")
                break
            root = self._node(next(events), events, depth=0)
            next(events)  # the document ends
        return root or Node(mark=Mark(file=self.file, line=1, column=1), empty=True, text="")

    def _node(self, event: Any, events: Iterator[Any], depth: int) -> Node:
        self._bounded(event, depth)
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event, depth)
        if event.anchor is not None:
            self.anchors[event.anchor] = None
        if event.tag is not None:
            source = self.source[event.start_mark.index :].split("\n", 1)[0].rstrip()
            self._fault(
                self._mark(event),
                f"`{source[:60]}`",
                f'text that starts with `!` needs quotes round it: "{source[:60]}"',
            )
        if isinstance(event, yaml.ScalarEvent):
            node = self._scalar(event)
        elif isinstance(event, yaml.SequenceStartEvent):
            node = self._sequence(event, events, depth)
        else:
            node = self._mapping(event, events, depth)
        if event.anchor is not None:
            self.anchors[event.anchor] = node
        return node

    def _bounded(self, event: Any, depth: int) -> None:
        self.count += 1
        if self.count > MOST_NODES:
            raise TooMuch(problem=f"more than {MOST_NODES} values", problem_mark=event.start_mark)
        if depth > DEEPEST:
            raise TooMuch(problem=f"more than {DEEPEST} levels", problem_mark=event.start_mark)

    def _alias(self, event: Any, depth: int) -> Node:
        node = self.anchors.get(event.anchor)
        if node is None:
            self._fault(self._mark(event), f"`*{event.anchor}`", f"an anchor `&{event.anchor}` before it")
            return Node(mark=self._mark(event), text="", empty=True)
        self.count += _size(node)
        self._bounded(event, depth + node.height)
        return node

    def _scalar(self, event: Any) -> Node:
        mark = self._mark(event)
        if odd := _UNPRINTABLE.search(event.value):
            self._fault(mark, f"the character U+{ord(odd[0]):04X}", "readable text")
        empty = event.value == "" and event.style in (None, "")
        quote = 0 if event.style in (None, "") else 1
        start = event.start_mark.index + quote
        there = self.source[start : start + len(event.value)] == event.value and event.style not in ("|", ">")
        verbatim = Mark(file=self.file, line=mark.line, column=mark.column + quote) if there else None
        return Node(mark=mark, text=event.value, empty=empty, verbatim=verbatim)

    def _sequence(self, event: Any, events: Iterator[Any], depth: int) -> Node:
        node = Node(mark=self._mark(event), items=[])
        assert node.items is not None
        while not isinstance(item := next(events), yaml.SequenceEndEvent):
            node.items.append(self._node(item, events, depth + 1))
            node.height = max(node.height, node.items[-1].height + 1)
        return node

    def _mapping(self, event: Any, events: Iterator[Any], depth: int) -> Node:
        node = Node(mark=self._mark(event), pairs={})
        assert node.pairs is not None
        while not isinstance(first := next(events), yaml.MappingEndEvent):
            key = self._node(first, events, depth + 1)
            value = self._node(next(events), events, depth + 1)
            if self._usable(key, node.pairs):
                assert key.text is not None
                node.pairs[key.text] = (key, value)
                node.height = max(node.height, value.height + 1)
        return node

    def _usable(self, key: Node, pairs: dict[str, tuple[Node, Node]]) -> bool:
        if key.text is None or key.empty:
            self._fault(
                key.mark, "no name" if key.text is not None else "a list or group as a key", "a name before the `:`"
            )
        elif key.text == "<<":
            self._fault(key.mark, "a merge key `<<`", "the keys themselves, written out")
        elif key.text in pairs:
            first = pairs[key.text][0].mark.line
            self._fault(key.mark, f"`{key.text}` a second time", f"one `{key.text}`; the first stands in line {first}")
        else:
            return True
        return False

    def _mark(self, event: Any) -> Mark:
        return Mark(file=self.file, line=event.start_mark.line + 1, column=event.start_mark.column + 1)

    def _fault(self, mark: Mark, found: str, wanted: str) -> None:
        self.faults.append(Fault(mark=mark, found=found, wanted=wanted))


def _size(node: Node) -> int:
    """
    How many nodes hang on this one, itself included.
    """
    if node.pairs is not None:
        return 1 + sum(1 + _size(value) for _, value in node.pairs.values())
    return 1 + sum(_size(item) for item in node.items or ())
