"""
What does `runbooks/NAME.md` say, or what is wrong with it?

Above, between two lines `---`, the keys of a runbook as in the YAML; below, the page. What the page says of itself
(title, phases, steps, symptoms) becomes the entry `runbooks.NAME` of the manual:

>>> from watchkeeper.manual.yaml_nodes import plain
>>> page = read_page("storm", "runbooks/storm.md", "---\\nowner: us\\n---\\n# Storm\\n\\n1. Slow down\\n")
>>> plain(page.entry)
{'owner': 'us', 'file': 'runbooks/storm.md', 'title': 'Storm', 'steps': [{'do': 'Slow down'}]}
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from watchkeeper.manual.links import Reference
from watchkeeper.manual.mistakes import Mistake
from watchkeeper.manual.model.unfit import Unfit, nearest
from watchkeeper.manual.runbooks.blocks import Found, read_block
from watchkeeper.manual.runbooks.markdown import Heading, Item, outline
from watchkeeper.manual.runbooks.values import Document, Phase, Step
from watchkeeper.manual.yaml_faults import Mark
from watchkeeper.manual.yaml_nodes import Node, read_nodes

#: Headings whose lists say something of the runbook instead of steps.
POINTS: Final = {
    "how one knows": "symptoms",
    "symptoms": "symptoms",
    "when it is over": "afterwards",
    "afterwards": "afterwards",
    "to make it rarer": "long_term",
    "long term": "long_term",
    "to keep it from happening": "prevention",
    "prevention": "prevention",
}
_EDGE: Final = re.compile(r"---[ \t]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """
    A page as read: what runs, the entry that it gives the manual, names that the manual must hold, and mistakes.

    `headed`: it has keys above, and so speaks for itself; without them the YAML may say what the runbook is.
    """

    document: Document
    entry: Node
    headed: bool
    references: tuple[tuple[Mark, Reference], ...]
    mistakes: tuple[Mistake, ...]


def read_page(name: str, file: str, text: str) -> Page:
    """
    The page of the runbook `name`.
    """
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    head, body, cut = _cut(text)
    found = Found(file=file, book=name, parameters=())
    entry = _head(head, found) if head is not None else _group(file)
    if cut:
        found.wrong(
            1, 1, "", Unfit(found="keys above the page without an end", wanted="a second line `---` below them")
        )
    found.parameters = _parameters(entry)
    headings = outline(body).headings
    phases = tuple(_phases(headings, found))
    phases = tuple(_with_rollback(phases, entry, found))
    document = Document(name=name, file=file, phases=phases)
    _add_own(entry, document, headings, found)
    return Page(
        document=document,
        entry=entry,
        headed=head is not None,
        references=tuple(found.references),
        mistakes=tuple(found.mistakes),
    )


def page_text(text: str) -> str:
    """
    The page without the keys above it; lines stay where they are.
    """
    return _cut(text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n"))[1]


def _cut(text: str) -> tuple[str | None, str, bool]:
    """
    The keys above, the page with empty lines in their place, and whether their end is missing.
    """
    lines = text.split("\n")
    if not _EDGE.fullmatch(lines[0]):
        return None, text, False
    end = next((at for at, line in enumerate(lines[1:], start=1) if _EDGE.fullmatch(line)), None)
    if end is None:
        return None, text, True
    return "\n".join(["", *lines[1:end]]), "\n" * (end + 1) + "\n".join(lines[end + 1 :]), False


def _head(head: str, found: Found) -> Node:
    nodes = read_nodes(head, found.file)
    if isinstance(nodes, list):
        for fault in nodes:
            found.wrong(fault.mark.line, fault.mark.column, "", Unfit(found=fault.found, wanted=fault.wanted))
        return _group(found.file)
    if nodes.pairs is None and not nodes.empty:
        found.wrong(2, 1, "", Unfit(found="no keys", wanted="keys such as `title: ...` between the two lines `---`"))
    return nodes if nodes.pairs is not None else _group(found.file)


def _parameters(entry: Node) -> tuple[str, ...]:
    held = (entry.pairs or {}).get("parameters")
    return tuple(held[1].pairs or ()) if held is not None else ()


def _phases(headings: Iterable[Heading], found: Found) -> Iterator[Phase]:
    for heading in headings:
        for fence in heading.fences:
            read_block(fence, found, in_step=False)
        if heading.items and heading.name.casefold() not in POINTS:
            steps = tuple(_step(item, found) for item in heading.items)
            yield Phase(name=heading.name if heading.level > 1 else "", steps=steps, line=heading.line)
        else:
            for item in heading.items:
                for fence in item.fences:
                    read_block(fence, found, in_step=False)


def _step(item: Item, found: Found) -> Step:
    if not item.text:
        found.wrong(item.line, 1, "", Unfit(found="a step without words", wanted="what to do, beside its number"))
    blocks = (read_block(fence, found, in_step=True) for fence in item.fences)
    return Step(
        text=item.text,
        details=tuple(item.points),
        blocks=tuple(block for block in blocks if block is not None),
        shown=tuple(fence.text.rstrip("\n") for fence in item.fences),
        line=item.line,
    )


def _with_rollback(phases: tuple[Phase, ...], entry: Node, found: Found) -> Iterator[Phase]:
    """
    Which phase is there only to go back; the page may say so of one.
    """
    held = (entry.pairs or {}).get("rollback")
    name = held[1].text if held is not None else None
    if name is not None and held is not None and name not in [phase.name for phase in phases]:
        named = [phase.name for phase in phases if phase.name]
        wanted = f"a heading of the page that has steps{nearest(name, named)}"
        found.wrong(held[1].mark.line, held[1].mark.column, "rollback", Unfit(found=f"`{name}`", wanted=wanted))
    for phase in phases:
        yield Phase(name=phase.name, steps=phase.steps, line=phase.line, rollback=phase.name == name)


def _add_own(entry: Node, document: Document, headings: list[Heading], found: Found) -> None:
    """
    Puts what the page says of itself into its entry; saying it above as well is a mistake.
    """
    file = document.file
    title = next((heading for heading in headings if heading.level == 1 and heading.name), None)
    own: dict[str, Node] = {"file": _text(file, Mark(file=file, line=1, column=1))}
    if title is not None and "title" not in (entry.pairs or {}):
        own["title"] = _text(title.name, Mark(file=file, line=title.line, column=3))
    own |= {key: node for key, node in _of_phases(document) if node.items}
    for heading in headings:
        key = POINTS.get(heading.name.casefold())
        points = [*heading.points, *((item.text, item.line) for item in heading.items)]
        if key and points:
            texts = [_text(text, Mark(file=file, line=line, column=1)) for text, line in points if text]
            own[key] = _list(file, heading.line, [*(own[key].items or () if key in own else ()), *texts])
    assert entry.pairs is not None
    for key, node in own.items():
        if key in entry.pairs:
            at = entry.pairs[key][0].mark
            found.wrong(at.line, at.column, key, Unfit(found=f"`{key}` above the page", wanted="it on the page only"))
        else:
            entry.pairs[key] = (_text(key, node.mark), node)


def _of_phases(document: Document) -> Iterator[tuple[str, Node]]:
    yield "steps", _list(document.file, 1, _steps(document, [one for one in document.phases if not one.name]))
    named = [one for one in document.phases if one.name]
    phases = []
    for phase in named:
        group = _group(document.file, phase.line)
        assert group.pairs is not None
        steps = _list(document.file, phase.line, _steps(document, [phase]))
        group.pairs |= {"name": _pair("name", phase.name, group.mark), "steps": (_text("steps", group.mark), steps)}
        phases.append(group)
    yield "phases", _list(document.file, 1, phases)


def _steps(document: Document, phases: list[Phase]) -> list[Node]:
    return [_step_node(document.file, step) for phase in phases for step in phase.steps if step.text]


def _step_node(file: str, step: Step) -> Node:
    node = _group(file, step.line)
    assert node.pairs is not None
    node.pairs["do"] = _pair("do", step.text, node.mark)
    for key, texts in (("details", step.details), ("run", step.shown)):
        if held := [_text(text, node.mark) for text in texts if text.strip()]:
            node.pairs[key] = (_text(key, node.mark), _list(file, step.line, held))
    return node


def _text(text: str, mark: Mark) -> Node:
    return Node(mark=mark, text=text)


def _pair(key: str, text: str, mark: Mark) -> tuple[Node, Node]:
    return _text(key, mark), _text(text, mark)


def _group(file: str, line: int = 1) -> Node:
    return Node(mark=Mark(file=file, line=line, column=1), pairs={})


def _list(file: str, line: int, items: list[Node]) -> Node:
    return Node(mark=Mark(file=file, line=line, column=1), items=items)
