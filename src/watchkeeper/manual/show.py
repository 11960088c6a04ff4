"""
What does the manual say, in a form for machines and for terminals?

`show` gives the whole manual with the names of the YAML: each condition as text and in fields, each span of time with
its seconds, each entry with whether this version brings it to life. What is empty is left out.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import time
from typing import Any

from pydantic import BaseModel

from watchkeeper.manual.condition.ast import Calendar, Condition, Rolling
from watchkeeper.manual.condition.fields import fields, number, seconds
from watchkeeper.manual.condition.printer import show as show_condition
from watchkeeper.manual.liveness import Live, live
from watchkeeper.manual.model.manual import Manual
from watchkeeper.manual.model.measuring import SIGNAL_KEYS, Check, Indicator, Stream
from watchkeeper.manual.model.promising import Alert, Channel, Criterion, Objective, Severity
from watchkeeper.manual.model.scalars import Amount, window_text
from watchkeeper.manual.notes import notes_of
from watchkeeper.manual.units import Duration, Quantity
from watchkeeper.manual.windows import Filled, Source, alert_window, objective_window

Json = Any

#: The keys of an entry that say most about it: the first one that is written stands in its row.
_TELLING: Mapping[type[BaseModel], tuple[str, ...]] = {
    Stream: SIGNAL_KEYS,
    Indicator: ("bad", "good", "from_"),
    Alert: ("on",),
    Severity: ("respond",),
    Channel: ("kind",),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """
    One line of a terminal table: section, name, what it says, why it is not live (empty when it is), what of it is
    not yet as written, and what the document leaves open or says otherwise.
    """

    section: str
    name: str
    says: str
    why_not: str
    but: str = ""
    notes: tuple[str, ...] = ()


def show(manual: Manual) -> dict[str, Json]:
    """
    The manual as plain data, ready for JSON.
    """
    entries = {(each.section, each.name): each for each in live(manual)}
    shown: dict[str, Json] = {}
    for name in type(manual).model_fields:
        value = getattr(manual, name)
        if isinstance(value, Mapping):
            shown[name] = {key: _entry(entry, manual, entries.get((name, key))) for key, entry in value.items()}
        elif not _empty(value):
            shown[name] = _value(value, manual, None)
    shown["live"] = [_live(each) for each in entries.values()]
    return shown


def outline(manual: Manual) -> tuple[Row, ...]:
    """
    One row for each entry, in the order of the manual.
    """
    entries = live(manual)
    return tuple(
        Row(
            section=each.section,
            name=each.name,
            says=_line(each, manual),
            why_not=each.why,
            but=each.but,
            notes=notes_of(_held(each, manual)),
        )
        for each in entries
    )


def _entry(entry: BaseModel, manual: Manual, liveness: Live | None) -> Json:
    shown = _model(entry, manual)
    if liveness is not None:
        shown |= {"live": liveness.live} if liveness.live else {"live": False, "why_not": liveness.why}
        shown |= {"but": liveness.but} if liveness.but else {}
    return shown


def _live(each: Live) -> dict[str, Json]:
    return {"section": each.section, "name": each.name, "live": each.live, "why_not": each.why or None}


def _model(model: BaseModel, manual: Manual) -> dict[str, Json]:
    return {
        info.alias or name: _value(value, manual, model)
        for name, info in type(model).model_fields.items()
        if not _empty(value := getattr(model, name))
    }


def _empty(value: Any) -> bool:
    return value is None or (isinstance(value, tuple | Mapping) and not value)


def _value(value: Any, manual: Manual, holder: BaseModel | None) -> Json:
    match value:
        case Condition():
            return _condition(value, manual, holder)
        case BaseModel():
            return _model(value, manual)
        case Duration():
            return {"text": str(value), "seconds": seconds(value)}
        case Quantity():
            return {"text": str(value), "value": number(value.value), "unit": value.dimension.value}
        case Amount():
            return _amount(value)
        case Rolling() | Calendar():
            return {"text": window_text(value), "window": _window(value, manual)}
        case time():
            return value.strftime("%H:%M")
        case tuple():
            return [_value(each, manual, holder) for each in value]
        case Mapping():
            return {key: _value(each, manual, holder) for key, each in value.items()}
        case bool() | int():
            return value
    return str(value)


def _condition(condition: Condition, manual: Manual, holder: BaseModel | None) -> dict[str, Json]:
    filled = _filled(condition, manual, holder)
    shown = fields(replace(condition, window=filled.window), manual.zone) | {"text": show_condition(condition)}
    return shown | {"window_from": None if filled.window is None else filled.source.value}


def _filled(condition: Condition, manual: Manual, holder: BaseModel | None) -> Filled:
    """
    Defaults fill the windows of objectives, alerts and severities; those of load tests and gates are their runs.
    """
    if isinstance(holder, Objective):
        return objective_window(condition, holder, manual)
    if isinstance(holder, Alert | Criterion):
        return alert_window(condition, manual)
    return Filled(condition.window, Source.CONDITION)


def _window(window: Rolling | Calendar, manual: Manual) -> Json:
    if isinstance(window, Calendar):
        return {"calendar": window.period.value, "zone": manual.zone}
    return seconds(window.duration)


def _amount(amount: Amount) -> dict[str, Json]:
    unit = amount.high.dimension.value
    if amount.low == amount.high:
        numbers = {"value": number(amount.low.value)}
    else:
        numbers = {"low": number(amount.low.value), "high": number(amount.high.value)}
    return {"text": amount.written, **numbers, "unit": unit, "approx": amount.approx}


def _line(each: Live, manual: Manual) -> str:
    entry = _held(each, manual)
    if isinstance(entry, tuple):
        return f"{len(entry)} of them"
    said = _promise(entry, manual) or getattr(entry, "title", None) or getattr(entry, "what", None) or ""
    return " ".join(str(said).split())


def _held(each: Live, manual: Manual) -> Any:
    held = getattr(manual, each.section)
    return held.get(each.name) if isinstance(held, Mapping) else held


def _promise(entry: Any, manual: Manual) -> str:
    if isinstance(entry, Objective):
        promises = entry.targets + entry.agreements
        return "; ".join(_with_window(each, objective_window(each, entry, manual)) for each in promises)
    condition = getattr(entry, "when", None)
    if isinstance(condition, Condition):
        return _with_window(condition, alert_window(condition, manual))
    for key in _TELLING.get(type(entry), ()):
        if (value := getattr(entry, key)) is not None:
            return f"{key.removesuffix('_')}: {value}"
    return f"{entry.kind}: {getattr(entry, entry.kind)}, every {entry.every}" if isinstance(entry, Check) else ""


def _with_window(condition: Condition, filled: Filled) -> str:
    shown = show_condition(replace(condition, window=filled.window))
    return shown if filled.source in (Source.CONDITION, Source.OBJECTIVE) else f"{shown} (window: {filled.source})"
