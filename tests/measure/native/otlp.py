"""
Do the compiled walk and the reference say the same of OTLP bodies?

`Pair` decodes a body with both, the compiled one with a guard page behind it, and says where they differ. `bodies` is
the stream of inputs: by hand (`wire.sweep`), then random ones, some of them damaged.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from itertools import product
from types import ModuleType
from typing import Any, Final, cast

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.measure.native import wire
from tests.measure.native.guard import Guard
from watchkeeper.measure.decode.otlp_logs import Logs
from watchkeeper.measure.decode.otlp_traces import Traces
from watchkeeper.measure.values import Decoded, Rejection, Wanted

LONGEST: Final = 1 << 20
_NAMES: Final = (
    b"platform", b"status", b"http.status_code", b"http.response.status_code", b"service.name", b"service",
    b"http.route", b"name", b"kind", b"error", b"severity", b"body", b"x", b"",
    b"a name of more than sixteen bytes", "é".encode(),
)  # fmt: skip
_TEXTS: Final = (
    b"", b"a", b"b", b"ok", b"failed", "é€😀".encode(), b"12345678", b"1", b"true", b"eight by", b"sixteen bytes is.",
    b"x" * 1023, b"x" * 1024, b"x" * 1025, "é".encode() * 1024, "é".encode() * 1024 + b"!",
    ("é" * 1023 + "ab").encode(),
)  # fmt: skip
POOLS: Final = {
    "KeyValue.key": _NAMES,
    "AnyValue.string_value": _TEXTS,
    "Span.name": _TEXTS,
    "LogRecord.event_name": _TEXTS,
    "severity_text": (b"", b"warn", b"Error", b"info", "ß".encode(), "ŉ".encode() * 700, b"y" * 65),
    "severity_number": (*range(-1, 27), 2**31, 2**32 + 9),
    "kind": (*range(-1, 7), 2**32 + 2),
    "code": (0, 1, 2, 2, 3, 2**32 + 2, -1),
    "start_time_unix_nano": (1, 2, 5, 10, 10, 0, 2**63),
    "end_time_unix_nano": (10, 11, 12, 2**53 + 1, 2**63 - 1, 2**63, 0, 5),
    "time_unix_nano": (0, 0, 7, 8, 2**63 - 1, 2**63),
    "observed_time_unix_nano": (0, 9, 2**63),
    "trace_state": (
        b"",
        b"",
        b"ot=th:8",
        b"ot=th:zz",
        b"ot=th:ffffffffffffff",
        b"a=b",
        b"a=b, ot=rv:1;th:c",
        b"z" * 600,
    ),
    "trace_id": (b"", b"0123456789abcdef", b"short", b"\0" * 15 + b"\1", b"\xff" * 16, b"0123456789abcdefg"),
}
WANTED: Final = (
    Wanted(attributes=frozenset({"name", "kind", "error", "duration", "status", "service", "platform", "http.route"})),
    Wanted(
        attributes=frozenset({"severity", "severity_number", "name", "body", "status", "service", "platform", "x", ""})
    ),
    Wanted(attributes=frozenset(), trace_ids=False),
    Wanted(attributes=frozenset({"http.status_code", "status", "http.response.status_code", "é", "platform"})),
)


def view(found: Decoded | Rejection) -> object:
    """
    What was decoded, as plain values: equal where the observations are.
    """
    if isinstance(found, Rejection):
        return found.status, found.why
    return found.items, found.rejected, found.noted, [_batch(batch) for batch in found.batches]


def _batch(batch: Any) -> object:
    arrays = (batch.at_ns, batch.value, batch.weight, batch.low, batch.high, batch.traces)
    columns = {
        name: [None if code < 0 else repr(column.values[code]) for code in column.codes.tolist()]
        for name, column in batch.columns.items()
    }
    shown = [None if array is None else (array.dtype.str, array.shape, repr(array.tolist())) for array in arrays]
    return batch.signal, batch.n, shown, columns


class Pair:
    """
    Two decoders for the same: `native` reads behind a guard, `reference` does not.
    """

    def __init__(self, native: Any, reference: Any) -> None:
        self.native, self.reference = native, reference
        self._guard = Guard(LONGEST)

    def difference(self, body: bytes) -> str | None:
        """
        Where the two differ about a body; None where they agree.
        """
        wanted = view(self.reference.decode(body, json=False))
        found = view(self.native.decode(cast(bytes, self._guard.put(body)), json=False))
        return None if found == wanted else f"{body.hex()}\nfound:  {found}\nwanted: {wanted}"


def pairs(signal: str, part: ModuleType | None = None) -> list[Pair]:
    """
    One pair for each of `WANTED`; `part` in place of the compiled part.
    """
    if signal == "traces":
        return [Pair(Traces(wanted, part=part), Traces(wanted, native=False)) for wanted in WANTED]
    return [Pair(Logs(wanted, part=part), Logs(wanted, native=False)) for wanted in WANTED]


def descriptor(signal: str) -> Any:
    """
    The body that this signal comes in.
    """
    return (ExportTraceServiceRequest if signal == "traces" else ExportLogsServiceRequest).DESCRIPTOR


def swept(signal: str, seed: int) -> Iterator[bytes]:
    """
    The bodies made by hand, around random ones.
    """
    yield from wire.sweep(descriptor(signal), wire.Maker(random.Random(seed), POOLS))
    yield from twins(signal)


def twins(signal: str) -> Iterator[bytes]:
    """
    Two items of two attributes each that differ in one of them or in none: names of one thing, texts to be cut.
    """
    attributes, times = (9, (7, 8)) if signal == "traces" else (6, (1,))
    start = b"".join(wire.tag(one, wire.FIXED64) + bytes((one, *bytes(7))) for one in times)
    values = (b"", wire.field(2, wire.field(1, b"a")), wire.field(2, wire.field(1, b"x" * 1025)))
    keys = (b"status", b"http.status_code", b"platform", b"other")
    pairs = [wire.field(attributes, wire.field(1, key) + value) for key in keys for value in values]
    for first, second, other in product(pairs, repeat=3):
        one = wire.field(2, start + first + second)
        for two in (start + other + second, start + first + other, start + other + first):
            yield wire.field(1, wire.field(2, one + wire.field(2, two)))


def randomly(signal: str, seed: int) -> Iterator[bytes]:
    """
    Random bodies without end: well-formed and plain, well-formed and odd, of items that are almost alike, damaged.
    """
    chance = random.Random(seed)
    makers = [wire.Maker(chance, POOLS, odd=odd) for odd in (0.0, 0.0, 0.01, 0.05)]
    rivals = wire.Maker(chance, {**POOLS, "KeyValue.key": (*_NAMES[1:4], _NAMES[12])})  # names of one thing
    of = descriptor(signal)
    while True:
        body = chance.choice(makers).message(of)
        yield body
        if chance.random() < 0.5:
            yield wire.damaged(body, chance)
        if chance.random() < 0.3:
            yield _alike(of, chance.choice((*makers, rivals, rivals)), chance)


def _alike(of: Any, maker: wire.Maker, chance: random.Random) -> bytes:
    """
    Items that say the same but for an attribute here and there, as those of one service do.
    """
    scope = of.fields[0].message_type.fields_by_number[2].message_type
    item = scope.fields_by_number[2].message_type
    number = item.fields_by_name["attributes"].number
    pair = item.fields_by_name["attributes"].message_type
    plain = maker.message(item)
    pairs = [maker.message(pair) for _ in range(chance.choice((1, 3, 5, 70)))]
    items = []
    for _ in range(chance.randint(2, 5)):
        match chance.randrange(5):
            case 0:
                pairs[chance.randrange(len(pairs))] = maker.message(pair)
            case 1:
                pairs.insert(0, maker.message(pair))
            case 2:
                at = chance.randrange(len(pairs))
                pairs[at] = wire.damaged(pairs[at], chance)
        items.append(wire.field(2, plain + b"".join(wire.field(number, one) for one in pairs)))
    return wire.field(1, wire.field(2, b"".join(items)))


def first_difference(
    pairs_of: Sequence[Pair], bodies: Iterator[bytes], most: int, seen: Callable[[bytes], None] = lambda _: None
) -> str | None:
    """
    The first of so many bodies about which two decoders differ, and how; each body goes to one of the pairs.
    """
    for i, body in zip(range(most), bodies, strict=False):
        seen(body)
        found = pairs_of[(i + i // len(pairs_of) + i // 97) % len(pairs_of)].difference(body)  # each meets each kind
        if found is not None:
            return found
    return None
