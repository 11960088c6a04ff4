"""
Which values of a label have a series of their own?

The first hundred per label of an indicator; whatever comes after is counted as `(other)`, and shown so.
"""

from collections import Counter
from hashlib import blake2b

from watchkeeper.measure.plan import IndicatorPlan
from watchkeeper.measure.rows import OTHER, Registry, series_of

LABEL_VALUES = 100
LONGEST_LABEL = 120  # characters


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

    A very long one is cut, with a digest in the place of what is gone: it is a key of many things.

    >>> len(as_label("x" * 1000)), as_label("x" * 1000) == as_label("x" * 999 + "y")
    (120, False)
    """
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if len(text) <= LONGEST_LABEL:
        return text
    told = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
    return f"{text[: LONGEST_LABEL - len(told) - 1]}~{told}"
