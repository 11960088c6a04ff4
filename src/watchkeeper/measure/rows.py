"""
Which row of the rings holds which number?

A row is one additive counter: the events of a series, those that are good (or bad), the sum of their values, those under
a threshold, or how often a stream was heard. Its name says what it means, independent of any process or manual, so that
a replay under a new manual cannot land wrong:

>>> str(Series(meaning="6f2a", label="platform", value="spotify"))
'6f2a|platform=spotify'
>>> count_row(Series(meaning="6f2a"))
'6f2a||n'
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

#: The value under which all label values beyond the cap are counted.
OTHER = "(other)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """
    An indicator as a whole, or for one value of one of its labels.
    """

    meaning: str
    label: str = ""
    value: str = ""

    def __str__(self) -> str:
        return f"{self.meaning}|{self.label}={self.value}" if self.label else f"{self.meaning}|"


def count_row(series: Series) -> str:
    """
    All observations of the series.
    """
    return f"{series}|n"


def matched_row(series: Series) -> str:
    """
    Those for which the indicator's `good` (or `bad`) holds.
    """
    return f"{series}|g"


def sum_row(series: Series) -> str:
    """
    The sum of their values, in integer steps.
    """
    return f"{series}|s"


def valued_row(series: Series) -> str:
    """
    Those that carry a value of their own (what the sum is over).
    """
    return f"{series}|v"


def bucketed_row(series: Series) -> str:
    """
    Those known only to lie between two limits.
    """
    return f"{series}|b"


def under_row(series: Series, bound: int) -> str:
    """
    Those surely under an exclusive integer bound.
    """
    return f"{series}|u{bound}"


def unsure_row(series: Series, bound: int) -> str:
    """
    Those that a bucketed source leaves on either side of the bound.
    """
    return f"{series}|x{bound}"


def heard_row(stream: str) -> str:
    """
    How often a source of this stream (by meaning) spoke.
    """
    return f"heard|{stream}"


def named_row(meaning: str, bound: int) -> str:
    """
    Since when the manual names this threshold: a mark, counted once.
    """
    return f"{meaning}||t{bound}"


def has_birth(name: str) -> bool:
    """
    Whether the first time of this row matters for ever: when a stream was first heard, a threshold first named.

    >>> has_birth("heard|8c1f"), has_birth("6f2a||t1500000000"), has_birth("6f2a|platform=x||t|n")
    (True, True, False)
    """
    return name.startswith("heard|") or name.partition("||")[2].startswith("t")


def series_of(name: str) -> Series | None:
    """
    The series that a row belongs to; None for a row of `heard`.

    >>> series_of("6f2a|platform=a|b|n")
    Series(meaning='6f2a', label='platform', value='a|b')
    """
    meaning, _, rest = name.partition("|")
    if has_birth(name):
        return None
    labelled, _, _ = rest.rpartition("|")
    label, _, value = labelled.partition("=")
    return Series(meaning=meaning, label=label, value=value)


class Registry:
    """
    Row names and their durable numbers. A number is asked for once, by `intern`, and never changes.
    """

    def __init__(self, intern: Callable[[Sequence[str]], Sequence[int]], known: dict[int, str] | None = None) -> None:
        self._intern = intern
        self._names = dict(known or {})
        self._ids = {name: row for row, name in self._names.items()}

    def ids(self, names: Sequence[str]) -> list[int]:
        """
        The numbers of these rows; new ones are made durable first.
        """
        new = [name for name in dict.fromkeys(names) if name not in self._ids]
        if new:
            for name, row in zip(new, self._intern(new), strict=True):
                self._ids[name] = row
                self._names[row] = name
        return [self._ids[name] for name in names]

    def find(self, name: str) -> int | None:
        """
        The number of a row, or None where nothing was ever counted under that name.
        """
        return self._ids.get(name)

    def name(self, row: int) -> str:
        """
        The name of a row.
        """
        return self._names[row]

    @property
    def names(self) -> dict[int, str]:
        """
        All rows.
        """
        return self._names

    @property
    def top(self) -> int:
        """
        One more than the highest row number.
        """
        return max(self._names, default=0) + 1


def counting_registry() -> Registry:
    """
    A registry without a store: numbers in order of asking (drills, tests).
    """
    taken = [0]

    def intern(names: Sequence[str]) -> Sequence[int]:
        first = taken[0]
        taken[0] += len(names)
        return range(first, first + len(names))

    return Registry(intern)
