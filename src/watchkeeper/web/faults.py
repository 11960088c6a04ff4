"""
What can be broken in the stand-in of a demo, and when do the alerts that it touches fire and resolve?

The stand-in switches; the forecast is arithmetic on the windows as they stand.

>>> lasting(3_400_000_000), lasting(76 * 10**9)
('about 3 s', 'about 1 min 16 s')
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from watchkeeper.act.accounts.visitor import Visitor
from watchkeeper.act.watch import Watch
from watchkeeper.decide.values import State
from watchkeeper.manual.words import words_ns
from watchkeeper.outside.errors import OutsideError
from watchkeeper.prove.forecast import Forecast, forecasts
from watchkeeper.web.doors import Doors
from watchkeeper.web.views.moments import moment

SECOND = 1_000_000_000


class NoStandIn(Exception):
    """
    No stand-in runs here; faults are part of the demo (`watchkeeper demo`).
    """

    def __init__(self) -> None:
        super().__init__((type(self).__doc__ or "").strip())


class UnknownFault(Exception):
    """
    The stand-in has no fault of that name; `nearest` are names that it has.
    """

    def __init__(self, sentence: str, *, nearest: tuple[str, ...]) -> None:
        super().__init__(sentence)
        self.nearest = nearest


@dataclass(frozen=True, slots=True, kw_only=True)
class Foretold:
    """
    What a fault means for one alert, in a sentence and as instants (ns since 1970; None where it cannot be said).

    `resolves_ns` supposes that the fault ends now.
    """

    alert: str
    fires_ns: int | None
    resolves_ns: int | None
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """
    One fault: whether it is on and since when (RFC 3339), the rules and the label that it touches, the share of events
    that it makes fail (0..1; None where it makes nothing fail), and what follows for each alert.
    """

    name: str
    title: str
    on: bool
    since: str | None
    touches: tuple[str, ...]
    label: Mapping[str, str] = field(default_factory=dict)
    share: float | None = None
    forecasts: tuple[Foretold, ...] = ()


def faults(watch: Watch, doors: Doors) -> list[Fault]:
    """
    Every fault of the stand-in. Raises NoStandIn without one, OutsideError when it does not answer.
    """
    return [_fault(watch, one) for one in _ask(doors, "GET", "/faults")["faults"]]


def switch_fault(watch: Watch, doors: Doors, name: str, *, on: bool, by: Visitor) -> Fault:
    """
    Switch a fault on or off. Raises NoStandIn, UnknownFault, and OutsideError when the stand-in does not answer.
    """
    switched = _ask(doors, "POST", f"/faults/{quote(name, safe='')}", {"on": on})
    watch.accounts.note(by, "fault.on" if on else "fault.off", f"fault/{name}")
    return _fault(watch, switched)


def lasting(ns: int) -> str:
    """
    How long something takes, to the second.
    """
    return f"about {words_ns(max(1, round(ns / SECOND)) * SECOND)}"


def _ask(doors: Doors, method: str, path: str, change: Mapping[str, Any] | None = None) -> Any:
    if doors.control is None or doors.client is None:
        raise NoStandIn
    body = None if change is None else json.dumps(change).encode()
    headers = {} if body is None else {"content-type": "application/json"}
    answer = doors.client.request(method, doors.control.rstrip("/") + path, headers=headers, body=body)
    found = _object(answer.body)
    if answer.status == 404 and "known" in found:
        nearest = (found["nearest"],) if found.get("nearest") else tuple(found["known"])
        raise UnknownFault(found["error"], nearest=nearest)
    if not answer.ok:
        raise OutsideError(f"the stand-in answered {answer.status}", retryable=False, reached=True)
    return found


def _object(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise OutsideError("the stand-in did not answer with a JSON object", retryable=False, reached=True)
    return found


def _fault(watch: Watch, found: Mapping[str, Any]) -> Fault:
    failing = None if found["share"] is None else Fraction(str(found["share"]))
    foreseen = forecasts(watch, touches=found["touches"], label=found["label"], failing=failing)
    states = {str(view.memory.key): view.memory.state for view in watch.alerts()} if foreseen else {}
    return Fault(
        name=found["name"],
        title=found["title"],
        on=found["on"],
        since=found["since"],
        touches=tuple(found["touches"]),
        label=found["label"],
        share=found["share"],
        forecasts=tuple(_foretold(watch, one, states[one.alert], on=found["on"]) for one in foreseen),
    )


def _foretold(watch: Watch, forecast: Forecast, state: State, *, on: bool) -> Foretold:
    now_ns, zone = watch.clock.now_ns(), ZoneInfo(watch.standing.manual.zone)
    fires = _by(forecast.fires_ns, now_ns, zone)
    firing = state is State.FIRING
    if on:
        says = _when_on(forecast, fires, firing=firing, now_ns=now_ns)
    elif firing:
        resolves = _by(forecast.resolves_ns, now_ns, zone)
        says = f"resolves by {resolves}" if resolves else f"fires; when it resolves cannot be said: {forecast.why_not}"
    else:
        would = f"; switched on now, it fires by {fires}" if fires else ""
        says = f"does not fire{would}"
    return Foretold(
        alert=forecast.alert,
        fires_ns=None if firing else forecast.fires_ns,
        resolves_ns=forecast.resolves_ns,
        says=f"{forecast.alert} {says}",
    )


def _when_on(forecast: Forecast, fires: str | None, *, firing: bool, now_ns: int) -> str:
    """
    When it fires, and how long after the end of the fault it resolves.
    """
    if firing:
        said = "fires already"
    elif fires:
        said = f"fires by {fires}"
    else:
        return f"may not fire: {forecast.why_not}"
    if forecast.resolves_ns is None:
        return said
    return f"{said}; once the fault is off, it resolves in {lasting(forecast.resolves_ns - now_ns)}"


def _by(at_ns: int | None, now_ns: int, zone: ZoneInfo) -> str | None:
    if at_ns is None:
        return None
    return f"{moment(at_ns, now_ns=now_ns, zone=zone).clock} (in {lasting(at_ns - now_ns)})"
