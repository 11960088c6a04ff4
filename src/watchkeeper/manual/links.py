"""
Does every name in the manual lead somewhere, and does every condition fit what it speaks of?
"""

from collections.abc import Iterator, Mapping

from pydantic import BaseModel

from watchkeeper.manual.circles import circles
from watchkeeper.manual.fits import misfits
from watchkeeper.manual.marks import Marks, Place, show_path
from watchkeeper.manual.mistakes import Mistake
from watchkeeper.manual.model.manual import Manual
from watchkeeper.manual.model.shape import pieces, references
from watchkeeper.manual.model.unfit import nearest

Names = Mapping[str, tuple[str, ...]]


def mistakes(manual: Manual, marks: Marks, names: Names) -> Iterator[Mistake]:
    """
    Every reference that leads nowhere and every condition that cannot be asked. `names` are those written per section,
    also of entries that did not load.
    """
    for path, piece in pieces(manual):
        yield from _dangling(path, piece, marks, names)
    for path, circle in circles(manual):
        yield _mistake(path, f"a circle: {circle}", "dependencies that lead to an end", marks)
    for misfit in misfits(manual):
        yield _mistake(misfit.path, misfit.found, misfit.wanted, marks)


def _dangling(path: Place, piece: BaseModel, marks: Marks, names: Names) -> Iterator[Mistake]:
    for field, info in type(piece).model_fields.items():
        target = references(info.annotation, info.metadata)
        value = getattr(piece, field)
        if target is None or value is None:
            continue
        several = isinstance(value, tuple)
        for index, name in enumerate(value if several else (value,)):
            known = [each for section in target.sections for each in names.get(section, ())]
            if name not in known:
                here = (*path, info.alias or field, *((index,) if several else ()))
                wanted = (
                    f"a name from {' or '.join(f'`{section}`' for section in target.sections)}{nearest(name, known)}"
                )
                yield _mistake(here, f"`{name}`", wanted, marks)


def _mistake(path: Place, found: str, wanted: str, marks: Marks) -> Mistake:
    at = marks.of(path)
    return Mistake(file=at.file, line=at.line, column=at.column, field=show_path(path), found=found, wanted=wanted)
