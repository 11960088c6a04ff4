"""
Which observations does a body of CloudEvents hold?

CloudEvents 1.0 over HTTP, in its three forms: one event as JSON (`application/cloudevents+json`), several
(`application/cloudevents-batch+json`), or one whose attributes are headers and whose data is the body (binary mode).
An event is a plain event: `type` is its type, `time` its time, and what the manual may ask for are its context
attributes (`source`, `subject`, extensions) and the members of its data, where that is an object.

>>> body = b'{"specversion": "1.0", "id": "7", "source": "/shop", "type": "order", "data": {"status": "ok"}}'
>>> found = decode(body, kind=ONE, headers={}, wanted=Wanted(attributes=frozenset({"status", "source"})), now_ns=5)
>>> [found.batches[0].columns[name].values for name in ("source", "status")], found.batches[0].at_ns.tolist()
([['/shop'], ['ok']], [5])

`source` and `id` together name an event for ever (CloudEvents 1.0, "id"), so one that is sent again is not counted
again, whoever sends it:

>>> found.names == (name_of("/shop", "7"),)
True
"""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import unquote

import msgspec
import numpy as np

from watchkeeper.measure.decode.body import media_type
from watchkeeper.measure.decode.events import TRACE_PARENT, Event, batch_of, is_number, loaded, shown
from watchkeeper.measure.decode.form import too_many
from watchkeeper.measure.decode.instants import instant
from watchkeeper.measure.deliveries import digest
from watchkeeper.measure.values import Decoded, Name, Rejection, Wanted

ONE: Final = "application/cloudevents+json"
SEVERAL: Final = "application/cloudevents-batch+json"
BINARY: Final = "binary"

_HEADER: Final = "ce-"
#: What the specification gives a meaning to; everything else in the context is an extension.
_CONTEXT: Final = frozenset({"specversion", "id", "type", "time", "data", "data_base64", "datacontenttype"})
_ONLY_VERSION: Final = "1.0"


def kind_of(content_type: str, headers: Mapping[str, str]) -> str | None:
    """
    In which form a request brings CloudEvents; None where it brings something else.

    >>> kind_of("application/cloudevents+json; charset=utf-8", {}), kind_of("text/plain", {"ce-id": "7"})
    ('application/cloudevents+json', 'binary')
    >>> kind_of("application/json", {}) is None
    True
    """
    media = media_type(content_type)
    if media in (ONE, SEVERAL):
        return media
    return BINARY if "ce-id" in headers or "ce-specversion" in headers else None


def decode(body: bytes, *, kind: str, headers: Mapping[str, str], wanted: Wanted, now_ns: int) -> Decoded | Rejection:
    """
    The events of a request; all of them or none: 400 with the index and the field where one of them is wrong, 413 where
    there are too many. `headers` are looked at in binary mode only.
    """
    found = _contexts(body, kind, headers)
    if isinstance(found, Rejection):
        return found
    events: list[Event] = []
    names: list[Name] = []
    for index, context in enumerate(found):
        event = _event(context, now_ns)
        if isinstance(event, str):
            return Rejection(status=400, why=f"event {index}{event}")
        events.append(event)
        names.append(name_of(context["source"], context["id"]))
    batch, noted = batch_of(events, wanted)
    batches = [batch] if events else []
    parts = np.arange(len(events))
    return Decoded(batches=batches, items=len(events), noted=noted, names=tuple(names), parts=parts)


def name_of(source: str, id_: str) -> Name:
    """
    What one event is recognised by.
    """
    return "cloudevents", digest("cloudevents", msgspec.msgpack.encode((source, id_)))


def _contexts(body: bytes, kind: str, headers: Mapping[str, str]) -> list[Any] | Rejection:
    if kind == BINARY:
        return _of_headers(body, headers)
    found = loaded(body)
    if isinstance(found, Rejection):
        return found
    if kind == ONE:
        return [found]
    if not isinstance(found, list):
        return Rejection(status=400, why=f"found {shown(found)}; wanted a list of CloudEvents")
    return too_many([len(found)]) or found


def _of_headers(body: bytes, headers: Mapping[str, str]) -> list[Any] | Rejection:
    context: dict[str, Any] = {
        name.removeprefix(_HEADER): unquote(value, errors="replace")
        for name, value in headers.items()
        if name.startswith(_HEADER)
    }
    media = media_type(headers.get("content-type", ""))
    if body and (media == "application/json" or media.endswith("+json")):
        data = loaded(body)
        if isinstance(data, Rejection):
            return data
        context["data"] = data
    return [context]


def _event(context: Any, now_ns: int) -> Event | str:
    """
    The event, or how its sentence goes on after "event 3".
    """
    if not isinstance(context, dict):
        return f": found {shown(context)}; wanted an object"
    if context.get("specversion") != _ONLY_VERSION:
        return f', `specversion`: found {shown(context.get("specversion"))}; wanted "{_ONLY_VERSION}"'
    for field in ("id", "source", "type"):
        told = context.get(field)
        if not isinstance(told, str) or not told:
            return f", `{field}`: found {shown(told)}; wanted a text"
    at_ns = now_ns if context.get("time") is None else instant(context["time"])
    if isinstance(at_ns, str):
        return f", `time`: {at_ns}"
    data = context.get("data")
    members = data if isinstance(data, dict) else {}
    value = members.get("value") if isinstance(data, dict) else data
    return Event(
        type=context["type"],
        at_ns=at_ns,
        value=float(value) if value is not None and is_number(value) else float("nan"),
        weight=1,
        trace_id=_trace_of(context.get("traceparent")),
        attributes={**members, **{name: told for name, told in context.items() if name not in _CONTEXT}},
    )


def _trace_of(traceparent: Any) -> bytes:
    """
    The trace id of the Distributed Tracing extension; empty where there is none.
    """
    match = TRACE_PARENT.fullmatch(traceparent) if isinstance(traceparent, str) else None
    return bytes.fromhex(match[1]) if match else b""
