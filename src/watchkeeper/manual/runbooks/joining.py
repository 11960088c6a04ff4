"""
How do the pages of runbooks become part of the manual?

A page with keys above it is the entry `runbooks.NAME`. A page without them may have its keys in the YAML, which then
say what the runbook is; the page is its file.
"""

from collections.abc import Iterable, Iterator

from watchkeeper.manual.mistakes import Mistake
from watchkeeper.manual.runbooks.pages import Page
from watchkeeper.manual.yaml_faults import Mark
from watchkeeper.manual.yaml_nodes import Node


def join(root: Node, pages: Iterable[Page]) -> tuple[Node, list[Mistake]]:
    """
    The tree with the pages in it, and what YAML and page both say; `root` itself stays as it is.
    """
    pairs = dict(root.pairs or {})
    held = pairs.get("runbooks")
    if held is not None and held[1].pairs is None and not held[1].empty:
        return root, []  # no group: what is wrong with it is told as such
    books = dict(held[1].pairs or {}) if held is not None else {}
    mistakes: list[Mistake] = []
    for page in pages:
        name = page.document.name
        if name not in books:
            books[name] = (Node(mark=page.entry.mark, text=name), page.entry)
        elif (written := books[name][1]).pairs is not None or written.empty:
            mistakes += _twice(books[name][0], written, page)
            books[name] = (books[name][0], _joined(written, page))
    if not books:
        return root, mistakes
    key = held[0] if held is not None else Node(mark=root.mark, text="runbooks")
    pairs["runbooks"] = (key, Node(mark=held[1].mark if held is not None else root.mark, pairs=books))
    return Node(mark=root.mark, pairs=pairs, height=root.height), mistakes


def _joined(written: Node, page: Page) -> Node:
    """
    What the YAML says, and from the page what it does not say.
    """
    pairs, own = dict(written.pairs or {}), dict(page.entry.pairs or {})
    if {"steps", "phases"} & pairs.keys():
        own.pop("steps", None)
        own.pop("phases", None)
    return Node(mark=written.mark, pairs=own | pairs, height=written.height)


def _twice(key: Node, written: Node, page: Page) -> Iterator[Mistake]:
    """
    A runbook has its keys in one place, and its steps.
    """
    both = [each for each in ("steps", "phases") if each in (written.pairs or {})]
    if page.headed:
        found, wanted = "its keys here and above its page", f"them above the page {page.document.file} only"
    elif both and page.document.blocks:
        found, wanted = (
            f"`{both[0]}` here and steps that run on its page",
            f"the steps on the page {page.document.file} only",
        )
    else:
        return
    at: Mark = key.mark
    yield Mistake(
        file=at.file,
        line=at.line,
        column=at.column,
        field=f"runbooks.{page.document.name}",
        found=found,
        wanted=wanted,
    )
