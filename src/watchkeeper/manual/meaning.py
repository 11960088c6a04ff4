"""
Does an indicator still mean what it meant?

History belongs to a meaning, not to a name: the same signal, filtered and judged the same way, keeps its numbers when
the indicator, its stream or its check gets another name or title, or when targets move. Anything else starts anew.
"""

from collections.abc import Iterable, Iterator
from hashlib import blake2b

from watchkeeper.manual.condition import printer as condition_printer
from watchkeeper.manual.model.manual import Manual
from watchkeeper.manual.model.measuring import SIGNAL_KEYS, Indicator, Stream
from watchkeeper.manual.model.scalars import Predicate
from watchkeeper.manual.predicate import printer as predicate_printer

FORMAT = 1  # part of every hash: counts up when the way of counting changes, so that old history is not taken for new


def meaning(indicator_name: str, manual: Manual) -> str:
    """
    32 hexadecimal digits (blake2b, 16 bytes) that name what the indicator means. Raises KeyError for an unknown name.
    """
    indicator = manual.indicators[indicator_name]
    stream = manual.streams[indicator.from_]
    return _digest((*_of_stream(stream, manual), *_of_indicator(indicator, stream)))


def stream_meaning(stream_name: str, manual: Manual) -> str:
    """
    The same for what a stream reads, so that it is known when its source was heard. KeyError for an unknown name.
    """
    return _digest(_of_stream(manual.streams[stream_name], manual))


def _digest(parts: Iterable[tuple[str, str]]) -> str:
    digest = blake2b(digest_size=16)
    for key, value in parts:
        digest.update(f"{len(key)}:{key}={len(value)}:{value};".encode())
    return digest.hexdigest()


def _of_stream(stream: Stream, manual: Manual) -> Iterator[tuple[str, str]]:
    yield "format", str(FORMAT)
    for key in SIGNAL_KEYS:
        if (signal := getattr(stream, key)) is not None:
            yield f"signal.{key}", _probe(signal, manual) if key == "check" else _text(signal)
    if stream.on is not None:
        source = manual.sources[stream.on]
        yield "on", f"{source.kind} {source.address or source.address_env or stream.on}"
    yield "where", _text(stream.where)


def _of_indicator(indicator: Indicator, stream: Stream) -> Iterator[tuple[str, str]]:
    for key in ("only", "except_", "good", "bad"):
        yield key, _text(getattr(indicator, key))
    yield "by", ",".join(sorted(indicator.by))
    yield "value", indicator.value or stream.value
    yield "unit", indicator.unit or stream.unit or ""
    if indicator.slot_good_when is not None:
        yield "slot_good_when", condition_printer.show(indicator.slot_good_when)


def _text(value: object) -> str:
    if isinstance(value, Predicate):
        return predicate_printer.show(value.expression)
    return "" if value is None else str(value)


def _probe(name: str, manual: Manual) -> str:
    """
    What a check asks and expects; not its pace or its regions, which may change without a new meaning.
    """
    check = manual.checks.get(name)
    if check is None:
        return f"journey {name}"
    expect = check.expect.model_dump_json()
    return f"{check.kind} {getattr(check, check.kind)} {check.method} {check.service or ''} {expect}"
