"""
What does a story's made-up traffic consist of, and where does it stay?
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from watchkeeper.manual.model.measuring import Stream
from watchkeeper.manual.predicate.ast import And, Attribute, Compare, Expression, Literal, Scalar


@dataclass(frozen=True, kw_only=True, slots=True)
class Flow:
    """
    Observations of one stream at a steady pace: `attributes` as spans, metrics, checks or events carry them.
    """

    stream: str
    attributes: Mapping[str, Scalar]
    value: float | None  # ns for spans and checks, else in SI units
    start_ns: int
    end_ns: int | None
    every_ns: int

    def between(self, after_ns: int, upto_ns: int) -> Sequence[int]:
        """
        The instants of its observations in (after_ns, upto_ns].
        """
        last = upto_ns if self.end_ns is None else min(upto_ns, self.end_ns)
        first = max(1, (after_ns - self.start_ns) // self.every_ns + 1)
        return range(self.start_ns + first * self.every_ns, last + 1, self.every_ns)


@dataclass(slots=True)
class TailOnly:
    """
    The log without a disk: everything stays in its tail.
    """

    bodies: list[bytes] = field(default_factory=list)

    def append(self, bodies: Sequence[bytes], **_beside: object) -> int:
        self.bodies += bodies
        return len(self.bodies)

    def tail(self) -> Iterator[tuple[int, bytes]]:
        yield from enumerate(self.bodies, start=1)

    def read_slot(self, _tier: str, _slot: int) -> bytes | None:
        return None

    def read_slots(self, _tier: str, _first: int, _last: int) -> Iterator[tuple[int, bytes]]:
        return iter(())

    def fold(self, **_folded: object) -> None:
        raise NotImplementedError("a story is never folded")


def value_of(stream: Stream, attributes: Mapping[str, Scalar]) -> float | None:
    """
    The number of an observation: how long it lasted, or its value.
    """
    if stream.signal in ("spans", "check"):
        return float(attributes.get("duration") or 0.1) * 1e9
    value = attributes.get("value")
    return None if value is None else float(value)


def asked_for(stream: Stream) -> dict[str, Scalar]:
    """
    The attributes that a stream's own predicate fixes, such as `name == "parse_playlist"`.
    """
    signal = getattr(stream, stream.signal)
    if isinstance(signal, str):
        return {"check" if stream.signal == "check" else "name": signal}
    found = dict(_fixed(signal.expression))
    return found | (dict(_fixed(stream.where.expression)) if stream.where is not None else {})


def _fixed(expression: Expression) -> Iterator[tuple[str, Scalar]]:
    match expression:
        case And(parts=parts):
            for part in parts:
                yield from _fixed(part)
        case Compare(op="==", left=Attribute(name=name), right=Literal(value=value)):
            yield name, value
