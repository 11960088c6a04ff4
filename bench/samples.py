"""
What does a fleet send by remote-write?

Counters of requests with ten labels each, as an agent that scrapes them would send them: one body holds 2,000 series,
every round has one sample of each. The bodies are laid out once; a round only writes other numbers into them.
"""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import product

import cramjam
import numpy as np
from numpy.typing import NDArray

METRIC = "http_requests_total"
SERVICES, ROUTES, STATUSES, INSTANCES = 100, 20, ("200", "201", "404", "500"), 8
SHARDS = 32  # bodies of a round, and connections that they are sent over
SERIES = SERVICES * ROUTES * len(STATUSES) * INSTANCES
BODY_SERIES = SERIES // SHARDS
_TIME_BYTES = 6  # of a varint: milliseconds between 2004 and 2109


@dataclass(frozen=True, slots=True, order=True)
class Series:
    """
    One counter. `life` is the instance's generation: another one is another series.
    """

    service: int
    route: int
    status: str
    instance: int
    life: int = 0

    @property
    def step(self) -> int:
        """
        How much it grows from one sample to the next.
        """
        return 1 + (self.service + self.route + self.instance) % 3

    def reborn(self, life: int) -> "Series":
        """
        The same place served by another instance.
        """
        return Series(self.service, self.route, self.status, self.instance, life)

    def value(self, step: int) -> int:
        """
        What it counts at a step.
        """
        return 1000 + self.step * step

    def labels(self) -> dict[str, str]:
        """
        Its labels, in the order that the protocol asks for.
        """
        return {
            "__name__": METRIC,
            "cluster": "eu-central-1a",
            "environment": "production",
            "instance": f"10.{self.life % 256}.{self.service}.{self.instance}:9100",
            "job": "api-servers",
            "method": "GET",
            "pod": f"api-{self.service:03}-{self.instance}-{self.life:04}",
            "route": f"/api/v1/resource{self.route:02}",
            "service": f"service-{self.service:03}",
            "status": self.status,
        }


def fleet(*, life: int = 0, seed: int = 1) -> list[list[Series]]:
    """
    All series, spread over the shards as a sender's hash would.
    """
    made = product(range(SERVICES), range(ROUTES), STATUSES, range(INSTANCES))
    series = [Series(service, route, status, instance, life) for service, route, status, instance in made]
    random.Random(seed).shuffle(series)
    return [series[i::SHARDS] for i in range(SHARDS)]


@dataclass(slots=True, kw_only=True)
class Body:
    """
    A WriteRequest whose values and times can be written over.
    """

    series: Sequence[Series]
    raw: NDArray[np.uint8] = field(init=False)  # as written last
    _values: NDArray[np.int64] = field(init=False)  # where each sample's value begins
    _base: NDArray[np.float64] = field(init=False)
    _step: NDArray[np.float64] = field(init=False)

    def __post_init__(self) -> None:
        parts, places, at = [], [], 0
        for one in self.series:
            part = _time_series(one.labels())
            parts.append(part)
            at += len(part)
            places.append(at - _TIME_BYTES - 1 - 8)
        self.raw = np.frombuffer(b"".join(parts), dtype=np.uint8).copy()
        self._values = np.array(places, dtype=np.int64)
        self._base = np.array([one.value(0) for one in self.series], dtype="<f8")
        self._step = np.array([one.step for one in self.series], dtype="<f8")

    def at(self, step: int, at_ms: int) -> bytes:
        """
        The body of a step, not yet packed.
        """
        values = (self._base + self._step * step).astype("<f8").view(np.uint8).reshape(-1, 8)
        self.raw[self._values[:, None] + np.arange(8)] = values
        time = np.frombuffer(varint(at_ms), dtype=np.uint8)
        if len(time) != _TIME_BYTES:
            raise ValueError(f"{at_ms} ms takes {len(time)} bytes; wanted {_TIME_BYTES}")
        self.raw[self._values[:, None] + 9 + np.arange(_TIME_BYTES)] = time
        return self.raw.tobytes()


def pack(body: bytes) -> bytes:
    """
    A body as it goes over the wire.
    """
    return bytes(cramjam.snappy.compress_raw(body))


def rounds(bodies: Sequence[Body], steps: range, *, first_ms: int, step_ms: int) -> list[list[bytes]]:
    """
    For each shard its bodies, one a step; the first of `steps` is at `first_ms`.
    """
    return [[pack(body.at(step, first_ms + i * step_ms)) for i, step in enumerate(steps)] for body in bodies]


def manual() -> str:
    """
    An indicator and an objective for each route of each service, and for each service as a whole.
    """
    indicators, objectives = [], []
    for service in range(SERVICES):
        for route in (None, *range(ROUTES)):
            name = name_of(service, route)
            at = "" if route is None else f' && route == "/api/v1/resource{route:02}"'
            only = f'service == "service-{service:03}"{at}'
            indicators.append(f"""  {name}: {{from: requests, only: '{only}', bad: 'status == "500"'}}""")
            objectives.append(f"  {name}: {{indicator: {name}, targets: ['< 30%']}}")
    head = ["watchkeeper: 1", "manual: Fleet", f"streams: {{requests: {{metric: {METRIC}}}}}"]
    return "\n".join([*head, "indicators:", *indicators, "objectives:", *objectives]) + "\n"


def name_of(service: int, route: int | None) -> str:
    """
    The indicator (and objective) of a route, or of a whole service.
    """
    return f"service-{service:03}" if route is None else f"service-{service:03}-route-{route:02}"


def expected(series: Iterable[tuple[Series, int]]) -> dict[str, tuple[int, int]]:
    """
    For each indicator, how many requests its series counted in so many steps, and how many of them are bad.
    """
    found: dict[str, tuple[int, int]] = {}
    for one, steps in series:
        grown = one.step * steps
        for name in (name_of(one.service, one.route), name_of(one.service, None)):
            events, bad = found.get(name, (0, 0))
            found[name] = (events + grown, bad + (grown if one.status == "500" else 0))
    return found


def gauge(metric: str, value: float, at_ms: int, **labels: str) -> bytes:
    """
    A packed body of one sample.
    """
    body = bytearray(_time_series({"__name__": metric, **dict(sorted(labels.items()))}))
    body[-15:-7] = np.array([value], dtype="<f8").tobytes()
    body[-_TIME_BYTES:] = varint(at_ms)
    return pack(bytes(body))


def _time_series(labels: dict[str, str]) -> bytes:
    """
    A TimeSeries of prometheus.WriteRequest with one sample, whose value and time are still to be written.
    """
    written = b"".join(
        _message(1, _message(1, name.encode()) + _message(2, value.encode())) for name, value in labels.items()
    )
    sample = b"\x09" + bytes(8) + b"\x10" + bytes(_TIME_BYTES)
    return _message(1, written + _message(2, sample))


def _message(number: int, body: bytes) -> bytes:
    return bytes([number << 3 | 2]) + varint(len(body)) + body


def varint(number: int) -> bytes:
    """
    Seven bits a byte, the lowest first.

    >>> varint(300).hex()
    'ac02'
    """
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes([*out, number])
