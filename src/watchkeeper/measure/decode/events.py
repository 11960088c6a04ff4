"""
Which observations does a body of plain events hold?

One event, a list of them, or `{"events": [...]}`; all of them or none. An event has a `type` (or `name`), and may say
`at` (RFC 3339, or seconds since 1970; absent: now), `value`, `weight`, `trace_id` and attributes, under `attributes`
or beside them.

>>> from watchkeeper.measure.values import Wanted
>>> body = b'{"type": "signup", "at": "2026-11-20T10:00:00Z", "value": 2.5, "plan": "pro"}'
>>> batch = decode(body, wanted=Wanted(attributes=frozenset({"plan"})), now_ns=0).batches[0]
>>> batch.at_ns.tolist(), batch.value.tolist(), batch.columns["plan"].values
([1795168800000000000], [2.5], ['pro'])
>>> decode(b'[{"type": "signup"}, {"type": "signup", "value": "2"}]', wanted=Wanted(), now_ns=0).why
'event 1, `value`: found "2"; wanted a number'
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite, nan
from typing import Any, Final

import msgspec
import numpy as np

from watchkeeper.measure.decode.columns_builder import ColumnsBuilder
from watchkeeper.measure.decode.form import LONGEST_REASON, MOST_SAMPLED, TOO_BIG, Scalar, too_dense, too_many
from watchkeeper.measure.decode.instants import instant
from watchkeeper.measure.values import Batch, Decoded, Rejection, Wanted, halves

_TRACE_ID: Final = 16
#: W3C Trace Context: version, trace id, parent id, flags.
TRACE_PARENT: Final = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}", re.ASCII)
_FIELDS: Final = frozenset({"type", "name", "at", "value", "weight", "attributes"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """
    One event as it was told: its value NaN where it has none, its trace id empty where it names none.
    """

    type: str
    at_ns: int
    value: float
    weight: int
    trace_id: bytes
    attributes: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Attribute:
    key: str
    value: Any


def decode(body: bytes, *, wanted: Wanted, now_ns: int) -> Decoded | Rejection:
    """
    The events of a JSON body; 400 with the index and the field where one of them is wrong, 413 where there are too
    many.

    A value that is absent is NaN. Attributes that are null, a list or an object are absent.
    """
    found = _items(body)
    if isinstance(found, Rejection):
        return found
    events: list[Event] = []
    for index, item in enumerate(found):
        event = _event(item, now_ns)
        if isinstance(event, str):
            return Rejection(status=400, why=f"event {index}{event}")
        events.append(event)
    batch, noted = batch_of(events, wanted)
    return Decoded(batches=[batch] if events else [], items=len(events), noted=noted)


def batch_of(events: Sequence[Event], wanted: Wanted) -> tuple[Batch, dict[str, int]]:
    """
    Events as one batch, and what was noted about them.
    """
    columns = _columns(events, wanted)
    return _batch(events, columns, wanted), ({"text-cut": columns.cut} if columns.cut else {})


def loaded(body: bytes) -> Any:
    """
    What a JSON body says; a Rejection where it is none, or holds too much.
    """
    if dense := too_dense(body):
        return dense
    try:
        return msgspec.json.decode(body)
    except RecursionError:
        return Rejection(status=400, why="the JSON is nested too deeply")
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return Rejection(status=400, why=f"the body is not JSON: {str(error)[:LONGEST_REASON]}")


def _items(body: bytes) -> list[Any] | Rejection:
    found = loaded(body)
    if isinstance(found, Rejection):
        return found
    if isinstance(found, dict) and "events" in found and not found.keys() & {"type", "name"}:
        found = found["events"]
        if not isinstance(found, list):
            return Rejection(status=400, why=f"`events`: found {shown(found)}; wanted a list of events")
    items = found if isinstance(found, list) else [found]
    return too_many([len(items)]) or items


def _event(item: Any, now_ns: int) -> Event | str:
    """
    The event, or how its sentence goes on after "event 3".
    """
    if not isinstance(item, dict):
        return f": found {shown(item)}; wanted an object"
    kind = item.get("type", item.get("name"))
    if not isinstance(kind, str) or not kind:
        return f", `type`: found {shown(kind)}; wanted the name of what happened"
    at_ns = now_ns if item.get("at") is None else instant(item["at"])
    if isinstance(at_ns, str):
        return f", `at`: {at_ns}"
    value = item.get("value")
    if value is not None and not is_number(value):
        return f", `value`: found {shown(value)}; wanted a number"
    weight = item.get("weight")
    if weight is not None and not (type(weight) is int and 1 <= weight <= MOST_SAMPLED):
        return f", `weight`: found {shown(weight)}; wanted how many events it stands for: 1, 2, ..."
    attributes = item.get("attributes")
    if attributes is not None and not isinstance(attributes, dict):
        return f", `attributes`: found {shown(attributes)}; wanted an object"
    return Event(
        type=kind,
        at_ns=at_ns,
        value=nan if value is None else float(value),
        weight=1 if weight is None else weight,
        trace_id=_trace_id(item.get("trace_id")),
        attributes={**{key: told for key, told in item.items() if key not in _FIELDS}, **(attributes or {})},
    )


def _columns(events: Iterable[Event], wanted: Wanted) -> ColumnsBuilder:
    columns = ColumnsBuilder(wanted.attributes, read=_scalar)
    own = [column for column in (columns.index("name"), columns.index("type")) if column >= 0]
    for event in events:
        attributes = (_Attribute(key, value) for key, value in event.attributes.items())
        columns.row(attributes, [(column, event.type) for column in own])
    return columns


def _batch(events: Sequence[Event], columns: ColumnsBuilder, wanted: Wanted) -> Batch:
    return Batch(
        signal="events",
        at_ns=np.array([event.at_ns for event in events], dtype=np.int64),
        value=np.array([event.value for event in events], dtype=np.float64),
        weight=np.array([event.weight for event in events], dtype=np.int64),
        columns=columns.build(),
        traces=halves([event.trace_id for event in events]) if wanted.trace_ids else None,
    )


def _scalar(value: Any) -> Scalar | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return value if -TOO_BIG <= value < TOO_BIG else None
    return value if isinstance(value, str | float | bool) else None


def is_number(value: Any) -> bool:
    """
    A number that a float can hold; true and false are none.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return isfinite(value) if isinstance(value, float) else abs(value) < 2**1023


def _trace_id(text: Any) -> bytes:
    if not isinstance(text, str) or len(text) != 2 * _TRACE_ID:
        return b""
    try:
        raw = bytes.fromhex(text)
    except ValueError:
        return b""
    return raw if len(raw) == _TRACE_ID else b""


def shown(value: Any) -> str:
    """
    A value as an error shows it: short.
    """
    text = "nothing" if value is None else msgspec.json.encode(value).decode()
    return text if len(text) <= 60 else f"{text[:57]}..."
