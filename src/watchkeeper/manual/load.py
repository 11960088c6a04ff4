"""
What does the manual in this folder say, or what is wrong with it?

All mistakes come at once, with file, line and column; nothing half-loads:

>>> found = load_text("watchkeeper: 1\\nmanual: Shop\\nzone: Berlin\\nalarms: {}")
>>> print(found)
manual.yaml:3:7: zone: found `Berlin`; wanted an IANA time zone such as `Europe/Berlin`; did you mean `Europe/Berlin`?
manual.yaml:4:1: alarms: found a key that is not known; wanted one of the manual's keys; did you mean `alerts`?
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from watchkeeper.manual import links
from watchkeeper.manual.explain import explain
from watchkeeper.manual.marks import Marks, Place, show_path
from watchkeeper.manual.mistakes import Mistake, Mistakes
from watchkeeper.manual.model.manual import SECTIONS, Manual
from watchkeeper.manual.yaml_nodes import MOST_CHARACTERS, Fault, Mark, Node, plain, read_nodes

OTHER_FILES = frozenset({"scenario.yaml"})  # what a stand-in application acts: beside a manual, no part of it
RUNBOOK_FOLDER = "runbooks"


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """
    A manual without mistakes, where each piece of it stands, and the files it was read from (name and text).
    """

    manual: Manual
    marks: Marks
    files: Mapping[str, str]


def load(path: Path) -> Loaded | Mistakes:
    """
    The manual in a folder (every `*.yaml` in it, and `runbooks/*.md`) or in one file.
    """
    files: dict[str, str] = {}
    mistakes: list[Mistake] = []
    for name, file in _files_of(path):
        try:
            if file.stat().st_size > MOST_CHARACTERS * 4:
                mistakes.append(_of_file(name, "a file of that size", f"at most {MOST_CHARACTERS} characters"))
                continue
            files[name] = file.read_bytes().decode("utf-8")
        except OSError as error:
            mistakes.append(_of_file(name, f"a file that cannot be read ({error.strerror})", "a readable file"))
        except UnicodeDecodeError as error:
            mistakes.append(_of_file(name, f"byte {error.start + 1}, which is no UTF-8", "a file in UTF-8"))
    if not any(_is_yaml(name) for name in files) and not mistakes:
        return Mistakes((_of_file(str(path), "no manual", "a folder with `manual.yaml`, or a YAML file"),))
    return load_files(files, mistakes)


def load_text(text: str, file: str = "manual.yaml") -> Loaded | Mistakes:
    """
    The manual in one text.
    """
    return load_files({file: text})


def load_files(files: Mapping[str, str], before: Iterable[Mistake] = ()) -> Loaded | Mistakes:
    """
    The manual in several texts by file name; `before` are mistakes that were met on the way to the texts.
    """
    mistakes = list(before)
    roots: list[Node] = []
    for name, text in files.items():
        if not _is_yaml(name):
            continue
        nodes = read_nodes(text, name)
        if isinstance(nodes, list):
            mistakes += [_of_fault(fault) for fault in nodes]
        elif nodes.pairs is None:
            mistakes.append(_of_file(name, "no keys", "keys such as `watchkeeper: 1` and `manual: NAME`"))
        else:
            roots.append(nodes)
    if not roots:
        return Mistakes(tuple(sorted(mistakes)))
    merging = _Merging(mistakes=mistakes)
    root = merging.merge(roots)
    return _typed(root, files, mistakes)


def _typed(root: Node, files: Mapping[str, str], mistakes: list[Mistake]) -> Loaded | Mistakes:
    marks = Marks(root)
    mistakes += [
        Mistake(
            file=at.file,
            line=at.line,
            column=at.column,
            field=show_path(path),
            found="nothing",
            wanted="a value, or no such key",
        )
        for path, at in _holes(root, ())
    ]
    data = plain(root)
    _add_runbook_files(data, files)
    names = {
        section: tuple(data.get(section) or ()) for section in SECTIONS if isinstance(data.get(section) or {}, dict)
    }
    try:
        manual = validate(data)
    except ValidationError as error:
        mistakes += explain(error, marks)
        rest = _without(data, error)
        mistakes += links.mistakes(rest, marks, names) if rest is not None else []
    else:
        mistakes += links.mistakes(manual, marks, names)
        if not mistakes:
            return Loaded(manual=manual, marks=marks, files=dict(files))
    return Mistakes(tuple(sorted(set(mistakes))))


def validate(data: Any) -> Manual:
    """
    The manual that plain data says: keys as in the YAML.
    """
    return Manual.model_validate(data, by_alias=True, by_name=False)


def _without(data: dict[str, Any], error: ValidationError) -> Manual | None:
    """
    What remains without the entries that do not fit, so that their mistakes do not hide those of the others.
    """
    rest = dict(data)
    for section, entry in {
        (*each["loc"][:2], "", "")[:2] for each in error.errors(include_url=False, include_context=False)
    }:
        held = rest.get(str(section))
        if section in SECTIONS and isinstance(held, dict):
            rest[str(section)] = {name: value for name, value in held.items() if name != entry}
        else:
            rest.pop(str(section), None)
    try:
        return validate({"watchkeeper": "1", "manual": "rest"} | rest)
    except ValidationError:
        return None


def _holes(node: Node, path: Place) -> Iterable[tuple[Place, Mark]]:
    """
    The keys with nothing behind them; sections and entries of a section may be empty.
    """
    for key, (key_node, value) in (node.pairs or {}).items():
        here = (*path, key)
        if value.empty and not (len(here) == 1 or (len(here) == 2 and here[0] in SECTIONS)):
            yield here, key_node.mark
        yield from _holes(value, here)
    for index, item in enumerate(node.items or ()):
        if item.empty:
            yield (*path, index), item.mark
        yield from _holes(item, (*path, index))


@dataclass(slots=True, kw_only=True)
class _Merging:
    """
    Makes one tree of several files: sections are joined, and what two files both say is a mistake.
    """

    mistakes: list[Mistake] = field(default_factory=list)

    def merge(self, roots: list[Node]) -> Node:
        if len(roots) == 1:
            return roots[0]
        whole = Node(mark=roots[0].mark, pairs={})
        assert whole.pairs is not None
        for root in roots:
            for key, (key_node, value) in (root.pairs or {}).items():
                if key not in whole.pairs:
                    whole.pairs[key] = (key_node, self._copy(value))
                elif not self._join(key, whole.pairs[key][1], value):
                    self._twice((key,), key_node, whole.pairs[key][0])
        return whole

    def _copy(self, node: Node) -> Node:
        pairs = dict(node.pairs) if node.pairs is not None else None
        items = list(node.items) if node.items is not None else None
        return Node(mark=node.mark, text=node.text, empty=node.empty, verbatim=node.verbatim, items=items, pairs=pairs)

    def _join(self, section: str, held: Node, more: Node) -> bool:
        if section in SECTIONS and held.pairs is not None and more.pairs is not None:
            for name, (key_node, value) in more.pairs.items():
                if name in held.pairs:
                    self._twice((section, name), key_node, held.pairs[name][0])
                else:
                    held.pairs[name] = (key_node, value)
            return True
        return section in SECTIONS and more.empty

    def _twice(self, path: Place, again: Node, first: Node) -> None:
        at = again.mark
        wanted = f"it once; the first stands in {first.mark.file}, line {first.mark.line}"
        found = f"`{path[-1]}` a second time"
        self.mistakes.append(
            Mistake(file=at.file, line=at.line, column=at.column, field=show_path(path), found=found, wanted=wanted)
        )


def _files_of(path: Path) -> list[tuple[str, Path]]:
    if not path.is_dir():
        return [(path.name, path)] if path.exists() else []
    found = sorted(each for each in path.iterdir() if each.is_file() and _is_yaml(each.name))
    found = [each for each in found if each.name not in OTHER_FILES and not each.name.startswith(".")]
    found.sort(key=lambda each: each.stem != "manual")  # manual.yaml first: its line is the "first" one of two
    books = sorted((path / RUNBOOK_FOLDER).glob("*.md")) if (path / RUNBOOK_FOLDER).is_dir() else []
    return [(each.name, each) for each in found] + [(f"{RUNBOOK_FOLDER}/{each.name}", each) for each in books]


def _is_yaml(name: str) -> bool:
    return name.endswith((".yaml", ".yml"))


def _add_runbook_files(data: dict[str, Any], files: Mapping[str, str]) -> None:
    """
    `runbooks/NAME.md` is the runbook NAME, also where the YAML does not name it.
    """
    books = {Path(name).stem: name for name in files if not _is_yaml(name)}
    held = data.get("runbooks") or {}
    if books and isinstance(held, dict):
        data["runbooks"] = held | {
            name: {"file": file} | (held.get(name) or {})
            for name, file in books.items()
            if isinstance(held.get(name) or {}, dict)
        }


def _of_fault(fault: Fault) -> Mistake:
    at = fault.mark
    return Mistake(file=at.file, line=at.line, column=at.column, field="YAML", found=fault.found, wanted=fault.wanted)


def _of_file(name: str, found: str, wanted: str) -> Mistake:
    return Mistake(file=name, line=1, column=1, field="file", found=found, wanted=wanted)
