"""
Which values of a label have a series of their own?

The first hundred per label of an indicator; whatever comes after is counted as `(other)`, and shown so.
"""

from collections import Counter

from watchkeeper.measure.plan import IndicatorPlan
from watchkeeper.measure.rows import OTHER, Registry, series_of

LABEL_VALUES = 100


class Labels:
    """
    The values of every label that were ever counted. `overflow` counts what was put under `(other)`, by indicator.
    """

    def __init__(self, registry: Registry) -> None:
        self.overflow: Counter[str] = Counter()  # signatures, not events
        self._known: dict[tuple[str, str], set[str]] = {}
        for _, name in registry.since(0):
            series = series_of(name)
            if series is not None and series.label and series.value != OTHER:
                self._known.setdefault((series.meaning, series.label), set()).add(series.value)

    def capped(self, indicator: IndicatorPlan, label: str, value: str) -> str:
        """
        The value, or `(other)` when it is one too many.
        """
        known = self._known.setdefault((indicator.meaning, label), set())
        if value in known:
            return value
        if len(known) >= LABEL_VALUES or value == OTHER:
            self.overflow[indicator.name] += value != OTHER
            return OTHER
        known.add(value)
        return value


def as_label(value: object) -> str:
    """
    How an attribute's value reads as a label.

    >>> as_label(True), as_label(200), as_label(0.5)
    ('true', '200', '0.5')
    """
    return str(value).lower() if isinstance(value, bool) else str(value)
