"""
What does the manual in this folder say, or what is wrong with it?

All mistakes come at once, with file, line and column; nothing half-loads:

>>> found = load_text("watchkeeper: 1\\nmanual: Shop\\nzone: Berlin\\nalrets: {}")
>>> print(found)
manual.yaml:3:7: zone: found `Berlin`; wanted an IANA time zone such as `Europe/Berlin`; did you mean `Europe/Berlin`?
manual.yaml:4:1: alrets: found a key that is not known; wanted one of the keys that belong here; did you mean `alerts`?
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from watchkeeper.manual import links
from watchkeeper.manual.explain import MISSING, explain
from watchkeeper.manual.files import is_yaml, of_file, read_files, runbook_name
from watchkeeper.manual.marks import Marks, Place, show_path
from watchkeeper.manual.merge import merge
from watchkeeper.manual.mistakes import Mistake
from watchkeeper.manual.mistakes import Mistakes as Mistakes
from watchkeeper.manual.model.manual import SECTIONS, Manual
from watchkeeper.manual.runbooks.fitting import unfitting
from watchkeeper.manual.runbooks.joining import join
from watchkeeper.manual.runbooks.pages import Page, read_page
from watchkeeper.manual.runbooks.values import Document
from watchkeeper.manual.yaml_faults import Fault, Mark
from watchkeeper.manual.yaml_nodes import Node, plain, read_nodes


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """
    A manual without mistakes, where each piece of it stands, the files it was read from (name and text), and what its
    runbooks' pages hold, by name.
    """

    manual: Manual
    marks: Marks
    files: Mapping[str, str]
    documents: Mapping[str, Document] = field(default_factory=dict)


def load(path: Path) -> Loaded | Mistakes:
    """
    The manual in a folder (every `*.yaml` in it, and `runbooks/*.md`) or in one file.
    """
    files, unread = read_files(path)
    return load_files(files, unread)


def load_text(text: str, file: str = "manual.yaml") -> Loaded | Mistakes:
    """
    The manual in one text.
    """
    return load_files({file: text})


def load_files(files: Mapping[str, str], unread: Iterable[Mistake] = ()) -> Loaded | Mistakes:
    """
    The manual in several texts by file name; `unread` says which files could not be read.
    """
    mistakes = list(unread)
    roots: list[Node] = []
    for name, text in files.items():
        nodes = read_nodes(text, name) if is_yaml(name) else None
        if isinstance(nodes, list):
            mistakes += [_of_fault(fault) for fault in nodes]
        elif nodes is not None and nodes.pairs is None:
            mistakes.append(of_file(name, "no keys", "keys such as `watchkeeper: 1` and `manual: NAME`"))
        elif nodes is not None:
            roots.append(nodes)
    if not roots:
        return Mistakes(tuple(sorted(mistakes)))
    whole = not mistakes
    root, twice = merge(roots)
    pages = [read_page(runbook_name(name), name, text) for name, text in files.items() if not is_yaml(name)]
    root, both = join(root, pages)
    return _typed(root, files, pages, mistakes + twice + both, whole=whole)


def validate(data: Any) -> Manual:
    """
    The manual that plain data says: keys as in the YAML. Raises pydantic's ValidationError.
    """
    return Manual.model_validate(data, by_alias=True, by_name=False)


def _typed(
    root: Node, files: Mapping[str, str], pages: list[Page], mistakes: list[Mistake], *, whole: bool
) -> Loaded | Mistakes:
    """
    The typed manual. `whole`: every file could be read; only then does a missing key or name mean anything.
    """
    marks = Marks(root)
    holes = list(_holes(root, (), marks))
    told = {hole.field for hole in holes}
    data = plain(root)
    mistakes += [mistake for page in pages for mistake in page.mistakes]
    manual: Manual | None = None
    try:
        manual = validate(data)
    except ValidationError as error:
        unfit = [each for each in explain(error, marks) if each.field not in told]
        mistakes += unfit if whole else [each for each in unfit if each.found != MISSING]
        rest = _without(data, error)
    else:
        rest = manual
    if whole:
        mistakes += links.dangling(data, marks)
        mistakes += links.misfitting(rest, marks) if rest is not None else ()
        mistakes += _of_pages(pages, data, rest, marks)
    mistakes += holes
    if manual is not None and not mistakes:
        documents = {page.document.name: page.document for page in pages}
        return Loaded(manual=manual, marks=marks, files=dict(files), documents=documents)
    return Mistakes(tuple(sorted(set(mistakes))))


def _without(data: dict[str, Any], error: ValidationError) -> Manual | None:
    """
    What remains without the entries that do not fit, so that their mistakes do not hide those of the others.
    """
    rest = {"watchkeeper": "1", "manual": "rest"} | data
    for details in error.errors(include_url=False, include_context=False):
        section, entry = (*details["loc"][:2], "", "")[:2]
        if section in SECTIONS and isinstance(rest.get(str(section)), dict):
            rest[str(section)] = {name: each for name, each in rest[str(section)].items() if name != entry}
        elif section not in ("watchkeeper", "manual"):
            rest.pop(str(section), None)
    try:
        return validate(rest | {"watchkeeper": "1", "manual": "rest"})
    except ValidationError:
        return None


def _holes(node: Node, path: Place, marks: Marks) -> Iterator[Mistake]:
    """
    The keys with nothing behind them; sections and entries of a section may be empty.
    """
    named = {(*path, key): value for key, (_, value) in (node.pairs or {}).items()}
    listed = {(*path, index): item for index, item in enumerate(node.items or ())}
    for here, value in (named | listed).items():
        if value.empty and not (len(here) == 1 or (len(here) == 2 and here[0] in SECTIONS)):
            at = marks.of_key(here)
            yield Mistake(
                file=at.file,
                line=at.line,
                column=at.column,
                field=show_path(here),
                found="nothing",
                wanted="a value, or the key taken out",
            )
        yield from _holes(value, here, marks)


def _of_pages(pages: list[Page], data: dict[str, Any], manual: Manual | None, marks: Marks) -> Iterator[Mistake]:
    """
    What runbooks' pages name that the manual does not hold, and what in them does not fit it.
    """
    for page in pages:
        name, file = page.document.name, page.document.file
        for mark, held in page.references:
            if wanted := links.unled(held.name, held.target, data):
                where = f"runbooks.{name}.{held.field}"
                yield Mistake(
                    file=file, line=mark.line, column=mark.column, field=where, found=f"`{held.name}`", wanted=wanted
                )
        for one in unfitting(page.document, manual) if manual is not None else ():
            where = f"runbooks.{name}.{one.where}"
            at = (
                marks.of(("runbooks", name, *one.where.split(".")))
                if not one.line
                else Mark(file=file, line=one.line, column=1)
            )
            yield Mistake(file=at.file, line=at.line, column=at.column, field=where, found=one.found, wanted=one.wanted)


def _of_fault(fault: Fault) -> Mistake:
    at = fault.mark
    return Mistake(file=at.file, line=at.line, column=at.column, field="YAML", found=fault.found, wanted=fault.wanted)
