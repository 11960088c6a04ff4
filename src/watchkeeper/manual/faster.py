"""
How does a manual run when its minutes pass as seconds?

For demonstrations (`--fast`): windows, holding times and deadlines shrink, thresholds and addresses stay. Calendar
windows and what is compared with the clock (ages, the time that a certificate has left) stay too.

>>> from watchkeeper.manual.condition.parser import parse
>>> from watchkeeper.manual.condition.printer import show
>>> show(faster_condition(parse("p95 > 2s over 15m for 90s"), 60))
'p95 > 2s over 15s for 1500ms'
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypeVar

from pydantic import BaseModel

from watchkeeper.manual.condition.ast import Condition, Pair, Previous, Relative, Rolling
from watchkeeper.manual.model import measuring, promising, reaching, responding
from watchkeeper.manual.model.manual import Defaults, Manual
from watchkeeper.manual.units import NS_PER_SECOND, Duration
from watchkeeper.manual.windows import ALERT_WINDOW, OBJECTIVE_WINDOW

Model = TypeVar("Model", bound=BaseModel)

#: The spans of time that pass faster, by the model that holds them. All others stay as they are.
PASSING: Mapping[type[BaseModel], tuple[str, ...]] = {
    Defaults: ("alert_window", "lateness", "unknown_after", "resolve_after", "repeat_every"),
    measuring.Stream: ("delay", "lateness", "speaks_every"),
    measuring.Check: ("every",),
    measuring.Journey: ("every",),
    promising.Alert: ("respond", "escalate", "unknown_after", "resolve_after", "repeat_every"),
    promising.Severity: ("respond", "escalate", "recover", "update"),
    promising.RateLimit: ("per",),
    promising.Channel: ("digest",),
    responding.Stage: ("within", "deadlines"),
    promising.Flapping: ("per",),
    reaching.PersonalRule: ("after",),
    reaching.Throttle: ("per",),
    reaching.EscalationStep: ("after",),
    reaching.Policy: ("repeat_after", "lapses"),
    reaching.Heartbeat: ("every",),
    responding.Incidents: ("report_within",),
}

_UNITS = (
    ("d", 86_400 * NS_PER_SECOND),
    ("h", 3600 * NS_PER_SECOND),
    ("m", 60 * NS_PER_SECOND),
    ("s", NS_PER_SECOND),
    ("ms", 1_000_000),
)


def faster(manual: Manual, factor: int) -> Manual:
    """
    The same manual with every passing span of time divided by `factor` (1 or more; 60 makes minutes of seconds).

    Windows that nobody wrote are written out, so that the built-in ones shrink as well.
    """
    if factor < 1:
        raise ValueError(f"a manual runs 1 or more times as fast; found {factor}")
    defaults = manual.defaults
    written = {
        "window": defaults.window or OBJECTIVE_WINDOW,
        "alert_window": defaults.alert_window or ALERT_WINDOW.duration,
    }
    return _faster_model(manual.model_copy(update={"defaults": defaults.model_copy(update=written)}), factor)


def faster_condition(condition: Condition, factor: int) -> Condition:
    """
    The condition with its windows and its holding time divided.
    """
    window, value, hold = condition.window, condition.value, condition.hold
    if isinstance(window, Rolling):
        window = Rolling(duration=_shorter(window.duration, factor))
    elif isinstance(window, Pair):
        window = Pair(long=_shorter(window.long, factor), short=_shorter(window.short, factor))
    if isinstance(value, Relative) and isinstance(value.of, Previous):
        value = replace(value, of=Previous(duration=_shorter(value.of.duration, factor)))
    return replace(condition, window=window, value=value, hold=_shorter(hold, factor) if hold else None)


def _faster_model(model: Model, factor: int) -> Model:
    passing = PASSING.get(type(model), ())
    changed = {}
    for name in type(model).model_fields:
        value = getattr(model, name)
        faster_value = _passing(value, factor) if name in passing else _faster_value(value, factor)
        if faster_value is not value:
            changed[name] = faster_value
    return model.model_copy(update=changed)


def _passing(value: Any, factor: int) -> Any:
    """
    A span of time, or one by severity; words such as `ongoing` stay.
    """
    if isinstance(value, Duration):
        return _shorter(value, factor)
    if isinstance(value, Mapping):
        return {key: _passing(each, factor) for key, each in value.items()}
    return value


def _faster_value(value: Any, factor: int) -> Any:
    if isinstance(value, BaseModel):
        return _faster_model(value, factor)
    if isinstance(value, Condition):
        return faster_condition(value, factor)
    if isinstance(value, Rolling):
        return Rolling(duration=_shorter(value.duration, factor))
    if isinstance(value, Mapping):
        return {key: _faster_value(each, factor) for key, each in value.items()}
    if isinstance(value, tuple):
        return tuple(_faster_value(each, factor) for each in value)
    return value


def _shorter(duration: Duration, factor: int) -> Duration:
    """
    Rounded to whole milliseconds, so that it reads well; never shorter than one, unless it was nothing.
    """
    if duration.ns == 0:
        return duration
    ns = max(round(duration.ns / factor / 1_000_000), 1) * 1_000_000
    unit, size = next((unit, size) for unit, size in _UNITS if ns % size == 0)
    return Duration(ns=ns, written=f"{ns // size}{unit}")
