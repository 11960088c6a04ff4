"""
How do several files become one manual?

Each section may be spread over files; what two files both say is a mistake. Scalars such as `zone` stand in one file.
"""

from watchkeeper.manual.marks import Place, show_path
from watchkeeper.manual.mistakes import Mistake
from watchkeeper.manual.model.manual import SECTIONS
from watchkeeper.manual.yaml_nodes import Node


def merge(roots: list[Node]) -> tuple[Node, list[Mistake]]:
    """
    One tree with the marks of all files, and what was written twice. `roots` are groups of keys, at least one.
    """
    if len(roots) == 1:
        return roots[0], []
    whole = Node(mark=roots[0].mark, pairs={})
    assert whole.pairs is not None
    mistakes: list[Mistake] = []
    for root in roots:
        for key, (key_node, value) in (root.pairs or {}).items():
            if key not in whole.pairs:
                whole.pairs[key] = (key_node, _copy(value))
            elif key in SECTIONS and _both_groups(whole.pairs[key][1], value):
                mistakes += _join(key, whole.pairs[key][1], value)
            else:
                mistakes.append(_twice((key,), key_node, whole.pairs[key][0]))
    return whole, mistakes


def _both_groups(held: Node, more: Node) -> bool:
    return all(each.pairs is not None or each.empty for each in (held, more))


def _join(section: str, held: Node, more: Node) -> list[Mistake]:
    """
    Puts the entries of `more` into `held`, a copy.
    """
    mistakes = []
    held.pairs = held.pairs if held.pairs is not None else {}
    held.empty = False
    for name, (key_node, value) in (more.pairs or {}).items():
        if name in held.pairs:
            mistakes.append(_twice((section, name), key_node, held.pairs[name][0]))
        else:
            held.pairs[name] = (key_node, value)
    return mistakes


def _copy(node: Node) -> Node:
    pairs = dict(node.pairs) if node.pairs is not None else None
    return Node(mark=node.mark, text=node.text, empty=node.empty, verbatim=node.verbatim, items=node.items, pairs=pairs)


def _twice(place: Place, again: Node, first: Node) -> Mistake:
    at = again.mark
    return Mistake(
        file=at.file,
        line=at.line,
        column=at.column,
        field=show_path(place),
        found=f"`{place[-1]}` a second time",
        wanted=f"it once; the first stands in {first.mark.file}, line {first.mark.line}",
    )
