"""
Does every name in the manual lead somewhere, and does every condition fit what it speaks of?
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, get_args, get_origin

from pydantic import BaseModel

from watchkeeper.manual.circles import circles
from watchkeeper.manual.fits import misfits
from watchkeeper.manual.marks import Marks, Place, show_path
from watchkeeper.manual.mistakes import Mistake
from watchkeeper.manual.model.base import RefersTo
from watchkeeper.manual.model.manual import Manual
from watchkeeper.manual.model.shape import references, unwrap
from watchkeeper.manual.model.unfit import nearest


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """
    A name written somewhere beside the manual's own tree, the key that it stands at, and where it must lead.
    """

    field: str
    name: str
    target: RefersTo


def references_in(kind: type[BaseModel], data: Mapping[str, Any]) -> Iterator[tuple[Place, str, RefersTo]]:
    """
    Every text in data of this model that is a name, with its place and the sections that must hold it.
    """
    return _names(kind, data, ())


def unled(name: str, target: RefersTo, data: Mapping[str, Any]) -> str:
    """
    What is wanted instead of a name that leads nowhere; empty for one that leads somewhere.
    """
    known = [each for section in target.sections for each in _group(data.get(section))]
    if name in known:
        return ""
    sections = " or ".join(f"`{section}`" for section in target.sections)
    return f"a name from {sections}{nearest(name, known)}"


def dangling(data: Mapping[str, Any], marks: Marks) -> Iterator[Mistake]:
    """
    Every reference that leads nowhere. Looks at the data as written, so that other mistakes in an entry hide none.
    """
    for place, name, target in _names(Manual, data, ()):
        if wanted := unled(name, target, data):
            yield _mistake(place, f"`{name}`", wanted, marks)


def misfitting(manual: Manual, marks: Marks) -> Iterator[Mistake]:
    """
    Every condition that cannot be asked, and every circle of dependencies.
    """
    for place, circle in circles(manual):
        yield _mistake(place, f"a circle: {circle}", "dependencies that lead to an end", marks)
    for misfit in misfits(manual):
        yield _mistake(misfit.path, misfit.found, misfit.wanted, marks)


def _names(kind: Any, data: Any, place: Place) -> Iterator[tuple[Place, str, RefersTo]]:
    """
    Every text in the data that its type says is a name, with the sections that must hold it.
    """
    kind = unwrap(kind)
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        for field, info in kind.model_fields.items():
            key = info.alias or field
            value = _group(data).get(key)
            target = references(info.annotation, info.metadata)
            if target is None:
                yield from _names(info.annotation, value, (*place, key))
            else:
                yield from ((here, name, target) for here, name in _texts(value, (*place, key)))
    elif get_origin(kind) is tuple:
        items = data if isinstance(data, list) else [data]
        for index, item in enumerate(items):
            yield from _names(get_args(kind)[0], item, (*place, index))
    elif get_origin(kind) is Mapping:
        for key, value in _group(data).items():
            yield from _names(get_args(kind)[1], value, (*place, key))


def _texts(value: Any, place: Place) -> Iterator[tuple[Place, str]]:
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, list):
        yield from (((*place, index), each) for index, each in enumerate(value) if isinstance(each, str))


def _group(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _mistake(path: Place, found: str, wanted: str, marks: Marks) -> Mistake:
    at = marks.of(path)
    return Mistake(file=at.file, line=at.line, column=at.column, field=show_path(path), found=found, wanted=wanted)
