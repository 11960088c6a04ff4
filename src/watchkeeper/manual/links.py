"""
Does every name in the manual lead somewhere, and does every condition fit what it speaks of?
"""

from collections.abc import Iterator, Mapping
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


def dangling(data: Mapping[str, Any], marks: Marks) -> Iterator[Mistake]:
    """
    Every reference that leads nowhere. Looks at the data as written, so that other mistakes in an entry hide none.
    """
    for place, name, target in _names(Manual, data, ()):
        known = [each for section in target.sections for each in _group(data.get(section))]
        if name not in known:
            sections = " or ".join(f"`{section}`" for section in target.sections)
            yield _mistake(place, f"`{name}`", f"a name from {sections}{nearest(name, known)}", marks)


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
