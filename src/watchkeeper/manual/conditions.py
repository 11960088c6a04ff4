"""
Which conditions does the manual hold, and of which indicator do they speak?
"""

from collections.abc import Iterator

from watchkeeper.manual.condition.ast import Condition
from watchkeeper.manual.marks import Place
from watchkeeper.manual.model.manual import Manual
from watchkeeper.manual.model.measuring import Indicator
from watchkeeper.manual.model.promising import Alert
from watchkeeper.manual.model.shape import pieces

#: The keys that hold conditions about the indicator beside them. `budgets` restate what follows from the targets.
KEYS = ("targets", "agreements", "when", "slot_good_when")


def conditions(manual: Manual) -> Iterator[tuple[Place, Indicator, Condition]]:
    """
    Every condition whose indicator is known, with its place.
    """
    for path, piece in pieces(manual):
        indicator = piece if isinstance(piece, Indicator) else indicator_of(piece, manual)
        if indicator is not None:
            for here, condition in _written(path, piece):
                yield here, indicator, condition


def indicator_of(piece: object, manual: Manual) -> Indicator | None:
    """
    The indicator that a piece names, or that the objective which it names holds.
    """
    name = getattr(piece, "indicator", None)
    if name is None and isinstance(piece, Alert) and piece.objective is not None:
        objective = manual.objectives.get(piece.objective)
        name = objective.indicator if objective else None
    return manual.indicators.get(name) if isinstance(name, str) else None


def _written(path: Place, piece: object) -> Iterator[tuple[Place, Condition]]:
    for key in KEYS:
        value = getattr(piece, key, None)
        if isinstance(value, Condition):
            yield (*path, key), value
        elif isinstance(value, tuple):
            yield from (((*path, key, index), each) for index, each in enumerate(value) if isinstance(each, Condition))
