"""
What is broken on purpose, and when does that show?
"""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from watchkeeper.act.watch import Watch
from watchkeeper.outside.clock import nanoseconds
from watchkeeper.outside.errors import OutsideError
from watchkeeper.web.doors import Doors
from watchkeeper.web.faults import Fault, faults
from watchkeeper.web.views.alert_line import alert_href
from watchkeeper.web.views.lists import readable
from watchkeeper.web.views.moments import Moment, moment


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastLine:
    """
    What a fault means for one alert: its state, and a sentence that says when it fires or resolves.
    """

    title: str
    href: str
    state: str
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultLine:
    """
    One fault: on or off, since when, for which label, and what follows.
    """

    name: str
    title: str
    on: bool
    since: Moment | None
    label: str
    forecasts: tuple[ForecastLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultsView:
    """
    All faults; `error` says why the stand-in could not be asked.
    """

    title: str
    headline: str
    faults: tuple[FaultLine, ...]
    error: str


def faults_view(watch: Watch, doors: Doors) -> FaultsView:
    """
    The faults as the stand-in tells them. Raises NoStandIn where none runs.
    """
    try:
        told = faults(watch, doors)
    except OutsideError as error:
        return FaultsView(title="Faults", headline="The stand-in does not answer", faults=(), error=str(error))
    states = {str(view.memory.key): view.memory.state.value for view in watch.alerts()}
    on = sum(fault.on for fault in told)
    said = "Nothing is broken on purpose" if not on else "1 fault is on" if on == 1 else f"{on} faults are on"
    lines = tuple(_line(fault, watch, states) for fault in told)
    return FaultsView(title="Faults", headline=said, faults=lines, error="")


def _line(fault: Fault, watch: Watch, states: dict[str, str]) -> FaultLine:
    manual, now_ns = watch.standing.manual, watch.clock.now_ns()
    since = None if fault.since is None else nanoseconds(datetime.fromisoformat(fault.since))
    return FaultLine(
        name=fault.name,
        title=fault.title,
        on=fault.on,
        since=None if since is None else moment(since, now_ns=now_ns, zone=ZoneInfo(manual.zone)),
        label=", ".join(fault.label.values()),
        forecasts=tuple(
            ForecastLine(
                title=readable(one.alert, manual),
                href=alert_href(one.alert),
                state=states.get(one.alert, "inactive"),
                says=one.says.removeprefix(one.alert).strip(),
            )
            for one in fault.forecasts
        ),
    )
