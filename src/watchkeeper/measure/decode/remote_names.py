"""
What does the name of a Prometheus metric say about its numbers?

Whether it is a counter, and in which unit it counts. The metadata that a server sends says it best; without it the
endings say it, as everybody names their metrics by them.

>>> names = Names(["http_requests_total", "queue_milliseconds", "http_request_duration_seconds"])
>>> names.meaning("http_requests_total")
Meaning(name=1, base=-1, counter=True, amount=False, times=1, over=1)
>>> names.meaning("queue_milliseconds").over
1000
>>> names.meaning("http_request_duration_seconds_bucket")  # a bucket of the histogram that is wanted
Meaning(name=-1, base=0, counter=True, amount=False, times=1, over=1)
>>> names.meaning("up") is None
True
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from watchkeeper.measure.decode.si import Scale, counts_things, si

#: MetricMetadata.MetricType of the protocol.
COUNTER, GAUGE, HISTOGRAM, GAUGE_HISTOGRAM, SUMMARY = 1, 2, 3, 4, 5
_KNOWN: Final = frozenset({COUNTER, GAUGE, HISTOGRAM, GAUGE_HISTOGRAM, SUMMARY, 6, 7})  # 6, 7: info, state set

#: Endings of the names of counters.
_ENDINGS: Final = ("_total", "_count", "_sum", "_bucket")

#: The last word of a name -> UCUM. Prometheus, "Metric and label naming", base units; and what OpenTelemetry's
#: translation to Prometheus writes for UCUM units.
UNITS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "seconds": "s", "milliseconds": "ms", "microseconds": "us", "nanoseconds": "ns",
        "minutes": "min", "hours": "h", "days": "d", "weeks": "wk",
        "bytes": "By", "kilobytes": "kBy", "megabytes": "MBy", "gigabytes": "GBy", "terabytes": "TBy",
        "kibibytes": "KiBy", "mebibytes": "MiBy", "gibibytes": "GiBy", "tebibytes": "TiBy", "bits": "bit",
        "percent": "%", "ratio": "1",
        "celsius": "Cel", "kelvin": "K", "meters": "m", "volts": "V", "amperes": "A", "joules": "J", "grams": "g",
        "watts": "W", "hertz": "Hz",
    }
)  # fmt: skip


class Meaning(NamedTuple):
    """
    What the samples of one name become. `name` and `base` are numbers of wanted metrics, -1 for none: rows of the
    metric of this very name, bucket rows of the histogram that it belongs to.
    """

    name: int
    base: int
    counter: bool  # its growth counts, else its value
    amount: bool  # the growth is an amount (seconds, bytes), not a number of things
    times: int  # what makes SI units of it: times, then over
    over: int


class Names:
    """
    The wanted metrics, by number in the order of their names, and what the metadata said about them.
    """

    def __init__(self, wanted: Iterable[str]) -> None:
        self.wanted = tuple(sorted(wanted))
        self._numbers = {name: number for number, name in enumerate(self.wanted)}
        self._families = {family for name in self.wanted for family in (name, _stem(name), f"{name}_bucket")}
        self._told: dict[str, tuple[int, str]] = {}  # family -> type, unit

    def tell(self, family: str, kind: int, unit: str) -> bool:
        """
        Take what the metadata says about a family; whether that changes what a wanted name means. Families that no
        wanted metric belongs to are not remembered.
        """
        if family not in self._families or kind not in _KNOWN or self._told.get(family) == (kind, unit):
            return False
        self._told[family] = kind, unit
        return True

    def meanings(self) -> dict[str, Meaning]:
        """
        What each name on the wire means that means anything.
        """
        wire = {name for wanted in self.wanted for name in (wanted, f"{wanted}_bucket")}
        found = {name: self.meaning(name) for name in sorted(wire)}
        return {name: meaning for name, meaning in found.items() if meaning is not None}

    def meaning(self, name: str) -> Meaning | None:
        """
        What a name on the wire means; None where nothing wants it.
        """
        counter, unit = self._counts(name), self._unit(name)
        number = self._numbers.get(name, -1)
        base = self._numbers.get(name.removesuffix("_bucket"), -1) if counter and name.endswith("_bucket") else -1
        if number < 0 and base < 0:
            return None
        of_things = name.endswith(("_count", "_bucket")) or counts_things(unit)
        scale = si(unit) if base >= 0 or not name.endswith(("_count", "_bucket")) else Scale()
        amount = counter and (name.endswith("_sum") or not of_things)
        return Meaning(number, base, counter, amount, scale.times, scale.over)

    def _counts(self, name: str) -> bool:
        stem = _stem(name)
        kind, _ = self._told.get(name, (0, ""))
        if kind:
            return kind == COUNTER
        kind, _ = self._told.get(stem, (0, "")) if stem != name else (0, "")
        if kind == GAUGE_HISTOGRAM:
            return False
        return name.endswith(_ENDINGS)

    def _unit(self, name: str) -> str:
        stem = _stem(name)
        unit = self._told.get(name, (0, ""))[1] or self._told.get(stem, (0, ""))[1]
        return UNITS.get(unit, unit) if unit else UNITS.get(stem.rpartition("_")[2], "")


def _stem(name: str) -> str:
    for ending in _ENDINGS:
        if name.endswith(ending):
            return name.removesuffix(ending)
    return name
