"""
Which row of the rings holds which number?

A row is one additive counter: the events of a series, those that are good (or bad), the sum of their values, those
under a threshold, or how often a stream was heard. Its name says what it means, independent of any process or manual,
so that a replay under a new manual cannot land wrong:

>>> str(Series(meaning="6f2a", label="platform", value="spotify"))
'6f2a|platform=spotify'
>>> count_row("6f2a|")
'6f2a||n'

Whatever is neither surely under a threshold nor surely beyond it is undecided: a bucket that holds the threshold, an
event without a value, and everything that was counted while the manual did not name the threshold.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from os import urandom

#: The value under which all label values beyond the cap are counted.
OTHER = "(other)"

_HEARD = "heard|"
_KEY = "key|"


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


def count_row(series: str) -> str:
    """
    All observations of the series.
    """
    return f"{series}|n"


def matched_row(series: str) -> str:
    """
    Those for which the indicator's `good` (or `bad`) holds.
    """
    return f"{series}|g"


def sum_row(series: str) -> str:
    """
    The sum of their values, in integer steps: the low 32 bits of each.
    """
    return f"{series}|s"


def high_sum_row(series: str) -> str:
    """
    The sum of what is above the low 32 bits, so that no sum comes near the end of 64 bits.
    """
    return f"{series}|S"


def valued_row(series: str) -> str:
    """
    Those that carry a value of their own (what the sum is over).
    """
    return f"{series}|v"


def bucketed_row(series: str) -> str:
    """
    Those known only to lie between two limits.
    """
    return f"{series}|b"


def under_row(series: str, bound: int) -> str:
    """
    Those surely under an exclusive integer bound.
    """
    return f"{series}|u{bound}"


def over_row(series: str, bound: int) -> str:
    """
    Those surely not under it.
    """
    return f"{series}|o{bound}"


def histogram_row(series: str) -> str:
    """
    The histogram of their values: entries by bucket.
    """
    return f"{series}|h"


def worst_row(series: str) -> str:
    """
    Their examples: the worst few.
    """
    return f"{series}|w"


def heard_row(stream: str) -> str:
    """
    How often a source of this stream (by meaning) spoke.
    """
    return f"{_HEARD}{stream}"


def is_heard(name: str) -> bool:
    """
    Whether the row says that a stream was heard; its first time matters for ever.

    >>> is_heard("heard|8c1f"), is_heard("6f2a|platform=heard||n")
    (True, False)
    """
    return name.startswith(_HEARD)


def is_key(name: str) -> bool:
    """
    Whether this is no row, but the key under which this log keeps what it counts distinct values by.
    """
    return name.startswith(_KEY)


def key_name(key: bytes) -> str:
    """
    The name that keeps a key with the rows, because it must last as long as they do.

    >>> key_of(key_name(b"secret"))
    b'secret'
    """
    return f"{_KEY}{key.hex()}"


def key_of(name: str) -> bytes:
    """
    The key that the name keeps.
    """
    return bytes.fromhex(name.removeprefix(_KEY))


def series_of(name: str) -> Series | None:
    """
    The series that a row belongs to; None for what is none (a row of `heard`, the key of the log).

    >>> series_of("6f2a|platform=a|b|n")
    Series(meaning='6f2a', label='platform', value='a|b')
    """
    if is_heard(name) or is_key(name):
        return None
    meaning, _, rest = name.partition("|")
    labelled, _, _ = rest.rpartition("|")
    label, _, value = labelled.partition("=")
    return Series(meaning=meaning, label=label, value=value)


class Registry:
    """
    Row names and their durable numbers. A number is asked for once, by `intern`, and never changes.

    One thread adds; any thread may read meanwhile.
    """

    def __init__(self, intern: Callable[[Sequence[str]], Sequence[int]], known: dict[int, str] | None = None) -> None:
        self._intern = intern
        self._rows = sorted((known or {}).items())
        self._ids = {name: row for row, name in self._rows}
        self._names = dict(self._rows)
        self._key = b""
        self.top = max((row for row, _ in self._rows), default=-1) + 1  # one more than the highest row number

    def __len__(self) -> int:
        return len(self._rows)

    def ids(self, names: Sequence[str]) -> list[int]:
        """
        The numbers of these rows; new ones are made durable first.
        """
        new = [name for name in dict.fromkeys(names) if name not in self._ids]
        if new:
            for name, row in zip(new, self._intern(new), strict=True):
                self._ids[name] = row
                self.top = max(self.top, row + 1)
                self._rows.append((row, name))
                self._names[row] = name
        return [self._ids[name] for name in names]

    def find(self, name: str) -> int:
        """
        The number of a row; -1 where nothing was ever counted under that name.
        """
        return self._ids.get(name, -1)

    def name(self, row: int) -> str:
        """
        The name of a row. `KeyError` for a number that was never given.
        """
        return self._names[row]

    def key(self) -> bytes:
        """
        The key of this log for hashing values that are counted distinct: random, made durable when first asked for.
        """
        if not self._key:
            found = [name for _, name in self._rows if is_key(name)]
            if not found:
                found = [key_name(urandom(16))]
                self.ids(found)
            self._key = key_of(found[0])
        return self._key

    def since(self, n: int) -> list[tuple[int, str]]:
        """
        The rows and their names, but for the first n that this process knew.
        """
        return self._rows[n:]


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
